"""Columns of texts from any file: numeric if every cell is a number."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from tuiprop.cell import MISSING_CELLS, canonical, with_point
from tuiprop.data.readers.dialect import ReadOptions
from tuiprop.data.readers.mixed_columns import between_thousands, stray_texts
from tuiprop.data.readers.source import Source
from tuiprop.data.table import MISSING, Column, Numbers
from tuiprop.wording import quote

if TYPE_CHECKING:
    import polars as pl

BLANKS = "".join(sign for sign in map(chr, range(0x3001)) if sign.isspace())
"""The characters that `str.strip` removes."""

EXACT_BELOW = 2.0**53
"""The bound below which float64 distinguishes all whole numbers."""

_LEADING_ZEROS = "^[+-]?0[0-9]{2,}$"


def stripped(cells: "pl.Series") -> "pl.Series":
    """Return cells without surrounding blanks and quotes; "" for null."""
    cells = cells.str.strip_chars(BLANKS).fill_null(MISSING)
    if not cells.str.contains('"', literal=True).any():
        return cells
    return cells.str.replace('^"([^"]*)"$', "$1").str.strip_chars(BLANKS)


def missing_in(cells: "pl.Series", options: ReadOptions) -> "pl.Series":
    """Return which of the stripped cells count as missing."""
    if options.missing is None:
        return cells.str.to_lowercase().is_in(list(MISSING_CELLS))
    return cells.is_in([cell for cell in cells.unique() if options.is_missing(cell)])


def missing_numbers(numbers: "pl.Series", options: ReadOptions) -> "pl.Series":
    """Return the numbers of a typed file, null if they count as missing."""
    import polars as pl

    if options.missing is None or not any(map(options.is_number, options.missing)):
        return numbers
    return numbers.set(missing_in(numbers.cast(pl.String).fill_null(MISSING), options), None)


def exact_texts(cells: "pl.Series", values: Numbers) -> tuple[str, ...] | None:
    """Return numbers as text if float64 may not distinguish them, else None.

    Args:
        cells: the texts, null if missing.
        values: the numbers in float64.
    """
    large = (np.abs(values) >= EXACT_BELOW).any()
    return tuple(cells.fill_null(MISSING)) if large else None


def column_of(
    source: Source, name: str, cells: "pl.Series", options: ReadOptions, place: Callable[[int], str]
) -> Column:
    """Return the column of these texts, numeric if every cell that is not missing is a number.

    Args:
        source: the file, which errors name.
        name: the name of the column.
        cells: texts or null.
        options: how cells are read.
        place: a function that names a row, counted from 0.

    Raises:
        DataError: a cell is infinite, or every text proves a decimal comma.
    """
    import polars as pl

    stripped_cells = stripped(cells)
    missing = missing_in(stripped_cells, options)
    cells = stripped_cells.set(missing, None)
    comma = options.decimal == ","
    written = cells
    if comma:
        # a point is then not a decimal sign: a cell that has one is not a number
        written = cells.str.replace_all(".", "x", literal=True).str.replace(",", ".", literal=True)
    numbers = written.cast(pl.Float64, strict=False)
    of_numbers = numbers.null_count() == cells.null_count()
    if name not in options.text and of_numbers:
        infinite = (numbers.is_infinite() | numbers.is_nan()).fill_null(value=False).arg_true()
        if not len(infinite):
            values = numbers.to_numpy().copy()
            exact = exact_texts(written, values)
            return Column(name, values, exact, notes=_notes(name, cells, numbers, comma=comma))
        if name not in options.unchecked:
            where = _place(place(infinite[0]), name, len(infinite))
            raise source.invalid(where, quote(cells[infinite[0]]), "finite numbers")
    texts = tuple(
        with_point(cell, options.decimal) if comma else cell for cell in cells.fill_null(MISSING)
    )
    if name in options.text or of_numbers:
        return Column(name, texts)
    markers = options.missing
    if markers is None:
        markers = tuple(filter(None, stripped_cells.filter(missing).unique(maintain_order=True)))
    stray = stray_texts(cells, numbers, options, markers)
    if stray is None:
        return Column(name, texts, notes=_of_levels(name, cells, numbers))
    where, found = _place(place(stray.row), name, stray.count), quote(stray.found)
    if stray.what:
        found = f"{found}, {stray.what}"
        error = source.invalid(where, found, stray.allowed, stray.advice)
        return Column(name, texts, refusal=str(error))
    if name in options.unchecked:
        return Column(name, texts)
    raise source.invalid(where, found, stray.allowed, stray.advice)


def _place(row: str, name: str, count: int) -> str:
    """Return the place of a cell, the first of `count`."""
    more = f" and {count - 1} more" if count > 1 else ""
    return f"{row}, column {quote(name)}{more}"


def _of_levels(name: str, cells: "pl.Series", numbers: "pl.Series") -> tuple[str, ...]:
    """Return a sentence if most categories are numbers."""
    present, count = len(cells) - cells.null_count(), len(numbers) - numbers.null_count()
    if 2 * count < present:
        return ()
    other = cells.filter(cells.is_not_null() & numbers.is_null())[0]
    return (
        f"column {name}: {count} of {present} cells are numbers, but {quote(other)} is not; all "
        "cells are categories",
    )


def _notes(name: str, cells: "pl.Series", numbers: "pl.Series", *, comma: bool) -> tuple[str, ...]:
    """Return sentences about oddly written numbers."""
    notes = []
    if comma and between_thousands(cells):
        row = int(cells.str.contains(",", literal=True).arg_true()[0])
        notes.append(
            f"column {name}: {numbers[row]:g} was read from {quote(cells[row])}, as data.decimal "
            "says; every comma in the column is before three digits, like a thousands separator"
        )
    zeros = cells.str.contains(_LEADING_ZEROS).arg_true()
    if len(zeros):
        cell = cells[zeros[0]]
        notes.append(
            f"column {name}: {quote(cell)} is the number {canonical(cell)}: "
            "leading zeros are ignored"
        )
    return tuple(notes)
