"""The trainer: computes state t from state t − 1, update by update."""

from copy import copy

import numpy as np

from tuiprop.core.array import Array, Rows
from tuiprop.core.network import Network, Parameters
from tuiprop.core.propagation import Workspace, penalty
from tuiprop.training.batches import Batches
from tuiprop.training.edit import Edit, InputEdit, ParameterEdit
from tuiprop.training.experiment import TrainingSettings
from tuiprop.training.plan import Plan, UpdateConfig
from tuiprop.training.training_set import TrainingSet
from tuiprop.update.operation import Operation
from tuiprop.update.record import Record, parameter_of


class Trainer:
    """Updates the parameters batch by batch, and applies the edits of the plan.

    Args:
        network: the network.
        settings: the optimiser, its rate and options, batch size, order, dtype.
        inputs: the training set as rows, (N, n[0]); not changed.
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
        self.examples = TrainingSet(inputs, targets, settings.dtype)
        self._workspaces: dict[int, Workspace] = {}
        self._penalty = 0.0
        self.t = 0
        """The number of updates done."""
        self.workspace: Workspace | None = None
        """The arrays of update t; None if this trainer did not compute it, or edits followed."""
        self.plan = Plan(network, settings, len(inputs))
        self._next_edit = self.plan.next_edit(0)
        self.config = self.plan.config_of(1)
        """The configuration of the next update."""
        self.state: Array = self._new_state()
        """θ and the optimiser state, (1 + S, P)."""
        self.state[0] = initial.vector
        self._lay_out()

    def fork(self) -> "Trainer":
        """Create a trainer in the same state that shares nothing but the arrays of examples."""
        other = copy(self)
        other.examples = copy(self.examples)
        other.examples.changes = self.examples.changes.copy()
        other._workspaces, other.workspace = {}, None
        other.state = self.state.copy()
        other._lay_out()
        return other

    @property
    def network(self) -> Network:
        """The network, with the λ of the next update."""
        return self.config.network

    @property
    def settings(self) -> TrainingSettings:
        """The settings of the next update."""
        return self.config.settings

    @property
    def count(self) -> int:
        """The number of updates that the optimiser has done."""
        return self.t - self.config.optimizer_began

    @property
    def batches(self) -> Batches:
        """The examples of each update."""
        return self.plan.batches

    def advance(self, updates: int) -> None:
        """Do some updates; edits at the last of them wait for `apply_pending_edits`."""
        for t in range(self.t + 1, self.t + updates + 1):
            if self._next_edit < t:
                self.apply_pending_edits()
            rows = self.plan.batches.rows(t)
            workspace = self._workspaces.get(len(rows))
            if workspace is None:
                workspace = self._workspaces[len(rows)] = self.config.workspace(len(rows))
            self._propagate(workspace, rows)
            self._penalty = penalty(self.config.network, self.parameters)
            self._change.apply(workspace.gradient.vector, t - self.config.optimizer_began)
            self.workspace = workspace
            self.t = t

    def cost(self) -> float:
        """J of the batch of update t, before its parameters were changed."""
        assert self.workspace is not None
        return self.workspace.mean_loss() + self._penalty

    def distinct_batches(self) -> tuple[Workspace, ...]:
        """The next batch, and the last of its epoch if that has another size.

        Both are propagated forward and backward at the present parameters; no update is done.
        """
        t = self.t + 1
        last = self.batches.epoch_bounds(t)[1]
        batches = [self.batches.rows(t).copy(), self.batches.rows(last).copy()]
        if len(batches[0]) == len(batches[1]):
            del batches[1]
        workspaces = tuple(self.config.workspace(len(rows)) for rows in batches)
        for workspace, rows in zip(workspaces, batches, strict=True):
            self._propagate(workspace, rows)
        return workspaces

    def record(self, *, hand_over: bool = False) -> Record:
        """Compute the record of the next update, t + 1, without doing it.

        Args:
            hand_over: give the record a workspace of this trainer, which then drops all of its own.
        """
        rows = self.batches.rows(self.t + 1)
        workspace = self._workspaces.get(len(rows)) if hand_over else None
        if hand_over:
            self._workspaces, self.workspace = {}, None
        workspace = workspace or self.config.workspace(len(rows))
        state, after = self.state.copy(), self.state.copy()
        before = Parameters(self.network, state[0])
        self._propagate(workspace, rows)
        workspace.output_gradient()
        count = self.count + 1
        self.config.change(after).apply(workspace.gradient.vector, count)
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
            optimizer_state={
                name: Parameters(self.network, vector)
                for name, vector in zip(self.config.optimizer.state_names, state[1:], strict=True)
            },
            before_and_after=(state, after),
            gradient=workspace.gradient.vector,
            workspace=workspace,
        )

    def operations(self) -> tuple[Operation, ...]:
        """The operations of the next update, in order."""
        return self.config.operations()

    def restore(self, state: Array, t: int, plan: Plan | None = None) -> None:
        """Go to state t; edits at t wait for `apply_pending_edits`.

        Args:
            state: `state` before the edits at t act; it is copied.
            t: the number of updates done.
            plan: the plan to follow from now on, instead of the one before.

        Raises:
            ValueError: the state does not have the shape of state t.
        """
        self.plan = plan or self.plan
        self._apply_config(self.plan.config_of(t))
        expected = self._state_shape
        if state.shape != expected:
            raise ValueError(f"the state is {state.shape}, expected {expected}")
        self.state = state.copy() if self.state.shape != state.shape else self.state
        self.state[...] = state
        self._lay_out()
        self.examples.changes.clear()
        self._change_inputs(self.plan.before(t))
        self.t = t
        self.workspace = None
        self._next_edit = self.plan.next_edit(t - 1)

    def apply_pending_edits(self) -> None:
        """Apply the edits at t, unless done already: update t + 1 starts from their result."""
        if self._next_edit > self.t:
            return
        edits = self.plan.acting_at(self.t)
        self._next_edit = self.plan.next_edit(self.t)
        for edit in edits:
            if isinstance(edit, ParameterEdit):
                parameter_of(self.parameters, edit.array)[edit.row, edit.column] = edit.value
        self._change_inputs(edits)
        theta, rule = self.state[0], (self.config.optimizer, self.config.optimizer_began)
        self._apply_config(self.plan.config_of(self.t + 1))
        if (self.config.optimizer, self.config.optimizer_began) != rule:
            self.state = self._new_state()
            self.state[0] = theta
        self._lay_out()
        self.workspace = None

    def find_divergence(self, state: Array, t: int) -> int:
        """Find the first update after state t whose result is not finite, and stop before it.

        Args:
            state: see `restore`; it is finite, and a later one is not.
            t: the number of updates done.

        Returns:
            The number of that update.
        """
        self.restore(state, t)
        while is_finite(self.state):
            self.advance(1)
        diverged_at = self.t
        self.restore(state, t)
        self.advance(diverged_at - 1 - t)
        return diverged_at

    def _change_inputs(self, edits: tuple[Edit, ...]) -> None:
        for edit in edits:
            if isinstance(edit, InputEdit):
                self.examples.changes[edit.example, edit.input] = edit.value

    def _apply_config(self, config: UpdateConfig) -> None:
        before, self.config = self.config, config
        if (before.network, before.mistake) != (self.config.network, self.config.mistake):
            self._workspaces.clear()

    def _new_state(self) -> Array:
        """θ and the optimiser state, all 0."""
        return np.zeros(self._state_shape, self.settings.dtype)

    @property
    def _state_shape(self) -> tuple[int, int]:
        return 1 + len(self.config.optimizer.state_names), self.network.parameter_count

    def _lay_out(self) -> None:
        """Create the views into the state, and the rule that changes it."""
        self.parameters = Parameters(self.network, self.state[0])
        """W and b, changed by every update."""
        self._change = self.config.change(self.state)

    def _propagate(self, workspace: Workspace, rows: Rows) -> None:
        """Propagate the examples in `rows` forward and backward."""
        self.examples.gather(rows, workspace)
        workspace.forward(self.parameters)
        workspace.backward(self.parameters)


def is_finite(state: Array) -> bool:
    """Return True if every number of the state is finite."""
    total = state.sum()
    return bool(np.isfinite(total)) or bool(np.isfinite(state).all())
