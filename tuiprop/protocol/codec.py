"""Messages as bytes: requests, and the replies that they declare."""

from functools import cache
from typing import Any, TypeVar

import msgspec

from tuiprop.protocol.messages import data, files, frame, opening
from tuiprop.protocol.messages.base import (
    Refused,
    Request,
    Saving,
    Unsaved,
    kinds_of,
    reply_type,
    union,
)
from tuiprop.storage.packing import pack, unpack

R = TypeVar("R")

SUBJECTS = data, files, frame, opening
"""Modules of messages; a decoder knows every request in these and in what they import."""


def encode(message: object) -> bytes:
    """Encode a request or a reply.

    Raises:
        OverflowError: it holds an integer that is too large.
    """
    return pack(message)


def decode_request(content: bytes) -> Request[Any]:
    """Decode a request.

    Raises:
        msgspec.DecodeError: it is not a request.
    """
    return unpack(content, _request_decoder())


def decode_reply(
    content: bytes, request: type[Request[R]] | None
) -> R | Refused | Saving | Unsaved:
    """Decode what comes from the engine.

    Args:
        content: a reply, or a message that answers no request.
        request: the type of the request that waits for its reply, or None.

    Raises:
        msgspec.DecodeError: it is not a message, or the request declares another reply.
    """
    reply: R | Refused | Saving | Unsaved = unpack(content, _reply_decoder(request))
    return reply


@cache
def _request_decoder() -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(union(kinds_of(Request)))


@cache
def _reply_decoder(request: type[Request[Any]] | None) -> msgspec.msgpack.Decoder[Any]:
    reply = [] if request is None else [reply_type(request)]
    return msgspec.msgpack.Decoder(union([*reply, Refused, Saving, Unsaved]))
