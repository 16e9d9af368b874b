"""Selects text with the mouse in widgets that draw line by line, and copies it.

No upstream issue known. Textual 8.2.8 finds no place in a widget that overrides `render_line`
without offsets in its segments, and Ctrl+C leaves the selection, so that it never quits.
"""

from typing import Any

from textual.actions import SkipAction
from textual.errors import NoWidget
from textual.geometry import Offset
from textual.screen import Screen
from textual.widget import Widget

from tuiprop.ui.drawing.line import LineWidget


class Selecting:
    """A screen whose panels all allow text to be selected. Must be the first base class."""

    def get_widget_and_offset_at(self: Any, x: int, y: int) -> tuple[Widget | None, Offset | None]:
        """Return the widget and the place in it, also for widgets that draw line by line."""
        try:
            widget, _ = self.get_widget_at(x, y)
        except NoWidget:
            return None, None
        if isinstance(widget, LineWidget):
            place = Offset(x, y) - widget.content_region.offset
            return widget, place.clamp(*widget.content_size)
        found: tuple[Widget | None, Offset | None] = Screen.get_widget_and_offset_at(self, x, y)
        return found

    def action_copy_text(self: Any) -> None:
        """Copy the selection and clear it, so that a second Ctrl+C quits.

        Raises:
            SkipAction: nothing is selected.
        """
        text = self.get_selected_text()
        self.clear_selection()
        if not (text and text.strip()):
            raise SkipAction
        self.app.copy_to_clipboard(text)
        lines = text.count("\n") + 1
        self.notify(f"Copied {lines} line{'s' * (lines > 1)}.")
