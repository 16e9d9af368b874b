"""The content of a weights file of any format: arrays by name and a description."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np

from tuiprop.core.array import Array
from tuiprop.core.network import Network, Parameters
from tuiprop.errors import InputError
from tuiprop.wording import listed

LARGEST = 2**29
"""The most bytes in a file, and the most that its arrays may declare together."""

KNOWN = re.compile(r"[Wb][1-9][0-9]*|.*\.(?:weight|bias)", re.DOTALL)
"""Names of arrays that are parameters: `W1`, `b1`, … or PyTorch's `0.weight`, `0.bias`, …"""


class ContentError(InputError):
    """The content of a file is wrong; the sentence does not name the file."""


@dataclass(frozen=True, eq=False)
class WeightsFile:
    """The content of a weights file."""

    arrays: dict[str, Array]
    """The arrays `W1`, `b1`, `W2`, …, with their shapes in the file."""
    names: dict[str, str]
    """The names in the file: `W1` may be `0.weight`."""
    metadata: dict[str, Any] | None
    """The description; None if another program wrote the file."""

    def expected(self, sizes: Sequence[int]) -> dict[str, tuple[int, ...]]:
        """The shapes of the arrays of a network n[0], …, n[L]; PyTorch's biases have one axis."""
        shapes: dict[str, tuple[int, ...]] = {}
        for l, (before, n) in enumerate(pairwise(sizes), 1):
            shapes[f"W{l}"] = (n, before)
            shapes[f"b{l}"] = (n,) if self.uses_pytorch_names else (n, 1)
        return shapes

    @property
    def uses_pytorch_names(self) -> bool:
        """True if the names are `0.weight` and `0.bias`, not `W1` and `b1`."""
        return self.names.get("W1") != "W1"


@dataclass(frozen=True)
class Architecture:
    """The layers of a network, derived from the shapes and names in a file."""

    sizes: tuple[int, ...]
    """The sizes n[0], n[1], …, n[L]."""
    activations: tuple[str | None, ...]
    """The activations of layers 1 … L; None if the file does not say."""

    @classmethod
    def of(cls, network: Network) -> "Architecture":
        """The architecture of a network, with every activation."""
        return cls(network.sizes, tuple(layer.activation for layer in network.layers))

    @property
    def missing(self) -> tuple[int, ...]:
        """The layers without a known activation."""
        return tuple(l for l, name in enumerate(self.activations, 1) if name is None)

    @property
    def words(self) -> str:
        """One line such as "4 → 8 tanh → 3 softmax", with the known activations."""
        layers = zip(self.sizes[1:], self.activations, strict=True)
        return " → ".join(
            [str(self.sizes[0]), *(f"{n} {name}" if name else str(n) for n, name in layers)]
        )


def contents_of(arrays: Mapping[str, Array], metadata: dict[str, Any] | None) -> WeightsFile:
    """Rename the arrays of a file to `W1`, `b1`, `W2`, …

    Args:
        arrays: arrays with `KNOWN` names: `W`/`b` names or, if there is no `W1`, PyTorch's.
        metadata: the description, if there is one.

    Raises:
        ContentError: such arrays are missing, or are not floating point numbers.
    """
    names = {name: name for name in arrays if re.fullmatch(r"[Wb][1-9][0-9]*", name)}
    if "W1" not in names and not (names := _from_pytorch(arrays)):
        raise ContentError.invalid(
            listed(arrays) or "nothing", "arrays W1, b1, W2, b2, … or 0.weight, 0.bias, …"
        )
    for name in names.values():
        if not np.issubdtype(arrays[name].dtype, np.floating):
            raise ContentError(f"{name} is {arrays[name].dtype}, expected floating point numbers")
    return WeightsFile({ours: arrays[name] for ours, name in names.items()}, names, metadata)


def _from_pytorch(arrays: Mapping[str, Array]) -> dict[str, str]:
    """Our names for PyTorch's, in the order of the numbers in them."""
    layers = {name.rpartition(".")[0] for name in arrays if name.endswith((".weight", ".bias"))}
    names = {}
    for l, layer in enumerate(sorted(layers, key=_natural), 1):
        for ours, theirs in (("W", "weight"), ("b", "bias")):
            name = f"{layer}.{theirs}"
            if name not in arrays:
                raise ContentError(
                    f"there is no {name}, expected a weight and a bias of every layer"
                )
            if arrays[name].ndim != (2 if ours == "W" else 1):
                raise ContentError(
                    f"{name} is {arrays[name].shape}, expected that of a Linear layer: "
                    "a weight (n[l], n[l-1]) and a bias (n[l],); other layers are not read"
                )
            names[f"{ours}{l}"] = name
    return names


