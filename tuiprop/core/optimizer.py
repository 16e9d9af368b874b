"""The optimisers: PyTorch's update rules, in place, on flat vectors.

θ is the vector of all parameters, g its gradient in the same layout, α the learning rate, t the
number of the update, counted from 1. The optimiser state is S vectors like θ, all 0
before update 1. The rules are those of the algorithm boxes in the documentation of `torch.optim`.

The equation over a rule is for one number: the new state, then the change Δ{W}, from the
gradient {g}, the state before, α, ε, t and the options, whose names stand in braces. Weight decay
is not in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import Any, TypeAlias

import numpy as np

from tuiprop.core.array import Array
from tuiprop.core.equation import Formula, equation, equation_of

Options: TypeAlias = Mapping[str, Any]
"""Numbers by PyTorch's names of them; betas are a pair."""


@dataclass(frozen=True)
class Optimizer:
    """One rule."""

    name: str
    update: Callable[["Block"], None]
    """Changes θ and the optimiser state in place; every number by itself."""
    state_names: tuple[str, ...] = ()
    """The letters of the S vectors of the optimiser state, such as m and v."""
    options: Options = field(default_factory=lambda: {"weight_decay": 0.0})
    """The options with their defaults."""
    decouples_decay: bool = False
    """True if weight decay shrinks the parameters; otherwise it is added to the gradient."""

    @property
    def formula(self) -> Formula:
        """The equation of the rule for one number, without weight decay."""
        return equation_of(self.update)


class Block:
    """The arrays that a rule reads and writes: a stretch of every vector.

    Args:
        state: θ and the optimiser state, (1 + S, n).
        learning_rate: α.
        options: all that the rule has.
        scratch: two vectors that are overwritten, (2, n or more).
    """

    def __init__(
        self, state: Array, learning_rate: float, options: Options, scratch: Array
    ) -> None:
        self.theta: Array = state[0]
        self.optimizer_state: list[Array] = list(state[1:])
        self.gradient: Array = self.theta
        self.learning_rate = learning_rate
        self.options = options
        self.t = 0
        self.scratch: list[Array] = list(scratch[:, : len(self.theta)])

    def decayed_gradient(self) -> Array:
        """G + weight_decay θ, in the first scratch vector where there is a decay."""
        decay = self.options["weight_decay"]
        if not decay:
            return self.gradient
        np.multiply(self.theta, decay, self.scratch[0])
        np.add(self.gradient, self.scratch[0], self.scratch[0])
        return self.scratch[0]

    def shrink(self) -> None:
        """θ ← θ − α weight_decay θ, the decoupled decay."""
        np.multiply(self.theta, 1.0 - self.learning_rate * self.options["weight_decay"], self.theta)

    def descend(self, direction: Array, rate: float) -> None:
        """θ ← θ − rate · direction."""
        np.multiply(direction, rate, self.scratch[1])
        np.subtract(self.theta, self.scratch[1], self.theta)

    def descend_scaled(self, numerator: Array, root: Array, rate: float) -> None:
        """θ ← θ − rate · numerator / (root + ε); `root` is overwritten."""
        np.add(root, self.options["eps"], root)
        np.divide(numerator, root, root)
        np.multiply(root, rate, root)
        np.subtract(self.theta, root, self.theta)


def _average(average: Array, value: Array, beta: float, scratch: Array) -> None:
    """Average ← β average + (1 − β) value; `scratch` may be `value`."""
    np.multiply(average, beta, average)
    np.multiply(value, 1.0 - beta, scratch)
    np.add(average, scratch, average)


@equation("Δ{W} = -α * {g}")
def _sgd(block: Block) -> None:
    block.descend(block.decayed_gradient(), block.learning_rate)


@equation("v = {momentum} * v + {g}", "Δ{W} = -α * v")
def _momentum(block: Block) -> None:
    g, (v,) = block.decayed_gradient(), block.optimizer_state
    np.multiply(v, block.options["momentum"], v)
    np.add(v, g, v)
    block.descend(v, block.learning_rate)


@equation("v = {momentum} * v + {g}", "Δ{W} = -α * ({g} + {momentum} * v)")
def _nesterov(block: Block) -> None:
    g, (v,), momentum = block.decayed_gradient(), block.optimizer_state, block.options["momentum"]
    ahead, scratch = block.scratch
    np.multiply(v, momentum, v)
    np.add(v, g, v)
    np.multiply(v, momentum, scratch)
    np.add(g, scratch, ahead)
    block.descend(ahead, block.learning_rate)


