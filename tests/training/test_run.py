from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.training.runs import CASES, OPTIMIZER_CASES, Case, bits, observable
from tuiprop.training import run as run_module
from tuiprop.training.history import Evaluation, Evaluator
from tuiprop.training.run import Run
from tuiprop.training.timeline import Timeline
from tuiprop.training.trainer import is_finite

LAST = 40
"""Eight epochs of 5 updates."""

ALL = {**CASES, **OPTIMIZER_CASES}


def with_budget(run: Run, budget: int) -> Run:
    """A run that keeps so many bytes of key frames."""
    run.timeline = Timeline(budget)
    run.timeline.save(0, run.trainer.state)
    return run


# Replay


@pytest.mark.parametrize("slice_seconds", [0.0, 0.005])
@pytest.mark.parametrize("budget", [1, 64 * 2**20])
@pytest.mark.parametrize("name", ALL)
def test_replay_is_identical_bit_for_bit(name: str, budget: int, slice_seconds: float) -> None:
    """With a key frame after every update, or next to none, of which all or five are kept."""
    case = ALL[name]
    states = case.states(LAST)
    seeks = np.random.default_rng([budget, len(name)]).integers(0, LAST + 1, 12).tolist()
    with patch.object(run_module, "SLICE", slice_seconds):
        run = with_budget(case.run(), budget)
        for t in [LAST, LAST, 0, 0, 1, LAST, *seeks]:
            run.seek(t)
            assert run.t == t
            assert bits(run.trainer.state) == states[t], (t, seeks)
            assert (run.trainer.workspace is None) == (t == 0)


@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    moves=st.lists(
        st.tuples(st.sampled_from(["seek", "advance", "record", "evaluate"]), st.integers(0, LAST)),
        max_size=12,
    ),
    budget=st.sampled_from([1, 2**26]),
    name=st.sampled_from(["softmax", "l2", "adam"]),
)
def test_no_order_of_moves_changes_a_state(
    moves: list[tuple[str, int]], budget: int, name: str
) -> None:
    case = CASES[name]
    states = case.states(LAST)
    with patch.object(run_module, "SLICE", 0.0):
        run = with_budget(case.run(), budget)
        for move, t in moves:
            if move == "seek":
                run.seek(t)
            elif move == "advance":
                run.advance(t)
            elif move == "record":
                before = observable(run)
                assert (
                    bits(run.record(t + 1).W[1]) == states[t][: 8 * case.sizes[0] * case.sizes[1]]
                )
                assert observable(run) == before
            else:
                run.evaluate()
            assert bits(run.trainer.state) == states[run.t]
        walked = case.run()
        walked.advance(run.batches.per_epoch(1) * (len(run.history) - 1))
        assert bits(run.history.rows) == bits(walked.history.rows)


@pytest.mark.parametrize("name", ["softmax", "float32", "huber"])
def test_a_replay_makes_the_same_arrays(name: str) -> None:
    case = CASES[name]
    there = case.run()
    there.advance(LAST)
    for t in (LAST - 1, 3, 1, 17, 17, 5):
        there.seek(t)
        fresh = case.run()
        fresh.advance(t)
        one, other = there.trainer.workspace, fresh.trainer.workspace
        assert one is not None
        assert other is not None
        assert bits(one.gradient.vector) == bits(other.gradient.vector)
        for l in range(1, case.network.L + 1):
            assert bits(one.a[l]) == bits(other.a[l])
            assert bits(one.dz[l]) == bits(other.dz[l])
        assert there.trainer.cost() == fresh.trainer.cost()


def test_a_seek_to_where_we_are_keeps_the_arrays() -> None:
    run = Case().run()
    run.seek(7)
    workspace = run.trainer.workspace
    with patch.object(run.trainer, "advance", side_effect=AssertionError):
        run.seek(7)
    assert run.trainer.workspace is workspace


