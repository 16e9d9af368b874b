"""The screen of a run: overview, operation, cost."""

from functools import lru_cache
from time import monotonic
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Resize
from textual.screen import Screen
from textual.signal import Signal
from textual.timer import Timer

from tuiprop.protocol.messages.base import Query, Request
from tuiprop.protocol.messages.frame import Frame, Look
from tuiprop.protocol.messages.moving import (
    Motion,
    MotionQuery,
    Move,
    Pause,
    Position,
    Seek,
    SetSpeed,
    Speed,
    Toggle,
)
from tuiprop.protocol.messages.operation import CurrentOperation
from tuiprop.protocol.messages.proof import Proof
from tuiprop.protocol.messages.training import Branches, History, HistoryQuery, Layers, LayersQuery
from tuiprop.protocol.messages.what_if import Keep, Revert, Trial, Try
from tuiprop.ui import keys, status
from tuiprop.ui.drawing.grid import CursorGrid
from tuiprop.ui.drawing.key_bar import KeyBar
from tuiprop.ui.drawing.line import Line
from tuiprop.ui.link import Link
from tuiprop.ui.paced import Paced
from tuiprop.ui.patches.shown import Fitting
from tuiprop.ui.run.bench import Bench
from tuiprop.ui.run.chart import CostChart, Series
from tuiprop.ui.run.curves import Courses
from tuiprop.ui.run.layers import LayerRow, LayersPanel, Marks
from tuiprop.ui.run.matrix import LEAST_HEIGHT
from tuiprop.ui.settings import Settings
from tuiprop.ui.title import WIDE, Title
from tuiprop.update.arrays import SYMBOLS, ArrayRef, CellRef

FRAMES_A_SECOND = 12
SPEEDS: tuple[Speed | None, ...] = (
    *(Speed(rate=rate, operations=True) for rate in (1, 2, 5, 10, 20)),
    *(Speed(rate=rate) for rate in (2, 5, 10, 20, 50, 100, 1000)),
    None,
)
"""The speeds, from one operation per second to full speed."""

LEAST_BENCH = 14
"""Lines for an operation and three rows of its result; where they are missing, the chart yields."""

LEAST_BOTTOM = 9
"""The fewest lines of the chart."""

TALL = 30
"""The height from which all panels are shown, if the screen is also `WIDE`."""

CHART_EVERY = 0.3
"""Seconds between two drawings of the chart while playing."""

KEEP_EVERY = 3.0
"""Seconds between two states fetched while playing, which survive a crash of the engine."""

SAVES_EVERY = 2.0
"""Seconds between two checks of whether the run could be saved, while paused."""

PROOF_EVERY = 0.25
"""Seconds between two requests for an unfinished proof."""


