"""What if: one number changed, and all that follows from it, before it is kept or reverted."""

from dataclasses import dataclass

import numpy as np

from tuiprop.core.array import Array
from tuiprop.errors import InputError
from tuiprop.protocol.messages.payloads import WhatIf, WhatIfChange, or_none
from tuiprop.protocol.messages.requests import Try
from tuiprop.session.changes import cell_edit
from tuiprop.session.playback import Walk
from tuiprop.session.session import Session
from tuiprop.training.edit import Edit, InputEdit, ParameterEdit
from tuiprop.training.history import Evaluation
from tuiprop.training.run import Branch
from tuiprop.update.arrays import ArrayRef
from tuiprop.update.operation import Phase, propagation_count
from tuiprop.update.record import Record


@dataclass(frozen=True, eq=False)
class _Outcome:
    """What an update and the sets come to."""

    record: Record
    training: Evaluation
    validation: Evaluation
    penalty: float

    @property
    def costs(self) -> tuple[float, float, float]:
        """J of the batch, of the training set, of the validation set (NaN where there is none)."""
        return (
            self.record.J,
            self.training.loss + self.penalty,
            self.validation.loss + self.penalty,
        )


@dataclass(frozen=True, eq=False)
class Trial:
    """A change that is tried on a branch of its own."""

    branch: Branch
    left: tuple[int, int]
    """Where the run stood: updates, and operations of the next one."""
    without: Record
    """The update at hand without the change."""
    note: WhatIf
    """For the screen."""

    def array_without(self, reference: ArrayRef, *, made: bool) -> Array:
        """An array of the update at hand without the change.

        Args:
            reference: the array.
            made: of W and b: as they are after the update, not before it.
        """
        return self.without.array(reference, after=made)


def try_out(session: Session, walk: Walk, request: Try) -> Trial:
    """Change one number on a branch of its own, and stand where all that follows is computed.

    Raises:
        InputError: that number cannot be changed, or not here.
    """
    run, within = session.run, walk.within
    walk.stop()
    left = run.t, within.done
    edit, name = cell_edit(session, walk, request)
    run.seek(edit.at)
    before = _outcome(session)
    if _edited_cell(edit, before.record) == request.value:
        walk.go_to(*left)
        raise InputError(f"{name} is {request.value!r} already")
    branch = run.edit(edit, apart=True)
    # of an update that has not been begun, all that is computed is shown
    within.leave()
    within.wanted = left[1] or propagation_count(run.network.L)
    within.enter(run)
    after = _outcome(session)
    costs = zip(before.costs, after.costs, strict=True)
    J_batch, J_training, J_validation = ((or_none(b), or_none(a)) for b, a in costs)
    note = WhatIf(
        cell=request.cell,
        name=name,
        before=_edited_cell(edit, before.record),
        after=request.value,
        J_batch=J_batch,
        J_training=J_training,
        J_validation=J_validation,
        changes=_changes(session, before.record, after.record),
    )
    return Trial(branch, left, before.record, note)


def revert(session: Session, walk: Walk, trial: Trial) -> None:
    """Forget the change, and stand where the run stood."""
    session.run.discard(trial.branch)
    walk.within.leave()
    walk.go_to(*trial.left)


def _edited_cell(edit: Edit, record: Record) -> float:
    """The number of a record that an edit changes."""
    if isinstance(edit, InputEdit):
        column = int(np.flatnonzero(record.examples == edit.example)[0])
        return float(record.a[0][edit.input, column])
    assert isinstance(edit, ParameterEdit)
    return float(record.array(edit.array)[edit.row, edit.column])


def _changes(session: Session, before: Record, after: Record) -> list[WhatIfChange]:
    """Of each array that an update makes, the cell that changes most."""
    changes = []
    rows_of_table = session.examples.training.rows[after.examples]
    for operation in session.run.trainer.operations():
        if operation.phase is Phase.COST:
            continue
        old, new = before.result(operation), after.result(operation)
        with np.errstate(all="ignore"):
            difference = np.abs(new - old)
        row, column = map(int, np.unravel_index(int(difference.argmax()), new.shape))
        array = operation.result
        column_name = session.column_names(array, rows_of_table)[column]
        changes.append(
            WhatIfChange(
                array=array,
                name=array.cell_name(session.row_names(array)[row], column_name),
                before=float(old[row, column]),
                after=float(new[row, column]),
                changed=int(np.count_nonzero(difference)),
                size=new.size,
            )
        )
    return changes


def _outcome(session: Session) -> _Outcome:
    run = session.run
    training, validation = run.evaluate()
    return _Outcome(run.next_record(), training, validation, run.penalty)
