"""Mistakes that can be injected into a running network, to show that the checks find them.

A mistake rewrites operations: their equation, sentence, line of NumPy and computation. An update
with a mistake executes the rewritten operations, which are also the ones that are shown.
`mistakes` lists them.
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
from tuiprop.update.arrays import ArrayRef
from tuiprop.update.operation import Operation, Phase
from tuiprop.update.operations import operations, parameter_change, propagation
from tuiprop.update.parameter_update import ParameterUpdate
from tuiprop.update.rule import Rule

Rewrite: TypeAlias = Callable[[Network, Operation], Operation]
"""Rewrites an operation with the mistake; returns most operations unchanged."""


@dataclass(frozen=True)
class Mistake:
    """One mistake."""

    name: str
    title: str
    """The mistaken equation; that of an erratum as the notes print it."""
    right: str
    """The right equation."""
    sentence: str
    """A plain sentence that says what is wrong."""
    refusal: Callable[[Network, int], str]
    """(network, m of a whole batch) → why the mistake would change nothing there, or ""."""
    rewrite: Rewrite = lambda network, operation: operation
    """Rewrites the operations before the update of the parameters."""
    loss: Callable[[Loss], Loss] = lambda loss: loss
    """Rewrites the loss with the mistake."""
    bias_twice: bool = False
    """True if the rule of the optimiser is applied to every b twice."""

    def operations(
        self,
        network: Network,
        optimizer: Optimizer,
        learning_rate: float,
        options: Options | None = None,
    ) -> tuple[Operation, ...]:
        """The 8L + 1 operations with the mistake; see `operation.operations`."""
        right = operations(network, optimizer, learning_rate, options)
        if not self.bias_twice:
            return tuple(self.rewrite(network, each) for each in right)
        rule = Rule(optimizer, learning_rate, {**optimizer.options, **(options or {})})
        return tuple(_twice(each, rule) if each.result.symbol == "b" else each for each in right)

    def workspace(self, network: Network, m: int, dtype: DTypeLike = np.float64) -> Workspace:
        """Create a workspace whose backward propagation has the mistake."""
        backward = (each for each in propagation(network) if each.phase is Phase.BACKWARD)
        rewritten = tuple(self.rewrite(network, each) for each in backward)
        return _Interpreter(network, m, dtype, self.loss(network.loss_function), rewritten)

    def change(
        self,
        network: Network,
        optimizer: Optimizer,
        state: Array,
        learning_rate: float,
        options: Options | None = None,
    ) -> ParameterUpdate:
        """Create the update of the parameters with the mistake; see `ParameterUpdate`."""
        rule = optimizer, state, learning_rate, options
        return _BiasesTwice(network, *rule) if self.bias_twice else ParameterUpdate(*rule)


def _twice(operation: Operation, rule: Rule) -> Operation:
    """The operation that changes b, applied twice."""
    return replace(
        parameter_change(operation.result, rule, times=2),
        sentence=f"Mistake: the rule of {rule.optimizer.name} is applied to b twice, "
        "with the same gradient.",
    )


class _Interpreter(Workspace):
    """A workspace that propagates backward by computing one operation after another."""

    def __init__(
        self,
        network: Network,
        m: int,
        dtype: DTypeLike,
        loss: Loss,
        backward: tuple[Operation, ...],
    ) -> None:
        super().__init__(network, m, dtype, loss)
        self._operations = backward
        self._arrays = {ArrayRef("y", network.L): self.y}
        named = {"z": self.z, "a": self.a, "da": self.da, "dz": self.dz}
        named |= {"dW": self.gradient.W, "db": self.gradient.b}
        for symbol, arrays in named.items():
            self._arrays |= {ArrayRef(symbol, l): array for l, array in arrays.items()}

    def backward(self, parameters: Parameters) -> None:
        """The operations of backward propagation, in order, after `forward`."""
        arrays = self._arrays | {ArrayRef("W", l): W for l, W in parameters.W.items()}
        with np.errstate(all="ignore"):
            for operation in self._operations:
                np.copyto(arrays[operation.result], operation.compute(arrays))


class _BiasesTwice(ParameterUpdate):
    """A parameter update that applies the rule to every b and its optimiser state a second time."""

    def __init__(
        self,
        network: Network,
        optimizer: Optimizer,
        state: Array,
        learning_rate: float,
        options: Options | None,
    ) -> None:
        super().__init__(optimizer, state, learning_rate, options)
        self._biases = []
        end = 0
        for before, n in pairwise(network.sizes):
            end += n * (before + 1)
            b = slice(end - n, end)
            again = ParameterUpdate(optimizer, state[:, b], learning_rate, options)
            self._biases.append((b, again))

    def apply(self, gradient: Array, t: int) -> None:
        """Do update t, and then update every b again with the same gradient and t."""
        super().apply(gradient, t)
        for b, again in self._biases:
            again.apply(gradient[b], t)
