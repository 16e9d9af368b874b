"""Which rows are trained on and which are held out."""

import numpy as np
from numpy.typing import NDArray

from tuiprop.cell import matcher
from tuiprop.data.preparation.encoding import Rows
from tuiprop.data.table import Categories, Table
from tuiprop.training.experiment import DataSettings, ExperimentError, ValidationColumn
from tuiprop.wording import listed, quote

_KEY = "data.validation"

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
        raise ExperimentError(f"{_KEY} leaves no row to train on", key=_KEY)
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
        allowed = "another value than that of the validation rows"
        raise ExperimentError.invalid(quote(training), allowed, key=f"{_KEY}.training")
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
            raise ExperimentError.invalid(
                quote(given), f"one of the column's values, {listed(names)}", key=f"{_KEY}.{field}"
            )
        return names[place]
    candidates = [name for name in names if name.lower() in words] or list(others)
    if len(candidates) != 1:
        raise ExperimentError.invalid(
            "nothing", f"one of the column's values, {listed(names)}", key=f"{_KEY}.{field}"
        )
    return candidates[0]
