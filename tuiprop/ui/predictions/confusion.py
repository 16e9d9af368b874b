"""The confusion matrix with precision, recall and F1 beside it, and a cursor on its cells."""

from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from textual.binding import BindingType
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from tuiprop.protocol.messages.prediction_payloads import ClassesNote
from tuiprop.ui import keys
from tuiprop.ui.drawing.line import Grounded
from tuiprop.ui.drawing.names import told_apart
from tuiprop.ui.drawing.numbers import whole, whole_label
from tuiprop.ui.drawing.scrolling import first_in_sight
from tuiprop.ui.drawing.shading import Cell, text_of
from tuiprop.ui.theme import LEVELS, Palette, cursor_style, heat

LONGEST_NAME = 16
SCORES = (("precision", "prec."), ("recall", "recall"), ("f1", "F1"))
SCORE = 7
"""Columns of a score."""


class Confusion(Grounded, can_focus=True):
    """Rows are actual classes, columns predicted ones; Enter lists the examples of a cell."""

    DEFAULT_CSS = """
    Confusion { border: round $border; border-title-color: $foreground; padding: 0 1;
                border-subtitle-color: $foreground; }
    Confusion:focus { border: round $foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = keys.CONFUSION.bindings

    @dataclass
    class Chosen(Message):
        """The examples of this cell are wanted."""

        cell: tuple[int, int]

    def __init__(self, palette: Palette, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.palette = palette
        self.row = self.column = 0
        self._note: ClassesNote | None = None
        self._names: list[str] = []
        self._top = self._left = 0

    def show(self, note: ClassesNote, classes: list[str]) -> None:
        """Paint the counts."""
        if (note, classes) != (self._note, self._names):
            if classes != self._names:
                self.row = self.column = self._top = self._left = 0
            self._note, self._names = note, classes
            self._entitle()
            self.refresh()

    @property
    def _name_width(self) -> int:
        return min(LONGEST_NAME, max(map(len, self._names), default=1)) + 2

    @property
    def _cell_width(self) -> int:
        """With rates where there is room for them."""
        room = self.size.width - self._name_width - len(SCORES) * SCORE - 2
        counts = (
            [0] if self._note is None else [count for row in self._note.counts for count in row]
        )
        least = max(5, len(str(max(counts))) + 3)
        return max(least, min(16, room // max(1, len(self._names))))

    @property
    def _columns(self) -> int:
        """Columns that fit."""
        room = self.size.width - self._name_width - len(SCORES) * SCORE - 2
        return max(1, min(len(self._names), room // self._cell_width))

    @property
    def _corner(self) -> tuple[int, int]:
        """The first row and column in sight, in whatever room there is now."""
        lines, count = max(1, self.size.height - 1), len(self._names)
        top = first_in_sight(self._top, self.row, lines, count)
        return top, first_in_sight(self._left, self.column, self._columns, count)

    def action_move(self, rows: int, columns: int) -> None:
        """Move the cursor, and scroll to it."""
        last = max(0, len(self._names) - 1)
        self.row = max(0, min(self.row + rows, last))
        self.column = max(0, min(self.column + columns, last))
        self._top, self._left = self._corner
        self._entitle()
        self.refresh()

    def action_choose(self) -> None:
        """List the examples of the cell."""
        self.post_message(self.Chosen((self.row, self.column)))

    def on_click(self, event: Click) -> None:
        """The cursor to the mouse, and its examples."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y < 1 or offset.x < self._name_width:
            return
        top, left = self._corner
        self.row = top + offset.y - 1
        self.column = left + (offset.x - self._name_width) // self._cell_width
        self.action_move(0, 0)
        self.action_choose()

    def _entitle(self) -> None:
        note, classes = self._note, self._names
        if note is None:
            return
        wrong = sum(map(sum, note.counts)) - sum(row[k] for k, row in enumerate(note.counts))
        self.border_title = Content.assemble(
            ("Confusion", "b"),
            f"  accuracy {note.accuracy:.2%}, {wrong} wrong",
            ("   rows actual, columns predicted", self.palette.dim),
        )
        count, of = note.counts[self.row][self.column], sum(note.counts[self.row])
        rate = f" ({count / of:.1%})" if of else ""
        for names in (classes, told_apart(classes, LONGEST_NAME)):
            words = (
                f"actual {names[self.row]}, predicted {names[self.column]}: "
                f"{count} of {of}{rate}  Enter: list"
            )
            if len(words) <= self.size.width - 2:
                break
        self.border_subtitle = whole_label(Content(words), self.size.width - 2)

    def render_line(self, y: int) -> Strip:
        """The names of the classes, or a row."""
        note = self._note
        top, left = self._corner
        cells: list[Cell] = []
        if note is not None and y == 0:
            cells = self._header(left)
        elif note is not None and y - 1 + top < len(note.counts):
            cells = self._row(note, y - 1 + top, left)
        style = self.ground
        line = whole(text_of(cells), self.size.width)
        strip = Strip(s for s in line.render(self.app.console) if s.text != "\n")
        return strip.apply_style(style).adjust_cell_length(self.size.width, style)

    def _header(self, left: int) -> list[Cell]:
        dim, width = Style(color=self.palette.dim), self._cell_width
        names = self._names[left : left + self._columns]
        text = " " * self._name_width + "".join(
            f"{name:>{width}}" for name in told_apart(names, width - 1)
        )
        more = len(self._names) - left - self._columns
        text += f"{f'{more}→' if more > 0 else '':>2}"
        return [(text + "".join(f"{words:>{SCORE}}" for _, words in SCORES), dim)]

    def _row(self, note: ClassesNote, k: int, left: int) -> list[Cell]:
        palette, width, row = self.palette, self._cell_width, note.counts[k]
        total = sum(row)
        plain = Style(color=palette.text)
        name = told_apart(self._names, self._name_width - 2)[k]
        cells: list[Cell] = [(f"{name:<{self._name_width}}", plain)]
        for j in range(left, left + self._columns):
            rate = row[j] / total if total else 0.0
            share = f" {rate:4.0%}" if width >= 10 and row[j] else "     " if width >= 10 else ""
            text = f"{row[j] or '·'}{share}"
            if (k, j) == (self.row, self.column) and self.has_focus:
                cells.append((f"{f'[{text}]':>{width}}", cursor_style(palette)))
                continue
            level = round(rate**0.5 * LEVELS)  # rare mistakes are to be seen too
            style = heat(palette, level if j == k else -level) if row[j] else plain
            cells.append((f"{text:>{width - 1}} ", style))
        cells.append(("  ", plain))
        for field, _ in SCORES:
            value = getattr(note.scores[k], field)
            cells.append((f"{'-' if value is None else f'{value:.3f}':>{SCORE}}", plain))
        return cells
