"""Tables: named columns of numbers or text, read from a file or generated."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from math import isnan
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tuiprop.cell import canonical, is_number
from tuiprop.errors import InputError
from tuiprop.wording import listed, quote

Numbers: TypeAlias = NDArray[np.float64]
"""The cells of a column of numbers, (rows,), or rows of inputs, (m, n[0])."""


class DataError(InputError):
    """Data that cannot be used."""


MISSING = ""
"""A missing cell of text; a missing number is NaN."""


@dataclass(frozen=True, eq=False)
class Categories:
    """The distinct values of a column, sorted: numbers by value, text by code point.

    Cells with the same canonical form are one value. It is named as the cell is written, or by its
    canonical form if it is written in several ways.
    """

    names: tuple[str, ...]
    codes: NDArray[np.int64]
    """The category of each row, (rows,), an index into `names`; -1 if the cell is missing."""


@dataclass(frozen=True, eq=False)
class Column:
    """One column: all cells are numbers or all are text; some may be missing."""

    name: str
    values: Numbers | tuple[str, ...]
    exact: tuple[str, ...] | None = None
    """The numbers as text, if float64 may not distinguish them."""
    refusal: str = ""
    """Why text is refused unless it is declared categorical: most of its cells are numbers."""
    notes: tuple[str, ...] = ()
    """Sentences about oddly written cells."""
    classes: tuple[str, ...] = ()
    """The values in the order in which the file numbers them; empty if it does not."""

    @property
    def is_text(self) -> bool:
        """True if the cells are text."""
        return isinstance(self.values, tuple)

    @cached_property
    def missing(self) -> NDArray[np.bool_]:
        """The mask of missing cells, (rows,), read-only; it takes no memory if none is missing."""
        if isinstance(self.values, tuple):
            missing = np.fromiter((cell == MISSING for cell in self.values), np.bool_)
        else:
            missing = np.isnan(self.values)
        if not missing.any():
            return np.broadcast_to(np.False_, missing.shape)
        missing.flags.writeable = False
        return missing

    @cached_property
    def categories(self) -> Categories:
        """The distinct values, missing cells excluded."""
        texts = self.values if isinstance(self.values, tuple) else self.exact
        if texts is not None:
            return _categories(texts)
        values, codes = np.unique(self.values, return_inverse=True)
        present = values[~np.isnan(values)]
        codes = np.where(codes < len(present), codes, -1)
        return Categories(tuple(map(format_number, present.tolist())), codes)

    def as_text(self) -> tuple[str, ...]:
        """Return the cells as text; numbers as `format_number` writes them."""
        if isinstance(self.values, tuple):
            return self.values
        return self.exact or tuple(map(format_number, self.values.tolist()))


def _categories(cells: tuple[str, ...]) -> Categories:
    spellings: dict[str, list[str]] = {}
    for cell in set(cells) - {MISSING}:
        spellings.setdefault(canonical(cell), []).append(cell)
    of_numbers = all(map(is_number, spellings))
    keys = sorted(spellings, key=Decimal) if of_numbers else sorted(spellings)
    index = {MISSING: -1} | {cell: k for k, key in enumerate(keys) for cell in spellings[key]}
    codes = np.fromiter((index[cell] for cell in cells), np.int64)
    names = (spellings[key][0] if len(spellings[key]) == 1 else key for key in keys)
    return Categories(tuple(names), codes)


@dataclass(frozen=True, eq=False)
class Origin:
    """The file or data set that rows come from."""

    name: str
    """The path of the file or the name of the data set, as errors show it."""
    rows: int
    lines: Sequence[int] | None = None
    """The line of the file at which each row begins, counted from 1; None if it has no lines."""

    def place(self, row: int) -> str:
        """Return the place of a row, counted from 0: "line 3", or "row 2" counted from 1."""
        return f"row {row + 1}" if self.lines is None else f"line {self.lines[row]}"


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of equal length with distinct names."""

    name: str
    """The path of the file or the name of the data set, as errors show it."""
    columns: tuple[Column, ...]
    lines: Sequence[int] | None = None
    """The line of the file at which each row begins, counted from 1; None if it has no lines."""
    validation: Origin | None = None
    """The file of validation examples that the last rows come from, if there is one."""

    @property
    def rows(self) -> int:
        """The number of rows, not counting the header."""
        return len(self.columns[0].values)

    @property
    def own_rows(self) -> int:
        """The number of rows that do not come from a file of validation examples."""
        return self.rows - (self.validation.rows if self.validation else 0)

    def file_of(self, row: int) -> str:
        """Return the name of the file that a row, counted from 0, comes from."""
        in_validation = self.validation is not None and row >= self.own_rows
        return self.validation.name if self.validation and in_validation else self.name

    def place(self, row: int) -> str:
        """Return the place of a row, counted from 0, within its file."""
        if self.validation is not None and row >= self.own_rows:
            return self.validation.place(row - self.own_rows)
        return Origin(self.name, self.own_rows, self.lines).place(row)

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
        """Return the column of that name.

        Raises:
            DataError: there is no such column; the sentence lists the columns.
        """
        if name not in self._by_name:
            raise DataError(
                f"there is no column {quote(name)}; the columns are {listed(self.names)}",
                file=self.name,
            )
        return self._by_name[name]


def format_number(value: float) -> str:
    """Return the name of a number as a category: "1" for 1.0, else its shortest decimal."""
    if isnan(value):
        return MISSING
    # from 1e16 on, repr writes an exponent, which is shorter than the digits
    return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)
