"""MessagePack of values whose text may not be UTF-8, such as the names of files.

Python holds the bytes of such names as lone surrogates, which UTF-8 cannot encode.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import msgspec
from msgspec.msgpack import Decoder, Ext

T = TypeVar("T")

_CODE = 1
"""The MessagePack extension type of a value whose text holds its bytes as Latin-1."""


def pack(value: object) -> bytes:
    """Encode a value.

    Args:
        value: anything that msgspec encodes; its text may be any str.

    Returns:
        Plain MessagePack if all text is UTF-8, else one extension type.

    Raises:
        OverflowError: an integer is too large.
    """
    try:
        return msgspec.msgpack.encode(value)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(value, builtin_types=(bytes,))
        return msgspec.msgpack.encode(Ext(_CODE, msgspec.msgpack.encode(_mapped(plain, _escaped))))


def unpack(content: "bytes | memoryview", decoder: Decoder[T]) -> T:
    """Decode a value.

    Args:
        content: a result of `pack`.
        decoder: a decoder for the type of the value.

    Raises:
        msgspec.DecodeError: the content is not MessagePack, or not of that type.
        ValueError: its text is damaged.
    """
    try:
        return decoder.decode(content)
    except msgspec.ValidationError:
        outer = msgspec.msgpack.decode(content)
        if not (isinstance(outer, Ext) and outer.code == _CODE):
            raise
        plain = _mapped(msgspec.msgpack.decode(outer.data), _text)
        return cast("T", msgspec.convert(plain, decoder.type))


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """Return the value with all text changed."""
    match value:
        case str():
            return change(value)
        case dict():
            return {_mapped(key, change): _mapped(each, change) for key, each in value.items()}
        case list() | tuple():
            return [_mapped(each, change) for each in value]
    return value


def _escaped(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def _text(escaped: str) -> str:
    return escaped.encode("latin-1").decode("utf-8", "surrogatepass")
