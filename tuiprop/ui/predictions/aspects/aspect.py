"""The base of all aspects of the Problem view."""

from dataclasses import dataclass
from typing import Any, ClassVar

from textual.containers import Container
from textual.message import Message

from tuiprop.protocol.messages.base import Query
from tuiprop.protocol.messages.data import Outline
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.scores import ScoresQuery, Subset
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
    def scores(self) -> ScoresQuery:
        """The query for the scores, without a list of examples."""
        return ScoresQuery(subset=self.subset, threshold=self.percent / 100, cell=self.cell)


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
        """The aspect shows something else, and needs other views."""

    @dataclass
    class Followed(Message):
        """The user asks for the trace of this example."""

        row: int

    def __init__(self, choice: Choice) -> None:
        super().__init__(id=self.NAME)
        self.choice = choice

    @classmethod
    def suits(cls, outline: Outline) -> bool:
        """Return whether the aspect applies to this problem."""
        raise NotImplementedError

    def queries(self, outline: Outline) -> list[Query[Any]]:
        """Return queries for the views that this aspect shows, the scores among them.

        Args:
            outline: of the run.
        """
        raise NotImplementedError

    def paint(self, frame: Frame) -> None:
        """Show the views of a frame; it may lack those of this aspect."""
        raise NotImplementedError

    def begin(self) -> None:
        """Reset the aspect for another run."""

    def escape(self) -> bool:
        """Undo the last choice; return whether there was one."""
        return False

    def ask(self) -> None:
        """Ask for the views again."""
        self.post_message(self.Asked())
