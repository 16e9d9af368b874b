"""Commands that move or change the run."""

from typing import Literal

from tuiprop.protocol.messages.base import Request
from tuiprop.protocol.messages.payloads import Pace, Stop
from tuiprop.update.arrays import CellRef


class Play(Request[None], frozen=True, kw_only=True):
    """Train to the end of the epochs asked for."""

    pace: Pace | None = None
    """None: flat out."""


class Toggle(Request[None], frozen=True, kw_only=True):
    """Play if the run is paused, else pause it."""

    pace: Pace | None = None
    """As for `Play`."""


class SetPace(Request[None], frozen=True, kw_only=True):
    """Play at another pace, if the run plays."""

    pace: Pace | None = None


class Pause(Request[None], frozen=True, kw_only=True):
    """Pause the run where it is."""


class Seek(Request[None], frozen=True, kw_only=True):
    """Go to a place, back or on: the first of these that is set.

    The reply comes when the place is reached or the run is under way to it.
    """

    branch: int | None = None
    """The newest state of this branch."""
    update: int | None = None
    epoch: int | None = None
    """Its end."""
    ahead: int | None = None
    """Epochs from the last whole one, back below 0."""
    place: Literal["newest", "end", "best"] = "newest"
    """The newest update of this branch; the end of the epochs asked for; the epoch of the least
    J validation, or J training where nothing is held out."""


class Move(Request[None], frozen=True, kw_only=True):
    """Go so far on (or back, below 0) from where the run is or is going."""

    operations: int = 0
    layers: int = 0
    """To where the operations of this layer in this phase end is one on; to where they, or those
    before them, begin is one back."""
    phases: int = 0
    """The same for forward, cost, backward, update."""
    updates: int = 0
    """To the end of an update begun is one on; to its beginning is one back."""
    epochs: int = 0
    """To the end of this epoch is one on; to its beginning, or that of the one before, is back."""


class Try(Request[None], frozen=True, kw_only=True):
    """Try another value for one number of W, b or a[0], on a branch of its own.

    Until `Keep` or `Revert`, nothing else moves the run.
    """

    cell: CellRef
    value: float


class Keep(Request[None], frozen=True, kw_only=True):
    """Keep the change that is tried, as a branch."""


class Revert(Request[None], frozen=True, kw_only=True):
    """Discard the change that is tried, and go back to where the run was."""


class Change(Request[None], frozen=True, kw_only=True):
    """Train with other settings from here on."""

    learning_rate: float | None = None
    l2: float | None = None
    batch_size: int | None = None
    """From the next epoch on."""
    optimizer: str | None = None
    options: dict[str, float | tuple[float, float]] | None = None


class SetStops(Request[None], frozen=True, kw_only=True):
    """Replace the conditions that the run stops at."""

    stops: list[Stop]


class Verify(Request[None], frozen=True, kw_only=True):
    """Check the gradient and audit the update at once."""


class SetMistake(Request[None], frozen=True, kw_only=True):
    """Put a mistake into the network from here on, on a branch; None takes it out."""

    name: str | None
