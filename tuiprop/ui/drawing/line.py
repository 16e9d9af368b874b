"""The lines that are always there: two of title on top, the keys below."""

from dataclasses import dataclass
from itertools import zip_longest

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.dom import DOMNode
from textual.events import Click
from textual.geometry import Region
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from tuiprop.ui.drawing.numbers import whole


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


class Grounded(Widget):
    """A widget that draws line by line: on one ground, and to be selected from."""

    _ground: Style | None = None

    @property
    def ground(self) -> Style:
        """Foreground and background as the style sheet has them."""
        if self._ground is None:
            self._ground = self.rich_style
        return self._ground

    def notify_style_update(self) -> None:
        """The style sheet says something else from now on."""
        super().notify_style_update()
        self._ground = None

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """What is selected, as it is painted."""
        spans = ((y, selection.get_span(y)) for y in range(self.size.height))
        lines = [
            self.render_line(y).crop(span[0], None if span[1] < 0 else span[1]).text.rstrip()
            for y, span in spans
            if span is not None
        ]
        return "\n".join(lines), "\n"

    def render_lines(self, crop: Region) -> list[Strip]:
        """As painted, with what is selected marked."""
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
    """A line with the cells from `start` to before `stop` in another style as well."""
    start, stop = max(start, 0), max(stop, 0)
    middle = Segment.apply_style(strip.crop(start, stop), post_style=style)
    return Strip.join([strip.crop(0, start), Strip(middle), strip.crop(stop)])


class Line(Grounded):
    """Lines of text from edge to edge, with zones for the mouse."""

    DEFAULT_CSS = "Line { height: 1; width: 100%; background: $panel; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._lines: list[Text] = []
        self._zones: list[list[Zone]] = []

    def show(self, lines: list[Text], zones: list[list[Zone]] | None = None) -> None:
        """Paint those of these lines that differ from what is on the screen."""
        self._zones = zones or []
        # texts are equal whatever their own style
        old, new = ([(line, line.style) for line in each] for each in (self._lines, lines))
        changed = [y for y, (one, other) in enumerate(zip_longest(old, new)) if one != other]
        if changed:
            self._lines = lines
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def render_line(self, y: int) -> Strip:
        """One line, cut or filled to the width."""
        width, style = self.size.width, self.ground
        if y >= len(self._lines):
            return Strip.blank(width, style)
        line = whole(self._lines[y], width)
        segments = [s for s in line.render(self.app.console) if s.text != "\n"]
        return Strip(segments).apply_style(style).adjust_cell_length(width, style)

    async def on_click(self, event: Click) -> None:
        """Do what the zone under the mouse does."""
        if event.y < len(self._zones):
            for zone in self._zones[event.y]:
                if zone.start <= event.x < zone.stop:
                    await self.app.run_action(zone.action, zone.node or self.screen)


def spread(left: Text, right: Text, width: int) -> Text:
    """Two texts at the edges of a line; the left one is cut where they meet."""
    room = width - right.cell_len - 2
    if room < 1:
        return right
    left = whole(left, room)
    return Text.assemble(" ", left, " " * (room - left.cell_len), right, " ")
