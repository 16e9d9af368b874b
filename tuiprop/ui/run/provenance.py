"""The provenance panel: the equation of a number with its values, its terms, and their sum."""

from dataclasses import dataclass
from textwrap import wrap
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.events import Resize
from textual.geometry import Offset
from textual.message import Message
from textual.strip import Strip

from tuiprop.protocol.messages.provenance import ProvenanceNote
from tuiprop.ui import keys
from tuiprop.ui.drawing.grid import CursorGrid
from tuiprop.ui.drawing.numbers import short, whole
from tuiprop.ui.run.terms import Page, Terms
from tuiprop.update.arrays import CellRef

MOST_TERMS = 200
"""The most terms that are requested; they are the largest ones."""


class SourcePanel(CursorGrid):
    """The terms of the number under the cursor, the largest first. Enter follows one of them.

    Its rows are lines of text, and its columns the factors of a term.
    """

    BINDINGS: ClassVar[list[BindingType]] = keys.PROVENANCE.bindings
    head = 0

    @dataclass
    class Followed(Message):
        """The user goes to a factor of a term."""

        cell: CellRef

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.origin: ProvenanceNote | None = None
        self._first = 0
        """The row of the first term."""
        self._words = ""
        self._version = 0
        self._drawn: tuple[object, Page] | None = None

    @property
    def line_width(self) -> int:
        """The most columns of a line of a formula."""
        return max(30, self.area.width)

    def show(self, origin: ProvenanceNote | None, words: str) -> None:
        """Paint the provenance of a number.

        Args:
            origin: the provenance of the number under the cursor.
            words: why there is none.
        """
        if origin == self.origin and words == self._words:
            return
        if origin is None or self.origin is None or origin.cell != self.origin.cell:
            self.row, self.column = self._first, 0
            self._scroll_to_cell(0, 0)
        self.origin, self._words = origin, words
        self._version += 1
        self._fit()
        self._entitle()

    def on_resize(self, event: Resize) -> None:
        """Lay out the lines in the new width."""
        self._fit()
        self._entitle()
        super().on_resize(event)

    def _fit(self) -> None:
        """Lay out the lines, with the cursor on the same term."""
        page, term = self._page(), self._term
        self._first, self.rows = page.first, len(page.lines)
        self.foot = self.area.height - page.room
        self.row, self.column = self._nearest(page.first + term, self.column)
        self._set_virtual_size()
        self.redraw()

    @property
    def _term(self) -> int:
        """The term under the cursor."""
        return self.row - self._first

    def _nearest(self, row: int, column: int) -> tuple[int, int]:
        """Return the factor of a term that is closest to a place."""
        terms = self.origin.terms if self.origin else []
        term = max(0, min(row - self._first, len(terms) - 1))
        factors = len(terms[term].factors) if terms else 0
        return self._first + term, max(0, min(column, factors - 1))

    def _drag(self, row: int, column: int) -> None:
        """Leave the cursor where it is: the selected term may be out of sight."""

    def _scrolled(self) -> None:
        """Show other lines, and the sum of the terms that are out of sight."""
        self._fit()

    def _entitle(self) -> None:
        words = "Why this number?"
        if self.origin is not None:
            words = f"Why {short(self.origin.shown, 4)}?"
        self.border_title = whole(Content(words).stylize("b"), self.area.width - 2)
        self.border_subtitle = self._hint()

    def _hint(self) -> str:
        origin = self.origin
        if origin is None or not origin.terms:
            return ""
        wide = self.area.width >= 50
        return "Enter: go to the factor  ←→: choose it" if wide else "Enter: go to the factor"

    def action_move(self, rows: int, columns: int) -> None:
        """Select another term, or another factor of it."""
        term = self._term + rows
        if self.origin is not None and not 0 <= term < len(self.origin.terms):
            self._scroll_to_cell(self.top + rows, 0)  # to the lines above or below the terms
        self.put(self.row + rows, self.column + columns if not rows else 0)
        self._reveal()

    def action_ends(self, direction: int) -> None:
        """Go to the first or the last term."""
        self.action_move(direction * self.rows, 0)

    def place(self, row: int, column: int) -> bool:
        """Move the cursor, and lay out the lines that depend on it."""
        has_moved = super().place(row, column)
        if has_moved:
            self._fit()
        return has_moved

    def action_follow(self) -> None:
        """Go to the selected factor of the term."""
        if self.origin is None or not self.origin.terms:
            return
        factors = self.origin.terms[self._term].factors
        if factors:
            self.post_message(self.Followed(factors[self.column].cell))

    def cell_at(self, offset: Offset) -> tuple[int, int] | None:
        """Return the term at a line of the screen, or None."""
        row = self.top + offset.y
        terms = self.origin.terms if self.origin else []
        is_term = offset.y < self.rows_in_sight and 0 <= row - self._first < len(terms)
        return (row, 0) if is_term else None

    def click_on(self, row: int, column: int) -> None:
        """Select the term under the mouse; go to its factor if it was selected."""
        if row == self.row:
            self.action_follow()
        self.put(row, column)

    def render_line(self, y: int) -> Strip:
        """Return a line of the terms, or of the foot that stays in sight below them."""
        page = self._page()
        lines = [*page.lines[self.top : self.top + page.room], *page.foot]
        return self.text_strip(lines[y] if y < len(lines) else Content())

    def _page(self) -> Page:
        """Return the lines to paint; they are laid out when something has changed."""
        state = self._version, self.area, self._term, self.column, self.has_focus, self.top
        if self._drawn is None or self._drawn[0] != state:
            self._drawn = state, self._draw()
        return self._drawn[1]

    def _draw(self) -> Page:
        if (terms := self.terms) is not None:
            return terms.page()
        width, height = self.area
        lines = [Content.styled(line, "$dim") for line in wrap(self._words, max(1, width))]
        return Page(lines, 0, height, [])

    @property
    def terms(self) -> Terms | None:
        """The layout of the provenance; None if there is none."""
        origin, chosen = self.origin, None
        if origin is None:
            return None
        if self.has_focus and origin.terms:
            chosen = self._term, self.column
        return Terms(origin, max(1, self.area.width), self.area.height, self.top, chosen)
