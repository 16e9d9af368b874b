import numpy as np
import pytest

from tuiprop.training.timeline import MOST, Timeline


def state(t: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.full(10, float(t))


def times(timeline: Timeline, last: int) -> list[int]:
    return sorted({timeline.before(t)[0] for t in range(last + 1)})


def test_the_newest_at_or_before() -> None:
    timeline = Timeline()
    for t in (0, 10, 20, 15):
        timeline.save(t, state(t))
    asked = {0: 0, 9: 0, 10: 10, 14: 10, 15: 15, 19: 15, 20: 20, 10**9: 20}
    for t, expected in asked.items():
        time, found = timeline.before(t)
        assert time == expected
        assert found.tolist() == state(expected).tolist()


def test_a_key_frame_is_a_copy_and_is_not_made_twice() -> None:
    timeline = Timeline()
    changing = state(1)
    timeline.save(0, changing)
    changing[:] = 7.0
    timeline.save(0, changing)
    assert len(timeline) == 1
    assert timeline.before(0)[1].tolist() == state(1).tolist()


@pytest.mark.parametrize("budget", [0, 1, 80 * 5, 80 * 20, 80 * 300])
def test_memory_is_bounded_and_the_ends_are_kept(budget: int) -> None:
    timeline = Timeline(budget)
    most = max(2, budget // 80)
    for t in range(2000):
        timeline.save(t, state(t))
        assert len(timeline) <= most
    kept = times(timeline, 1999)
    assert len(kept) == most
    assert kept[0] == 0
    assert kept[-1] == 1999
    assert all(timeline.before(t)[1][0] == t for t in kept)


def test_never_more_than_the_limit() -> None:
    timeline = Timeline()
    for t in range(MOST + 100):
        timeline.save(t, state(t))
    assert len(timeline) == MOST


def test_dense_near_the_present_and_thinner_in_the_past() -> None:
    timeline = Timeline(80 * 50)
    for t in range(10_000):
        timeline.save(t, state(t))
    gaps = np.diff(times(timeline, 9999))
    assert len(gaps) == 49
    assert gaps[-10:].mean() < gaps[:10].mean() / 4
    assert gaps.max() < 10_000 / 10


def test_in_the_past_after_going_back() -> None:
    timeline = Timeline(80 * 8)
    for t in range(0, 1000, 10):
        timeline.save(t, state(t))
    for t in range(3, 900, 7):
        timeline.save(t, state(t))
        assert len(timeline) <= 8
        assert timeline.before(t)[0] == t, "a replay leaves key frames where the run is"
    assert timeline.before(5)[0] <= 5
    assert times(timeline, 1000)[0] == 0


def test_the_far_side_stays_covered_while_the_run_is_in_the_past() -> None:
    timeline = Timeline(80 * 20)
    for t in range(10_000):
        timeline.save(t, state(t))
    for goal in (100, 5000, 2000, 9000, 50):
        for t in range(timeline.before(goal)[0], goal, 10):
            timeline.save(t, state(t))
        gaps = np.diff([*times(timeline, 9999), 9999])
        assert gaps.max() < 2.5 * 10_000 / 16


def test_what_is_lasting_goes_last() -> None:
    timeline = Timeline(80 * 20)
    for t in range(5000):
        timeline.save(t, state(t), lasting=t % 500 == 499)
    assert {t for t in times(timeline, 4999) if t % 500 == 499} == set(range(499, 5000, 500))
    with_others = Timeline(80 * 20)
    for t in range(5000):
        with_others.save(t, state(t), lasting=True)
    assert len(with_others) == 20, "where all are, room is made all the same"
