from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tests.core.plain import Problem, problem
from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.array import Array
from tuiprop.core.network import Layer, Network, Parameters
from tuiprop.core.propagation import Workspace
from tuiprop.verify.gradient_check import EXHAUSTIVE, GradientChecker, check_gradient
from tuiprop.verify.gradient_verdict import GradientCheck, LayerCheck, Verdict


def check(case: Problem, *, sample: int = EXHAUSTIVE, seed: int = 0) -> GradientCheck:
    given = case.network, case.parameters, case.inputs, case.targets
    return check_gradient(*given, sample=sample, seed=seed)


def verdicts(result: GradientCheck) -> dict[str, Verdict]:
    return {array.array.numpy: array.verdict for array in result.arrays}


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
    assert verdicts(result) == dict.fromkeys(("dW1", "db1", "dW2", "db2"), Verdict.RIGHT)
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

    def wrong(z: Array, a: Array, out: Array, scratch: Array) -> None:
        out[...] = np.where(z > 0, 1.0, 0.01 + off)

    broken = replace(ACTIVATIONS["leaky_relu"], derivative=wrong)
    monkeypatch.setitem(ACTIVATIONS, "leaky_relu", broken)
    result = check(case)
    assert not result.passed
    assert Verdict.WRONG in (verdicts(result)["dW1"], verdicts(result)["dW2"])
    assert verdicts(result)["dW3"] is verdicts(result)["db3"] is Verdict.RIGHT
    assert result.worst > 1e-7


@pytest.mark.parametrize("power", [1, -1])
def test_one_over_m_forgotten_or_twice(monkeypatch: pytest.MonkeyPatch, power: int) -> None:
    def damage(workspace: Workspace) -> None:
        workspace.gradient.vector *= float(workspace.m) ** power

    break_backward(monkeypatch, damage)
    result = check(problem((4, 5, 3), ("tanh", "linear"), "mse"))
    assert set(verdicts(result).values()) == {Verdict.WRONG}
    assert result.worst > 0.5


@pytest.mark.parametrize("name", ["dW1", "db1", "dW2", "db2"])
def test_the_wrong_array_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def damage(workspace: Workspace) -> None:
        dict(workspace.gradient)[name.removeprefix("d")].flat[0] += 1e-4

    break_backward(monkeypatch, damage)
    result = check(problem((4, 5, 3), ("tanh", "linear"), "mse"))
    assert [n for n, verdict in verdicts(result).items() if verdict is Verdict.WRONG] == [name]
    assert not result.passed


def test_forgotten_penalty(monkeypatch: pytest.MonkeyPatch) -> None:
    case = problem((4, 5, 3), ("tanh", "linear"), "mse", l2=0.1)

    def damage(workspace: Workspace) -> None:
        workspace.gradient.W[1][...] -= 0.1 * case.parameters.W[1]

    break_backward(monkeypatch, damage)
    assert verdicts(check(case))["dW1"] is Verdict.WRONG


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_gradient_that_is_no_number_is_wrong(
    monkeypatch: pytest.MonkeyPatch, wrong: float
) -> None:
    def damage(workspace: Workspace) -> None:
        workspace.gradient.b[1][0, 0] = wrong

    break_backward(monkeypatch, damage)
    with np.errstate(invalid="ignore"):
        result = check(problem((4, 5, 3), ("tanh", "linear"), "mse"))
    assert verdicts(result)["db1"] is Verdict.WRONG
    assert not result.passed


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "selu"])
def test_z_exactly_on_the_kink(name: str) -> None:
    network = Network(2, (Layer(3, name), Layer(1, "linear")), "mse")
    parameters = Parameters.zeros(network)
    parameters.W[2][...] = [[1.0, -2.0, 0.5]]
    case = Problem(network, parameters, np.array([[1.0, 0.0], [2.0, 0.0]]), np.ones((2, 1)))
    arrays = {array.array.numpy: array for array in check(case).arrays}
    assert arrays["dW1"].kinks == 3  # the second input is 0, so its weights move no z
    assert arrays["dW1"].checked == 3
    assert (arrays["db1"].kinks, arrays["db1"].checked) == (3, 0)
    assert arrays["dW2"].kinks == arrays["db2"].kinks == 0
    assert arrays["db2"].verdict is Verdict.RIGHT
    assert check(case).passed


