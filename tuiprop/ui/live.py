"""The base of screens that show the newest frame beside the run screen."""

from contextlib import suppress
from typing import Any, ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widgets import Static

from tuiprop.protocol.messages.base import Query
from tuiprop.protocol.messages.frame import Frame, Look
from tuiprop.protocol.messages.moving import MotionQuery, Position, PositionQuery
from tuiprop.ui import keys, status
from tuiprop.ui.drawing.line import Line, spread
from tuiprop.ui.link import Link
from tuiprop.ui.paced import Paced
from tuiprop.ui.patches.shown import LeftOnce

EVERY = 0.1
"""Seconds between two requests for a frame."""


class LiveScreen(LeftOnce, Screen[None]):
    """Requests a frame several times per second, whoever moves the run.

    A subclass composes a `Line` "#title", and paints the frame. A key of the run shows it: see
    `TuipropApp.action_show`.

    Args:
        link: the link to the engine.
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
    BINDINGS: ClassVar[list[BindingType]] = keys.DIALOG.bindings
    """Escape leaves the screen; a subclass with other keys has a place of its own."""
    NAME = ""
    """The title."""
    QUERIES: ClassVar[tuple[Query[Any], ...]] = (PositionQuery(), MotionQuery())
    """The views that the title shows; a subclass adds those that it paints."""
    PAUSES: ClassVar[bool] = False
    """True if the run is paused when the screen is shown."""

    def __init__(self, link: Link) -> None:
        super().__init__()
        assert link.outline is not None
        self.link = link
        self.frame: Frame | None = None
        self.look = Paced(self._look, link.failed)
        """Requests and shows the newest frame."""

    def on_mount(self) -> None:
        """Start to request frames."""
        self.set_interval(EVERY, self.look)
        self.look()

    async def _look(self) -> None:
        """Request the newest frame, and show it."""
        frame = await self.link.ask(Look(queries=[*self.QUERIES]))
        if frame.run == self.link.run and self.is_attached:
            self.frame = frame
            with suppress(NoMatches):  # widgets are removed before the screen is
                self._show_title(frame)
                self.paint(frame)

    def paint(self, frame: Frame) -> None:
        """Show a frame."""
        raise NotImplementedError

    def say(self, sentence: str) -> None:
        """Show an error, or clear it with ""."""
        for error in self.query(".error").results(Static):
            error.update(Content(f"✗ {sentence}" if sentence else ""))
            error.display = bool(sentence)

    def action_leave(self) -> None:
        """Return to the run."""
        self.dismiss()

    def _show_title(self, frame: Frame) -> None:
        outline = self.link.outline
        assert outline is not None
        left = Content.styled(self.NAME, "bold")
        right = Content.assemble(
            status.state(frame), "  ", status.position(frame[Position], outline)
        )
        self.query_one("#title", Line).show([spread(left, right, self.size.width)])
