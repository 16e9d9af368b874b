"""A what-if: a change of one number with its consequences, before it is kept or reverted."""

from dataclasses import dataclass, replace

import numpy as np

from tuiprop.core.array import Array
from tuiprop.errors import InputError
from tuiprop.protocol.messages.base import or_none
from tuiprop.protocol.messages.what_if import Try, WhatIfChange
from tuiprop.protocol.messages.what_if import WhatIf as WhatIfNote
from tuiprop.session.changes import cell_edit
from tuiprop.session.cursor import Cursor
from tuiprop.session.session import Session
from tuiprop.training.edit import Edit, InputEdit, ParameterEdit
from tuiprop.training.history import Evaluation
from tuiprop.training.run import Run
from tuiprop.update.arrays import ArrayRef
from tuiprop.update.operation import Phase
from tuiprop.update.operations import propagation_count
from tuiprop.update.record import Record


@dataclass(frozen=True, eq=False)
class _Outcome:
    """The next update of a run, and its present costs."""

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
class WhatIf:
    """A change that is applied to a fork of the run."""

    session: Session
    """The session with the change, which is on a separate branch."""
    cursor: Cursor
    """The cursor of the fork, at the position that is shown."""
    edit: Edit
    """The change."""
    without: Record
    """The same update without the change."""
    note: WhatIfNote
    """The summary that the screen shows."""

    def array_without(self, reference: ArrayRef, *, after: bool) -> Array:
        """An array of the update without the change.

        Args:
            reference: the array.
            after: return W and b as they are after the update, not before it.
        """
        return self.without.array(reference, after=after)

    def keep(self, cursor: Cursor) -> None:
        """Move a run onto the branch with the change.

        Args:
            cursor: the cursor of the original run.
        """
        cursor.edit(self.edit, apart=True)
        cursor.do_operations(self.cursor.partial.done)


def try_out(session: Session, cursor: Cursor, request: Try) -> WhatIf:
    """Change one number in a fork of the run and compute the consequences.

    Raises:
        InputError: that number cannot be changed, or not at this position.
    """
    edit, name = cell_edit(session, cursor, request)
    without = session.run.fork(edit.at)
    before = _outcome(without)
    if _edited_cell(edit, before.record) == request.value:
        raise InputError(f"{name} is already {request.value!r}")
    run = without.fork(edit.at, edit)
    after = _outcome(run)
    tried = replace(session, run=run)
    costs = zip(before.costs, after.costs, strict=True)
    J_batch, J_training, J_validation = ((or_none(b), or_none(a)) for b, a in costs)
    note = WhatIfNote(
        cell=request.cell,
        name=name,
        before=_edited_cell(edit, before.record),
        after=request.value,
        J_batch=J_batch,
        J_training=J_training,
        J_validation=J_validation,
        changes=_changes(tried, before.record, after.record),
    )
    there = Cursor(run)
    there.hit = cursor.hit
    # if the update has not begun, show all its arrays up to the gradients
    there.do_operations(cursor.partial.done or propagation_count(run.network.L))
    return WhatIf(tried, there, edit, before.record, note)


def _edited_cell(edit: Edit, record: Record) -> float:
    """The number of a record that an edit changes."""
    if isinstance(edit, InputEdit):
        column = int(np.flatnonzero(record.examples == edit.example)[0])
        return float(record.a[0][edit.input, column])
    assert isinstance(edit, ParameterEdit)
    return float(record.array(edit.array)[edit.row, edit.column])


def _changes(session: Session, before: Record, after: Record) -> list[WhatIfChange]:
    """The cell that changes most in each array that an update computes."""
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


def _outcome(run: Run) -> _Outcome:
    training, validation = run.evaluate()
    return _Outcome(run.next_record(), training, validation, run.penalty)
