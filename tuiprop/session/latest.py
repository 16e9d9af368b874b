"""Results that are computed once for each state of a run."""

from collections.abc import Callable
from time import perf_counter
from typing import Generic, TypeVar

T = TypeVar("T")


class Latest(Generic[T]):
    """The latest result of a computation, and the state that it was computed for."""

    def __init__(self) -> None:
        self._latest: tuple[object, T] | None = None
        self.seconds = 0.0
        """The duration of the latest computation; 0 before the first."""

    def get(self, state: object, compute: Callable[[], T]) -> T:
        """Return the result for a state; compute it unless it is the latest one.

        Args:
            state: all that the result depends on.
            compute: computes the result.
        """
        if self._latest is None or self._latest[0] != state:
            started = perf_counter()
            self._latest = state, compute()
            self.seconds = perf_counter() - started
        return self._latest[1]

    def is_of(self, state: object) -> bool:
        """Return True if the latest result is that of a state."""
        return self._latest is not None and self._latest[0] == state
