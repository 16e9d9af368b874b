"""Edits and branches: every state is a function of the experiment and the log of edits."""

import random
from typing import Any

import numpy as np
import pytest

from tests.training.runs import Case, observable
from tuiprop.training.edit import Edit, InputEdit, MistakeEdit, ParameterEdit, SettingsEdit
from tuiprop.training.plan import Plan
from tuiprop.training.run import Run
from tuiprop.verify.mistakes import MISTAKES

CASE = Case(l2=0.01, training={"optimizer": "adam"})


def weight(at: int, value: float = 0.25, symbol: str = "W", layer: int = 1) -> ParameterEdit:
    return ParameterEdit(at=at, symbol=symbol, layer=layer, row=1, column=0, value=value)  # type: ignore[arg-type]


def straight(case: Case, edits: tuple[Edit, ...], t: int) -> Run:
    """A run of its own that has these edits from the beginning and walks to update t once."""
    run = case.run()
    run.trainer.restore(run.trainer.state.copy(), 0, run.trainer.plan.with_edits(edits))
    run.trainer.advance(t)
    run.trainer.apply_pending_edits()
    return run


def assert_same(run: Run, other: Run) -> None:
    assert run.t == other.t
    assert np.array_equal(run.trainer.state, other.trainer.state)
    assert np.array_equal(run.trainer.examples.all_inputs(), other.trainer.examples.all_inputs())
    assert run.trainer.settings == other.trainer.settings
    assert run.network == other.network
    assert run.trainer.config.mistake == other.trainer.config.mistake
    mine, theirs = run.next_record(), other.next_record()
    assert mine.J == theirs.J
    assert mine.count == theirs.count
    for reference, array in mine.arrays().items():
        assert np.array_equal(array, theirs.arrays()[reference]), reference


def test_a_parameter_is_changed_where_it_says_and_the_replay_changes_it_again() -> None:
    run = CASE.run()
    run.advance(12)
    before = run.trainer.parameters.W[1].copy()
    run.edit(weight(12))
    after = run.trainer.parameters.W[1]
    assert after[1, 0] == 0.25
    before[1, 0] = 0.25
    assert np.array_equal(after, before)
    run.advance(20)
    state = run.trainer.state.copy()
    run.seek(3)
    run.seek(20)
    assert np.array_equal(run.trainer.state, state)
    run.seek(12)
    assert run.trainer.parameters.W[1][1, 0] == 0.25
    assert run.trainer.workspace is None, "what was made before the edit is not shown as current"


def test_at_the_newest_state_the_branch_goes_on_behind_it_another_begins() -> None:
    run = CASE.run()
    run.advance(12)
    assert run.edit(SettingsEdit(at=12, learning_rate=0.5)).number == 0
    run.advance(20)
    old, curve = run.trainer.state.copy(), run.history.rows.copy()
    branch = run.edit(weight(7))
    assert (branch.number, branch.fork, branch.parent) == (1, 7, run.branches[0])
    assert branch.edits == (weight(7),), "the edit at 12 lies beyond the fork"
    assert len(run.history) == run.epoch + 1
    run.advance(16)
    assert_same(run, straight(CASE, (weight(7),), 16))
    run.switch(0)
    run.advance(20)
    assert np.array_equal(run.trainer.state, old)
    assert np.array_equal(run.history.rows, curve)
    run.switch(1)
    run.advance(run.branch.reached)
    assert_same(run, straight(CASE, (weight(7),), 16))


@pytest.mark.parametrize("apart", [False, True])
def test_a_branch_at_the_newest_state_when_wanted(apart: bool) -> None:
    run = CASE.run()
    run.advance(9)
    assert run.edit(weight(9), apart=apart).number == int(apart)


def test_a_fork_stands_where_the_edit_has_acted_and_the_run_where_it_was() -> None:
    run = CASE.run()
    run.advance(13)
    run.edit(weight(13, 0.5))
    before = observable(run)
    for edit in (weight(13), weight(9), InputEdit(at=12, example=4, input=2, value=9.0)):
        fork = run.fork(edit.at, edit)
        assert observable(run) == before
        assert_same(fork, straight(CASE, fork.branch.edits, edit.at))
        other = CASE.run()
        other.advance(13)
        other.edit(weight(13, 0.5))
        branch = other.edit(edit, apart=True)
        assert fork.branch.log == branch.log
        assert np.array_equal(fork.history.rows, other.history.rows)
        assert fork.evaluate() == other.evaluate()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_an_input_is_changed_in_this_branch_from_there_on(dtype: str) -> None:
    case = Case(training={"dtype": dtype})
    run = case.run()
    run.advance(10)
    first = run.evaluate()
    original = run.trainer.examples.all_inputs().copy()
    run.edit(InputEdit(at=6, example=4, input=2, value=9.0))
    assert run.trainer.examples.all_inputs()[4, 2] == 9.0
    assert run.evaluate()[0].loss != first[0].loss, "J training is over the changed example"
    run.seek(5)
    assert np.array_equal(run.trainer.examples.all_inputs(), original)
    run.seek(11)
    assert run.trainer.examples.all_inputs()[4, 2] == 9.0
    run.switch(0)
    run.advance(10)
    assert np.array_equal(run.trainer.examples.all_inputs(), original)
    assert run.evaluate() == first