@pytest.mark.parametrize("updates", [(12,), (12, 13, 14, 40, 1), (41, 50, 45), (39, 40, 41)])
def test_records_in_any_order_are_those_of_runs_of_their_own(updates: tuple[int, ...]) -> None:
    run = CASES["adam"].run()
    run.advance(LAST)
    before = observable(run)
    for update in updates:
        record = run.record(update)
        alone = CASES["adam"].run()
        alone.advance(update - 1)
        expected = alone.next_record()
        assert record.update == update
        for reference, array in expected.arrays().items():
            assert bits(record.arrays()[reference]) == bits(array), reference
        assert record.J == expected.J
        assert observable(run) == before


def test_a_replay_goes_on_from_where_the_last_one_ended() -> None:
    run = Case().run()
    assert run.replay_cost(30)[0] == 30
    run.record(30)
    assert [run.replay_cost(update)[0] for update in (30, 31, 29)] == [1, 2, 29]


def test_slices_and_pauses_do_not_matter() -> None:
    states = CASES["adam"].states(LAST)
    run = CASES["adam"].run()
    while run.t < LAST:
        before = run.t
        run.advance(LAST, seconds=0.0)
        assert run.t > before
        assert bits(run.trainer.state) == states[run.t]


# Going on


def test_advance_ends_when_the_time_is_up() -> None:
    run = Case().run()
    run.advance(10**9, seconds=0.02)
    assert 0 < run.t < 10**9
    assert run.diverged_at is None
    assert len(run.history) == run.epoch + 1


def test_advance_does_not_go_back() -> None:
    run = Case().run()
    run.advance(9)
    state = bits(run.trainer.state)
    for until in (9, 3, 0, -1):
        run.advance(until)
        assert run.t == 9
        assert bits(run.trainer.state) == state


def test_places() -> None:
    run = Case().run()
    assert (run.t, run.batches.per_epoch(1), run.epoch, run.last_update) == (0, 5, 0, 40)
    run.advance(9)
    assert (run.t, run.epoch) == (9, 1)
    run.advance(10)
    assert (run.t, run.epoch) == (10, 2)


def test_no_epochs() -> None:
    run = Case(training={"epochs": 0}).run()
    assert run.last_update == 0
    run.advance(run.last_update)
    assert run.t == 0
    assert len(run.history) == 1


# The history


@pytest.mark.parametrize("name", CASES)
def test_a_row_of_the_history_is_the_evaluation_at_the_end_of_that_epoch(name: str) -> None:
    case = CASES[name]
    run = case.run()
    run.advance(5 * run.batches.per_epoch(1) - 1)
    assert len(run.history) == 5
    for epoch in range(5):
        fresh = case.run()
        fresh.advance(epoch * run.batches.per_epoch(1))
        training, validation = fresh.evaluate()
        losses = training.loss, validation.loss
        row = [*losses, training.accuracy, validation.accuracy, fresh.penalty]
        assert bits(run.history.rows[epoch]) == bits(np.array(row))
    if case.network.loss_function.classes:
        assert run.history.rows[-1, 2] >= run.history.rows[0, 2]


def test_going_back_and_on_leaves_the_history_as_it_is() -> None:
    run = Case().run()
    run.advance(23)
    rows = run.history.rows.copy()
    assert len(rows) == 5
    for t in (22, 5, 0, 20, 21, 11, 23):
        run.seek(t)
        assert bits(run.history.rows) == bits(rows)
    run.advance(26)
    assert bits(run.history.rows[:5]) == bits(rows)
    assert len(run.history) == 6


def test_no_epoch_is_written_twice() -> None:
    run = Case().run()
    for t in (5, 4, 5, 10, 9, 10, 0, 10, 15):
        run.seek(t)
    assert len(run.history) == 4
    assert len({bits(row) for row in run.history.rows}) == 4
    straight = Case().run()
    straight.advance(15)
    assert bits(run.history.rows) == bits(straight.history.rows)


