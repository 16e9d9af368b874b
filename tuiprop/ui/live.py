"""A screen beside that of the run, which shows the newest frame too."""

import asyncio
from contextlib import suppress

from textual import work
from textual.content import Content
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widgets import Static

from tuiprop.protocol.messages.replies import Frame
from tuiprop.protocol.messages.requests import NO_HISTORY, Look
from tuiprop.ui import status
from tuiprop.ui.drawing.line import Line, spread
from tuiprop.ui.link import Link
from tuiprop.ui.patches.shown import LeftOnce

EVERY = 0.1
"""Seconds between two frames."""


class LiveScreen(LeftOnce, Screen[None]):
    """Looks some times a second, whoever moves the run.

    A subclass composes a `Line` "#title", and paints the frame.

    Args:
        link: the engine.
    """

    DEFAULT_CSS = """
    LiveScreen OptionList, LiveScreen OptionList:focus {
        background: $background; background-tint: transparent; padding: 0;
        border: round $border; border-title-color: $foreground;
        border-subtitle-color: $dim; scrollbar-size-vertical: 1;
    }
    LiveScreen OptionList:focus { border: round $foreground; }
    LiveScreen OptionList > .option-list--option-highlighted {
        background: $background; color: $foreground; text-style: none;
    }
    LiveScreen OptionList:focus > .option-list--option-highlighted {
        background: $foreground; color: $background; text-style: bold;
    }
    LiveScreen .error { color: $error; height: auto; display: none; padding: 0 1; }
    """
    NAME = ""
    """What stands in the title."""

    def __init__(self, link: Link) -> None:
        super().__init__()
        assert link.outline is not None
        self.link = link
        self.frame: Frame | None = None

    def on_mount(self) -> None:
        """Begin to look."""
        self._keep_looking()

    @work
    async def _keep_looking(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Show how things stand now."""
        reply = await self.link.ask(Look(history_from=NO_HISTORY))
        if isinstance(reply, Frame) and reply.run == self.link.run and self.is_attached:
            self.frame = reply
            with suppress(NoMatches):  # its widgets go before it does
                self._show_title(reply)
                self.paint(reply)

    def paint(self, frame: Frame) -> None:
        """Show a frame."""
        raise NotImplementedError

    def say(self, sentence: str) -> None:
        """Show what is wrong, or nothing."""
        for error in self.query(".error").results(Static):
            error.update(Content(f"✗ {sentence}" if sentence else ""))
            error.display = bool(sentence)

    def action_leave(self) -> None:
        """Back to the run."""
        self.dismiss()

    def _show_title(self, frame: Frame) -> None:
        outline = self.link.outline
        assert outline is not None
        left = Content.styled(self.NAME, "bold")
        right = Content.assemble(status.state(frame), "  ", status.position(frame, outline))
        self.query_one("#title", Line).show([spread(left, right, self.size.width)])
