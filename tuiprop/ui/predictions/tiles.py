"""Small pictures side by side: what each unit responds to, first-layer weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.content import Content
from textual.events import Resize
from textual.message import Message
from textual.strip import Strip

from tuiprop.protocol.messages.prediction_payloads import Grid
from tuiprop.ui import keys
from tuiprop.ui.drawing.line import Grounded
from tuiprop.ui.drawing.shading import by_sign, line_of, segments
from tuiprop.ui.theme import Palette, cursor_style

SMALLEST = (8, 3)
"""Columns and lines that a picture has at least."""


@dataclass(frozen=True)
class Tile:
    """A picture with its name."""

    name: str
    grid: Grid


class Tiles(Grounded, can_focus=True):
    """As many pictures as fit; the cursor scrolls to the others.

    Args:
        palette: the colours.
        columns: of one picture.
        lines: of one picture, its name not counted.
    """

    DEFAULT_CSS = """
    Tiles { border: round $border; border-title-color: $foreground;
            border-subtitle-color: $foreground; padding: 0 1; }
    Tiles:focus { border: round $foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = keys.TILES.bindings

    @dataclass
    class Changed(Message):
        """Other pictures are wanted."""

    @dataclass
    class Chosen(Message):
        """This one is to be shown large."""

        number: int

    def __init__(self, palette: Palette, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.palette = palette
        self.tile = (12, 5)
        """Columns and lines of one picture, its name not counted."""
        self.first = 0
        """The first that is shown."""
        self.chosen = 0
        self._tiles: list[Tile] = []
        self._total = 0

    def fit(self, total: int) -> None:
        """Make pictures as large as they can be with all of them there, or else small."""
        width, height = self.size
        most = max(1, (width + 1) // (SMALLEST[0] + 1))
        self.tile = (width + 1) // most - 1, SMALLEST[1]
        for across in range(1, most + 1):
            columns, lines = (width + 1) // across - 1, height // -(-total // across) - 1
            lines = min(lines, columns // 2)
            if lines > self.tile[1]:
                self.tile = columns, lines

    @property
    def across(self) -> int:
        """Pictures side by side."""
        return max(1, (self.size.width + 1) // (self.tile[0] + 1))

    @property
    def room(self) -> int:
        """Pictures that fit."""
        return self.across * max(1, self.size.height // (self.tile[1] + 1))

    def restart(self) -> None:
        """Others: from the first on."""
        self.first = self.chosen = 0

    def show(self, tiles: list[Tile], total: int) -> None:
        """Paint these, which are those from `first` on of so many."""
        if (tiles, total) != (self._tiles, self._total):
            self._tiles, self._total = tiles, total
            self._entitle()
            self.refresh()

    def on_resize(self, event: Resize) -> None:
        """Ask for what fits now."""
        self.post_message(self.Changed())

    def action_row(self, direction: int) -> None:
        """Up or down."""
        self.action_move(direction * self.across)

    def action_move(self, count: int) -> None:
        """Move the cursor; scroll by whole rows."""
        self.chosen = max(0, min(self.chosen + count, self._total - 1))
        row, rows = self.chosen // self.across, self.room // self.across
        top = min(max(self.first // self.across, row - rows + 1), row)
        if top * self.across != self.first:
            self.first = top * self.across
            self.post_message(self.Changed())
        self._entitle()
        self.refresh()

    def action_choose(self) -> None:
        """Show it large."""
        self.post_message(self.Chosen(self.chosen))

    def _entitle(self) -> None:
        shown = len(self._tiles)
        more = self._total - self.first - shown
        parts = [f"← {self.first} before"] if self.first else []
        parts += [f"{more} more ↓"] if more > 0 else []
        self.border_subtitle = Content("   ".join(parts))

    def render_line(self, y: int) -> Strip:
        """Names, or a line of each picture."""
        width, lines = self.tile
        row, line = divmod(y, lines + 1)
        start = row * self.across
        parts: list[Segment] = []
        ground = Style(bgcolor=self.palette.background)
        dim = Style(color=self.palette.dim, bgcolor=self.palette.background)
        for k, tile in enumerate(self._tiles[start : start + self.across], start):
            here = self.has_focus and self.first + k == self.chosen
            if line == 0:
                peers = [each.name for each in self._tiles if _layer(each) == _layer(tile)]
                name = _shortened(tile.name, [tile.name] if here else peers, width - 2 * here)
                name = f"[{name}]" if here else name
                style = cursor_style(self.palette) if here else dim
                parts += [Segment(name, style), Segment(" " * (width - len(name) + 1), ground)]
            elif 2 * (line - 1) < tile.grid.rows:
                cells = line_of(tile.grid, line - 1, by_sign(self.palette), plain=self.app.no_color)
                parts += [*segments(cells), Segment(" " * (width - tile.grid.columns + 1), ground)]
            else:
                parts.append(Segment(" " * (width + 1), ground))
        return Strip(parts, sum(len(part.text) for part in parts)).adjust_cell_length(
            self.size.width, ground
        )


def _layer(tile: Tile) -> str:
    """What its name begins with: "a[1]"."""
    return tile.name.rpartition("[")[0]


def _shortened(name: str, peers: Sequence[str], width: int) -> str:
    """Such as "a[1][u10]", or less of it: "[1][u10]", "u10", "vers…".

    A layer of which one unit has no room for its number is shown without it.
    """
    if all(len(each) - 1 <= width for each in peers):
        return name if len(name) <= width else name[1:]
    unit = name.rpartition("[")[2].removesuffix("]")
    return unit if len(unit) <= width else f"{unit[: width - 1]}…"
