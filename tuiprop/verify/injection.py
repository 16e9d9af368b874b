"""Slips: mistakes that can be put into a running network, to see that the proof finds them.

A slip rewrites operations: their equation, sentence, NumPy line and what they compute. A slipped
update carries out the rewritten operations, so that what is shown is what is done. Which slips
there are says `slips`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from tuiprop.core.array import Array
from tuiprop.core.loss import Loss
from tuiprop.core.network import Network, Parameters
from tuiprop.core.optimizer import Optimizer, Options
from tuiprop.core.propagation import Workspace
from tuiprop.update.arrays import ArrayRef, T
from tuiprop.update.operation import Arrays, Operation, Phase, operations, propagation
from tuiprop.update.parameter_update import ParameterUpdate

Rewrite: TypeAlias = Callable[[Network, Operation], Operation]
"""An operation with the slip in it; most are not touched."""


@dataclass(frozen=True)
class Slip:
    """One mistake."""

    name: str
    title: str
    """The slipped equation: where it is one of the notes', as they print it."""
    right: str
    """The right equation."""
    sentence: str
    """What is wrong, in one plain sentence."""
    refusal: Callable[[Network, int], str]
    """(network, m of a whole batch) → why the slip would have no effect there, or ""."""
    rewrite: Rewrite = lambda network, operation: operation
    """What is slipped in the operations before the change of the parameters."""
    loss: Callable[[Loss], Loss] = lambda loss: loss
    """The loss with the slip in it."""
    bias_twice: bool = False
    """The rule of the optimiser is applied to every b twice."""

    def propagation(self, network: Network) -> tuple[Operation, ...]:
        """Forward, cost and backward, with the slip in them."""
        slipped = self._network(network)
        return tuple(self.rewrite(network, operation) for operation in propagation(slipped))

    def operations(
        self,
        network: Network,
        optimizer: Optimizer,
        learning_rate: float,
        options: Options | None = None,
    ) -> tuple[Operation, ...]:
        """The 8L + 1 operations with the slip in them; see `operation.operations`."""
        walk = self.propagation(network)
        changes = operations(network, optimizer, learning_rate, options)[len(walk) :]
        if self.bias_twice:
            rule = _Twice(optimizer, learning_rate, options)
            changes = tuple(rule.rewrite(each) for each in changes)
        return *walk, *changes

    def workspace(self, network: Network, m: int, dtype: DTypeLike = np.float64) -> Workspace:
        """What walks forward and back with the slip in it."""
        return _SlippedWorkspace(self._network(network), m, dtype, self.propagation(network))

    def change(
        self,
        network: Network,
        optimizer: Optimizer,
        state: Array,
        learning_rate: float,
        options: Options | None = None,
    ) -> ParameterUpdate:
        """The change of the parameters with the slip in it; see `ParameterUpdate`."""
        if self.bias_twice:
            return _BiasesTwice(network, optimizer, state, learning_rate, options)
        return ParameterUpdate(optimizer, state, learning_rate, options)

    def _network(self, network: Network) -> Network:
        return _SlippedNetwork(
            network.inputs,
            network.layers,
            network.loss,
            network.l2,
            slipped=self.loss(network.loss_function),
        )


@dataclass(frozen=True, kw_only=True)
class _SlippedNetwork(Network):
    """A network with a loss that is in no table."""

    slipped: Loss

    @property
    def loss_function(self) -> Loss:
        return self.slipped


class _SlippedWorkspace(Workspace):
    """A workspace whose backward pass carries out operations; no slip is in the forward pass."""

    def __init__(
        self, network: Network, m: int, dtype: DTypeLike, walk: tuple[Operation, ...]
    ) -> None:
        super().__init__(network, m, dtype)
        self._backward = tuple(each for each in walk if each.phase is Phase.BACKWARD)
        self._arrays = {ArrayRef("y", network.L): self.y}
        named = {"z": self.z, "a": self.a, "da": self.da, "dz": self.dz}
        named |= {"dW": self.gradient.W, "db": self.gradient.b}
        for symbol, arrays in named.items():
            self._arrays |= {ArrayRef(symbol, l): array for l, array in arrays.items()}

    def backward(self, parameters: Parameters) -> None:
        """The operations of the backward pass, in order, after `forward`."""
        arrays = self._arrays | {ArrayRef("W", l): W for l, W in parameters.W.items()}
        with np.errstate(all="ignore"):
            for operation in self._backward:
                np.copyto(arrays[operation.result], operation.compute(arrays))


class _BiasesTwice(ParameterUpdate):
    """A change that goes over every b again, slots included."""

    def __init__(
        self,
        network: Network,
        optimizer: Optimizer,
        state: Array,
        learning_rate: float,
        options: Options | None,
    ) -> None:
        super().__init__(optimizer, state, learning_rate, options)
        self._optimizer = optimizer
        self._state = state
        self._biases = []
        end = 0
        for before, n in pairwise(network.sizes):
            end += n * (before + 1)
            self._biases.append(slice(end - n, end))

    def apply(self, gradient: Array, t: int) -> None:
        """Update t, and then every b once more with the same gradient and t."""
        super().apply(gradient, t)
        for places in self._biases:
            b = self._state[:, places]
            again = ParameterUpdate(self._optimizer, b, self.learning_rate, self.options)
            again.apply(gradient[places], t)


@dataclass(frozen=True)
class _Twice:
    """A rule that is applied to b twice."""

    optimizer: Optimizer
    learning_rate: float
    options: Options | None

    def rewrite(self, operation: Operation) -> Operation:
        if operation.result.symbol != "b":
            return operation
        return replace(
            operation,
            sentence=f"Slip: the rule of {self.optimizer.name} is applied to b twice, "
            "with the same gradient.",
            numpy=f"{operation.numpy}\n{operation.numpy}",
            compute=lambda x: self._compute(operation, x),
            rule=(*operation.rule, operation.text, *operation.rule),
            repeats=2,
        )

    def _compute(self, operation: Operation, x: Arrays) -> Array:
        b, gradient, *slots, _ = operation.operands
        state = np.stack([x[each].ravel() for each in (b, *slots)])
        change = ParameterUpdate(self.optimizer, state, self.learning_rate, self.options)
        for _ in range(2):
            change.apply(x[gradient].ravel(), int(x[T].item()))
        changed: Array = state[0].reshape(x[b].shape)
        return changed
