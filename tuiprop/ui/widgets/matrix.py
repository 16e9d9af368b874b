"""A matrix: heat-coloured, scrolled, with a cursor, rows and columns named."""

from dataclasses import dataclass
from textwrap import wrap
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click, MouseScrollDown, MouseScrollUp, Resize
from textual.message import Message
from textual.strip import Strip

from tuiprop.engine.notes import Matrix, Place, Window
from tuiprop.ui.numbers import CELL, Scale, scale_of, short
from tuiprop.ui.palette import Palette, cursor_style, heat, heat_level
from tuiprop.ui.scrolling import first_in_sight
from tuiprop.ui.widgets.bars import Grounded
from tuiprop.ui.widgets.layers import name_of_shape

WIDEST_CELL = 18
"""Columns of a cell, at most."""

LONGEST_NAME = 16
"""Columns of the names of rows, at most."""


@dataclass(frozen=True)
class ArrayName:
    """An array of the update at hand."""

    symbol: str
    layer: int
    slot: str = ""
    """The letter of a slot of the optimiser; the symbol is then the parameter it belongs to."""
    before: bool = False
    """Of W, b and slots: as it was before the update."""

    def __str__(self) -> str:
        """As the notes write it."""
        name = self.symbol if self.symbol in ("y", "J") else f"{self.symbol}[{self.layer}]"
        return f"{self.slot}({name})" if self.slot else name


