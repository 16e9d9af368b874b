"""Columns of texts, whatever file they are from: numbers where every cell is one."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from tuiprop.cell import MISSING_CELLS, canonical, with_point
from tuiprop.data.readers.dialect import Asked
from tuiprop.data.readers.mixed_columns import between_thousands, doubt_of
from tuiprop.data.readers.source import Source
from tuiprop.data.table import MISSING, Column, Numbers
from tuiprop.wording import quote

if TYPE_CHECKING:
    import polars as pl

BLANKS = "".join(sign for sign in map(chr, range(0x3001)) if sign.isspace())
"""What `str.strip` takes away."""

EXACT_BELOW = 2.0**53
"""Float64 tells whole numbers below this apart."""

_LEADING_ZEROS = "^[+-]?0[0-9]{2,}$"


def stripped(cells: "pl.Series") -> "pl.Series":
    """Cells without blanks and a pair of quotes around them; "" for null."""
    cells = cells.str.strip_chars(BLANKS).fill_null(MISSING)
    if not cells.str.contains('"', literal=True).any():
        return cells
    return cells.str.replace('^"([^"]*)"$', "$1").str.strip_chars(BLANKS)


def missing_in(cells: "pl.Series", asked: Asked) -> "pl.Series":
    """Which of the stripped cells count as missing."""
    if asked.missing is None:
        return cells.str.to_lowercase().is_in(list(MISSING_CELLS))
    return cells.is_in([cell for cell in cells.unique() if asked.is_missing(cell)])


def missing_numbers(numbers: "pl.Series", asked: Asked) -> "pl.Series":
    """Numbers of a file with types, those null that count as missing."""
    import polars as pl

    if asked.missing is None or not any(map(asked.is_number, asked.missing)):
        return numbers
    return numbers.set(missing_in(numbers.cast(pl.String).fill_null(MISSING), asked), None)


def exact_texts(cells: "pl.Series", values: Numbers) -> tuple[str, ...] | None:
    """Numbers as texts where float64 may not tell them apart; None where it does.

    Args:
        cells: the texts, null where a cell is missing.
        values: the same in float64.
    """
    large = (np.abs(values) >= EXACT_BELOW).any()
    return tuple(cells.fill_null(MISSING)) if large else None


def column_of(
    source: Source, name: str, cells: "pl.Series", asked: Asked, place: Callable[[int], str]
) -> Column:
    """The column of these texts: numbers where every cell that is not missing is one.

    Args:
        source: whose errors these are.
        name: of the column.
        cells: texts or null.
        asked: what the experiment says.
        place: names a row, counted from 0.

    Raises:
        DataError: a cell is infinite, or every text proves a decimal comma.
    """
    import polars as pl

    stripped_cells = stripped(cells)
    missing = missing_in(stripped_cells, asked)
    cells = stripped_cells.set(missing, None)
    comma = asked.decimal == ","
    written = cells
    if comma:
        # a point is no decimal sign then, and stops the cell from being a number
        written = cells.str.replace_all(".", "x", literal=True).str.replace(",", ".", literal=True)
    numbers = written.cast(pl.Float64, strict=False)
    of_numbers = numbers.null_count() == cells.null_count()
    if name not in asked.text and of_numbers:
        infinite = (numbers.is_infinite() | numbers.is_nan()).fill_null(value=False).arg_true()
        if not len(infinite):
            values = numbers.to_numpy().copy()
            exact = exact_texts(written, values)
            return Column(name, values, exact, notes=_notes(name, cells, numbers, comma=comma))
        if name not in asked.unchecked:
            where = _place(place(infinite[0]), name, len(infinite))
            raise source.invalid(where, quote(cells[infinite[0]]), "finite numbers")
    texts = tuple(
        with_point(cell, asked.decimal) if comma else cell for cell in cells.fill_null(MISSING)
    )
    if name in asked.text or of_numbers:
        return Column(name, texts)
    markers = asked.missing
    if markers is None:
        markers = tuple(filter(None, stripped_cells.filter(missing).unique(maintain_order=True)))
    doubt = doubt_of(cells, numbers, asked, markers)
    if doubt is None:
        return Column(name, texts, notes=_of_levels(name, cells, numbers))
    where, found = _place(place(doubt.row), name, doubt.count), quote(doubt.found)
    if doubt.what:
        found = f"{found}, {doubt.what}"
        error = source.invalid(where, found, doubt.allowed, doubt.advice)
        return Column(name, texts, refusal=str(error))
    if name in asked.unchecked:
        return Column(name, texts)
    raise source.invalid(where, found, doubt.allowed, doubt.advice)


def _place(row: str, name: str, count: int) -> str:
    """A cell, the first of `count`."""
    more = f" and {count - 1} more" if count > 1 else ""
    return f"{row}, column {quote(name)}{more}"


def _of_levels(name: str, cells: "pl.Series", numbers: "pl.Series") -> tuple[str, ...]:
    """A note where most categories are numbers."""
    present, count = len(cells) - cells.null_count(), len(numbers) - numbers.null_count()
    if 2 * count < present:
        return ()
    other = cells.filter(cells.is_not_null() & numbers.is_null())[0]
    return (
        f"column {name}: {count} of {present} cells are numbers, {quote(other)} is none; all are "
        "taken for categories",
    )


def _notes(name: str, cells: "pl.Series", numbers: "pl.Series", *, comma: bool) -> tuple[str, ...]:
    """What is odd about how the numbers are written."""
    notes = []
    if comma and between_thousands(cells):
        row = int(cells.str.contains(",", literal=True).arg_true()[0])
        notes.append(
            f"column {name}: {numbers[row]:g} was read from {quote(cells[row])}, as data.decimal "
            "says; every comma of the column stands before three digits, as a thousands separator"
        )
    zeros = cells.str.contains(_LEADING_ZEROS).arg_true()
    if len(zeros):
        cell = cells[zeros[0]]
        notes.append(
            f"column {name}: {quote(cell)} is the number {canonical(cell)}: "
            "leading zeros do not count"
        )
    return tuple(notes)
