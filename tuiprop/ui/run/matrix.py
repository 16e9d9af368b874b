"""The view of a matrix: a heat map of numbers with a cursor and named rows and columns."""

from dataclasses import dataclass
from textwrap import wrap
from typing import ClassVar

from rich.segment import Segment
from textual.binding import BindingType
from textual.content import Content
from textual.events import Resize
from textual.geometry import Offset, Size
from textual.message import Message
from textual.strip import Strip

from tuiprop.protocol.messages.arrays import Matrix, Window
from tuiprop.ui import keys
from tuiprop.ui.drawing.grid import CursorGrid
from tuiprop.ui.drawing.line import CURSOR
from tuiprop.ui.drawing.names import without_middle
from tuiprop.ui.drawing.numbers import CELL, Scale, exact, short, whole
from tuiprop.ui.run.cells import Cells, Layouts
from tuiprop.ui.theme import heat, heat_level, palette_of
from tuiprop.update.arrays import ArrayRef, CellRef

FRAME = 4
"""Columns of the border and of the spaces inside it."""

LEAST_HEIGHT = 6
"""Lines for three rows of numbers, the names of the columns, and the border."""


class MatrixView(CursorGrid):
    """Shows the part of an array that fits, and requests another part as the cursor leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = keys.MATRIX.bindings

    @dataclass
    class Entered(Message):
        """The user asks for the provenance of the number under the cursor."""

        view: "MatrixView"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.matrix: Matrix | None = None
        self.array = ArrayRef("W", 1)
        self.before = False
        """True to show a parameter or optimiser state as it was before the update."""
        self.followed = (False, False)
        """If its row, and if its column, is an input of the number under another cursor."""
        self._power: int | None = None
        self._layouts = Layouts(None, None)
        self._cells = Cells(CELL, Scale(0, 3), 4)
        self._room = (0, 0)

    @property
    def largest(self) -> float:
        """The largest finite magnitude, of the whole array if known, or else of the window."""
        return self._layouts.largest

    def take_power(self, exponent: int | None) -> None:
        """Write the numbers with a shared power of ten; None to choose it here."""
        if exponent != self._power:
            self._power = exponent
            self._layouts = Layouts(self.matrix, exponent)
            self._fit()

    def width_with(self, narrower: int) -> int:
        """Return the columns that the whole matrix needs, border included.

        Args:
            narrower: how many columns narrower than the widest a cell is.
        """
        if self.matrix is None:
            return FRAME + 4 + CELL
        return FRAME + self._layouts.narrowed(narrower).room_for(self.matrix.shape[1])

    @property
    def least_width(self) -> int:
        """The columns that one column of numbers needs, border included."""
        return FRAME + self._layouts.narrowest.room_for(1)

    @property
    def wanted_height(self) -> int:
        """The lines that all rows need, border included."""
        return 3 + (self.matrix.shape[0] if self.matrix is not None else 1)

    @property
    def _seen(self) -> int:
        """How many columns of the window are fully visible."""
        assert self.matrix is not None
        return min(self.matrix.window.columns, self._cells.count_in(self.area.width))

    @property
    def window(self) -> Window:
        """The part of the array to request."""
        return Window(
            array=self.array,
            before=self.before,
            row=self.top,
            rows=self.rows_in_sight,
            column=self.left,
            columns=self.columns_in_sight,
        )

    @property
    def cell(self) -> CellRef:
        """The number under the cursor."""
        return CellRef(self.array, self.row, self.column, self.before)

    def choose(self, cell: CellRef) -> None:
        """Show an array with the cursor on one of its numbers."""
        if (cell.array, cell.before) != (self.array, self.before):
            self.array, self.before = cell.array, cell.before
            self.matrix, self._layouts = None, Layouts(None, self._power)
            self._scroll_to_cell(0, 0)
        if self.matrix is None and (cell.row >= self.rows or cell.column >= self.columns):
            self.resize_to(cell.row + 1, cell.column + 1)
        self.place(cell.row, cell.column)
        self.redraw()
        self._entitle()
        self.post_message(self.Scrolled(self))

    def follow(self, row: int | None, column: int | None) -> None:
        """Move to the row and the column that a number elsewhere is computed from.

        Args:
            row: the row; None if all rows are inputs of that number.
            column: the column; None if all columns are.
        """
        self.followed = row is not None, column is not None
        self.place(self.row if row is None else row, self.column if column is None else column)
        self.redraw()
        self._entitle()

    def show(self, matrix: Matrix | None) -> None:
        """Paint this part, if it belongs to the array on display."""
        if matrix is None:
            return
        if (matrix.window.array, matrix.window.before) != (self.array, self.before):
            return
        if matrix != self.matrix:
            self.matrix = matrix
            self._layouts = Layouts(matrix, self._power)
            self._fit()
        self._entitle()

    def on_resize(self, event: Resize) -> None:
        """Request the part that fits the new size."""
        self._fit()
        self._entitle()
        super().on_resize(event)

    def _fit(self) -> None:
        """Request as much as fits beside the names."""
        if self.matrix is not None:
            self._cells = self._layouts.fitting(self.area.width)
        cells = self._cells
        self.margin, self.beside = cells.names, int(cells.tight)
        self.cell_size = Size(cells.width, 1)
        if self.matrix is not None:
            self.styles.overflow_y = "auto" if self.matrix.made else "hidden"
            self.resize_to(*self.matrix.shape)
        room = self.rows_in_sight, self.columns_in_sight
        if room != self._room:
            self._room = room
            self.post_message(self.Scrolled(self))

    @property
    def painted_from(self) -> int:
        """The first row whose numbers have arrived."""
        return self.top if self.matrix is None else self.matrix.window.row

    def place(self, row: int, column: int) -> bool:
        """Move the cursor, and write its number in full."""
        has_moved = super().place(row, column)
        if has_moved:
            self._entitle()
        return has_moved

    def redraw_rows(self, *rows: int) -> None:
        """Redraw some rows, or all if a whole row or column is marked with the cursor."""
        if any(self.followed):
            self.redraw()
        else:
            super().redraw_rows(*rows)

    def action_enter(self) -> None:
        """Ask for the provenance of the number under the cursor."""
        self.post_message(self.Entered(self))

    def cell_at(self, offset: Offset) -> tuple[int, int] | None:
        """Return the number at a place of the screen, or None."""
        if self.matrix is None:
            return None
        window = self.matrix.window
        row, column = offset.y - self.head, (offset.x - self.margin) // self.cell_size.width
        inside = 0 <= row < window.rows and offset.x >= self.margin and column < self._seen
        return (window.row + row, window.column + column) if inside else None

    def _not_shown(self, *, brief: bool = False) -> str:
        """Say how much of the array lies beyond each edge."""
        assert self.matrix is not None
        window, (rows, columns) = self.matrix.window, self.matrix.shape
        parts = [
            (n, words)
            for n, *words in (
                (window.column, "← {} more column{}", "← {}"),
                (columns - window.column - self._seen, "{} more column{} →", "{} →"),
                (window.row, "{} more row{} ↑", "{} ↑"),
                (rows - window.row - len(self._rows_seen), "{} more row{} ↓", "{} ↓"),
            )
            if n > 0
        ]
        long, short_ = (
            "   ".join(words[i].format(n, "s" if n > 1 else "") for n, words in parts)
            for i in range(2)
        )
        return short_ if brief or len(long) > self.area.width else long

    @property
    def _rows_seen(self) -> list[list[float]]:
        assert self.matrix is not None
        return self.matrix.values[: self.rows_in_sight]

    def _entitle(self) -> None:
        """Write the name, shape and statistics of the array, and the number under the cursor."""
        matrix = self.matrix
        if matrix is None:
            return
        rows, columns = matrix.shape
        parts = [
            ("b", f"{self.array}"),
            ("", " before" if self.array.is_parameter and self.before else ""),
            ("", f"  ({rows},{columns})"),
            ("$dim", f" {self.array.shape_name}".rstrip()),
        ]
        if matrix.figures is not None:
            for label, name in FIGURES:
                value = getattr(matrix.figures, name)
                parts += [("$dim", f"  {label}"), ("", f" {short(value)}")]
        if sum(len(text) for _, text in parts) > self.area.width - 2:
            del parts[3]
        while sum(len(text) for _, text in parts) > self.area.width - 2 and len(parts) > 3:
            del parts[-2:]
        title = Content.assemble(*((text, style or "not bold") for style, text in parts))
        self.border_title = whole(title, self.area.width - 2)
        self.border_subtitle = Content(self._foot())

    def _foot(self) -> str:
        """Return the number under the cursor, and how much lies beyond the edges if it fits."""
        matrix, room = self.matrix, self.area.width - 2
        assert matrix is not None
        in_full = self._cell_in_full()
        if not matrix.made or len(self._rows_seen) < self.area.height - self.head:
            return in_full
        beyond, value = self._not_shown(), in_full.rpartition(" = ")[2]
        brief = self._not_shown(brief=True)
        choices = (
            "   ".join(filter(None, each))
            for each in ((beyond, in_full), (brief, in_full), (brief, value), (brief,))
        )
        return next((each for each in choices if len(each) <= room), "")

    @property
    def _cursor_in_window(self) -> tuple[int, int] | None:
        """The row and column of the cursor in the window; None outside it."""
        matrix = self.matrix
        if matrix is None or not matrix.values:
            return None
        i, j = self.row - matrix.window.row, self.column - matrix.window.column
        inside = 0 <= i < len(matrix.values) and 0 <= j < len(matrix.values[0])
        return (i, j) if inside else None

    @property
    def value(self) -> float | None:
        """The number under the cursor; None if it has not arrived."""
        at = self._cursor_in_window
        if self.matrix is None or at is None:
            return None
        return self.matrix.values[at[0]][at[1]]

    @property
    def cell_name(self) -> str:
        """The name of the cell under the cursor, such as dW[2][versicolor,u4]."""
        matrix, at = self.matrix, self._cursor_in_window
        if matrix is None or at is None:
            return str(self.array)
        return self.array.cell_name(matrix.row_names[at[0]], matrix.column_names[at[1]])

    def _cell_in_full(self) -> str:
        matrix, at = self.matrix, self._cursor_in_window
        if matrix is None or at is None:
            return ""
        i, j = at
        name = self.cell_name
        value = exact(matrix.values[i][j])
        if matrix.before and matrix.before[i][j] != matrix.values[i][j]:
            value = f"{exact(matrix.before[i][j])} → {value}"
        room = self.area.width - 4
        long = f"{name} = {value}"
        return long if len(long) <= room else value if len(value) <= room else ""

    def _is_cursor(self, row: int, column: int) -> bool:
        by_row, by_column = self.followed
        return (row, column) == (self.row, self.column) and by_row == by_column

    def _is_read(self, row: int, column: int) -> bool:
        """Return True in a row or column that is an input as a whole."""
        by_row, by_column = self.followed
        return by_row != by_column and (row == self.row if by_row else column == self.column)

    def draw_head(self, y: int) -> Strip:
        """Draw the names of the columns."""
        matrix = self.matrix
        if matrix is None or not matrix.made:
            return self._reason(0)
        return self._strip(self._head())

    def draw_row(self, row: int, y: int) -> Strip:
        """Draw a row, or below the last one how much lies beyond the edges."""
        matrix = self.matrix
        i = row - self.painted_from
        if matrix is None or not matrix.made:
            return self._reason(i + self.head)
        if i < len(matrix.values):
            return self._strip(self._row(i))
        words = self._not_shown() if i == len(matrix.values) else ""
        return self._strip([Segment(words, self.ink("$dim"))])

    def _reason(self, y: int) -> Strip:
        """Return a line of the sentence on why there are no numbers."""
        width = self.area.width
        lines = wrap(self.matrix.absent, max(1, width)) if self.matrix else []
        words = lines[y] if y < len(lines) else ""
        return self._strip([Segment(words, self.ink("$dim"))])

    def _strip(self, segments: list[Segment]) -> Strip:
        return Strip(segments).adjust_cell_length(self.area.width).apply_style(self.ground)

    def _head(self) -> list[Segment]:
        """Return the power of ten and the names of the columns."""
        assert self.matrix is not None
        cells, first = self._cells, self.matrix.window.column
        plain, dim = self.ink("bold $foreground"), self.ink("$dim")
        mark = cells.scale.mark if self._seen else ""
        segments = [Segment(mark.ljust(cells.names), plain)]
        room = cells.width - 1
        for j, name in enumerate(self.matrix.column_names[: self._seen], first):
            written = f"{without_middle(name, room):>{room}}"
            style = plain if self.followed[1] and j == self.column else dim
            segments.append(Segment(f" {written}" if cells.tight else f"{written} ", style))
        return segments

    def _row(self, i: int) -> list[Segment]:
        """Return the name of a row and its numbers."""
        assert self.matrix is not None
        matrix, cells, largest = self.matrix, self._cells, self.largest
        row, first = matrix.window.row + i, matrix.window.column
        is_read = self.followed[0] and row == self.row
        plain = self.ink("bold $foreground" if is_read else "$foreground")
        name = without_middle(matrix.row_names[i], cells.names - (not cells.tight))
        segments = [Segment(name.ljust(cells.names), plain)]
        cursor, bracket, palette = self.ink(CURSOR), False, palette_of(self.app)
        room = cells.width - (1 if cells.tight else 2)
        for column, value in enumerate(matrix.values[i][: self._seen], first):
            written = f"{cells.scale.write(value):>{room}}"
            style = heat(palette, heat_level(value, largest))
            if self._is_read(row, column):
                style += self.ink("bold underline")
            here = self._is_cursor(row, column)
            # in tight cells, the closing bracket is drawn in the next cell
            before = Segment("[", cursor) if here else Segment(" ", style)
            segments.append(Segment("]", cursor) if bracket else before)
            segments.append(Segment(written, cursor if here else style))
            bracket = here and cells.tight
            if not cells.tight:
                segments.append(Segment("]", cursor) if here else Segment(" ", style))
        return [*segments, Segment("]", cursor)] if bracket else segments


FIGURES = (("min", "smallest"), ("max", "largest"), ("mean", "mean"), ("norm", "norm"))
