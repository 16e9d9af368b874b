"""The screen of a run: overview, operation, cost."""

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Resize
from textual.screen import Screen
from textual.signal import Signal

from tuiprop.protocol.messages.base import Query, Request
from tuiprop.protocol.messages.frame import Frame, Look
from tuiprop.protocol.messages.moving import (
    Motion,
    Move,
    Pause,
    Position,
    Seek,
    SetSpeed,
    Speed,
    Toggle,
)
from tuiprop.protocol.messages.operation import CurrentOperation
from tuiprop.protocol.messages.what_if import Keep, Revert, Trial, Try
from tuiprop.ui import keys, status
from tuiprop.ui.drawing.grid import CursorGrid
from tuiprop.ui.drawing.key_bar import KeyBar
from tuiprop.ui.link import Link
from tuiprop.ui.paced import Paced
from tuiprop.ui.patches.shown import Fitting
from tuiprop.ui.run import layout
from tuiprop.ui.run.bench import Bench
from tuiprop.ui.run.chart import CostChart
from tuiprop.ui.run.facts import FactsPanel
from tuiprop.ui.run.hint import Hint, is_news
from tuiprop.ui.run.layers import LayersPanel
from tuiprop.ui.run.polling import Polling
from tuiprop.ui.settings import Settings
from tuiprop.ui.title import Title
from tuiprop.update.arrays import CellRef

SPEEDS: tuple[Speed | None, ...] = (
    *(Speed(rate=rate, operations=True) for rate in (1, 2, 5, 10, 20)),
    *(Speed(rate=rate) for rate in (2, 5, 10, 20, 50, 100, 1000)),
    None,
)
"""The speeds, from one operation per second to full speed."""


