"""Losses and accuracies over whole sets, per epoch."""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tuiprop.core.array import Array
from tuiprop.core.network import Network, Parameters
from tuiprop.core.propagation import Workspace
from tuiprop.training.metrics import accuracy, predicted_classes
from tuiprop.training.training_set import NO_CHANGES, Changes, changed_block

CHUNK = 1024
"""The number of examples that are evaluated at a time."""


class Evaluation(NamedTuple):
    """The loss and the accuracy of a network on a set."""

    loss: float
    """The mean of 𝓛, without the L2 term."""
    accuracy: float
    """The share of examples whose class is predicted; NaN for losses of numbers."""


NOTHING_HELD_OUT = Evaluation(np.nan, np.nan)


class Evaluator:
    """Evaluates a network on one set.

    Args:
        network: the network.
        inputs: (N, n[0]), N may be 0.
        targets: (N, n[L]).
        dtype: the dtype of the parameters.
    """

    def __init__(self, network: Network, inputs: Array, targets: Array, dtype: DTypeLike) -> None:
        self._network = network
        self._inputs = np.ascontiguousarray(inputs, dtype)
        self._targets = np.ascontiguousarray(targets, dtype)
        self._classes = predicted_classes(targets.T) if network.loss_function.classes else None
        self._dtype = dtype
        self._workspaces: dict[int, Workspace] = {}

    def evaluate(self, parameters: Parameters, changes: Changes = NO_CHANGES) -> Evaluation:
        """Evaluate the network with these parameters.

        Args:
            parameters: W and b.
            changes: inputs that differ from those of the set.
        """
        count = len(self._inputs)
        if not count:
            return NOTHING_HELD_OUT
        loss, predicted = 0.0, np.empty(count, np.intp)
        for start in range(0, count, CHUNK):
            stop = min(start + CHUNK, count)
            workspace = self._workspace(stop - start)
            inputs = changed_block(self._inputs[start:stop], start, changes)
            workspace.look_at(inputs, self._targets[start:stop])
            workspace.forward(parameters)
            loss += float(workspace.losses().sum(dtype=np.float64))
            if self._classes is not None:
                predicted[start:stop] = predicted_classes(workspace.a[self._network.L])
        share = np.nan if self._classes is None else accuracy(self._classes, predicted)
        return Evaluation(loss / count, share)

    def _workspace(self, m: int) -> Workspace:
        if m not in self._workspaces:
            self._workspaces[m] = Workspace(self._network, m, self._dtype)
        return self._workspaces[m]


COLUMNS = ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy")

WIDTH = len(COLUMNS) + 1
"""The numbers in a row: the `COLUMNS`, and the L2 penalty, which J adds to the loss."""


@dataclass(frozen=True, eq=False)
class Best:
    """The parameters at the end of the best epoch so far."""

    epoch: int
    vector: Array
    """(P,)."""


class History:
    """A table with one row per epoch, from epoch 0.

    Args:
        held_out: there is a validation set.
        classes: there are accuracies.
    """

    def __init__(self, *, held_out: bool, classes: bool) -> None:
        self._rows: NDArray[np.float64] = np.empty((64, WIDTH))
        self._count = 0
        self._classes = classes
        there = (True, held_out, classes, held_out and classes)
        self.columns = tuple(
            name for name, is_there in zip(COLUMNS, there, strict=True) if is_there
        )
        """The `COLUMNS` that have numbers."""
        self.best = 0
        """The epoch of the lowest validation loss, or training loss without a validation set."""
        self._least = inf

    def __len__(self) -> int:
        return self._count

    @property
    def rows(self) -> NDArray[np.float64]:
        """All rows, (epochs + 1, WIDTH), as a view; NaN in columns without numbers."""
        return self._rows[: self._count]

    def until(self, epoch: int) -> "History":
        """Copy the history up to the end of an epoch."""
        shared = copy(self)
        rows = self.rows[: epoch + 1]
        shared._rows, shared._count = np.empty((max(len(rows), 1), WIDTH)), 0
        shared.best, shared._least = 0, inf
        shared.extend(rows)
        return shared

    def add(self, training: Evaluation, validation: Evaluation, penalty: float) -> None:
        """Add the next epoch; `penalty` is (λ/2) Σ ‖W[l]‖²."""
        losses = training.loss, validation.loss
        self.extend(np.array([[*losses, training.accuracy, validation.accuracy, penalty]]))

    def extend(self, rows: NDArray[np.float64]) -> None:
        """Add the next epochs, (n, WIDTH)."""
        needed = self._count + len(rows)
        if needed > len(self._rows):
            grown = np.empty((2 * needed, WIDTH))  # pages that are never written take no memory
            grown[: self._count] = self.rows
            self._rows = grown
        self._rows[self._count : needed] = rows
        judged = COLUMNS.index("validation_loss" if self.held_out else "train_loss")
        for epoch, loss in enumerate(rows[:, judged].tolist(), self._count):
            if loss < self._least:  # a loss that is not a number is not the lowest
                self.best, self._least = epoch, loss
        self._count = needed

    @property
    def held_out(self) -> bool:
        """True if there is a validation set."""
        return "validation_loss" in self.columns

    def column(self, name: str) -> NDArray[np.float64]:
        """One of `COLUMNS`, (epochs + 1,)."""
        return self.rows[:, COLUMNS.index(name)]

    def since(self, epoch: int) -> Iterator[dict[str, float]]:
        """The epochs from this one on, each as a mapping; see `__getitem__`."""
        return (self[later] for later in range(epoch, len(self)))

    def __getitem__(self, epoch: int) -> dict[str, float]:
        """One epoch as a mapping with "epoch" and its `columns`."""
        epoch = range(len(self))[epoch]
        return {"epoch": epoch, **dict(self._cells(epoch))}

    def _cells(self, epoch: int) -> Iterator[tuple[str, float]]:
        for name, value in zip(COLUMNS, self.rows[epoch].tolist(), strict=False):
            if name in self.columns:
                yield name, value

    def to_csv(self) -> str:
        """The text of a `--history` file, with columns of accuracies if the targets are classes."""
        columns = COLUMNS if self._classes else COLUMNS[:2]
        lines = [",".join(("epoch", *columns))]
        for epoch in range(len(self)):
            cells = dict(self._cells(epoch))
            written = (repr(cells[name]) if name in cells else "" for name in columns)
            lines.append(",".join((str(epoch), *written)))
        return "\n".join(lines) + "\n"
