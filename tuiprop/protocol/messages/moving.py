"""The position of the run, and commands that move it."""

from typing import Annotated, Literal

import msgspec

from tuiprop.protocol.messages.base import Query, Request, View
from tuiprop.update.arrays import CellRef

Status = Literal["paused", "playing", "seeking"]


class Speed(msgspec.Struct, frozen=True, kw_only=True):
    """The speed of playback."""

    rate: Annotated[float, msgspec.Meta(gt=0)]
    """Updates or operations per second."""
    operations: bool = False
    """The rate counts operations, not updates."""


class Position(View, frozen=True, kw_only=True):
    """The position of the run."""

    update: int
    """The number t of updates done."""
    done: int
    """Operations of update t + 1 done; 0 before it has begun."""
    operations: int
    """Operations in one update: 8L + 1."""
    epochs_done: int
    epoch: int
    """The epoch of the current update, from 1; 0 before the first."""
    batch: int
    """The batch of the current update within its epoch, from 1; 0 before the first."""
    per_epoch: int
    """The number of updates in that epoch."""
    batch_size: int
    """The number of examples in every batch of that epoch but the last."""
    last_update: int
    """The last update of the requested epochs."""
    examples: int
    """m of the current update; before the first, m of the next one."""


class PositionQuery(Query[Position], frozen=True, kw_only=True):
    """Ask where the run is."""


class Motion(View, frozen=True, kw_only=True):
    """The motion of the run, and what stopped it."""

    status: Status
    target: int | None
    """The update that the run goes to; None while it is paused."""
    start: int
    """The update from which the run goes there; for a replay, that of a key frame."""
    progress: float
    """The fraction of that distance that is done, 0 to 1; 1 when paused."""
    updates_per_second: float
    """The measured speed; 0 when paused."""
    diverged: str
    """The sentence about a divergence, or ""."""
    bad: CellRef | None
    """The first number that is not finite, after a divergence."""
    hit: str
    """The sentence about the condition at which the run stopped, or ""."""
    unkept: str = ""
    """The reason why the run could not be saved, or ""."""
    fault: str = ""
    """The sentence about an exception that paused the run, or ""."""


class MotionQuery(Query[Motion], frozen=True, kw_only=True):
    """Ask whether the run moves."""


class Play(Request[None], frozen=True, kw_only=True):
    """Train to the end of the requested epochs."""

    speed: Speed | None = None
    """The speed; None: as fast as possible."""


class Toggle(Request[None], frozen=True, kw_only=True):
    """Play if the run is paused, else pause it."""

    speed: Speed | None = None
    """The speed, if it starts playing; None: as fast as possible."""


class SetSpeed(Request[None], frozen=True, kw_only=True):
    """Play at another speed, if the run plays."""

    speed: Speed | None = None


class Pause(Request[None], frozen=True, kw_only=True):
    """Pause the run where it is."""


class Seek(Request[None], frozen=True, kw_only=True):
    """Go back or forward to a place: the first field that is set.

    The reply comes when the place is reached, or when the run has started to go there.
    """

    branch: int | None = None
    """The branch whose newest state is the place."""
    update: int | None = None
    epoch: int | None = None
    """The epoch whose end is the place."""
    ahead: int | None = None
    """The number of epochs from the last whole one; back if negative."""
    place: Literal["newest", "end", "best"] = "newest"
    """The newest update of this branch; the end of the requested epochs; the epoch of the lowest
    validation loss, or training loss without a validation set."""


class Move(Request[None], frozen=True, kw_only=True):
    """Go forward, or back if negative, from the position or from the target of the run."""

    operations: int = 0
    layers: int = 0
    """Layers: 1 goes to the end of the operations of this layer in this phase, -1 to their
    beginning, or from there to the beginning of those before."""
    phases: int = 0
    """Phases (forward, cost, backward, update), counted in the same way."""
    updates: int = 0
    """Updates: 1 goes to the end of an update that has begun, -1 to its beginning."""
    epochs: int = 0
    """Epochs: 1 goes to the end of this epoch, -1 to its beginning or to the previous one."""
