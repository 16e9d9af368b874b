"""The branches of a run, each with its edits and its history."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import inf

from tuiprop.core.array import Array
from tuiprop.training.edit import BranchLog, Edit
from tuiprop.training.history import Best, Evaluation, History
from tuiprop.training.timeline import Lineage


@dataclass(eq=False)
class Branch:
    """A sequence of updates from state 0 to its newest one, with a log of edits."""

    number: int
    """0 for the first."""
    parent: "Branch | None"
    fork: int
    """The update after which it diverges from its parent; 0 for the first branch."""
    edits: tuple[Edit, ...]
    """All edits since state 0, including those of its parents."""
    history: History
    """One row per epoch, from epoch 0 on."""
    reached: int = 0
    """The newest update done."""
    best: Best | None = None
    """The parameters of the best epoch, which it takes from its parent at first."""
    lineage: Lineage = field(init=False)

    def __post_init__(self) -> None:
        shared = () if self.parent is None else self.parent.lineage
        self.lineage = (
            (self.number, inf),
            *((number, min(last, self.fork)) for number, last in shared),
        )

    def add_epoch(
        self, training: Evaluation, validation: Evaluation, penalty: float, theta: Array
    ) -> None:
        """Add a row to the history, and keep the parameters where the epoch is the best so far.

        Args:
            training: the evaluation of the training set.
            validation: the evaluation of the validation set.
            penalty: (λ/2) Σ ‖W[l]‖².
            theta: the parameters at the end of the epoch, (P,).
        """
        epoch = len(self.history)
        self.history.add(training, validation, penalty)
        if self.history.best == epoch:
            self.best = Best(epoch, theta.copy())

    @property
    def kept_best(self) -> Best | None:
        """The parameters of the best epoch, where they were kept."""
        return self.best if self.best is not None and self.best.epoch == self.history.best else None

    def owner(self, t: int) -> int:
        """The number of the branch on which state t was first reached."""
        return next(number for number, last in reversed(self.lineage) if t <= last)

    def shared_with(self, other: "Branch") -> int:
        """The last update that two branches have in common."""
        last = dict(other.lineage)
        return int(max(min(t, last[number]) for number, t in self.lineage if number in last))

    @property
    def log(self) -> BranchLog:
        """Everything that recreates this branch, besides the experiment."""
        return BranchLog(
            number=self.number,
            parent=None if self.parent is None else self.parent.number,
            fork=self.fork,
            reached=self.reached,
            edits=self.edits,
        )


class Branches:
    """All branches of a run, one of which is the current one.

    Args:
        history: the history of the first branch, which it starts with.
    """

    def __init__(self, history: History) -> None:
        self.current = Branch(0, None, 0, (), history)
        self.by_number = {0: self.current}

    def fork(self) -> "Branches":
        """Copy the tree; both trees share all branches except the current one."""
        other = Branches(self.current.history)
        other.by_number = self.by_number.copy()
        other.current = replace(self.current)
        other.by_number[self.current.number] = other.current
        return other

    def edit(self, edit: Edit, epochs: int, *, apart: bool) -> Branch:
        """Add an edit to the current branch, or to a new one if that has later updates.

        Args:
            edit: the edit.
            epochs: the epochs that are done where it acts.
            apart: create a branch even if the edit acts on the newest state.

        Returns:
            The branch with the edit, which becomes the current one.
        """
        old = self.current
        edits = (*(known for known in old.edits if known.at <= edit.at), edit)
        if apart or edit.at < old.reached:
            history = old.history.until(epochs)
            number = max(self.by_number) + 1
            self.current = Branch(number, old, edit.at, edits, history, edit.at, old.best)
            self.by_number[number] = self.current
        else:
            old.edits = edits
        return self.current

    def restore(self, logs: Sequence[BranchLog], current: int) -> None:
        """Recreate the branches of an earlier run of the same experiment.

        Args:
            logs: one for each branch, parents first.
            current: the number of the branch that the run was on.
        """
        first = self.by_number[0]
        for log in logs:
            if log.parent is None:
                first.edits, first.reached = log.edits, log.reached
            else:
                parent, begun = self.by_number[log.parent], first.history.until(0)
                self.by_number[log.number] = Branch(
                    log.number, parent, log.fork, log.edits, begun, log.reached
                )
        self.current = self.by_number[current]
