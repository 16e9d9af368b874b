"""Predictions for a whole table of raw inputs, and how good they are where the target is known."""

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
from tuiprop.data.preparation.encoding import (
    Preparation,
    apply,
    encode,
    encoders,
    places_in,
    unseen,
)
from tuiprop.data.table import Column, DataError, Numbers, Table, format_number
from tuiprop.models.model import Model
from tuiprop.training.experiment import ColumnSettings, DataSettings, override
from tuiprop.training.metrics import (
    NumberMetrics,
    accuracy,
    predicted_classes,
    probabilities,
)
from tuiprop.wording import listed

BLOCK = 1 << 21
"""Numbers that are in work at a time, about."""

_AS_TEXT = ColumnSettings(encoding="one-hot")
_NUMBERED = re.compile(r"(?P<array>.*?)(?P<place>(?:_\d+)+)", re.DOTALL)


@dataclass(frozen=True)
class Scores:
    """How good predictions are."""

    rows: int
    """Those whose target is known."""
    loss: float
    """The mean of 𝓛 over them, as in training: of scaled targets where they are scaled."""
    accuracy: float | None
    """The share of right classes; None for numbers."""
    targets: Mapping[str, NumberMetrics]
    """The metrics of each target, in its unit; empty for classes."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """The predictions of a model for a table."""

    outputs: Array
    """ŷ, (rows, n[L]), as `Model.predict` returns it."""
    columns: Mapping[str, Array | tuple[str, ...]]
    """The columns to write, by name: the class and the probability of each, or the numbers."""
    scores: Scores | None
    """None where the table lacks a target, or a row that has all of them."""
    notes: tuple[str, ...]
    """The remarks on the table, a sentence each."""


def table_for(model: Model, source: str, assignments: Iterable[str] = ()) -> Table:
    """The table that is to be predicted, read as the training data were.

    Delimiter, decimal sign, header, missing cells and the order of arrays are what the experiment
    of the model says of its own data; the format is guessed again.

    Args:
        model: of whose inputs the table has the columns.
        source: a path, "-" for standard input, or the name of a data set.
        assignments: keys that are set otherwise, such as "data.header=false".

    Raises:
        UserError: there is no such table, or it cannot be used.
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
    """Columns whose cells are categories even where all of them look like numbers."""
    for each in model.of_tables:
        if each.category or each.order is not None:
            yield each.column
    if not all(map(_is_number, model.classes)):
        yield from model.experiment.data.targets


def _is_number(name: str) -> bool:
    """The class is one of a column of numbers."""
    try:
        return format_number(float(name)) == name
    except ValueError:
        return False


def _called_as_in(model: Model, table: Table) -> Table:
    """The table; the columns of an array are called after its file, which says nothing."""
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
    """The common part of names such as "X_0", "X_1"; None where they differ."""
    matches = [_NUMBERED.fullmatch(name) for name in names]
    found = {match["array"] if match else None for match in matches}
    return found.pop() if len(found) == 1 else None


def _needed(model: Model) -> list[str]:
    """The columns that the inputs are made of."""
    names = (name for each in model.of_tables for name in (each.column, each.other))
    return list(dict.fromkeys(name for name in names if name is not None))


def predict(model: Model, table: Table) -> Predictions:
    """Predictions for every row of a table, in its order, block by block.

    Args:
        model: what predicts.
        table: with the columns that its inputs are made of; others are ignored, but for the
            targets, which give the scores.

    Raises:
        DataError: a column is not there or of the wrong kind, a value is missing or a category
            unknown where that was not learnt, or a number is beyond the network's.
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
    """Which have one, (rows,)."""
    y: Array
    """The targets as the network learns them, (rows, n[L]); arbitrary where a row has none."""
    raw: Numbers
    """In their unit, (rows, n[L]); for classes their codes, (rows, 1)."""
    notes: tuple[str, ...]

    @classmethod
    def of(cls, model: Model, table: Table) -> "_Known | None":
        """The targets, or None where a column or every row lacks them."""
        names = tuple(map(plain, model.experiment.data.targets))
        if not names or not all(name in table for name in names):
            return None
        if any(table[name].missing.all() for name in names):
            return None
        return cls._classes(model, table[names[0]]) if model.classes else cls._numbers(model, table)

    @classmethod
    def _classes(cls, model: Model, column: Column) -> "_Known":
        places = np.nan_to_num(places_in(model.classes, column), nan=-1.0).astype(np.int64)
        # a missing cell has the code -1, the last
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
        """The scores of the predictions; `loss` is the sum of 𝓛."""
        found, right = outputs[self.rows], self.raw[self.rows]
        count = len(right)
        if model.classes:
            share = accuracy(right[:, 0].astype(np.intp), predicted_classes(found.T))
            return Scores(count, loss / count, share, {})
        each = zip(model.experiment.data.targets, right.T, found.T, strict=True)
        targets = {name: NumberMetrics.of(*columns) for name, *columns in each}
        return Scores(count, loss / count, None, targets)
