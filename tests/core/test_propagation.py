import tracemalloc
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.core import oracle, plain
from tests.core.plain import PAIRS, Mistake, Problem, problem, relative_error
from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.initialization import initialize
from tuiprop.core.network import Layer, Network, Parameters
from tuiprop.core.optimizer import OPTIMIZERS
from tuiprop.core.propagation import Workspace, penalty
from tuiprop.update.parameter_update import ParameterUpdate
from tuiprop.verify.gradient_check import check_gradient

HIDDEN = [name for name, g in ACTIVATIONS.items() if not g.output_only]


def propagate(case: Problem) -> Workspace:
    workspace = Workspace(case.network, len(case.inputs))
    workspace.inputs[...] = case.inputs
    workspace.targets[...] = case.targets
    workspace.forward(case.parameters)
    workspace.backward(case.parameters)
    return workspace


def grid_case(hidden: str, loss: str, output: str, l2: float) -> Problem:
    """Two hidden layers, at weights where the gradient is far above the rounding of J."""
    activations = (hidden, hidden, output)
    return problem(
        (4, 5, 4, 3), activations, loss, l2=l2, m=6, seed=102, initializer="xavier_uniform"
    )


@st.composite
def deep_problems(draw: st.DrawFn) -> Problem:
    loss, output = draw(st.sampled_from(PAIRS))
    hidden = draw(st.lists(st.sampled_from(HIDDEN), max_size=4))
    sizes = draw(st.lists(st.integers(1, 6), min_size=len(hidden) + 2, max_size=len(hidden) + 2))
    return problem(
        tuple(sizes),
        (*hidden, output),
        loss,
        l2=draw(st.sampled_from([0.0, 0.01, 0.3])),
        m=draw(st.integers(1, 9)),
        seed=draw(st.integers(0, 10**6)),
        initializer=draw(st.sampled_from(["he_normal", "he_uniform", "xavier_uniform"])),
    )


@pytest.mark.parametrize(("loss", "output"), PAIRS)
def test_gradient_against_central_differences(loss: str, output: str) -> None:
    first = PAIRS.index((loss, output))
    for hidden in (HIDDEN[(first + i) % len(HIDDEN)] for i in (0, 6)):
        case = grid_case(hidden, loss, output, 0.1)
        check = check_gradient(case.parameters, propagate(case))
        assert check.passed, hidden
        assert check.worst <= 1e-12, hidden
        assert sum(array.compared for array in check.arrays) > 50, hidden
        theta = np.asarray(case.parameters.vector, np.float64)
        cost = partial(plain.cost, case.network, inputs=case.inputs, targets=case.targets)
        workspace, compared = propagate(case), plain.smooth(case)
        analytic = workspace.gradient.vector[compared]
        numeric = plain.central_differences(cost, theta)[compared]
        assert workspace.cost(case.parameters) == pytest.approx(cost(theta), rel=1e-13), hidden
        assert relative_error(analytic, numeric) <= 1e-9, hidden
        assert np.linalg.norm(analytic) > 1e-2, hidden


@settings(max_examples=40)
@given(deep_problems())
def test_gradient_of_deep_networks_against_central_differences(case: Problem) -> None:
    check = check_gradient(case.parameters, propagate(case))
    assert check.passed
    workspace = propagate(case)
    assume(np.linalg.norm(workspace.gradient.vector) > 0.1 * workspace.cost(case.parameters))
    assert check.worst <= 1e-12


@pytest.mark.oracle
@pytest.mark.parametrize(("loss", "output"), PAIRS)
def test_gradient_agrees_with_pytorch(loss: str, output: str) -> None:
    for hidden in HIDDEN:
        for l2 in (0.0, 0.1):
            case = grid_case(hidden, loss, output, l2)
            J, gradient = oracle.cost_and_gradient(
                case.network, case.parameters, case.inputs, case.targets
            )
            workspace = propagate(case)
            assert workspace.cost(case.parameters) == pytest.approx(J, rel=1e-14), hidden
            assert relative_error(workspace.gradient.vector, gradient) <= 1e-13, hidden


@pytest.mark.oracle
@settings(max_examples=80)
@given(deep_problems())
def test_gradient_of_deep_networks_agrees_with_pytorch(case: Problem) -> None:
    J, gradient = oracle.cost_and_gradient(case.network, case.parameters, case.inputs, case.targets)
    workspace = propagate(case)
    assert workspace.cost(case.parameters) == pytest.approx(J, rel=1e-13)
    assert relative_error(workspace.gradient.vector, gradient) <= 1e-13


