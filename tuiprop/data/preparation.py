"""From a table to examples: inputs, targets, and which are held out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.array import Array
from tuiprop.core.loss import LOSSES
from tuiprop.data.completion import complete, held_out_count
from tuiprop.data.encoding import (
    Preparation,
    apply,
    encode,
    encoding_of,
    input_columns,
    standardized,
)
from tuiprop.data.table import DataError, Numbers, Table
from tuiprop.data.target import Classes, classes_of
from tuiprop.training.experiment import DataSettings, Experiment

__all__ = ["Examples", "Preparation", "Split", "apply", "complete", "encode", "prepare"]


@dataclass(frozen=True, eq=False)
class Split:
    """Some of the examples, as rows in C order, in the order of the table."""

    inputs: Array
    """(N, n[0])."""
    targets: Array
    """(N, n[L])."""
    rows: NDArray[np.int64]
    """(N,): where each example stands in the table, counted from 0."""

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, eq=False)
class Examples:
    """Everything that training needs from a table."""

    training: Split
    validation: Split
    """May be empty."""
    inputs: tuple[str, ...]
    """Names of a[0]."""
    outputs: tuple[str, ...]
    """Names of a[L]: classes (the second, where one output tells two apart) or targets."""
    classes: tuple[str, ...]
    """Names of the classes, sorted; empty where the targets are numbers."""
    labels: NDArray[np.int64] | None
    """The class of every row of the table, (rows,); None where the targets are numbers."""
    preparation: tuple[Preparation, ...]
    """Of each input, in order."""


def prepare(experiment: Experiment, table: Table) -> Examples:
    """The examples of a table; what the experiment leaves to the data is completed first.

    Raises:
        ExperimentError: as `complete`.
        DataError: numbers that the dtype cannot hold.
    """
    experiment = complete(experiment, table)
    settings, dtype = experiment.data, experiment.training.dtype
    assert experiment.network.layers is not None
    assert experiment.network.loss is not None
    encoding = encoding_of(input_columns(settings, table), table)
    raw = encode(encoding, table)
    columns = tuple(table[name] for name in settings.targets)
    classes = classes_of(columns[0]) if LOSSES[experiment.network.loss].classes else None
    if classes is None:
        targets = np.column_stack([column.values for column in columns]).astype(np.float64)
        outputs = settings.targets
    else:
        targets, outputs = _class_targets(classes, experiment.network.layers[-1].units)
    held_out = _held_out(settings, table.rows, classes)
    training, validation = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    if settings.standardize:
        encoding = standardized(encoding, raw[training])
    prepared = _cast(apply(encoding, raw), dtype, table)
    cast_targets = _cast(targets, dtype, table)
    return Examples(
        Split(prepared[training], cast_targets[training], training),
        Split(prepared[validation], cast_targets[validation], validation),
        tuple(each.name for each in encoding),
        outputs,
        classes.names if classes else (),
        classes.labels if classes else None,
        encoding,
    )


def _class_targets(classes: Classes, units: int) -> tuple[Numbers, tuple[str, ...]]:
    """Targets (rows, n[L]) and the names of the outputs."""
    if units == 1:
        return classes.labels[:, None].astype(np.float64), classes.names[1:]
    return np.eye(len(classes.names))[classes.labels], classes.names


def _held_out(settings: DataSettings, rows: int, classes: Classes | None) -> NDArray[np.bool_]:
    """Which rows are for validation, (rows,): drawn from each class, one class after the other."""
    generator = np.random.default_rng(settings.seed)
    if classes is None:
        groups = [np.arange(rows)]
    else:
        groups = [np.flatnonzero(classes.labels == k) for k in range(len(classes.names))]
    held_out = np.zeros(rows, dtype=np.bool_)
    for group in groups:
        count = held_out_count(settings.validation, len(group))
        held_out[generator.permutation(group)[:count]] = True
    return held_out


def _cast(values: Numbers, dtype: str, table: Table) -> Array:
    with np.errstate(over="ignore"):
        cast: Array = np.ascontiguousarray(values.astype(dtype))
    if not np.isfinite(cast).all():
        raise DataError(
            f"{table.name}: found numbers too large for {dtype}, allowed: numbers up to "
            f"{np.finfo(dtype).max:.1e}"
        )
    return cast
