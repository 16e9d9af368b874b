"""Two ways to do the same work, timed in turn, and what comes of it as one line of a table."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter, process_time, sleep

import numpy as np

from tuiprop.core.array import Array

Work = Callable[[int], object]
"""Does so many pieces of it."""

Clock = Callable[[], float]

PAUSE = 0.05
"""Seconds in which the threads of one side, which wait in a loop for more work, go to sleep."""


def clock_for(threads: int) -> Clock:
    """Processor time for one thread: what else the machine does then matters little.

    Otherwise the time that passes.
    """
    return process_time if threads == 1 else perf_counter


@dataclass(frozen=True)
class Effort:
    """How long a row is measured."""

    pairs: int
    seconds: float
    """That one side of a pair takes at least."""
    quick: bool = False
    """Smaller where a row is large."""


@dataclass(frozen=True)
class Spread:
    """A median with the interval that holds it with 95 %, by bootstrap."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.3g} ({self.low:.3g} to {self.high:.3g})"


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    what: str
    opponent: str
    result: str
    goal: str = ""
    notes: str = ""


@dataclass(frozen=True)
class Pair:
    """The seconds of one piece on both sides, (pairs,) each, of the same rounds."""

    ours: Array
    theirs: Array

    @property
    def speed(self) -> Spread:
        """How many times as fast as theirs ours is."""
        return spread(self.theirs / self.ours)

    @property
    def share(self) -> Spread:
        """How many times the time of theirs ours takes."""
        return spread(self.ours / self.theirs)

    @property
    def microseconds(self) -> str:
        ours, theirs = np.median(self.ours) * 1e6, np.median(self.theirs) * 1e6
        return f"{ours:,.1f} µs against {theirs:,.1f}"


def spread(values: Array) -> Spread:
    """The median of independent values."""
    drawn = np.random.default_rng(0).choice(values, (1000, len(values)))
    low, high = np.percentile(np.median(drawn, axis=1), [2.5, 97.5])
    return Spread(float(np.median(values)), float(low), float(high))


def seconds(work: Work, pieces: int, clock: Clock = perf_counter) -> float:
    """Of one piece, when so many are done."""
    began = clock()
    work(pieces)
    return (clock() - began) / pieces


def enough(work: Work, least: float) -> int:
    """How many pieces take at least so many seconds."""
    pieces = 1
    while (took := seconds(work, pieces) * pieces) < least:
        pieces *= min(max(2, int(least / max(took, 1e-9))), 100)
    return pieces


def paired(ours: Work, theirs: Work, effort: Effort, clock: Clock = perf_counter) -> Pair:
    """Both in turn, the order changing from pair to pair; neither is timed cold, nor disturbed."""
    sides = ours, theirs
    pieces = [enough(side, effort.seconds) for side in sides]
    times = np.empty((2, effort.pairs))
    for pair in range(effort.pairs):
        for side in (0, 1) if pair % 2 else (1, 0):
            sleep(PAUSE)
            sides[side](1)
            times[side, pair] = seconds(sides[side], pieces[side], clock)
    return Pair(*times)


def assert_same(ours: Iterable[Array], theirs: Iterable[Array]) -> None:
    """Both sides computed the same numbers, to 1e-5; otherwise the comparison means nothing."""
    pairs = zip(ours, theirs, strict=True)
    # NumPy's max, to which a number that is none is the largest
    apart = np.max([np.max(np.abs(one.ravel() - other.ravel())) for one, other in pairs])
    if not apart <= 1e-5:
        raise SystemExit(f"the two sides do not compute the same: they are {apart:.2g} apart")
