"""Which rows are trained on and which are held out."""

import numpy as np
from numpy.typing import NDArray

from tuiprop.cell import matcher
from tuiprop.data.preparation.encoding import Rows
from tuiprop.data.table import Categories, Table, listed, quote
from tuiprop.training.experiment import DataSettings, ExperimentError, ValidationColumn

_VALIDATION = ("1", "true", "yes", "validation", "valid", "val", "dev", "test")
_TRAINING = ("0", "false", "no", "training", "train")
"""Cells, in small letters, that say by themselves what becomes of their row."""


def split(
    settings: DataSettings, table: Table, kept: NDArray[np.bool_], classes: Categories | None
) -> tuple[Rows, Rows]:
    """The rows to train on and the rows held out, each in the order of the table.

    A share is drawn from each class, one class after the other, and leaves it one row to train
    on; a file and a column say themselves. Rows that are in neither are left out.

    Args:
        settings: with `validation` and `seed`.
        table: whose rows they are.
        kept: which of them are used, (rows,).
        classes: of the target; None where it is numbers.

    Raises:
        ExperimentError: the column does not say what becomes of its rows, or all are held out.
    """
    if isinstance(settings.validation, ValidationColumn):
        training, held_out = _by_column(settings.validation, table)
    elif table.validation is not None:
        held_out = np.arange(table.rows) >= table.own_rows
        training = ~held_out
    else:
        assert isinstance(settings.validation, float)
        held_out = _share(settings.validation, settings.seed, kept, classes)
        training = ~held_out
    if not (training & kept).any():
        key = "data.validation"
        raise ExperimentError(f"{key}: found no row to train on, allowed: 1 or more", key)
    return np.flatnonzero(training & kept), np.flatnonzero(held_out & kept)


def _share(
    share: float, seed: int, kept: NDArray[np.bool_], classes: Categories | None
) -> NDArray[np.bool_]:
    generator = np.random.default_rng(seed)
    if classes is None:
        groups = [np.flatnonzero(kept)]
    else:
        groups = [np.flatnonzero(kept & (classes.codes == k)) for k in range(len(classes.names))]
    held_out = np.zeros(len(kept), dtype=np.bool_)
    for group in groups:
        count = max(0, min(round(share * len(group)), len(group) - 1))
        held_out[generator.permutation(group)[:count]] = True
    return held_out


def _by_column(
    settings: ValidationColumn, table: Table
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which rows the column says are to be trained on, and which are held out."""
    categories = table[settings.column].categories
    names = categories.names
    value = _said("value", settings.value, names, _VALIDATION, ())
    others = tuple(name for name in names if name != value)
    training = _said("training", settings.training, names, _TRAINING, others)
    if training == value:
        raise _error("training", quote(training), "another value than that of the rows held out")
    codes = categories.codes
    return codes == names.index(training), codes == names.index(value)


def _said(
    field: str,
    given: str | None,
    names: tuple[str, ...],
    words: tuple[str, ...],
    others: tuple[str, ...],
) -> str:
    """The value of the column that was given, or that speaks for itself, or is the only other."""
    if given is not None:
        place = matcher(names)(given)
        if place is None:
            raise _error(field, quote(given), listed(names))
        return names[place]
    candidates = [name for name in names if name.lower() in words] or list(others)
    if len(candidates) != 1:
        raise _error(field, "none", f"one of the column's values: {listed(names)}")
    return candidates[0]


def _error(field: str, found: str, allowed: str) -> ExperimentError:
    key = f"data.validation.{field}"
    return ExperimentError(f"{key}: found {found}, allowed: {allowed}", key)
