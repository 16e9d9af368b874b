"""A list of examples, the worst first, with a cursor."""

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.strip import Strip

from tuiprop.ui import keys
from tuiprop.ui.drawing.grid import CursorGrid
from tuiprop.ui.drawing.line import CURSOR


@dataclass(frozen=True)
class Entry:
    """One example."""

    row: int
    """Its row of the table."""
    words: str


class Examples(CursorGrid):
    """A list of examples, of which only the visible ones are known."""

    BINDINGS: ClassVar[list[BindingType]] = keys.EXAMPLES.bindings

    @dataclass
    class Chosen(Message):
        """The trace of this example is wanted."""

        row: int

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._entries: dict[int, Entry] = {}
        self._what = ""
        self._titles = ""
        self._asked = 0

    @property
    def table_row(self) -> int | None:
        """The row of the table under the cursor; None while it is not known."""
        entry = self._entries.get(self.row)
        return None if entry is None else entry.row

    def restart(self) -> None:
        """Begin another list at its first example."""
        self._entries, self._asked = {}, 0
        self.put(0, 0)

    def part(self) -> tuple[int, int]:
        """Return the first example to ask for, and how many: three pages, the visible one amid."""
        room = self.rows_in_sight
        self._asked = max(0, self.top - room)
        return self._asked, self.top + 2 * room - self._asked

    def show(self, entries: list[Entry], total: int, what: str, titles: str) -> None:
        """Paint the examples that were asked for.

        Args:
            entries: the examples that exist.
            total: how many examples the list has.
            what: the title of the list.
            titles: the titles of the columns.
        """
        known = dict(enumerate(entries, self._asked))
        state = known, total, what, titles
        if state != (self._entries, self.rows, self._what, self._titles):
            self._entries, self._what, self._titles = known, what, titles
            self.border_title = Content.assemble((what, "b"), f"  {total}" if total else "")
            self.resize_to(total)
            self._entitle()

    def _scrolled(self) -> None:
        super()._scrolled()
        self._entitle()

    def _entitle(self) -> None:
        more = self.rows - self.top - self.rows_in_sight
        parts = [f"{self.top} before ↑"] if self.top else []
        self.border_subtitle = Content("  ".join(parts + ([f"{more} more ↓"] if more > 0 else [])))

    def action_choose(self) -> None:
        """Ask for the trace of the example under the cursor."""
        if self.table_row is not None:
            self.post_message(self.Chosen(self.table_row))

    def draw_head(self, y: int) -> Strip:
        """The titles of the columns."""
        return self.text_strip(Content.styled(f" {self._titles if self.rows else 'none'}", "$dim"))

    def draw_row(self, row: int, y: int) -> Strip:
        """One example."""
        entry = self._entries.get(row)
        words = "" if row >= self.rows else "…" if entry is None else entry.words
        here = row == self.row and row < self.rows
        style = CURSOR if here and self.has_focus else ""
        return self.text_strip(Content.styled(f"[{words}]" if here else f" {words}", style))
