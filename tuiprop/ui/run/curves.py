"""The cost curves of every branch of a run."""

from tuiprop.protocol.messages.training import Branches, History
from tuiprop.ui.drawing.curve import Curve


class Courses:
    """The training loss and the validation loss per epoch, for each branch."""

    def __init__(self) -> None:
        self._of_branch: dict[int, tuple[Curve, Curve]] = {0: (Curve(), Curve())}
        self.branch = 0
        """The current branch."""

    @property
    def training(self) -> Curve:
        """The training loss of the current branch."""
        return self._of_branch[self.branch][0]

    @property
    def validation(self) -> Curve:
        """The validation loss of the current branch."""
        return self._of_branch[self.branch][1]

    @property
    def others(self) -> list[Curve]:
        """The training loss of the other branches."""
        return [curves[0] for number, curves in self._of_branch.items() if number != self.branch]

    def take(self, branches: Branches, history: History) -> bool:
        """Add epochs to the current branch; return True if there are more to request."""
        self.branch = branches.current
        there = {each.number for each in branches.branches}
        for number in set(self._of_branch) - there:
            del self._of_branch[number]
        self._of_branch.setdefault(self.branch, (Curve(), Curve()))
        if history.first == self.training.count:
            for training, validation, *_ in history.rows:
                self.training.add(training)
                self.validation.add(validation)
        return self.training.count < history.length
