"""Characters that a terminal obeys, or that nobody sees, made visible.

They are those of Unicode's categories of control, format and surrogate characters, and the
separators of lines and paragraphs: escape sequences, bidirectional overrides, zero-width
characters, bytes of a file name that are not UTF-8, and so on.
"""

import re
import unicodedata
from collections.abc import Callable

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_DELETE = 0x7F
_PICTURES = 0x2400
"""The first of Unicode's pictures of the control characters U+0000 to U+001F."""
_LINE_END = re.compile(r"[\r\n]")


class _Table(dict[int, str]):
    """A table for `str.translate` that replaces hidden characters; filled as they occur."""

    def __init__(self, replacement: Callable[[str], str]) -> None:
        super().__init__()
        self._replacement = replacement

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if unicodedata.category(character) in _HIDDEN:
            character = self._replacement(character)
        self[code] = character
        return character


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _picture(character: str) -> str:
    code = ord(character)
    if code < ord(" "):
        return chr(_PICTURES + code)
    return "\N{SYMBOL FOR DELETE}" if code == _DELETE else "\N{REPLACEMENT CHARACTER}"


_ESCAPES = _Table(_escape)
_CELLS = _Table(_picture)
_NOTHING = _Table(lambda character: "")


def printable(text: str) -> str:
    r"""Text on one line: each hidden character becomes an escape of Python, such as `\x1b`."""
    return text if text.isprintable() else text.translate(_ESCAPES)


def printable_lines(text: str) -> str:
    """Text of several lines: line feeds stay, each line is `printable`."""
    return "\n".join(map(printable, text.split("\n")))


def in_cells(text: str) -> str:
    """Text in which each hidden character is one visible character, one cell wide."""
    return text if text.isprintable() else text.translate(_CELLS)


def pasted(text: str) -> str:
    """The first line of a pasted text, for a field: tabs are spaces, hidden characters left out."""
    line = _LINE_END.split(text, maxsplit=1)[0]
    return line.replace("\t", " ").translate(_NOTHING)
