"""What is odd about data that can be trained on: a sentence each, to be shown beside them."""

from collections.abc import Iterator, Sequence

import numpy as np

from tuiprop.data.preparation.choices import Choice
from tuiprop.data.preparation.encoding import Preparation, Rows, unseen
from tuiprop.data.table import Categories, Column, Numbers, Table
from tuiprop.training.experiment import Experiment
from tuiprop.wording import counted, listed

_SAMPLE = 1000
"""Rows that are looked at before a whole column is."""

_FEWEST = 10
"""Rows from which on a pattern in a column is no chance."""


def looks_like_identifier(column: Column) -> bool:
    """All values differ: whole numbers that rise or fall one by one, or any texts."""
    values = column.values
    if len(values) < _FEWEST:
        return False
    if isinstance(values, tuple):
        return len(set(values)) == len(values)
    difference = np.diff(values[:_SAMPLE])
    if not (np.abs(difference) == 1).all() or not (difference == difference[0]).all():
        return False
    return bool((np.diff(values) == difference[0]).all())


def gives_away(column: Column, target: Column) -> bool:
    """Each of the column's values goes with one value of the target only, and is no rare one.

    Every value occurs twice on average; or both are numbers, and one is a multiple of the other
    but for a constant.
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
    """The distinct values of some rows as whole numbers from 0, and how many there are."""
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
    """The sentences, in the order in which they matter.

    Args:
        experiment: complete.
        table: the data.
        choices: of the inputs.
        targets: the targets.
        preparation: of each input.
        classes: of the target; None where it is numbers.
        training: rows to train on.
        validation: rows held out.
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
            f"{count} training example{'s' if count > 1 else ''}, fewer than "
            f"training.batch_size, {size}: each update walks over all of them"
        )


def _of_column(choice: Choice, targets: Sequence[Choice]) -> Iterator[str]:
    column = choice.column
    yield from column.notes
    if looks_like_identifier(column):
        count = len(column.values)
        how = "" if column.is_text else ", whole numbers in order"
        yield f"column {column.name} looks like an identifier: all {count} values differ{how}"
    for target in targets:
        if gives_away(column, target.column):
            yield (
                f"column {column.name} gives the target {target.column.name} away: "
                "one value of the target for each of its values"
            )
    missing = int(column.missing.sum())
    if missing and choice.missing in ("mean", "median"):
        yield (
            f"column {column.name}: {missing} missing, taken for the {choice.missing} of the "
            "training examples"
        )


def class_order(column: Column, classes: Sequence[str]) -> Iterator[str]:
    """A note where the file numbers the classes of the target in another order."""
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
        yield f"column {names[0]} is the same in all training examples and teaches nothing"
    elif names:
        yield (
            f"{len(names)} columns are the same in all training examples and teach nothing: "
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
            yield f"class {name} has a single example, which is trained on: none checks it"
        elif not unseen_ones:
            absent.append(name)
    if absent and len(validation):
        yield f"no validation example of {listed(absent, most=5)}"
