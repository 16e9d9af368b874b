"""What the names and shapes of arrays say about their network."""

from typing import Any

import numpy as np
import pytest

from tests.models.models import model
from tuiprop.core.array import Array
from tuiprop.core.network import Layer, Network
from tuiprop.models.contents import (
    Architecture,
    ContentError,
    WeightsFile,
    architecture,
    checksum,
    contents_of,
    parameters_of,
)
from tuiprop.models.formats import safetensors_file as tensors


def ours(*sizes: int) -> dict[str, Array]:
    return {name: array.copy() for name, array in model(sizes).parameters}


def pytorchs(*sizes: int, indices: tuple[str, ...] = ()) -> dict[str, Array]:
    arrays = tensors.names(model(sizes).parameters)
    renamed = {f"{2 * l}": index for l, index in enumerate(indices)}
    return {
        f"{renamed.get(name.partition('.')[0], name.partition('.')[0])}.{name.partition('.')[2]}": a
        for name, a in arrays.items()
    }


def found(arrays: dict[str, Array]) -> Architecture:
    return architecture(contents_of(arrays, None))


def wrong(arrays: dict[str, Any]) -> str:
    with pytest.raises(ContentError) as caught:
        architecture(contents_of(arrays, None))
    return str(caught.value)


@pytest.mark.parametrize("sizes", [(1, 1), (4, 8, 3), (3, 3, 3, 3), (2, *(5,) * 11, 1)])
def test_the_sizes(sizes: tuple[int, ...]) -> None:
    expected = Architecture(sizes, (None,) * (len(sizes) - 1))
    assert found(ours(*sizes)) == expected
    assert found(pytorchs(*sizes)) == expected
    assert found(pytorchs(*sizes)).missing == tuple(range(1, len(sizes)))


@pytest.mark.parametrize(
    ("indices", "activations"),
    [
        (("0", "2", "4"), (None, None, None)),
        (("0", "1", "3"), ("linear", None, None)),
        (("net.0", "net.3", "net.4"), (None, "linear", None)),
        (("fc1", "fc2", "fc3"), (None, None, None)),
        (("9", "11", "100"), (None, None, None)),
        (("a.hidden", "a.middle", "a.out"), (None, None, None)),
    ],
)
def test_pytorchs_names(indices: tuple[str, ...], activations: tuple[str | None, ...]) -> None:
    arrays = pytorchs(4, 8, 5, 3, indices=indices)
    shuffled = dict(sorted(arrays.items(), key=lambda item: item[0][::-1]))
    file = contents_of(shuffled, None)
    assert architecture(file) == Architecture((4, 8, 5, 3), activations)
    assert file.names["W3"] == f"{indices[2]}.weight"
    layers = (Layer(8, "tanh"), Layer(5, "tanh"), Layer(3, "linear"))
    parameters = parameters_of(file, Network(4, layers, "mse"), "float64")
    assert parameters.vector.tobytes() == model((4, 8, 5, 3)).parameters.vector.tobytes()


def test_what_is_known_is_said() -> None:
    assert Architecture((4, 8, 3), ("tanh", None)).words == "4 → 8 tanh → 3"


def test_transposed() -> None:
    arrays = ours(3, 4, 8, 2)
    arrays["W2"] = arrays["W2"].T
    assert wrong(arrays) == "W2 is (4, 8), expected (8, 4): it looks transposed"
    arrays["W1"] = arrays["W1"].T
    assert wrong(arrays) == "W1 is (3, 4), expected (4, 3): it looks transposed"
    arrays = pytorchs(3, 4, 2)
    arrays["2.weight"] = arrays["2.weight"].T
    assert wrong(arrays) == "2.weight is (4, 2), expected (2, 4): it looks transposed"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"b1": None}, "there is no b1, expected b1 ("),
        ({"b2": None}, "has W2 too, expected layers 1 to 1 only"),
        ({"W2": None}, "has b2 too, expected layers 1 to 1 only"),
        ({"W1": np.zeros(3)}, "W1 is (3,), expected ("),
        ({"W1": np.float64(3)}, "W1 is (), expected ("),
        ({"W1": np.zeros((3, 5, 2))}, "W1 is (3, 5, 2), expected ("),
        ({"W1": np.zeros((7, 9))}, "W1 is (7, 9), expected (4, 9)"),
        ({"b1": np.zeros(4)}, "b1 is (4,), expected (4, 1): one axis is missing"),
        ({"b1": np.zeros((1, 4))}, "b1 is (1, 4), expected (4, 1): it looks transposed"),
        ({"W1": np.zeros((4, 0))}, "W1 is (4, 0): every layer has 1 unit or more"),
        ({"W2": np.full((2, 4), np.inf)}, "W2 holds values that are not finite"),
        ({"W2": np.zeros((2, 4), int)}, "W2 is int64, expected floating point numbers"),
    ],
)
def test_shapes_that_do_not_fit(changes: dict[str, Any], expected: str) -> None:
    arrays = {name: a for name, a in {**ours(3, 4, 2), **changes}.items() if a is not None}
    assert wrong(arrays).startswith(expected)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"0.bias": None}, "there is no 0.bias, expected a weight and a bias of every layer"),
        ({"1.weight": np.zeros(4), "1.bias": np.zeros(4)}, "1.weight is (4,), expected that of"),
        ({"0.weight": np.zeros((4, 3, 3, 3))}, "0.weight is (4, 3, 3, 3), expected that of"),
        ({"0.bias": np.zeros((4, 1))}, "0.bias is (4, 1), expected that of a Linear layer"),
        ({"2.bias": np.zeros(3)}, "2.weight is (2, 4), expected (3, 4)"),
    ],
)
def test_layers_of_another_kind(changes: dict[str, Any], expected: str) -> None:
    arrays = {name: a for name, a in {**pytorchs(3, 4, 2), **changes}.items() if a is not None}
    assert wrong(arrays).startswith(expected)


def test_names_that_are_none() -> None:
    assert wrong({"W2": np.zeros((1, 1)), "b2": np.zeros((1, 1))}).endswith(", got W2, b2")
    assert wrong({}).endswith(", got nothing")
    big: dict[str, Array] = {
        f"{'9' * 5000}.weight": np.zeros((1, 1)),
        f"{'9' * 5000}.bias": np.zeros(1),
    }
    assert found(big).sizes == (1, 1)


def test_the_checksum_is_of_everything() -> None:
    arrays, metadata = ours(2, 3, 1), {"a": 1.5, "b": [1]}
    expected = checksum(arrays, metadata)
    assert checksum(dict(reversed(arrays.items())), {"b": [1], "a": 1.5}) == expected
    assert checksum({n: np.asfortranarray(a) for n, a in arrays.items()}, metadata) == expected
    others = [
        ({**arrays, "W1": np.nextafter(arrays["W1"], 9)}, metadata),
        ({**arrays, "W1": arrays["W1"].reshape(2, 3)}, metadata),
        ({("W9" if n == "W1" else n): a for n, a in arrays.items()}, metadata),
        (arrays, {**metadata, "a": 1.25}),
        (arrays, {**metadata, "c": 0}),
    ]
    assert expected not in {checksum(one, other) for one, other in others}


def test_a_file_of_single_precision_fits_a_network_of_double() -> None:
    arrays = {name: a.astype(np.float32) for name, a in pytorchs(2, 1).items()}
    file = contents_of(arrays, None)
    assert isinstance(file, WeightsFile)
    parameters = parameters_of(file, Network(2, (Layer(1, "linear"),), "mse"), "float64")
    np.testing.assert_array_equal(parameters.W[1], arrays["0.weight"])
