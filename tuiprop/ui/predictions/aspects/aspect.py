"""What all aspects of the Problem view have in common."""

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
    """What was chosen; it holds from one aspect to the next."""

    subset: Subset = "all"
    percent: int = 50
    """The threshold of two classes, in hundredths."""
    cell: tuple[int, int] | None = None
    """Actual and predicted class of the examples that are listed; None: all mistakes."""
    target: int = 0
    """Of several targets of numbers the one that is shown."""
    example: int | None = None
    """The row of the table that is followed; None: nothing was chosen yet."""

    @property
    def request(self) -> Study:
        """What every aspect asks for."""
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
    """As the class of its style."""
    TITLE: ClassVar[str]
    """As it is written for people."""
    FIRST: ClassVar[str]
    """Selects the widget that has the cursor keys when the aspect is chosen."""

    class Asked(Message):
        """It shows something else from now on: another study is wanted."""

    @dataclass
    class Followed(Message):
        """The way of this example through the network is wanted."""

        row: int

    def __init__(self, choice: Choice) -> None:
        super().__init__(id=self.NAME)
        self.choice = choice

    @classmethod
    def suits(cls, studied: Studied) -> bool:
        """Whether this problem has it."""
        raise NotImplementedError

    def wanted(self, request: Study, outline: Outline) -> Study:
        """What it shows, added to what every aspect asks for.

        Args:
            request: what every aspect asks for.
            outline: of the run.
        """
        raise NotImplementedError

    def paint(self, studied: Studied) -> None:
        """Show it."""
        raise NotImplementedError

    def begin(self) -> None:
        """Another run: forget what belongs to the one before."""

    def escape(self) -> bool:
        """Take back what was chosen last; whether there was anything."""
        return False

    def ask(self) -> None:
        """Another study is wanted."""
        self.post_message(self.Asked())
