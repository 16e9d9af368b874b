"""The format of numbers: one power of ten for a matrix, an ASCII minus that can be pasted."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import floor, inf, isfinite, log10

from textual.content import Content

NUMBER = 6
"""Columns of a number in a matrix, its sign included, where it fits."""

CELL = NUMBER + 2
"""Columns of a matrix cell: a number, and a space or bracket on each side."""

MOST_PLACES = 6
"""The most decimals of an array that is written with the power of ten of a larger one."""


@dataclass(frozen=True)
class Scale:
    """The power of ten of an array and its number of decimals."""

    exponent: int
    places: int
    width: int = NUMBER
    """Columns of its widest number."""

    def shows(self, value: float) -> bool:
        """Return whether a number is written with a figure other than 0."""
        return not 0 < abs(value) < 0.5 * 10.0 ** (self.exponent - self.places)

    @property
    def mark(self) -> str:
        """Return the power as written beside the numbers, such as e-3; empty where it is 1."""
        return f"e{self.exponent}" if self.exponent else ""

    def write(self, value: float) -> str:
        """Write a number of the array without its power of ten."""
        if not isfinite(value):
            return str(value)
        scaled = Decimal(value).scaleb(-self.exponent)
        written = f"{scaled:.{self.places}f}"
        return written.removeprefix("-") if float(written) == 0 else written


@dataclass(frozen=True)
class Separate(Scale):
    """No common power of ten: every number has its own exponent."""

    exponent: int = 0
    places: int = 0
    width: int = NUMBER + 2

    def write(self, value: float) -> str:
        """Write a number with its exponent."""
        return within(value, self.width, 2) if isfinite(value) else str(value)


def power_of(largest: float) -> int:
    """Return the power of ten for an array whose largest finite absolute value is `largest`.

    It is 0 for numbers from 0.1 to below 1000; otherwise it is a multiple of 3.
    """
    if largest <= 0 or 0.0999 < largest < 999.95:
        return 0
    return 3 * floor((log10(largest) + 2.17e-5) / 3)


def scale_of(
    largest: float, width: int = NUMBER, *, exponent: int | None = None, figures: int = 3
) -> Scale:
    """Return the scale for an array.

    Args:
        largest: its largest finite absolute value; 0 if no value is finite.
        width: columns of a number, its sign included, at most.
        exponent: the power of ten, if other arrays determine it.
        figures: the significant figures of a number just above 0.1.
    """
    if exponent is None:
        exponent = power_of(largest)
    scaled = Decimal(largest).scaleb(-exponent)
    size = scaled.adjusted() if scaled else 0
    digits = max(1, size + 1)
    zeros = max(0, -1 - size)  # between the point and the first figure
    while True:
        natural = min(figures + zeros, figures + MOST_PLACES - 3) if zeros else figures + 1 - digits
        places = max(0, min(natural, width - digits - 2))
        if round(scaled, places) < 10**digits:
            return Scale(exponent, places, 1 + digits + (1 + places if places else 0))
        digits += 1


def largest_of(values: Iterable[float]) -> float:
    """Return the largest finite absolute value; 0 where no value is finite."""
    return max((abs(value) for value in values if isfinite(value)), default=0.0)


def exact(value: float) -> str:
    """Write a number with all its digits, and −0 as 0."""
    return repr(value + 0.0)


def short(value: float | None, figures: int = 3) -> str:
    """Write a number in few columns: "0.0790", "12.3", "3.2e-06"; "…" for None."""
    if value is None:
        return "…"
    if not isfinite(value):
        return "nan" if value != value else ("-∞" if value == -inf else "∞")
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 10 ** (figures + 2):
        places = max(0, figures - 1 - floor(log10(abs(value))))
        return f"{value:.{min(places, figures + 1)}f}"
    mantissa, exponent = f"{value:.{figures - 1}e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def within(value: float | None, width: int, figures: int = 3) -> str:
    """Write a number with as many figures as fit, `figures` at most; "" where none fits."""
    candidates = (short(value, count) for count in range(figures, 0, -1))
    return next((written for written in candidates if len(written) <= width), "")


def whole(line: Content, width: int) -> Content:
    """Cut a line to at most `width` columns; a word that contains a digit is dropped whole."""
    if line.cell_length <= width:
        return line
    if width <= 0:
        return Content()
    end = _end(line.plain, len(line.truncate(width - 1).plain))
    return line[:end] + "…"


def _end(text: str, end: int) -> int:
    """Return where to cut a text after `end` characters: before a number that would be cut."""
    word = next((m for m in _WORD.finditer(text) if m.start() < end < m.end()), None)
    return end if word is None or not any(c.isdigit() for c in word[0]) else word.start()


_WORD = re.compile(r"\S+")

_BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: list[float]) -> str:
    """Draw a curve in one line of text, a column for each value."""
    if not values:
        return ""
    low, high = min(values), max(values)
    span = high - low or 1.0
    return "".join(_BARS[round((value - low) / span * (len(_BARS) - 1))] for value in values)


def bars(counts: list[int], width: int) -> str:
    """Draw a histogram in one line; neighbouring bars are merged where they do not fit."""
    if not counts:
        return ""
    together = -(-len(counts) // max(width, 1))
    sums = [sum(counts[i : i + together]) for i in range(0, len(counts), together)]
    most = max(sums) or 1
    # makes every bar that is not empty visible
    return "".join(_BARS[-(-count * (len(_BARS) - 1) // most)] if count else " " for count in sums)


def plain(value: float) -> str:
    """Write a number of a table in few columns: 0.1, 78, 12,345, 1.2e9."""
    if abs(value) >= 1e7 or 0 < abs(value) < 1e-3:
        return short(value)
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
