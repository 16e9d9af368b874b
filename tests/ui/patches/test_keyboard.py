"""Bytes of a terminal as events: strange ones, large pastes, and pastes without an end."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual._xterm_parser import XTermParser
from textual.events import Key, MouseEvent, Paste, Resize
from textual.message import Message

from tuiprop.ui.patches.keyboard import LONGEST_TEXT, PASTE_PATIENCE, Dropped, Keyboard, Typed

START, END = b"\x1b[200~", b"\x1b[201~"


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Typing:
    """A keyboard under a clock set by hand."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.keyboard = Keyboard(clock=self.clock)

    def feed(self, *parts: bytes) -> list[Message]:
        return [event for part in parts for event in self.keyboard.feed(part)]

    def wait(self, seconds: float) -> list[Message]:
        self.clock.now += seconds
        parser = self.keyboard._parser  # which looks at another clock
        if parser._timeout_time is not None:
            parser._timeout_time = 0.0
        return list(self.keyboard.tick())


@pytest.fixture
def typing() -> Typing:
    return Typing()


def characters(events: list[Message]) -> str:
    """The text of keys, and of what came at once."""
    found = (event.character or "" for event in events if isinstance(event, Key))
    return "".join(found) + "".join(event.text for event in events if isinstance(event, Typed))


def pasted(events: list[Message]) -> list[str]:
    return [event.text for event in events if isinstance(event, Paste)]


def in_parts(data: bytes) -> Iterator[list[bytes]]:
    for place in range(len(data) + 1):
        yield [data[:place], data[place:]]


def test_a_character_in_two_parts_stays_whole() -> None:
    for character in ("é", "漢", "🙂"):
        for parts in in_parts(character.encode()):
            assert characters(Typing().feed(*parts)) == character


@pytest.mark.parametrize(
    "data",
    [
        b"\xe9",  # é of Latin-1
        b"\xff",
        b"\x1b\xe9",  # Alt+é
        b"\xe1",  # 8-bit Meta+a
        b"\xf0\x9f",  # the beginning of a character
        b"\xed\xa0\x80",  # half of a surrogate pair
    ],
)
def test_bytes_that_are_no_text_are_replaced(typing: Typing, data: bytes) -> None:
    assert set(characters(typing.feed(data))) <= {"\ufffd"}
    typing.wait(1.0)
    assert characters(typing.feed(b"q")).endswith("q")


@pytest.mark.parametrize("column", [1, 90, 120, 163, 200, 223])
@pytest.mark.parametrize("row", [1, 97, 150, 163, 223])
def test_x10_mouse_reports_are_no_keys(column: int, row: int) -> None:
    report = bytes((0x1B, ord("["), ord("M"), 32 + 3, 32 + column, 32 + row))
    typing = Typing()
    assert characters(typing.feed(report * 3, b"q")) == "q"
    for place in range(3, len(report)):
        assert characters(Typing().feed(report[:place], report[place:] + b"q")) == "q"


def test_the_beginning_of_a_mouse_report_is_not_waited_for(typing: Typing) -> None:
    typing.feed(b"\x1b[M")
    typing.wait(1.0)
    assert characters(typing.feed(b"qqq")) == "qqq"


@pytest.mark.parametrize(
    "sequence",
    [
        b"\x1b[99999999999u",  # no character has this number
        b"\x1b[55296u",  # half of a surrogate pair
        b"\x1b[97;1;99999999999u",
        b"\x1b[1:2;3u",
        b"\x1b[::u",
        b"\x1b[48;0;0;0;0t\x1b[<0;1;1M",
        b"\x1b[48;24;80;0;0t\x1b[<35;10;10M\x1b[<35;11;10M",
        b"\x1b[<99999999999999999;5;5M",
        b"\x1b[<0;99999999999999999;5M",
        b"\x1b[?2048;9$y",
    ],
)
def test_strange_sequences_end_nothing(typing: Typing, sequence: bytes) -> None:
    events = typing.feed(sequence, b"?")
    assert characters(events).endswith("?")
    assert not any("\ud800" <= each <= "\udfff" for each in characters(events))


def test_the_mouse_works_where_the_size_in_pixels_is_not_known(typing: Typing) -> None:
    events = typing.feed(b"\x1b[48;24;80;0;0t\x1b[<35;10;5M")
    (mouse,) = (event for event in events if isinstance(event, MouseEvent))
    assert (mouse.x, mouse.y) == (9, 4)


