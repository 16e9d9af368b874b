"""The base of all aspects of the Problem view."""

from dataclasses import dataclass
from typing import ClassVar

from textual.containers import Container
from textual.message import Message

from tuiprop.protocol.messages.data import Outline
from tuiprop.protocol.messages.prediction_payloads import Subset
from tuiprop.protocol.messages.predictions import Studied, Study
from tuiprop.ui.drawing.line import Line


@dataclass
class Choice:
    """The choices of the user, which are kept from one aspect to the next."""

    subset: Subset = "all"
    percent: int = 50
    """The threshold of two classes, in hundredths."""
    cell: tuple[int, int] | None = None
    """Actual and predicted class of the examples that are listed; None: all mistakes."""
    target: int = 0
    """The index of the numeric target that is shown, where there are several."""
    example: int | None = None
    """The row of the table that is traced; None: no row was chosen yet."""

    @property
    def request(self) -> Study:
        """The request that all aspects share."""
        return Study(subset=self.subset, threshold=self.percent / 100, cell=self.cell)


class Panel(Line):
    """Lines of text with a border."""

    DEFAULT_CSS = """
    Panel { height: 1fr; width: 1fr; background: $background; padding: 0 1;
            border: round $border; border-title-color: $foreground;
            border-subtitle-color: $foreground; }
    Panel:focus { border: round $foreground; }
    """


class Aspect(Container):
    """One way to look at predictions."""

    NAME: ClassVar[str]
    """The name of the aspect in code; it is the id of the widget."""
    TITLE: ClassVar[str]
    """The name that users see."""
    FIRST: ClassVar[str]
    """Selects the widget that has the cursor keys when the aspect is chosen."""

    class Asked(Message):
        """The aspect shows something else, and needs another study."""

    @dataclass
    class Followed(Message):
        """The user asks for the trace of this example."""

        row: int

    def __init__(self, choice: Choice) -> None:
        super().__init__(id=self.NAME)
        self.choice = choice

    @classmethod
    def suits(cls, studied: Studied) -> bool:
        """Return whether the aspect applies to this problem."""
        raise NotImplementedError

    def wanted(self, request: Study, outline: Outline) -> Study:
        """Return the request with the views that this aspect shows added to it.

        Args:
            request: the request that all aspects share.
            outline: of the run.
        """
        raise NotImplementedError

    def paint(self, studied: Studied) -> None:
        """Show a study."""
        raise NotImplementedError

    def begin(self) -> None:
        """Reset the aspect for another run."""

    def escape(self) -> bool:
        """Undo the last choice; return whether there was one."""
        return False

    def ask(self) -> None:
        """Ask for another study."""
        self.post_message(self.Asked())
