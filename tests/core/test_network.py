from math import sqrt

import numpy as np
import pytest

from tests.core.plain import weights
from tuiprop.core.initialization import INITIALIZERS, initialize
from tuiprop.core.network import Layer, Network, Parameters

NETWORK = Network(4, (Layer(3, "tanh"), Layer(5, "relu"), Layer(2, "linear")), "mse")

DEVIATION = {
    "zeros": lambda i, o: 0.0,
    "normal": lambda i, o: 0.01,
    "uniform": lambda i, o: 1 / sqrt(12),
    "xavier_uniform": lambda i, o: sqrt(2 / (i + o)),
    "xavier_normal": lambda i, o: sqrt(2 / (i + o)),
    "he_uniform": lambda i, o: sqrt(2 / i),
    "he_normal": lambda i, o: sqrt(2 / i),
    "lecun_normal": lambda i, o: sqrt(1 / i),
}

BOUND = {
    "uniform": lambda i, o: 0.5,
    "xavier_uniform": lambda i, o: sqrt(6 / (i + o)),
    "he_uniform": lambda i, o: sqrt(6 / i),
}


def test_sizes() -> None:
    assert NETWORK.L == 3
    assert NETWORK.sizes == (4, 3, 5, 2)
    assert NETWORK.parameter_count == 4 * 3 + 3 + 3 * 5 + 5 + 5 * 2 + 2
    assert [NETWORK.activation(l).name for l in (1, 2, 3)] == ["tanh", "relu", "linear"]
    assert NETWORK.loss_function.name == "mse"
    assert NETWORK.l2 == 0.0


def test_parameters_are_views_of_one_vector_in_order() -> None:
    vector = np.arange(NETWORK.parameter_count, dtype=np.float64)
    parameters = Parameters(NETWORK, vector)
    assert [name for name, _ in parameters] == ["W1", "b1", "W2", "b2", "W3", "b3"]
    assert [array.shape for _, array in parameters] == [
        (3, 4), (3, 1), (5, 3), (5, 1), (2, 5), (2, 1),
    ]  # fmt: skip
    assert np.concatenate([array.ravel() for _, array in parameters]).tolist() == vector.tolist()
    assert all(np.shares_memory(array, vector) for _, array in parameters)
    assert parameters.W[1][1].tolist() == [4.0, 5.0, 6.0, 7.0]
    assert all(array.flags.c_contiguous for _, array in parameters)


def test_writing_goes_through_both_ways() -> None:
    parameters = Parameters.zeros(NETWORK)
    parameters.W[2][0, 1] = 7.0
    parameters.b[3][1, 0] = 8.0
    assert parameters.vector[16] == 7.0
    assert parameters.vector[-1] == 8.0
    parameters.vector[0] = 9.0
    assert parameters.W[1][0, 0] == 9.0


def test_a_copy_shares_nothing() -> None:
    parameters = initialize(NETWORK, "he_normal", 3)
    copy = parameters.copy()
    assert np.array_equal(copy.vector, parameters.vector)
    copy.W[1][...] = 0.0
    assert parameters.W[1].any()


def test_a_vector_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(46,\), expected \(47,\)"):
        Parameters(NETWORK, np.zeros(46))
    with pytest.raises(ValueError, match=r"\(47, 1\), expected \(47,\)"):
        Parameters(NETWORK, np.zeros((47, 1)))


def test_initializers_are_the_contract() -> None:
    expected = "zeros normal uniform xavier_uniform xavier_normal he_uniform he_normal lecun_normal"
    assert " ".join(INITIALIZERS) == expected


@pytest.mark.parametrize("name", INITIALIZERS)
def test_moments_and_bounds(name: str) -> None:
    network = Network(300, (Layer(400, "tanh"), Layer(150, "linear")), "mse")
    parameters = initialize(network, name, 11)
    for l, (fan_in, fan_out) in {1: (300, 400), 2: (400, 150)}.items():
        W, deviation = parameters.W[l], DEVIATION[name](fan_in, fan_out)
        assert float(W.std()) == pytest.approx(deviation, rel=0.01)
        assert abs(float(W.mean())) <= 4 * deviation / sqrt(W.size)
        assert not parameters.b[l].any()
        if name in BOUND:
            bound = BOUND[name](fan_in, fan_out)
            assert 0.999 * bound < float(np.abs(W).max()) <= bound
        elif name != "zeros":  # normal, untruncated: of 60,000 and more some are beyond 3.5 σ
            assert float(np.abs(W).max()) > 3.5 * deviation
            assert float((np.abs(W) < deviation).mean()) == pytest.approx(0.6827, abs=0.01)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_recomputed_with_numpy(name: str) -> None:
    found = initialize(NETWORK, name, 5)
    generator = np.random.default_rng(5)
    for l, (i, o) in enumerate([(4, 3), (3, 5), (5, 2)], start=1):
        if name == "zeros":
            W = np.zeros((o, i))
        elif name in BOUND:
            W = generator.uniform(-BOUND[name](i, o), BOUND[name](i, o), (o, i))
        else:
            W = generator.normal(0.0, DEVIATION[name](i, o), (o, i))
        assert np.array_equal(found.W[l], W)
        assert found.b[l].tolist() == [[0.0]] * o


@pytest.mark.parametrize("name", INITIALIZERS)
def test_seeded_and_float32_is_the_rounded_float64(name: str) -> None:
    one = initialize(NETWORK, name, 2)
    assert np.array_equal(one.vector, initialize(NETWORK, name, 2).vector)
    assert one.vector.dtype == np.float64
    small = initialize(NETWORK, name, 2, np.float32)
    assert small.vector.dtype == np.float32
    assert np.array_equal(small.vector, one.vector.astype(np.float32))
    if name != "zeros":
        assert not np.array_equal(one.vector, initialize(NETWORK, name, 3).vector)
        assert np.count_nonzero(one.vector) == weights(NETWORK).sum()
