"""Key frames in bounded memory: what makes any past state a short replay away."""

from bisect import bisect_right, insort
from collections.abc import Sequence

import numpy as np

from tuiprop.core.array import Array

BUDGET = 64 * 2**20
"""Bytes that all key frames together may take."""

MOST = 1000
"""Key frames at most: more would not make a replay shorter in a way that one feels."""

EVENNESS = 0.1
"""How much of the whole span counts as age: 0 is dense at the present alone, 1 nearly even."""

Way = Sequence[tuple[int, float]]
"""How the present was reached: branches from the newest back, each with the last update that
lies on the way."""


class Timeline:
    """Copies of the state at some of the updates of every branch.

    When there is no room, the key frame goes whose neighbours are nearest to each other for its
    distance from the present: they end up dense around where the run is, and thinner elsewhere.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self._bytes = 0
        self._frames: dict[tuple[int, int], Array] = {}
        self._times: dict[int, list[int]] = {}

    def __len__(self) -> int:
        return len(self._frames)

    def save(self, t: int, state: Array, branch: int = 0) -> None:
        """Keep a copy of state t. State 0 is always kept; others as room allows."""
        if (branch, t) in self._frames:
            return
        while len(self) >= 2 and (len(self) >= MOST or self._bytes + state.nbytes > self._budget):
            if not self._forget_one(t):
                break
        self._frames[branch, t] = state.copy()
        self._bytes += state.nbytes
        insort(self._times.setdefault(branch, []), t)

    def before(self, t: int, way: Way = ((0, np.inf),)) -> tuple[int, Array]:
        """The newest key frame at or before update t on a way: its update and the state."""
        for branch, last in way:
            times = self._times.get(branch, [])
            place = bisect_right(times, min(t, last))
            if place:
                return times[place - 1], self._frames[branch, times[place - 1]]
        raise LookupError(f"no key frame before update {t}")

    def forget(self, branch: int) -> None:
        """Drop every key frame of a branch."""
        for t in self._times.pop(branch, []):
            self._bytes -= self._frames.pop((branch, t)).nbytes

    def _forget_one(self, present: int) -> bool:
        """Drop the key frame that is missed least from update `present`; never state 0."""
        newest = max(times[-1] for times in self._times.values())
        least, victim = np.inf, None
        for branch, times in self._times.items():
            begin = [0] if branch else []  # a branch begins between key frames of another
            edges = np.array([*begin, *times, max(times[-1], present) + 1], np.float64)
            if len(edges) < 3:
                continue
            age = np.abs(present - edges[1:-1]) + EVENNESS * newest + 1.0
            worth = (edges[2:] - edges[:-2]) / age
            place = int(worth.argmin())
            if worth[place] < least:
                least, victim = float(worth[place]), (branch, int(edges[place + 1]))
        if victim is None:
            return False
        branch, t = victim
        self._times[branch].remove(t)
        if not self._times[branch]:
            del self._times[branch]
        self._bytes -= self._frames.pop(victim).nbytes
        return True
