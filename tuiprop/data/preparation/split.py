"""The split of rows into training and validation."""

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
"""The cells, in lower case, that need no setting to say which rows are which."""


def split(
    settings: DataSettings, table: Table, kept: NDArray[np.bool_], classes: Categories | None
) -> tuple[Rows, Rows]:
    """Return the training rows and the validation rows, each in the order of the table.

    A share is drawn from each class in turn, and leaves it at least one training row; a file or a
    column decides by itself. Rows that are in neither are left out.

    Args:
        settings: the settings `validation` and `seed`.
        table: the data.
        kept: the mask of rows that are used, (rows,).
        classes: the classes of the target; None if it is numbers.

    Raises:
        ExperimentError: the column does not decide, or no row is left to train on.
    """
    if isinstance(settings.validation, ValidationColumn):
        training, validation = _by_column(settings.validation, table)
    elif table.validation is not None:
        validation = np.arange(table.rows) >= table.own_rows
        training = ~validation
    else:
        assert isinstance(settings.validation, float)
        validation = _share(settings.validation, settings.seed, kept, classes)
        training = ~validation
    if not (training & kept).any():
        raise ExperimentError(f"{_KEY} leaves no row to train on", key=_KEY)
    return np.flatnonzero(training & kept), np.flatnonzero(validation & kept)


def _share(
    share: float, seed: int, kept: NDArray[np.bool_], classes: Categories | None
) -> NDArray[np.bool_]:
    generator = np.random.default_rng(seed)
    if classes is None:
        groups = [np.flatnonzero(kept)]
    else:
        groups = [np.flatnonzero(kept & (classes.codes == k)) for k in range(len(classes.names))]
    validation = np.zeros(len(kept), dtype=np.bool_)
    for group in groups:
        count = max(0, min(round(share * len(group)), len(group) - 1))
        validation[generator.permutation(group)[:count]] = True
    return validation


def _by_column(
    settings: ValidationColumn, table: Table
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the masks of the training rows and the validation rows that the column decides."""
    categories = table[settings.column].categories
    names = categories.names
    value = _value_of("value", settings.value, names, _VALIDATION, ())
    others = tuple(name for name in names if name != value)
    training = _value_of("training", settings.training, names, _TRAINING, others)
    if training == value:
        allowed = "another value than that of the validation rows"
        raise ExperimentError.invalid(quote(training), allowed, key=f"{_KEY}.training")
    codes = categories.codes
    return codes == names.index(training), codes == names.index(value)


def _value_of(
    field: str,
    given: str | None,
    names: tuple[str, ...],
    words: tuple[str, ...],
    others: tuple[str, ...],
) -> str:
    """Return the given value, else the one that needs no setting, else the only other one."""
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
