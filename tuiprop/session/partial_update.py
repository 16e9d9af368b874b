"""An update of which some operations are done and the others are not.

The whole update is computed at once and revealed in order: a move forward or back only changes a
count, and nothing is ever un-computed.
"""

from dataclasses import dataclass, replace
from functools import cached_property

from tuiprop.core.array import Array
from tuiprop.core.network import Network
from tuiprop.protocol.messages.operation import OperationNote
from tuiprop.session.views.operation import describe
from tuiprop.training.run import Run
from tuiprop.update.arrays import ArrayRef
from tuiprop.update.operation import Operation, Phase
from tuiprop.update.record import Record


@dataclass(frozen=True, eq=False)
class PartialUpdate:
    """The next update, of which some operations are done.

    An empty one means that none is done.
    """

    record: Record | None = None
    """The whole update, computed ahead; None if none of its operations is done."""
    done: int = 0
    """The number of operations done."""
    operations: tuple[Operation, ...] = ()
    """All operations of the update."""

    @classmethod
    def of(cls, run: Run, done: int) -> "PartialUpdate":
        """Do some operations of the next update of a run, without moving the run."""
        if not done:
            return cls()
        return cls(run.next_record(), done, run.trainer.operations())

    def with_done(self, done: int) -> "PartialUpdate":
        """The same update with another number of operations done."""
        return replace(self, done=done) if done else PartialUpdate()

    def array(self, reference: ArrayRef) -> Array | None:
        """The present array; None if this update has not computed it yet."""
        record = self.record
        assert record is not None
        computed = self.is_computed(reference)
        if computed or reference.is_given:
            return record.array(reference, after=computed)
        return None

    def is_computed(self, reference: ArrayRef) -> bool:
        """Return True if an operation that is done computed this array, or updated it: W and b."""
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
    def uncomputed(self) -> list[ArrayRef]:
        """The arrays that this update has not computed yet, except J."""
        return [
            operation.result
            for operation in self.operations[self.done :]
            if operation.phase in (Phase.FORWARD, Phase.BACKWARD)
        ]

    def now(self, network: Network) -> OperationNote | None:
        """The operation that was done last."""
        if self.record is None:
            return None
        m = self.record.y.shape[1]
        return describe(self.operations, self.done, network, m, self.record.count)
