"""The run that views show: the open one, or a what-if of it."""

from dataclasses import dataclass

import numpy as np

from tuiprop.core.array import Array, Rows
from tuiprop.protocol.messages.arrays import Window
from tuiprop.session.cursor import Cursor
from tuiprop.session.latest import Latest
from tuiprop.session.session import Session
from tuiprop.session.what_if import WhatIf
from tuiprop.training.plan import UpdateConfig
from tuiprop.training.run import Run
from tuiprop.update.arrays import ArrayRef, CellRef
from tuiprop.update.operation import Operation
from tuiprop.update.record import Record, computed_array, parameter_of

PATIENCE = 0.25
"""Seconds that a replay of the present update may take without a request."""


@dataclass(frozen=True, eq=False)
class RecordedUpdate:
    """A whole update: its record, its operations and its configuration."""

    record: Record
    operations: tuple[Operation, ...]
    config: UpdateConfig


class Viewpoint:
    """The session and the cursor that views show, and the arrays at that position.

    Args:
        session: the open session.
        cursor: its cursor.
    """

    def __init__(self, session: Session, cursor: Cursor) -> None:
        self._session, self._cursor = session, cursor
        self.what_if: WhatIf | None = None
        """The what-if that is shown instead of the run; None without one."""
        self._recorded = Latest[RecordedUpdate]()

    @property
    def session(self) -> Session:
        """The session that is shown."""
        return self._session if self.what_if is None else self.what_if.session

    @property
    def cursor(self) -> Cursor:
        """The cursor that is shown."""
        return self._cursor if self.what_if is None else self.what_if.cursor

    @property
    def run(self) -> Run:
        """The run that is shown."""
        return self.session.run

    @property
    def is_moving(self) -> bool:
        """True while the run goes to another position."""
        return self.cursor.target is not None

    @property
    def is_at_rest(self) -> bool:
        """True if the run is paused after a whole update."""
        return not self.is_moving and self.cursor.partial.record is None

    @property
    def batch(self) -> Rows:
        """The examples, (m,), of the update that has begun, else of the last, else of the first."""
        run, begun = self.run, self.cursor.partial.record is not None
        return run.batches.rows(run.t + 1 if begun else max(run.t, 1))

    @property
    def cost_of_batch(self) -> float | None:
        """J of the present batch; None before it is computed."""
        if self.cursor.partial.record is not None:
            return self.cursor.partial.cost
        trainer = self.run.trainer
        return None if trainer.workspace is None else trainer.cost()

    # Arrays

    def has(self, array: ArrayRef) -> bool:
        """Return True if the network has an array of this name."""
        return array.exists(self.run.network.L)

    def array(self, reference: ArrayRef) -> Array | None:
        """The whole present array; None if it is not computed."""
        if self.cursor.partial.record is not None:
            return self.cursor.partial.array(reference)
        trainer = self.run.trainer
        if reference.is_parameter:
            return parameter_of(trainer.parameters, reference)
        if reference.is_input:
            return trainer.examples.inputs_of(trainer.batches.rows(max(trainer.t, 1))).T
        if trainer.workspace is None:
            return None
        return computed_array(trainer.workspace, trainer.parameters, reference)

    def array_of(self, part: Window | CellRef) -> Array | None:
        """The whole array of a window or a cell; None if it is not computed."""
        reference = part.array
        if reference.symbol == "J":
            cost = self.cost_of_batch
            return None if cost is None else np.full((1, 1), cost)
        of_record = reference.state_name or reference.symbol == "y"
        if not (of_record or (part.before and reference.is_parameter)):
            return self.array(reference)
        recorded = None if self.is_moving else self.present_update()
        return None if recorded is None else recorded.record.arrays().get(reference)

    def why_absent(self) -> str:
        """Say why an array is not shown."""
        if self.is_moving:
            return "Training is running: press space to pause."
        if updates := self.updates_to_replay:
            return f"It needs {updates:,} updates to be replayed: Shift+b, then b."
        if self.run.t == 0 and self.cursor.partial.record is None:
            return "No update yet: press o (one operation) or b (one batch)."
        return "Not computed yet: press o to compute the next array."

    # The present update

    @property
    def is_result_of_update(self) -> bool:
        """True if the parameters are those that update t computed: complete, and not edited."""
        return self.is_at_rest and not self.run.trainer.plan.acting_at(self.run.t)

    def present_update(self) -> RecordedUpdate | None:
        """The whole record of the update that has begun, or of the last one.

        None if there is no update, or if its replay would take long: see `updates_to_replay`.
        """
        run, partial = self.run, self.cursor.partial
        if partial.record is not None:
            return RecordedUpdate(partial.record, partial.operations, run.trainer.config)
        if run.trainer.workspace is None or self.updates_to_replay:
            return None
        return self._recorded.get(self._state, self._replay)

    @property
    def updates_to_replay(self) -> int:
        """The number of updates that a replay of the present one needs; 0 if that is fast."""
        run = self.run
        if (
            not self.is_at_rest
            or run.trainer.workspace is None
            or self._recorded.is_of(self._state)
        ):
            return 0
        updates, seconds = run.replay_cost(run.t)
        return updates if seconds > PATIENCE and updates > 1 else 0

    @property
    def _state(self) -> object:
        return self.run.t, self.run.branch.edits

    def _replay(self) -> RecordedUpdate:
        run = self.run
        return RecordedUpdate(run.record(run.t), run.trainer.operations(), run.trainer.config)
