"""The screen of a run: overview, matrix, cost."""

from itertools import pairwise
from time import monotonic
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from tuiprop.engine import protocol
from tuiprop.engine.protocol import (
    Frame,
    Look,
    Move,
    Pace,
    Pause,
    Refused,
    Reply,
    Seek,
    SetPace,
    Toggle,
    Window,
)
from tuiprop.ui import status
from tuiprop.ui.curve import Curve
from tuiprop.ui.keys import KEYS
from tuiprop.ui.link import Link
from tuiprop.ui.palette import Palette
from tuiprop.ui.settings import Settings
from tuiprop.ui.widgets.bars import Line, Zone, labelled, spread
from tuiprop.ui.widgets.chart import CostChart, Series
from tuiprop.ui.widgets.layers import SYMBOLS, LayerRow, LayersPanel, Marks
from tuiprop.ui.widgets.matrix import MatrixView
from tuiprop.ui.widgets.now import NowPanel

FRAMES_A_SECOND = 12
PACES: tuple[Pace | None, ...] = (
    *(Pace(rate=rate, operations=True) for rate in (1, 2, 5, 10, 20)),
    *(Pace(rate=rate) for rate in (2, 5, 10, 20, 50, 100, 1000)),
    None,
)
"""From one operation a second to flat out."""

WIDE, TALL = 100, 30
"""From so many columns and lines on, the overview has all its panels."""

CHART_EVERY = 0.3
"""Seconds between two drawings of the chart while playing."""

KEEP_EVERY = 3.0
"""Seconds between two states fetched while playing: what survives the engine's death."""


