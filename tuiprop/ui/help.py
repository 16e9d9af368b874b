"""The help page, which lists all keys."""

from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tuiprop.ui import keys
from tuiprop.ui.bindings import keymap_of
from tuiprop.ui.patches.shown import LeftOnce

COLUMN, WIDTH = 20, 68
"""Columns of the keys, and of the whole line."""


class HelpScreen(LeftOnce, ModalScreen[None]):
    """Lists every key with its description."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen VerticalScroll { width: 74; max-width: 100%; height: auto; max-height: 100%;
        border: round $foreground; border-title-color: $foreground; background: $background;
        padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*keys.HELP.bindings, keys.COPY_OR_QUIT.binding]

    def compose(self) -> ComposeResult:
        """Compose the table, which scrolls."""
        keymap, parts = keymap_of(self), []
        for place in keys.PLACES:
            parts.append(Content.styled(place.title, "bold"))
            for _, names, words in place.rows(keymap):
                lines = wrap(words, WIDTH - COLUMN)
                label = f"{'  '.join(names):<{COLUMN - 1}} "
                text = ("\n" + " " * COLUMN).join(lines)
                parts.append(Content.assemble((label, "bold $now"), text))
        panel = VerticalScroll(Static(Content("\n").join(parts), id="keys"))
        panel.border_title = "[b]Keys[/b]"
        panel.border_subtitle = "Escape: close"
        yield panel
