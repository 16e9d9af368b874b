"""Messages as bytes: what is asked of the engine, and what it answers."""

import msgspec

from tuiprop.protocol.messages.payloads import Message
from tuiprop.protocol.messages.replies import Reply
from tuiprop.protocol.messages.requests import Request
from tuiprop.storage.packing import pack, unpack

_requests: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_replies: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)


def encode(message: Message) -> bytes:
    """The bytes of a message."""
    return pack(message)


def decode_request(content: bytes) -> Request:
    """A request from its bytes."""
    return unpack(content, _requests)


def decode_reply(content: bytes) -> Reply:
    """A reply from its bytes."""
    return unpack(content, _replies)
