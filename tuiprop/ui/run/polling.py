"""The requests of the run screen that no key causes."""

from collections.abc import Callable

from textual.screen import Screen
from textual.timer import Timer

from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.moving import Motion, MotionQuery, Position
from tuiprop.protocol.messages.proof import Proof
from tuiprop.protocol.messages.training import Branches
from tuiprop.ui.link import Link

FRAMES_A_SECOND = 12
"""Frames per second while the engine trains."""

KEEP_EVERY = 3.0
"""Seconds between two states fetched while playing, which survive a crash of the engine."""

SAVES_EVERY = 2.0
"""Seconds between two checks of whether the run could be saved, while paused."""

PROOF_EVERY = 0.25
"""Seconds between two requests for an unfinished proof."""


class Polling:
    """Requests frames while the engine trains or a proof is unfinished, and fetches states.

    Args:
        link: the link to the engine.
        look: requests the newest frame.
    """

    def __init__(self, link: Link, look: Callable[[], None]) -> None:
        self._link = link
        self._look = look
        self._frame: Frame | None = None
        self._while_moving: tuple[Timer, ...] = ()

    def start(self, screen: Screen[None]) -> None:
        """Start the timers of a screen; two of them run only while the engine trains."""
        self._while_moving = (
            screen.set_interval(1 / FRAMES_A_SECOND, self._look, pause=True),
            screen.set_interval(KEEP_EVERY, self._link.keep, pause=True),
        )
        screen.set_interval(PROOF_EVERY, lambda: self._look_at_the_proof(screen))
        screen.set_interval(SAVES_EVERY, self._look_for_failed_saves)

    def follow(self, frame: Frame | None) -> None:
        """Adjust to the newest frame; None for a run that has none yet."""
        before, self._frame = self._frame, frame
        if frame is None:
            return
        is_moving = frame[Motion].status != "paused"
        for timer in self._while_moving:
            (timer.resume if is_moving else timer.pause)()
        if not is_moving and (before is None or _state(before) != _state(frame)):
            self._link.keep()

    def _look_at_the_proof(self, screen: Screen[None]) -> None:
        """Request an unfinished proof while the run is paused."""
        frame = self._frame
        if frame is None or frame[Motion].status != "paused" or not screen.is_current:
            return
        note = frame[Proof].note
        if note is None or not note.finished:
            self._look()

    def _look_for_failed_saves(self) -> None:
        """Show if a save has failed; the run is saved while it is paused too."""
        if self._frame is None or self._frame[Motion].status != "paused":
            return

        def compare(motion: Motion) -> None:
            if self._frame and motion.unkept != self._frame[Motion].unkept:
                self._look()

        self._link.send(MotionQuery(), compare)


def _state(frame: Frame) -> tuple[object, ...]:
    """Return the facts that a fetched state depends on."""
    return frame[Position].update, frame[Branches]
