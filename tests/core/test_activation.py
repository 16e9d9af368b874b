from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import DTypeLike, NDArray

from tests.core import oracle
from tests.core.plain import G
from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.array import Array

NAMES = [
    "linear",
    "sigmoid",
    "tanh",
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "softplus",
    "silu",
    "gelu",
    "mish",
    "softmax",
]
ELEMENTWISE = NAMES[:-1]
CORNERS = [0.0, -0.0, 1e-300, -1e-300, 1e-17, -1e-17, 1.0, -1.0, 1e4, -1e4, 709.0, -709.0, 37.0]


def many(dtype: DTypeLike = np.float64) -> Array:
    """(K, m) = (6, 83): corners, a fine grid and random numbers of every size."""
    generator = np.random.default_rng(0)
    wide = generator.normal(0, 1, 84) * 10.0 ** generator.uniform(-8, 4, 84)
    z = np.concatenate([CORNERS, np.linspace(-40, 40, 201), np.linspace(-3, 3, 200), wide])
    return z.astype(dtype).reshape(6, 83)


@pytest.fixture(autouse=True)
def overflow_passes() -> Iterator[None]:
    """As callers have it: exp is infinite where that leads to what is right."""
    with np.errstate(over="ignore"):
        yield


def fresh(z: Array) -> tuple[Array, Array]:
    """`out` and `scratch`, with nothing sensible in them."""
    return np.full_like(z, np.nan), np.full_like(z, np.nan)


def value(name: str, z: Array) -> Array:
    out, scratch = fresh(z)
    ACTIVATIONS[name].function(z, out, scratch)
    return out


def derivative(name: str, z: Array) -> Array:
    function = ACTIVATIONS[name].derivative
    assert function is not None
    a = value(name, z)
    out, scratch = fresh(z)
    function(z, a, out, scratch)
    return out


def through(name: str, z: Array, da: Array) -> Array:
    a = value(name, z)
    out, scratch = fresh(z)
    ACTIVATIONS[name].multiply_derivative(z, a, da, out, scratch)
    return out


def test_the_table_is_the_contract() -> None:
    assert list(ACTIVATIONS) == NAMES
    assert [name for name, g in ACTIVATIONS.items() if g.name != name] == []
    assert [name for name, g in ACTIVATIONS.items() if g.output_only] == ["softmax"]
    assert [name for name, g in ACTIVATIONS.items() if g.derivative is None] == ["softmax"]


@pytest.mark.parametrize("name", NAMES)
def test_values_of_the_formula(name: str) -> None:
    z = np.random.default_rng(1).normal(0, 3, (5, 40))
    np.testing.assert_allclose(value(name, z), G[name](z), rtol=1e-13, atol=1e-15)


@pytest.mark.oracle
@pytest.mark.parametrize(("dtype", "near"), [("float64", 2e-14), ("float32", 3e-6)])
@pytest.mark.parametrize("name", NAMES)
def test_value_and_derivative_agree_with_pytorch(name: str, dtype: str, near: float) -> None:
    torch = oracle.pytorch()
    z = many(dtype)
    da = np.random.default_rng(2).normal(0, 1, z.shape).astype(dtype)
    tensor = torch.tensor(z, requires_grad=True)
    expected = oracle.activations()[name](tensor)
    expected.backward(torch.tensor(da))
    with np.errstate(invalid="raise", divide="raise"):
        a, dz = value(name, z), through(name, z, da)
    assert a.dtype == dz.dtype == np.dtype(dtype)
    np.testing.assert_allclose(a, expected.detach().numpy(), rtol=near, atol=near)
    np.testing.assert_allclose(dz, tensor.grad.numpy(), rtol=near, atol=10 * near)


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["elu", "selu", "tanh", "gelu", "silu", "relu"])
def test_tiny_z_keeps_its_digits(name: str) -> None:
    torch = oracle.pytorch()
    z = np.array([[1e-300, -1e-300, 1e-17, -1e-17, 3e-9, -3e-9]])
    expected = oracle.activations()[name](torch.tensor(z)).numpy()
    np.testing.assert_allclose(value(name, z), expected, rtol=1e-15, atol=0)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_derivative_is_the_slope(name: str) -> None:
    z = np.random.default_rng(3).normal(0, 2, (4, 50))
    z = z[np.abs(z) > 1e-3].reshape(1, -1)
    h = 6.06e-6
    slope = (value(name, z + h) - value(name, z - h)) / ((z + h) - (z - h))
    np.testing.assert_allclose(derivative(name, z), slope, rtol=1e-9, atol=2e-10)


@pytest.mark.parametrize(
    ("name", "at_zero"),
    [
        ("linear", 1.0),
        ("sigmoid", 0.25),
        ("tanh", 1.0),
        ("relu", 0.0),
        ("leaky_relu", 0.01),
        ("elu", 1.0),
        ("softplus", 0.5),
        ("silu", 0.5),
        ("gelu", 0.5),
    ],
)
def test_derivative_at_zero(name: str, at_zero: float) -> None:
    z = np.array([[0.0, -0.0]])
    assert derivative(name, z).tolist() == [[at_zero, at_zero]]


