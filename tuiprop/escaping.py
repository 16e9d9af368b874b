"""Characters that a terminal obeys or hides, made visible.

They are those in Unicode's categories control, format and surrogate, and the separators of lines
and paragraphs: escape sequences, bidirectional overrides, zero-width characters, bytes of a file
name that are not UTF-8, and others.
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
    """A table for `str.translate` that replaces hidden characters, filled as they occur."""

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
    r"""Return text on one line: each hidden character becomes an escape, such as `\x1b`."""
    return text if text.isprintable() else text.translate(_ESCAPES)


def printable_lines(text: str) -> str:
    """Return text of several lines, each of which is `printable`."""
    return "\n".join(map(printable, text.split("\n")))


def in_cells(text: str) -> str:
    """Return text in which each hidden character is one visible character, one cell wide."""
    return text if text.isprintable() else text.translate(_CELLS)


def pasted(text: str) -> str:
    """Return the first line of a pasted text, tabs as spaces, without hidden characters."""
    line = _LINE_END.split(text, maxsplit=1)[0]
    return line.replace("\t", " ").translate(_NOTHING)
