"""The description of a network, and its parameters in one vector."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import DTypeLike

from tuiprop.core.activation import ACTIVATIONS, Activation
from tuiprop.core.array import Array
from tuiprop.core.loss import LOSSES, Loss


@dataclass(frozen=True)
class Layer:
    """One layer l ≥ 1: n[l] units and their activation."""

    units: int
    activation: str


@dataclass(frozen=True)
class Network:
    """A fully connected network: layers 1 … L over n[0] inputs, the loss and the penalty."""

    inputs: int
    """n[0]."""
    layers: tuple[Layer, ...]
    loss: str
    l2: float = 0.0
    """λ of the penalty (λ/2) Σ ‖W[l]‖²."""

    @property
    def L(self) -> int:
        """The number of layers, the input not counted."""
        return len(self.layers)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """n[0], n[1], …, n[L]."""
        return (self.inputs, *(layer.units for layer in self.layers))

    def activation(self, l: int) -> Activation:
        """g[l], for 1 ≤ l ≤ L."""
        return ACTIVATIONS[self.layers[l - 1].activation]

    @property
    def loss_function(self) -> Loss:
        """The loss of one example."""
        return LOSSES[self.loss]

    @property
    def parameter_count(self) -> int:
        """How many numbers all W[l] and b[l] hold together."""
        return sum(n * (before + 1) for before, n in pairwise(self.sizes))


class Parameters:
    """All W[l] and b[l] in one contiguous vector: W[1], b[1], W[2], b[2], …

    `W[l]` (n[l], n[l-1]) and `b[l]` (n[l], 1) are views into `vector`, which gradients and
    the optimiser state is laid out like.
    """

    def __init__(self, network: Network, vector: Array) -> None:
        """Lay views over `vector`, (parameter_count,), which is not copied."""
        if vector.shape != (network.parameter_count,):
            raise ValueError(f"the vector is {vector.shape}, expected ({network.parameter_count},)")
        self.network = network
        self.vector = vector
        self.W: dict[int, Array] = {}
        self.b: dict[int, Array] = {}
        start = 0
        for l, (before, n) in enumerate(pairwise(network.sizes), 1):
            self.W[l] = vector[start : start + n * before].reshape(n, before)
            start += n * before
            self.b[l] = vector[start : start + n].reshape(n, 1)
            start += n

    @classmethod
    def zeros(cls, network: Network, dtype: DTypeLike = np.float64) -> "Parameters":
        """Parameters that are all 0."""
        return cls(network, np.zeros(network.parameter_count, dtype))

    def copy(self) -> "Parameters":
        """The same numbers in a vector of their own."""
        return Parameters(self.network, self.vector.copy())

    def __iter__(self) -> Iterator[tuple[str, Array]]:
        """("W1", W[1]), ("b1", b[1]), ("W2", W[2]), …"""
        for l in self.W:
            yield f"W{l}", self.W[l]
            yield f"b{l}", self.b[l]
