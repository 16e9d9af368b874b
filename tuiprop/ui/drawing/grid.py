"""A scrollable grid of cells with a cursor: the base of every list and matrix."""

from typing import ClassVar

from textual.binding import BindingType
from textual.cache import LRUCache
from textual.events import Click, Resize
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tuiprop.ui import keys
from tuiprop.ui.drawing.line import LineWidget

CACHED = 256
"""The number of drawn lines that a grid caches."""


class GridMessage(Message):
    """Something has happened to a grid."""

    def __init__(self, grid: "CursorGrid") -> None:
        super().__init__()
        self.grid = grid

    @property
    def control(self) -> "CursorGrid":
        """Return the grid, for selectors."""
        return self.grid


class CursorGrid(LineWidget, ScrollView, can_focus=True, inherit_bindings=False):
    """Rows of cells below a fixed head, with a cursor on one of the cells.

    A subclass sets the number of rows and columns with `resize_to`, and draws them in
    `draw_head` and `draw_row`. Wheel, scroll bar and keys scroll; the cursor stays visible.
    """

    DEFAULT_CSS = """
    CursorGrid {
        overflow: auto; scrollbar-size: 0 1; scrollbar-gutter: stable; padding: 0 0 0 1;
        border: round $border; border-title-color: $foreground;
        border-subtitle-color: $foreground;
    }
    CursorGrid:focus { border: round $foreground; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"line--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = keys.GRID.bindings

    head = 1
    """Fixed lines above the rows."""
    foot = 0
    """Fixed lines below the rows."""
    margin = 0
    """Columns of the screen before the cells of a row."""
    beside = 0
    """Columns of the screen after them."""

    class Moved(GridMessage):
        """The cursor is on another cell."""

    class Scrolled(GridMessage):
        """Other cells are visible, or more or fewer of them."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.rows = self.columns = 0
        self.row = self.column = 0
        self.cell_size = Size(1, 1)
        """Columns and lines of the screen that a cell takes."""
        self._strips: LRUCache[int, Strip] = LRUCache(CACHED)

    # The visible part

    @property
    def area(self) -> Size:
        """Return the size that can be drawn on; during a resize it is the new one."""
        width, height = self.container_size
        bars = self.scrollbar_size_vertical, self.scrollbar_size_horizontal
        return Size(max(0, width - bars[0]), max(0, height - bars[1]))

    @property
    def top(self) -> int:
        """Return the first visible row."""
        return -(-round(self.scroll_y) // self.cell_size.height)

    @property
    def painted_from(self) -> int:
        """Return the first painted row, which lags behind `top` until its numbers arrive."""
        return self.top

    @property
    def left(self) -> int:
        """Return the first visible column."""
        return -(-round(self.scroll_x) // self.cell_size.width)

    @property
    def rows_in_sight(self) -> int:
        """Return how many rows fit."""
        room = self.area.height - self.head - self.foot
        return max(1, room // self.cell_size.height)

    @property
    def columns_in_sight(self) -> int:
        """Return how many columns fit."""
        return max(1, (self.area.width - self.margin - self.beside) // self.cell_size.width)

    def resize_to(self, rows: int, columns: int = 1) -> None:
        """Set the number of rows and columns; the cursor stays inside."""
        self.rows, self.columns = rows, columns
        self._set_virtual_size()
        self.row, self.column = self._nearest(self.row, self.column)
        self._reveal()
        self.redraw()

    def _set_virtual_size(self) -> None:
        width, height = self.cell_size
        self.virtual_size = Size(
            self.margin + self.columns * width + self.beside,
            self.head + self.rows * height + self.foot,
        )
        self._make_room_for_bar()

    def _make_room_for_bar(self) -> None:
        """Show the horizontal scroll bar if a line is free for it."""
        self.styles.scrollbar_size_horizontal = int(
            self.container_size.height > self.virtual_size.height
        )

    def _nearest(self, row: int, column: int) -> tuple[int, int]:
        """Return the cell of the grid that is nearest to a place."""
        return max(0, min(row, self.rows - 1)), max(0, min(column, self.columns - 1))

    def _reveal(self) -> None:
        """Scroll until the cursor is visible."""
        top = first_in_sight(self.top, self.row, self.rows_in_sight, self.rows)
        left = first_in_sight(self.left, self.column, self.columns_in_sight, self.columns)
        self._scroll_to_cell(top, left)

    def _scroll_to_cell(self, top: int, left: int) -> None:
        if top != self.top:
            self.scroll_target_y = self.scroll_y = top * self.cell_size.height
        if left != self.left:
            self.scroll_target_x = self.scroll_x = left * self.cell_size.width

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """Draw other columns, and keep the cursor among them."""
        super().watch_scroll_x(old_value, new_value)
        self._strips.clear()
        last = self.left + self.columns_in_sight - 1
        self._drag(self.row, max(self.left, min(self.column, last)))
        self._scrolled()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Show other rows, and keep the cursor among them."""
        super().watch_scroll_y(old_value, new_value)
        last = self.top + self.rows_in_sight - 1
        self._drag(max(self.top, min(self.row, last)), self.column)
        self._scrolled()

    def _drag(self, row: int, column: int) -> None:
        """Move the cursor along with the scrolling."""
        self.put(row, column)

    def _scrolled(self) -> None:
        """Announce that other cells are visible."""
        self.post_message(self.Scrolled(self))

    def on_resize(self, event: Resize) -> None:
        """Keep the cursor visible."""
        self._strips.clear()
        self._make_room_for_bar()
        self._reveal()
        self.post_message(self.Scrolled(self))

    # The cursor

    def put(self, row: int, column: int) -> None:
        """Move the cursor to the nearest cell, scroll to it and announce it."""
        if self.place(row, column):
            self.post_message(self.Moved(self))

    def place(self, row: int, column: int) -> bool:
        """Move the cursor like `put` without a message; return whether it has moved."""
        before, after = (self.row, self.column), self._nearest(row, column)
        if before == after:
            return False
        self.row, self.column = after
        self.redraw_rows(before[0], self.row)
        self._reveal()
        return True

    def action_move(self, rows: int, columns: int) -> None:
        """Move the cursor."""
        self.put(self.row + rows, self.column + columns)

    def action_page(self, pages: int) -> None:
        """Move the cursor by pages."""
        self.action_move(pages * self.rows_in_sight, 0)

    def action_ends(self, direction: int) -> None:
        """Go to the first or the last column; in a list, to the first or the last row."""
        if self.columns > 1:
            self.action_move(0, direction * self.columns)
        else:
            self.action_move(direction * self.rows, 0)

    def action_corner(self, direction: int) -> None:
        """Go to the first or the last cell."""
        self.action_move(direction * self.rows, direction * self.columns)

    def cell_at(self, offset: Offset) -> tuple[int, int] | None:
        """Return the row and column of the cell at an offset; None outside the cells."""
        row = self.painted_from + (offset.y - self.head) // self.cell_size.height
        column = self.left + (offset.x - self.margin) // self.cell_size.width
        if self.columns == 1:
            column = 0
        inside = offset.y >= self.head and offset.x >= self.margin
        return (row, column) if inside and row < self.rows and column < self.columns else None

    def on_click(self, event: Click) -> None:
        """Move the cursor to the cell under the mouse."""
        offset = event.get_content_offset(self)
        cell = None if offset is None else self.cell_at(offset)
        if cell is not None:
            self.click_on(*cell)

    def click_on(self, row: int, column: int) -> None:
        """Do what a click on a cell does."""
        self.put(row, column)

    # Painting

    def draw_head(self, y: int) -> Strip:
        """Draw a line above the rows."""
        raise NotImplementedError

    def draw_row(self, row: int, y: int) -> Strip:
        """Draw line `y` of a row; the row may be beyond the last."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """Draw a line of the head or of a row; lines of rows are cached until they change."""
        if y < self.head:
            return self.draw_head(y)
        line = y - self.head + self.painted_from * self.cell_size.height
        strip = self._strips.get(line)
        if strip is None:
            strip = self._strips[line] = self.draw_row(*divmod(line, self.cell_size.height))
        return strip

    def redraw(self) -> None:
        """Redraw everything."""
        self._strips.clear()
        self.refresh()

    def redraw_rows(self, *rows: int) -> None:
        """Redraw some rows."""
        height = self.cell_size.height
        for row in rows:
            for line in range(row * height, (row + 1) * height):
                self._strips.discard(line)
        first, area = self.head - self.painted_from * height, self.area
        places = (first + row * height for row in rows)
        regions = [Region(0, y, area.width, height) for y in places if 0 <= y < area.height]
        if regions:
            self.refresh(*regions)

    def notify_style_update(self) -> None:
        """Redraw everything after the style sheet or the theme has changed."""
        super().notify_style_update()
        self._strips.clear()


def first_in_sight(first: int, cursor: int, room: int, count: int) -> int:
    """Return the first visible line of a list that was scrolled to `first`.

    The cursor is visible, and no line stays empty.

    Args:
        first: the first visible line before.
        cursor: the line of the cursor.
        room: lines that fit.
        count: lines of the list.
    """
    return max(min(first, cursor, count - room), cursor - max(room, 1) + 1, 0)
