"""Small pictures side by side: what each unit responds to, first-layer weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from tuiprop.protocol.messages.pictures import Grid
from tuiprop.ui import keys
from tuiprop.ui.drawing.grid import CursorGrid
from tuiprop.ui.drawing.line import CURSOR
from tuiprop.ui.drawing.shading import by_sign, line_of, segments
from tuiprop.ui.theme import palette_of

SMALLEST = (8, 3)
"""The smallest picture, in columns and lines."""


@dataclass(frozen=True)
class Tile:
    """A picture with its name."""

    name: str
    grid: Grid


class Tiles(CursorGrid):
    """Pictures in rows, of which only the visible ones are known."""

    DEFAULT_CSS = "Tiles { overflow-x: hidden; }"
    BINDINGS: ClassVar[list[BindingType]] = keys.TILES.bindings
    head = 0

    @dataclass
    class Chosen(Message):
        """The user asks for a large picture."""

        number: int

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.cell_size = Size(13, 6)
        self._tiles: dict[int, Tile] = {}
        self._asked = 0
        self._total = 0
        self._first = 0

    @property
    def painted_from(self) -> int:
        """Return the first row of the known pictures."""
        return self._first // self.across

    @property
    def picture(self) -> tuple[int, int]:
        """Return the columns and lines of a picture, without its name and the gap."""
        return self.cell_size.width - 1, self.cell_size.height - 1

    def fit(self, total: int) -> None:
        """Use the largest size at which all pictures fit, or else the smallest size."""
        width, height = self.area
        most = max(1, (width + 1) // (SMALLEST[0] + 1))
        size = (width + 1) // most - 1, SMALLEST[1]
        for across in range(1, most + 1):
            columns, lines = (width + 1) // across - 1, height // -(-total // across) - 1
            lines = min(lines, columns // 2)
            if lines > size[1]:
                size = columns, lines
        self.take_size(*size)

    def take_size(self, columns: int, lines: int) -> bool:
        """Set the size of the pictures; return whether it has changed."""
        if (columns, lines) == self.picture:
            return False
        self.cell_size = Size(columns + 1, lines + 1)
        self._arrange()
        return True

    @property
    def across(self) -> int:
        """Return how many pictures fit side by side."""
        return max(1, (self.area.width + 1) // self.cell_size.width)

    @property
    def columns_in_sight(self) -> int:
        """Return all columns, as a row has as many as fit."""
        return self.across

    @property
    def number(self) -> int:
        """Return the number of the picture under the cursor."""
        return min(self.row * self.across + self.column, max(0, self._total - 1))

    def part(self) -> tuple[int, int]:
        """Return the first visible picture, and how many pictures fit."""
        self._asked = self.top * self.across
        return self._asked, self.across * self.rows_in_sight

    def restart(self) -> None:
        """Start with the first of other pictures."""
        self._tiles = {}
        self.put(0, 0)

    def show(self, tiles: list[Tile], total: int) -> None:
        """Paint the requested pictures out of `total`."""
        known = dict(enumerate(tiles, self._asked))
        if (known, total) != (self._tiles, self._total):
            self._tiles, self._total, self._first = known, total, self._asked
            self._arrange()

    def _arrange(self) -> None:
        number = self.number
        self.row, self.column = divmod(number, self.across)
        self.resize_to(-(-self._total // self.across), self.across)
        self._entitle()

    def _scrolled(self) -> None:
        super()._scrolled()
        self._entitle()

    def put(self, row: int, column: int) -> None:
        """Move the cursor; past the end of a row it goes to the next row."""
        number = max(0, min(row * self.across + column, self._total - 1))
        super().put(*divmod(number, self.across))

    def action_choose(self) -> None:
        """Show the picture under the cursor large."""
        self.post_message(self.Chosen(self.number))

    def _entitle(self) -> None:
        first = self.top * self.across
        more = self._total - first - self.across * self.rows_in_sight
        parts = [f"← {first} before"] if first else []
        parts += [f"{more} more ↓"] if more > 0 else []
        self.border_subtitle = Content("   ".join(parts))

    def draw_row(self, row: int, y: int) -> Strip:
        """Draw the names, or a line of each picture."""
        width, start = self.picture[0], row * self.across
        parts: list[Segment] = []
        for k in range(start, start + self.across):
            tile = self._tiles.get(k)
            if tile is None:
                break
            here = self.has_focus and k == self.number
            if y == 0:
                peers = [each.name for each in self._tiles.values() if _layer(each) == _layer(tile)]
                name = _shortened(tile.name, [tile.name] if here else peers, width - 2 * here)
                name = f"[{name}]" if here else name
                parts.append(Segment(name, self.ink(CURSOR if here else "$dim")))
                drawn = len(name)
            elif 2 * (y - 1) < tile.grid.rows:
                colours, plain = by_sign(palette_of(self.app)), self.app.no_color
                parts += segments(line_of(tile.grid, y - 1, colours, plain=plain))
                drawn = tile.grid.columns
            else:
                drawn = 0
            parts.append(Segment(" " * (width - drawn + 1)))
        strip = Strip(parts).apply_style(self.ground)
        return strip.adjust_cell_length(self.area.width, self.ground)


def _layer(tile: Tile) -> str:
    """Return the array that a tile belongs to: "a[1]"."""
    return tile.name.rpartition("[")[0]


def _shortened(name: str, peers: Sequence[str], width: int) -> str:
    """Shorten a name such as "a[1][u10]": "[1][u10]", "u10", "vers…".

    A layer of which one unit has no room for its number is shown without it.
    """
    if all(len(each) - 1 <= width for each in peers):
        return name if len(name) <= width else name[1:]
    unit = name.rpartition("[")[2].removesuffix("]")
    return unit if len(unit) <= width else f"{unit[: width - 1]}…"
