"""Commands that move or change the run."""

from typing import Literal

from tuiprop.protocol.messages.base import Request
from tuiprop.protocol.messages.payloads import Pace, Stop
from tuiprop.update.arrays import CellRef


class Play(Request[None], frozen=True, kw_only=True):
    """Train to the end of the requested epochs."""

    pace: Pace | None = None
    """The pace; None: flat out."""


class Toggle(Request[None], frozen=True, kw_only=True):
    """Play if the run is paused, else pause it."""

    pace: Pace | None = None
    """The pace, if it starts playing; None: flat out."""


class SetPace(Request[None], frozen=True, kw_only=True):
    """Play at another pace, if the run plays."""

    pace: Pace | None = None


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
    J validation, or J training where there is no validation set."""


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


class Try(Request[None], frozen=True, kw_only=True):
    """Try another value for one number of W, b or a[0], on a new branch.

    Until `Keep` or `Revert`, nothing else moves the run.
    """

    cell: CellRef
    value: float


class Keep(Request[None], frozen=True, kw_only=True):
    """Keep the tried change as a branch."""


class Revert(Request[None], frozen=True, kw_only=True):
    """Discard the tried change, and return to the position before it."""


class Change(Request[None], frozen=True, kw_only=True):
    """Train with other settings from here on."""

    learning_rate: float | None = None
    l2: float | None = None
    batch_size: int | None = None
    """The batch size from the next epoch on."""
    optimizer: str | None = None
    options: dict[str, float | tuple[float, float]] | None = None


class SetStops(Request[None], frozen=True, kw_only=True):
    """Replace the conditions that the run stops at."""

    stops: list[Stop]


class Verify(Request[None], frozen=True, kw_only=True):
    """Check the gradient and audit the update at once."""


class SetMistake(Request[None], frozen=True, kw_only=True):
    """Inject a mistake from here on, on a new branch; None removes it."""

    name: str | None