def test_nothing_held_out() -> None:
    run = Case(validation=0).run()
    run.advance(10)
    assert np.isnan(run.history.column("validation_loss")).all()
    assert np.isnan(run.history.column("validation_accuracy")).all()
    assert np.isfinite(run.history.column("train_loss")).all()
    assert set(run.history[-1]) == {"epoch", "train_loss", "train_accuracy"}


# Divergence

DIVERGING = {
    "many epochs": Case((4, 3, 2), ("tanh", "linear"), "mse", training={"learning_rate": 2.5}),
    "some epochs": Case((4, 3, 2), ("relu", "linear"), "mse", training={"learning_rate": 4.0}),
    "at once": Case((4, 3, 2), ("relu", "linear"), "mse", training={"learning_rate": 1e308}),
    "whole set": Case(
        (4, 5, 2),
        ("relu", "linear"),
        "squared_error",
        training={"batch_size": 0, "learning_rate": 4.0},
    ),
    "float32": Case(
        (4, 2), ("linear",), "squared_error", training={"dtype": "float32", "learning_rate": 3.0}
    ),
    "momentum": Case(
        (4, 2), ("linear",), "mse", training={"optimizer": "momentum", "learning_rate": 5.0}
    ),
    "l2": Case((4, 3, 2), ("tanh", "linear"), "mse", 3.0, training={"learning_rate": 1.0}),
}


def first_non_finite(case: Case) -> tuple[int, list[bytes]]:
    """The update after which a number is not finite, and the states before it."""
    trainer = case.trainer()
    states = []
    with np.errstate(all="ignore"):
        while np.isfinite(trainer.state).all():
            states.append(bits(trainer.state))
            trainer.advance(1)
            assert trainer.t < 20_000, "this case does not diverge"
    return trainer.t, states


@pytest.mark.parametrize("slice_seconds", [0.0, 0.005, 10.0])
@pytest.mark.parametrize("name", DIVERGING)
def test_divergence_is_found_where_it_began(name: str, slice_seconds: float) -> None:
    case = DIVERGING[name]
    update, states = first_non_finite(case)
    with patch.object(run_module, "SLICE", slice_seconds):
        run = case.run()
        run.advance(10_000)
        assert run.diverged_at == update
        assert run.t == update - 1
        assert bits(run.trainer.state) == states[-1]
        assert len(run.history) == (update - 1) // run.batches.per_epoch(1) + 1
        finite = case.run()
        finite.advance((len(run.history) - 1) * run.batches.per_epoch(1))
        assert bits(run.history.rows) == bits(finite.history.rows)

        run.advance(10_000)
        assert (run.t, run.diverged_at) == (update - 1, update)
        rows = bits(run.history.rows)
        run.seek(max(0, update - 4))
        assert run.diverged_at is None or update == 1
        assert bits(run.trainer.state) == states[max(0, update - 4)]
        run.advance(10_000)
        assert (run.t, run.diverged_at) == (update - 1, update)
        assert bits(run.trainer.state) == states[-1]
        assert bits(run.history.rows) == rows


def test_the_updates_at_which_they_diverge_differ() -> None:
    updates = {name: first_non_finite(case)[0] for name, case in DIVERGING.items()}
    assert updates["at once"] == 1
    assert updates["many epochs"] > 100
    places = {DIVERGING[name].run().trainer.batches.batch(t) for name, t in updates.items()}
    assert places >= {1, 2, 5}  # the first and the last of an epoch among them


def test_the_record_of_the_update_that_diverged() -> None:
    case = DIVERGING["some epochs"]
    run = case.run()
    run.advance(10_000)
    assert run.diverged_at is not None
    record = run.record(run.diverged_at)
    assert record.update == first_non_finite(case)[0]
    assert all(np.isfinite(W).all() for W in record.W.values())


def test_an_infinite_J_of_a_finite_state_does_not_stop_a_run() -> None:
    case = Case((2, 1), ("linear",), "mse", training={"learning_rate": 1e-300})
    initial = case.initial
    initial.vector[:] = 1e200
    run = Run(case.network, case.settings, case.data, initial)
    assert run.history.rows[0, 0] == np.inf
    run.advance(3)
    assert run.t == 3
    assert run.diverged_at is None