@pytest.mark.parametrize(("name", "kinks"), [("relu", 1), ("leaky_relu", 1), ("selu", 1)])
def test_a_kink_within_h(name: str, kinks: int) -> None:
    network = Network(1, (Layer(1, name), Layer(1, "linear")), "mse")
    parameters = Parameters(network, np.array([1.0, 0.0, 1.0, 0.0]))
    for z, expected in ((3e-6, kinks), (-3e-6, kinks), (3e-5, 0)):
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
    arrays = {array.array.numpy: array for array in check(case).arrays}
    assert (arrays["dW1"].kinks, arrays["dW1"].checked) == (2, 2)
    assert (arrays["db1"].kinks, arrays["db1"].checked) == (1, 1)
    assert arrays["db1"].verdict is Verdict.RIGHT


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
    assert found["dW1"] is found["db1"] is Verdict.ROUNDING
    assert found["dW13"] is found["db13"] is Verdict.RIGHT
    assert result.passed


def test_zeros_are_too_small_to_check() -> None:
    case = problem((3, 4, 2), ("tanh", "linear"), "mse", initializer="zeros")
    found = verdicts(check(case))
    assert found["dW1"] is found["db1"] is found["dW2"] is Verdict.ROUNDING
    assert found["db2"] is Verdict.RIGHT


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
    assert result.layer(1).verdict is Verdict.ROUNDING
    assert result.layer(1).text == "rounding dominates"
    assert result.layer(1).worst == 0
    # a[1] is 0 and so is dW[2]: db[2] alone does not make the layer right
    assert [each.verdict for each in result.arrays[2:]] == [Verdict.ROUNDING, Verdict.RIGHT]
    assert result.layer(2).verdict is Verdict.ROUNDING
    assert result.unchecked == 3


def test_where_J_is_not_finite_nothing_is_compared() -> None:
    case = problem((2, 3, 1), ("relu", "linear"), "mse")
    case.parameters.vector *= 1e200
    with np.errstate(all="ignore"):
        result = check(case)
    assert set(verdicts(result).values()) == {Verdict.NOT_FINITE}
    assert result.worst == 0
    assert result.layer(1).text == "not finite"
    assert result.unchecked == 4


def test_a_loss_of_large_z_is_not_called_wrong() -> None:
    """J is then a small difference of large numbers, and its rounding is theirs."""
    case = problem((3, 4, 3), ("tanh", "softmax"), "cross_entropy")
    case.parameters.b[2][...] += 1e5
    assert check(case).passed


# Right gradients of which little or nothing can be said

XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def trained(case: Problem, updates: int, learning_rate: float) -> Problem:
    """The same after batch gradient descent."""
    workspace = Workspace(case.network, len(case.inputs))
    workspace.inputs[...], workspace.targets[...] = case.inputs, case.targets
    parameters = case.parameters.copy()
    for _ in range(updates):
        workspace.forward(parameters)
        workspace.backward(parameters)
        parameters.vector -= learning_rate * workspace.gradient.vector
    return replace(case, parameters=parameters)


@pytest.mark.parametrize("loss", ["mse", "huber", "squared_error", "mae"])
@pytest.mark.parametrize("hidden", ["tanh", "linear", "relu"])
def test_a_regression_is_not_called_wrong_as_it_converges(hidden: str, loss: str) -> None:
    case = problem((2, 3, 1), (hidden, "linear"), loss, m=4, initializer="xavier_uniform")
    case.inputs[...] = XOR
    case.targets[...] = [[0.0], [1.0], [1.0], [0.0]]
    for before, updates in pairwise((0, 10, 40, 80, 200, 400, 1500, 3000)):
        case = trained(case, updates - before, 0.3)
        assert check(case).passed, updates


@pytest.mark.parametrize("updates", [5, 10, 20, 40, 80, 400])
def test_a_linear_regression_is_not_called_wrong_as_it_converges(updates: int) -> None:
    case = problem((2, 1), ("linear",), "mse", m=32)
    case.targets[...] = case.inputs @ [[0.7], [-0.4]]
    assert check(trained(case, updates, 0.3)).passed


def test_where_every_error_is_exactly_0_nothing_can_be_said() -> None:
    network = Network(2, (Layer(1, "linear"),), "mse")
    parameters = Parameters(network, np.array([0.75, -0.3, 0.1]))
    inputs = np.random.default_rng(0).normal(size=(6, 2))
    workspace = Workspace(network, 6)
    workspace.inputs[...] = inputs
    workspace.forward(parameters)
    case = Problem(network, parameters, inputs, workspace.a[1].T.astype(np.float64))
    result = check(case)
    assert set(verdicts(result).values()) == {Verdict.ROUNDING}
    assert result.unchecked == 2


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("scale", [10.0, 1e3, 1e4])
@pytest.mark.parametrize(
    ("activations", "loss"),
    [
        (("tanh", "sigmoid"), "binary_cross_entropy"),
        (("sigmoid", "tanh", "softmax"), "cross_entropy"),
        (("gelu", "linear"), "mse"),
    ],
)
def test_inputs_that_are_not_standardised(
    activations: tuple[str, ...], loss: str, scale: float, seed: int
) -> None:
    sizes = (4, *[5] * (len(activations) - 1), 1 if loss == "binary_cross_entropy" else 3)
    case = problem(sizes, activations, loss, m=30, seed=seed, initializer="xavier_uniform")
    case.inputs[...] *= scale
    case.inputs[:, 0] /= scale  # columns of different sizes
    with np.errstate(over="ignore"):
        result = check(case)
    assert result.passed
    assert verdicts(result)[f"dW{len(activations)}"] is Verdict.RIGHT


