"""The list of the columns of a table: what each holds, and how it is used."""

from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.events import Resize
from textual.strip import Strip

from tuiprop.protocol.messages.data import ColumnNote
from tuiprop.ui import keys
from tuiprop.ui.drawing.grid import CursorGrid
from tuiprop.ui.drawing.names import told_apart
from tuiprop.ui.drawing.numbers import bars, plain, whole

MARKS = {"input": "x", "target": "y", "left out": "·", "split": "|"}
"""The mark of each role."""

HEADER = ("", "column", "type", "missing", "values", "spread", "used as")

_STYLES = {"left out": "$dim", "target": "bold $training"}
"""The styles of the roles that are highlighted."""


class ColumnList(CursorGrid):
    """A line for each column; columns that become visible are requested."""

    DEFAULT_CSS = """
    ColumnList { padding: 0; scrollbar-gutter: auto; border-subtitle-color: $dim;
                 background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = keys.COLUMNS.bindings

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._notes: dict[int, ColumnNote] = {}

    @property
    def note(self) -> ColumnNote | None:
        """Return the column under the cursor; None while it is not known."""
        return self._notes.get(self.row)

    def show(self, count: int, first: int, notes: list[ColumnNote]) -> None:
        """Paint `notes`, the columns from `first` on, in a list of `count` columns."""
        self._notes = dict(enumerate(notes, first))
        self.resize_to(count)
        self._entitle()

    def _scrolled(self) -> None:
        super()._scrolled()
        self._entitle()

    def on_resize(self, event: Resize) -> None:
        """Count the columns in sight again."""
        self._entitle()

    def _entitle(self) -> None:
        last = min(self.top + self.rows_in_sight, self.rows)
        self.border_subtitle = (
            "" if self.rows <= self.rows_in_sight else f"{self.top + 1} to {last} of {self.rows}"
        )

    # Painting

    @property
    def _widths(self) -> list[int]:
        """Return the width of each cell of a line."""
        room = self.area.width
        wide = room >= 100
        fixed = [4, 0, 8, 9, 21, 18] if wide else [4, 0, 7, 8, 16, 9]
        used = 30 if wide else 20
        return [*fixed[:1], room - sum(fixed) - used, *fixed[2:], used]

    def draw_head(self, y: int) -> Strip:
        """Draw the titles."""
        return self.text_strip(Content(_line(HEADER, self._widths)), style="$dim")

    def draw_row(self, row: int, y: int) -> Strip:
        """Draw the line of a column."""
        if row >= self.rows:
            return Strip.blank(self.area.width, self.ground)
        widths, note = self._widths, self._notes.get(row)
        cells: tuple[str, ...] = ("", "…", "", "", "", "", "")
        if note is not None:
            cells = _cells(note, self._short_names(widths[1] - 1)[row], widths)
        here = row == self.row
        line = ("▸" if here else " ") + _line(cells, widths)[1:]
        style = _STYLES.get(note.role if note else "", "$foreground")
        return self.text_strip(
            Content(line), style=f"{style} reverse" if here and self.has_focus else style
        )

    def _short_names(self, width: int) -> dict[int, str]:
        """Return the shortened names of the known columns, by place."""
        names = told_apart([note.name for note in self._notes.values()], width)
        return dict(zip(self._notes, names, strict=True))


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    """Join cells side by side, each cut to its width, with a space after it."""
    parts = zip(cells, widths, strict=True)
    return "".join(
        whole(Content(cell), width - 1).truncate(width - 1, pad=True).plain + " "
        for cell, width in parts
    )


def _cells(note: ColumnNote, name: str, widths: list[int]) -> tuple[str, ...]:
    mark = f" {MARKS[note.role]}{'!' if note.flags else ''}"
    kind = "whole" if note.kind == "whole number" else note.kind
    missing = str(note.missing) if note.missing else "-"
    spread = bars(note.bars, widths[5] - 1) if note.distinct > 1 else ""
    return mark, name, kind, missing, values(note), spread, used_as(note)


def values(note: ColumnNote) -> str:
    """Return the range of a numeric column, or the number of distinct texts."""
    if note.low is None or note.high is None:
        return f"{note.distinct} distinct"
    if note.low == note.high:
        return plain(note.low)
    return f"{plain(note.low)} … {plain(note.high)}"


def used_as(note: ColumnNote) -> str:
    """Return how a column is used, without the settings that are usual."""
    if note.role in ("left out", "split"):
        return "left out" if note.role == "left out" else "validation split"
    parts = ["target"] if note.role == "target" else []
    if note.encoding not in ("", "number"):
        parts.append(note.encoding)
    if note.on_missing not in ("", "refuse"):
        parts.append(note.on_missing)
    if note.scaling not in ("", "none") or not parts:
        parts.append(note.scaling if note.scaling != "none" else "unscaled")
    return ", ".join(parts)