def test_derivatives_beside_the_kink() -> None:
    z = np.array([[-1e-300, 1e-300]])
    assert derivative("relu", z).tolist() == [[0.0, 1.0]]
    assert derivative("leaky_relu", z).tolist() == [[0.01, 1.0]]
    np.testing.assert_allclose(
        derivative("selu", z), [[1.7580993408473766, 1.0507009873554805]], rtol=1e-15
    )


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("linear", -1e4, 1e4),
        ("sigmoid", 0.0, 1.0),
        ("tanh", -1.0, 1.0),
        ("relu", 0.0, 1e4),
        ("leaky_relu", -100.0, 1e4),
        ("elu", -1.0, 1e4),
        ("selu", -1.7580993408473766, 10507.009873554805),
        ("softplus", 0.0, 1e4),
        ("silu", 0.0, 1e4),
        ("gelu", 0.0, 1e4),
        ("mish", 0.0, 1e4),
    ],
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_far_out(name: str, low: float, high: float, dtype: str) -> None:
    with np.errstate(invalid="raise", divide="raise"):
        a = value(name, np.array([[-1e4, 1e4]], dtype))
        slope = derivative(name, np.array([[-1e4, 1e4]], dtype))
    np.testing.assert_allclose(a, [[low, high]], rtol=1e-6 if dtype == "float32" else 1e-14)
    assert np.isfinite(slope).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_but_out_and_scratch_is_written(name: str, dtype: str) -> None:
    z = many(dtype)
    z0, g = z.copy(), ACTIVATIONS[name]
    results: list[list[NDArray[np.floating]]] = []
    da = np.random.default_rng(4).normal(0, 1, z.shape).astype(dtype)
    da0 = da.copy()
    for content in (np.nan, 0.0, -7.0):
        out, scratch = np.full_like(z, content), np.full_like(z, content)
        g.function(z, out, scratch)
        a = out.copy()
        dz, scratch = np.full_like(z, content), np.full_like(z, content)
        g.multiply_derivative(z, a, da, dz, scratch)
        assert np.array_equal(a, out)
        results.append([a, dz])
    assert np.array_equal(z, z0)
    assert np.array_equal(da, da0)
    for a, dz in results[1:]:
        assert np.array_equal(a, results[0][0])
        assert np.array_equal(dz, results[0][1])


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_multiply_derivative_is_da_times_derivative(name: str) -> None:
    z = many()
    da = np.random.default_rng(5).normal(0, 1, z.shape)
    assert np.array_equal(through(name, z, da), da * derivative(name, z))


def test_softmax_product_is_that_of_the_jacobian() -> None:
    generator = np.random.default_rng(6)
    z, da = generator.normal(0, 2, (5, 9)), generator.normal(0, 1, (5, 9))
    a = value("softmax", z)
    expected = np.empty_like(z)
    for i in range(9):
        jacobian = np.diag(a[:, i]) - np.outer(a[:, i], a[:, i])
        expected[:, i] = jacobian.T @ da[:, i]
    np.testing.assert_allclose(through("softmax", z, da), expected, rtol=1e-12, atol=1e-16)


def test_softmax_columns_sum_to_one_and_ignore_a_shift() -> None:
    z = np.array([[1e4, -1e4, 3.0], [0.0, -1e4, 2.0], [-1e4, 1e4, 1.0]])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        a = value("softmax", z)
    np.testing.assert_allclose(a.sum(axis=0), 1.0, rtol=1e-15)
    assert a[:, 0].tolist() == [1.0, 0.0, 0.0]
    assert a[:, 1].tolist() == [0.0, 0.0, 1.0]
    np.testing.assert_allclose(value("softmax", z[:, 2:] + 500.0), a[:, 2:], rtol=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_slope_of_gelu_far_out(dtype: str) -> None:
    largest = float(np.finfo(dtype).max)
    z = np.array([[-largest, -1e14, -70.0, 70.0, 1e14, largest]], dtype)
    dz, scratch = np.empty_like(z), np.empty_like(z)
    ACTIVATIONS["gelu"].multiply_derivative(z, z, np.ones_like(z), dz, scratch)
    assert dz.tolist() == [[0.0, 0.0, 0.0, 1.0, 1.0, 1.0]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (64, 133)])
def test_relu_gives_the_bits_of_its_definition(shape: tuple[int, int], dtype: DTypeLike) -> None:
    z = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    da = np.random.default_rng(1).standard_normal(shape).astype(dtype)
    least = float(np.nextafter(np.zeros(1, dtype), 1.0)[0])
    special = [0.0, -np.inf, np.inf, least, np.nan]
    z.ravel()[: len(special)] = special[: z.size]
    a, dz, scratch = (np.full_like(z, 7.0) for _ in range(3))
    relu = ACTIVATIONS["relu"]
    relu.function(z, a, scratch)
    assert np.array_equal(a, np.where(z <= 0.0, 0.0, z), equal_nan=True)
    relu.multiply_derivative(z, a, da, dz, scratch)
    assert np.array_equal(dz, np.where(z > 0.0, da, 0.0))