def test_another_rule_begins_with_fresh_slots_and_counts_from_one() -> None:
    run = CASE.run()
    run.advance(8)
    theta = run.trainer.state[0].copy()
    run.edit(SettingsEdit(at=8, optimizer="rmsprop"))
    assert run.trainer.state.shape[0] == 2
    assert np.array_equal(run.trainer.state[0], theta)
    assert not run.trainer.state[1].any()
    run.edit(SettingsEdit(at=8, optimizer="adamw", learning_rate=0.1))
    assert run.trainer.state.shape[0] == 3
    record = run.next_record()
    assert (record.update, record.count) == (9, 1)
    fresh = Case(l2=0.01, training={"optimizer": "adamw", "learning_rate": 0.1}).run()
    fresh.trainer.state[0] = theta
    fresh.trainer.parameters.vector[...] = theta
    gradient = run.next_record()
    run.advance(9)
    expected = theta - 0.1 * 0.01 * theta
    g = np.concatenate([np.r_[gradient.dW[l].ravel(), gradient.db[l].ravel()] for l in (1, 2)])
    expected -= 0.1 * g / (np.abs(g) + 1e-8)  # the first update of Adam: m̂ = g, √v̂ = |g|
    assert np.allclose(run.trainer.state[0], expected, rtol=1e-12, atol=1e-14)


def test_settings_take_hold_from_the_next_update_and_l2_in_J_too() -> None:
    run = CASE.run()
    run.advance(8)
    run.edit(SettingsEdit(at=8, l2=0.5, learning_rate=0.2))
    assert run.network.l2 == 0.5
    weights = run.trainer.parameters.W
    assert run.penalty == pytest.approx(0.25 * sum(float((W**2).sum()) for W in weights.values()))
    assert "0.5 * W1" in run.trainer.operations()[-9].numpy or any(
        "0.5 * W" in operation.numpy for operation in run.trainer.operations()
    )
    run.seek(7)
    assert run.network.l2 == 0.01
    assert run.trainer.settings.learning_rate == 0.05


def test_another_size_of_batches_from_the_next_epoch_on() -> None:
    run = CASE.run()  # 23 examples in batches of 5: 5 updates an epoch
    run.advance(7)
    run.edit(SettingsEdit(at=7, batch_size=10))
    batches = run.batches
    sizes = [len(batches.rows(t)) for t in range(1, 17)]
    assert sizes == [5, 5, 5, 5, 3] * 2 + [10, 10, 3] * 2
    assert [batches.end(epoch) for epoch in range(6)] == [0, 5, 10, 13, 16, 19]
    assert [batches.epochs_done(t) for t in (0, 4, 5, 9, 10, 12, 13)] == [0, 0, 1, 1, 2, 2, 3]
    assert [(batches.epoch(t), batches.batch(t)) for t in (10, 11, 13, 14)] == [
        *((2, 5), (3, 1)),
        *((3, 3), (4, 1)),
    ]
    assert run.last_update == batches.end(8) == 28
    order = np.random.default_rng([3, 3]).permutation(23)
    assert batches.rows(11).tolist() == order[:10].tolist()
    run.advance(28)
    assert len(run.history) == 9
    run.edit(SettingsEdit(at=10, batch_size=0))  # the end of an epoch: from there on
    assert [len(run.batches.rows(t)) for t in (10, 11, 12)] == [3, 23, 23]


EDITS: list[dict[str, Any]] = [
    {"kind": "weight", "symbol": "W", "layer": 1},
    {"kind": "weight", "symbol": "b", "layer": 2},
    {"kind": "input"},
    {"kind": "settings", "learning_rate": 0.3},
    {"kind": "settings", "l2": 0.2},
    {"kind": "settings", "batch_size": 7},
    {"kind": "settings", "optimizer": "momentum"},
    {"kind": "settings", "optimizer": "adam", "options": {"eps": 1e-6}},
    {"kind": "mistake"},
]


MISTAKES_OF_CASE = [
    name
    for name, mistake in MISTAKES.items()
    if not mistake.refusal(CASE.network, CASE.settings.batch_size)
]