def test_matt_mazurs_example() -> None:
    """ "A Step by Step Backpropagation Example" (2015), to its printed digits."""
    network = Network(2, (Layer(2, "sigmoid"), Layer(2, "sigmoid")), "squared_error")
    parameters = Parameters.zeros(network)
    parameters.W[1][...] = [[0.15, 0.20], [0.25, 0.30]]
    parameters.W[2][...] = [[0.40, 0.45], [0.50, 0.55]]
    parameters.b[1][...] = 0.35
    parameters.b[2][...] = 0.60
    case = Problem(network, parameters, np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]]))
    workspace = propagate(case)
    J, gradient = workspace.cost(parameters), workspace.gradient
    before = parameters.vector.copy()
    state = np.array([parameters.vector])
    ParameterUpdate(OPTIMIZERS["sgd"], state, 0.5).apply(gradient.vector, 1)
    assert np.array_equal(parameters.vector, before)
    after = Parameters(network, state[0])
    printed = [
        (workspace.z[1][0, 0], "0.3775"),
        (workspace.a[1][0, 0], "0.593269992"),
        (workspace.a[1][1, 0], "0.596884378"),
        (workspace.a[2][0, 0], "0.75136507"),
        (workspace.a[2][1, 0], "0.772928465"),
        (J, "0.298371109"),
        (gradient.W[2][0, 0], "0.082167041"),
        (after.W[2][0, 0], "0.35891648"),
        (after.W[2][0, 1], "0.408666186"),
        (after.W[2][1, 0], "0.511301270"),
        (after.W[2][1, 1], "0.561370121"),
        (gradient.W[1][0, 0], "0.000438568"),
        (after.W[1][0, 0], "0.149780716"),
        (after.W[1][0, 1], "0.19956143"),
        (after.W[1][1, 0], "0.24975114"),
        (after.W[1][1, 1], "0.29950229"),
    ]
    for number, text in printed:
        assert f"{number:.{len(text) - 2}f}" == text


def logistic_case(sizes: tuple[int, ...], m: int) -> Problem:
    return problem(sizes, ("sigmoid",) * (len(sizes) - 1), "binary_cross_entropy", m=m, seed=5)


def mistaken_error(case: Problem, mistake: Mistake | None) -> float:
    """Check the gradient of the notes with a mistake."""
    theta = np.asarray(case.parameters.vector, np.float64)
    X, Y = case.inputs.T, case.targets.T
    cost = partial(plain.logistic_cost, case.network, X=X, Y=Y, mistake=mistake)
    numeric = plain.central_differences(cost, theta)
    return relative_error(numeric, plain.logistic_gradient(case.network, theta, X, Y, mistake))


def test_the_notes_without_a_mistake_are_ours() -> None:
    case = logistic_case((4, 5, 3, 2), 7)
    theta = np.asarray(case.parameters.vector, np.float64)
    X, Y = case.inputs.T, case.targets.T
    right = plain.logistic_gradient(case.network, theta, X, Y, None)
    workspace = propagate(case)
    assert relative_error(workspace.gradient.vector, right) <= 1e-15
    J = plain.logistic_cost(case.network, theta, X, Y, None)
    assert workspace.cost(case.parameters) == pytest.approx(J, rel=1e-15)
    assert mistaken_error(case, None) <= 1e-9


@pytest.mark.parametrize("mistake", [Mistake.LOSS, Mistake.DA, Mistake.DB])
def test_mistakes_found_by_the_gradient_check(mistake: Mistake) -> None:
    assert mistaken_error(logistic_case((4, 5, 3, 2), 7), mistake) > 1e-2


@pytest.mark.parametrize("mistake", [Mistake.DW, Mistake.DA_BEFORE])
def test_mistakes_found_by_their_shapes(mistake: Mistake) -> None:
    with pytest.raises(ValueError, match="mismatch"):
        mistaken_error(logistic_case((4, 5, 3, 2), 7), mistake)


@pytest.mark.parametrize("mistake", list(Mistake))
def test_mistakes_are_found_where_every_shape_fits(mistake: Mistake) -> None:
    case = logistic_case((3, 3, 3), 3)
    assert mistaken_error(case, None) <= 1e-9
    assert mistaken_error(case, mistake) > 1e-2


