"""A grid of cells with a cursor, scrolled: the base of every list and matrix."""

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
"""Lines that a grid keeps as they were drawn."""


class GridMessage(Message):
    """Something has happened to a grid."""

    def __init__(self, grid: "CursorGrid") -> None:
        super().__init__()
        self.grid = grid

    @property
    def control(self) -> "CursorGrid":
        """The grid, for selectors."""
        return self.grid


class CursorGrid(LineWidget, ScrollView, can_focus=True, inherit_bindings=False):
    """Rows of cells below a head that stays in sight, with a cursor on one of the cells.

    A subclass says with `resize_to` how many rows and columns there are, and draws them in
    `draw_head` and `draw_row`. Wheel, scroll bar and keys scroll; the cursor stays in sight.
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
    """Lines above the rows that stay in sight."""
    foot = 0
    """Lines below the rows that stay in sight."""
    margin = 0
    """Columns of the screen before the cells of a row."""
    beside = 0
    """Columns of the screen after them."""

    class Moved(GridMessage):
        """The cursor stands on another cell."""

    class Scrolled(GridMessage):
        """Other cells are in sight, or more or fewer of them."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.rows = self.columns = 0
        self.row = self.column = 0
        self.cell_size = Size(1, 1)
        """Columns and lines of the screen that a cell takes."""
        self._strips: LRUCache[int, Strip] = LRUCache(CACHED)

    # What is in sight

    @property
    def area(self) -> Size:
        """The columns and lines that can be drawn on; after a resize, those that there are then."""
        width, height = self.container_size
        bars = self.scrollbar_size_vertical, self.scrollbar_size_horizontal
        return Size(max(0, width - bars[0]), max(0, height - bars[1]))

    @property
    def top(self) -> int:
        """The first row in sight."""
        return -(-round(self.scroll_y) // self.cell_size.height)

    @property
    def painted_from(self) -> int:
        """The first row that is painted: until its numbers are there, another one than `top`."""
        return self.top

    @property
    def left(self) -> int:
        """The first column in sight."""
        return -(-round(self.scroll_x) // self.cell_size.width)

    @property
    def rows_in_sight(self) -> int:
        """How many rows there is room for."""
        room = self.area.height - self.head - self.foot
        return max(1, room // self.cell_size.height)

    @property
    def columns_in_sight(self) -> int:
        """How many columns there is room for."""
        return max(1, (self.area.width - self.margin - self.beside) // self.cell_size.width)

    def resize_to(self, rows: int, columns: int = 1) -> None:
        """Have so many rows and columns; the cursor stays among them."""
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
        """Have a horizontal scroll bar where a line is left for it."""
        self.styles.scrollbar_size_horizontal = int(
            self.container_size.height > self.virtual_size.height
        )

    def _nearest(self, row: int, column: int) -> tuple[int, int]:
        """The cell of the grid next to a place."""
        return max(0, min(row, self.rows - 1)), max(0, min(column, self.columns - 1))

    def _reveal(self) -> None:
        """Scroll until the cursor is in sight."""
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
        """Move the cursor with what is scrolled."""
        self.put(row, column)

    def _scrolled(self) -> None:
        """Say that other cells are in sight."""
        self.post_message(self.Scrolled(self))

    def on_resize(self, event: Resize) -> None:
        """Keep the cursor in sight."""
        self._strips.clear()
        self._make_room_for_bar()
        self._reveal()
        self.post_message(self.Scrolled(self))

    # The cursor

    def put(self, row: int, column: int) -> None:
        """Move the cursor to a cell, or the one next to it, scroll to it and say so."""
        if self.place(row, column):
            self.post_message(self.Moved(self))

    def place(self, row: int, column: int) -> bool:
        """Move the cursor as `put` does, and say nothing; whether it has moved."""
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
        """Move the cursor by the rows in sight."""
        self.action_move(pages * self.rows_in_sight, 0)

    def action_ends(self, direction: int) -> None:
        """Go to the first or the last column, or row where there is one column."""
        if self.columns > 1:
            self.action_move(0, direction * self.columns)
        else:
            self.action_move(direction * self.rows, 0)

    def action_corner(self, direction: int) -> None:
        """Go to the first or the last cell."""
        self.action_move(direction * self.rows, direction * self.columns)

    def cell_at(self, offset: Offset) -> tuple[int, int] | None:
        """The row and column of the cell at a place of the screen; None where there is none."""
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
        """A line above the rows."""
        raise NotImplementedError

    def draw_row(self, row: int, y: int) -> Strip:
        """Line `y` of a row; the row may be beyond the last."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """A line of the head, or of a row, which is drawn once until it changes."""
        if y < self.head:
            return self.draw_head(y)
        line = y - self.head + self.painted_from * self.cell_size.height
        strip = self._strips.get(line)
        if strip is None:
            strip = self._strips[line] = self.draw_row(*divmod(line, self.cell_size.height))
        return strip

    def redraw(self) -> None:
        """Draw everything anew."""
        self._strips.clear()
        self.refresh()

    def redraw_rows(self, *rows: int) -> None:
        """Draw some rows anew."""
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
        """Draw everything anew after the style sheet or the theme has changed."""
        super().notify_style_update()
        self._strips.clear()


def first_in_sight(first: int, cursor: int, room: int, count: int) -> int:
    """The first line in sight of a list that was scrolled to `first`.

    The cursor is in sight, and no room stays empty.

    Args:
        first: the first line in sight before.
        cursor: the line that the cursor stands on.
        room: lines that fit.
        count: lines of the list.
    """
    return max(min(first, cursor, count - room), cursor - max(room, 1) + 1, 0)
