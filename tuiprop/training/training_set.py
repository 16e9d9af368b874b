"""The examples that a network is trained on, with the inputs that edits have changed."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import DTypeLike

from tuiprop.core.array import Array, Rows
from tuiprop.core.propagation import Workspace

Changes = Mapping[tuple[int, int], float]
"""Changed inputs: the value by (example, input)."""

NO_CHANGES: Changes = {}


class TrainingSet:
    """Training examples as rows.

    The arrays are never written, so that several trainers can share them; each has its own
    changes.

    Args:
        inputs: (N, n[0]).
        targets: (N, n[L]).
        dtype: the dtype of the run.
    """

    def __init__(self, inputs: Array, targets: Array, dtype: DTypeLike) -> None:
        self.inputs: Array = np.ascontiguousarray(inputs, dtype)
        """The inputs without the changes, (N, n[0])."""
        self.targets: Array = np.ascontiguousarray(targets, dtype)
        """(N, n[L])."""
        self.changes: dict[tuple[int, int], float] = {}
        """The inputs that edits have changed."""

    def gather(self, rows: Rows, workspace: Workspace) -> None:
        """Copy the examples in `rows` into the workspace."""
        self.inputs.take(rows, axis=0, out=workspace.inputs, mode="clip")
        self.targets.take(rows, axis=0, out=workspace.targets, mode="clip")
        if self.changes:
            _write(self.changes, rows, workspace.inputs)

    def inputs_of(self, rows: Rows) -> Array:
        """The inputs of the examples in `rows`, (m, n[0])."""
        inputs: Array = self.inputs[rows]
        _write(self.changes, rows, inputs)
        return inputs

    def all_inputs(self) -> Array:
        """The inputs of all examples, (N, n[0]), which must not be changed."""
        return changed_block(self.inputs, 0, self.changes)


def changed_block(inputs: Array, start: int, changes: Changes) -> Array:
    """Apply changes to consecutive examples.

    Args:
        inputs: the examples from row `start` on, (m, n[0]).
        start: the row of the first one.
        changes: the changes of the whole set.

    Returns:
        `inputs` itself if no change is in it, else a copy.
    """
    stop = start + len(inputs)
    if not changes or not any(start <= example < stop for example, _ in changes):
        return inputs
    inputs = inputs.copy()
    _write(changes, np.arange(start, stop), inputs)
    return inputs


def _write(changes: Changes, rows: Rows, inputs: Array) -> None:
    """Write the changes of the examples in `rows` into their inputs."""
    for (example, i), value in changes.items():
        inputs[rows == example, i] = value
