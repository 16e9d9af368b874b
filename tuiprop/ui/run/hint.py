"""The hint: one line that suggests what to do next."""

from typing import Any, ClassVar

from textual.content import Content

from tuiprop.protocol.messages.base import Query
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.moving import Motion, MotionQuery, Position, PositionQuery
from tuiprop.protocol.messages.operation import CurrentOperation, CurrentOperationQuery
from tuiprop.protocol.messages.what_if import Trial, TrialQuery
from tuiprop.ui.drawing.line import Line


class Hint(Line):
    """A line below the panels, which the user may hide."""

    DEFAULT_CSS = "Hint { background: $background; }"
    QUERIES: ClassVar[tuple[Query[Any], ...]] = (
        PositionQuery(),
        MotionQuery(),
        CurrentOperationQuery(),
        TrialQuery(),
    )
    """The views that it shows."""

    def tell(self, frame: Frame, went_back: bool) -> None:
        """Show the hint for a frame.

        Args:
            frame: the newest frame.
            went_back: True if the user has gone back to this state.
        """
        self.show([Content.styled(f" {hint(frame, went_back)}", "$dim")])


def is_news(frame: Frame) -> bool:
    """Return True if the hint reports what the user must not miss."""
    motion = frame[Motion]
    return bool(motion.hit or motion.diverged or motion.unkept or frame[Trial].what_if)


def hint(frame: Frame, went_back: bool) -> str:
    """Return one line that suggests what to do next."""
    motion, at, current = frame[Motion], frame[Position], frame[CurrentOperation]
    if motion.fault:
        return motion.fault
    if motion.diverged:
        return motion.diverged
    if motion.hit:
        return motion.hit
    if frame[Trial].what_if is not None:
        return (
            f"Update {at.update + 1} with the change. "
            "Enter: keep it as a branch · Escape: revert it"
        )
    if motion.unkept:
        return f"Not saved, will try again: {motion.unkept}"
    if motion.status == "seeking":
        return "space: stop here"
    if motion.status != "paused":
        return "space: pause · + -: speed"
    if went_back and at.update == 0 and current.now is None:
        return "Initial weights, bit for bit; the history is kept. b or space: go on"
    if went_back:
        return "Replayed to this state, bit for bit. G: return to the newest"
    if current.now is not None:
        return "o: next operation · Shift+o: undo, exactly · Enter: why this number?"
    if current.completed is not None:
        return f"Update {at.update} is complete. o: start the next · Shift+o: undo, exactly"
    if at.update == 0:
        return f"o: first operation, z[1] · b: all {at.operations}, one update · s: your own data"
    if at.epochs_done == 0:
        return "Shift+b: undo, exactly · arrows: other arrays · e: a whole epoch"
    return "g: any epoch · x: export the weights · s: your own data · Escape: hide this"
