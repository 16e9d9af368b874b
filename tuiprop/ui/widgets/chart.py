"""The cost chart: the only importer of plotext, which is imported when it first draws."""

from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tuiprop.ui.numbers import short, sparkline
from tuiprop.ui.palette import Palette

if TYPE_CHECKING:
    from collections.abc import Sequence

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Series:
    """One curve: its value at epoch 0, 1, 2, …; None or not finite where there is none."""

    name: str
    colour: str
    values: "Sequence[float | None]"


class CostChart(Widget, can_focus=True):
    """J against epochs, linear or logarithmic."""

    DEFAULT_CSS = """
    CostChart { border: round $border; border-title-color: $foreground; padding: 0 1; }
    CostChart:focus { border: round $foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,down", "toggle_scale", "linear or logarithmic", show=False),
    ]

    logarithmic: reactive[bool] = reactive(False)
    """The scale of J."""

    def __init__(self, palette: Palette, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.palette = palette
        self._series: tuple[Series, ...] = ()
        self._now = 0.0
        self._drawn: tuple[object, list[Strip]] = (None, [])
        self._version = 0

    def show(self, series: tuple[Series, ...], now: float) -> None:
        """Paint these curves.

        Args:
            series: the curves.
            now: the epoch at hand, which may lie before the end of the curves.
        """
        self._series, self._now = series, now
        self._version += 1
        self._entitle()
        self.refresh()

    def action_toggle_scale(self) -> None:
        """Linear to logarithmic and back."""
        self.logarithmic = not self.logarithmic

    def watch_logarithmic(self) -> None:
        """Paint anew."""
        self._version += 1
        self._entitle()

    def _entitle(self) -> None:
        scale = "log" if self.logarithmic else "linear"
        dim = self.palette.dim
        self.border_title = f"[b]Cost J[/b] by epoch [{dim}]{scale}, ↑↓ changes it[/]"
        parts = []
        for series in self._series:
            newest = next((v for v in reversed(series.values) if v is not None), None)
            if newest is not None:
                parts.append(f"[{series.colour}]━ {series.name} {short(newest)}[/]")
        left_out = sum(len(s.values) for s in self._series) - sum(
            len(_points(s.values, self.logarithmic)) + s.values.count(None) for s in self._series
        )
        if left_out:
            parts.append(f"[{dim}]{left_out} not shown[/]")
        self.border_subtitle = "   ".join(parts)

    def render_line(self, y: int) -> Strip:
        """One line of the picture, which is drawn only when something has changed."""
        state = (self._version, self.size, self.palette.name, int(self._now))
        if self._drawn[0] != state:
            self._drawn = state, self._draw()
        strips = self._drawn[1]
        strip = strips[y] if y < len(strips) else Strip.blank(self.size.width)
        return strip.apply_style(self.rich_style)

    def _draw(self) -> list[Strip]:
        width, height = self.size
        curves = [(s, _points(s.values, self.logarithmic)) for s in self._series]
        curves = [(s, points) for s, points in curves if points]
        if not curves or width < 20 or height < 4:
            return []
        figure = _figure(self.palette)
        figure.clear()
        figure.theme(self.palette.name)
        figure.plot_size(width, height)
        figure.axes(False, axis="x", side="upper")
        figure.axes(False, axis="y", side="right")
        lowest = min(y for _, points in curves for _, y in points)
        highest = max(y for _, points in curves for _, y in points)
        last = max(points[-1][0] for _, points in curves)
        ticks = log_ticks(lowest, highest) if self.logarithmic else linear_ticks(lowest, highest)
        low, high = min(lowest, ticks[0][0]), max(highest, ticks[-1][0])
        if low == high:
            low, high = low - 0.5, high + 0.5
        for _, points in curves:
            xs, ys = zip(*reduce(points, width), strict=True)
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

    def in_one_line(self, width: int) -> str:
        """The first curve as a sparkline between its end values."""
        values = [v for v in self._series[0].values if v is not None] if self._series else []
        if not values:
            return ""
        ends = short(values[0]), short(values[-1])
        room = width - len(ends[0]) - len(ends[1]) - 6
        return f"J {sparkline(values, room)} {ends[0]} → {ends[1]}"


def _figure(palette: Palette) -> Any:
    import plotext

    plotext.terminal.limit(False, False)
    plotext.add_theme(
        palette.name,
        text=plotext.pixel(_rgb(palette.dim)),
        sequence=[_rgb(palette.training), _rgb(palette.validation)],
    )
    return plotext.figure


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _points(values: "Sequence[float | None]", logarithmic: bool) -> Points:
    """(epoch, J or log₁₀ J) of what can be drawn: a value that is not finite stops plotext."""
    points = []
    for epoch, value in enumerate(values):
        if value is None or not isfinite(value) or abs(value) > 1e300:
            continue
        if not logarithmic:
            points.append((float(epoch), value))
        elif value > 0:
            points.append((float(epoch), log10(value)))
    return points


def reduce(points: Points, width: int) -> Points:
    """At most two points a column: the smallest and the largest of each."""
    if len(points) <= 2 * width:
        return points
    reduced = []
    for column in range(width):
        part = points[column * len(points) // width : (column + 1) * len(points) // width]
        ends = {min(part, key=lambda p: p[1]), max(part, key=lambda p: p[1])}
        reduced += sorted(ends)
    return reduced


def linear_ticks(
    low: float, high: float, *, whole: bool = False, most: int = 5
) -> list[tuple[float, str]]:
    """Round places, 1, 2 or 5 times a power of ten apart, that span low to high."""
    span = high - low or abs(high) or 1.0
    raw = span / most
    power = 10.0 ** floor(log10(raw))
    step = next(f * power for f in (1, 2, 5, 10) if f * power >= raw * 0.999)
    if whole:
        step = max(1.0, step)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    if first == last:
        last += 1
    places = max(0, -floor(log10(step) + 1e-9))
    return [(i * step, _plain(i * step, places)) for i in range(first, last + 1)]


def _plain(value: float, places: int) -> str:
    if value and (abs(value) >= 1e6 or places > 5):
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{value:.{places}f}"


def log_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Round places for log₁₀ values: decades, or 1, 2 and 5 of each where there are few."""
    first, last = floor(low), ceil(high)
    if last - first > 2:
        every = ceil((last - first) / 5)
        return [(float(d), f"1e{d}") for d in range(first, last + 1, every)]
    marks = [(log10(f) + d, f * 10.0**d) for d in range(first, last + 1) for f in (1, 2, 5)]
    below = max((m for m in marks if m[0] <= low + 1e-9), default=marks[0])
    above = min((m for m in marks if m[0] >= high - 1e-9), default=marks[-1])
    chosen = [m for m in marks if below[0] <= m[0] <= above[0]]
    return [(place, f"{value:g}") for place, value in chosen]
