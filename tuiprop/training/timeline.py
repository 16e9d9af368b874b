"""Key frames in bounded memory, from which a short replay reaches any past state."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tuiprop.core.array import Array
from tuiprop.training.memory import DEFAULT

BUDGET = DEFAULT * 2**20
"""The default for the bytes that all key frames together may take."""

MOST = 500
"""The largest number of key frames: more would not shorten a replay noticeably."""

EVENNESS = 1 / 16
"""The share of the whole span in which age counts; key frames further away are evenly spaced."""

LASTING = 4.0
"""The weight of a lasting key frame, which is kept for the updates after it."""

Lineage = Sequence[tuple[int, float]]
"""The branches that lead to a state, the newest first, each with its last shared update."""


class KeyFrame(NamedTuple):
    """A state that a replay can start from."""

    t: int
    """The number of updates done."""
    state: Array
    """θ and the optimiser state before the edits at t act, (1 + S, P)."""


class Timeline:
    """Copies of the state at some of the updates of every branch.

    When memory is full, it discards the key frame whose neighbours are nearest to each other,
    relative to its distance from the present. The key frames become dense around the position of
    the run and evenly spaced elsewhere. A replay is therefore bounded everywhere, and repeated
    moves back from the present cost few updates each.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self._bytes = 0
        self._frames: dict[tuple[int, int], Array] = {}
        self._times: dict[int, list[int]] = {}
        self._newest: dict[int, int] = {}
        self._weights: dict[int, list[float]] = {}

    def __len__(self) -> int:
        return len(self._frames)

    def save(self, t: int, state: Array, branch: int = 0, *, lasting: bool = False) -> None:
        """Keep a copy of state t. State 0 is always kept; others as memory allows.

        Args:
            t: the number of updates done.
            state: is copied.
            branch: the number of its branch.
            lasting: give it more weight than its neighbours.
        """
        if (branch, t) in self._frames:
            return
        self._newest[branch] = max(t, self._newest.get(branch, 0))
        spare = None
        while len(self) >= 2 and (len(self) >= MOST or self._bytes + state.nbytes > self._budget):
            victim = self._least(t)
            if victim is None:
                break
            spare = self._drop(*victim)
        if spare is not None and (spare.shape, spare.dtype) == (state.shape, state.dtype):
            np.copyto(spare, state)  # new memory would cost several times the copy
        else:
            spare = state.copy()
        self._frames[branch, t] = spare
        self._bytes += state.nbytes
        times, weights = self._times.setdefault(branch, []), self._weights.setdefault(branch, [])
        place = bisect_left(times, t)
        times.insert(place, t)
        weights.insert(place, LASTING if lasting else 1.0)

    def before(self, t: int, lineage: Lineage = ((0, np.inf),)) -> KeyFrame:
        """Find the newest key frame at or before update t.

        Args:
            t: the number of updates done.
            lineage: the lineage of the branch.

        Returns:
            The key frame itself, whose state is valid until the next `save`.
        """
        for branch, last in lineage:
            times = self._times.get(branch, [])
            place = bisect_right(times, min(t, last))
            if place:
                return KeyFrame(times[place - 1], self._frames[branch, times[place - 1]])
        raise LookupError(f"no key frame before update {t}")

    def _least(self, present: int) -> tuple[int, int] | None:
        """Find the key frame that is worth least at update `present`; never state 0."""
        span = max(self._newest.values())
        least, victim = np.inf, None
        for branch, times in self._times.items():
            begin = [0] if branch else []  # a branch begins between key frames of another
            edges = np.array([*begin, *times, self._newest[branch] + 1], np.float64)
            if len(edges) < 3:
                continue
            age = np.minimum(np.abs(present - edges[1:-1]), EVENNESS * span) + 1.0
            worth = (edges[2:] - edges[:-2]) / age
            worth *= self._weights[branch][1 - len(begin) :]
            place = int(worth.argmin())
            if worth[place] < least:
                least, victim = float(worth[place]), (branch, int(edges[place + 1]))
        return victim

    def _drop(self, branch: int, t: int) -> Array:
        """Remove a key frame, and return its state, whose memory can be reused."""
        place = bisect_left(self._times[branch], t)
        del self._times[branch][place], self._weights[branch][place]
        if not self._times[branch]:
            del self._times[branch], self._weights[branch]
        state = self._frames.pop((branch, t))
        self._bytes -= state.nbytes
        return state
