import numpy as np
import pytest

from tuiprop.training.batches import Batches


def sizes(batches: Batches) -> set[int]:
    """Every m that occurs in an epoch."""
    return {len(batches.rows(t)) for t in range(1, batches.per_epoch(1) + 1)}


def epoch_of(batches: Batches, epoch: int) -> list[list[int]]:
    first = (epoch - 1) * batches.per_epoch(1) + 1
    return [batches.rows(t).tolist() for t in range(first, first + batches.per_epoch(1))]


def order_of(batches: Batches, epoch: int) -> list[int]:
    return [row for rows in epoch_of(batches, epoch) for row in rows]


@pytest.mark.parametrize("seed", [0, 7, 2**63 - 1])
@pytest.mark.parametrize(("count", "size"), [(10, 3), (12, 4), (1, 1), (5, 8), (7, 1)])
def test_the_order_of_an_epoch_is_the_contracts(count: int, size: int, seed: int) -> None:
    batches = Batches(count, size, shuffle=True, seed=seed)
    for epoch in (1, 2, 3, 50):
        expected = np.random.default_rng([seed, epoch]).permutation(count).tolist()
        assert order_of(batches, epoch) == expected


def test_the_last_batch_may_be_smaller_and_nothing_is_carried_over() -> None:
    batches = Batches(10, 4, shuffle=True, seed=1)
    assert batches.per_epoch(1) == 3
    assert sizes(batches) == {4, 2}
    for epoch in (1, 2, 3):
        assert [len(rows) for rows in epoch_of(batches, epoch)] == [4, 4, 2]
        assert sorted(order_of(batches, epoch)) == list(range(10))


def test_batches_that_divide_the_set() -> None:
    batches = Batches(12, 4, shuffle=True, seed=1)
    assert batches.per_epoch(1) == 3
    assert sizes(batches) == {4}


def test_unshuffled_the_rows_are_as_they_stand() -> None:
    batches = Batches(5, 2, shuffle=False, seed=1)
    assert epoch_of(batches, 1) == epoch_of(batches, 9) == [[0, 1], [2, 3], [4]]


@pytest.mark.parametrize("size", [0, 6, 7, 10**9])
def test_the_whole_set(size: int) -> None:
    batches = Batches(6, size, shuffle=False, seed=0)
    assert batches.per_epoch(1) == 1
    assert sizes(batches) == {6}
    assert batches.rows(1).tolist() == batches.rows(2).tolist() == list(range(6))
    shuffled = Batches(6, size, shuffle=True, seed=4)
    assert shuffled.rows(2).tolist() == np.random.default_rng([4, 2]).permutation(6).tolist()


def test_where_an_update_belongs() -> None:
    batches = Batches(10, 4, shuffle=True, seed=0)
    places = [(batches.epoch(t), batches.batch(t)) for t in range(1, 8)]
    assert places == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3), (3, 1)]


def test_the_batch_of_an_update_does_not_depend_on_what_was_asked_before() -> None:
    asked = Batches(9, 2, shuffle=True, seed=6)
    expected = [Batches(9, 2, shuffle=True, seed=6).rows(t).tolist() for t in range(1, 41)]
    for t in np.random.default_rng(0).integers(1, 41, 200).tolist():
        assert asked.rows(t).tolist() == expected[t - 1]
