"""The bench: an operation, its result and operands, and the provenance of one number."""

from dataclasses import dataclass
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.events import DescendantFocus
from textual.message import Message

from tuiprop.protocol.messages.arrays import Numbers, NumbersQuery, Window
from tuiprop.protocol.messages.base import Query
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.moving import Motion, Position
from tuiprop.protocol.messages.operation import CurrentOperation, CurrentOperationQuery
from tuiprop.protocol.messages.provenance import Provenance, ProvenanceQuery
from tuiprop.protocol.messages.what_if import Trial, TrialQuery
from tuiprop.ui.drawing.grid import CursorGrid
from tuiprop.ui.drawing.numbers import power_of
from tuiprop.ui.run.matrix import LEAST_HEIGHT, MatrixView
from tuiprop.ui.run.operands import Operands
from tuiprop.ui.run.operation import NowPanel, Told
from tuiprop.ui.run.provenance import MOST_TERMS, SourcePanel
from tuiprop.ui.run.what_if import WhatIfPanel
from tuiprop.update.arrays import ArrayRef, CellRef

SMALLEST_TERM = 5
"""Powers of ten by which a term may be smaller than its sum and still show a digit."""


class Bench(Container):
    """Shows one array, its operation, and the provenance of the number under the cursor.

    With the class -large it has the whole screen and shows the operands; with -compact they are
    below the result, and with -single there is room for one panel beside the operation.
    With -low there is room for the operation only while an update is partly computed.
    """

    DEFAULT_CSS = """
    Bench { layout: horizontal; }
    Bench #hero { height: 1fr; width: 1fr; }
    Bench #matrices { height: 1fr; }
    Bench #matrix { width: 1fr; height: 1fr; }
    Bench #source { width: 46; height: 1fr; }
    Bench #operands, Bench #now, Bench #whatif { display: none; }
    Bench.-has-operation #now { display: block; }
    Bench.-trying #whatif { display: block; }
    Bench.-trying #now { display: none; }
    Bench.-compact #source { display: none; }
    Bench.-large { layout: vertical; }
    Bench.-large.-reads #operands { display: block; }
    Bench.-large #hero { height: 3fr; width: 100%; }
    Bench.-large #source { width: 100%; height: 2fr; }
    Bench.-compact.-large #source, Bench.-single.-large #operands { display: none; }
    Bench.-compact.-large #matrices { layout: vertical; }
    Bench.-compact.-large #operands { width: 100%; }
    Bench.-single.-large.-at-operand #operands { display: block; height: 1fr; }
    Bench.-single.-large.-at-operand #matrix { display: none; }
    Bench.-compact.-large.-at-source #source { display: block; height: 1fr; }
    Bench.-compact.-large.-at-source #hero { display: none; }
    """

    class Changed(Message):
        """The panels need other data from the engine."""

    @dataclass
    class Chosen(Message):
        """Another array is displayed."""

        array: ArrayRef

    class Asked(Message):
        """The user asks for the provenance of the number under the cursor."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._current: tuple[int, int] | None = None
        self._panel: MatrixView | SourcePanel | None = None
        self._trail: list[CellRef] = []
        """The numbers displayed before, to return to."""

    def compose(self) -> ComposeResult:
        """Compose the operation or the what-if, the matrices, and the provenance."""
        with Vertical(id="hero"):
            yield NowPanel(id="now")
            yield WhatIfPanel(id="whatif")
            with Horizontal(id="matrices"):
                yield MatrixView(id="matrix")
                yield Operands(id="operands")
        yield SourcePanel(id="source")

    @property
    def matrix(self) -> MatrixView:
        """The array on display."""
        return self.query_one("#matrix", MatrixView)

    @property
    def operands(self) -> Operands:
        """The operands of its operation."""
        return self.query_one(Operands)

    @property
    def source(self) -> SourcePanel:
        """The provenance of the number under the cursor."""
        return self.query_one(SourcePanel)

    @property
    def is_large(self) -> bool:
        """True if it has the whole screen."""
        return self.has_class("-large")

    @property
    def _shows_one(self) -> bool:
        """True if there is no room for the provenance beside the numbers."""
        return self.is_large and self.has_class("-compact")

    @property
    def _room(self) -> int:
        """The lines that the operation and the matrices share."""
        return self.query_one("#hero").size.height

    # Queries to the engine

    def queries(self, *, with_numbers: bool) -> list[Query[Any]]:
        """List the queries for the views that it shows.

        Args:
            with_numbers: the bench is visible; otherwise no numbers are requested.
        """
        if not with_numbers:
            return [CurrentOperationQuery(), TrialQuery(), NumbersQuery(), ProvenanceQuery()]
        return [
            CurrentOperationQuery(),
            TrialQuery(),
            NumbersQuery(window=self.window, operands=self.operand_windows),
            ProvenanceQuery(cell=self.cell, terms=MOST_TERMS, line_width=self.source.line_width),
        ]

    @property
    def window(self) -> Window:
        """The part of the array to request."""
        return self.matrix.window

    @property
    def operand_windows(self) -> list[Window]:
        """The parts of the operands to request."""
        return self.operands.windows if self.is_large else []

    @property
    def cell(self) -> CellRef | None:
        """The number whose provenance to request."""
        return self.matrix.cell if self.source.is_on_screen else None

    @property
    def changeable_cell(self) -> tuple[CellRef, str, float] | None:
        """The number under the cursor with its name and value; None if it cannot be changed."""
        view, value = self.matrix, self.matrix.value
        if value is None or not view.array.is_editable:
            return None
        return view.cell, view.cell_name, value

    # Painting

    def begin(self) -> None:
        """Reset to the first array of a new run."""
        self._trail.clear()
        self._current = None
        self.choose(CellRef(ArrayRef("W", 1)))

    def show(self, frame: Frame) -> None:
        """Paint a frame."""
        self._show_operation(frame)
        self.matrix.show(frame[Numbers].matrix)
        if self.is_large:
            self._show_operands(frame)
        self._share_a_power()
        self.source.show(frame[Provenance].note, _why_no_origin(frame))

    def _show_operation(self, frame: Frame) -> None:
        """Show the operation of the array on display; go to the result of a new operation."""
        numbers, update = frame[Numbers], frame[Position].update
        now, what_if = frame[CurrentOperation].operation, frame[Trial].what_if
        tries = what_if is not None and not self.has_class("-trying")
        self.set_class(what_if is not None, "-trying")
        if tries and self._shows_one:
            self.focus_panel(self.matrix)
        if numbers.matrix is not None and numbers.matrix.window.array == self.matrix.array:
            short = self.has_class("-compact") or self.has_class("-low")
            wanted = now is not None or self.is_large or not short
            begins = self.is_large and update == 0 and now is None
            self.set_class((numbers.shown is not None and wanted) or begins, "-has-operation")
        self.call_after_refresh(self._tell, frame)
        current = None if now is None else (update, now.number)
        if current != self._current and now is not None and what_if is None:
            self._trail.clear()
            self.choose(CellRef(now.result))
            if self._shows_one:
                self.focus_panel(self.matrix)
        self._current = current

    def _tell(self, frame: Frame) -> None:
        """Show the operation or the what-if, in the lines that the numbers leave."""
        matrices = 2 if self._shows_one and self.operands.views else 1
        room = self._room - matrices * LEAST_HEIGHT
        if (what_if := frame[Trial].what_if) is not None:
            self.query_one(WhatIfPanel).tell(what_if, room)
        whole = self.is_large or not self.has_class("-compact")
        self.query_one(NowPanel).tell(frame, all_lines=whole, room=room)
        if self.is_large:
            self._divide()

    def _show_operands(self, frame: Frame) -> None:
        operands = self.operands
        if operands.tell(frame[Numbers].shown):
            self.set_class(bool(operands.views), "-reads")
            self.lay_out()
            self.post_message(self.Changed())
        operands.show(frame[Numbers].operands)
        operands.follow(self.matrix.row, self.matrix.column)
        self._divide()

    def _share_a_power(self) -> None:
        """Write a sum and its terms with one power of ten."""
        summands = [self.matrix, *self.operands.summands] if self.is_large else []
        power = power_of(max((view.largest for view in summands), default=0.0))
        # a much smaller array would show only zeros
        seen = [view for view in summands if view.largest > 10.0 ** (power - SMALLEST_TERM)]
        for view in (self.matrix, *self.operands.views):
            view.take_power(power if view in seen and len(seen) > 1 else None)

    def _divide(self) -> None:
        """Give each matrix the room that it needs, as far as possible."""
        operands, result = self.operands, self.matrix
        if not operands.views or not self._room:
            return
        above = self.query_one("#whatif" if self.has_class("-trying") else "#now", Told)
        height = self._room - (above.lines + 2 if self.has_class("-has-operation") else 0)
        self.set_class(self._shows_one and height < 2 * LEAST_HEIGHT, "-single")
        if self.has_class("-single"):
            operands.show_alone(self._panel if self._panel in operands.views else operands.views[0])
        elif self._shows_one:
            operands.stack(self.size.width, height, result.wanted_height)
        else:
            operands.share(self.size.width, result)
            operands.styles.height = "1fr"

    # Navigation

    def choose(self, cell: CellRef) -> None:
        """Display an array with the cursor on one of its numbers."""
        self.matrix.choose(cell)
        if cell.array.is_of_layer:
            self.post_message(self.Chosen(cell.array))

    def choose_afresh(self, array: ArrayRef) -> None:
        """Display an array and clear the trail of numbers to return to."""
        self._trail.clear()
        self.matrix.choose(CellRef(array))

    def follow(self, cell: CellRef) -> None:
        """Display a number, and remember the current one."""
        self._trail.append(self.matrix.cell)
        self.choose(cell)

    def go_back(self) -> None:
        """Return to the previous number, or else to the result."""
        if self._trail:
            self.choose(self._trail.pop())
        else:
            self.focus_panel(self.matrix)

    def focus_panel(self, panel: MatrixView | SourcePanel) -> None:
        """Focus a panel; where there is room for only one, show it."""
        self._panel = panel
        self.lay_out()
        self.call_after_refresh(panel.focus)
        self.post_message(self.Changed())

    def lay_out(self) -> None:
        """Show all panels, or the selected one where there is room for only one."""
        operands = self.operands.views
        panel = self._panel if self._panel in (*operands, self.source) else self.matrix
        self.set_class(panel in operands, "-at-operand")
        self.set_class(panel is self.source, "-at-source")
        self._divide()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Select the focused panel where all are shown."""
        if not self._shows_one and isinstance(event.widget, MatrixView | SourcePanel):
            self._panel = event.widget

    def focus_next_panel(self, direction: int) -> bool:
        """Focus the next panel where only one is shown; return False where all are."""
        if not self._shows_one:
            return False
        operands = self.operands.views
        if not self.has_class("-single"):
            operands = [view for view in operands if view.display]
        panels: list[MatrixView | SourcePanel] = [self.matrix, *operands, self.source]
        focused = self.screen.focused
        at = next((i for i, panel in enumerate(panels) if panel is focused), 0)
        self.focus_panel(panels[(at + direction) % len(panels)])
        return True

    @on(SourcePanel.Followed)
    def _followed(self, event: SourcePanel.Followed) -> None:
        self.follow(event.cell)

    @on(CursorGrid.Moved)
    def _cursor_moved(self, event: CursorGrid.Moved) -> None:
        if event.grid is self.matrix:
            if self.is_large:
                self.operands.follow(self.matrix.row, self.matrix.column)
            self.post_message(self.Changed())

    @on(CursorGrid.Scrolled, "MatrixView")
    def _scrolled(self) -> None:
        self.post_message(self.Changed())

    @on(MatrixView.Entered)
    def _entered(self, event: MatrixView.Entered) -> None:
        if event.view is not self.matrix:
            self.follow(event.view.cell)
        self.post_message(self.Asked())


def _why_no_origin(frame: Frame) -> str:
    """Say why no provenance is shown."""
    if frame[Motion].status != "paused":
        return "Training is running. Press space to pause."
    if far := frame[CurrentOperation].updates_to_replay:
        return f"The terms need {far:,} updates to be replayed: press Shift+b, then b."
    return "Not computed yet. Press o to step."
