"""The trainer: state t − 1 to state t, one update after the other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tuiprop.core.array import Array, Rows
from tuiprop.core.network import Network, Parameters
from tuiprop.core.propagation import Workspace, penalty
from tuiprop.training.batches import Batches
from tuiprop.training.edit import Edit, InputEdit, ParameterEdit
from tuiprop.training.experiment import TrainingSettings
from tuiprop.training.plan import Plan
from tuiprop.update.operation import Operation, Phase, Reference, T


@dataclass(frozen=True, eq=False)
class Record:
    """Every array of one update, as flat-out training computed it, bit for bit.

    l counts as in the notes: `W[1]` … `W[L]`, `a[0]` … `a[L]`.
    """

    update: int
    count: int
    """t in the rule of the optimiser: its updates, this one included."""
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
    """The rows of the table that the columns are, (m,)."""
    after: Parameters
    """W and b after the update."""
    slots: dict[str, Parameters]
    """The slots of the optimiser before the update, laid out like the parameters."""
    before_and_after: tuple[Array, Array]
    """θ and the slots before and after the update, (1 + slots, P) each."""
    gradient: Array
    """All dW and db as one vector, (P,)."""
    workspace: Workspace
    """What computed it: its arrays are those above."""

    def arrays(self) -> dict[Reference, Array]:
        """What the operations of this update read, by reference: W and b are those before."""
        L = len(self.W)
        arrays = {Reference("y", L): self.y, T: np.full((1, 1), float(self.count))}
        for symbol in ("W", "b", "z", "a", "da", "dz", "dW", "db"):
            for l, array in getattr(self, symbol).items():
                arrays[Reference(symbol, l)] = array
        for slot, parameters in self.slots.items():
            for l in range(1, L + 1):
                arrays[Reference("W", l, slot)] = parameters.W[l]
                arrays[Reference("b", l, slot)] = parameters.b[l]
        return arrays

    def result(self, operation: Operation) -> Array:
        """What an operation of this update made."""
        if operation.phase is Phase.UPDATE:
            of_symbol = self.after.W if operation.result.symbol == "W" else self.after.b
            return of_symbol[operation.result.layer]
        if operation.phase is Phase.COST:
            return np.full((1, 1), self.J)
        return self.arrays()[operation.result]


def first_nonfinite(operations: Sequence[Operation], record: Record) -> tuple[int, int, int] | None:
    """Where a number of an update was first not finite.

    A da[L] that dz[L] does not read is not looked at: it is infinite where the output saturates.

    Args:
        operations: of the update, in order.
        record: the update.

    Returns:
        k of the operation, from 1, and row and column of the first such cell of its result, from
        0; None where every result is finite.
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


