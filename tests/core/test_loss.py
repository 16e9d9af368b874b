import numpy as np
import pytest

from tests.core import oracle
from tests.core.plain import LOSS, G, targets_for
from tuiprop.core.array import Array
from tuiprop.core.loss import LOSSES

NAMES = ["binary_cross_entropy", "cross_entropy", "mse", "squared_error", "mae", "huber"]
OUTPUT = {"binary_cross_entropy": "sigmoid", "cross_entropy": "softmax"}


def batch(name: str, K: int, m: int = 40) -> tuple[Array, Array, Array]:
    """z, a, y of an output layer."""
    generator = np.random.default_rng([K, len(name)])
    z = generator.normal(0, 2, (K, m))
    return z, G[OUTPUT.get(name, "linear")](z), targets_for(name, generator, m, K).T


def gradient(name: str, a: Array, y: Array) -> Array:
    out = np.full_like(a, np.nan)
    LOSSES[name].gradient(a, y, out)
    return out


def test_the_table_is_the_contract() -> None:
    assert list(LOSSES) == NAMES
    assert {name: loss.output for name, loss in LOSSES.items() if loss.output} == OUTPUT
    assert [name for name, loss in LOSSES.items() if loss.classes] == list(OUTPUT)


@pytest.mark.parametrize("K", [1, 3])
@pytest.mark.parametrize("name", NAMES)
def test_values_of_the_formula(name: str, K: int) -> None:
    z, a, y = batch(name, K)
    found = LOSSES[name].value(z, a, y)
    assert found.shape == (40,)
    expected = LOSS[name](a.astype(np.float64), y.astype(np.float64))
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-15)


@pytest.mark.oracle
@pytest.mark.parametrize("K", [1, 2, 5])
@pytest.mark.parametrize("name", NAMES)
def test_value_agrees_with_pytorch(name: str, K: int) -> None:
    torch = oracle.pytorch()
    z, a, y = batch(name, K)
    expected = oracle.losses()[name](torch.tensor(z), torch.tensor(a), torch.tensor(y))
    assert LOSSES[name].value(z, a, y).mean() == pytest.approx(float(expected), rel=1e-14)
    for i in range(5):
        column = slice(i, i + 1)
        one = oracle.losses()[name](*(torch.tensor(x[:, column]) for x in (z, a, y)))
        found = LOSSES[name].value(z[:, column], a[:, column], y[:, column])
        assert float(found[0]) == pytest.approx(float(one), rel=1e-13, abs=1e-16)


@pytest.mark.oracle
@pytest.mark.parametrize("K", [1, 2, 5])
@pytest.mark.parametrize("name", NAMES)
def test_gradient_agrees_with_pytorch_per_example(name: str, K: int) -> None:
    torch = oracle.pytorch()
    F = torch.nn.functional
    _, a, y = batch(name, K)
    tensor, target = torch.tensor(a, requires_grad=True), torch.tensor(y)
    if name == "binary_cross_entropy":
        total = F.binary_cross_entropy(tensor, target, reduction="sum")
    elif name == "cross_entropy":
        total = -(target * torch.log(tensor)).sum()
    else:
        total = oracle.losses()[name](tensor, tensor, target) * y.shape[1]
    total.backward()  # the sum over the examples: da[L] has no 1/m
    np.testing.assert_allclose(gradient(name, a, y), tensor.grad.numpy(), rtol=1e-12, atol=1e-16)


