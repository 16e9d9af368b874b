"""Encoding of the columns of a table as inputs and targets of a network, and its inverse.

Everything in a `Preparation` is learnt from the training examples and stored with the model.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from tuiprop.cell import matcher
from tuiprop.core.array import Array
from tuiprop.data.table import MISSING, Column, DataError, Numbers, Table
from tuiprop.wording import listed, quote

Rows: TypeAlias = NDArray[np.int64]
"""Rows of a table, counted from 0."""

Encoder: TypeAlias = Callable[[Rows], Numbers]
"""A function that returns one raw input, (m,), of some rows of a table."""


@dataclass(frozen=True)
class Preparation:
    """The preparation of one input or target: column, encoding, and (x − mean) / deviation."""

    column: str
    mean: float = 0.0
    deviation: float = 1.0
    category: str | None = None
    """The text for which this input is 1, and 0 for any other; "" stands for a missing cell."""
    fill: float | None = None
    """The replacement of a missing number; None if it is refused."""
    order: tuple[str, ...] | None = None
    """The categories of text encoded as a number, which stand for 0, 1, …"""
    derived: str | None = None
    """A key of `DERIVATIONS`, for an input derived from the numbers of the column."""
    other: str | None = None
    """The second column of an input derived from two."""

    @property
    def name(self) -> str:
        """The name of the input: "petal_length", "colour=red", "x1·x2"."""
        if self.derived is not None:
            return DERIVATIONS[self.derived].name.format(self.column, self.other)
        if self.category is None:
            return self.column
        return f"{self.column}={self.category or '(missing)'}"

    def to_builtins(self) -> dict[str, Any]:
        """Return the entry of a weights file; what does not apply is left out."""
        entry = {field: getattr(self, field) for field in self.__dataclass_fields__}
        if self.order is not None:
            entry["order"] = list(self.order)
        return {field: value for field, value in entry.items() if value is not None}

    @classmethod
    def from_builtins(cls, entry: Mapping[str, Any]) -> "Preparation":
        """Return the preparation in an entry of a weights file.

        Raises:
            DataError: the entry is not one that `to_builtins` writes.
        """
        try:
            read = msgspec.convert(entry, _Entry)
        except (msgspec.ValidationError, OverflowError):
            read = None
        if (
            read is None
            or not all(map(isfinite, (read.mean, read.fill or 0.0)))
            or not 0 < read.deviation < inf
            or (read.derived is not None and not _derives(read))
        ):
            raise DataError.invalid(
                quote(str(entry)),
                "an entry with column, mean, a deviation greater than 0, and its encoding",
                place="preparation",
            )
        return cls(**msgspec.structs.asdict(read))


class _Entry(msgspec.Struct):
    """The entry of a weights file."""

    column: str
    mean: float
    deviation: float
    category: str | None = None
    fill: float | None = None
    order: tuple[str, ...] | None = None
    derived: str | None = None
    other: str | None = None


@dataclass(frozen=True)
class Derivation:
    """A function from the numbers of one or two columns to an input."""

    name: str
    """The name of the input; {0} and {1} are the columns."""
    of: tuple[int, ...]
    """The indices of its arguments: the first input, the second."""
    function: Callable[..., Numbers]


DERIVATIONS: dict[str, Derivation] = {
    "square": Derivation("{0}²", (0,), lambda x: x * x),
    "product": Derivation("{0}·{1}", (0, 1), lambda x, y: x * y),
    "sine": Derivation("sin {0}", (0,), np.sin),
}


def _derives(entry: _Entry) -> bool:
    """Return True if the entry of a derived input names the columns that it needs."""
    derivation = DERIVATIONS.get(entry.derived or "")
    return derivation is not None and (entry.other is not None) == (len(derivation.of) == 2)


def encode(preparation: Sequence[Preparation], table: Table, rows: Rows | None = None) -> Numbers:
    """Return the raw inputs of rows of a table: missing values replaced, not yet scaled.

    A text that is not a known category makes all inputs of its column 0; `unseen` finds it.

    Args:
        preparation: the preparation of each input, in order.
        table: a table with the columns that it names; others are ignored.
        rows: the rows to encode; None: all.

    Returns:
        The raw inputs, (m, n[0]).

    Raises:
        DataError: as `encoders`; or a missing value has no replacement.
    """
    rows = np.arange(table.rows) if rows is None else rows
    encoded = np.empty((len(rows), len(preparation)))
    with np.errstate(over="ignore"):
        for i, encoder in enumerate(encoders(preparation, table)):
            encoded[:, i] = encoder(rows)
    return encoded


def encoders(preparation: Sequence[Preparation], table: Table) -> tuple[Encoder, ...]:
    """Return a function for each raw input, which encodes any rows of a table.

    Raises:
        DataError: a column is absent, or is text where numbers are needed.
    """
    categories: dict[str, list[str]] = {}
    for each in preparation:
        if each.category is not None:
            categories.setdefault(each.column, []).append(each.category)
    plain = {
        each.column: _number(each, table)
        for each in preparation
        if each.category is None and each.derived is None
    }
    one_hot = {name: _one_hot(table, table[name], known) for name, known in categories.items()}

    def encoder(each: Preparation) -> Encoder:
        if each.derived is not None:
            names = [each.column] + ([each.other] if each.other is not None else [])
            for name in names:
                if name not in plain:
                    reason = f"{each.name} needs {quote(name)}, which is not an input"
                    raise DataError(reason, place="preparation")
            function = DERIVATIONS[each.derived].function
            return lambda rows: function(*(plain[name](rows) for name in names))
        if each.category is not None:
            return one_hot[each.column][each.category]
        return plain[each.column]

    return tuple(map(encoder, preparation))


def _number(each: Preparation, table: Table) -> Encoder:
    """Return the encoder of an input of numbers, or of ordered categories."""
    column = table[each.column]
    if each.order is not None:
        values = _ordinal(each.order, table, column)
    elif isinstance(column.values, tuple):
        text = next((cell for cell in column.values if cell != MISSING), MISSING)
        if column.refusal:
            raise DataError(column.refusal)
        raise DataError.invalid(
            f"text such as {quote(text)}",
            "numbers",
            file=table.name,
            place=f"column {quote(each.column)}",
        )
    else:
        values = column.values

    if not column.missing.any():
        return lambda rows: values[rows]

    def number(rows: Rows) -> Numbers:
        found: Numbers = values[rows]
        missing = np.isnan(found)
        if missing.any():
            if each.fill is None:
                row = int(rows[missing.argmax()])
                raise _refused(table, row, column, "a missing value", "a value")
            found[missing] = each.fill
        return found

    return number


def places_in(known: Sequence[str], column: Column) -> Numbers:
    """Return the index of each category of a column among the known ones, NaN if unknown."""
    match = matcher(known)
    found = (match(name) for name in column.categories.names)
    return np.array([np.nan if place is None else place for place in found], np.float64)


def _ordinal(order: tuple[str, ...], table: Table, column: Column) -> Numbers:
    """Return the indices of the cells in the order, (rows,)."""
    names, codes = column.categories.names, column.categories.codes
    places = places_in(order, column)
    unknown = np.flatnonzero(np.isnan(places))
    if len(unknown):
        row = int(np.isin(codes, unknown).argmax())
        raise _refused(table, row, column, quote(names[codes[row]]), f"one of {listed(order)}")
    found: Numbers = np.append(places, np.nan)[codes]  # code -1: a missing cell
    return found


def _one_hot(table: Table, column: Column, known: Sequence[str]) -> dict[str, Encoder]:
    """Return the encoders of a one-hot encoded column, by category."""
    if set(known) == {MISSING}:  # only whether the cell is missing: the others are numbers
        return {MISSING: lambda rows: column.missing[rows].astype(np.float64)}
    own = known.index(MISSING) if MISSING in known else np.nan
    places = np.append(places_in(known, column), own)[column.categories.codes]

    def refuse_missing(rows: Rows) -> None:
        missing = column.missing[rows]
        if missing.any():
            row = int(rows[missing.argmax()])
            raise _refused(table, row, column, "a missing value", f"one of {listed(known)}")

    def encoder(place: int) -> Encoder:
        def one_hot(rows: Rows) -> Numbers:
            if place == 0 and MISSING not in known:
                refuse_missing(rows)
            found: Numbers = (places[rows] == place).astype(np.float64)
            return found

        return one_hot

    return {category: encoder(place) for place, category in enumerate(known)}


def _refused(table: Table, row: int, column: Column, found: str, allowed: str) -> DataError:
    place = f"{table.place(row)}, column {quote(column.name)}"
    return DataError.invalid(found, allowed, file=table.file_of(row), place=place)


def apply(preparation: Sequence[Preparation], rows: Numbers) -> Numbers:
    """Return prepared inputs: raw inputs with missing values replaced, then (x − mean) / deviation.

    Args:
        preparation: the preparation of each input, in order.
        rows: raw inputs, examples as rows, (m, n[0]); NaN if missing.

    Returns:
        A new float64 array, (m, n[0]); infinite if the quotient overflows, NaN if a missing value
        has no replacement.
    """
    mean = np.array([each.mean for each in preparation])
    deviation = np.array([each.deviation for each in preparation])
    fill = np.array([np.nan if each.fill is None else each.fill for each in preparation])
    raw = np.asarray(rows, dtype=np.float64)
    with np.errstate(over="ignore"):
        prepared: Numbers = (np.where(np.isnan(raw), fill, raw) - mean) / deviation
    return prepared


def unscaled(targets: Sequence[Preparation], rows: Array) -> Array:
    """Return outputs of a network, (m, n[L]), in the unit of the targets: ŷ · deviation + mean.

    This is the inverse of `apply`; without scaled targets it returns the same array.
    """
    if not any(each.mean or each.deviation != 1.0 for each in targets):
        return rows
    mean = np.array([each.mean for each in targets])
    in_unit: Array = rows * np.array([each.deviation for each in targets]) + mean
    return in_unit