@equation("s = s + {g}**2", "Δ{W} = -α * {g} / (sqrt(s) + ε)")
def _adagrad(block: Block) -> None:
    g, (s,), root = block.decayed_gradient(), block.optimizer_state, block.scratch[1]
    np.multiply(g, g, root)
    np.add(s, root, s)
    np.sqrt(s, root)
    block.descend_scaled(g, root, block.learning_rate)


@equation("s = {alpha} * s + (1 - {alpha}) * {g}**2", "Δ{W} = -α * {g} / (sqrt(s) + ε)")
def _rmsprop(block: Block) -> None:
    g, (s,), root = block.decayed_gradient(), block.optimizer_state, block.scratch[1]
    np.multiply(g, g, root)
    _average(s, root, block.options["alpha"], root)
    np.sqrt(s, root)
    block.descend_scaled(g, root, block.learning_rate)


_ADAM = equation(
    "m = {beta1} * m + (1 - {beta1}) * {g}",
    "v = {beta2} * v + (1 - {beta2}) * {g}**2",
    "m̂ = m / (1 - {beta1}**t)",
    "v̂ = v / (1 - {beta2}**t)",
    "Δ{W} = -α * m̂ / (sqrt(v̂) + ε)",
)


def _adam_along(block: Block, g: Array) -> None:
    (beta1, beta2), (m, v), root = block.options["betas"], block.optimizer_state, block.scratch[1]
    _average(m, g, beta1, root)
    np.multiply(g, g, root)
    _average(v, root, beta2, root)
    np.sqrt(v, root)
    np.divide(root, sqrt(1.0 - beta2**block.t), root)  # √v̂
    block.descend_scaled(m, root, block.learning_rate / (1.0 - beta1**block.t))


@_ADAM
def _adam(block: Block) -> None:
    _adam_along(block, block.decayed_gradient())


@_ADAM
def _adamw(block: Block) -> None:
    block.shrink()
    _adam_along(block, block.gradient)


@equation(
    "m = {beta1} * m + (1 - {beta1}) * {g}",
    "u = max({beta2} * u, abs({g}) + ε)",
    "m̂ = m / (1 - {beta1}**t)",
    "Δ{W} = -α * m̂ / u",
)
def _adamax(block: Block) -> None:
    g, (beta1, beta2), (m, u) = (
        block.decayed_gradient(),
        block.options["betas"],
        block.optimizer_state,
    )
    scratch = block.scratch[1]
    _average(m, g, beta1, scratch)
    np.abs(g, scratch)
    np.add(scratch, block.options["eps"], scratch)
    np.multiply(u, beta2, u)
    np.maximum(u, scratch, out=u)
    np.divide(m, u, scratch)
    block.descend(scratch, block.learning_rate / (1.0 - beta1**block.t))


# Chen et al., "Symbolic Discovery of Optimization Algorithms" (2023), algorithm 2.
@equation(
    "c = {beta1} * m + (1 - {beta1}) * {g}",
    "m = {beta2} * m + (1 - {beta2}) * {g}",
    "Δ{W} = -α * sign(c)",
)
def _lion(block: Block) -> None:
    (beta1, beta2), (m,), (g, c) = block.options["betas"], block.optimizer_state, block.scratch
    block.shrink()
    np.multiply(m, beta1, c)
    np.multiply(block.gradient, 1.0 - beta1, g)
    np.add(c, g, c)
    np.sign(c, c)
    _average(m, block.gradient, beta2, g)
    block.descend(c, block.learning_rate)


def _options(**options: Any) -> Options:
    return {**options, "weight_decay": 0.0}


_OF_ADAM = _options(betas=(0.9, 0.999), eps=1e-8)

_TABLE = (
    Optimizer("sgd", _sgd),
    Optimizer("momentum", _momentum, ("v",), _options(momentum=0.9)),
    Optimizer("nesterov", _nesterov, ("v",), _options(momentum=0.9)),
    Optimizer("adagrad", _adagrad, ("s",), _options(eps=1e-10)),
    Optimizer("rmsprop", _rmsprop, ("s",), _options(alpha=0.99, eps=1e-8)),
    Optimizer("adam", _adam, ("m", "v"), _OF_ADAM),
    Optimizer(
        "adamw", _adamw, ("m", "v"), {**_OF_ADAM, "weight_decay": 0.01}, decouples_decay=True
    ),
    Optimizer("adamax", _adamax, ("m", "u"), _OF_ADAM),
    Optimizer("lion", _lion, ("m",), _options(betas=(0.9, 0.99)), decouples_decay=True),
)

OPTIMIZERS: dict[str, Optimizer] = {optimizer.name: optimizer for optimizer in _TABLE}
"""Every optimiser by its name, in the order in which they are offered."""