def _natural(name: str) -> list[tuple[int, str]]:
    """A sort key that puts layer 10 after layer 9."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    # a number of 20 digits or more is not an index, and its conversion could take long
    return [
        (int(part), "") if part.isdecimal() and len(part) < 20 else (-1, part) for part in parts
    ]


def architecture(file: WeightsFile) -> Architecture:
    """The architecture of the network with these arrays.

    The biases determine the sizes of the layers and so the orientation of W[l].

    Raises:
        ContentError: the shapes do not fit each other; the sentence says which, and whether it
            looks transposed.
    """
    sizes = [0]
    l = 1
    while f"W{l}" in file.arrays and f"b{l}" in file.arrays:
        sizes.append(file.arrays[f"b{l}"].size)
        l += 1
    first = file.arrays["W1"].shape
    if len(sizes) == 1 or len(first) != 2:
        check_arrays(file, file.expected([first[-1] if first else 1, first[0] if first else 1]))
    sizes[0] = first[0] if first[0] != sizes[1] and first[1] == sizes[1] else first[1]
    check_arrays(file, file.expected(sizes))
    if min(sizes) < 1:
        raise ContentError(f"{file.names['W1']} is {first}: every layer has 1 unit or more")
    return Architecture(tuple(sizes), _activations(file, len(sizes) - 1))


def _activations(file: WeightsFile, L: int) -> tuple[str | None, ...]:
    """The known activations: `linear` between two Linear layers that follow each other."""
    # for 0.weight or net.0.weight, not fc1.weight, whose number does not count activations
    index = re.compile(r"((?:.*\.)?)([0-9]{1,9})\.weight", re.DOTALL)
    found = [index.fullmatch(file.names[f"W{l}"]) for l in range(1, L + 1)]
    known: list[str | None] = []
    for one, other in pairwise(found):
        adjacent = one and other and one[1] == other[1] and int(other[2]) == int(one[2]) + 1
        known.append("linear" if adjacent else None)
    return (*known, None)


def check_arrays(file: WeightsFile, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Check that the file has these arrays, of these shapes, finite, and no others.

    Raises:
        ContentError: an array is wrong; the error names the first.
    """
    for name, shape in shapes.items():
        called = file.names.get(name, name)
        if name not in file.arrays:
            raise ContentError(f"there is no {called}, expected {called} {shape}")
        array = file.arrays[name]
        if array.shape != shape:
            hint = ""
            if len(shape) == 2 and array.shape == shape[::-1]:
                hint = ": it looks transposed"
            elif shape[1:] == (1,) and array.shape == shape[:1]:
                hint = ": one axis is missing, reshape it to a column"
            raise ContentError(f"{called} is {array.shape}, expected {shape}{hint}")
        if not np.isfinite(array).all():
            raise ContentError(f"{called} holds values that are not finite")
    others = [file.names[name] for name in file.arrays if name not in shapes]
    if others:
        raise ContentError(
            f"has {listed(others)} too, expected layers 1 to {len(shapes) // 2} only"
        )


def parameters_of(file: WeightsFile, network: Network, dtype: str) -> Parameters:
    """The parameters of a network from a file, whoever wrote it.

    Raises:
        ContentError: an array is missing, too many, not finite, or has another shape.
    """
    check_arrays(file, file.expected(network.sizes))
    parameters = Parameters.zeros(network, dtype)
    for name, into in parameters:
        with np.errstate(over="ignore"):
            into[...] = file.arrays[name].reshape(into.shape)
        if not np.isfinite(into).all():
            raise ContentError(f"{file.names[name]} holds numbers too large for {dtype}")
    return parameters


def checksum(arrays: Mapping[str, Array], metadata: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, over the description and over names, shapes and numbers."""
    digest = sha256(msgspec.json.encode(metadata, order="sorted"))
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name], "<f8")
        digest.update(f"\n{name} {array.shape} ".encode())
        digest.update(array.data)
    return digest.hexdigest()
