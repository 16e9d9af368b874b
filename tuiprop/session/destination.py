"""The positions that moves and jumps lead to."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Sequence

from tuiprop.protocol.messages.moving import Move, Seek
from tuiprop.training.run import Run
from tuiprop.update.operation import Operation


def after_move(run: Run, update: int, done: int, move: Move) -> tuple[int, int]:
    """Find the position that a move leads to.

    Args:
        run: the run.
        update: the number of updates done before the move.
        done: the number of operations of the next update done before the move.
        move: the move.

    Returns:
        The number of updates done, which may be below 0, and of operations of the next update.
    """
    if move.operations or move.layers or move.phases:
        return _by_operations(run.trainer.operations(), update, done, move)
    begun = done > 0
    if move.epochs:
        epoch = run.batches.epochs_done(update)
        back_in_epoch = move.epochs < 0 and (update > run.batches.end(epoch) or begun)
        update = run.batches.end(max(0, epoch + move.epochs + back_in_epoch))
    back_in_update = move.updates < 0 and begun
    return update + move.updates + back_in_update, 0


def _by_operations(
    operations: Sequence[Operation], update: int, done: int, move: Move
) -> tuple[int, int]:
    target = update * len(operations) + done
    for step, count in (
        (lambda at, d: at + d, move.operations),
        (lambda at, d: boundary(operations, at, d, of_layer), move.layers),
        (lambda at, d: boundary(operations, at, d, of_phase), move.phases),
    ):
        for _ in range(abs(count)):
            target = max(0, step(target, 1 if count > 0 else -1))
    return divmod(target, len(operations))


def of_seek(run: Run, request: Seek) -> int:
    """Find the update that a jump on the current branch leads to."""
    if request.update is not None:
        return request.update
    if request.epoch is not None:
        return run.batches.end(max(0, request.epoch))
    if request.ahead is not None:
        return run.batches.end(max(0, run.epoch + request.ahead))
    return {
        "newest": run.branch.reached,
        "end": run.last_update,
        "best": run.batches.end(run.history.best),
    }[request.place]


def of_layer(operation: Operation) -> Hashable:
    """The group of an operation: those of one layer in one phase."""
    return operation.phase, operation.result.layer


def of_phase(operation: Operation) -> Hashable:
    """The group of an operation: those of one phase."""
    return operation.phase


def boundary(
    operations: Sequence[Operation],
    at: int,
    direction: int,
    group: Callable[[Operation], Hashable],
) -> int:
    """Find the nearest boundary between two groups of operations.

    Args:
        operations: the operations of one update.
        at: the number of operations done since state 0.
        direction: forward if above 0, else back.
        group: the group that an operation belongs to.

    Returns:
        A number of operations done since state 0; below 0 if there is no boundary before.
    """
    groups = [group(operation) for operation in operations]
    starts = [i for i, each in enumerate(groups) if i == 0 or each != groups[i - 1]]
    update, done = divmod(at, len(operations))
    if direction > 0:
        later = bisect_right(starts, done)
        return update * len(operations) + (*starts, len(operations))[later]
    if done == 0:
        return (update - 1) * len(operations) + starts[-1]
    return update * len(operations) + starts[bisect_left(starts, done) - 1]
