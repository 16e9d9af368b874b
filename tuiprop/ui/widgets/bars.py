"""The lines that are always there: two of title on top, the keys below."""

from dataclasses import dataclass
from itertools import zip_longest

from rich.style import Style
from rich.text import Text
from textual.events import Click
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tuiprop.ui.palette import Palette


@dataclass(frozen=True)
class Zone:
    """Part of a line that does something when it is clicked."""

    start: int
    stop: int
    action: str


class Grounded(Widget):
    """A widget that does not work out the style of its ground anew for every line."""

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
        segments = [s for s in self._lines[y].render(self.app.console) if s.text != "\n"]
        return Strip(segments).apply_style(style).adjust_cell_length(width, style)

    async def on_click(self, event: Click) -> None:
        """Do what the zone under the mouse does."""
        if event.y < len(self._zones):
            for zone in self._zones[event.y]:
                if zone.start <= event.x < zone.stop:
                    await self.screen.run_action(zone.action)


def spread(left: Text, right: Text, width: int) -> Text:
    """Two texts at the edges of a line; the left one is cut where they meet."""
    room = width - right.cell_len - 2
    if room < 1:
        return right
    left = left.copy()
    left.truncate(room, overflow="ellipsis")
    return Text.assemble(" ", left, " " * (room - left.cell_len), right, " ")


def labelled(items: list[tuple[str, str, str]], palette: Palette) -> tuple[Text, list[Zone]]:
    """Keys with words, as the footer has them: (key, word, action)."""
    text = Text(" ")
    zones = []
    for key, word, action in items:
        start = text.cell_len
        text.append(key, Style(color=palette.now, bold=True))
        text.append(f" {word}", Style(color=palette.text))
        zones.append(Zone(start, text.cell_len, action))
        text.append("  ")
    return text, zones
