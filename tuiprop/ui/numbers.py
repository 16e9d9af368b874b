"""How numbers are written: one power of ten for a matrix, an ASCII minus that can be pasted."""

from dataclasses import dataclass
from math import floor, inf, isfinite, log10

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

CELL = 8
"""Columns of a matrix cell: sign, number, and a blank or bracket on each side."""


@dataclass(frozen=True)
class Scale:
    """The power of ten of a matrix and the places after the point."""

    exponent: int
    places: int

    @property
    def title(self) -> str:
        """What stands after the name, such as × 10⁻³; nothing where the power is 0."""
        if not self.exponent:
            return ""
        return " × 10" + str(self.exponent).translate(_SUPERSCRIPTS)

    def write(self, value: float) -> str:
        """A number of the matrix in at most 6 columns, without its power of ten."""
        if not isfinite(value):
            return str(value)
        written = f"{value / 10.0**self.exponent:.{self.places}f}"
        return written.removeprefix("-") if float(written) == 0 else written


def scale_of(largest: float) -> Scale:
    """The scale for a matrix whose largest number in size is this.

    Numbers from 0.1 to below 1000 stand as they are; else the power is a multiple of 3.
    """
    if not isfinite(largest) or largest <= 0:
        return Scale(0, 3)
    exponent = 0 if 0.0999 < largest < 999.95 else 3 * floor(log10(largest * 1.00005) / 3)
    scaled = largest / 10.0**exponent
    return Scale(exponent, 3 if scaled < 9.9995 else 2 if scaled < 99.995 else 1)


def short(value: float | None, figures: int = 3) -> str:
    """A number in few columns: "0.0790", "12.3", "3.2e-06", "…" where there is none."""
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


_BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: list[float]) -> str:
    """A curve in one line of text, a column for each value."""
    if not values:
        return ""
    low, high = min(values), max(values)
    span = high - low or 1.0
    return "".join(_BARS[round((value - low) / span * (len(_BARS) - 1))] for value in values)


def bars(counts: list[int], width: int) -> str:
    """A histogram in one line: bars side by side are taken together where they do not fit."""
    if not counts:
        return ""
    together = -(-len(counts) // max(width, 1))
    sums = [sum(counts[i : i + together]) for i in range(0, len(counts), together)]
    most = max(sums) or 1
    # what is not empty is to be seen
    return "".join(_BARS[-(-count * (len(_BARS) - 1) // most)] if count else " " for count in sums)


def plain(value: float) -> str:
    """A number as a table has it, in few columns: 0.1, 78, 12,345, 1.2e9."""
    if abs(value) >= 1e7 or 0 < abs(value) < 1e-3:
        return short(value)
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
