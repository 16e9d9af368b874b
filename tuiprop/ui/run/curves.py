"""The curves of every branch of a run: the one at hand in colour, the others dim."""

from tuiprop.protocol.messages.replies import Frame
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

    def take(self, frame: Frame) -> bool:
        """Add what a frame brings; whether there is more to ask for."""
        self.branch = frame.branch
        there = {each.number for each in frame.branches}
        for number in set(self._of_branch) - there:
            del self._of_branch[number]
        self._of_branch.setdefault(frame.branch, (Curve(), Curve()))
        if frame.history_from == self.training.count:
            for training, validation, *_ in frame.history:
                self.training.add(training)
                self.validation.add(validation)
        return self.training.count < frame.history_length
