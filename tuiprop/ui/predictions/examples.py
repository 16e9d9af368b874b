"""A list of examples, the worst first, with a cursor."""

from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.binding import BindingType
from textual.content import Content
from textual.events import Click, Resize
from textual.message import Message
from textual.strip import Strip

from tuiprop.ui import keys
from tuiprop.ui.drawing.line import Grounded
from tuiprop.ui.drawing.numbers import whole
from tuiprop.ui.drawing.scrolling import first_in_sight
from tuiprop.ui.theme import Palette, cursor_style


@dataclass(frozen=True)
class Entry:
    """One example."""

    row: int
    """Of the table."""
    words: str


class Examples(Grounded, can_focus=True):
    """As many examples as fit; the cursor scrolls to the others."""

    DEFAULT_CSS = """
    Examples { border: round $border; border-title-color: $foreground; padding: 0 1;
               border-subtitle-color: $foreground; }
    Examples:focus { border: round $foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = keys.EXAMPLES.bindings

    @dataclass
    class Changed(Message):
        """Another part of the list, or another example, is wanted."""

    @dataclass
    class Chosen(Message):
        """The way of this example is wanted."""

        row: int

    def __init__(self, palette: Palette, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.palette = palette
        self.first = self.at = 0
        self._entries: list[Entry] = []
        self._total = 0
        self._what = ""
        self._head = ""

    @property
    def room(self) -> int:
        """Examples that fit below the heads of the columns."""
        return max(1, self.size.height - 1)

    @property
    def row(self) -> int | None:
        """The row of the table under the cursor."""
        k = self.at - self.first
        return self._entries[k].row if 0 <= k < len(self._entries) else None

    def restart(self) -> None:
        """Another list: from its beginning."""
        self.first = self.at = 0

    def show(self, entries: list[Entry], total: int, what: str, head: str) -> None:
        """Paint these, which are those from `first` on.

        Args:
            entries: as many as there is room for.
            total: how many there are.
            what: what is listed.
            head: of the columns.
        """
        state = entries, total, what, head
        if state != (self._entries, self._total, self._what, self._head):
            self._entries, self._total, self._what, self._head = state
            self.at = max(0, min(self.at, total - 1))
            self.border_title = Content.assemble((what, "b"), f"  {total}" if total else "")
            more = total - self.first - len(entries)
            parts = [f"{self.first} before ↑"] if self.first else []
            self.border_subtitle = Content(
                "  ".join(parts + ([f"{more} more ↓"] if more > 0 else []))
            )
            self.refresh()

    def on_resize(self, event: Resize) -> None:
        """Ask for what fits now."""
        self.action_move(0)

    def action_move(self, count: int) -> None:
        """Move the cursor, and scroll to it."""
        self.at = max(0, min(self.at + count, self._total - 1))
        self.first = first_in_sight(self.first, self.at, self.room, self._total)
        self.post_message(self.Changed())
        self.refresh()

    def action_page(self, pages: int) -> None:
        """Move the cursor by a page."""
        self.action_move(pages * self.room)

    def action_choose(self) -> None:
        """Its way through the network."""
        if self.row is not None:
            self.post_message(self.Chosen(self.row))

    def on_click(self, event: Click) -> None:
        """The cursor to the mouse."""
        offset = event.get_content_offset(self)
        if offset is not None:
            self.action_move(self.first + offset.y - 1 - self.at)

    def render_line(self, y: int) -> Strip:
        """The heads of the columns, or one example."""
        k, style, text = y - 1, Style(), ""
        if k < 0:
            text, style = f" {self._head if self._total else 'none'}", Style(color=self.palette.dim)
        elif k < len(self._entries):
            here = self.first + k == self.at
            text = f"[{self._entries[k].words}]" if here else f" {self._entries[k].words}"
            style = cursor_style(self.palette) if here and self.has_focus else style
        line = Strip([Segment(whole(Text(text), self.size.width).plain, style)])
        line = line.apply_style(self.ground)
        return line.adjust_cell_length(self.size.width, self.ground)
