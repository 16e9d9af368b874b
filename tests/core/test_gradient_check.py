from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.core.plain import Problem, problem
from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.array import Array
from tuiprop.core.gradient_check import (
    EXHAUSTIVE,
    GradientCheck,
    GradientChecker,
    LayerCheck,
    Verdict,
    check_gradient,
)
from tuiprop.core.network import Layer, Network, Parameters
from tuiprop.core.propagation import Workspace


def check(case: Problem, *, sample: int = EXHAUSTIVE, seed: int = 0) -> GradientCheck:
    given = case.network, case.parameters, case.inputs, case.targets
    return check_gradient(*given, sample=sample, seed=seed)


def verdicts(result: GradientCheck) -> dict[str, Verdict]:
    return {array.name: array.verdict for array in result.arrays}


def break_backward(monkeypatch: pytest.MonkeyPatch, damage: Callable[[Workspace], None]) -> None:
    right = Workspace.backward

    def wrong(self: Workspace, parameters: Parameters) -> None:
        right(self, parameters)
        damage(self)

    monkeypatch.setattr(Workspace, "backward", wrong)


def test_right_code_is_right() -> None:
    case = problem((4, 5, 3), ("gelu", "softmax"), "cross_entropy", l2=0.1)
    theta = case.parameters.vector.copy()
    result = check(case)
    assert verdicts(result) == dict.fromkeys(("W1", "b1", "W2", "b2"), Verdict.RIGHT)
    assert [array.checked for array in result.arrays] == [20, 5, 15, 3]
    assert [array.kinks for array in result.arrays] == [0, 0, 0, 0]
    assert result.passed
    assert not result.sampled
    assert 0 < result.worst < 1e-9
    assert result.worst == max(array.relative_error for array in result.arrays)
    assert np.array_equal(case.parameters.vector, theta)


def test_float32_parameters_are_checked_in_float64() -> None:
    case = problem((4, 5, 3), ("tanh", "linear"), "mse")
    small = Parameters(case.network, case.parameters.vector.astype(np.float32))
    result = check_gradient(
        case.network, small, case.inputs.astype(np.float32), case.targets.astype(np.float32)
    )
    assert result.passed
    assert result.worst < 1e-9
    assert small.vector.dtype == np.float32


@pytest.mark.parametrize("off", [1e-6, -1e-6, 0.09, -0.01])
def test_a_wrong_leaky_slope(monkeypatch: pytest.MonkeyPatch, off: float) -> None:
    case = problem((4, 6, 5, 3), ("leaky_relu", "leaky_relu", "linear"), "squared_error")
    assert check(case).passed

    def wrong(z: Array, a: Array, da: Array, out: Array, scratch: Array) -> None:
        out[...] = da * np.where(z > 0, 1.0, 0.01 + off)

    broken = replace(ACTIVATIONS["leaky_relu"], multiply_derivative=wrong)
    monkeypatch.setitem(ACTIVATIONS, "leaky_relu", broken)
    result = check(case)
    assert not result.passed
    assert Verdict.WRONG in (verdicts(result)["W1"], verdicts(result)["W2"])
    assert verdicts(result)["W3"] is verdicts(result)["b3"] is Verdict.RIGHT
    assert result.worst > 1e-7


@pytest.mark.parametrize("power", [1, -1])
def test_one_over_m_forgotten_or_twice(monkeypatch: pytest.MonkeyPatch, power: int) -> None:
    def damage(workspace: Workspace) -> None:
        workspace.gradient.vector *= float(workspace.m) ** power

    break_backward(monkeypatch, damage)
    result = check(problem((4, 5, 3), ("tanh", "linear"), "mse"))
    assert set(verdicts(result).values()) == {Verdict.WRONG}
    assert result.worst > 0.5


@pytest.mark.parametrize("name", ["W1", "b1", "W2", "b2"])
def test_the_wrong_array_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def damage(workspace: Workspace) -> None:
        dict(workspace.gradient)[name].flat[0] += 1e-4

    break_backward(monkeypatch, damage)
    result = check(problem((4, 5, 3), ("tanh", "linear"), "mse"))
    assert [n for n, verdict in verdicts(result).items() if verdict is Verdict.WRONG] == [name]
    assert not result.passed


