"""The gradient check: right code is right whatever its numbers, and wrong code is found."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import DTypeLike

from tests.core import plain
from tests.core.plain import Problem, problem
from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.array import Array
from tuiprop.core.loss import LOSSES
from tuiprop.core.network import Layer, Network, Parameters
from tuiprop.core.propagation import Workspace
from tuiprop.training.experiment import TrainingSettings
from tuiprop.training.trainer import Trainer
from tuiprop.update.arrays import ArrayRef
from tuiprop.verify.gradient_check import GradientChecker, check_gradient
from tuiprop.verify.gradient_verdict import ArrayCheck, GradientCheck, LayerCheck, Verdict

HIDDEN = [name for name, g in ACTIVATIONS.items() if not g.output_only]
XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
SMALL = ((4, 5, 3), ("tanh", "linear"), "mse")
"""The sizes, activations and loss of a small network."""


def propagated(case: Problem, dtype: DTypeLike = np.float64) -> tuple[Parameters, Workspace]:
    parameters = Parameters(case.network, case.parameters.vector.astype(dtype))
    workspace = Workspace(case.network, len(case.inputs), dtype)
    workspace.inputs[...], workspace.targets[...] = case.inputs, case.targets
    with np.errstate(all="ignore"):
        workspace.forward(parameters)
        workspace.backward(parameters)
    return parameters, workspace


def check(case: Problem, dtype: DTypeLike = np.float64) -> GradientCheck:
    return check_gradient(*propagated(case, dtype))


def verdicts(result: GradientCheck) -> dict[str, Verdict]:
    return {array.array.numpy: array.verdict for array in result.arrays}


def wrong(result: GradientCheck) -> list[str]:
    return [str(each.array) for each in result.wrong]


def checked(result: GradientCheck, name: str) -> ArrayCheck:
    return next(each for each in result.checks if str(each.array) == name)


def break_backward(monkeypatch: pytest.MonkeyPatch, damage: Callable[[Workspace], None]) -> None:
    right = Workspace.backward

    def wrong(self: Workspace, parameters: Parameters) -> None:
        right(self, parameters)
        damage(self)

    monkeypatch.setattr(Workspace, "backward", wrong)


# Right code


def test_every_array_and_every_number_is_compared() -> None:
    case = problem((4, 5, 3), ("gelu", "softmax"), "cross_entropy", l2=0.1, m=6)
    theta = case.parameters.vector.copy()
    result = check(case)
    assert verdicts(result) == dict.fromkeys(("dW1", "db1", "dW2", "db2"), Verdict.RIGHT)
    names = ["z[1]", "a[1]", "z[2]", "a[2]", "J", "da[2]", "dz[2]", "da[1]", "dz[1]"]
    assert [str(each.array) for each in result.operations] == names
    assert {each.verdict for each in result.checks} == {Verdict.RIGHT}
    assert [array.compared for array in result.arrays] == [20, 5, 15, 3]
    assert all(each.compared == each.of for each in result.checks)
    assert all(each.relative_error <= each.bound < 1e-12 for each in result.checks)
    assert result.passed
    assert result.worst == max(array.relative_error for array in result.arrays)
    assert np.array_equal(case.parameters.vector, theta)


@pytest.mark.parametrize(("loss", "output"), plain.PAIRS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_activation_and_loss(loss: str, output: str, dtype: DTypeLike) -> None:
    for hidden in HIDDEN:
        case = problem((3, 4, 3), (hidden, output), loss, l2=0.1, m=5)
        result = check(case, dtype)
        assert {each.verdict for each in result.checks} == {Verdict.RIGHT}, hidden
        limit = 1e-14 if dtype is np.float64 else 1e-5
        assert max(each.relative_error for each in result.checks) < limit, hidden


@pytest.mark.parametrize(("loss", "output"), plain.PAIRS)
def test_the_numeric_gradient_is_the_central_difference(loss: str, output: str) -> None:
    case = problem((3, 4, 3), ("tanh", output), loss, l2=0.1, m=5)
    checker = GradientChecker(*propagated(case))
    checker.advance()

    def cost(theta: plain.Numbers) -> float:
        return plain.cost(case.network, theta, inputs=case.inputs, targets=case.targets)

    smooth = plain.smooth(case)
    numeric = np.concatenate(
        [checker.numeric[ArrayRef(symbol, l)].ravel() for l in (1, 2) for symbol in ("dW", "db")]
    )
    expected = plain.central_differences(cost, case.parameters.vector.astype(np.float64))
    assert plain.relative_error(numeric[smooth], expected[smooth]) < 1e-9


@pytest.mark.parametrize(
    ("name", "slope"),
    [
        ("relu", 0.0),
        ("leaky_relu", 0.01),
        ("elu", 1.0),
        ("selu", plain.SELU_SCALE * plain.SELU_ALPHA),
        ("softplus", 0.5),
    ],
)
def test_the_derivative_at_z_0_is_that_of_the_notes(name: str, slope: float) -> None:
    network = Network(2, (Layer(3, name), Layer(1, "linear")), "mse")
    parameters = Parameters.zeros(network)
    parameters.W[2][...] = [[1.0, -2.0, 0.5]]
    case = Problem(network, parameters, np.array([[1.0, 0.0], [2.0, 0.0]]), np.ones((2, 1)))
    checker = GradientChecker(*propagated(case))
    checker.advance()
    assert checker.result().passed
    assert checker.result().arrays[1].compared == 3
    upstream = propagated(case)[1].da[1].mean(axis=1, keepdims=True)
    np.testing.assert_allclose(checker.numeric[ArrayRef("db", 1)], upstream * slope, rtol=1e-14)


def test_the_absolute_error_at_its_kink_has_the_slope_0() -> None:
    network = Network(2, (Layer(2, "linear"),), "mae")
    case = Problem(network, Parameters.zeros(network), np.ones((1, 2)), np.array([[0.0, 3.0]]))
    checker = GradientChecker(*propagated(case))
    checker.advance()
    assert {each.verdict for each in checker.result().checks} == {Verdict.RIGHT}
    assert checker.numeric[ArrayRef("db", 1)].tolist() == [[0.0], [-0.5]]


def test_huber_where_the_parabola_meets_the_line() -> None:
    network = Network(1, (Layer(1, "linear"),), "huber")
    case = Problem(network, Parameters.zeros(network), np.ones((2, 1)), np.array([[1.0], [0.3]]))
    assert set(verdicts(check(case)).values()) == {Verdict.RIGHT}


# Whatever the numbers are


def trained(case: Problem, updates: int, learning_rate: float) -> Problem:
    """The same after batch gradient descent."""
    parameters = case.parameters.copy()
    for _ in range(updates):
        _, workspace = propagated(replace(case, parameters=parameters))
        parameters.vector -= learning_rate * workspace.gradient.vector
    return replace(case, parameters=parameters)


@pytest.mark.parametrize("loss", ["mse", "huber", "squared_error", "mae"])
@pytest.mark.parametrize("hidden", ["tanh", "linear", "relu"])
def test_a_regression_that_converges(hidden: str, loss: str) -> None:
    case = problem((2, 3, 1), (hidden, "linear"), loss, m=4, initializer="xavier_uniform")
    case = replace(case, inputs=XOR, targets=np.array([[0.0], [1.0], [1.0], [0.0]]))
    for before, updates in pairwise((0, 10, 40, 80, 200, 400)):
        case = trained(case, updates - before, 0.3)
        result = check(case)
        assert result.passed, updates
        assert all(each.compared == each.of for each in result.arrays)


@pytest.mark.parametrize("scale", [1e-3, 10.0, 1e3, 1e4])
@pytest.mark.parametrize(
    ("activations", "loss"),
    [
        (("tanh", "sigmoid"), "binary_cross_entropy"),
        (("sigmoid", "tanh", "softmax"), "cross_entropy"),
        (("gelu", "linear"), "mse"),
    ],
)
def test_inputs_that_are_not_standardised(
    activations: tuple[str, ...], loss: str, scale: float
) -> None:
    sizes = (4, *[5] * (len(activations) - 1), 1 if loss == "binary_cross_entropy" else 3)
    for seed in range(4):
        case = problem(sizes, activations, loss, m=30, seed=seed, initializer="xavier_uniform")
        case.inputs[...] *= scale
        case.inputs[:, 0] /= scale  # columns of different sizes
        result = check(case)
        assert result.passed
        assert verdicts(result)[f"dW{len(activations)}"] is Verdict.RIGHT


def test_targets_that_are_not_standardised() -> None:
    case = problem((3, 1), ("linear",), "mse", m=96)
    noise = np.random.default_rng(3).normal(0.0, 9000.0, (96, 1))
    case.targets[...] = 300_000 + case.inputs @ [[85_000], [11_000], [-14_000]] + noise
    for _ in range(8):
        case = trained(case, 40, 0.1)
        assert check(case).passed


@pytest.mark.parametrize("activation", HIDDEN)
@pytest.mark.parametrize("size", [1e5, 1e20, 1e60])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_weights_before_a_divergence(activation: str, size: float, dtype: DTypeLike) -> None:
    case = problem((3, 8, 1), (activation, "linear"), "mse", m=20)
    with np.errstate(over="ignore"):
        case.parameters.vector[...] *= size
        assert check(case, dtype).passed


def test_a_loss_of_large_z() -> None:
    case = problem((3, 4, 3), ("tanh", "softmax"), "cross_entropy")
    case.parameters.b[2][...] += 1e5
    assert set(verdicts(check(case)).values()) == {Verdict.RIGHT}


def test_a_deep_stack_of_sigmoids() -> None:
    """Its gradients are small, but nothing cancels in them."""
    sizes, activations = (3, *[4] * 12, 1), ("sigmoid",) * 13
    case = problem(sizes, activations, "binary_cross_entropy", m=8, initializer="normal")
    result = check(case)
    assert set(verdicts(result).values()) == {Verdict.RIGHT}
    assert result.worst < 1e-13
    assert np.abs(propagated(case)[1].gradient.W[1]).max() < 1e-15


def test_where_every_error_is_0_the_zeros_are_right() -> None:
    network = Network(2, (Layer(1, "linear"),), "mse")
    parameters = Parameters(network, np.array([0.75, -0.3, 0.1]))
    inputs = np.random.default_rng(0).normal(size=(6, 2))
    case = Problem(network, parameters, inputs, np.zeros((6, 1)))
    case = replace(case, targets=propagated(case)[1].a[1].T.astype(np.float64))
    result = check(case)
    assert set(verdicts(result).values()) == {Verdict.RIGHT}
    assert result.worst == 0.0
    assert result.layer(1).text == "✓ 0"


# What cannot be checked


def test_a_gradient_that_is_only_rounding() -> None:
    """The errors of two examples cancel, and what remains is their rounding."""
    network = Network(1, (Layer(1, "linear"),), "mse")
    parameters = Parameters(network, np.array([0.1, 0.2]))
    case = Problem(network, parameters, np.array([[1.0], [1.0]]), np.array([[0.0], [0.6]]))
    result = check(case)
    assert set(verdicts(result).values()) == {Verdict.ROUNDING}
    assert result.passed
    assert result.unchecked == 2
    assert result.layer(1) == LayerCheck(Verdict.ROUNDING, 0.0, ())
    assert result.layer(1).text == "rounding dominates"
    assert Verdict.ROUNDING.text == "cannot be checked: rounding dominates"


def test_a_gradient_below_the_smallest_normal_number() -> None:
    network = Network(1, (Layer(1, "linear"), Layer(1, "linear")), "squared_error")
    parameters = Parameters(network, np.array([1.0, 0.0, 1e-310, 0.0]))
    result = check(Problem(network, parameters, np.ones((1, 1)), np.ones((1, 1))))
    assert verdicts(result)["dW1"] is Verdict.UNDERFLOW
    assert verdicts(result)["dW2"] is Verdict.RIGHT


def test_where_J_is_not_finite() -> None:
    case = problem((2, 3, 1), ("relu", "linear"), "mse")
    case.parameters.vector *= 1e200
    result = check(case)
    assert checked(result, "J").verdict is Verdict.NOT_FINITE
    assert result.passed
    assert result.layer(1).text == "not finite"
    assert result.unchecked > 0


def test_a_backward_pass_that_overflows_is_not_called_wrong() -> None:
    """In float32, da[1] is infinite, and times relu′ = 0 it is no number."""
    network = Network(1, (Layer(1, "relu"), Layer(1, "linear")), "squared_error")
    parameters = Parameters(network, np.array([-1.0, 0.0, 1e30, 1e30]))
    result = check(Problem(network, parameters, np.ones((1, 1)), np.zeros((1, 1))), np.float32)
    assert checked(result, "dz[1]").verdict is Verdict.NOT_FINITE
    assert result.passed


def test_a_grouping_that_overflows_is_not_called_wrong() -> None:
    network = Network(1, (Layer(1, "gelu"),), "squared_error")
    parameters = Parameters(network, np.array([2.3e38, 0.0]))
    result = check(Problem(network, parameters, np.ones((1, 1)), np.zeros((1, 1))), np.float32)
    assert checked(result, "a[1]").verdict is Verdict.NOT_FINITE
    assert result.passed


# Wrong code


@pytest.mark.parametrize("name", ["dW[1]", "db[1]", "dW[2]", "db[2]"])
@pytest.mark.parametrize("share", [1.0, 1e-3, 1e-6, 1e-9])
def test_one_wrong_cell_is_found_and_named(
    monkeypatch: pytest.MonkeyPatch, name: str, share: float
) -> None:
    def damage(workspace: Workspace) -> None:
        array = dict(workspace.gradient)[name[1] + name[3]]
        array.flat[1] += share * np.abs(array).max()

    break_backward(monkeypatch, damage)
    result = check(problem(*SMALL))
    assert wrong(result) == [name]
    found = checked(result, name)
    assert found.cell == ((0, 1) if name[1] == "W" else (1, 0))
    assert found.relative_error == pytest.approx(share, rel=1e-4)
    assert found.ratio is None
    assert not result.passed


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_an_error_of_a_percent_in_one_type(
    monkeypatch: pytest.MonkeyPatch, dtype: DTypeLike
) -> None:
    def damage(workspace: Workspace) -> None:
        if workspace.inputs.dtype == dtype:
            workspace.gradient.W[1][...] *= 1.01

    break_backward(monkeypatch, damage)
    case = problem(*SMALL)
    assert wrong(check(case, dtype)) == ["dW[1]"]
    assert check(case, np.float32 if dtype is np.float64 else np.float64).passed


@pytest.mark.parametrize("power", [1, -1])
def test_one_over_m_forgotten_or_twice(monkeypatch: pytest.MonkeyPatch, power: int) -> None:
    def damage(workspace: Workspace) -> None:
        workspace.gradient.vector *= float(workspace.m) ** power

    break_backward(monkeypatch, damage)
    result = check(problem(*SMALL, m=5))
    assert wrong(result) == ["dW[2]", "db[2]", "dW[1]", "db[1]"]
    assert result.worst == pytest.approx(4.0 if power == 1 else 0.8)
    assert [each.ratio for each in result.arrays] == pytest.approx([5.0**power] * 4)


def test_the_last_batch_divided_by_the_size_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def damage(workspace: Workspace) -> None:
        workspace.gradient.vector *= workspace.m / 6

    break_backward(monkeypatch, damage)
    case = problem(*SMALL, m=20)
    settings = TrainingSettings(batch_size=6)
    trainer = Trainer(case.network, settings, case.inputs, case.targets, case.parameters)
    batches = trainer.distinct_batches()
    assert [each.m for each in batches] == [6, 2]
    assert check_gradient(trainer.parameters, batches[0]).passed
    found = wrong(check_gradient(trainer.parameters, *batches))
    assert found == ["dW[2]", "db[2]", "dW[1]", "db[1]"]
    trainer.advance(3)
    assert [each.m for each in trainer.distinct_batches()] == [2]


def test_forgotten_penalty(monkeypatch: pytest.MonkeyPatch) -> None:
    case = problem(*SMALL, l2=0.1)

    def damage(workspace: Workspace) -> None:
        workspace.gradient.W[1][...] -= 0.1 * case.parameters.W[1]

    break_backward(monkeypatch, damage)
    assert wrong(check(case)) == ["dW[1]"]


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_gradient_that_is_no_number_is_wrong(
    monkeypatch: pytest.MonkeyPatch, number: float
) -> None:
    def damage(workspace: Workspace) -> None:
        workspace.gradient.b[1][0, 0] = number

    break_backward(monkeypatch, damage)
    assert wrong(check(problem(*SMALL))) == ["db[1]"]


def replaced(monkeypatch: pytest.MonkeyPatch, name: str, **functions: Any) -> None:
    """Replace functions of an activation."""
    monkeypatch.setitem(ACTIVATIONS, name, replace(ACTIVATIONS[name], **functions))


def test_g_and_its_derivative_wrong_together(monkeypatch: pytest.MonkeyPatch) -> None:
    def g(z: Array, out: Array, scratch: Array) -> None:
        out[...] = np.where(z > 0, z, 0.02 * z)

    def derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
        out[...] = np.where(z > 0, 1.0, 0.02)

    replaced(monkeypatch, "leaky_relu", function=g, derivative=derivative)
    result = check(problem((4, 6, 3), ("leaky_relu", "linear"), "mse"))
    assert wrong(result)[0] == "a[1]"
    assert "dz[1]" in wrong(result)


@pytest.mark.parametrize("off", [1e-9, -1e-6, 0.09])
def test_a_wrong_slope(monkeypatch: pytest.MonkeyPatch, off: float) -> None:
    def derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
        out[...] = np.where(z > 0, 1.0, 0.01 + off)

    replaced(monkeypatch, "leaky_relu", derivative=derivative)
    result = check(problem((4, 6, 5, 3), ("leaky_relu", "leaky_relu", "linear"), "squared_error"))
    assert {"dz[2]", "dW[2]"} <= set(wrong(result))
    assert verdicts(result)["dW3"] is verdicts(result)["db3"] is Verdict.RIGHT


def test_another_slope_at_z_0(monkeypatch: pytest.MonkeyPatch) -> None:
    def derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
        np.greater_equal(z, 0.0, out)

    case = problem((2, 3, 1), ("relu", "linear"), "mse", m=4)
    case.inputs[::2] = 0.0
    assert check(case).passed
    replaced(monkeypatch, "relu", derivative=derivative)
    assert wrong(check(case))[0] == "dz[1]"


def test_another_sign_of_0(monkeypatch: pytest.MonkeyPatch) -> None:
    def gradient(a: Array, y: Array, out: Array) -> None:
        out[...] = np.where(a - y >= 0, 1.0, -1.0) / len(a)

    network = Network(2, (Layer(2, "linear"),), "mae")
    case = Problem(network, Parameters.zeros(network), np.ones((3, 2)), np.zeros((3, 2)))
    monkeypatch.setitem(LOSSES, "mae", replace(LOSSES["mae"], gradient=gradient))
    assert wrong(check(case)) == ["da[1]", "dz[1]", "dW[1]", "db[1]"]


def test_an_output_gradient_that_no_other_array_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    def gradient(a: Array, y: Array, out: Array) -> None:
        np.negative(y, out)

    right = LOSSES["cross_entropy"]
    monkeypatch.setitem(LOSSES, "cross_entropy", replace(right, gradient=gradient))
    result = check(problem((3, 4, 3), ("tanh", "softmax"), "cross_entropy"))
    assert wrong(result) == ["da[2]"]


def test_a_loss_with_a_constant_added(monkeypatch: pytest.MonkeyPatch) -> None:
    right = LOSSES["cross_entropy"]

    def value(z: Array, a: Array, y: Array) -> Array:
        return right.value(z, a, y) + 1e-9

    monkeypatch.setitem(LOSSES, "cross_entropy", replace(right, value=value))
    result = check(problem((3, 4, 3), ("tanh", "softmax"), "cross_entropy"))
    assert wrong(result) == ["J"]
    assert result.layer(2).text == "✗ J"
    assert result.layer(1).text.startswith("✓ ")


# In slices


@pytest.mark.parametrize("m", [4, 40_000])
def test_slice_by_slice_is_the_whole(m: int) -> None:
    case = problem((4, 6, 3), ("relu", "softmax"), "cross_entropy", l2=0.1, m=m)
    checker = GradientChecker(*propagated(case))
    done = [checker.done]
    while not checker.finished:
        checker.advance(0.0)
        done.append(checker.done)
    assert done == sorted(done)
    assert len(set(done)) == (3 if m == 4 else 8)  # a slice for each layer, or for each unit
    assert checker.done == checker.total == case.parameters.vector.size
    assert checker.result() == check(case)


def test_a_check_under_way_does_not_see_later_changes() -> None:
    case = problem(*SMALL)
    expected = check(case)
    parameters, workspace = propagated(case)
    checker = GradientChecker(parameters, workspace)
    checker.advance(0.0)
    parameters.vector += 1.0
    checker.advance()
    assert checker.result() == expected


def test_layers_in_a_few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def damage(workspace: Workspace) -> None:
        workspace.gradient.W[2][0, 0] += 1e-3
        workspace.gradient.b[3][-1] += 1e-3
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
