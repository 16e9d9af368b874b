"""Widgets that draw themselves line by line, and lines of text with zones for the mouse."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.dom import DOMNode
from textual.events import Click
from textual.geometry import Region, Size
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style as VisualStyle
from textual.widget import Widget

from tuiprop.ui.drawing.numbers import whole

CURSOR = ".line--cursor"
"""The style of the cell under the cursor."""


@dataclass(frozen=True)
class Zone:
    """Part of a line that does something when it is clicked.

    Attributes:
        start: its first column.
        stop: the column after its last one.
        action: what a click does.
        node: the screen or the panel that the action is run on; None: the screen.
    """

    start: int
    stop: int
    action: str
    node: DOMNode | None = None


class LineWidget(Widget):
    """A widget that draws line by line, and whose text can be selected.

    A style is written as in Textual's markup ("bold $now"), or as the name of a component class
    after a point. A subclass with a cursor lists the component class of `CURSOR`.
    """

    # reverse video is visible without colours
    DEFAULT_CSS = """
    .line--cursor { color: $foreground; background: $background; text-style: bold reverse; }
    """

    _ground: Style | None = None
    _base: VisualStyle | None = None
    _inks: dict[str, VisualStyle] | None = None

    @property
    def area(self) -> Size:
        """Return the size without border, padding and scroll bars."""
        return self.scrollable_content_region.size

    @property
    def ground(self) -> Style:
        """Return the foreground and the background of the style sheet."""
        if self._ground is None:
            self._ground = self.rich_style
        return self._ground

    def ink(self, style: str) -> Style:
        """Return a style in the present theme, without the ground."""
        return self._visual(style).rich_style

    def _visual(self, style: str | VisualStyle) -> VisualStyle:
        if isinstance(style, VisualStyle):
            return style
        if self._inks is None:
            self._inks = {}
        if style not in self._inks:
            self._inks[style] = self._look_up(style)
        return self._inks[style]

    def _look_up(self, style: str) -> VisualStyle:
        if style.startswith("."):
            component = self.get_component_rich_style(style[1:], partial=True)
            return VisualStyle.from_rich_style(component)
        return self.app.stylesheet.parse_style(style)

    def text_strip(self, line: Content, width: int | None = None, style: str = "") -> Strip:
        """Paint a line of text, cut before a number that does not fit.

        Args:
            line: the text.
            width: columns to fill; None: the width of the widget.
            style: the style of the whole line, padding included.
        """
        width = self.area.width if width is None else width
        if self._base is None:
            self._base = VisualStyle.from_rich_style(self.ground)
        base = self._base + self._visual(style) if style else self._base
        spans = whole(line, width).render(base, "", self._visual)
        strip = Strip([Segment(text, each.rich_style) for text, each in spans])
        return strip.adjust_cell_length(width, base.rich_style)

    def notify_style_update(self) -> None:
        """Repaint after the style sheet or the theme has changed."""
        super().notify_style_update()
        self._ground = self._base = self._inks = None
        self.refresh()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected text as it is painted."""
        spans = ((y, selection.get_span(y)) for y in range(self.size.height))
        lines = [
            self.render_line(y).crop(span[0], None if span[1] < 0 else span[1]).text.rstrip()
            for y, span in spans
            if span is not None
        ]
        return "\n".join(lines), "\n"

    def render_lines(self, crop: Region) -> list[Strip]:
        """Paint lines, and mark the selection."""
        strips, selection = super().render_lines(crop), self.text_selection
        if selection is None:
            return strips
        style = self.screen.get_component_rich_style("screen--selection")
        left, top = self.gutter.left - crop.x, self.gutter.top
        marked = []
        for y, strip in enumerate(strips, crop.y - top):
            span = selection.get_span(y) if 0 <= y < self.size.height else None
            if span is not None:
                stop = self.size.width if span[1] < 0 else min(span[1], self.size.width)
                strip = _marked(strip, left + span[0], left + stop, style)
            marked.append(strip)
        return marked


def _marked(strip: Strip, start: int, stop: int, style: Style) -> Strip:
    """Apply another style to the cells from `start` to before `stop`."""
    start, stop = max(start, 0), max(stop, 0)
    middle = Segment.apply_style(strip.crop(start, stop), post_style=style)
    return Strip.join([strip.crop(0, start), Strip(middle), strip.crop(stop)])


class Line(LineWidget):
    """Lines of text from edge to edge, with zones for the mouse."""

    DEFAULT_CSS = "Line { height: 1; width: 100%; background: $panel; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._lines: Sequence[Content] = []
        self._zones: list[list[Zone]] = []

    def show(self, lines: Sequence[Content], zones: list[list[Zone]] | None = None) -> None:
        """Paint the lines that differ from those on the screen."""
        self._zones = zones or []
        pairs = zip_longest(self._lines, lines, fillvalue=Content())
        changed = [y for y, (old, new) in enumerate(pairs) if not old.is_same(new)]
        if changed:
            self._lines = lines
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def render_line(self, y: int) -> Strip:
        """Paint one line, cut or padded to the width."""
        if y < len(self._lines):
            return self.text_strip(self._lines[y])
        return Strip.blank(self.size.width, self.ground)

    async def on_click(self, event: Click) -> None:
        """Run the action of the zone under the mouse."""
        if event.y < len(self._zones):
            for zone in self._zones[event.y]:
                if zone.start <= event.x < zone.stop:
                    await self.app.run_action(zone.action, zone.node or self.screen)


def spread(left: Content, right: Content, width: int) -> Content:
    """Place two texts at the edges of a line; the left one is cut where they meet."""
    room = width - right.cell_length - 2
    if room < 1:
        return right
    left = whole(left, room)
    return Content.assemble(" ", left, " " * (room - left.cell_length), right, " ")
