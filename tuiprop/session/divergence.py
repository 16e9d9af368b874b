"""The sentence that says where a run diverged, and the exception with this sentence."""

from tuiprop.session.cell_names import name_of
from tuiprop.session.session import Session
from tuiprop.update.arrays import CellRef
from tuiprop.update.record import Record, first_nonfinite


class DivergedError(ArithmeticError):
    """A run diverges.

    Args:
        session: the session, with the history up to the position of its run.
        record: the update whose result is not finite; None for the next one.
    """

    def __init__(self, session: Session, record: Record | None = None) -> None:
        record = record or session.run.next_record()
        operations = session.run.trainer.plan.config_of(record.update).operations()
        bad = first_nonfinite(operations, record)
        super().__init__(divergence(session, record.update, bad))
        self.session = session


def record_of(session: Session, update: int) -> Record:
    """Compute the record of one update; its examples are rows of the table.

    Raises:
        DivergedError: the run diverges before that update.
    """
    record = session.run.record(update)
    if record.update != update:
        raise DivergedError(session, record)
    return session.with_rows_of_table(record)


def divergence(session: Session, update: int, bad: tuple[int, int, int] | None) -> str:
    """Say where a run diverges.

    Args:
        session: the session of the run.
        update: the first update whose result is not finite.
        bad: k of the operation, from 1, and row and column of the first number in its result that
            is not finite; None if that number is in the state of the optimiser.
    """
    plan = session.run.trainer.plan
    batches, config = plan.batches, plan.config_of(update)
    first = ": the optimiser state is not finite"
    if bad is not None:
        k, row, column = bad
        operations = config.operations()
        cell = CellRef(operations[k - 1].result, row, column)
        name = name_of(session, batches.rows(update), cell)
        # what matters first: the line at the foot of the screen may be cut
        first = f", operation {k} of {len(operations)}: {name} is not finite"
    return (
        f"diverged at update {update} (epoch {batches.epoch(update)}, "
        f"batch {batches.batch(update)}){first}; "
        f"the state after update {update - 1} is kept. "
        f"Try a learning rate below {config.settings.learning_rate:g}"
    )
