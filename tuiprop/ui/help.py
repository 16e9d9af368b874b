"""The help page: all keys, as the table and the keymap have them."""

from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tuiprop.ui import keys
from tuiprop.ui.patches.shown import LeftOnce

COLUMN, WIDTH = 20, 68
"""Columns of the keys, and of the whole line."""


class KeyTable(Static):
    """The keys of all places, with their words."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-table--key", "key-table--place"}
    DEFAULT_CSS = """
    KeyTable > .key-table--key { color: $now; text-style: bold; }
    KeyTable > .key-table--place { text-style: bold; }
    """

    def render(self) -> Content:
        """Lay out the table."""
        lines = []
        for place in keys.PLACES:
            lines.append(Content.styled(place.title, ".key-table--place"))
            for _, names, words in place.rows(keys.keymap_of(self)):
                label = f"{'  '.join(names):<{COLUMN - 1}} "
                wrapped = ("\n" + " " * COLUMN).join(wrap(words, WIDTH - COLUMN))
                lines.append(Content.assemble((label, ".key-table--key"), wrapped))
        return Content("\n").join(lines)


class HelpScreen(LeftOnce, ModalScreen[None]):
    """Every key with its words."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen VerticalScroll { width: 74; max-width: 100%; height: auto; max-height: 100%;
        border: round $foreground; border-title-color: $foreground; background: $background;
        padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*keys.HELP.bindings, keys.COPY_OR_QUIT.binding]

    def compose(self) -> ComposeResult:
        """Compose the table, which scrolls."""
        panel = VerticalScroll(KeyTable())
        panel.border_title = "[b]Keys[/b]"
        panel.border_subtitle = "Escape closes"
        yield panel
