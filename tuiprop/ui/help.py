"""The keys, from the one table."""

from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tuiprop.ui.keys import KEYS, PANEL_KEYS
from tuiprop.ui.patches.shown import LeftOnce

COLUMN, WIDTH = 20, 68
"""Columns of the keys, and of all."""


class HelpScreen(LeftOnce, ModalScreen[None]):
    """Every key with its words; Escape, q or ? closes."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen VerticalScroll { width: 74; max-width: 100%; height: auto; max-height: 100%;
        border: round $foreground; border-title-color: $foreground; background: $background;
        padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "dismiss", "close", show=False),
        Binding("ctrl+c", "app.copy_or_quit", "copy or quit", show=False),
    ]

    def compose(self) -> ComposeResult:
        """The table."""
        parts = []
        for shown, words in (*((key.shown, key.words) for key in KEYS), *PANEL_KEYS):
            lines = wrap(words, WIDTH - COLUMN, subsequent_indent=" " * COLUMN)
            parts.append(Content.assemble((f"{shown:<{COLUMN}}", "bold $now"), "\n".join(lines)))
        panel = VerticalScroll(Static(Content("\n").join(parts)))
        panel.border_title = "[b]Keys[/b]: the letter is the unit, Shift goes back"
        panel.border_subtitle = "Escape closes"
        yield panel
