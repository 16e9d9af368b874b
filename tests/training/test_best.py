"""The best epoch and its parameters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.runs import Case, observable
from tuiprop.training.edit import ParameterEdit
from tuiprop.training.history import WIDTH, Evaluation, History

CASE = Case(training={"learning_rate": 0.8, "epochs": 40})


def walked(t: int) -> bytes:
    run = CASE.run()
    run.advance(t)
    return run.trainer.parameters.vector.tobytes()


LOSS = st.sampled_from([0.0, 0.5, 1.0, 2.0, np.inf, np.nan])


@pytest.mark.parametrize("held_out", [True, False])
@given(losses=st.lists(st.tuples(LOSS, LOSS), min_size=1, max_size=12), cut=st.integers(0, 11))
def test_the_best_epoch_is_that_of_the_least_loss(
    held_out: bool, losses: list[tuple[float, float]], cut: int
) -> None:
    history = History(held_out=held_out, classes=False)
    rows = np.zeros((len(losses), WIDTH))
    rows[:, :2] = losses
    history.extend(rows[:3])
    for row in rows[3:]:
        history.add(Evaluation(row[0], np.nan), Evaluation(row[1], np.nan), 0.0)
    for each, count in ((history, len(losses)), (history.until(cut), min(cut + 1, len(losses)))):
        judged = rows[:count, 1 if held_out else 0]
        numbers = np.where(np.isnan(judged), np.inf, judged)
        assert each.best == int(np.argmin(numbers))
        assert len(each) == count


def test_its_parameters_are_kept() -> None:
    run = CASE.run()
    run.advance(run.last_update)
    epoch = run.history.best
    assert 0 < epoch < 39
    best = run.branch.kept_best
    assert best is not None
    assert best is run.best()
    assert best.epoch == epoch
    assert best.vector.tobytes() == walked(5 * epoch)


def test_on_a_branch_that_begins_before_it() -> None:
    run = CASE.run()
    run.advance(run.last_update)
    fork = 5 * (run.history.best - 1) + 1
    run.edit(ParameterEdit(at=fork, symbol="W", layer=2, row=0, column=0, value=90.0))
    run.advance(fork + 9)  # it has become worse
    assert run.branch.kept_best is None
    epoch, before = run.history.best, observable(run)
    best = run.best()
    assert best.epoch == epoch
    assert 5 * epoch < fork
    assert best.vector.tobytes() == walked(5 * epoch)
    assert observable(run) == before
    run.switch(0)
    kept = run.branch.kept_best
    assert kept is not None
    assert kept.vector.tobytes() == walked(5 * run.history.best)


def test_edits_at_its_end_have_not_acted() -> None:
    run = CASE.run()
    run.advance(run.last_update)
    at = 5 * run.history.best
    before = run.best().vector.tobytes()
    run.edit(ParameterEdit(at=at, symbol="W", layer=1, row=0, column=0, value=50.0))
    assert run.history.best == at // 5
    assert run.best().vector.tobytes() == before
    run.branch.best = None
    assert run.best().vector.tobytes() == before
    assert run.trainer.parameters.W[1][0, 0] == 50.0
