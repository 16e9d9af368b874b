"""MessagePack of any text: names of files need not be UTF-8."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuiprop.protocol.codec import decode_reply, decode_request, encode
from tuiprop.protocol.messages.base import Refused
from tuiprop.protocol.messages.opening import Open
from tuiprop.storage.packing import pack, unpack

ANYTHING = msgspec.msgpack.Decoder(dict[str, Any])

text = st.text(st.characters() | st.characters(categories=["Cs"]))


@given(text)
def test_any_text_crosses(name: str) -> None:
    refused = Refused(sentence=name)
    assert decode_reply(encode(refused), None) == refused


@given(text, st.dictionaries(text, st.lists(text | st.integers(0, 9) | st.none())), st.binary())
@settings(max_examples=50)
def test_any_tables_cross(name: str, table: dict[str, Any], initial: bytes) -> None:
    request = Open(
        experiment={"data": {"source": name, "columns": table}}, initial=initial, what=name
    )
    assert decode_request(encode(request)) == request


@given(st.dictionaries(st.text(), st.text()))
@settings(max_examples=50)
def test_what_is_utf8_is_plain_messagepack(table: dict[str, str]) -> None:
    assert pack(table) == msgspec.msgpack.encode(table)


@pytest.mark.parametrize("content", [b"", b"\xc1", b"\xa1x", msgspec.msgpack.encode([1])])
def test_what_is_no_such_value(content: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        unpack(content, ANYTHING)


@pytest.mark.parametrize("code", [0, 2])
def test_another_extension_type(code: int) -> None:
    content = msgspec.msgpack.encode(msgspec.msgpack.Ext(code, b"\x80"))
    with pytest.raises(msgspec.ValidationError):
        unpack(content, ANYTHING)


@pytest.mark.parametrize("text", ["\u0100", "\xff"])
def test_damaged_text(text: str) -> None:
    inner = msgspec.msgpack.encode({"a": text})
    with pytest.raises(ValueError):  # noqa: PT011 - the codecs' own
        unpack(msgspec.msgpack.encode(msgspec.msgpack.Ext(1, inner)), ANYTHING)
