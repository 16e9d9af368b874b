"""Turns the bytes that a terminal sends into Textual's events.

Upstream: https://github.com/Textualize/textual/issues/6456 "UnicodeDecodeError in input thread
crashes application when invalid UTF-8 bytes are received". No upstream issue is known of the rest,
seen in Textual 8.2.8: its parser fails at numbers that are no character and at a size of 0 pixels,
yields lone surrogates, never ends a paste whose end does not come, and takes 20 µs per character.
"""

import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Generator, Iterable, Iterator
from time import monotonic

from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.events import Key, Paste, Resize
from textual.message import Message

LONGEST_TEXT = 4096
"""The most characters of a paste or a field: as many as the longest path has."""

PASTE_PATIENCE = 1.0
"""Seconds without input after which a paste ends although its end has not come."""

REPORT_PATIENCE = 0.1
"""Seconds without input after which the beginning of a mouse report is dropped."""

_X10_MOUSE = re.compile(rb"\x1b\[M...", re.DOTALL)
_X10_BEGINNING = re.compile(rb"\x1b\[M.{0,2}\Z", re.DOTALL)

# Text and mouse movements are matched at once: Textual's parser takes 20 µs per character.
_MOUSE = re.compile(r"\x1b\[<\d{1,9};\d{1,9};\d{1,9}[Mm]")
_RUN = re.compile(r"[^\x00-\x1f\x7f-\x9f]{32,}")


class Dropped(Message):
    """Tells the application that some input was dropped.

    Args:
        sentence: what was dropped, and why.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class Typed(Message):
    """Text that came at once, such as a paste without brackets.

    Args:
        text: without control characters.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


def key(character: str) -> Key:
    """Return the event of the key of a character.

    Args:
        character: not a control character.
    """
    (event,) = XTermParser().feed(character)
    assert isinstance(event, Key)
    return event


class Keyboard:
    """Decodes the input of a terminal; survives any bytes.

    Textual's parser knows the escape sequences. This class adds what it lacks: bytes that are not
    UTF-8 become U+FFFD, a sequence that the parser fails on is dropped, a paste has a maximum size
    and always ends, and long texts and many movements of the mouse are read fast.

    Args:
        debug: let Textual log what it parses.
        clock: returns the time in seconds.
    """

    def __init__(self, *, debug: bool = False, clock: Callable[[], float] = monotonic) -> None:
        self._debug = debug
        self._clock = clock
        self._heard = clock()
        self._decode = getincrementaldecoder("utf-8")(errors="replace").decode
        self._report = b""
        self._parser = XTermParser(debug)
        self._is_inside = False  # of a sequence
        self._sequence = ""
        self._paste: _Pasted | None = None

    def feed(self, data: bytes) -> Iterator[Message]:
        """Decode some bytes, which may end inside a character or a sequence.

        Args:
            data: the bytes that were read.

        Yields:
            The events that are complete.
        """
        self._heard = self._clock()
        text = self._decode(self._without_x10(data))
        while text:
            if self._paste is None:
                text = yield from self._typed(text)
            else:
                text = self._paste.add(text)
                if self._paste.is_closed:
                    yield from self._end_paste()

    def tick(self) -> Iterator[Message]:
        """Complete what has waited long enough: a lone Escape, or a paste without an end.

        Yields:
            The events that are complete.
        """
        silence = self._clock() - self._heard
        if silence >= REPORT_PATIENCE:
            self._report = b""
        if self._paste is None:
            yield from self._events(self._parser.tick())
        elif silence >= PASTE_PATIENCE:
            yield from self._end_paste()

    def _without_x10(self, data: bytes) -> bytes:
        """Drop mouse reports in the X10 encoding, which are not text and which Textual ignores."""
        data = _X10_MOUSE.sub(b"", self._report + data)
        beginning = _X10_BEGINNING.search(data)
        end = beginning.start() if beginning else len(data)
        self._report = data[end:]
        return data[:end]

    def _typed(self, text: str) -> Generator[Message, None, str]:
        """Parse text up to the start of a paste; return what follows it."""
        at = 0
        while at < len(text):
            if not self._is_inside and (mouse := _MOUSE.match(text, at)):
                yield from self._events(self._mouse(mouse[0]))
                at = mouse.end()
            elif not self._is_inside and (run := _RUN.match(text, at)):
                yield Typed(run[0])
                at = run.end()
            else:
                yield from self._character(text[at])
                at += 1
                if self._paste is not None:
                    break
        return text[at:]

    def _character(self, character: str) -> Iterator[Message]:
        events = self._events(self._parser.feed(character))
        yield from events
        # a guess, corrected by the next event: some sequences are ignored
        self._is_inside = not events and (self._is_inside or character == "\x1b")
        self._sequence = character if character == "\x1b" else self._sequence + character
        # the parser yields nothing if it took this for the start of a paste
        if self._sequence == BRACKETED_PASTE_START and not events:
            self._events(self._parser.feed(BRACKETED_PASTE_END))
            self._paste, self._is_inside = _Pasted(), False
        self._sequence = self._sequence[: len(BRACKETED_PASTE_START)]

    def _mouse(self, report: str) -> Iterator[Message]:
        event = self._parser.parse_mouse_code(report)
        if event is not None:
            yield event

    def _end_paste(self) -> Iterator[Message]:
        assert self._paste is not None
        text, count = self._paste.text, self._paste.count
        self._paste = None
        yield Paste(text.replace("\0", ""))
        if count > len(text):
            yield Dropped(
                f"{count:,} characters were pasted; only the first {LONGEST_TEXT:,} are used."
            )

    def _events(self, parsed: Iterable[Message]) -> list[Message]:
        """Return the events of a parser; replace the parser if it fails."""
        try:
            events = [event for event in parsed if _is_text(event)]
        except Exception:  # Textual's parser cannot continue after an exception
            failed, self._parser = self._parser, XTermParser(self._debug)
            self._parser.mouse_pixels = failed.mouse_pixels
            self._parser.terminal_size = failed.terminal_size
            self._parser.terminal_pixel_size = failed.terminal_pixel_size
            return []
        for event in events:
            if isinstance(event, Resize) and not (event.size and event.pixel_size):
                self._parser.terminal_pixel_size = None  # the parser would divide by it
        return events


class _Pasted:
    """The text between the start and the end of a paste."""

    def __init__(self) -> None:
        self._kept = ""
        self._last = ""  # characters that may belong to the end's sequence
        self._count = 0
        self.is_closed = False

    @property
    def text(self) -> str:
        """Return the text, cut to the maximum."""
        return (self._kept + self._last)[:LONGEST_TEXT]

    @property
    def count(self) -> int:
        """Return the number of characters that were pasted."""
        return self._count + len(self._last)

    def add(self, text: str) -> str:
        """Add text; return what follows the end of the paste."""
        content, end, rest = (self._last + text).partition(BRACKETED_PASTE_END)
        self._last = ""
        if end:
            self.is_closed = True
        else:
            held = len(content) - len(BRACKETED_PASTE_END) + 1
            content, self._last = content[: max(held, 0)], content[max(held, 0) :]
        self._kept += content[: LONGEST_TEXT - len(self._kept)]
        self._count += len(content)
        return rest


def _is_text(event: Message) -> bool:
    """Return whether an event has no lone surrogate, which the Kitty protocol can send."""
    return not (
        isinstance(event, Key)
        and event.character is not None
        and any("\ud800" <= each <= "\udfff" for each in event.character)
    )
