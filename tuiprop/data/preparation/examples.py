"""Preparation of examples: inputs and targets of a network, for training and validation."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.array import Array
from tuiprop.core.loss import LOSSES
from tuiprop.data.data_warnings import notes
from tuiprop.data.preparation.choices import input_choices, kept_rows, target_choices
from tuiprop.data.preparation.completion import complete
from tuiprop.data.preparation.encoding import Preparation, Rows, encoders
from tuiprop.data.preparation.fitting import fit_inputs, fit_targets
from tuiprop.data.preparation.split import split
from tuiprop.data.preparation.unseen import unseen
from tuiprop.data.table import Categories, DataError, Numbers, Table
from tuiprop.training.experiment import Experiment
from tuiprop.wording import quote

WORKERS = 2
"""The number of threads that prepare many rows, mostly without the interpreter lock."""

BLOCK = 1 << 16
"""The approximate number of values prepared at a time, which fit the processor's cache."""


@dataclass(frozen=True, eq=False)
class Split:
    """Some of the examples, as rows in C order, in the order of the table."""

    inputs: Array
    """(N, n[0])."""
    targets: Array
    """(N, n[L])."""
    actual: Array
    """The targets in the unit of the table, (N, n[L]); one-hot for classes, as in `targets`."""
    rows: NDArray[np.int64]
    """The row of each example in the table, (N,), counted from 0."""

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, eq=False)
class Examples:
    """Everything that training needs from a table."""

    training: Split
    validation: Split
    """The validation examples; there may be none."""
    inputs: tuple[str, ...]
    """The names of a[0]."""
    outputs: tuple[str, ...]
    """The names of a[L]: classes (the second, if one output tells two apart) or targets."""
    classes: tuple[str, ...]
    """The names of the classes, sorted; empty if the targets are numbers."""
    labels: NDArray[np.int64] | None
    """The class of every row of the table, (rows,), -1 if missing; None for numeric targets."""
    preparation: tuple[Preparation, ...]
    """The preparation of each input, in order."""
    targets: tuple[Preparation, ...] = ()
    """The preparation of each target, in order; empty for classes. `unscaled` inverts it."""
    notes: tuple[str, ...] = ()
    """Warnings about the data, one sentence each."""


def prepare(experiment: Experiment, table: Table) -> Examples:
    """Complete the experiment by a table, and prepare its examples.

    Everything that is learnt from data is learnt from the training examples.

    Raises:
        ExperimentError: as `complete`, or the rows cannot be split as the experiment says.
        DataError: a number overflows the dtype, a class has no training example, or no validation
            example of a column has a known category.
    """
    experiment = complete(experiment, table)
    settings, network, dtype = experiment.data, experiment.network, experiment.training.dtype
    assert network.layers is not None
    assert network.loss is not None
    of_classes = LOSSES[network.loss].classes
    choices = input_choices(settings, table)
    target_columns = target_choices(settings, table, classes=of_classes)
    kept = kept_rows((*choices, *target_columns), table)
    classes = target_columns[0].column.categories if of_classes else None
    training, validation = split(settings, table, kept, classes)
    scaling = settings.of_every_column.scaling
    scaling = scaling or ("standardize" if settings.standardize else "none")
    preparation = fit_inputs(choices, settings.derived, scaling, table, training)
    if not isinstance(settings.validation, float):  # a random share may hold only rare cells
        for each in unseen(preparation, table, validation):
            if each.all:
                raise each.refusal
    targets: tuple[Preparation, ...] = ()
    if classes is None:
        targets = fit_targets(target_columns, table, training)
        outputs = settings.targets
    else:
        _check_trained(classes, table, training, validation)
        outputs = classes.names[1:] if network.layers[-1].units == 1 else classes.names

    def some(rows: Rows) -> Split:
        inputs = _filled(preparation, table, rows, dtype)
        if classes is None:
            prepared = _filled(targets, table, rows, dtype)
            unscaled = tuple(replace(each, mean=0.0, deviation=1.0) for each in targets)
            is_same = unscaled == targets and dtype == "float64"
            actual = prepared if is_same else _filled(unscaled, table, rows, "float64")
            return Split(inputs, prepared, actual, rows)
        codes = classes.codes[rows]
        one_hot = codes[:, None] if len(outputs) == 1 else np.eye(len(outputs))[codes]
        of_classes = np.ascontiguousarray(one_hot.astype(dtype))
        return Split(inputs, of_classes, of_classes, rows)

    return Examples(
        some(training),
        some(validation),
        tuple(each.name for each in preparation),
        outputs,
        classes.names if classes else (),
        classes.codes if classes else None,
        preparation,
        targets,
        tuple(
            notes(
                experiment,
                table,
                choices,
                target_columns,
                preparation,
                classes,
                training,
                validation,
            )
        ),
    )


def _check_trained(classes: Categories, table: Table, training: Rows, validation: Rows) -> None:
    """Check that every class has a training example."""
    trained = np.bincount(classes.codes[training], minlength=len(classes.names))
    if trained.all():
        return
    name = classes.names[int(trained.argmin())]
    held_out = (classes.codes[validation] == trained.argmin()).any()
    where = "only among the validation examples" if held_out else "only in rows left out"
    reason = f"class {quote(name)} occurs {where}; every class needs a training example"
    raise DataError(reason, file=table.name)


def _filled(preparation: tuple[Preparation, ...], table: Table, rows: Rows, dtype: str) -> Array:
    """Return the prepared inputs or targets of some rows, (N, n), computed block by block."""
    filled: Array = np.empty((len(rows), len(preparation)), dtype)
    of_each = list(zip(preparation, encoders(preparation, table), strict=True))
    size = max(BLOCK // len(preparation), 1024)

    def fill(start: int) -> None:
        block, part = filled[start : start + size], rows[start : start + size]
        with np.errstate(over="ignore"):
            for i, (each, encoder) in enumerate(of_each):
                values: Numbers = encoder(part)
                block[:, i] = (values - each.mean) / each.deviation
        if not np.isfinite(block).all():
            raise DataError.invalid(
                f"numbers too large for {dtype}",
                f"numbers up to {np.finfo(dtype).max:.1e}",
                file=table.name,
            )

    if len(rows) <= size:
        fill(0)
    else:
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(fill, range(0, len(rows), size)))
    return filled
