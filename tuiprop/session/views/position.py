"""Views of the position and of the motion of a run."""

from tuiprop.protocol.messages.moving import Motion, Position, PositionQuery
from tuiprop.session.divergence import divergence
from tuiprop.session.viewpoint import Viewpoint
from tuiprop.update.arrays import CellRef


def position(at: Viewpoint, query: PositionQuery) -> Position:
    """Return the position of the run."""
    run, cursor = at.run, at.cursor
    batches = run.batches
    update = run.t + (cursor.partial.record is not None)
    epoch = batches.epoch(update) if update else 0
    return Position(
        update=run.t,
        done=cursor.partial.done,
        operations=cursor.operations,
        epochs_done=run.epoch,
        epoch=epoch,
        batch=batches.batch(update) if update else 0,
        per_epoch=batches.per_epoch(max(epoch, 1)),
        batch_size=batches.size(max(epoch, 1)),
        last_update=run.last_update,
        examples=len(at.batch),
    )


def motion(at: Viewpoint) -> Motion:
    """Return the motion of the run, and the condition or number that stopped it."""
    cursor = at.cursor
    return Motion(
        status=cursor.status,
        target=cursor.target,
        start=cursor.start,
        progress=cursor.progress,
        updates_per_second=cursor.updates_per_second,
        diverged=_divergence(at),
        bad=_first_nonfinite(at),
        hit=cursor.hit,
    )


def _divergence(at: Viewpoint) -> str:
    """The sentence on a divergence, with the operation and the cell; "" without one."""
    if at.run.diverged_at is None:
        return ""
    if at.cursor.bad is None:
        return divergence(at.session, at.run.diverged_at, None)
    operation, row, column = at.cursor.bad
    number = at.cursor.partial.operations.index(operation) + 1
    return divergence(at.session, at.run.diverged_at, (number, row, column))


def _first_nonfinite(at: Viewpoint) -> CellRef | None:
    """The first number that is not finite, if the run has diverged."""
    if at.run.diverged_at is None or at.cursor.bad is None:
        return None
    operation, row, column = at.cursor.bad
    return CellRef(operation.result, row, column)
