"""The columns of a table, one a line: what they hold, and what is done with them."""

from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import BindingType
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.message import Message
from textual.strip import Strip

from tuiprop.protocol.messages.payloads import ColumnNote
from tuiprop.ui import keys
from tuiprop.ui.drawing.line import Grounded
from tuiprop.ui.drawing.names import told_apart
from tuiprop.ui.drawing.numbers import bars, plain, whole
from tuiprop.ui.drawing.scrolling import first_in_sight
from tuiprop.ui.theme import Palette

MARKS = {"input": "x", "target": "y", "left out": "·", "split": "|"}
"""Of the roles."""

HEADER = ("", "column", "type", "missing", "values", "spread", "used as")


class ColumnList(Grounded, can_focus=True):
    """Lines for the columns that are in sight, with a cursor; the others are asked for."""

    DEFAULT_CSS = """
    ColumnList { border: round $border; border-title-color: $foreground;
                 border-subtitle-color: $dim; background: $background; }
    ColumnList:focus { border: round $foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = keys.COLUMNS.bindings

    @dataclass
    class Moved(Message):
        """The cursor stands on another column, or other columns are in sight."""

        view: "ColumnList"

    def __init__(self, palette: Palette, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._palette = palette
        self._notes: dict[int, ColumnNote] = {}
        self._count = 0
        self.top = self.cursor = 0

    @property
    def room(self) -> int:
        """Columns of the table that are in sight."""
        return max(1, self.size.height - 1)

    @property
    def note(self) -> ColumnNote | None:
        """The column under the cursor; None while it is not known."""
        return self._notes.get(self.cursor)

    def show(self, count: int, first: int, notes: list[ColumnNote]) -> None:
        """Paint some of so many columns."""
        self._count = count
        self._notes = dict(enumerate(notes, first))
        self._put(self.cursor)
        self.refresh()

    def _put(self, place: int) -> None:
        self.cursor = max(0, min(place, self._count - 1))
        self.top = first_in_sight(self.top, self.cursor, self.room, self._count)
        last = min(self.top + self.room, self._count)
        self.border_subtitle = (
            "" if self._count <= self.room else f"{self.top + 1} to {last} of {self._count}"
        )

    def put(self, place: int) -> None:
        """Move the cursor."""
        self._put(place)
        self.refresh()
        self.post_message(self.Moved(self))

    def action_move(self, by: int) -> None:
        """So many columns down."""
        self.put(self.cursor + by)

    def action_page(self, by: int) -> None:
        """So many pages down."""
        self.put(self.cursor + by * self.room)

    def action_end(self, direction: int) -> None:
        """To the first or the last."""
        self.put(0 if direction < 0 else self._count - 1)

    def on_resize(self) -> None:
        """Other columns may be in sight."""
        self.put(self.cursor)

    def on_click(self, event: Click) -> None:
        """The cursor goes there."""
        offset = event.get_content_offset(self)
        if offset is not None and 1 <= offset.y <= self._count - self.top:
            self.put(self.top + offset.y - 1)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """A column down."""
        self.action_move(1)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """A column up."""
        self.action_move(-1)

    # Painting

    @property
    def _widths(self) -> list[int]:
        """Of the cells of a line."""
        room = self.size.width
        wide = room >= 100
        fixed = [4, 0, 8, 9, 21, 18] if wide else [4, 0, 7, 8, 16, 9]
        used = 30 if wide else 20
        return [*fixed[:1], room - sum(fixed) - used, *fixed[2:], used]

    def render_line(self, y: int) -> Strip:
        """The header, or a column."""
        width, widths = self.size.width, self._widths
        if y == 0:
            line = _line(HEADER, widths)
            return self._strip(line, Style(color=self._palette.dim), width)
        place = self.top + y - 1
        if place >= self._count:
            return Strip.blank(width, self.ground)
        note = self._notes.get(place)
        at = place == self.cursor
        cells: tuple[str, ...] = ("", "…", "", "", "", "", "")
        style = Style(color=self._palette.text)
        if note is not None:
            cells = _cells(note, self._short_names(widths[1] - 1)[place], widths)
            if note.role == "left out":
                style = Style(color=self._palette.dim)
            elif note.role == "target":
                style = Style(color=self._palette.training, bold=True)
        line = ("▸" if at else " ") + _line(cells, widths)[1:]
        if at and self.has_focus:
            style += Style(reverse=True)
        return self._strip(line, style, width)

    def _short_names(self, width: int) -> dict[int, str]:
        """Of the columns that are known, by place."""
        names = told_apart([note.name for note in self._notes.values()], width)
        return dict(zip(self._notes, names, strict=True))

    def _strip(self, line: str, style: Style, width: int) -> Strip:
        segments = whole(Text().append(line, style), width).render(self.app.console)
        strip = Strip([segment for segment in segments if segment.text != "\n"])
        return strip.apply_style(self.ground).adjust_cell_length(width, self.ground + style)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    """Cells side by side, each cut to its width with a blank after it."""
    line = Text()
    for cell, width in zip(cells, widths, strict=True):
        part = whole(Text(cell), width - 1)
        part.truncate(width - 1, pad=True)
        line.append_text(part).append(" ")
    return line.plain


def _cells(note: ColumnNote, name: str, widths: list[int]) -> tuple[str, ...]:
    mark = f" {MARKS[note.role]}{'!' if note.flags else ''}"
    kind = "whole" if note.kind == "whole number" else note.kind
    missing = str(note.missing) if note.missing else "-"
    spread = bars(note.bars, widths[5] - 1) if note.distinct > 1 else ""
    return mark, name, kind, missing, values(note), spread, used_as(note)


def values(note: ColumnNote) -> str:
    """Where its numbers lie, or how many texts there are."""
    if note.low is None or note.high is None:
        return f"{note.distinct} different"
    if note.low == note.high:
        return plain(note.low)
    return f"{plain(note.low)} … {plain(note.high)}"


def used_as(note: ColumnNote) -> str:
    """What is done with it, the settings that go without saying left out."""
    if note.role in ("left out", "split"):
        return "left out" if note.role == "left out" else "held out or not"
    parts = ["target"] if note.role == "target" else []
    if note.encoding not in ("", "number"):
        parts.append(note.encoding)
    if note.on_missing not in ("", "refuse"):
        parts.append(note.on_missing)
    if note.scaling not in ("", "none") or not parts:
        parts.append(note.scaling if note.scaling != "none" else "as it is")
    return ", ".join(parts)