def test_forgotten_penalty(monkeypatch: pytest.MonkeyPatch) -> None:
    case = problem((4, 5, 3), ("tanh", "linear"), "mse", l2=0.1)

    def damage(workspace: Workspace) -> None:
        workspace.gradient.W[1][...] -= 0.1 * case.parameters.W[1]

    break_backward(monkeypatch, damage)
    assert verdicts(check(case))["W1"] is Verdict.WRONG


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_gradient_that_is_no_number_is_wrong(
    monkeypatch: pytest.MonkeyPatch, wrong: float
) -> None:
    def damage(workspace: Workspace) -> None:
        workspace.gradient.b[1][0, 0] = wrong

    break_backward(monkeypatch, damage)
    with np.errstate(invalid="ignore"):
        result = check(problem((4, 5, 3), ("tanh", "linear"), "mse"))
    assert verdicts(result)["b1"] is Verdict.WRONG
    assert not result.passed


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "selu"])
def test_z_exactly_on_the_kink(name: str) -> None:
    network = Network(2, (Layer(3, name), Layer(1, "linear")), "mse")
    parameters = Parameters.zeros(network)
    parameters.W[2][...] = [[1.0, -2.0, 0.5]]
    case = Problem(network, parameters, np.array([[1.0, 0.0], [2.0, 0.0]]), np.ones((2, 1)))
    arrays = {array.name: array for array in check(case).arrays}
    assert arrays["W1"].kinks == 3  # the second input is 0, so its weights move no z
    assert arrays["W1"].checked == 3
    assert (arrays["b1"].kinks, arrays["b1"].checked) == (3, 0)
    assert arrays["W2"].kinks == arrays["b2"].kinks == 0
    assert arrays["b2"].verdict is Verdict.RIGHT
    assert check(case).passed


@pytest.mark.parametrize(("name", "kinks"), [("relu", 1), ("leaky_relu", 1), ("selu", 1)])
def test_a_kink_within_h(name: str, kinks: int) -> None:
    network = Network(1, (Layer(1, name), Layer(1, "linear")), "mse")
    parameters = Parameters(network, np.array([1.0, 0.0, 1.0, 0.0]))
    for z, expected in ((3e-6, kinks), (-3e-6, kinks), (1e-5, 0)):
        case = Problem(network, parameters, np.array([[z]]), np.array([[1.0]]))
        result = check(case)
        assert result.arrays[1].kinks == expected
        assert result.passed


def test_elu_of_an_example_of_zeros() -> None:
    """Example (0, 0) of exclusive or has z[1] = 0 at first, where the second derivative jumps."""
    case = problem((2, 3, 1), ("elu", "sigmoid"), "binary_cross_entropy", m=4)
    case.inputs[...] = [[0, 0], [0, 1], [1, 0], [1, 1]]
    case.targets[...] = [[0], [1], [1], [0]]
    result = check(case)
    assert result.passed
    assert result.worst < 1e-9


def test_huber_where_the_parabola_meets_the_line() -> None:
    network = Network(1, (Layer(1, "linear"),), "huber")
    case = Problem(network, Parameters.zeros(network), np.ones((2, 1)), np.array([[1.0], [0.3]]))
    assert check(case).passed


def test_absolute_error_on_its_kink() -> None:
    network = Network(2, (Layer(2, "linear"),), "mae")
    case = Problem(network, Parameters.zeros(network), np.ones((1, 2)), np.array([[0.0, 3.0]]))
    arrays = {array.name: array for array in check(case).arrays}
    assert (arrays["W1"].kinks, arrays["W1"].checked) == (2, 2)
    assert (arrays["b1"].kinks, arrays["b1"].checked) == (1, 1)
    assert arrays["b1"].verdict is Verdict.RIGHT


def test_an_array_of_which_nothing_was_compared_is_not_called_right() -> None:
    network = Network(1, (Layer(1, "linear"),), "mae")
    case = Problem(network, Parameters.zeros(network), np.ones((1, 1)), np.zeros((1, 1)))
    for array in check(case).arrays:
        assert (array.checked, array.kinks) == (0, 1)
        assert array.verdict is not Verdict.RIGHT


def test_too_small_in_a_deep_stack_of_sigmoids() -> None:
    sizes, activations = (3, *[4] * 12, 1), ("sigmoid",) * 13
    case = problem(sizes, activations, "binary_cross_entropy", m=8, initializer="normal")
    result = check(case)
    found = verdicts(result)
    assert found["W1"] is found["b1"] is Verdict.TOO_SMALL
    assert found["W13"] is found["b13"] is Verdict.RIGHT
    assert result.passed


def test_zeros_are_too_small_to_check() -> None:
    case = problem((3, 4, 2), ("tanh", "linear"), "mse", initializer="zeros")
    found = verdicts(check(case))
    assert found["W1"] is found["b1"] is found["W2"] is Verdict.TOO_SMALL
    assert found["b2"] is Verdict.RIGHT


