"""The trainer: state t − 1 to state t, one update after the other."""

import numpy as np

from tuiprop.core.array import Array, Rows
from tuiprop.core.network import Network, Parameters
from tuiprop.core.propagation import Workspace, penalty
from tuiprop.training.batches import Batches
from tuiprop.training.edit import Edit, InputEdit, ParameterEdit
from tuiprop.training.experiment import TrainingSettings
from tuiprop.training.plan import Plan
from tuiprop.update.operation import Operation
from tuiprop.update.record import Record, parameter_of


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
                parameter_of(self.parameters, edit.array)[edit.row, edit.column] = edit.value
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