class Trainer:
    """Walks over batches and changes the parameters; edits act where the log says.

    Args:
        network: the network.
        settings: the optimiser, its rate and options, batch size, order, dtype.
        inputs: the training set as rows, (N, n[0]); edits of inputs are written into it where
            it is of that dtype.
        targets: (N, n[L]).
        initial: state 0; not changed.
    """

    def __init__(
        self,
        network: Network,
        settings: TrainingSettings,
        inputs: Array,
        targets: Array,
        initial: Parameters,
    ) -> None:
        self.inputs = np.ascontiguousarray(inputs, settings.dtype)
        self.targets = np.ascontiguousarray(targets, settings.dtype)
        self._edited_inputs: dict[tuple[int, int], float] = {}
        self._workspaces: dict[int, Workspace] = {}
        self._penalty = 0.0
        self.t = 0
        """The number of updates done."""
        self.workspace: Workspace | None = None
        """The arrays of update t; None where update t was not walked here, or edits followed."""
        self.plan = Plan(network, settings, len(inputs))
        self._next_edit = self.plan.next_edit(0)
        self.force = self.plan.in_force(())
        """What the next update is made with."""
        self.state: Array = self._new_state()
        """θ and the slots of the optimiser, (1 + slots, P)."""
        self.state[0] = initial.vector
        self._lay_out()

    @property
    def network(self) -> Network:
        """The network, with the penalty in force."""
        return self.force.network

    @property
    def settings(self) -> TrainingSettings:
        """Those in force."""
        return self.force.settings

    @property
    def count(self) -> int:
        """How many updates the optimiser has made."""
        return self.t - self.force.began

    @property
    def batches(self) -> Batches:
        """Which examples an update walks over."""
        return self.plan.batches

    def advance(self, updates: int) -> None:
        """Do so many updates; edits at the last of them wait for `settle`."""
        for t in range(self.t + 1, self.t + updates + 1):
            if self._next_edit < t:
                self.settle()
            rows = self.plan.batches.rows(t)
            workspace = self._workspaces.get(len(rows))
            if workspace is None:
                workspace = self._workspaces[len(rows)] = self.force.workspace(len(rows))
            self._walk(workspace, rows)
            self._penalty = penalty(self.force.network, self.parameters)
            self._change.apply(workspace.gradient.vector, t - self.force.began)
            self.workspace = workspace
            self.t = t

    def cost(self) -> float:
        """J of the batch of update t, before its parameters were changed."""
        assert self.workspace is not None
        return self.workspace.mean_loss() + self._penalty

    def record(self) -> Record:
        """The record of the next update, t + 1; nothing is changed but what edits do."""
        self.settle()
        rows = self.batches.rows(self.t + 1)
        workspace = self.force.workspace(len(rows))
        state, after = self.state.copy(), self.state.copy()
        before = Parameters(self.network, state[0])
        self._walk(workspace, rows)
        workspace.output_gradient()
        count = self.count + 1
        self.force.change(after).apply(workspace.gradient.vector, count)
        return Record(
            update=self.t + 1,
            count=count,
            W=before.W,
            b=before.b,
            z=workspace.z,
            a=workspace.a,
            da=workspace.da,
            dz=workspace.dz,
            dW=workspace.gradient.W,
            db=workspace.gradient.b,
            y=workspace.y,
            J=workspace.cost(before),
            examples=rows.copy(),
            after=Parameters(self.network, after[0]),
            slots={
                slot: Parameters(self.network, vector)
                for slot, vector in zip(self.force.optimizer.slots, state[1:], strict=True)
            },
            before_and_after=(state, after),
            gradient=workspace.gradient.vector,
            workspace=workspace,
        )

    def operations(self) -> tuple[Operation, ...]:
        """The operations of the next update, in order."""
        return self.force.operations()

    def restore(self, state: Array, t: int, plan: Plan | None = None) -> None:
        """Go to state t, given as it was before the edits that act on it; they wait for `settle`.

        Args:
            state: as `state` held it then.
            t: how many updates were done then.
            plan: the experiment with another log of edits, which is followed from now on.
        """
        for (example, i), value in self._edited_inputs.items():
            self.inputs[example, i] = value
        self._edited_inputs.clear()
        self.plan = plan or self.plan
        earlier = self.plan.before(t)
        self._put_in_force(earlier)
        expected = self._state_shape
        if state.shape != expected:
            raise ValueError(f"the state is {state.shape}, expected {expected}")
        self.state = state.copy() if self.state.shape != state.shape else self.state
        self.state[...] = state
        self._lay_out()
        self._write_inputs(earlier)
        self.t = t
        self.workspace = None
        self._next_edit = self.plan.next_edit(t - 1)

    def settle(self) -> None:
        """Let the edits at t act, if they have not: update t + 1 starts from what is then there."""
        if self._next_edit > self.t:
            return
        edits = self.plan.acting_at(self.t)
        self._next_edit = self.plan.next_edit(self.t)
        for edit in edits:
            if isinstance(edit, ParameterEdit):
                of_symbol = getattr(self.parameters, edit.symbol)
                of_symbol[edit.layer][edit.row, edit.column] = edit.value
        self._write_inputs(edits)
        theta, rule = self.state[0], (self.force.optimizer, self.force.began)
        self._put_in_force((*self.plan.before(self.t), *edits))
        if (self.force.optimizer, self.force.began) != rule:
            self.state = self._new_state()
            self.state[0] = theta
        self._lay_out()
        self.workspace = None

    def _write_inputs(self, edits: tuple[Edit, ...]) -> None:
        for edit in edits:
            if isinstance(edit, InputEdit):
                place = edit.example, edit.input
                self._edited_inputs.setdefault(place, float(self.inputs[place]))
                self.inputs[place] = edit.value

    def _put_in_force(self, edits: tuple[Edit, ...]) -> None:
        """What the experiment and these edits say."""
        before, self.force = self.force, self.plan.in_force(edits)
        if (before.network, before.slip) != (self.force.network, self.force.slip):
            self._workspaces.clear()

    def _new_state(self) -> Array:
        """θ and slots, all 0."""
        return np.zeros(self._state_shape, self.settings.dtype)

    @property
    def _state_shape(self) -> tuple[int, int]:
        return 1 + len(self.force.optimizer.slots), self.network.parameter_count

    def _lay_out(self) -> None:
        """Views into the state, and the rule that changes it."""
        self.parameters = Parameters(self.network, self.state[0])
        """W and b, changed by every update."""
        self._change = self.force.change(self.state)

    def _walk(self, workspace: Workspace, rows: Rows) -> None:
        """Forward and back over the examples in `rows`."""
        self.inputs.take(rows, axis=0, out=workspace.inputs, mode="clip")
        self.targets.take(rows, axis=0, out=workspace.targets, mode="clip")
        workspace.forward(self.parameters)
        workspace.backward(self.parameters)