class MatrixView(Grounded, can_focus=True):
    """The part of one array that fits; asks for another part as the cursor leaves it."""

    DEFAULT_CSS = """
    MatrixView { border: round $border; border-title-color: $foreground; padding: 0 1; }
    MatrixView:focus { border: round $foreground; }
    MatrixView { border-subtitle-color: $foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(0, -1)", "left", show=False),
        Binding("right", "move(0, 1)", "right", show=False),
        Binding("up", "move(-1, 0)", "up", show=False),
        Binding("down", "move(1, 0)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home", "ends(-1)", "first column", show=False),
        Binding("end", "ends(1)", "last column", show=False),
        Binding("enter", "enter", "where does this number come from?", show=False),
    ]

    class WindowMoved(Message):
        """Another part of the array is wanted."""

    @dataclass
    class CursorMoved(Message):
        """The cursor stands on another number."""

        view: "MatrixView"

    @dataclass
    class Entered(Message):
        """The number under the cursor is asked about."""

        view: "MatrixView"

    @dataclass(frozen=True)
    class _Room:
        """How many rows and columns fit."""

        rows: int
        columns: int

    def __init__(self, palette: Palette, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.palette = palette
        self.matrix: Matrix | None = None
        self.name_of_array = ArrayName("W", 1)
        self.followed = (False, False)
        """Its row, its column is the one that a number elsewhere is made from."""
        self.row = self.column = 0
        self._top = self._left = 0
        self._scale = Scale(0, 3)
        self._largest = 0.0
        self._room = self._Room(1, 1)

    @property
    def _name_width(self) -> int:
        """Columns that the names of the rows take, with a blank."""
        names = self.matrix.row_names if self.matrix else []
        return min(LONGEST_NAME, max(map(len, names), default=2) + 2)

    @property
    def _cell_width(self) -> int:
        """Columns of a cell: wider than a number needs where the names then fit whole."""
        if self.matrix is None:
            return CELL
        wanted = min(WIDEST_CELL, max(map(len, self.matrix.column_names), default=0) + 2)
        room = self.size.width - self._name_width
        return wanted if wanted > CELL and wanted * self.matrix.shape[1] <= room else CELL

    @property
    def window(self) -> Window:
        """The part that is wanted."""
        array = self.name_of_array
        return Window(
            symbol=array.symbol,
            layer=array.layer,
            slot=array.slot,
            before=array.before,
            row=self._top,
            rows=self._room.rows,
            column=self._left,
            columns=self._room.columns,
        )

    @property
    def symbol(self) -> str:
        """Of the array."""
        return self.name_of_array.symbol

    @property
    def place(self) -> Place:
        """Where the cursor stands."""
        array = self.name_of_array
        return Place(
            symbol=array.symbol,
            layer=array.layer,
            slot=array.slot,
            before=array.before,
            row=self.row,
            column=self.column,
        )

    def choose(self, array: ArrayName, row: int = 0, column: int = 0) -> None:
        """Another array, with the cursor on one of its cells."""
        if array != self.name_of_array:
            self.name_of_array, self.matrix = array, None
            self._top = self._left = 0
        self.row, self.column = row, column
        self._follow()
        self.post_message(self.WindowMoved())

    def follow(self, row: int | None, column: int | None) -> None:
        """Show the row or the column that a number elsewhere is made from; None: all of them."""
        self.followed = row is not None, column is not None
        self.row = self.row if row is None else row
        self.column = self.column if column is None else column
        self._clamp()
        self._follow()

    def show(self, matrix: Matrix | None) -> None:
        """Paint this part, if it is of the array that is wanted."""
        if matrix is None or _array_of(matrix.window) != self.name_of_array:
            return
        if matrix != self.matrix:
            self.matrix = matrix
            self._fit()
            self._largest = _largest(matrix)
            self._scale = scale_of(self._largest)
            self._clamp()
            self.refresh()
        self._entitle()

    def on_resize(self, event: Resize) -> None:
        """Ask for what fits now."""
        self._room = self._Room(0, 0)
        self._fit()

    def _fit(self) -> None:
        """Ask for as much as fits beside the names."""
        width, height = self.size
        room = self._Room(max(1, height - 2), max(1, (width - self._name_width) // CELL))
        if room != self._room:
            self._room = room
            self._follow()
            self.post_message(self.WindowMoved())

    def action_move(self, rows: int, columns: int) -> None:
        """Move the cursor."""
        self.row += rows
        self.column += columns
        self._clamp()
        self._follow()
        self.post_message(self.CursorMoved(self))

    def action_enter(self) -> None:
        """Where does the number under the cursor come from?"""
        self.post_message(self.Entered(self))

    def action_page(self, pages: int) -> None:
        """Move the cursor by a page."""
        self.action_move(pages * self._room.rows, 0)

    def action_ends(self, direction: int) -> None:
        """To the first or the last column."""
        self.action_move(0, direction * 10**9)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Down, or right with a modifier."""
        self.action_move(*((0, 1) if event.shift else (1, 0)))

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Up, or left with a modifier."""
        self.action_move(*((0, -1) if event.shift else (-1, 0)))

    def on_click(self, event: Click) -> None:
        """The cursor to the cell under the mouse."""
        offset = event.get_content_offset(self)
        if offset is None or self.matrix is None or offset.y < 1 or offset.x < self._name_width:
            return
        window = self.matrix.window
        row, column = offset.y - 1, (offset.x - self._name_width) // self._cell_width
        if row < window.rows and column < window.columns:
            self.row, self.column = window.row + row, window.column + column
            self._follow()
            self.post_message(self.CursorMoved(self))

    def _not_shown(self) -> str:
        """How much of the array lies beyond each edge."""
        assert self.matrix is not None
        window, (rows, columns) = self.matrix.window, self.matrix.shape
        parts = [
            (n, words)
            for n, *words in (
                (window.column, "← {} more column{}", "← {}"),
                (columns - window.column - window.columns, "{} more column{} →", "{} →"),
                (window.row, "{} more row{} ↑", "{} ↑"),
                (rows - window.row - window.rows, "{} more row{} ↓", "{} ↓"),
            )
            if n > 0
        ]
        long, brief = (
            "   ".join(words[i].format(n, "s" if n > 1 else "") for n, words in parts)
            for i in range(2)
        )
        return long if len(long) <= self.size.width else brief

    def _clamp(self) -> None:
        if self.matrix is None:
            return
        shape = self.matrix.shape
        self.row = max(0, min(self.row, shape[0] - 1))
        self.column = max(0, min(self.column, shape[1] - 1))

    def _follow(self) -> None:
        """Scroll so that the cursor is to be seen."""
        rows, columns = self.matrix.shape if self.matrix else (self.row + 1, self.column + 1)
        top = first_in_sight(self._top, self.row, self._room.rows, rows)
        left = first_in_sight(self._left, self.column, self._room.columns, columns)
        if (top, left) != (self._top, self._left):
            self._top, self._left = top, left
            self.post_message(self.WindowMoved())
        self.refresh()
        self._entitle()

    def _entitle(self) -> None:
        """Name, shape and figures of the whole array; the number under the cursor in full."""
        matrix = self.matrix
        if matrix is None:
            return
        palette = self.palette
        rows, columns = matrix.shape
        parts = [
            ("b", f"{self.name_of_array}"),
            ("", " before" if self._is_changed_by_updates and self.name_of_array.before else ""),
            ("", f"{self._scale.title}  ({rows},{columns})"),
            (palette.dim, f" {name_of_shape(self.symbol, self.name_of_array.layer)}".rstrip()),
        ]
        if matrix.figures is not None:
            for label, name in FIGURES:
                value = getattr(matrix.figures, name)
                parts += [(palette.dim, f"  {label}"), ("", f" {short(value)}")]
        if sum(len(text) for _, text in parts) > self.size.width - 2:
            del parts[3]
        while sum(len(text) for _, text in parts) > self.size.width - 2 and len(parts) > 3:
            del parts[-2:]
        self.border_title = Content.assemble(
            *((text, style or "not bold") for style, text in parts)
        )
        self.border_subtitle = Content(self._cell_in_full())

    @property
    def _cursor_in_window(self) -> tuple[int, int] | None:
        """Where the cursor stands in the part that is there."""
        matrix = self.matrix
        if matrix is None or not matrix.values:
            return None
        i, j = self.row - matrix.window.row, self.column - matrix.window.column
        inside = 0 <= i < len(matrix.values) and 0 <= j < len(matrix.values[0])
        return (i, j) if inside else None

    @property
    def value(self) -> float | None:
        """The number under the cursor."""
        at = self._cursor_in_window
        if self.matrix is None or at is None:
            return None
        return self.matrix.values[at[0]][at[1]]

    @property
    def cell_name(self) -> str:
        """dW[2][versicolor,u4]."""
        matrix, at = self.matrix, self._cursor_in_window
        if matrix is None or at is None or self.symbol == "J":
            return str(self.name_of_array)
        row, column = matrix.row_names[at[0]], matrix.column_names[at[1]]
        return f"{self.name_of_array}[{row},{column}]"

    def _cell_in_full(self) -> str:
        matrix, at = self.matrix, self._cursor_in_window
        if matrix is None or at is None:
            return ""
        i, j = at
        name = self.cell_name
        value = f"{matrix.values[i][j]!r}"
        if matrix.before and matrix.before[i][j] != matrix.values[i][j]:
            value = f"{matrix.before[i][j]!r} → {value}"
        room = self.size.width - 4
        long = f"{name} = {value}"
        return long if len(long) <= room else value if len(value) <= room else ""

    @property
    def _is_changed_by_updates(self) -> bool:
        return self.symbol in ("W", "b")

    def _is_cursor(self, row: int, column: int) -> bool:
        by_row, by_column = self.followed
        return (row, column) == (self.row, self.column) and by_row == by_column

    def _is_read(self, row: int, column: int) -> bool:
        """It lies in a row or column that is read whole."""
        by_row, by_column = self.followed
        return by_row != by_column and (row == self.row if by_row else column == self.column)

    def render_line(self, y: int) -> Strip:
        """The names of the columns, a row, or how much lies beyond."""
        return self._line(y).apply_style(self.ground)

    def _line(self, y: int) -> Strip:
        matrix, width = self.matrix, self.size.width
        dim = Style(color=self.palette.dim)
        if matrix is None:
            return Strip.blank(width)
        if not matrix.made:
            lines = wrap(matrix.absent, max(1, width))
            text = lines[y] if y < len(lines) else ""
            return Strip([Segment(text, dim)]).adjust_cell_length(width)
        window, cell = matrix.window, self._cell_width
        if y == 0:
            plain = Style(color=self.palette.text, bold=True)
            segments = [Segment(" " * self._name_width, dim)]
            for j, name in enumerate(matrix.column_names):
                here = self.followed[1] and window.column + j == self.column
                style = plain if here else dim
                segments.append(Segment(f"{_cut(name, cell - 1):>{cell - 1}} ", style))
            return Strip(segments).adjust_cell_length(width)
        i = y - 1
        if i >= len(matrix.values):
            text = self._not_shown() if i == len(matrix.values) else ""
            return Strip([Segment(text, dim)]).adjust_cell_length(width)
        segments = [
            Segment(
                _cut(matrix.row_names[i], self._name_width - 1).ljust(self._name_width),
                Style(
                    color=self.palette.text,
                    bold=self.followed[0] and window.row + i == self.row,
                ),
            )
        ]
        for j, value in enumerate(matrix.values[i]):
            written = self._scale.write(value)
            place = window.row + i, window.column + j
            if self._is_cursor(*place):
                segments.append(Segment(f"[{written:>{cell - 2}}]", cursor_style(self.palette)))
            else:
                style = heat(self.palette, heat_level(value, self._largest))
                if self._is_read(*place):
                    style += Style(bold=True, underline=True)
                segments.append(Segment(f"{written:>{cell - 1}} ", style))
        return Strip(segments).adjust_cell_length(width)


def _array_of(window: Window) -> ArrayName:
    return ArrayName(window.symbol, window.layer, window.slot, window.before)


FIGURES = (("min", "smallest"), ("max", "largest"), ("mean", "mean"), ("norm", "norm"))


def _largest(matrix: Matrix) -> float:
    """The largest number in size: of the whole array, or else of what is shown."""
    if matrix.figures is not None:
        return max(abs(matrix.figures.smallest), abs(matrix.figures.largest))
    return max((abs(value) for row in matrix.values for value in row), default=0.0)


def _cut(text: str, width: int) -> str:
    """A name in so many columns: its beginning and its end tell it from others."""
    if len(text) <= width:
        return text
    end = (width - 1) // 2
    return text[: width - 1 - end] + "…" + text[-end:]
