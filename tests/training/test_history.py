import numpy as np
import pytest

from tests.core.plain import LOSS, forward
from tests.training.runs import Case
from tuiprop.core.initialization import initialize
from tuiprop.core.network import Network, Parameters
from tuiprop.training.history import CHUNK, Evaluation, Evaluator, History

CASES = {
    "softmax": Case((4, 6, 3), ("tanh", "softmax"), "cross_entropy", l2=0.5),
    "sigmoid, one output": Case((4, 6, 1), ("tanh", "sigmoid"), "binary_cross_entropy", l2=0.5),
    "sigmoid, K outputs": Case((4, 6, 3), ("tanh", "sigmoid"), "binary_cross_entropy"),
    "mse": Case((4, 6, 2), ("gelu", "linear"), "mse", l2=0.5),
    "huber": Case((4, 6, 2), ("gelu", "linear"), "huber"),
    "mse of softmax": Case((4, 6, 3), ("tanh", "softmax"), "mse"),
}


def expected(case: Case, parameters: Parameters, inputs: object, targets: object) -> Evaluation:
    x, y = np.asarray(inputs, np.float64), np.asarray(targets, np.float64).T
    theta = np.asarray(parameters.vector, np.float64)
    a = forward(case.network, theta, x)[1][-1]
    loss = float(LOSS[case.loss](a, y).mean())
    if case.loss == "binary_cross_entropy" and len(y) == 1:
        return Evaluation(loss, float(((a > 0.5) == (y == 1)).mean()))
    if case.loss in ("binary_cross_entropy", "cross_entropy"):
        right = [
            int(np.argmax(one)) == int(np.argmax(other))
            for one, other in zip(a.T, y.T, strict=True)
        ]
        return Evaluation(loss, sum(right) / len(right))
    return Evaluation(loss, np.nan)


@pytest.mark.parametrize("count", [1, 30, CHUNK, CHUNK + 1, 2 * CHUNK + 500])
@pytest.mark.parametrize("name", CASES)
def test_against_an_independent_computation(name: str, count: int) -> None:
    case = CASES[name]
    case = Case(case.sizes, case.activations, case.loss, case.l2, examples=count, validation=0)
    data = case.data
    parameters = initialize(case.network, "he_normal", 2)
    found = Evaluator(case.network, data.inputs, data.targets, "float64").evaluate(parameters)
    wanted = expected(case, parameters, data.inputs, data.targets)
    assert found.loss == pytest.approx(wanted.loss, rel=1e-12)
    np.testing.assert_equal(found.accuracy, wanted.accuracy)
    if count > 100 and not np.isnan(found.accuracy):
        assert 0.1 < found.accuracy < 0.9


def test_float32() -> None:
    case = Case(training={"dtype": "float32"}, examples=3000)
    parameters = case.initial
    data = case.data
    found = Evaluator(case.network, data.inputs, data.targets, "float32").evaluate(parameters)
    wanted = expected(case, parameters, data.inputs, data.targets)
    assert found.loss == pytest.approx(wanted.loss, rel=1e-6)
    assert found.accuracy == pytest.approx(wanted.accuracy, abs=2 / 3000)


def test_an_empty_set() -> None:
    case = CASES["softmax"]
    network: Network = case.network
    nothing = np.empty((0, 4)), np.empty((0, 3))
    found = Evaluator(network, *nothing, "float64").evaluate(case.initial)
    assert np.isnan(found).all()


def history(count: int) -> History:
    history = History(held_out=True, classes=True)
    for epoch in range(count):
        history.add(Evaluation(epoch + 0.1, epoch + 0.2), Evaluation(epoch + 0.3, 0.5), 0.25)
    return history


@pytest.mark.parametrize("count", [1, 64, 65, 1000])
def test_rows_are_kept(count: int) -> None:
    rows = history(count).rows
    assert rows.shape == (count, 5)
    epochs = np.arange(count)
    np.testing.assert_array_equal(rows[:, 0], epochs + 0.1)
    np.testing.assert_array_equal(rows[:, 1], epochs + 0.3)
    np.testing.assert_array_equal(rows[:, 2], epochs + 0.2)
    assert (rows[:, 3] == 0.5).all()
    assert (rows[:, 4] == 0.25).all()


def test_an_epoch_is_a_mapping_of_what_there_is() -> None:
    three = history(3)
    last = {"epoch": 2, "train_loss": 2.1, "validation_loss": 2.3, "train_accuracy": 2.2}
    last["validation_accuracy"] = 0.5
    assert three[2] == three[-1] == last
    assert list(three.since(1)) == [three[1], three[2]]
    assert list(three.since(3)) == []
    assert three.column("validation_loss").tolist() == [0.3, 1.3, 2.3]
    with pytest.raises(IndexError):
        three[3]


def test_csv() -> None:
    history = History(held_out=True, classes=True)
    history.add(Evaluation(0.1 + 0.2, 1 / 3), Evaluation(np.inf, 0.5), 0.5)
    history.add(Evaluation(np.nan, 1.0), Evaluation(2.0, 0.5), 0.5)
    assert history.to_csv() == (
        "epoch,train_loss,validation_loss,train_accuracy,validation_accuracy\n"
        "0,0.30000000000000004,inf,0.3333333333333333,0.5\n"
        "1,nan,2.0,1.0,0.5\n"
    )
    assert np.isnan(history[1]["train_loss"])


def test_csv_has_empty_fields_where_nothing_is_held_out() -> None:
    for classes, head, cells in (
        (True, ",train_accuracy,validation_accuracy", ",1.0,"),
        (False, "", ""),
    ):
        history = History(held_out=False, classes=classes)
        history.add(Evaluation(0.5, 1.0), Evaluation(np.nan, np.nan), 0.0)
        assert history.to_csv() == f"epoch,train_loss,validation_loss{head}\n0,0.5,{cells}\n"
        assert "validation_loss" not in history[0]
