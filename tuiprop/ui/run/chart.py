"""The cost chart: the only importer of plotext, which is imported when it first draws."""

from dataclasses import dataclass
from math import log10
from time import monotonic
from typing import Any, ClassVar

from rich.text import Text
from textual.binding import BindingType
from textual.content import Content
from textual.events import Resize
from textual.reactive import reactive
from textual.strip import Strip

from tuiprop.protocol.messages.base import Query
from tuiprop.protocol.messages.data import Outline
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.moving import Motion, MotionQuery, Position, PositionQuery
from tuiprop.protocol.messages.training import Branches, BranchesQuery, History, HistoryQuery
from tuiprop.ui import keys
from tuiprop.ui.drawing.curve import Curve
from tuiprop.ui.drawing.line import LineWidget
from tuiprop.ui.drawing.numbers import short, sparkline
from tuiprop.ui.drawing.ticks import linear_ticks, log_ticks
from tuiprop.ui.run.curves import Courses
from tuiprop.ui.theme import rgb

EVERY = 0.3
"""Seconds between two drawings while playing."""


@dataclass(frozen=True)
class Series:
    """One curve with its name and colour."""

    name: str
    """The label of the curve, and the theme variable of its colour."""
    curve: Curve


class CostChart(LineWidget, can_focus=True):
    """J against epochs, linear or logarithmic."""

    DEFAULT_CSS = """
    CostChart { border: round $border; border-title-color: $foreground; padding: 0 1;
                border-subtitle-color: $dim; }
    CostChart:focus { border: round $foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = keys.COST.bindings

    logarithmic: reactive[bool] = reactive(False)
    """The scale of J."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.courses = Courses()
        """The curves of every branch."""
        self.epoch = 0
        """The current epoch, which is marked where the curves extend beyond it."""
        self._series: tuple[Series, ...] = ()
        self._others: tuple[Curve, ...] = ()
        """The curves of other branches, drawn dim."""
        self._changed: tuple[int, ...] = ()
        """The epochs at which settings were changed; they are marked too."""
        self._version: object = None
        self._painted_at = 0.0
        self._drawn: tuple[object, list[Strip]] = (None, [])
        self._is_due = False

    @property
    def queries(self) -> list[Query[Any]]:
        """The queries for the views that it shows."""
        history = HistoryQuery(first=self.courses.training.count)
        return [PositionQuery(), MotionQuery(), BranchesQuery(), history]

    def begin(self) -> None:
        """Discard the curves of the previous run."""
        self.courses = Courses()
        self._painted_at = 0.0

    def take(self, frame: Frame) -> bool:
        """Add the epochs of a frame; return True if there are more to request."""
        return self.courses.take(frame[Branches], frame[History])

    def tell(self, frame: Frame, outline: Outline) -> bool:
        """Show the curves, but not with every frame while playing: they are slow to draw.

        Returns:
            False if this frame is left out.
        """
        now = monotonic()
        if frame[Motion].status != "paused" and now - self._painted_at < EVERY:
            return False
        self._painted_at = now
        series = [Series("training", self.courses.training)]
        if outline.validation:
            series.append(Series("validation", self.courses.validation))
        others, changed = self.courses.others, frame[History].settings_changed
        version = (
            tuple((each.name, id(each.curve), each.curve.count) for each in series),
            tuple((id(each), each.count) for each in others),
            tuple(changed),
        )
        epoch = frame[Position].epochs_done
        if (version, epoch) != (self._version, self.epoch):
            self._series, self._version, self.epoch = tuple(series), version, epoch
            self._others, self._changed = tuple(others), tuple(changed)
            self._entitle()
            self.refresh()
        return True

    def on_resize(self, event: Resize) -> None:
        """Fit the legend to the new width."""
        self._entitle()

    def action_toggle_scale(self) -> None:
        """Switch between the linear and the logarithmic scale."""
        self.logarithmic = not self.logarithmic

    def watch_logarithmic(self) -> None:
        """Name the scale in the title."""
        self._entitle()

    def _entitle(self) -> None:
        scale, other = ("log", "linear") if self.logarithmic else ("linear", "log")
        self.border_title = f"[b]Loss[/b] per epoch [$dim]{scale} (↑↓: {other})[/]"
        parts = [
            f"[${series.name}]━ {series.name} {short(series.curve.newest)}[/]"
            for series in self._series
        ]
        if left_out := sum(series.curve.left_out for series in self._series):
            parts.append(f"[$dim]{left_out} not finite, left out[/]")
        epochs = max((series.curve.count for series in self._series), default=0)
        if epochs:
            newest = "" if self.epoch >= epochs - 1 else " (newest)"
            parts.append(f"[$dim]epoch {epochs - 1}{newest}[/]")
        if self._changed:
            at = ", ".join(str(epoch) for epoch in dict.fromkeys(self._changed))
            parts.append(f"[$dim]settings changed at {at}[/]")
        if self._others:
            count = len(self._others)
            parts.append(f"[$dim]{count} other branch{'es' if count > 1 else ''} (dim)[/]")
        while parts and len(Content.from_markup("   ".join(parts))) > self.size.width - 2:
            parts.pop()
        self.border_subtitle = "   ".join(parts)

    def render_line(self, y: int) -> Strip:
        """Return a line of the last picture; a new one is drawn after the next refresh.

        Drawing takes longer than all other panels together, so neither they nor keys wait for it.
        """
        if self._drawn[0] != self._state and not self._is_due:
            self._is_due = True
            self.call_after_refresh(self._draw_anew)
        strips = self._drawn[1]
        strip = strips[y] if y < len(strips) else Strip.blank(self.size.width)
        return strip.apply_style(self.ground)

    @property
    def _state(self) -> object:
        """The state that the picture depends on."""
        return self._version, self.epoch, self.size, self.app.theme, self.logarithmic

    def _draw_anew(self) -> None:
        self._is_due = False
        state = self._state
        if self._drawn[0] != state:
            self._drawn = state, self._draw()
            self.refresh()

    def _draw(self) -> list[Strip]:
        width, height = self.size
        # the first curve is drawn last, on top of the others
        variables = self.app.theme_variables
        series = [(variables["border"], self._points(curve, width)) for curve in self._others]
        series += [
            (variables[s.name], self._points(s.curve, width)) for s in reversed(self._series)
        ]
        curves = [points for _, points in series if points]
        if not curves or width < 20 or height < 4:
            return []
        last = max(points[-1][0] for points in curves)
        colours = [colour for colour, points in series if points]
        marks = [(epoch, variables["dim"]) for epoch in dict.fromkeys(self._changed)]
        if self.epoch < last:
            marks.append((self.epoch, variables["now"]))
        colours = [colour for _, colour in marks] + colours
        figure = _figure(variables["dim"], colours)
        figure.plot_size(width, height)
        figure.axes(False, axis="x", side="upper")
        figure.axes(False, axis="y", side="right")
        lowest = min(y for points in curves for _, y in points)
        highest = max(y for points in curves for _, y in points)
        if lowest == highest:
            apart = 0.5 if self.logarithmic else max(abs(lowest) / 10, 1e-300)
            lowest, highest = lowest - apart, highest + apart
        ticks = log_ticks(lowest, highest) if self.logarithmic else linear_ticks(lowest, highest)
        low, high = min(lowest, ticks[0][0]), max(highest, ticks[-1][0])
        for epoch, _ in marks:
            figure.draw(figure.signal([epoch, epoch], [low, high], marker="braille").lines())
        for points in curves:
            xs, ys = zip(*points, strict=True)
            figure.draw(figure.signal(list(xs), list(ys), marker="braille").lines())
        vertical = figure.ruler("y", "left")
        vertical.lim(low, high)
        vertical.ticks([place for place, _ in ticks], [label for _, label in ticks])
        across = linear_ticks(0, max(last, 1), whole=True, most=max(2, width // 12))
        horizontal = figure.ruler("x", "lower")
        horizontal.lim(0, max(last, 1))
        inside = [(place, label) for place, label in across if place <= max(last, 1)]
        horizontal.ticks([place for place, _ in inside], [label for _, label in inside])
        picture = Text.from_ansi(figure.build().string())
        console = self.app.console
        return [
            Strip([s for s in line.render(console) if s.text != "\n"]).adjust_cell_length(width)
            for line in picture.split("\n")
        ][:height]

    def _points(self, curve: Curve, width: int) -> list[tuple[float, float]]:
        """Return (epoch, J or log₁₀ J); the logarithmic scale of plotext is unreliable."""
        points = curve.points(width)
        if not self.logarithmic:
            return points
        return [(epoch, log10(value)) for epoch, value in points if value > 0]

    def in_one_line(self, width: int) -> str:
        """Return the first curve as a sparkline between its first and last values."""
        if not self._series or self._series[0].curve.newest is None:
            return ""
        curve = self._series[0].curve
        ends = short(curve.first), short(curve.newest)
        room = max(1, width - len(ends[0]) - len(ends[1]) - 9)
        return f"loss {sparkline(curve.means(room))} {ends[0]} → {ends[1]}"


def _figure(text: str, colours: list[str]) -> Any:
    """Return the one figure of plotext, cleared, with a theme that keeps the background."""
    import plotext

    plotext.terminal.limit(False, False)
    plotext.add_theme(
        "tuiprop", text=plotext.pixel(rgb(text)), sequence=[rgb(colour) for colour in colours]
    )
    figure = plotext.figure
    figure.clear()
    figure.theme("tuiprop")
    return figure
