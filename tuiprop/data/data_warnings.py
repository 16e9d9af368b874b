"""Warnings about data that can be trained on but look wrong, one sentence each."""

from collections.abc import Iterator, Sequence

import numpy as np

from tuiprop.data.preparation.choices import Choice
from tuiprop.data.preparation.encoding import Preparation, Rows
from tuiprop.data.preparation.unseen import unseen
from tuiprop.data.table import Categories, Column, Numbers, Table
from tuiprop.training.experiment import Experiment
from tuiprop.wording import counted, listed

_SAMPLE = 1000
"""The number of rows that are examined before a whole column is."""

_FEWEST = 10
"""The number of rows from which on a pattern in a column is not due to chance."""


def looks_like_identifier(column: Column) -> bool:
    """Return True if all values are distinct: any texts, or consecutive whole numbers."""
    values = column.values
    if len(values) < _FEWEST:
        return False
    if isinstance(values, tuple):
        return len(set(values)) == len(values)
    difference = np.diff(values[:_SAMPLE])
    if not (np.abs(difference) == 1).all() or not (difference == difference[0]).all():
        return False
    return bool((np.diff(values) == difference[0]).all())


def leaks(column: Column, target: Column) -> bool:
    """Return True if a column determines the target, and not by chance.

    Either each of its values occurs with one value of the target only, and twice on average; or
    both are numbers, and one is a linear function of the other.
    """
    if len(column.values) < _FEWEST:
        return False
    return _decides(column, target) or _is_linear(column.values, target.values)


def _decides(column: Column, target: Column) -> bool:
    sample = np.arange(min(_SAMPLE, len(column.values)))
    return all(
        _decides_in(column, target, rows) for rows in (sample, np.arange(len(column.values)))
    )


def _decides_in(column: Column, target: Column, rows: Rows) -> bool:
    values, names = _codes(column, rows)
    targets, results = _codes(target, rows)
    if not 2 <= names <= len(rows) // 2 or results < 2:
        return False
    pairs = np.unique(values * results + targets)
    return len(pairs) == names


def _codes(column: Column, rows: Rows) -> tuple[Rows, int]:
    """Number the distinct values of some rows from 0; return the numbers and their count."""
    if isinstance(column.values, tuple):
        found, codes = np.unique(column.categories.codes[rows], return_inverse=True)
    else:
        found, codes = np.unique(column.values[rows], return_inverse=True)
    return codes.astype(np.int64), len(found)


def _is_linear(x: Numbers | tuple[str, ...], y: Numbers | tuple[str, ...]) -> bool:
    if isinstance(x, tuple) or isinstance(y, tuple):
        return False
    return all(_correlates(x[:count], y[:count]) for count in (_SAMPLE, len(x)))


def _correlates(x: Numbers, y: Numbers) -> bool:
    with np.errstate(all="ignore"):
        dx, dy = x - x.mean(), y - y.mean()
        square = float(dx @ dx) * float(dy @ dy)
        return bool(0 < square < np.inf and float(dx @ dy) ** 2 / square > 1 - 1e-12)


def notes(
    experiment: Experiment,
    table: Table,
    choices: Sequence[Choice],
    targets: Sequence[Choice],
    preparation: Sequence[Preparation],
    classes: Categories | None,
    training: Rows,
    validation: Rows,
) -> Iterator[str]:
    """Yield the warnings, the most important first.

    Args:
        experiment: the complete experiment.
        table: the data.
        choices: how each input column is used.
        targets: how each target column is used.
        preparation: the preparation of each input.
        classes: the classes of the target; None if it is numbers.
        training: the rows to train on.
        validation: the rows for validation.
    """
    for choice in choices:
        yield from _of_column(choice, targets)
    for target in targets:
        yield from target.column.notes
        if target.column.refusal:
            yield f"the target's cells are used as classes: {target.column.refusal}"
        if classes is not None:
            yield from class_order(target.column, classes.names)
    yield from _of_left_out(experiment, table)
    yield from _of_constants(choices, training)
    left_out = table.rows - len(training) - len(validation)
    if left_out:
        yield f"{counted(left_out, 'row')} of {table.rows:,} left out"
    for each in unseen(preparation, table, validation):
        yield each.note
    if classes is not None:
        yield from _of_classes(classes, training, validation)
    size = experiment.training.batch_size
    if size > len(training):
        count = len(training)
        yield (
            f"batch size {size} exceeds the {counted(count, 'training example')}: "
            "each update uses all of them"
        )


def _of_column(choice: Choice, targets: Sequence[Choice]) -> Iterator[str]:
    column = choice.column
    yield from column.notes
    if looks_like_identifier(column):
        count = len(column.values)
        how = "" if column.is_text else ", whole numbers in order"
        yield f"column {column.name} looks like an identifier: all {count} values are distinct{how}"
    for target in targets:
        if leaks(column, target.column):
            yield (
                f"column {column.name} leaks the target {target.column.name}: "
                "each of its values occurs with one value of the target only"
            )
    missing = int(column.missing.sum())
    if missing and choice.missing in ("mean", "median"):
        yield (
            f"column {column.name}: {counted(missing, 'missing cell')}, replaced by the "
            f"{choice.missing} of the training examples"
        )


def class_order(column: Column, classes: Sequence[str]) -> Iterator[str]:
    """Yield a warning if the file numbers the classes of the target in another order."""
    own = {name: k for k, name in enumerate(column.classes)}
    if any(own.get(name, k) != k for k, name in enumerate(classes)):
        yield (
            f"target {column.name}: the classes are sorted, {_numbered(classes)}; the first line "
            f"of the file numbers them {_numbered(column.classes)}"
        )


def _numbered(names: Sequence[str]) -> str:
    return listed((f"{k} = {name}" for k, name in enumerate(names)), most=10)


def _of_left_out(experiment: Experiment, table: Table) -> Iterator[str]:
    columns = [each for each in table.columns if not experiment.data.of_column(each.name).use]
    for column in columns:
        if column.refusal:
            yield f"column {column.name} is left out: {column.refusal}"
    names = [column.name for column in columns if not column.refusal]
    if names:
        yield f"left out: {listed(names)}"


def _of_constants(choices: Sequence[Choice], training: Rows) -> Iterator[str]:
    names = [each.column.name for each in choices if _is_constant(each.column, training)]
    if len(names) == 1:
        yield f"column {names[0]} is constant in the training examples and teaches nothing"
    elif names:
        yield (
            f"{len(names)} columns are constant in the training examples and teach nothing: "
            f"{listed(names, most=5)}"
        )


def _is_constant(column: Column, rows: Rows) -> bool:
    if isinstance(column.values, tuple):
        return len(np.unique(column.categories.codes[rows])) == 1
    values = column.values[rows]
    return bool((values == values[0]).all() or np.isnan(values).all())


def _of_classes(classes: Categories, training: Rows, validation: Rows) -> Iterator[str]:
    count = len(classes.names)
    trained = np.bincount(classes.codes[training], minlength=count)
    held_out = np.bincount(classes.codes[validation], minlength=count)
    absent = []
    for name, seen, unseen_ones in zip(classes.names, trained, held_out, strict=True):
        if seen == 1 and not unseen_ones:
            yield f"class {name} has a single example, which is trained on: no example validates it"
        elif not unseen_ones:
            absent.append(name)
    if absent and len(validation):
        yield f"no validation example of {listed(absent, most=5)}"
