"""The view of the current operation, and the operation that computed an array."""

from tuiprop.protocol.messages.arrays import Window
from tuiprop.protocol.messages.operation import (
    CurrentOperation,
    CurrentOperationQuery,
    OperationNote,
)
from tuiprop.session.viewpoint import Viewpoint
from tuiprop.session.views.operation import describe


def current_operation(at: Viewpoint, query: CurrentOperationQuery) -> CurrentOperation:
    """Describe the current operation, and list the arrays that are not computed yet."""
    run, partial = at.run, at.cursor.partial
    return CurrentOperation(
        now=partial.now(run.network),
        completed=_completed(at),
        computed=run.trainer.workspace is not None,
        uncomputed=[] if partial.record is None else partial.uncomputed,
        updates_to_replay=at.updates_to_replay,
    )


def operation_of(at: Viewpoint, window: Window | None) -> OperationNote | None:
    """Describe the operation that computed the array of a window; None if none has."""
    run, partial = at.run, at.cursor.partial
    if window is None or window.before or window.array.state_name:
        return None
    if partial.record is not None:
        operations, done, count = partial.operations, partial.done, partial.record.count
    elif run.trainer.workspace is not None:
        operations, count = run.trainer.operations(), run.trainer.count
        done = len(operations)
    else:
        return None
    results = [operation.result for operation in operations[:done]]
    if window.array not in results:
        return None
    number = results.index(window.array) + 1
    return describe(operations, number, run.network, len(at.batch), count)


def _completed(at: Viewpoint) -> OperationNote | None:
    """Describe the last operation of the update that single operations have just completed."""
    run = at.run
    if not at.cursor.completed or run.trainer.workspace is None:
        return None
    operations = run.trainer.operations()
    return describe(operations, len(operations), run.network, len(at.batch), run.trainer.count)
