"""How each column of a table is used: as the experiment says, with its gaps filled in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuiprop.cell import matcher, plain, with_point
from tuiprop.data.table import Column, DataError, Table
from tuiprop.training.experiment import (
    EVERY_COLUMN,
    ColumnSettings,
    DataSettings,
    ExperimentError,
    ValidationColumn,
)
from tuiprop.wording import listed, quote

MOST_CATEGORIES = 100
"""The most categories of a one-hot encoded column; each is an input."""

_NUMBERS_ONLY = ("mean", "median")
"""The treatments of missing numbers that do not suit missing text."""


@dataclass(frozen=True, eq=False)
class Choice:
    """A column that is an input or a target, and how it is used."""

    column: Column
    encoding: str
    """One of `ENCODINGS`; always "number" for a target."""
    missing: str
    """One of `MISSING`."""
    scaling: str
    """One of `SCALINGS`."""
    order: tuple[str, ...] | None = None
    """The categories of an ordinal encoding; None: sorted."""

    @property
    def key(self) -> str:
        """The key of the column's settings: "data.columns.<name>"."""
        return column_key(self.column.name)


def column_key(name: str, field: str = "") -> str:
    """Return the key of a column, or of one of its settings, as a TOML file writes it."""
    written = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'
    return f"data.columns.{written}" + (f".{field}" if field else "")


def input_choices(settings: DataSettings, table: Table) -> tuple[Choice, ...]:
    """Return the input columns: neither targets, nor left out, nor the one that splits the rows.

    Args:
        settings: the settings, in which the target is named.
        table: the data.

    Raises:
        ExperimentError: `data.columns` names a column that does not exist, or says something of
            one that does not suit it, or no column remains.
    """
    _check_names(settings, table)
    elsewhere = set(settings.targets)
    if isinstance(settings.validation, ValidationColumn):
        elsewhere.add(settings.validation.column)
    inputs = tuple(
        input_choice(settings, column)
        for column in table.columns
        if column.name not in elsewhere and settings.of_column(column.name).use
    )
    if not inputs:
        left_out = any(not column.use for column in settings.columns.values())
        key = "data.columns" if left_out else "data.target"
        raise ExperimentError(f"{key} leaves no column of {table.name} as an input", key=key)
    for choice in inputs:
        _check_categories(choice, table.rows)
    if settings.derived:
        _check_derived(inputs)
    return inputs


def target_choices(settings: DataSettings, table: Table, *, classes: bool) -> tuple[Choice, ...]:
    """Return the target columns, which the settings name.

    Raises:
        ExperimentError: `data.columns` says something that does not suit a target.
    """
    return tuple(target_choice(settings, table[name], classes) for name in settings.targets)


def _check_names(settings: DataSettings, table: Table) -> None:
    for name, column in settings.columns.items():
        if name == EVERY_COLUMN and name not in table:
            for field in ("use", "encoding", "order"):
                if getattr(column, field) != getattr(ColumnSettings(), field):
                    key = column_key(name, field)
                    reason = f"{key} cannot be set; only missing and scaling can, for all columns"
                    raise ExperimentError(reason, key=key)
            continue
        if name not in table:
            key = column_key(name)
            reason = f"{key} names no column of {table.name}; these are {listed(table.names)}"
            raise ExperimentError(reason, key=key)
        if not column.use and name in settings.targets:
            raise ExperimentError.invalid(
                "false",
                "true for a target",
                key=column_key(name, "use"),
                advice="data.target can name another column",
            )
    validation = settings.validation
    if isinstance(validation, ValidationColumn):
        key = "data.validation.column"
        if validation.column not in table:
            allowed = f"one of the columns {listed(table.names)}"
            raise ExperimentError.invalid(quote(validation.column), allowed, key=key)
        if validation.column in settings.targets:
            raise ExperimentError.invalid(
                quote(validation.column), "a column that is not a target", key=key
            )


def input_choice(settings: DataSettings, column: Column) -> Choice:
    """Return how an input column is used.

    Raises:
        ExperimentError: `data.columns` says something that does not suit it.
    """
    own, every = settings.of_column(column.name), settings.of_every_column
    if column.refusal:
        key = column_key(column.name)
        raise ExperimentError(
            f'{column.refusal}; {key} = {{ encoding = "one-hot" }} makes its cells categories, '
            f"{{ use = false }} leaves it out",
            key=key,
        )
    encoding = own.encoding or ("one-hot" if column.is_text else "number")
    if encoding == "number" and column.is_text:
        key = column_key(column.name, "encoding")
        raise ExperimentError.invalid("number", "one-hot or ordinal for a column of text", key=key)
    missing = own.missing or every.missing or "refuse"
    if encoding == "one-hot" and missing in _NUMBERS_ONLY:
        if own.missing is not None:
            key = column_key(column.name, "missing")
            raise ExperimentError.invalid(
                missing, "refuse, drop or category for categories", key=key
            )
        missing = "category"
    if missing == "category" and own.missing is None and not column.missing.any():
        missing = "refuse"  # an input that is always 0 teaches nothing
    scaling = own.scaling or every.scaling or ("standardize" if settings.standardize else "none")
    return Choice(column, encoding, missing, scaling, _order(settings, column.name))


