"""An update of which some operations are done and the others are not.

The whole update is computed at once and revealed in order: going on and back is a matter of
counting, and nothing is ever un-computed.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

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


@dataclass(frozen=True, eq=False)
class PartialUpdate:
    """The update after the ones that are done, of which some operations are done.

    The empty one stands for no operation.
    """

    record: Record | None = None
    """The whole update, computed ahead; None where none of it is done."""
    done: int = 0
    """The number of operations done."""
    operations: tuple[Operation, ...] = ()
    """All operations of the update."""

    @classmethod
    def of(cls, run: Run, done: int) -> "PartialUpdate":
        """Do some operations of the next update of a run; the run stays where it is."""
        if not done:
            return cls()
        return cls(run.next_record(), done, run.trainer.operations())

    def with_done(self, done: int) -> "PartialUpdate":
        """The same update with another number of operations done."""
        return replace(self, done=done) if done else PartialUpdate()

    def array(self, reference: ArrayRef) -> Array | None:
        """The array as it is here; None where this update has not computed it yet."""
        record = self.record
        assert record is not None
        computed = self.is_computed(reference)
        if computed or reference.is_given:
            return record.array(reference, after=computed)
        return None

    def is_computed(self, reference: ArrayRef) -> bool:
        """Return True if an operation that is done computed this array, or changed it: W and b."""
        return reference in self._computed

    @cached_property
    def _computed(self) -> frozenset[ArrayRef]:
        return frozenset(operation.result for operation in self.operations[: self.done])

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
