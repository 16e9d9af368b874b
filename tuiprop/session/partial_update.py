"""Standing inside an update: some of its operations are done, the others are not.

The whole update is computed at once and revealed in order: going on and back is a matter of
counting, and nothing is ever un-computed.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Sequence

from tuiprop.core.array import Array
from tuiprop.core.network import Network
from tuiprop.protocol.messages.payloads import Now
from tuiprop.session.views.operation import describe
from tuiprop.training.run import Run
from tuiprop.update.arrays import ArrayRef
from tuiprop.update.operation import Operation, Phase
from tuiprop.update.record import Record


def of_layer(operation: Operation) -> Hashable:
    """Operations of one layer in one phase belong together."""
    return operation.phase, operation.result.layer


def of_phase(operation: Operation) -> Hashable:
    """Operations of one phase belong together."""
    return operation.phase


def boundary(
    operations: Sequence[Operation],
    at: int,
    direction: int,
    group: Callable[[Operation], Hashable],
) -> int:
    """The next or the last place between two groups of operations.

    Args:
        operations: of one update.
        at: the number of operations done since state 0.
        direction: on where above 0, else back.
        group: what belongs together.

    Returns:
        A number of operations done since state 0; below 0 where nothing lies before.
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


class Within:
    """The update that has been begun, if one has."""

    def __init__(self) -> None:
        self.record: Record | None = None
        self.done = 0
        """Operations of it that are done; 0 where none has been begun."""
        self.wanted = 0
        """Operations of it to be done on arrival."""
        self.operations: tuple[Operation, ...] = ()
        """Of the update."""

    def leave(self) -> None:
        """No update is begun."""
        self.record, self.done, self.wanted = None, 0, 0

    def enter(self, run: Run) -> None:
        """Do what is wanted of the update after the one that the run stands at."""
        if not self.wanted:
            self.leave()
            return
        if self.record is None or self.record.update != run.t + 1:
            self.operations = run.trainer.operations()
            self.record = run.next_record()
        self.done = self.wanted

    def array(self, reference: ArrayRef) -> Array | None:
        """An array as it is now; None where this update has not made it yet."""
        record = self.record
        assert record is not None
        made = self.is_made(reference)
        if made or reference.is_given:
            return record.array(reference, after=made)
        return None

    def is_made(self, reference: ArrayRef) -> bool:
        """An operation that is done made this array; W and b: changed it."""
        return reference in {operation.result for operation in self.operations[: self.done]}

    @property
    def cost(self) -> float | None:
        """J of the batch, once it has been computed."""
        assert self.record is not None
        done = {operation.phase for operation in self.operations[: self.done]}
        return self.record.J if Phase.COST in done else None

    @property
    def unmade(self) -> list[ArrayRef]:
        """The arrays that this update has not computed yet; J is not among them."""
        return [
            operation.result
            for operation in self.operations[self.done :]
            if operation.phase in (Phase.FORWARD, Phase.BACKWARD)
        ]

    def now(self, network: Network) -> Now | None:
        """The operation that was done last."""
        if self.record is None:
            return None
        m = self.record.y.shape[1]
        return describe(self.operations, self.done, network, m, self.record.count)
