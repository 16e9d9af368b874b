"""Classes: the confusion matrix, the examples of its cells, ROC and threshold of two classes."""

from typing import Any, ClassVar

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content

from tuiprop.protocol.messages.base import Query
from tuiprop.protocol.messages.data import Outline
from tuiprop.protocol.messages.example_trace import ExampleTraceQuery
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.scores import ClassesNote, Scores
from tuiprop.ui import keys
from tuiprop.ui.drawing import diagrams
from tuiprop.ui.drawing.grid import CursorGrid
from tuiprop.ui.predictions import example_trace
from tuiprop.ui.predictions.aspects.aspect import Aspect, Choice, Panel
from tuiprop.ui.predictions.aspects.listing import list_examples, trace_of, verdict
from tuiprop.ui.predictions.confusion import Confusion
from tuiprop.ui.predictions.examples import Examples
from tuiprop.ui.theme import palette_of
from tuiprop.ui.title import WIDE


class ClassesAspect(Aspect):
    """The confusion matrix and its scores; below it examples, and the ROC or a trace."""

    NAME, TITLE, FIRST = "classes", "Classes", "Confusion"
    DEFAULT_CSS = """
    ClassesAspect Confusion { height: auto; max-height: 70%; }
    ClassesAspect #below, ClassesAspect #mistakes { height: 1fr; }
    ClassesAspect #mistakes { width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = keys.CLASSES.bindings

    def __init__(self, choice: Choice) -> None:
        super().__init__(choice)
        self._roc, self._peek = Panel(id="roc"), Panel(id="peek")

    @classmethod
    def suits(cls, outline: Outline) -> bool:
        """Return whether the targets are classes."""
        return bool(outline.classes)

    def compose(self) -> ComposeResult:
        """Lay out the matrix above, and the examples of its cells below."""
        with Vertical():
            yield Confusion()
            with Horizontal(id="below"):
                yield self._roc
                yield Examples(id="mistakes")
                yield self._peek

    @property
    def _mistakes(self) -> Examples:
        return self.query_one("#mistakes", Examples)

    def queries(self, outline: Outline) -> list[Query[Any]]:
        """Ask for the examples that fit, and the trace of the one under the cursor."""
        first, count = self._mistakes.part()
        scores = replace(self.choice.scores, first=first, count=count)
        row = self._mistakes.table_row if self._peek.display else None
        return [scores] if row is None else [scores, ExampleTraceQuery(row=row)]

    def paint(self, frame: Frame) -> None:
        """Show the scores, or nothing where the subset is empty."""
        note, confusion = frame[Scores].classes, self.query_one(Confusion)
        confusion.display = self.query_one("#below").display = note is not None
        if note is None:
            return
        confusion.show(note)
        confusion.styles.height = confusion.wanted_height
        list_examples(self._mistakes, frame[Scores], self.choice)
        self._roc.display = note.roc is not None
        self._peek.display = note.roc is None and self.size.width >= WIDE
        if note.roc is not None:
            self._paint_roc(note)
        elif self._peek.display:
            self._paint_peek(frame)

    def _paint_roc(self, note: ClassesNote) -> None:
        panel = self._roc
        area = "" if note.roc is None or note.roc.area is None else f"  area {note.roc.area:.4f}"
        panel.border_title = Content.assemble(("ROC", "b"), area)
        panel.border_subtitle = Content(
            f"◉ {note.classes[1]} if p > {note.threshold:.2f}   , . move"
        )
        panel.show(diagrams.roc(note, *panel.size))

    def _paint_peek(self, frame: Frame) -> None:
        trace, panel = trace_of(frame), self._peek
        if trace is None or trace.row != self._mistakes.table_row:
            panel.show([])
            if self._mistakes.table_row is not None:
                self.ask()
            return
        panel.border_title = verdict(trace)
        panel.show(
            example_trace.outcome(trace, palette_of(self.app), *panel.size, plain=self.app.no_color)
        )

    def begin(self) -> None:
        """Start at the beginning of the list."""
        self._mistakes.restart()

    def escape(self) -> bool:
        """Return from the examples of one cell to all mistakes."""
        if self.choice.cell is None:
            return False
        self.choice.cell = None
        self._anew()
        return True

    def action_threshold(self, direction: int) -> None:
        """Raise or lower the threshold of the second class."""
        self.choice.percent = max(0, min(100, self.choice.percent + direction))
        self._anew()

    def _anew(self) -> None:
        self._mistakes.restart()
        self.ask()

    @on(Confusion.Chosen)
    def _cell_chosen(self, event: Confusion.Chosen) -> None:
        """List the examples of a cell, or all mistakes if they are listed already."""
        self.choice.cell = None if event.cell == self.choice.cell else event.cell
        self._anew()
        self._mistakes.focus()

    @on(CursorGrid.Moved, "Examples")
    @on(CursorGrid.Scrolled, "Examples")
    def _examples_moved(self) -> None:
        self.ask()

    @on(Examples.Chosen)
    def _example_chosen(self, event: Examples.Chosen) -> None:
        self.post_message(self.Followed(event.row))
