"""A table: named columns of numbers or of text, as it was read or generated."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.float64]
"""The cells of a column of numbers, (rows,), or rows of inputs, (m, n[0])."""


class DataError(ValueError):
    """Data that cannot be used: one sentence with file, place, found and allowed."""


@dataclass(frozen=True, eq=False)
class Column:
    """One column: its cells are all numbers or all text."""

    name: str
    values: Numbers | tuple[str, ...]

    @property
    def is_text(self) -> bool:
        """The cells are text."""
        return isinstance(self.values, tuple)

    def as_text(self) -> tuple[str, ...]:
        """The cells as text; a number as `format_number` writes it."""
        if isinstance(self.values, tuple):
            return self.values
        return tuple(map(format_number, self.values.tolist()))


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of equal length under different names."""

    name: str
    """What errors call it: the path of the file or the name of the data set."""
    columns: tuple[Column, ...]

    @property
    def rows(self) -> int:
        """The number of rows, the header not counted."""
        return len(self.columns[0].values)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Column:
        """The column of that name.

        Raises:
            DataError: there is none; the sentence lists those that exist.
        """
        if name not in self._by_name:
            raise DataError(
                f"{self.name}: found no column {quote(name)}, allowed: {listed(self.names)}"
            )
        return self._by_name[name]


def format_number(value: float) -> str:
    """A number as a class or a category is named: 1 for 1.0, else the shortest exact decimal."""
    # from 1e16 on, repr writes an exponent, which is shorter than the digits
    return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)


def listed(names: Iterable[str], most: int = 20) -> str:
    """Names in one line of a sentence; those beyond `most` are counted."""
    names = list(names)
    text = ", ".join(shortened(name) for name in names[:most])
    return text if len(names) <= most else f"{text} and {len(names) - most} more"


def quote(text: str) -> str:
    """A cell or a name as a sentence shows it: in quotes, on one line and shortened."""
    return f'"{shortened(text)}"'


def shortened(text: str, most: int = 40) -> str:
    """A cell or a name on one line, with what cannot be printed replaced."""
    text = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    return text if len(text) <= most else text[: most - 3] + "..."
