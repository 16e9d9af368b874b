"""The curves of every branch of a run: the one at hand in colour, the others dim."""

from tuiprop.protocol.messages.views import Branches, History
from tuiprop.ui.drawing.curve import Curve


class Courses:
    """J training and J validation by epoch, for each branch."""

    def __init__(self) -> None:
        self._of_branch: dict[int, tuple[Curve, Curve]] = {0: (Curve(), Curve())}
        self.branch = 0
        """The one at hand."""

    @property
    def training(self) -> Curve:
        """Of the branch at hand."""
        return self._of_branch[self.branch][0]

    @property
    def validation(self) -> Curve:
        """Of the branch at hand."""
        return self._of_branch[self.branch][1]

    @property
    def others(self) -> list[Curve]:
        """J training of the branches that the run is not on."""
        return [curves[0] for number, curves in self._of_branch.items() if number != self.branch]

    def take(self, branches: Branches, history: History) -> bool:
        """Add epochs of the branch at hand; return whether there are more to ask for."""
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