def some_edit(generator: random.Random, at: int) -> Edit:
    options = dict(generator.choice(EDITS))
    kind = options.pop("kind")
    if kind == "weight":
        value = generator.uniform(-1, 1)
        return ParameterEdit(at=at, row=generator.randrange(3), column=0, value=value, **options)
    if kind == "input":
        return InputEdit(
            at=at, example=generator.randrange(23), input=generator.randrange(4), value=2.0
        )
    if kind == "mistake":
        return MistakeEdit(at=at, mistake=generator.choice([*MISTAKES_OF_CASE, None, None]))
    return SettingsEdit(at=at, **options)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("budget", [1, 64 * 2**20])
def test_walks_over_branches_land_where_a_straight_run_lands(seed: int, budget: int) -> None:
    generator = random.Random(seed)
    case = Case(l2=0.01, training={"optimizer": "sgd"})
    run = Run(case.network, case.settings, case.data, case.initial, budget)
    for _ in range(60):
        action = generator.choice(("on", "back", "edit", "apart", "switch", "look"))
        if action == "on":
            run.advance(run.t + generator.randrange(12))
        elif action == "back":
            run.seek(generator.randrange(run.t + 1))
        elif action in ("edit", "apart"):
            at = max(0, run.t - generator.choice((0, 0, 1, 5)))
            run.edit(some_edit(generator, at), apart=action == "apart")
        elif action == "switch":
            run.switch(generator.choice(list(run.branches)))
            run.advance(run.branch.reached)
        else:
            before = observable(run)
            run.record(1 + generator.randrange(run.branch.reached + 3))
            run.fork(generator.randrange(run.t + 1))
            run.best()
            assert observable(run) == before
        if run.diverged_at is None:
            assert_same(run, straight(case, run.branch.edits, run.t))
            rows = run.history.rows
            assert len(rows) >= run.epoch + 1


def test_a_divergence_after_edits_stands_before_it() -> None:
    run = Case(training={"optimizer": "sgd"}).run()
    run.advance(6)
    run.edit(SettingsEdit(at=6, optimizer="adam", l2=1e200, learning_rate=1e200))
    run.advance(30)
    assert run.diverged_at is not None
    assert run.t == run.diverged_at - 1
    assert np.isfinite(run.trainer.state).all()


def test_the_log_as_words() -> None:
    assert str(weight(3)) == "W[1][1,0] = 0.25"
    assert str(SettingsEdit(at=1, optimizer="adam", l2=0.0)) == "optimizer = adam, l2 = 0.0"
    edit = InputEdit(at=1, example=4, input=2, value=-1.5)
    assert str(edit) == "a[0][2] of training example 4 = -1.5"


def test_edits_act_in_the_order_of_their_updates() -> None:
    plan = Plan(CASE.network, CASE.settings, 23, (weight(9), weight(3, 1.0), weight(3, 2.0)))
    assert [edit.at for edit in plan.edits] == [3, 3, 9]
    assert plan.acting_at(3) == (weight(3, 1.0), weight(3, 2.0))
    assert [plan.next_edit(t) for t in (0, 3, 8, 9)] == [3, 9, 9, np.inf]


@pytest.mark.parametrize("mistake", MISTAKES_OF_CASE)
def test_a_mistake_acts_from_there_on_until_it_is_taken_out(mistake: str) -> None:
    run = CASE.run()
    run.advance(6)
    run.edit(MistakeEdit(at=6, mistake=mistake))
    run.advance(9)
    mistaken = run.trainer.state.copy()
    run.edit(MistakeEdit(at=9, mistake=None))
    run.advance(12)
    edits = run.branch.edits
    assert [str(edit) for edit in edits] == [f"mistake {mistake}", "no mistake"]
    assert_same(run, straight(CASE, edits, 12))
    # by the operations of the mistake and by nothing else: those of the right update come elsewhere
    right = CASE.run()
    right.advance(6)
    state = right.trainer.state.copy()
    right.advance(7)
    run.seek(6)
    assert np.array_equal(run.trainer.state, state)
    run.seek(7)
    assert not np.array_equal(run.trainer.state, right.trainer.state)
    run.seek(9)
    assert np.array_equal(run.trainer.state, mistaken)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_branches_are_made_again_from_their_logs(number: int) -> None:
    run = CASE.run()
    run.advance(20)
    run.edit(SettingsEdit(at=12, optimizer="rmsprop"))
    run.advance(18)
    run.edit(weight(15))
    run.advance(24)
    curves = {each: branch.history.rows.copy() for each, branch in run.branches.items()}
    run.switch(number)
    run.advance(run.branch.reached)
    t, state = run.timeline.before(run.t - 1, run.branch.lineage)
    again = CASE.run()
    again.resume(state.copy(), t, run.history.rows.copy(), run.logs, number)
    assert again.logs == run.logs
    again.seek(run.t)
    assert_same(again, run)
    assert np.array_equal(again.history.rows, curves[number])
    for other in (0, 1, 2):
        again.switch(other)
        again.advance(again.branch.reached)
        assert_same(again, straight(CASE, again.branch.edits, again.branch.reached))
        assert np.array_equal(again.history.rows, curves[other])
