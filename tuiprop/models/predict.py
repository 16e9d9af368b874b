"""Predictions for a whole table of raw inputs, with scores if the target is known."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from tuiprop.cell import plain
from tuiprop.core.array import Array
from tuiprop.data.catalogue import exists, load_table
from tuiprop.data.data_warnings import class_order
from tuiprop.data.preparation.encoding import Preparation, apply, encode, encoders, places_in
from tuiprop.data.preparation.unseen import unseen
from tuiprop.data.table import Column, DataError, Numbers, Table, format_number
from tuiprop.models.model import Model
from tuiprop.training.experiment import ColumnSettings, DataSettings, override
from tuiprop.training.metrics import NumberMetrics, accuracy, predicted_classes, probabilities
from tuiprop.wording import listed

BLOCK = 1 << 21
"""The approximate count of numbers that are processed at a time."""

_AS_TEXT = ColumnSettings(encoding="one-hot")
_NUMBERED = re.compile(r"(?P<array>.*?)(?P<place>(?:_\d+)+)", re.DOTALL)


@dataclass(frozen=True)
class Scores:
    """The scores of predictions."""

    rows: int
    """The number of rows with a known target."""
    loss: float
    """The mean loss over these rows, as in training, where targets may be scaled."""
    accuracy: float | None
    """The share of correctly predicted classes; None for numbers."""
    targets: Mapping[str, NumberMetrics]
    """The metrics of each target, in its unit; empty for classes."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """The predictions of a model for a table."""

    outputs: Array
    """ŷ, (rows, n[L]), as `Model.predict` returns it."""
    columns: Mapping[str, Array | tuple[str, ...]]
    """The columns to write, by name: the class and all probabilities, or the numbers."""
    scores: Scores | None
    """The scores; None if the table lacks a target column or a row with all targets."""
    notes: tuple[str, ...]
    """Remarks on the table, a sentence each."""


def table_for(model: Model, source: str, assignments: Iterable[str] = ()) -> Table:
    """Read a table to predict, with the options of the training data.

    Delimiter, decimal sign, header, missing cells and the order of arrays are those of the model's
    experiment; the format is guessed again.

    Args:
        model: the model, whose input columns the table has.
        source: a path, "-" for standard input, or the name of a data set.
        assignments: overriding settings, such as "data.header=false".

    Raises:
        UserError: the table does not exist or cannot be used.
    """
    if not DataSettings(source=source).is_path and exists(source):
        source = f"./{source}"
    own = model.experiment.data
    columns = {name: each for name, each in own.columns.items() if not each.use}
    data = msgspec.structs.replace(
        own,
        source=source,
        format=None,
        labels=None,
        validation=0.0,
        columns=columns | dict.fromkeys(_columns_of_text(model), _AS_TEXT),
    )
    experiment = override(msgspec.structs.replace(model.experiment, data=data), assignments)
    return _called_as_in(model, load_table(experiment.data))


def _columns_of_text(model: Model) -> Iterator[str]:
    """The columns whose cells are categories even if all of them look like numbers."""
    for each in model.of_tables:
        if each.category or each.order is not None:
            yield each.column
    if not all(map(_is_number, model.classes)):
        yield from model.experiment.data.targets


def _is_number(name: str) -> bool:
    """Return True if the class is the value of a column of numbers."""
    try:
        return format_number(float(name)) == name
    except ValueError:
        return False


def _called_as_in(model: Model, table: Table) -> Table:
    """Rename the columns of an array, which are named after its file, to those of the model."""
    needed = _needed(model)
    if any(name in table for name in needed):
        return table
    arrays, own = map(_arrays, (needed, table.names))
    if arrays is None or own is None:
        return table
    columns = (
        replace(column, name=arrays + column.name.removeprefix(own)) for column in table.columns
    )
    return Table(table.name, tuple(columns), table.lines)


def _arrays(names: Iterable[str]) -> str | None:
    """The common part of names such as "X_0", "X_1"; None if it differs."""
    matches = [_NUMBERED.fullmatch(name) for name in names]
    found = {match["array"] if match else None for match in matches}
    return found.pop() if len(found) == 1 else None


def _needed(model: Model) -> list[str]:
    """The columns from which the inputs are computed."""
    names = (name for each in model.of_tables for name in (each.column, each.other))
    return list(dict.fromkeys(name for name in names if name is not None))


def predict(model: Model, table: Table) -> Predictions:
    """Predict every row of a table in order, block by block.

    Args:
        model: the model.
        table: a table with the columns of its inputs; other columns are ignored, except for the
            targets, which give the scores.

    Raises:
        DataError: a column is missing or has the wrong kind, a value is missing or a category
            unknown without a learnt replacement, or a number is too large for the network.
    """
    needed = _needed(model)
    absent = [name for name in needed if name not in table]
    if absent:
        raise DataError.invalid(
            f"{listed(table.names, 10)} without {listed(absent, 5)}",
            f"a table with the inputs of the model, {listed(needed)}",
            file=table.name,
        )
    preparation = model.of_tables
    strange = list(unseen(preparation, table, np.arange(table.rows)))
    for each in strange:
        if each.all:
            raise each.refusal
    known = _Known.of(model, table)
    outputs = np.empty((table.rows, model.network.sizes[-1]), model.parameters.vector.dtype)
    of_each = encoders(preparation, table)
    size = max(BLOCK // max(model.network.sizes), 1)
    loss = 0.0
    for start in range(0, table.rows, size):
        rows = np.arange(start, min(start + size, table.rows))
        with np.errstate(over="ignore"):
            raw = np.stack([encoder(rows) for encoder in of_each], axis=1)
        workspace = model.forward(raw)
        outputs[rows] = block = model.outputs_of(workspace)
        finite = np.isfinite(block).all(axis=1)
        if not finite.all():
            place = table.place(int(rows[finite.argmin()]))
            raise DataError.invalid(
                "numbers so large that they are not",
                f"numbers whose predictions are finite in {block.dtype}",
                file=table.name,
                place=place,
            )
        if known is not None:
            workspace.targets[...] = known.y[rows]
            with np.errstate(all="ignore"):
                losses = workspace.losses()[known.rows[rows]]
            loss += float(losses.sum(dtype=np.float64))
    odd = (note for name in needed for note in table[name].notes)
    return Predictions(
        outputs,
        _columns(model, outputs),
        None if known is None or not known.rows.any() else known.scores(model, outputs, loss),
        (*odd, *(each.note for each in strange), *(known.notes if known else ())),
    )


def _columns(model: Model, outputs: Array) -> dict[str, Array | tuple[str, ...]]:
    if not model.classes:
        targets = model.experiment.data.targets
        names = ["prediction"] if len(targets) == 1 else [f"prediction_{name}" for name in targets]
        return {name: outputs[:, k] for k, name in enumerate(names)}
    shares = probabilities(outputs)
    predicted = tuple(model.classes[k] for k in predicted_classes(outputs.T))
    named = {f"p_{name}": shares[:, k] for k, name in enumerate(model.classes)}
    return {"prediction": predicted, **named}


@dataclass(frozen=True, eq=False)
class _Known:
    """The targets of a table."""

    rows: NDArray[np.bool_]
    """True for rows with all targets, (rows,)."""
    y: Array
    """The prepared targets, (rows, n[L]); arbitrary in other rows."""
    raw: Numbers
    """The targets in their unit, (rows, n[L]); codes for classes, (rows, 1)."""
    notes: tuple[str, ...]

    @classmethod
    def of(cls, model: Model, table: Table) -> "_Known | None":
        """The known targets; None if a column is missing or no row has all of them."""
        names = tuple(map(plain, model.experiment.data.targets))
        if not names or not all(name in table for name in names):
            return None
        if any(table[name].missing.all() for name in names):
            return None
        return cls._classes(model, table[names[0]]) if model.classes else cls._numbers(model, table)

    @classmethod
    def _classes(cls, model: Model, column: Column) -> "_Known":
        places = np.nan_to_num(places_in(model.classes, column), nan=-1.0).astype(np.int64)
        # a missing cell has the code -1, which indexes the last element
        found = np.append(places, -1)[column.categories.codes]
        unknown = [column.categories.names[k] for k in np.flatnonzero(places < 0)]
        notes = [*column.notes, *class_order(column, model.classes)]
        if unknown:
            notes.append(
                f"column {column.name}: {listed(unknown, 3)} is no class of the model; "
                "the scores leave such rows out"
            )
        K = model.network.sizes[-1]
        known, raw = found >= 0, found[:, None].astype(np.float64)
        y = raw if K == 1 else np.eye(K)[found]
        return cls(known, y, raw, tuple(notes))

    @classmethod
    def _numbers(cls, model: Model, table: Table) -> "_Known":
        targets = model.targets or tuple(map(Preparation, model.experiment.data.targets))
        filled = tuple(replace(each, fill=0.0) for each in targets)
        raw = encode(filled, table)
        known = ~np.any([table[each.column].missing for each in targets], axis=0)
        return cls(known, apply(targets, raw), raw, ())

    def scores(self, model: Model, outputs: Array, loss: float) -> Scores:
        """Compute the scores of the predictions; `loss` is the sum over the examples."""
        found, right = outputs[self.rows], self.raw[self.rows]
        count = len(right)
        if model.classes:
            share = accuracy(right[:, 0].astype(np.intp), predicted_classes(found.T))
            return Scores(count, loss / count, share, {})
        each = zip(model.experiment.data.targets, right.T, found.T, strict=True)
        targets = {name: NumberMetrics.of(*columns) for name, *columns in each}
        return Scores(count, loss / count, None, targets)