@pytest.mark.parametrize(("loss", "output"), PAIRS)
def test_a_batch_twice_is_the_same_mean(loss: str, output: str) -> None:
    case = problem((4, 5, 3), ("tanh", output), loss, l2=0.1, m=6, seed=2)
    twice = Problem(
        case.network, case.parameters, np.tile(case.inputs, (2, 1)), np.tile(case.targets, (2, 1))
    )
    one, two = propagate(case), propagate(twice)
    assert two.cost(case.parameters) == pytest.approx(one.cost(case.parameters), rel=1e-15)
    for (name, found), (_, expected) in zip(two.gradient, one.gradient, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-15, err_msg=name)
    assert np.array_equal(two.da[2][:, :6], one.da[2]) or loss in (
        "binary_cross_entropy",
        "cross_entropy",
    )


def test_the_mean_enters_in_dW_and_db_alone() -> None:
    case = problem((4, 5, 3), ("tanh", "linear"), "squared_error", m=6, seed=2)
    w = propagate(case)
    assert np.array_equal(w.da[2], w.a[2] - w.y)
    np.testing.assert_allclose(w.dz[2], w.da[2])
    np.testing.assert_allclose(w.gradient.W[2], w.dz[2] @ w.a[1].T / 6, rtol=1e-13)
    np.testing.assert_allclose(w.gradient.b[2][:, 0], w.dz[2].sum(axis=1) / 6, rtol=1e-13)
    np.testing.assert_allclose(w.da[1], case.parameters.W[2].T @ w.dz[2], rtol=1e-13)
    np.testing.assert_allclose(w.dz[1], w.da[1] * (1 - w.a[1] ** 2), rtol=1e-13)
    np.testing.assert_allclose(w.gradient.W[1], w.dz[1] @ case.inputs / 6, rtol=1e-13)
    assert 0 not in w.da


def test_shapes() -> None:
    w = propagate(problem((4, 5, 3), ("tanh", "softmax"), "cross_entropy", m=6))
    assert (w.a[0].shape, w.y.shape) == ((4, 6), (3, 6))
    for l, n in {1: 5, 2: 3}.items():
        for arrays in (w.z, w.a, w.da, w.dz):
            assert arrays[l].shape == (n, 6)
    assert w.losses().shape == (6,)
    assert [array.shape for _, array in w.gradient] == [(5, 4), (5, 1), (3, 5), (3, 1)]


def test_penalty_is_in_the_cost_and_in_dW_and_leaves_biases_alone() -> None:
    with_l2 = problem((4, 5, 3), ("tanh", "linear"), "mse", l2=0.3, seed=4)
    with_l2.parameters.b[1][...] = 0.7
    network = Network(4, with_l2.network.layers, "mse")
    without = Problem(
        network,
        Parameters(network, with_l2.parameters.vector),
        with_l2.inputs,
        with_l2.targets,
    )
    one, other, W = propagate(with_l2), propagate(without), with_l2.parameters.W
    expected = 0.15 * ((W[1] ** 2).sum() + (W[2] ** 2).sum())
    assert penalty(with_l2.network, with_l2.parameters) == pytest.approx(expected, rel=1e-14)
    assert penalty(network, with_l2.parameters) == 0.0
    assert one.cost(with_l2.parameters) - other.cost(without.parameters) == pytest.approx(expected)
    assert float(one.losses().mean()) == other.cost(without.parameters)
    for l in (1, 2):
        np.testing.assert_allclose(
            one.gradient.W[l], other.gradient.W[l] + 0.3 * W[l], rtol=1e-13, atol=1e-16
        )
        assert np.array_equal(one.gradient.b[l], other.gradient.b[l])


