"""The pairing itself, by a clock that stands still but for the work."""

import numpy as np
import pytest

from benchmarks.pairing import Effort, assert_same, enough, paired, spread


def test_both_sides_are_timed_in_turn() -> None:
    now, order = [0.0], []

    def ours(pieces: int) -> None:
        order.append("ours")
        now[0] += 2.0 * pieces

    def theirs(pieces: int) -> None:
        order.append("theirs")
        now[0] += 6.0 * pieces

    pair = paired(ours, theirs, Effort(4, 0.0), lambda: now[0])
    # one each before, to see how long it takes, and one before each that is timed
    assert order[2:] == [side for side in ("theirs", "ours", "ours", "theirs") * 2 for _ in (0, 1)]
    assert pair.ours.tolist() == [2.0] * 4
    assert (pair.speed.median, pair.speed.low, pair.speed.high) == (3.0, 3.0, 3.0)
    assert pair.share.median == pytest.approx(1 / 3)


def test_enough_pieces_are_done() -> None:
    done = []

    def work(pieces: int) -> None:
        done.append(pieces)
        sum(range(pieces))

    assert enough(work, 0.0) == 1
    assert enough(work, 1e-4) == done[-1] > 1


def test_the_interval_holds_the_median() -> None:
    found = spread(np.random.default_rng(0).normal(5.0, 1.0, 100))
    assert found.low < found.median < found.high
    assert found.low > 4.5
    assert found.high < 5.5


def test_other_numbers_are_refused() -> None:
    zeros = np.zeros((2, 3))
    assert_same([zeros], [zeros + 1e-6])
    for other in (zeros + 1e-4, zeros * np.nan):
        with pytest.raises(SystemExit, match="do not compute the same"):
            assert_same([zeros, zeros], [zeros, other])