def _order(settings: DataSettings, name: str) -> tuple[str, ...] | None:
    """Return the order of an ordinal encoding, if the settings have one."""
    order = settings.of_column(name).order
    if order is None:
        return None
    order = tuple(with_point(plain(each), settings.decimal or ".") for each in order)
    places = list(map(matcher(order), order))
    for place, (each, first) in enumerate(zip(order, places, strict=True)):
        if first != place:
            raise ExperimentError.invalid(
                f"{quote(each)} twice",
                "a list of distinct categories",
                key=column_key(name, "order"),
            )
    return order


def target_choice(settings: DataSettings, column: Column, classes: bool) -> Choice:
    """Return how a target column is used.

    Raises:
        ExperimentError: `data.columns` says something that does not suit it.
    """
    own, every = settings.of_column(column.name), settings.of_every_column
    if own.encoding is not None:
        key = column_key(column.name, "encoding")
        raise ExperimentError.invalid(
            own.encoding, "left out for a target, whose encoding the loss decides", key=key
        )
    if own.missing not in (None, "refuse", "drop"):
        key = column_key(column.name, "missing")
        raise ExperimentError.invalid(own.missing, "refuse or drop for a target", key=key)
    if classes and own.scaling not in (None, "none"):
        key = column_key(column.name, "scaling")
        raise ExperimentError.invalid(own.scaling, "none for a target of classes", key=key)
    missing = own.missing or ("drop" if every.missing == "drop" else "refuse")
    return Choice(column, "number", missing, own.scaling or "none")


def _check_categories(choice: Choice, rows: int) -> None:
    if choice.encoding != "one-hot":
        return
    count = len(choice.column.categories.names)
    if count > MOST_CATEGORIES or count == rows > 1:
        texts = "texts" if choice.column.is_text else "numbers"
        raise ExperimentError.invalid(
            f"{count} distinct {texts} in {rows} rows",
            f"a column of at most {MOST_CATEGORIES} categories that repeat",
            key=choice.key,
            advice=f"{choice.key} = {{ use = false }} leaves it out",
        )


def _check_derived(inputs: Sequence[Choice]) -> None:
    if len(inputs) != 2 or any(choice.encoding != "number" for choice in inputs):
        names = listed((choice.column.name for choice in inputs), most=5)
        reason = f"data.derived needs exactly two inputs, both numbers; the inputs are {names}"
        raise ExperimentError(reason, key="data.derived")


def kept_rows(choices: Sequence[Choice], table: Table) -> NDArray[np.bool_]:
    """Return the mask of rows to keep, (rows,): rows with missing values are dropped on request.

    Raises:
        DataError: no row remains, or one that remains has a missing value that is refused.
    """
    kept = np.ones(table.rows, dtype=np.bool_)
    for choice in choices:
        if choice.missing == "drop":
            kept &= ~choice.column.missing
    if not kept.any():
        raise DataError(
            "every row has a missing value; data.columns says how to treat them, column by column",
            file=table.name,
        )
    _refuse_missing([choice for choice in choices if choice.missing == "refuse"], table, kept)
    return kept


def _refuse_missing(choices: Sequence[Choice], table: Table, kept: NDArray[np.bool_]) -> None:
    places: list[tuple[int, str]] = []
    count = 0
    for choice in choices:
        rows = np.flatnonzero(choice.column.missing & kept)
        count += len(rows)
        places += [(int(row), choice.column.name) for row in rows[:3]]
    if not count:
        return
    first = min(places, key=lambda place: place[0])
    file = table.file_of(first[0])
    shown = [
        place for place in sorted(places, key=lambda p: p[0]) if table.file_of(place[0]) == file
    ]
    words = "; ".join(f"{table.place(row)}, column {quote(name)}" for row, name in shown[:3])
    more = count - len(shown[:3])
    raise DataError.invalid(
        "a missing value" if count == 1 else f"{count} missing values",
        "a value in every cell",
        file=file,
        place=f"{words} and {more} more" if more else words,
        advice=f'{column_key(first[1], "missing")} = "drop" leaves such rows out',
    )