@pytest.mark.parametrize("updates", [20, 80, 100, 150, 300, 1000])
def test_targets_that_are_not_standardised(updates: int) -> None:
    case = problem((3, 1), ("linear",), "mse", m=96)
    noise = np.random.default_rng(3).normal(0.0, 9000.0, (96, 1))
    case.targets[...] = 300_000 + case.inputs @ [[85_000], [11_000], [-14_000]] + noise
    assert check(trained(case, updates, 0.1)).passed


@pytest.mark.parametrize("activation", ["relu", "tanh", "softplus", "linear"])
@pytest.mark.parametrize("size", [1e5, 1e10, 1e20, 1e60])
def test_weights_before_a_divergence(activation: str, size: float) -> None:
    case = problem((3, 8, 1), (activation, "linear"), "mse", m=20)
    case.parameters.vector[...] *= size
    with np.errstate(all="ignore"):
        assert check(case).passed


@pytest.mark.parametrize("weight", [1e5, 1e6, 1e7, 1e9, 1e13])
@pytest.mark.parametrize("target", [0.0, 0.5])
def test_where_the_steps_disagree_nothing_can_be_said(weight: float, target: float) -> None:
    """Behind a large weight, tanh goes from −1 to 1 within a step."""
    network = Network(1, (Layer(1, "linear"), Layer(1, "tanh")), "mse")
    parameters = Parameters(network, np.array([1.0, 0.0, weight, 0.0]))
    inputs = np.array([[0.1], [-0.3]]) / weight
    result = check(Problem(network, parameters, inputs, np.array([[target], [target]])))
    assert verdicts(result)["db1"] is Verdict.UNSTEADY
    assert Verdict.UNSTEADY.text == "cannot be checked: steps disagree"
    assert result.passed
    assert result.layer(1).verdict is not Verdict.RIGHT


def test_nothing_with_an_error_of_a_percent_is_called_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a deep stack of sigmoids rounding leaves ever fewer digits of a difference."""
    sizes, activations = (3, *[4] * 12, 1), ("sigmoid",) * 13
    case = problem(sizes, activations, "binary_cross_entropy", m=8, initializer="normal")
    right = check(case)
    for array in right.arrays:
        assert array.verdict is not Verdict.RIGHT or array.relative_error < 1.1e-5
    assert right.passed

    def damage(workspace: Workspace) -> None:
        workspace.gradient.vector *= 1.01

    break_backward(monkeypatch, damage)
    assert Verdict.RIGHT not in verdicts(check(case)).values()


def test_why_nothing_was_compared() -> None:
    network = Network(2, (Layer(3, "relu"), Layer(1, "linear")), "mse")
    case = Problem(network, Parameters.zeros(network), XOR, np.ones((4, 1)))
    found = verdicts(check(case))
    assert found["db1"] is Verdict.AT_KINKS
    assert found["db2"] is Verdict.RIGHT
    few = check(problem((6, 8, 5), ("tanh", "linear"), "mse"), sample=1)
    assert [array.checked for array in few.arrays].count(1) == 1
    assert list(verdicts(few).values()).count(Verdict.NONE_DRAWN) == 3
    assert few.unchecked == 3


def test_a_sample_has_some_of_every_array() -> None:
    result = check(problem((64, 70, 10), ("tanh", "softmax"), "cross_entropy"), sample=200)
    assert sum(array.checked for array in result.arrays) == 200
    assert all(array.checked >= 4 for array in result.arrays)
    assert set(verdicts(result).values()) == {Verdict.RIGHT}


def test_samples_of_other_seeds_find_what_one_misses(monkeypatch: pytest.MonkeyPatch) -> None:
    def damage(workspace: Workspace) -> None:
        workspace.gradient.W[1][0, 0] += 1.0

    break_backward(monkeypatch, damage)
    case = problem((6, 8, 5), ("tanh", "linear"), "mse")
    found = [not check(case, sample=20, seed=seed).passed for seed in range(60)]
    assert {True, False} == set(found)
