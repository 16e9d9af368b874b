"""Key frames in bounded memory: what makes any past state a short replay away."""

from bisect import bisect_right, insort

import numpy as np

from tuiprop.core.array import Array

BUDGET = 64 * 2**20
"""Bytes that all key frames together may take."""

MOST = 1000
"""Key frames at most: more would not make a replay shorter in a way that one feels."""

PROTECTED = 3
"""So many newest key frames are not thinned out: the next step back is short."""


class Timeline:
    """Copies of the state at some of the updates.

    When there is no room, the key frame goes whose neighbours are nearest to each other for its
    age: they end up dense near the present and thinner in the past.
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
        most = max(PROTECTED + 2, min(MOST, self._budget // state.nbytes))
        while len(self._times) >= most:
            self._forget_one()
        self._frames[t] = state.copy()
        insort(self._times, t)

    def before(self, t: int) -> tuple[int, Array]:
        """The newest key frame at or before update t: its update and the state."""
        time = self._times[bisect_right(self._times, t) - 1]
        return time, self._frames[time]

    def _forget_one(self) -> None:
        times = np.array(self._times, np.float64)
        now = times[-1]
        gap = times[2:] - times[:-2]
        age = now - times[1:-1] + 0.5 * now
        cost = (gap / age)[: len(gap) + 1 - PROTECTED]
        victim = self._times.pop(int(cost.argmin()) + 1)
        del self._frames[victim]