class RunScreen(Fitting, Screen[None]):
    """Shows the newest frame, and moves the run."""

    DEFAULT_CSS = layout.CSS
    BINDINGS: ClassVar[list[BindingType]] = [*keys.RUN.bindings, *keys.PANELS.bindings]

    def __init__(self, link: Link, settings: Settings) -> None:
        super().__init__()
        self.link = link
        self.settings = settings
        self.frame: Frame | None = None
        self.exported_update: int | None = None
        self._requested: list[Query[Any]] = []
        """The queries of the newest request."""
        self.look = Paced(self._look, link.failed)
        """Shows the newest frame."""
        self.seen = Signal[Frame](self, "seen")
        """Published when a frame has been painted."""
        self._polling = Polling(link, self.look)
        self._speed = len(SPEEDS) - 1
        self._view = "overview"
        self._went_back = False
        self._told_divergence = False

    def compose(self) -> ComposeResult:
        """Compose the title, the panels, the hint and the bar of keys."""
        yield Title(id="title")
        yield LayersPanel(id="layers")
        yield Bench(id="bench")
        with Horizontal(id="bottom"):
            yield CostChart(id="cost")
            yield FactsPanel(id="facts")
        yield Hint(id="hint")
        yield KeyBar(id="footer")

    def on_mount(self) -> None:
        """Start to request frames."""
        self.layers_panel.focus()
        self.set_class(not self.settings.hint, "-hidden-hint")
        self._polling.start(self)
        self.query_one(Title).show([Content(" opening …")])

    def on_resize(self, event: Resize) -> None:
        """Choose between all panels and the compact overview."""
        compact = layout.is_compact(event.size)
        self.set_class(compact, "-compact")
        self.bench.set_class(compact, "-compact")
        self.bench.lay_out()
        self._paint()
        self.call_after_refresh(self.look)

    @property
    def layers_panel(self) -> LayersPanel:
        """The panel of all arrays."""
        return self.query_one(LayersPanel)

    @property
    def bench(self) -> Bench:
        """The operation and its numbers."""
        return self.query_one(Bench)

    @property
    def chart(self) -> CostChart:
        """The cost of every epoch."""
        return self.query_one(CostChart)

    @property
    def is_compact(self) -> bool:
        """True if there is no room for all panels."""
        return self.has_class("-compact")

    @property
    def is_trying(self) -> bool:
        """True during a what-if, which is kept or reverted before anything else."""
        return self.frame is not None and self.frame[Trial].what_if is not None

    def pause(self) -> None:
        """Pause the run."""
        self.move(Pause())

    def begin(self) -> None:
        """Show a run that has just been opened."""
        self.exported_update = None
        self.frame = None
        self._polling.follow(None)
        self._went_back = False
        self.chart.begin()
        self.bench.begin()
        self.look()

    # Queries

    @property
    def _queries(self) -> list[Query[Any]]:
        """The queries of the panels, each view once."""
        queries = (
            *Title.QUERIES,
            *LayersPanel.QUERIES,
            *self.bench.queries(with_numbers=self._view != "cost"),
            *self.chart.queries,
            *FactsPanel.QUERIES,
            *Hint.QUERIES,
        )
        return [*{type(each): each for each in queries}.values()]

    async def _look(self) -> None:
        """Show the newest frame."""
        if self.link.outline is None:
            return
        self._requested = self._queries
        frame = await self.link.ask(Look(queries=self._requested))
        # widgets are removed before the screen is
        if self.is_attached and self.query(Title) and frame.run == self.link.run:
            self._show(frame)

    def _look_for_missing(self) -> None:
        """Look again if the panels show other data than was requested."""
        if self._queries != self._requested:
            self.look()

    def _show(self, frame: Frame) -> None:
        before, self.frame = self.frame, frame
        if self.chart.take(frame):
            self.look()
        self._paint()
        motion = frame[Motion]
        self._tell_divergence(motion)
        if motion.fault and motion.fault != (before[Motion].fault if before else ""):
            self.notify(motion.fault, title="Paused", severity="error", timeout=20)
        self._polling.follow(frame)

    def _tell_divergence(self, motion: Motion) -> None:
        """Report a divergence once, and show the first number that is not finite."""
        if not motion.diverged or motion.status != "paused" or self._told_divergence:
            return
        self._told_divergence = True
        self.app.clear_notifications()
        self.notify(motion.diverged, title="Diverged", severity="error", timeout=20)
        if motion.bad is not None:
            self.bench.follow(motion.bad)

    # Painting

    def _paint(self) -> None:
        frame, outline = self.frame, self.link.outline
        if frame is None or outline is None or not self.is_mounted:
            return
        self.query_one(Title).tell(frame, self.link, self._view)
        self._make_room(frame)
        self.bench.show(frame)
        self.layers_panel.tell(frame, self.link, compact=self.is_compact)
        if self.chart.tell(frame, outline) and self.is_compact:
            self.layers_panel.summarise(frame, self.chart.in_one_line)
        self.query_one(FactsPanel).tell(frame, outline)
        self.set_class(not (self.settings.hint or is_news(frame)), "-hidden-hint")
        self.query_one(Hint).tell(frame, self._went_back)
        self.seen.publish(frame)

    def _make_room(self, frame: Frame) -> None:
        """Choose the layout by the room for numbers."""
        engaged = frame[CurrentOperation].operation or frame[Trial].what_if
        lines = self.layers_panel.outer_size.height
        classes = layout.classes_by_room(self.size, lines, engaged=engaged is not None)
        for name, is_set in classes.items():
            self.set_class(is_set, name)
        self.bench.set_class(classes["-low"], "-low")

    # Moving

    def move(self, request: Request[None], words: str = "") -> None:
        """Ask the engine for something that changes the picture.

        Args:
            request: the request.
            words: a notice to show when it is done; "" for none.
        """
        self._told_divergence = False

        def done(_: None) -> None:
            if words:
                self.notify(words)

        self.link.send(request, done)
        self.look()

    def seek(self, place: Seek) -> None:
        """Go to a place, backwards or forwards."""
        here = self.frame[Position].update if self.frame else 0
        self._went_back = (here if place.update is None else place.update) < here
        self.move(place)

    def action_play(self) -> None:
        """Play or pause."""
        self._went_back = False
        self.move(Toggle(speed=SPEEDS[self._speed]))

    def action_speed(self, direction: int) -> None:
        """Change the speed, or during a what-if the number."""
        if self.is_trying:
            self._nudge(direction)
            return
        self._speed = max(0, min(len(SPEEDS) - 1, self._speed + direction))
        speed = SPEEDS[self._speed]
        self.app.clear_notifications()
        self.notify(status.speed_words(speed), timeout=1.5)
        self.move(SetSpeed(speed=speed))

    def _nudge(self, direction: int) -> None:
        """Change the number of the what-if by 10 % of its magnitude, and at least 0.01."""
        assert self.frame is not None
        what_if = self.frame[Trial].what_if
        assert what_if is not None
        value = what_if.after + direction * max(abs(what_if.before), 0.1) / 10
        self.try_out(what_if.cell, float(f"{value:.6g}"))

    def try_out(self, cell: CellRef, value: float) -> None:
        """Start a what-if with another value of a number."""
        self.move(Try(cell=cell, value=value))

    def action_go(self, unit: str, count: int) -> None:
        """Go some operations, layers, phases, updates or epochs forwards or backwards.

        Args:
            unit: the name of a field of `Move`.
            count: how many; negative to go back.
        """
        self._went_back = count < 0
        self.move(Move(**{unit: count}))

    def action_start(self) -> None:
        """Go to the initial weights; the history is kept."""
        self.seek(Seek(update=0))

    def action_newest(self) -> None:
        """Go to the newest state of this branch."""
        self.seek(Seek(place="newest"))

    # Numbers

    @on(Bench.Asked)
    def _asked(self) -> None:
        """Show the provenance of the number under the cursor, or keep a what-if."""
        if self.is_trying:
            self.move(Keep())
            return
        if self.is_compact:
            self.action_view("operation")
        self.bench.focus_panel(self.bench.source)

    def action_return(self) -> None:
        """Return to the previous number."""
        self.bench.go_back()

    @on(Bench.Chosen)
    def _chosen(self, event: Bench.Chosen) -> None:
        self.layers_panel.mark(event.array)

    @on(Bench.Changed)
    def _changed(self) -> None:
        self.call_after_refresh(self._look_for_missing)

    def action_panel(self, direction: int) -> None:
        """Focus the next panel."""
        if not self.bench.focus_next_panel(direction):
            (self.focus_next if direction > 0 else self.focus_previous)()

    # Views

    def action_view(self, view: str) -> None:
        """Show the overview, the operation or the cost."""
        self._view = view
        self.set_class(view == "operation", "-operation")
        self.set_class(view == "cost", "-cost")
        self.bench.set_class(view == "operation", "-large")
        if view == "operation":
            self.bench.focus_panel(self.bench.matrix)
        elif view == "cost":
            self.chart.focus()
        self.call_after_refresh(self.look)

    def action_maximise(self) -> None:
        """Show the operation or the cost alone, or all panels again."""
        if self._view != "overview":
            self.action_view("overview")
        else:
            self.action_view("cost" if isinstance(self.focused, CostChart) else "operation")

    def action_escape(self) -> None:
        """Go back to the overview, then to its first panel; from there, hide the hint for good."""
        if self.is_trying:
            self.move(Revert())
        elif self._view == "operation" and self.focused is not self.bench.matrix:
            self.bench.focus_panel(self.bench.matrix)
        elif self._view != "overview":
            self.action_view("overview")
        elif self.focused is not self.layers_panel:
            self.layers_panel.focus()
        else:
            self.settings.hint = False
            self.settings.save()
            self.add_class("-hidden-hint")

    def action_names(self) -> None:
        """Show the names of sizes, or the sizes."""
        self.layers_panel.names = not self.layers_panel.names

    def action_chart_scale(self) -> None:
        """Switch between the linear and the logarithmic scale."""
        self.chart.action_toggle_scale()

    @on(CursorGrid.Moved, "LayersPanel")
    def _array_chosen(self) -> None:
        self.bench.choose_afresh(self.layers_panel.array)

    @on(LayersPanel.Entered)
    def _array_entered(self) -> None:
        if self.is_trying:
            self.move(Keep())
        else:
            self.bench.matrix.focus()
