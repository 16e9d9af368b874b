"""Numbers: predicted against actual, residuals, R², MAE and RMSE in the target's units."""

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content

from tuiprop.protocol.messages.base import Query
from tuiprop.protocol.messages.data import Outline
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.scores import Scores
from tuiprop.ui import keys
from tuiprop.ui.drawing import diagrams
from tuiprop.ui.predictions.aspects.aspect import Aspect, Choice, Panel
from tuiprop.ui.predictions.aspects.listing import list_examples
from tuiprop.ui.predictions.examples import Examples


class NumbersAspect(Aspect):
    """One target in full; R² of the others."""

    NAME, TITLE, FIRST = "numbers", "Numbers", "#residuals"
    DEFAULT_CSS = """
    NumbersAspect #scatter { width: 3fr; }
    NumbersAspect #beside { width: 2fr; height: 1fr; }
    NumbersAspect #figures { height: 13; }
    NumbersAspect Examples { height: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = keys.TARGETS.bindings

    def __init__(self, choice: Choice) -> None:
        super().__init__(choice)
        self._scatter, self._figures = Panel(id="scatter"), Panel(id="figures")
        self._targets = 1

    @classmethod
    def suits(cls, outline: Outline) -> bool:
        """Return whether the targets are numbers."""
        return not outline.classes

    def compose(self) -> ComposeResult:
        """Lay out the diagram, and beside it the figures and the largest residuals."""
        with Horizontal():
            yield self._scatter
            with Vertical(id="beside"):
                yield self._figures
                yield Examples(id="residuals")

    def queries(self, outline: Outline) -> list[Query[Any]]:
        """Ask for the scores."""
        return [self.choice.scores]

    def paint(self, frame: Frame) -> None:
        """Show the scores, or nothing where the subset is empty."""
        scores = frame[Scores]
        if not scores.numbers:
            return
        score = scores.numbers[self.choice.target]
        scatter, figures = self._scatter, self._figures
        scatter.border_title = Content.assemble((score.name, "b"), "  predicted against actual")
        scatter.border_subtitle = "● training  ◆ validation  · equal"
        scatter.show(diagrams.scatter(score, *scatter.size))
        figures.border_title = Content.assemble((score.name, "b"), "  original units")
        others = [
            f"{each.name}: R² {diagrams.r_squared(each)}"
            for each in scores.numbers
            if each is not score
        ]
        figures.border_subtitle = Content(_hint(others, figures.size.width))
        self._targets = len(scores.numbers)
        figures.show(diagrams.number_words(score, figures.size.width))
        list_examples(self.query_one(Examples), scores, self.choice)

    def begin(self) -> None:
        """Start at the beginning of the list."""
        self.query_one(Examples).restart()

    def action_target(self, direction: int) -> None:
        """Show another target in full."""
        self.choice.target = (self.choice.target + direction) % self._targets
        self.begin()
        self.ask()

    @on(Examples.Chosen)
    def _example_chosen(self, event: Examples.Chosen) -> None:
        self.post_message(self.Followed(event.row))


def _hint(others: list[str], width: int) -> str:
    """Return the scores of the other targets that fit, and the keys that choose them."""
    if not others:
        return ""
    for count in range(len(others), 0, -1):
        for names in (", . another", ", ."):
            words = "   ".join([*others[:count], names])
            if len(words) <= width:
                return words
    return ", . another"