def test_a_sample_is_seeded_and_reported() -> None:
    case = problem((6, 8, 5), ("tanh", "linear"), "mse")
    one, same, other = check(case, sample=40, seed=1), check(case, sample=40, seed=1), None
    other = check(case, sample=40, seed=2)
    assert one.sampled
    assert other.sampled
    assert sum(array.checked + array.kinks for array in one.arrays) == 40
    assert one == same
    assert one != other
    assert one.passed
    assert not check(case, sample=case.network.parameter_count).sampled


def test_big_networks_are_sampled() -> None:
    case = problem((40, 45, 5), ("tanh", "softmax"), "cross_entropy", m=2)
    assert case.network.parameter_count > EXHAUSTIVE == 2000
    result = check(case)
    assert result.sampled
    assert sum(array.checked for array in result.arrays) == EXHAUSTIVE
    assert result.passed


def test_a_sample_finds_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    def damage(workspace: Workspace) -> None:
        workspace.gradient.vector *= 1.001

    break_backward(monkeypatch, damage)
    assert not check(problem((6, 8, 5), ("tanh", "linear"), "mse"), sample=20).passed


@pytest.mark.parametrize("sample", [5, 30, EXHAUSTIVE])
def test_piece_by_piece_is_the_whole_bit_for_bit(sample: int) -> None:
    case = problem((4, 6, 3), ("relu", "softmax"), "cross_entropy", l2=0.1)
    given = case.network, case.parameters, case.inputs, case.targets
    checker = GradientChecker(*given, sample=sample, seed=3)
    theta, pieces = case.parameters.vector.copy(), 0
    assert checker.done == 0
    while not checker.finished:
        before = checker.done
        checker.advance(0.0)
        assert checker.done == before + 1
        pieces += 1
        assert np.array_equal(case.parameters.vector, theta)
    assert pieces == checker.total == min(sample, theta.size)
    checker.advance(0.0)
    assert checker.done == checker.total
    assert checker.result() == check(case, sample=sample, seed=3)


def test_a_check_on_its_way_does_not_see_later_changes() -> None:
    case = problem((4, 5, 3), ("tanh", "linear"), "mse")
    expected = check(case)
    checker = GradientChecker(case.network, case.parameters, case.inputs, case.targets)
    checker.advance(0.0)
    case.parameters.vector += 1.0
    case.inputs[...] = 0.0
    checker.advance()
    assert checker.result() == expected


def test_layers_in_a_few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def damage(workspace: Workspace) -> None:
        workspace.gradient.W[2][0, 0] += 1e-3
        workspace.gradient.vector[-1] += 1e-3
        workspace.gradient.b[2][0] += 1e-3

    case = problem((4, 5, 3, 2), ("tanh", "tanh", "linear"), "mse")
    right = check(case)
    for l in (1, 2, 3):
        worst = max(array.relative_error for array in right.arrays[2 * l - 2 : 2 * l])
        assert right.layer(l) == LayerCheck(Verdict.RIGHT, worst, ())
        assert right.layer(l).text == f"✓ {worst:.0e}"
    break_backward(monkeypatch, damage)
    result = check(case)
    assert result.layer(1) == right.layer(1)
    assert result.layer(2).text == "✗ dW[2], db[2]"
    assert result.layer(3).text == "✗ db[3]"
    assert result.layer(3).wrong == ("db[3]",)


def test_a_layer_that_is_too_small_to_check() -> None:
    result = check(problem((3, 4, 2), ("tanh", "linear"), "mse", initializer="zeros"))
    assert result.layer(1).text == "too small to check"
    assert result.layer(1).worst == 0
    assert result.layer(2).text.startswith("✓")


def test_where_J_is_not_finite_nothing_is_compared() -> None:
    case = problem((2, 3, 1), ("relu", "linear"), "mse")
    case.parameters.vector *= 1e200
    with np.errstate(all="ignore"):
        result = check(case)
    assert set(verdicts(result).values()) == {Verdict.NOT_FINITE}
    assert result.worst == 0
    assert result.layer(1).text == "not finite, cannot be checked"


def test_a_loss_of_large_z_is_not_called_wrong() -> None:
    """J is then a small difference of large numbers, and its rounding is theirs."""
    case = problem((3, 4, 3), ("tanh", "softmax"), "cross_entropy")
    case.parameters.b[2][...] += 1e5
    assert check(case).passed