def test_a_size_in_pixels_is_used_after_a_failure(typing: Typing) -> None:
    events = typing.feed(b"\x1b[48;24;80;480;800t\x1b[99999999999u\x1b[<35;101;41M")
    (mouse,) = (event for event in events if isinstance(event, MouseEvent))
    assert (mouse.x, mouse.y) == (10, 2)
    assert [event.size for event in events if isinstance(event, Resize)] == [(80, 24)]


def kinds(events: list[Message]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_much_text_comes_as_one() -> None:
    text = "é" * 500
    for place in (0, 1, 7, 999):
        data = text.encode()
        events = Typing().feed(data[:place], data[place:])
        assert characters(events) == text
        assert len(events) < 40


def test_text_inside_a_sequence_is_of_the_sequence(typing: Typing) -> None:
    """As Textual's parser has it, which gives up after 32 characters."""
    other = XTermParser()
    data = "\x1b[" + "1" * 50 + "q"
    expected = [each.character for each in other.feed(data) if isinstance(each, Key)]
    assert characters(typing.feed(data.encode())) == "".join(filter(None, expected))


@given(st.text(st.sampled_from("\x1b[<0;15Mm~u"), max_size=60))
def test_sequences_are_parsed_as_textual_parses_them(text: str) -> None:
    if "\x1b[M" in text or START.decode() in text:
        return
    expected = kinds(list(XTermParser().feed(text)))
    assert kinds(Typing().feed(text.encode())) == expected


PIECES = [
    *(b"\x1b", b"[", b"M", b"<", b"0", b"9", b";", b":", b"u", b"t", b"~", b"a", b"\xe9"),
    *(START, END, b"\x1b[48;", b"\x1b[<35;", b"\x1b]", b"$y", b"?", b"R", b"\x00"),
]


@given(
    st.lists(st.binary(max_size=40), max_size=20) | st.lists(st.sampled_from(PIECES), max_size=60)
)
def test_any_bytes_end_nothing(parts: list[bytes]) -> None:
    typing = Typing()
    typing.feed(*parts)
    for _ in range(2):  # a paste, and then an Escape
        typing.wait(2 * PASTE_PATIENCE)
    assert characters(typing.feed(b"q")).endswith("q")


def test_a_paste_in_any_two_parts() -> None:
    for parts in in_parts(START + "aé\x1b[A\r".encode() + END + b"q"):
        events = Typing().feed(*parts)
        assert pasted(events) == ["aé\x1b[A\r"]
        assert characters(events) == "q"


def test_a_large_paste_is_cut_and_told(typing: Typing) -> None:
    parts = [b"x" * 4096] * 1000
    events = typing.feed(START, *parts, END, b"q")
    (text,) = pasted(events)
    assert text == "x" * LONGEST_TEXT
    assert any(isinstance(event, Dropped) and "4,096,000" in event.sentence for event in events)
    assert characters(events) == "q"


def test_a_paste_of_the_largest_size_is_whole(typing: Typing) -> None:
    (event,) = typing.feed(START, b"x" * LONGEST_TEXT, END)
    assert isinstance(event, Paste)
    assert len(event.text) == LONGEST_TEXT


def test_a_paste_without_an_end_ends(typing: Typing) -> None:
    assert not typing.feed(START, b"abc\x1b[201")
    assert not typing.wait(PASTE_PATIENCE / 2)
    assert not typing.feed(b"d")
    assert not typing.wait(PASTE_PATIENCE / 2)
    assert pasted(typing.wait(PASTE_PATIENCE)) == ["abc\x1b[201d"]
    assert characters(typing.feed(b"q")) == "q"


def test_a_paste_without_an_end_takes_no_memory(typing: Typing) -> None:
    typing.feed(START, *[b"x" * 4096] * 1000)
    assert typing.keyboard._paste is not None
    assert len(typing.keyboard._paste._kept + typing.keyboard._paste._last) < 2 * LONGEST_TEXT


def test_what_looks_like_a_paste_and_is_none(typing: Typing) -> None:
    """Escape, then "[200~" typed much later."""
    typing.feed(b"\x1b")
    typing.wait(1.0)
    events = typing.feed(b"[200~", b"q")
    assert characters(events) == "[200~q"
