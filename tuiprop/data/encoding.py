"""From the columns of a table to the inputs of a network, and their standardisation."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

import numpy as np

from tuiprop.data.table import Column, DataError, Numbers, Table, listed, quote
from tuiprop.training.experiment import DataSettings, ExperimentError

MOST_CATEGORIES = 100
"""Of a text column that is an input; each is an input of its own."""


@dataclass(frozen=True)
class Preparation:
    """One input: where it comes from and what is done with it: (x − mean) / deviation."""

    column: str
    mean: float = 0.0
    deviation: float = 1.0
    category: str | None = None
    """The text that makes this input 1 and every other text 0; None for a column of numbers."""

    @property
    def name(self) -> str:
        """Of the input: "petal_length", or "colour=red"."""
        return self.column if self.category is None else f"{self.column}={self.category}"

    def to_builtins(self) -> dict[str, Any]:
        """The entry of a weights file."""
        entry: dict[str, Any] = {
            "column": self.column,
            "mean": self.mean,
            "deviation": self.deviation,
        }
        return entry if self.category is None else {**entry, "category": self.category}

    @classmethod
    def from_builtins(cls, entry: Mapping[str, Any]) -> "Preparation":
        """The inverse of `to_builtins`.

        Raises:
            DataError: an entry that `to_builtins` does not write.
        """
        try:
            column, category = entry["column"], entry.get("category")
            mean, deviation = float(entry["mean"]), float(entry["deviation"])
        except (TypeError, ValueError, KeyError, OverflowError, AttributeError):
            column, category, mean, deviation = None, None, 0.0, 0.0
        named = isinstance(column, str) and isinstance(category, str | None)
        if not named or not isfinite(mean) or not 0 < deviation < inf:
            raise DataError(
                f"preparation: found {quote(str(entry))}, allowed: column, mean, a deviation "
                "greater than 0, and a category where the column is text"
            )
        return cls(column, mean, deviation, category)


def input_columns(settings: DataSettings, table: Table) -> tuple[Column, ...]:
    """The columns that are neither a target nor left out.

    Args:
        settings: with the target named.
        table: what they are columns of.

    Raises:
        ExperimentError: `data.columns` names a column that does not exist or leaves out a target,
            or no column remains.
    """
    for name, column in settings.columns.items():
        key = f"data.columns.{_toml_key(name)}"
        if name not in table:
            allowed = listed(table.names)
            raise ExperimentError(f"{key}: found a column of that name, allowed: {allowed}", key)
        if not column.use and name in settings.targets:
            raise ExperimentError(
                f"{key}.use: found false, allowed: true, as it is a target; "
                "data.target names another",
                key,
            )
    left_out = {name for name, column in settings.columns.items() if not column.use}
    inputs = tuple(
        column
        for column in table.columns
        if column.name not in left_out and column.name not in settings.targets
    )
    if not inputs:
        key = "data.columns" if left_out else "data.target"
        raise ExperimentError(
            f"{key}: found no column of {table.name} that is left as an input, allowed: 1 or more",
            key,
        )
    return inputs


def encoding_of(columns: Sequence[Column], table: Table) -> tuple[Preparation, ...]:
    """The inputs that the columns give: one for numbers, one for each category of text.

    Raises:
        ExperimentError: a text column with too many categories.
    """
    inputs: list[Preparation] = []
    for column in columns:
        if not isinstance(column.values, tuple):
            inputs.append(Preparation(column.name))
            continue
        categories = sorted(set(column.values))
        if len(categories) > MOST_CATEGORIES or len(categories) == table.rows > 1:
            key = f"data.columns.{_toml_key(column.name)}"
            raise ExperimentError(
                f"{key}: found {len(categories)} different texts in {table.rows} rows, allowed: "
                f"up to {MOST_CATEGORIES} that repeat; {key} = {{ use = false }} leaves it out",
                key,
            )
        inputs += [Preparation(column.name, category=category) for category in categories]
    return tuple(inputs)


def encode(preparation: Sequence[Preparation], table: Table) -> Numbers:
    """The inputs of every row of a table, raw: not yet standardised.

    Args:
        preparation: of each input, in order.
        table: with the columns that it names, and others, which are ignored.

    Returns:
        (rows, n[0]).

    Raises:
        DataError: a column is not there, is text where numbers are needed, or holds a text that
            is none of the categories.
    """
    rows = np.empty((table.rows, len(preparation)))
    categories: dict[str, list[str]] = {}
    for each in preparation:
        if each.category is not None:
            categories.setdefault(each.column, []).append(each.category)
    texts = {name: _texts(table, table[name], known) for name, known in categories.items()}
    for i, each in enumerate(preparation):
        if each.category is not None:
            rows[:, i] = texts[each.column] == each.category
            continue
        values = table[each.column].values
        if isinstance(values, tuple):
            raise DataError(
                f"{table.name}: column {quote(each.column)}: found text such as "
                f"{quote(values[0])}, allowed: numbers"
            )
        rows[:, i] = values
    return rows


def _texts(
    table: Table, column: Column, categories: Sequence[str]
) -> np.ndarray[tuple[int, ...], np.dtype[np.object_]]:
    texts = column.as_text()
    unknown = set(texts) - set(categories)
    if unknown:
        row = next(row for row, text in enumerate(texts, start=1) if text in unknown)
        raise DataError(
            f"{table.name}: row {row}, column {quote(column.name)}: found {quote(texts[row - 1])}, "
            f"allowed: {listed(categories)}"
        )
    return np.array(texts, dtype=object)


def standardized(preparation: Sequence[Preparation], rows: Numbers) -> tuple[Preparation, ...]:
    """With the mean and the population deviation of `rows`, (m, n[0]); categories are left as is.

    Raises:
        DataError: numbers so large that their deviation is none.
    """
    prepared = []
    for each, values in zip(preparation, rows.T, strict=True):
        if each.category is not None:
            prepared.append(each)
            continue
        values = np.ascontiguousarray(values)
        with np.errstate(over="ignore", invalid="ignore"):
            mean, deviation = float(values.mean()), float(values.std())
        if values.min() == values.max():
            # the mean of equal numbers is rounded, and a deviation of that rounding is noise
            mean, deviation = float(values[0]), 1.0
        if not np.isfinite([mean, deviation]).all():
            raise DataError(
                f"column {quote(each.column)}: found numbers too large for their deviation, "
                "allowed: numbers up to 1e150"
            )
        prepared.append(Preparation(each.column, mean, deviation or 1.0))
    return tuple(prepared)


def apply(preparation: Sequence[Preparation], rows: Numbers) -> Numbers:
    """Raw inputs as the network takes them: (x − mean) / deviation, column by column.

    Args:
        preparation: of each input, in order.
        rows: raw inputs, examples as rows, (m, n[0]).

    Returns:
        (m, n[0]), a new array in float64; infinite where the quotient is too large for it.
    """
    mean = np.array([each.mean for each in preparation])
    deviation = np.array([each.deviation for each in preparation])
    with np.errstate(over="ignore"):
        prepared: Numbers = (np.asarray(rows, dtype=np.float64) - mean) / deviation
    return prepared


def _toml_key(name: str) -> str:
    """A column's name as a TOML file writes it in a key."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'
