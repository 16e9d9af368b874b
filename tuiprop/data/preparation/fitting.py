"""Fitting of the preparation to the training examples: categories, fills, means, deviations."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tuiprop.data.preparation.choices import Choice
from tuiprop.data.preparation.encoding import Encoder, Preparation, Rows, encoders, places_in
from tuiprop.data.table import MISSING, DataError, Numbers, Table
from tuiprop.wording import quote

_DERIVED = {
    "x1^2": ("square", 0, None),
    "x2^2": ("square", 1, None),
    "x1*x2": ("product", 0, 1),
    "sin(x1)": ("sine", 0, None),
    "sin(x2)": ("sine", 1, None),
}
"""The derivations behind the names in an experiment, with the indices of their inputs."""

SQUARABLE = 1e140
"""The deviation up to which, and down to its reciprocal, no digit of a square is lost."""

_REFUSED = ("refuse", "drop")
"""The treatments of missing values after which no example has one."""


def fit_inputs(
    choices: Sequence[Choice], derived: Sequence[str], scaling: str, table: Table, rows: Rows
) -> tuple[Preparation, ...]:
    """Fit the preparation of the inputs.

    Args:
        choices: how each input column is used.
        derived: names of `DERIVED`, as in the experiment.
        scaling: the scaling of derived inputs, one of `SCALINGS`.
        table: the data.
        rows: the training examples, (N,).

    Raises:
        DataError: a column has no value in the training examples, or its range overflows.
    """
    encoded: list[Preparation] = []
    how: list[str] = []
    for choice in choices:
        entries = _encoding(choice, rows)
        encoded += entries
        how += [choice.scaling if entry.category is None else "none" for entry in entries]
    names = [choice.column.name for choice in choices]
    for name in derived:
        derivation, first, second = _DERIVED[name]
        other = None if second is None else names[second]
        encoded.append(Preparation(names[first], derived=derivation, other=other))
        how.append(scaling)
    raw = encoders(encoded, table)
    return tuple(
        _scaled(each, encoder, rows, each_how)
        for each, encoder, each_how in zip(encoded, raw, how, strict=True)
    )


def fit_targets(choices: Sequence[Choice], table: Table, rows: Rows) -> tuple[Preparation, ...]:
    """Fit the preparation of numeric targets; the arguments are those of `fit_inputs`.

    Raises:
        DataError: a range overflows.
    """
    plain = tuple(Preparation(choice.column.name) for choice in choices)
    return tuple(
        _scaled(each, encoder, rows, choice.scaling)
        for each, encoder, choice in zip(plain, encoders(plain, table), choices, strict=True)
    )


def _encoding(choice: Choice, rows: Rows) -> list[Preparation]:
    """Return the inputs of a column, not yet scaled."""
    column, name = choice.column, choice.column.name
    own_category = [Preparation(name, category=MISSING)] if choice.missing == "category" else []
    if choice.encoding == "number":
        assert not isinstance(column.values, tuple)
        fill = None if choice.missing in _REFUSED else _fill(choice, column.values[rows])
        return [Preparation(name, fill=fill), *own_category]
    names, codes = column.categories.names, column.categories.codes[rows]
    occurring = tuple(names[k] for k in np.unique(codes[codes >= 0]))
    if choice.encoding == "one-hot":
        inputs = [Preparation(name, category=category) for category in occurring]
        if not inputs + own_category:
            raise _nothing(choice)
        return inputs + own_category
    order = choice.order or occurring
    entry = Preparation(name, order=order)
    values = np.append(places_in(order, column), np.nan)[codes]
    fill = None if choice.missing in _REFUSED else _fill(choice, values)
    return [replace(entry, fill=fill), *own_category]


def _fill(choice: Choice, values: Numbers) -> float:
    """Return the replacement of a missing number."""
    present = values[~np.isnan(values)]
    if not len(present):
        raise _nothing(choice)
    with np.errstate(over="ignore"):
        fill = float(np.median(present)) if choice.missing == "median" else _moments(present)[0]
    if not np.isfinite(fill):
        raise _too_large(choice.column.name)
    return fill


def _too_large(name: str) -> DataError:
    return DataError.invalid(
        "numbers whose range overflows", "numbers up to 8e307", place=f"column {quote(name)}"
    )


def _nothing(choice: Choice) -> DataError:
    return DataError(
        f"no training example has a value; {choice.key} = {{ use = false }} leaves the column out",
        place=f"column {quote(choice.column.name)}",
    )


def _moments(values: Numbers) -> tuple[float, float]:
    """Return the mean and the standard deviation of numbers whose squares may be out of range."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        mean, deviation = float(values.mean()), float(values.std())
        scale = float(np.abs(values).max())
        if scale and not 1.0 / SQUARABLE < deviation < SQUARABLE:
            shares = values / scale
            mean, deviation = float(shares.mean()) * scale, float(shares.std()) * scale
    return mean, deviation


def _scaled(each: Preparation, encoder: Encoder, rows: Rows, how: str) -> Preparation:
    if how == "none":
        return each
    with np.errstate(over="ignore", invalid="ignore"):
        values = encoder(rows)
        low, high = float(values.min()), float(values.max())
        if low == high:
            # the mean of equal numbers is rounded, and a deviation of that rounding is noise
            mean, deviation = low, 1.0
        elif how == "range":
            mean, deviation = low, high - low
        else:
            mean, deviation = _moments(values)
        if not np.isfinite(high - low):
            raise _too_large(each.name)
    return replace(each, mean=mean, deviation=deviation or 1.0)
