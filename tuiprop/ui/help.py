"""The help page: all keys, as the table and the keymap have them."""

from textwrap import wrap
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
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

    def render(self) -> Text:
        """Lay out the table."""
        key_style = self.get_component_rich_style("key-table--key", partial=True)
        place_style = self.get_component_rich_style("key-table--place", partial=True)
        text = Text()
        for place in keys.PLACES:
            text.append(f"{place.title}\n", place_style)
            for _, names, words in place.rows(keys.keymap_of(self)):
                lines = wrap(words, WIDTH - COLUMN)
                text.append(f"{'  '.join(names):<{COLUMN - 1}} ", key_style)
                text.append(("\n" + " " * COLUMN).join(lines) + "\n")
        text.rstrip()
        return text


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
