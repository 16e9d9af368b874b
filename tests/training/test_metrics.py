import numpy as np
import pytest

from tuiprop.training.metrics import NumberMetrics, accuracy, predicted_classes, probabilities


def test_predicted_classes() -> None:
    one = np.array([[0.2, 0.5, 0.500001, 1.0, np.nan]])
    assert predicted_classes(one).tolist() == [0, 0, 1, 1, 0]
    three = np.array([[0.2, 0.4], [0.5, 0.4], [0.3, 0.2]])
    assert predicted_classes(three).tolist() == [1, 0]


def test_probabilities() -> None:
    assert probabilities(np.array([[0.25], [1.0]])).tolist() == [[0.75, 0.25], [0.0, 1.0]]
    assert probabilities(np.array([[0.2, 0.8]])).tolist() == [[0.2, 0.8]]


def test_a_half_is_the_first_class_either_way() -> None:
    outputs = np.array([[0.5], [np.nextafter(0.5, 1.0)]])
    assert probabilities(outputs).argmax(axis=1).tolist() == [0, 1]
    assert predicted_classes(outputs.T).tolist() == [0, 1]


def test_accuracy() -> None:
    assert accuracy(np.array([0, 1, 2, 1]), np.array([0, 1, 1, 1])) == 0.75


def test_metrics_of_numbers_by_hand() -> None:
    found = NumberMetrics.of(np.array([1.0, 2, 3]), np.array([1.0, 2, 4]))
    assert found.r2 == 0.5
    assert found.mae == pytest.approx(1 / 3)
    assert found.bias == pytest.approx(-1 / 3)
    assert found.rmse == pytest.approx((1 / 3) ** 0.5)


def test_no_r_squared_where_all_are_equal() -> None:
    assert NumberMetrics.of(np.array([2.0, 2]), np.array([1.0, 2])).r2 is None
    assert NumberMetrics.of(np.full(20, 0.1), np.linspace(0, 1, 20)).r2 is None


def test_predictions_that_are_not_finite() -> None:
    found = NumberMetrics.of(np.array([1.0, 2]), np.array([1.0, np.inf], np.float32))
    assert np.isinf([found.mae, found.rmse]).all()
    assert found.r2 == -np.inf
