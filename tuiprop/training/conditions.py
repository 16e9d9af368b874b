"""The conditions of a run, and the evaluation of them on its updates."""

from collections.abc import Callable, Iterable, Sequence

from tuiprop.core.array import Array
from tuiprop.core.network import Parameters
from tuiprop.core.propagation import Workspace
from tuiprop.training.breakpoint import Condition, Hit, Watch
from tuiprop.training.plan import UpdateConfig
from tuiprop.training.quantity import Rows, Update
from tuiprop.training.trainer import Trainer
from tuiprop.update.operation import Operation
from tuiprop.update.record import Record
from tuiprop.verify.gradient_check import check_gradient


class Conditions:
    """The conditions of a run and their state.

    Args:
        operations: returns the operations of an update; called only if there are conditions.
    """

    def __init__(self, operations: Callable[[], Sequence[Operation]]) -> None:
        self._operations = operations
        self._watch: Watch | None = None

    def replace(self, conditions: Iterable[Condition]) -> None:
        """Replace the conditions; those that remain keep their state."""
        conditions = tuple(conditions)
        if not conditions:
            self._watch = None
        elif self._watch is None:
            self._watch = Watch(conditions, self._operations())
        else:
            self._watch.replace(conditions)

    def forget(self) -> None:
        """Forget the evaluations, so that conditions hit again where they did before."""
        if self._watch is not None:
            self._watch.forget()

    @property
    def watches_updates(self) -> bool:
        """True if there are conditions on updates, which `advance` and `preview` evaluate."""
        return self._watch is not None and self._watch.watches_updates

    def after_epoch(self, t: int, history: Rows, since: int = -1) -> Hit | None:
        """Find a condition on whole epochs that has become true; see `Watch.after_epoch`."""
        return None if self._watch is None else self._watch.after_epoch(t, history, since)

    def advance(self, trainer: Trainer, since: int) -> Hit | None:
        """Do one update, and find a condition that it made true.

        Args:
            trainer: does the update.
            since: see `Watch.after_update`.
        """
        trainer.apply_pending_edits()
        if trainer.plan.acting_at(trainer.t + 1):  # pending edits discard the arrays of the update
            record = trainer.record()
            hit = self.preview(record, trainer.config, since)
            trainer.advance(1)
            return hit
        before, config = trainer.state.copy(), trainer.config
        trainer.advance(1)
        workspace = trainer.workspace
        assert workspace is not None
        states = before, trainer.state
        return self._after(_observed(trainer.t, trainer.count, config, workspace, states), since)

    def preview(self, record: Record, config: UpdateConfig, since: int) -> Hit | None:
        """Find a condition that an update makes true; this counts as its evaluation.

        Args:
            record: the update.
            config: its configuration.
            since: see `Watch.after_update`.
        """
        if not self.watches_updates:
            return None
        states = record.before_and_after
        update = _observed(record.update, record.count, config, record.workspace, states)
        return self._after(update, since)

    def _after(self, update: Update, since: int) -> Hit | None:
        assert self._watch is not None
        return self._watch.after_update(update, since)


def _observed(
    t: int, count: int, config: UpdateConfig, workspace: Workspace, states: tuple[Array, Array]
) -> Update:
    """The update as conditions evaluate it; its checks run only if a condition needs them.

    Args:
        t: its number.
        count: its number in the rule of the optimiser.
        config: its configuration.
        workspace: its arrays.
        states: θ and the optimiser state before and after, (1 + S, P) each.
    """
    before, after = states
    network, start = config.network, Parameters(config.network, before[0])

    def failed_checks() -> int:
        return len(check_gradient(start, workspace).wrong)

    def failed_audits() -> int:
        found = config.audit(count, before, workspace.gradient.vector, after)
        return sum(not each.ok for each in found.arrays if not each.array.state_name)

    return Update(
        t,
        workspace,
        Parameters(network, after[0]),
        lambda: workspace.cost(start),
        failed_checks,
        failed_audits,
    )
