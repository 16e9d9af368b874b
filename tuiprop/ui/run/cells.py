"""The layout of the numbers of a matrix: how wide a cell is, and how its number is written."""

from dataclasses import dataclass
from math import isfinite

from tuiprop.protocol.messages.arrays import Matrix
from tuiprop.ui.drawing.numbers import Scale, Separate, largest_of, scale_of

WIDEST_CELL = 18
"""The most columns of a cell."""

LEAST_CELL = 6
"""The fewest columns of a cell: a space or bracket, and a number of two or three digits."""

ENOUGH = 3
"""Columns of numbers for which cells become narrower."""

LONGEST_NAME = 16
"""The most columns of the names of rows."""


@dataclass(frozen=True)
class Cells:
    """One layout."""

    width: int
    """Columns of a cell."""
    scale: Scale
    names: int
    """Columns for the names of the rows, or for the power of ten above them."""

    @property
    def tight(self) -> bool:
        """True if a cell ends with its number, without a space after it."""
        return self.width < self.scale.width + 2

    def room_for(self, columns: int) -> int:
        """Return the columns of the screen for the names and `columns` cells."""
        return self.names + columns * self.width + self.tight

    def count_in(self, width: int) -> int:
        """Return how many cells fit in `width` columns of the screen."""
        return max(0, (width - self.names - self.tight) // self.width)


class Layouts:
    """The layouts that part of a matrix may have.

    Args:
        matrix: the part; None if it has not arrived.
        power: the power of ten that other matrices share; None to choose one.
    """

    def __init__(self, matrix: Matrix | None, power: int | None) -> None:
        self.largest = 0.0 if matrix is None else _largest(matrix)
        """The largest finite magnitude, of the whole array if known, or else of the part."""
        self._matrix = matrix
        self._power = power
        self._is_separate = (
            matrix is not None and power is None and _are_far_apart(matrix, self.largest)
        )
        self._widths = self._possible_widths()

    def _possible_widths(self) -> range:
        """Return the widths of a cell, the widest first; names of examples are never cut."""
        names = self._matrix.column_names if self._matrix else []
        examples = (len(name) + 1 for name in names if name.startswith("#"))
        least = max([LEAST_CELL, *examples])
        if self._is_separate:
            least = max(least, Separate().width + 1)
            return range(least + 1, least - 1, -1)
        widest = scale_of(self.largest, 99, exponent=self._power).width + 2
        return range(max(least, widest), least - 1, -1)

    def _of_width(self, width: int) -> Cells:
        """Return the layout with cells of `width` columns."""
        names = self._matrix.row_names if self._matrix else []
        scale = scale_of(self.largest, width - 1, exponent=self._power)
        if self._is_separate:
            scale = Separate()
        longest = max(max(map(len, names), default=2) + 1, len(scale.mark))
        return Cells(width, scale, min(LONGEST_NAME, longest + (width > scale.width + 1)))

    def narrowed(self, by: int) -> Cells:
        """Return the layout with cells narrower than the widest, as far as that is possible."""
        return self._of_width(self._widths[min(by, len(self._widths) - 1)])

    @property
    def narrowest(self) -> Cells:
        """The layout with the narrowest cells."""
        return self._of_width(self._widths[-1])

    def fitting(self, room: int) -> Cells:
        """Return the widest cells with which every column fits, or else at least some columns.

        They are wider than the numbers need if the names of the columns then fit.

        Args:
            room: the columns of the screen.
        """
        columns = self._matrix.shape[1] if self._matrix else 1
        names = self._matrix.column_names if self._matrix else []
        named = self._of_width(min(WIDEST_CELL, max(map(len, names), default=0) + 2))
        cells = [self._of_width(width) for width in self._widths]
        if named.width > cells[0].width and named.room_for(columns) <= room:
            return named
        fit = min(ENOUGH, max(each.count_in(room) for each in cells))
        whole = (each for each in cells if each.room_for(columns) <= room)
        some = (each for each in cells if each.count_in(room) >= fit)
        return next(whole, None) or next(some)


def _largest(matrix: Matrix) -> float:
    if matrix.figures is not None:
        return matrix.figures.size
    return largest_of(value for row in matrix.values for value in row)


def _are_far_apart(matrix: Matrix, largest: float) -> bool:
    """Return True if one power of ten would write half of the nonzero numbers or more as 0."""
    scale = scale_of(largest)
    values = [v for row in matrix.values for v in row if v and isfinite(v)]
    return bool(values) and 2 * sum(map(scale.shows, values)) <= len(values)