class RunScreen(Screen[None]):
    """Shows the newest frame, and moves the run."""

    DEFAULT_CSS = """
    RunScreen #title { height: 2; }
    RunScreen #middle, RunScreen #bottom { height: 1fr; }
    RunScreen #matrix { width: 1fr; height: 1fr; }
    RunScreen #now { display: none; }
    RunScreen.-begun #now { display: block; }
    RunScreen.-compact #now { height: 7; }
    RunScreen #cost { width: 1fr; height: 1fr; }
    RunScreen #facts { width: 46; height: 1fr; background: $background; padding: 0 1;
                       border: round $border; border-title-color: $foreground; }
    RunScreen #hint { background: $background; }
    RunScreen.-compact #bottom { display: none; }
    RunScreen.-compact #layers { max-height: 9; }
    RunScreen #layers { max-height: 14; }
    RunScreen.-matrix #bottom, RunScreen.-matrix #layers { display: none; }
    RunScreen.-cost #middle, RunScreen.-cost #layers, RunScreen.-cost #facts,
    RunScreen.-cost #now { display: none; }
    RunScreen.-cost #bottom { display: block; }
    RunScreen.-compact.-cost #bottom { layout: vertical; }
    RunScreen.-compact.-cost #facts { display: block; width: 100%; height: 8; }
    RunScreen.-hidden-hint #hint { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(key.binding for key in KEYS),
        Binding("escape", "escape", "back", show=False),
    ]

    class Stopped(Message):
        """A walk has come to its end by itself."""

        def __init__(self, frame: Frame) -> None:
            super().__init__()
            self.frame = frame

    def __init__(self, link: Link, palette: Palette, settings: Settings) -> None:
        super().__init__()
        self.link = link
        self.palette = palette
        self.settings = settings
        self.frame: Frame | None = None
        self.exported_update: int | None = None
        self._training, self._validation = Curve(), Curve()
        self._charted = 0.0
        self._looking = False
        self._look_again = False
        self._timer: Timer | None = None
        self._keep_timer: Timer | None = None
        self._pace = len(PACES) - 1
        self._facts = Line(id="facts")
        self._facts.border_title = "[b]Run[/b]"
        self._view = "overview"
        self._went_back = False
        self._shown_operation: tuple[int, int] | None = None
        self._told_divergence = False

    def compose(self) -> ComposeResult:
        """Title, layers, matrix, cost, facts, hint, keys."""
        yield Line(id="title")
        yield LayersPanel(self.palette, id="layers")
        yield NowPanel(id="now")
        with Horizontal(id="middle"):
            yield MatrixView(self.palette, id="matrix")
        with Horizontal(id="bottom"):
            yield CostChart(self.palette, id="cost")
            yield self._facts
        yield Line(id="hint")
        yield Line(id="footer")

    def on_mount(self) -> None:
        """Start the clocks; they run only while the engine walks."""
        self.query_one(LayersPanel).border_title = "[b]Layers[/b]"
        self.query_one(LayersPanel).focus()
        self.set_class(not self.settings.hint, "-hidden-hint")
        self._timer = self.set_interval(1 / FRAMES_A_SECOND, self.look, pause=True)
        self._keep_timer = self.set_interval(KEEP_EVERY, self.link.keep, pause=True)
        self._show_footer()
        self.query_one("#title", Line).show([Text(" opening …")])

    def on_resize(self, event: Resize) -> None:
        """Choose between all panels and the compact overview."""
        compact = event.size.width < WIDE or event.size.height < TALL
        self.set_class(compact, "-compact")
        self._show_footer()
        self._paint()

    @property
    def chosen_array(self) -> Window:
        """The whole of the array that is looked at."""
        matrix = self.query_one(MatrixView)
        return Window(symbol=matrix.symbol, layer=matrix.l, rows=10**6, columns=10**7)

    @property
    def chosen_shape(self) -> tuple[int, int]:
        """Rows and columns of that array."""
        matrix = self.query_one(MatrixView).matrix
        return matrix.shape if matrix is not None else (0, 0)

    def pause(self) -> None:
        """Stop where the run is."""
        self._move(Pause())

    def begin(self) -> None:
        """A new run has been opened."""
        self._training, self._validation = Curve(), Curve()
        self._charted = 0.0
        self.exported_update = None
        self.frame = None
        self._went_back = False
        self.query_one(MatrixView).choose("W", 1)
        self.query_one(LayersPanel).symbol = "W"
        self.query_one(LayersPanel).l = 1
        self.look()

    # Looking

    def look(self) -> None:
        """Ask for the newest frame; one question at a time."""
        if self._looking:
            self._look_again = True
            return
        self._looking, self._look_again = True, False
        window = self.query_one(MatrixView).window if self._view != "cost" else None
        self.link.send(Look(window=window, history_from=self._training.count), self._seen)

    def _seen(self, reply: Reply) -> None:
        self._looking = False
        if not self.is_attached:
            return
        if isinstance(reply, Frame) and reply.run == self.link.run:
            before = self.frame
            self.frame = reply
            if reply.history_from == self._training.count:
                for training, validation, *_ in reply.history:
                    self._training.add(training)
                    self._validation.add(validation)
            if self._training.count < reply.history_length:
                self._look_again = True
            walking = reply.status != "paused"
            for timer in (self._timer, self._keep_timer):
                if timer is not None:
                    (timer.resume if walking else timer.pause)()
            self._paint()
            if reply.diverged and not walking and not self._told_divergence:
                self._told_divergence = True
                self.app.clear_notifications()
                self.notify(reply.diverged, title="Diverged", severity="error", timeout=20)
            if not walking and (before is None or before.update != reply.update):
                self.link.keep()
            if before is not None and before.status == "playing" and not walking:
                self.post_message(self.Stopped(reply))
        if self._look_again:
            self.look()

    def lost(self) -> None:
        """The engine has died: no answer will come."""
        self._looking = self._look_again = False

    # Painting

    def _paint(self) -> None:
        frame, outline = self.frame, self.link.outline
        if frame is None or outline is None or not self.is_mounted:
            return
        self._paint_title(frame)
        shapes = _shapes(outline.sizes, frame.examples)
        names = ["input", *self.link.activations]
        rows = [
            LayerRow(
                units,
                names[l],
                shapes[l],
                frame.layers[l - 1].W if l else None,
                frame.layers[l - 1].dW if l else None,
            )
            for l, units in enumerate(outline.sizes)
        ]
        self._paint_now(frame)
        layers = self.query_one(LayersPanel)
        if layers.is_on_screen:
            if frame.now is not None:
                layers.border_subtitle = "▶ made now  ‹ › read by it  … not yet"
            elif not frame.made:
                layers.border_subtitle = (
                    f"… not made yet   columns are examples, m = {frame.examples}"
                )
            elif not self.has_class("-compact"):
                layers.border_subtitle = f"columns are examples, m = {frame.examples}"
        layers.show(rows, marks_of(frame))
        self.query_one(MatrixView).show(frame.matrix)
        self._paint_chart(frame)
        if self._facts.is_on_screen:
            facts = status.facts(frame, outline, self.palette, self._facts.size.width)
            self._facts.show(facts)
        hint = Text(f" {status.hint(frame, self._went_back)}", Style(color=self.palette.dim))
        hint.truncate(self.size.width, overflow="ellipsis")
        self.query_one("#hint", Line).show([hint])

    def _paint_now(self, frame: Frame) -> None:
        """The operation at hand, and its result as the matrix."""
        now, panel = frame.now, self.query_one(NowPanel)
        self.set_class(now is not None, "-begun")
        if now is None:
            self._shown_operation = None
            return
        self.call_after_refresh(panel.tell, now, frame.operations, self.palette)
        here = frame.update, now.number
        if here != self._shown_operation:
            self._shown_operation = here
            if now.symbol != "J":
                self.query_one(LayersPanel).choose(now.symbol, now.layer)

    def _paint_chart(self, frame: Frame) -> None:
        """The curves; while walking not with every frame, as they are the dearest to draw."""
        now = monotonic()
        if frame.status != "paused" and now - self._charted < CHART_EVERY:
            return
        self._charted = now
        palette, outline = self.palette, self.link.outline
        assert outline is not None
        series = [Series("training", palette.training, self._training)]
        if outline.validation:
            series.append(Series("validation", palette.validation, self._validation))
        chart = self.query_one(CostChart)
        chart.show(tuple(series), frame.epochs_done)
        if self.has_class("-compact") and self._view != "cost" and frame.made and not frame.now:
            line = chart.in_one_line(min(44, self.size.width // 2))
            self.query_one(LayersPanel).border_subtitle = f"{line}  m = {frame.examples}"

    def _paint_title(self, frame: Frame) -> None:
        outline, palette, width = self.link.outline, self.palette, self.size.width
        assert outline is not None
        long = width >= WIDE
        left = Text.assemble(
            (status.source_name(outline), Style(color=palette.text, bold=True)),
            "  ",
            status.architecture(outline, self.link.activations, palette, long),
        )
        if long:
            loss = outline.experiment["network"]["loss"]
            left.append(f"  {loss}  {status.optimiser(frame)}", Style(color=palette.dim))
        if self.link.inline:
            left.append("  engine inline", Style(color=palette.dim))
        right = Text.assemble(
            status.state(frame, palette), "  ", status.position(frame, outline, palette)
        )
        tabs = Text(" ")
        zones = []
        current = {"overview": "1", "matrix": "2", "cost": "3"}[self._view]
        for key, name, action in status.VIEWS:
            start = tabs.cell_len
            tabs.append(key, Style(color=palette.now, bold=key == current))
            chosen = Style(color=palette.text, bold=True, underline=True)
            tabs.append(" ").append(name, chosen if key == current else Style(color=palette.dim))
            zones.append(Zone(start, tabs.cell_len, action))
            tabs.append("  ")
        tabs = tabs[1:]
        costs = status.costs(frame, palette, width - tabs.cell_len - 3)
        lines = [spread(left, right, width), spread(tabs, costs, width)]
        self.query_one("#title", Line).show(lines, [[], zones])

    def _show_footer(self) -> None:
        items = [(key.shown, key.footer, key.action) for key in KEYS if key.footer]
        items.insert(5, ("Shift", "back", "batch(-1)"))
        text, zones = labelled(items, self.palette)
        if text.cell_len > self.size.width:
            items = [item for item in items if item[0] not in (":", "Shift")]
            text, zones = labelled(items, self.palette)
        self.query_one("#footer", Line).show([text], [zones])

    # Moving

    def _move(self, request: protocol.Message) -> None:
        self._told_divergence = False

        def done(reply: Reply) -> None:
            if isinstance(reply, Refused):
                self.notify(reply.sentence, severity="warning")

        self.link.send(request, done)
        self.look()

    def seek(self, place: Seek) -> None:
        """Go to a place, back or on."""
        here = self.frame.update if self.frame else 0
        self._went_back = (here if place.update is None else place.update) < here
        self._move(place)

    def action_play(self) -> None:
        """Play or pause."""
        self._went_back = False
        self._move(Toggle(pace=PACES[self._pace]))

    def action_pace(self, direction: int) -> None:
        """Faster or slower."""
        self._pace = max(0, min(len(PACES) - 1, self._pace + direction))
        pace = PACES[self._pace]
        self.app.clear_notifications()
        self.notify(status.pace_words(pace), timeout=1.5)
        self._move(SetPace(pace=pace))

    def action_operation(self, count: int) -> None:
        """Some operations on or back."""
        self._went_back = count < 0
        self._move(Move(operations=count))

    def action_layer(self, count: int) -> None:
        """To the end of the operations of a layer, or back."""
        self._went_back = count < 0
        self._move(Move(layers=count))

    def action_phase(self, count: int) -> None:
        """To the end of a phase, or back."""
        self._went_back = count < 0
        self._move(Move(phases=count))

    def action_batch(self, count: int) -> None:
        """Some updates on or back."""
        self._went_back = count < 0
        self._move(Move(updates=count))

    def action_epoch(self, count: int) -> None:
        """To the end of this epoch, or back to the end of the one before."""
        self._went_back = count < 0
        self._move(Move(epochs=count))

    def action_start(self) -> None:
        """The initial weights; the history stays."""
        self.seek(Seek(update=0))

    def action_newest(self) -> None:
        """The newest state of this branch."""
        self.seek(Seek(place="newest"))

    # Views

    def action_view(self, view: str) -> None:
        """Overview, matrix or cost."""
        self._view = view
        self.set_class(view == "matrix", "-matrix")
        self.set_class(view == "cost", "-cost")
        target: dict[str, type[Widget]] = {"matrix": MatrixView, "cost": CostChart}
        if view in target:
            self.query_one(target[view]).focus()
        self.call_after_refresh(self.look)

    def action_maximise(self) -> None:
        """The focused panel alone, or all of them again."""
        if self._view != "overview":
            self.action_view("overview")
        else:
            self.action_view("cost" if isinstance(self.focused, CostChart) else "matrix")

    def action_escape(self) -> None:
        """To the overview, to its first panel; from there, hide the hint for good."""
        layers = self.query_one(LayersPanel)
        if self._view != "overview":
            self.action_view("overview")
        elif self.focused is not layers:
            layers.focus()
        else:
            self.settings.hint = False
            self.settings.save()
            self.add_class("-hidden-hint")

    def action_names(self) -> None:
        """Names of sizes, or the sizes."""
        layers = self.query_one(LayersPanel)
        layers.names = not layers.names

    def action_chart_scale(self) -> None:
        """Linear or logarithmic."""
        self.query_one(CostChart).action_toggle_scale()

    def repaint_in(self, palette: Palette) -> None:
        """Another theme."""
        self.palette = palette
        panels = (
            self.query_one(LayersPanel),
            self.query_one(MatrixView),
            self.query_one(CostChart),
        )
        for panel in panels:
            panel.palette = palette
            panel.refresh()
        self._show_footer()
        self._paint()

    @on(LayersPanel.Chosen)
    def _array_chosen(self, event: LayersPanel.Chosen) -> None:
        self.query_one(MatrixView).choose(event.symbol, event.layer)

    @on(LayersPanel.Entered)
    def _array_entered(self) -> None:
        self.query_one(MatrixView).focus()

    @on(MatrixView.WindowMoved)
    def _window_moved(self) -> None:
        self.look()


def marks_of(frame: Frame) -> Marks:
    """What of the layers is made now, read by it, and not made yet."""
    if frame.now is not None:
        now = frame.now
        return Marks(
            (now.symbol, now.layer),
            frozenset((each.symbol, each.layer) for each in now.operands if not each.slot),
            frozenset(frame.unmade),
        )
    return Marks(made_nothing=not frame.made)


def _shapes(sizes: list[int], m: int) -> list[tuple[tuple[int, int] | None, ...]]:
    """Of each of `SYMBOLS`, for each layer; the input has a[0] alone."""
    shapes: list[tuple[tuple[int, int] | None, ...]] = [
        tuple((sizes[0], m) if symbol == "a" else None for symbol in SYMBOLS)
    ]
    for before, n in pairwise(sizes):
        W, b, of_batch = (n, before), (n, 1), (n, m)
        shapes.append((W, b, of_batch, of_batch, of_batch, of_batch, W, b))
    return shapes