def test_is_finite() -> None:
    with np.errstate(all="ignore"):
        assert is_finite(np.array([1e308, 1e308, -1e308]))
        assert is_finite(np.zeros((2, 3), np.float32))
        for wrong in (np.nan, np.inf, -np.inf):
            assert not is_finite(np.array([0.0, wrong, 1.0]))
        assert not is_finite(np.array([np.inf, -np.inf]))


# Going on with an earlier run


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("t", [1, 10, 12])
def test_resume_is_identical_bit_for_bit(name: str, t: int) -> None:
    case = ALL[name]
    earlier = case.run()
    earlier.advance(t)
    state, rows = earlier.trainer.state.copy(), earlier.history.rows.copy()
    earlier.advance(LAST)

    later = case.run()
    later.resume(state, t, rows)
    assert later.t == t
    assert bits(later.history.rows) == bits(rows)
    later.advance(LAST)
    assert bits(later.trainer.state) == bits(earlier.trainer.state)
    n = len(later.history)
    assert n == LAST // later.batches.per_epoch(1) + 1
    assert bits(later.history.rows) == bits(earlier.history.rows)
    states = case.states(LAST)
    for back in (t, t - 1, t + 1, 0):
        later.seek(back)
        assert bits(later.trainer.state) == states[back]


# Evaluation


def test_an_evaluation_leaves_the_training_as_it_is() -> None:
    run = CASES["adam"].run()
    run.advance(8)
    assert run.trainer.workspace is not None
    a, J = bits(run.trainer.workspace.a[2]), run.trainer.cost()
    first, second = run.evaluate(), run.evaluate()
    assert first == second
    assert (bits(run.trainer.workspace.a[2]), run.trainer.cost()) == (a, J)
    run.advance(LAST)
    assert bits(run.trainer.state) == CASES["adam"].states(LAST)[LAST]


def test_evaluate_is_of_the_sets_of_the_run() -> None:
    case = CASES["softmax"]
    run = case.run()
    run.advance(3)
    data, parameters = case.data, run.trainer.parameters
    assert run.evaluate() == (
        Evaluator(case.network, data.inputs, data.targets, "float64").evaluate(parameters),
        Evaluator(
            case.network, data.validation_inputs, data.validation_targets, "float64"
        ).evaluate(parameters),
    )
    assert isinstance(run.evaluate()[0], Evaluation)


def test_a_seek_on_leaps_to_a_key_frame_where_it_was_before() -> None:
    case = CASES["adam"]
    with patch.object(run_module, "SLICE", 0.0):
        run = case.run()
        run.advance(LAST)
        run.seek(2)
        with patch.object(run.trainer, "advance", wraps=run.trainer.advance) as advance:
            run.seek(LAST)
        assert advance.call_count == 1, "one update, for its arrays"
    assert bits(run.trainer.state) == case.states(LAST)[LAST]


def test_the_state_before_the_end_of_a_long_epoch_is_kept() -> None:
    """With none kept for its age, and slices of one update: an epoch is long."""
    case = Case()
    with patch.object(run_module, "SLICE", 0.0), patch.object(run_module, "REST", 1e12):
        run = case.run()
        run.advance(LAST)
        kept = {run.timeline.before(t)[0] for t in range(LAST)}
    assert kept >= {5 * epoch - 1 for epoch in range(1, 9)}
    assert bits(run.timeline.before(9)[1]) == case.states(9)[9]


def test_the_update_that_was_walked_to_is_made_again_from_the_state_before_it() -> None:
    run = Case().run()
    run.advance(38, landing=True)
    updates, seconds = run.replay_cost(38)
    assert updates == 1
    assert seconds > 0
    walked = run.trainer.state.copy()
    record = run.record(38)
    assert run.t == 38
    assert np.array_equal(record.before_and_after[1], walked)