class RunScreen(Fitting, Screen[None]):
    """Shows the newest frame, and moves the run."""

    DEFAULT_CSS = """
    RunScreen #bench { height: 3fr; }
    RunScreen #bottom { height: 2fr; min-height: 9; }
    RunScreen #cost { width: 1fr; height: 1fr; }
    RunScreen #facts { width: 46; height: 1fr; background: $background; padding: 0 1;
                       border: round $border; border-title-color: $foreground; }
    RunScreen #hint { background: $background; }
    RunScreen #layers { max-height: 13; }
    RunScreen.-cramped #bottom { min-height: 7; }
    RunScreen.-compact #bottom { display: none; }
    RunScreen.-compact #layers { max-height: 9; }
    RunScreen.-compact.-engaged #layers { max-height: 7; }
    RunScreen.-low.-engaged #bottom { display: none; }
    RunScreen.-operation #bottom, RunScreen.-operation #layers { display: none; }
    RunScreen.-cost #bench, RunScreen.-cost #layers, RunScreen.-cost #facts { display: none; }
    RunScreen.-cost #bottom, RunScreen.-low.-engaged.-cost #bottom { display: block; height: 1fr; }
    RunScreen.-compact.-cost #bottom { layout: vertical; }
    RunScreen.-compact.-cost #facts { display: block; width: 100%; height: 8; }
    RunScreen.-hidden-hint #hint { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*keys.RUN.bindings, *keys.PANELS.bindings]

    def __init__(self, link: Link, settings: Settings) -> None:
        super().__init__()
        self.link = link
        self.settings = settings
        self.frame: Frame | None = None
        self.exported_update: int | None = None
        self._courses = Courses()
        self._charted = 0.0
        self._requested: list[Query[Any]] = []
        """The queries of the newest request."""
        self.look = Paced(self._look, link.failed)
        """Shows the newest frame."""
        self.seen = Signal[Frame](self, "seen")
        """Published when a frame has been painted."""
        self._timer: Timer | None = None
        self._keep_timer: Timer | None = None
        self._speed = len(SPEEDS) - 1
        self._facts = Line(id="facts")
        self._facts.border_title = "[b]Proof[/b] and run"
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
            yield self._facts
        yield Line(id="hint")
        yield KeyBar(id="footer")

    def on_mount(self) -> None:
        """Start the timers; the first two run only while the engine trains."""
        self.layers_panel.border_title = "[b]Layers[/b]"
        self.layers_panel.focus()
        self.set_class(not self.settings.hint, "-hidden-hint")
        self._timer = self.set_interval(1 / FRAMES_A_SECOND, self.look, pause=True)
        self._keep_timer = self.set_interval(KEEP_EVERY, self.link.keep, pause=True)
        self.set_interval(PROOF_EVERY, self._look_at_the_proof)
        self.set_interval(SAVES_EVERY, self._look_for_failed_saves)
        self.query_one("#title", Title).show([Content(" opening …")])

    def on_resize(self, event: Resize) -> None:
        """Choose between all panels and the compact overview."""
        compact = event.size.width < WIDE or event.size.height < TALL
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
        self._courses = Courses()
        self._charted = 0.0
        self.exported_update = None
        self.frame = None
        self._went_back = False
        self.bench.begin()
        self.look()

    # Queries

    @property
    def _queries(self) -> list[Query[Any]]:
        """The queries of the panels, each view once."""
        queries = (
            *Title.QUERIES,
            *self.bench.queries(with_numbers=self._view != "cost"),
            LayersQuery(),
            HistoryQuery(first=self._courses.training.count),
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
        motion = frame[Motion]
        is_moving = motion.status != "paused"
        for timer in (self._timer, self._keep_timer):
            if timer is not None:
                (timer.resume if is_moving else timer.pause)()
        if self._courses.take(frame[Branches], frame[History]):
            self.look()
        self._paint()
        self._tell_divergence(motion)
        if motion.fault and motion.fault != (before[Motion].fault if before else ""):
            self.notify(motion.fault, title="Paused", severity="error", timeout=20)
        if not is_moving and (before is None or _state(before) != _state(frame)):
            self.link.keep()

    def _look_at_the_proof(self) -> None:
        """Request an unfinished proof while the run is paused."""
        frame = self.frame
        if frame is None or frame[Motion].status != "paused" or not self.is_current:
            return
        note = frame[Proof].note
        if note is None or not note.finished:
            self.look()

    def _look_for_failed_saves(self) -> None:
        """Show if a save has failed; the run is saved while it is paused too."""
        if self.frame is None or self.frame[Motion].status != "paused":
            return

        def compare(motion: Motion) -> None:
            if self.frame and motion.unkept != self.frame[Motion].unkept:
                self.look()

        self.link.send(MotionQuery(), compare)

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
        self._paint_layers(frame)
        self._paint_chart(frame)
        if self._facts.is_on_screen:
            width = self._facts.size.width
            proof = status.proof_lines(frame, width)
            self._facts.show([*proof, *status.facts(frame, outline, width)])
        words = f" {status.hint(frame, self._went_back)}"
        motion = frame[Motion]
        is_news = bool(motion.hit or motion.diverged or motion.unkept or frame[Trial].what_if)
        self.set_class(not self.settings.hint and not is_news, "-hidden-hint")
        self.query_one("#hint", Line).show([Content.styled(words, "$dim")])
        self.seen.publish(frame)

    def _make_room(self, frame: Frame) -> None:
        """Make room for numbers where there is too little.

        While an update is partly computed, the chart yields; otherwise the operation does.
        """
        lines_of_text = 4  # two of title, the hint, the keys
        room = self.size.height - lines_of_text - self.layers_panel.outer_size.height
        is_low = not self.is_compact and room < LEAST_BENCH + LEAST_BOTTOM
        self.set_class(is_low, "-low")
        self.set_class(room < LEAST_HEIGHT + LEAST_BOTTOM, "-cramped")
        self.bench.set_class(is_low, "-low")
        engaged = frame[CurrentOperation].operation or frame[Trial].what_if
        self.set_class(engaged is not None, "-engaged")

    def _paint_layers(self, frame: Frame) -> None:
        outline, layers = self.link.outline, self.layers_panel
        assert outline is not None
        examples, current = frame[Position].examples, frame[CurrentOperation]
        norms, note = frame[Layers].norms, frame[Proof].note
        shapes = _shapes(tuple(outline.sizes), examples)
        names = ["input", *self.link.activations]
        rows = [
            LayerRow(
                units,
                names[l],
                shapes[l],
                norms[l - 1].W if l else None,
                norms[l - 1].dW if l else None,
                note.layers[l - 1] if l and note and note.finished else "",
            )
            for l, units in enumerate(outline.sizes)
        ]
        columns = f"one column per example, m = {examples}"
        if layers.is_on_screen:
            if current.operation:
                layers.border_subtitle = "▶ computed now  ‹ › its inputs  … not yet"
            elif not current.computed:
                layers.border_subtitle = f"… not computed yet   {columns}"
            elif not self.is_compact:
                layers.border_subtitle = columns
        layers.show(rows, marks_of(current))

    def _paint_chart(self, frame: Frame) -> None:
        """Paint the curves, but not with every frame while playing: they are slow to draw."""
        now = monotonic()
        if frame[Motion].status != "paused" and now - self._charted < CHART_EVERY:
            return
        self._charted = now
        outline, courses = self.link.outline, self._courses
        assert outline is not None
        series = [Series("training", courses.training)]
        if outline.validation:
            series.append(Series("validation", courses.validation))
        chart = self.query_one(CostChart)
        epoch, changed = frame[Position].epochs_done, frame[History].settings_changed
        chart.show(tuple(series), epoch, tuple(courses.others), changed)
        if (
            self.is_compact
            and self._view == "overview"
            and frame[CurrentOperation].computed
            and not frame[CurrentOperation].operation
        ):
            line = chart.in_one_line(min(44, self.size.width // 2))
            self.layers_panel.border_subtitle = f"{line}  m = {frame[Position].examples}"

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

    def action_operation(self, count: int) -> None:
        """Go some operations forwards or backwards."""
        self._went_back = count < 0
        self.move(Move(operations=count))

    def action_layer(self, count: int) -> None:
        """Go to the end of the operations of a layer, or back."""
        self._went_back = count < 0
        self.move(Move(layers=count))

    def action_phase(self, count: int) -> None:
        """Go to the end of a phase, or back."""
        self._went_back = count < 0
        self.move(Move(phases=count))

    def action_batch(self, count: int) -> None:
        """Go some updates forwards or backwards."""
        self._went_back = count < 0
        self.move(Move(updates=count))

    def action_epoch(self, count: int) -> None:
        """Go to the end of this epoch, or back to the end of the previous one."""
        self._went_back = count < 0
        self.move(Move(epochs=count))

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
            self.query_one(CostChart).focus()
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
        self.query_one(CostChart).action_toggle_scale()

    @on(CursorGrid.Moved, "LayersPanel")
    def _array_chosen(self) -> None:
        self.bench.choose_afresh(self.layers_panel.array)

    @on(LayersPanel.Entered)
    def _array_entered(self) -> None:
        if self.is_trying:
            self.move(Keep())
        else:
            self.bench.matrix.focus()


def _state(frame: Frame) -> tuple[object, ...]:
    """Return the facts that a fetched state depends on."""
    return frame[Position].update, frame[Branches]


def marks_of(current: CurrentOperation) -> Marks:
    """Return the newest result, its inputs, and the arrays not computed yet."""
    now = current.operation
    if now is not None:
        reads = frozenset(operand.array for operand in now.operands)
        return Marks(now.result, reads, frozenset(current.uncomputed))
    return Marks(nothing_computed=not current.computed)


@lru_cache(maxsize=2)
def _shapes(sizes: tuple[int, ...], m: int) -> list[tuple[tuple[int, int] | None, ...]]:
    """Return the shape of each of `SYMBOLS` for each layer; None for arrays that do not exist."""
    L = len(sizes) - 1
    layers = ([ArrayRef(symbol, l) for symbol in SYMBOLS] for l in range(L + 1))
    return [
        tuple(array.shape(sizes, m) if array.exists(L) else None for array in arrays)
        for arrays in layers
    ]