@pytest.mark.parametrize(("loss", "output"), PAIRS)
@pytest.mark.parametrize("m", [1, 37])
def test_two_workspaces_give_the_same_bits(loss: str, output: str, m: int) -> None:
    case = problem((13, 17, 11, 5), ("tanh", "gelu", output), loss, l2=0.1, m=m)
    one, two = propagate(case), propagate(case)
    first = one.gradient.vector.copy()
    one.forward(case.parameters)
    one.backward(case.parameters)
    assert np.array_equal(one.gradient.vector, first)
    assert np.array_equal(one.gradient.vector, two.gradient.vector)
    assert one.cost(case.parameters) == two.cost(case.parameters)
    for l in (1, 2, 3):
        for array, other in ((one.z, two.z), (one.a, two.a), (one.dz, two.dz)):
            assert np.array_equal(array[l], other[l])
            assert not np.shares_memory(array[l], other[l])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("hidden", "loss", "output"),
    [
        *((hidden, "mse", "linear") for hidden in HIDDEN),
        ("tanh", "cross_entropy", "softmax"),
        ("tanh", "binary_cross_entropy", "sigmoid"),
        ("tanh", "mse", "softmax"),
        ("tanh", "mae", "tanh"),
        ("tanh", "huber", "gelu"),
        ("tanh", "squared_error", "elu"),
    ],
)
def test_an_update_allocates_nothing_of_the_size_of_a_layer(
    hidden: str, loss: str, output: str, dtype: str
) -> None:
    m, n = 3000, 64
    layers = (Layer(n, hidden), Layer(n, hidden), Layer(n, output))
    network = Network(n, layers, loss, 0.1)
    parameters = initialize(network, "xavier_uniform", 0, dtype)
    workspace = Workspace(network, m, dtype)
    workspace.inputs[...] = np.random.default_rng(0).normal(0, 1, (m, n))
    workspace.targets[...] = np.eye(n)[np.arange(m) % n]
    state = np.zeros((3, network.parameter_count), dtype)
    state[0] = parameters.vector
    moving = Parameters(network, state[0])
    change = ParameterUpdate(OPTIMIZERS["adamw"], state, 0.01)
    for update in (1, 2):
        tracemalloc.start()
        workspace.forward(moving)
        workspace.backward(moving)
        change.apply(workspace.gradient.vector, update)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    # Sums over a column, (m,), and NumPy's buffers for a change of type are all there may be.
    assert peak < 0.25 * workspace.z[1].nbytes
    assert np.isfinite(state).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("loss", "output"), [("binary_cross_entropy", "sigmoid"), ("cross_entropy", "softmax")]
)
def test_saturated_outputs(loss: str, output: str, dtype: str) -> None:
    network = Network(3, (Layer(3, output),), loss)
    parameters = Parameters.zeros(network, dtype)
    parameters.W[1][...] = 1e4 * np.eye(3)
    workspace = Workspace(network, 6, dtype)
    workspace.inputs[...] = [
        [1, -1, 0], [-1, 1, 0], [0, 0, 1], [1, 1, -1], [0, 0, 0], [37e-4, 0, 0],
    ]  # fmt: skip
    workspace.targets[...] = np.eye(3)[[0, 0, 1, 2, 1, 2]]
    with np.errstate(over="ignore", invalid="raise", divide="raise"):
        workspace.forward(parameters)
        J = workspace.cost(parameters)
        workspace.backward(parameters)
    assert float(np.abs(workspace.z[1]).max()) == 1e4
    assert np.isfinite(J)
    assert J > 1e3
    assert np.isfinite(workspace.a[1]).all()
    assert np.array_equal(workspace.dz[1], workspace.a[1] - workspace.y)
    assert np.isfinite(workspace.gradient.vector).all()


@pytest.mark.parametrize(
    ("loss", "output"), [("binary_cross_entropy", "sigmoid"), ("cross_entropy", "softmax")]
)
def test_the_long_route_leads_to_the_same_dz(loss: str, output: str) -> None:
    w = propagate(problem((4, 5, 3), ("tanh", output), loss))
    da = w.output_gradient()
    assert da is w.da[2]
    dz = np.empty_like(da)
    ACTIVATIONS[output].multiply_derivative(w.z[2], w.a[2], da, dz, np.empty_like(da))
    np.testing.assert_allclose(dz, w.dz[2], rtol=1e-12, atol=1e-15)


def test_float32_stays_float32_and_is_near() -> None:
    case = problem((4, 5, 3), ("gelu", "softmax"), "cross_entropy", l2=0.1)
    small = Parameters(case.network, case.parameters.vector.astype(np.float32))
    w = Workspace(case.network, len(case.inputs), np.float32)
    w.inputs[...] = case.inputs
    w.targets[...] = case.targets
    w.forward(small)
    w.backward(small)
    for array in (w.z[1], w.a[2], w.dz[2], w.da[1], w.gradient.vector, w.losses()):
        assert array.dtype == np.float32
    assert relative_error(w.gradient.vector, propagate(case).gradient.vector) < 1e-6


def test_operands_are_not_written() -> None:
    case = problem((4, 5, 3), ("selu", "linear"), "huber", l2=0.1)
    theta = case.parameters.vector.copy()
    w = propagate(case)
    assert np.array_equal(case.parameters.vector, theta)
    assert np.array_equal(w.inputs, case.inputs)
    assert np.array_equal(w.targets, case.targets)
    assert np.shares_memory(w.a[0], w.inputs)
