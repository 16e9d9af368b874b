"""Where a number came from: its equation with the numbers in it, its terms, and their sum."""

from dataclasses import dataclass
from textwrap import wrap
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import BindingType
from textual.content import Content
from textual.events import Click, MouseScrollDown, MouseScrollUp, Resize
from textual.message import Message
from textual.strip import Strip

from tuiprop.protocol.messages.payloads import OriginNote
from tuiprop.ui import keys
from tuiprop.ui.drawing.line import Grounded
from tuiprop.ui.drawing.numbers import short, whole, whole_label
from tuiprop.ui.drawing.scrolling import first_in_sight
from tuiprop.ui.run.terms import Page, Terms
from tuiprop.ui.theme import Palette
from tuiprop.update.arrays import CellRef

MOST_TERMS = 200
"""Terms that are asked for: the largest ones."""


class SourcePanel(Grounded, can_focus=True):
    """The terms of the number under the cursor, the largest first. Enter follows one of them."""

    DEFAULT_CSS = """
    SourcePanel { border: round $border; border-title-color: $foreground; padding: 0 1;
                  border-subtitle-color: $foreground; }
    SourcePanel:focus { border: round $foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = keys.PROVENANCE.bindings

    @dataclass
    class Followed(Message):
        """A number in a term is to be looked at."""

        cell: CellRef

    def __init__(self, palette: Palette, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.palette = palette
        self.origin: OriginNote | None = None
        self._term = self._factor = 0
        self._top = 0
        self._words = ""
        self._version = 0
        self._drawn: tuple[object, Page] | None = None

    @property
    def line_width(self) -> int:
        """Columns that a line of a formula may have."""
        return max(30, self.size.width)

    def show(self, origin: OriginNote | None, words: str) -> None:
        """Paint an origin.

        Args:
            origin: of the number under the cursor.
            words: why there is none.
        """
        if origin == self.origin and words == self._words:
            return
        if origin is None or self.origin is None or origin.cell != self.origin.cell:
            self._term = self._factor = self._top = 0
        self.origin, self._words = origin, words
        self._version += 1
        if origin is not None:
            self._term = min(self._term, max(0, len(origin.terms) - 1))
        self._entitle()
        self.refresh()

    def on_resize(self, event: Resize) -> None:
        """The titles have another width."""
        self._entitle()

    def _entitle(self) -> None:
        words = "Where does this number come from?"
        if self.origin is not None:
            words = f"Where {short(self.origin.shown, 4)} comes from"
        self.border_title = whole_label(Content(words).stylize("b"), self.size.width - 2)
        self.border_subtitle = self._hint()

    def _hint(self) -> str:
        origin = self.origin
        if origin is None or not origin.terms:
            return ""
        wide = self.size.width >= 50
        return "Enter: follow a term  ←→ its factors" if wide else "Enter follows a term"

    def action_move(self, terms: int) -> None:
        """Another term."""
        if self.origin is None:
            return
        last = len(self.origin.terms) - 1
        if not 0 <= self._term + terms <= last:  # beyond the terms, the rest is scrolled to
            self._scroll(terms)
        self._term = max(0, min(last, self._term + terms))
        self._factor = 0
        self._reveal()

    def action_factor(self, factors: int) -> None:
        """Another number of the term."""
        if self.origin is None or not self.origin.terms:
            return
        count = len(self.origin.terms[self._term].factors)
        self._factor = max(0, min(count - 1, self._factor + factors))
        self.refresh()

    def action_follow(self) -> None:
        """To the number that the term names."""
        if self.origin is None or not self.origin.terms:
            return
        factors = self.origin.terms[self._term].factors
        if factors:
            self.post_message(self.Followed(factors[min(self._factor, len(factors) - 1)].cell))

    def on_click(self, event: Click) -> None:
        """Choose the term under the mouse; the chosen one is followed."""
        offset = event.get_content_offset(self)
        if offset is None or self.origin is None:
            return
        page = self._page()
        term = offset.y + self._top - page.first
        if offset.y < page.room and 0 <= term < len(self.origin.terms):
            if term == self._term:
                self.action_follow()
            self._term, self._factor = term, 0
            self.refresh()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Down."""
        self._scroll(1)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Up."""
        self._scroll(-1)

    def _scroll(self, lines: int) -> None:
        page = self._page()
        self._top = max(0, min(len(page.lines) - page.room, self._top + lines))
        self.refresh()

    def _reveal(self) -> None:
        """Scroll so that the chosen term is to be seen."""
        page = self._page()
        at = page.first + self._term
        self._top = first_in_sight(self._top, at, page.room, len(page.lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """A line of the origin."""
        page = self._page()
        lines = [*page.lines[self._top : self._top + page.room], *page.foot]
        width = self.size.width
        if y >= len(lines):
            return Strip.blank(width, self.ground)
        line = whole(lines[y], width)
        segments = [s for s in line.render(self.app.console) if s.text != "\n"]
        strip = Strip(segments).apply_style(self.ground)
        return strip.adjust_cell_length(width, self.ground)

    def _page(self) -> Page:
        """What is painted; drawn when something has changed."""
        focus = self._term, self._factor, self.has_focus, self._top
        state = self._version, self.size, self.palette.name, focus
        if self._drawn is None or self._drawn[0] != state:
            self._drawn = state, self._draw()
        return self._drawn[1]

    def _draw(self) -> Page:
        if (terms := self.terms) is not None:
            return terms.page()
        dim = Style(color=self.palette.dim)
        lines = [Text(line, dim) for line in wrap(self._words, max(1, self.size.width))]
        return Page(lines, 0, self.size.height, [])

    @property
    def terms(self) -> Terms | None:
        """How the origin is painted; None where there is none."""
        origin, chosen = self.origin, None
        if origin is None:
            return None
        if self.has_focus and origin.terms:
            factors = origin.terms[self._term].factors
            chosen = self._term, min(self._factor, len(factors) - 1)
        width, height = max(1, self.size.width), self.size.height
        return Terms(origin, self.palette, width, height, self._top, chosen)
