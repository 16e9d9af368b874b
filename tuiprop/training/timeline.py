"""Key frames in bounded memory: what makes any past state a short replay away."""

from bisect import bisect_right, insort

import numpy as np

from tuiprop.core.array import Array

BUDGET = 64 * 2**20
"""Bytes that all key frames together may take."""

MOST = 1000
"""Key frames at most: more would not make a replay shorter in a way that one feels."""

EVENNESS = 0.1
"""How much of the whole span counts as age: 0 is dense at the present alone, 1 nearly even."""


class Timeline:
    """Copies of the state at some of the updates.

    When there is no room, the key frame goes whose neighbours are nearest to each other for its
    distance from the present: they end up dense around where the run is, and thinner elsewhere.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self._frames: dict[int, Array] = {}
        self._times: list[int] = []

    def __len__(self) -> int:
        return len(self._times)

    def save(self, t: int, state: Array) -> None:
        """Keep a copy of state t. State 0 is always kept; others as room allows."""
        if t in self._frames:
            return
        most = max(2, min(MOST, self._budget // state.nbytes))
        while len(self._times) >= most:
            self._forget_one(t)
        self._frames[t] = state.copy()
        insort(self._times, t)

    def before(self, t: int) -> tuple[int, Array]:
        """The newest key frame at or before update t: its update and the state."""
        time = self._times[bisect_right(self._times, t) - 1]
        return time, self._frames[time]

    def _forget_one(self, present: int) -> None:
        """Drop the key frame that is missed least from update `present`; never state 0."""
        times = np.array([*self._times, max(self._times[-1], present) + 1], np.float64)
        gap = times[2:] - times[:-2]
        age = np.abs(present - times[1:-1]) + EVENNESS * times[-1] + 1.0
        victim = self._times.pop(int((gap / age).argmin()) + 1)
        del self._frames[victim]
