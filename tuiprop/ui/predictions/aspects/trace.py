"""Any data: the trace of one example through the network, activation by activation."""

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from tuiprop.protocol.messages.base import Query
from tuiprop.protocol.messages.data import Outline
from tuiprop.protocol.messages.example_trace import ExampleTrace, ExampleTraceQuery
from tuiprop.protocol.messages.frame import Frame
from tuiprop.ui import keys
from tuiprop.ui.predictions import example_trace
from tuiprop.ui.predictions.aspects.aspect import Aspect, Choice, Panel
from tuiprop.ui.predictions.aspects.listing import verdict
from tuiprop.ui.theme import palette_of

_KEYS = "[ ] previous, next example"


class Steps(Panel, can_focus=True):
    """The layers, from the input to the output."""


class TraceAspect(Aspect):
    """The example that was chosen elsewhere, or the first."""

    NAME, TITLE, FIRST = "trace", "One example", "#steps"
    BINDINGS: ClassVar[list[BindingType]] = keys.TRACE.bindings

    def __init__(self, choice: Choice) -> None:
        super().__init__(choice)
        self._panel = Steps(id="steps")
        self._frame: Frame | None = None
        self._scrolled = 0
        """Lines above the panel."""
        self._last = 0
        """The last row of the table."""

    @classmethod
    def suits(cls, outline: Outline) -> bool:
        """Return True: every problem has examples."""
        return True

    def compose(self) -> ComposeResult:
        """Lay out one panel."""
        yield self._panel

    def queries(self, outline: Outline) -> list[Query[Any]]:
        """Ask for the trace of one example."""
        self._last = outline.rows - 1
        return [self.choice.scores, ExampleTraceQuery(row=self.choice.example or 0)]

    def paint(self, frame: Frame) -> None:
        """Show the trace."""
        self._frame = frame
        view, panel = frame.get(ExampleTrace), self._panel
        if view is None:
            return
        trace = view.trace
        panel.border_subtitle = _KEYS
        if trace is None:
            row = self.choice.example or 0
            words = f"Row {row} is not used for training or validation."
            panel.border_title = f"[b]#{row}[/b]"
            panel.show([Content.styled(words, "$dim")])
            return
        held_out = "validation" if trace.held_out else "training"
        panel.border_title = verdict(trace, f", {held_out}: ")
        height = panel.size.height
        lines = example_trace.trace(
            trace, palette_of(self.app), *panel.size, plain=self.app.no_color
        )
        self._scrolled = max(0, min(self._scrolled, len(lines) - height))
        more = len(lines) - height - self._scrolled
        if self._scrolled or more > 0:
            panel.border_subtitle = f"{_KEYS}   ↑ {self._scrolled}  ↓ {more} more lines"
        panel.show(lines[self._scrolled :])

    def action_scroll(self, lines: int) -> None:
        """Scroll up or down."""
        self._scrolled += lines
        if self._frame is not None:
            self.paint(self._frame)

    def action_example(self, direction: int) -> None:
        """Show the next row of the table, or the previous one."""
        self.choice.example = max(0, min(self._last, (self.choice.example or 0) + direction))
        self.ask()
