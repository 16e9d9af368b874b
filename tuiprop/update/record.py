"""The record of an update, which holds every array of it and looks each of them up."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tuiprop.core.array import Array, Rows
from tuiprop.core.network import Parameters
from tuiprop.core.propagation import Workspace
from tuiprop.update.arrays import SYMBOLS, ArrayRef, T, parameter_refs
from tuiprop.update.operation import Operation, Phase


@dataclass(frozen=True, eq=False)
class Record:
    """Every array of one update, as flat-out training computed it, bit for bit.

    l counts as in the notes: `W[1]` … `W[L]`, `a[0]` … `a[L]`.
    """

    update: int
    count: int
    """t in the rule of the optimiser: the number of its updates, this one included."""
    W: dict[int, Array]
    """Before the update, (n[l], n[l-1])."""
    b: dict[int, Array]
    """Before the update, (n[l], 1)."""
    z: dict[int, Array]
    """(n[l], m)."""
    a: dict[int, Array]
    """(n[l], m)."""
    da: dict[int, Array]
    """(n[l], m)."""
    dz: dict[int, Array]
    """(n[l], m)."""
    dW: dict[int, Array]
    """(n[l], n[l-1])."""
    db: dict[int, Array]
    """(n[l], 1)."""
    y: Array
    """The targets of the batch, (n[L], m)."""
    J: float
    """J of the batch, with the penalty."""
    examples: Rows
    """The row of the table for each column, (m,)."""
    after: Parameters
    """W and b after the update."""
    optimizer_state: dict[str, Parameters]
    """The optimiser state before the update by name, laid out like the parameters."""
    before_and_after: tuple[Array, Array]
    """θ and the optimiser state before and after the update, (1 + S, P) each."""
    gradient: Array
    """All dW and db as one vector, (P,)."""
    workspace: Workspace
    """The workspace that computed it; it shares the arrays above."""

    def array(self, reference: ArrayRef, *, after: bool = False) -> Array:
        """An array of the update.

        Args:
            reference: the array.
            after: return W and b as they are after the update, not before it.

        Raises:
            KeyError: the update has no such array.
        """
        if after and reference.is_parameter and not reference.state_name:
            return parameter_of(self.after, reference)
        return self._arrays[reference]

    def arrays(self) -> dict[ArrayRef, Array]:
        """The arrays that the operations read, by reference, with W and b before the update."""
        return dict(self._arrays)

    @cached_property
    def _arrays(self) -> dict[ArrayRef, Array]:
        L = len(self.W)
        arrays = {
            ArrayRef("y", L): self.y,
            ArrayRef("J", L): np.full((1, 1), self.J),
            T: np.full((1, 1), float(self.count)),
        }
        for symbol in SYMBOLS:
            for l, array in getattr(self, symbol).items():
                arrays[ArrayRef(symbol, l)] = array
        for name, numbers in self.optimizer_state.items():
            for each in parameter_refs(L):
                reference = ArrayRef(each.symbol, each.layer, name)
                arrays[reference] = parameter_of(numbers, reference)
        return arrays

    def result(self, operation: Operation) -> Array:
        """The array that an operation of this update computed."""
        return self.array(operation.result, after=operation.phase is Phase.UPDATE)


def parameter_of(parameters: Parameters, reference: ArrayRef) -> Array:
    """W[l] or b[l], their gradient or state, among numbers that are laid out like parameters."""
    views = parameters.W if reference.symbol.endswith("W") else parameters.b
    return views[reference.layer]


def computed_array(workspace: Workspace, parameters: Parameters, reference: ArrayRef) -> Array:
    """An array of the update that a workspace computed last.

    Args:
        workspace: after forward and backward propagation.
        parameters: W and b, either before or after the update.
        reference: any array but y, J and optimiser state.
    """
    symbol, l = reference.symbol, reference.layer
    if reference.is_parameter:
        return parameter_of(parameters, reference)
    if symbol in ("dW", "db"):
        return parameter_of(workspace.gradient, reference)
    if reference == ArrayRef("da", workspace.network.L) and workspace.is_fused:
        return workspace.output_gradient()
    array: Array = getattr(workspace, symbol)[l]
    return array


def first_nonfinite(operations: Sequence[Operation], record: Record) -> tuple[int, int, int] | None:
    """Find the first number of an update that is not finite.

    A da[L] that dz[L] does not read is ignored: it is infinite where the output saturates.

    Args:
        operations: of the update, in order.
        record: the update.

    Returns:
        k of the operation, from 1, and row and column of the first such cell in its result, from
        0; None if every result is finite.
    """
    for k, operation in enumerate(operations, start=1):
        beside = operation.result.symbol == "da" and (
            operation.result not in operations[k].operands
        )
        if beside:
            continue
        cells = np.argwhere(~np.isfinite(record.result(operation)))
        if len(cells):
            row, column = cells[0].tolist()
            return k, row, column
    return None