def test_da_of_the_contract() -> None:
    a, y = np.array([[0.25, 0.25], [0.8, 0.5]]), np.array([[0.0, 1.0], [1.0, 0.0]])
    da = gradient("binary_cross_entropy", a, y)
    assert da == pytest.approx(np.array([[1 / 0.75, -4.0], [-1.25, 2.0]]))
    da = gradient("cross_entropy", a, y)
    assert da == pytest.approx(np.array([[0.0, -4.0], [-1.25, 0.0]]))
    assert gradient("mse", a, y) == pytest.approx(a - y)
    assert gradient("mse", a[:1], y[:1]) == pytest.approx(2 * (a[:1] - y[:1]))
    assert gradient("squared_error", a, y) == pytest.approx(a - y)
    assert gradient("mae", a, y) == pytest.approx(np.array([[0.5, -0.5], [-0.5, 0.5]]))
    assert gradient("huber", 4 * a, y) == pytest.approx(np.array([[0.5, 0.0], [0.5, 0.5]]))


def test_values_by_hand() -> None:
    a, y = np.array([[1.0], [5.0]]), np.array([[0.5], [2.0]])
    expected = {"mse": 4.625, "squared_error": 4.625, "mae": 1.75, "huber": (0.125 + 2.5) / 2}
    for name, value in expected.items():
        assert LOSSES[name].value(a, a, y).tolist() == [value]
    assert LOSSES["mse"].value(a[:1], a[:1], y[:1]).tolist() == [0.25]
    assert LOSSES["squared_error"].value(a[:1], a[:1], y[:1]).tolist() == [0.125]


def test_huber_where_the_parabola_meets_the_line() -> None:
    a, y = np.array([[1.0, -1.0, 0.0, 1.5]]), np.zeros((1, 4))
    assert LOSSES["huber"].value(a, a, y).tolist() == [0.5, 0.5, 0.0, 1.0]
    assert gradient("huber", a, y).tolist() == [[1.0, -1.0, 0.0, 1.0]]


def test_mae_gradient_is_zero_on_its_kink() -> None:
    assert gradient("mae", np.array([[2.0]]), np.array([[2.0]])).tolist() == [[0.0]]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_binary_cross_entropy_far_out(dtype: str) -> None:
    z = np.array([[1e4, 1e4, -1e4, -1e4, 0.0]], dtype)
    y = np.array([[1.0, 0.0, 1.0, 0.0, 1.0]], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        value = LOSSES["binary_cross_entropy"].value(z, z, y)
    assert value.dtype == np.dtype(dtype)
    assert value.tolist() == [0.0, 1e4, 1e4, 0.0, np.log(np.dtype(dtype).type(2.0))]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_cross_entropy_far_out(dtype: str) -> None:
    z = np.array([[1e4, 1e4, -1e4], [-1e4, -1e4, -1e4], [0.0, 0.0, -1e4]], dtype)
    y = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        value = LOSSES["cross_entropy"].value(z, z, y)
    assert value.tolist() == [0.0, 2e4, np.log1p(np.dtype(dtype).type(2.0))]


def test_long_route_over_saturated_outputs_is_silent() -> None:
    a, y = np.array([[0.0, 1.0, 0.0, 1.0]]), np.array([[1.0, 0.0, 0.0, 1.0]])
    with np.errstate(all="raise"):
        da = gradient("binary_cross_entropy", a, y)
        assert da[0, :2].tolist() == [-np.inf, np.inf]
        gradient("cross_entropy", a, y)


@pytest.mark.parametrize("name", NAMES)
def test_operands_are_not_written(name: str) -> None:
    z, a, y = batch(name, 3)
    copies = z.copy(), a.copy(), y.copy()
    LOSSES[name].value(z, a, y)
    gradient(name, a, y)
    for array, copy in zip((z, a, y), copies, strict=True):
        assert np.array_equal(array, copy)


def test_a_small_cross_entropy_keeps_its_digits_in_float32() -> None:
    """The share of the true class is 1 up to rounding, and the loss is that of the others."""
    z = np.array([[0.0, 0.0], [-16.0, -40.0], [-17.0, -41.0]], np.float32)
    y = np.array([[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]], np.float32)
    value = LOSSES["cross_entropy"].value(z, z, y)
    expected = np.log1p(np.exp(z[1:].astype(np.float64)).sum(axis=0))
    np.testing.assert_allclose(value, expected, rtol=1e-6)
