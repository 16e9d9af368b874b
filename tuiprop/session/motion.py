"""The motion of a run to another position, and its measured speed."""

from dataclasses import dataclass
from time import perf_counter

from tuiprop.protocol.messages.moving import Speed, Status

MEASURED_OVER = 0.5
"""Seconds over which the speed is measured."""


@dataclass(frozen=True)
class Motion:
    """The motion of a run towards a target."""

    status: Status
    target: int
    """The update that it goes to."""
    start: int
    """The update that it starts from; in a replay, that of the key frame."""
    since: int
    """A position in operations; conditions that became true up to here do not stop the run."""
    operations: int = 0
    """The number of operations of the next update to be done on arrival."""
    watched: bool = False
    """True if conditions stop it."""
    speed: Speed | None = None
    """Its speed; None: as fast as possible."""
    first: int = 0
    """The position that its speed counts from."""
    began: float = 0.0
    """The time that its speed counts from."""

    def progress(self, update: int) -> float:
        """Return the share of the distance from `start` to `target` that is done."""
        if self.target <= self.start:
            return 1.0
        return (update - self.start) / (self.target - self.start)


class SpeedMeter:
    """Measures the speed of a motion.

    Args:
        here: the number of operations done since state 0.
    """

    def __init__(self, here: int) -> None:
        self._since, self._first, self._speed = perf_counter(), here, 0.0

    def speed(self, here: int) -> float:
        """Return the operations per second of the last interval, or so far in the first one.

        Args:
            here: the number of operations done since state 0.
        """
        now = perf_counter()
        elapsed, done = now - self._since, here - self._first
        if elapsed >= MEASURED_OVER:
            self._since, self._first, self._speed = now, here, done / elapsed
        elif not self._speed and elapsed > 0:
            return done / elapsed
        return self._speed
