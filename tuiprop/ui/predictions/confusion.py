"""The confusion matrix with precision, recall and F1 beside it, and a cursor on its cells."""

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.events import Resize
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.style import Style

from tuiprop.protocol.messages.scores import ClassesNote
from tuiprop.ui import keys
from tuiprop.ui.drawing.grid import CursorGrid
from tuiprop.ui.drawing.line import CURSOR
from tuiprop.ui.drawing.names import told_apart
from tuiprop.ui.drawing.numbers import whole
from tuiprop.ui.drawing.shading import visual
from tuiprop.ui.theme import LEVELS, heat, palette_of

LONGEST_NAME = 16
SCORES = (("precision", "prec."), ("recall", "recall"), ("f1", "F1"))
SCORE = 7
"""Columns that a score takes."""


class Confusion(CursorGrid):
    """Rows are actual classes, columns predicted ones; Enter lists the examples of a cell."""

    BINDINGS: ClassVar[list[BindingType]] = keys.CONFUSION.bindings
    beside = len(SCORES) * SCORE + 2
    """Columns of all scores, and of the number of classes that are not visible."""

    @dataclass
    class Chosen(Message):
        """The user asks for the examples of this cell."""

        cell: tuple[int, int]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._note: ClassesNote | None = None
        self._names: list[str] = []

    def show(self, note: ClassesNote) -> None:
        """Paint the counts."""
        if note != self._note:
            if note.classes != self._names:
                self.put(0, 0)
            self._note, self._names = note, note.classes
            self._fit()

    def on_resize(self, event: Resize) -> None:
        """Fit the cells to the new width."""
        self._fit()
        super().on_resize(event)

    def _fit(self) -> None:
        """Show rates beside the counts where they fit."""
        if self._note is None:
            return
        classes = len(self._names)
        self.margin = min(LONGEST_NAME, max(map(len, self._names), default=1)) + 2
        most = max(count for row in self._note.counts for count in row)
        room = (self.area.width - self.margin - self.beside) // max(1, classes)
        self.cell_size = Size(max(5, len(str(most)) + 3, min(16, room)), 1)
        self.resize_to(classes, classes)
        self._entitle()

    @property
    def wanted_height(self) -> int:
        """Return the height that shows all rows, with the border and a scroll bar."""
        return len(self._names) + 3 + (self.max_scroll_x > 0)

    @property
    def _columns_seen(self) -> range:
        return range(self.left, min(self.columns, self.left + self.columns_in_sight))

    def put(self, row: int, column: int) -> None:
        """Move the cursor, and name its cell."""
        super().put(row, column)
        self._entitle()

    def action_choose(self) -> None:
        """List the examples of the cell."""
        self.post_message(self.Chosen((self.row, self.column)))

    def click_on(self, row: int, column: int) -> None:
        """List the examples of the cell under the mouse."""
        super().click_on(row, column)
        self.action_choose()

    def _entitle(self) -> None:
        note, classes = self._note, self._names
        if note is None:
            return
        wrong = sum(map(sum, note.counts)) - sum(row[k] for k, row in enumerate(note.counts))
        self.border_title = Content.assemble(
            ("Confusion", "b"),
            f"  accuracy {note.accuracy:.2%}, {wrong} wrong",
            ("   rows actual, columns predicted", "$dim"),
        )
        count, of = note.counts[self.row][self.column], sum(note.counts[self.row])
        rate = f" ({count / of:.1%})" if of else ""
        for names in (classes, told_apart(classes, LONGEST_NAME)):
            words = (
                f"actual {names[self.row]}, predicted {names[self.column]}: "
                f"{count} of {of}{rate}  Enter: list"
            )
            if len(words) <= self.area.width - 2:
                break
        self.border_subtitle = whole(Content(words), self.area.width - 2)

    def draw_head(self, y: int) -> Strip:
        """Draw the names of the columns."""
        if self._note is None:
            return Strip.blank(self.area.width, self.ground)
        seen, width = self._columns_seen, self.cell_size.width
        names = told_apart(self._names[seen.start : seen.stop], width - 1)
        more = self.columns - seen.stop
        text = " " * self.margin + "".join(f"{name:>{width}}" for name in names)
        text += f"{f'{more}→' if more > 0 else '':>2}"
        text += "".join(f"{words:>{SCORE}}" for _, words in SCORES)
        return self.text_strip(Content.styled(text, "$dim"))

    def draw_row(self, row: int, y: int) -> Strip:
        """Draw the counts and the scores of a class."""
        note, width = self._note, self.cell_size.width
        if note is None or row >= self.rows:
            return Strip.blank(self.area.width, self.ground)
        counts, total = note.counts[row], sum(note.counts[row])
        name = told_apart(self._names, self.margin - 2)[row]
        cells: list[tuple[str, str | Style]] = [(f"{name:<{self.margin}}", "$foreground")]
        palette = palette_of(self.app)
        for j in self._columns_seen:
            count, rate = counts[j], counts[j] / total if total else 0.0
            share = "" if width < 10 else f" {rate:4.0%}" if count else "     "
            text = f"{count or '·'}{share}"
            if (row, j) == (self.row, self.column) and self.has_focus:
                cells.append((f"{f'[{text}]':>{width}}", CURSOR))
                continue
            level = round(rate**0.5 * LEVELS)  # makes rare mistakes visible
            shade = visual(heat(palette, level if j == row else -level))
            cells.append((f"{text:>{width - 1}} ", shade if count else "$foreground"))
        values = (getattr(note.scores[row], field) for field, _ in SCORES)
        scores = "".join(f"{'-' if v is None else f'{v:.3f}':>{SCORE}}" for v in values)
        return self.text_strip(Content.assemble(*cells, (f"  {scores}", "$foreground")))
