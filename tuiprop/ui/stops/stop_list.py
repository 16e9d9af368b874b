"""The list of the conditions of a run, each with a mark."""

from typing import ClassVar

from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.binding import BindingType
from textual.events import Click
from textual.message import Message

from tuiprop.protocol.messages.conditions import StopNote
from tuiprop.ui import keys
from tuiprop.ui.drawing.numbers import short
from tuiprop.ui.patches.options import List
from tuiprop.ui.theme import palette_of

MARK = 4
"""Columns of [✓] and a space: a click there switches the condition."""


class StopList(List):
    """The conditions. Space, or a click on the mark, switches one on or off."""

    BINDINGS: ClassVar[list[BindingType]] = keys.STOP_LIST.bindings

    class Switched(Message):
        """The mark of a condition was clicked."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, markup=False)
        self._notes: list[StopNote] | None = None

    def show(self, notes: list[StopNote]) -> None:
        """Paint these conditions, if they differ from those on the screen."""
        if notes == self._notes:
            return
        self._notes = notes
        at = self.highlighted or 0
        self.clear_options()
        off = Style(color=palette_of(self.app).dim)
        self.add_options(_row(note, off) for note in notes)
        self.highlighted = min(at, len(notes) - 1) if notes else None
        on = sum(note.enabled for note in notes)
        self.border_subtitle = (
            f"{on} of {len(notes)} on" if notes else "none; divergence always stops the run"
        )

    def on_click(self, event: Click) -> None:
        """Switch a condition at its mark; a click elsewhere chooses the option."""
        index, offset = event.style.meta.get("option"), event.get_content_offset(self)
        if index is not None and offset is not None and offset.x < MARK:
            event.prevent_default()
            self.highlighted = index
            self.post_message(self.Switched(index))


def _row(note: StopNote, off: Style) -> Table:
    row = Table.grid(expand=True)
    row.add_column(ratio=1)
    row.add_column(justify="right", no_wrap=True)
    style = Style() if note.enabled else off
    value = "" if note.value is None else f"now {_written(note.value)} "
    row.add_row(
        Text(f"[{'✓' if note.enabled else ' '}] {note.when}", style),
        Text(value if note.enabled else f"{value}  off ", style),
    )
    return row


def _written(value: float) -> str:
    """Write a count without decimals, and any other value in few columns."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e9 else short(value)
