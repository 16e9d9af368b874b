"""The optimisers: PyTorch's update rules, in place, on flat vectors.

θ is the vector of all parameters, g the gradient of the same layout, α the learning rate, t the
number of the update, counted from 1. Slots are further vectors like θ, all 0 before update 1.
The rules are those of the algorithm boxes in the documentation of `torch.optim`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import sqrt
from types import MappingProxyType

import numpy as np

from tuiprop.core.array import Array, Formula

Options = Mapping[str, float | tuple[float, float]]


@dataclass(frozen=True)
class Optimizer:
    """One rule."""

    name: str
    update: Callable[["Block"], None]
    """Changes θ and the slots in place; every number by itself."""
    formula: Formula
    """The rule for one number: what each slot becomes, then the change Δ{W}, from the gradient
    {g}, the slots before, α, ε, t, and the options by their names in braces; weight decay is not
    in it."""
    slots: tuple[str, ...] = ()
    options: Options = field(default_factory=lambda: MappingProxyType({"weight_decay": 0.0}))
    """The options with their defaults, by PyTorch's names."""
    decouples_decay: bool = False
    """The decay shrinks the parameters; otherwise it is added to the gradient."""


class Block:
    """What a rule reads and writes: a stretch of every vector.

    Args:
        options: all that the rule has.
        scratch: two vectors that are overwritten.
    """

    def __init__(
        self, state: Array, learning_rate: float, options: Options, scratch: Array
    ) -> None:
        self.theta: Array = state[0]
        self.slots: list[Array] = list(state[1:])
        self.gradient: Array = self.theta
        self.learning_rate = learning_rate
        self.options = options
        self.t = 0
        self.scratch: tuple[Array, Array] = (
            scratch[0, : len(self.theta)],
            scratch[1, : len(self.theta)],
        )

    def number(self, name: str) -> float:
        """An option that is one number."""
        value = self.options[name]
        assert isinstance(value, (int, float))
        return float(value)

    def decayed_gradient(self) -> Array:
        """G + weight_decay θ, in the first scratch vector where there is a decay."""
        decay = self.number("weight_decay")
        if not decay:
            return self.gradient
        np.multiply(self.theta, decay, self.scratch[0])
        np.add(self.gradient, self.scratch[0], self.scratch[0])
        return self.scratch[0]


def _descend(block: Block, direction: Array, rate: float) -> None:
    """θ ← θ − rate · direction."""
    np.multiply(direction, rate, block.scratch[1])
    np.subtract(block.theta, block.scratch[1], block.theta)


def _sgd(block: Block) -> None:
    _descend(block, block.decayed_gradient(), block.learning_rate)


def _velocity(block: Block, g: Array) -> Array:
    """V ← μ v + g."""
    v = block.slots[0]
    np.multiply(v, block.number("momentum"), v)
    np.add(v, g, v)
    return v


def _momentum(block: Block) -> None:
    _descend(block, _velocity(block, block.decayed_gradient()), block.learning_rate)


def _nesterov(block: Block) -> None:
    g = block.decayed_gradient()
    v = _velocity(block, g)
    np.multiply(v, block.number("momentum"), block.scratch[1])
    np.add(g, block.scratch[1], block.scratch[0])  # g + μ v
    _descend(block, block.scratch[0], block.learning_rate)


def _descend_scaled(block: Block, numerator: Array, root: Array, rate: float) -> None:
    """θ ← θ − rate · numerator / (root + ε); `root` is overwritten."""
    np.add(root, block.number("eps"), root)
    np.divide(numerator, root, root)
    np.multiply(root, rate, root)
    np.subtract(block.theta, root, block.theta)


def _adagrad(block: Block) -> None:
    g = block.decayed_gradient()
    (total,) = block.slots
    root = block.scratch[1]
    np.multiply(g, g, root)
    np.add(total, root, total)
    np.sqrt(total, root)
    _descend_scaled(block, g, root, block.learning_rate)


def _average(slot: Array, value: Array, beta: float) -> None:
    """Slot ← β slot + (1 − β) value; `value` is overwritten."""
    np.multiply(slot, beta, slot)
    np.multiply(value, 1.0 - beta, value)
    np.add(slot, value, slot)


def _rmsprop(block: Block) -> None:
    g = block.decayed_gradient()
    (square,) = block.slots
    root = block.scratch[1]
    np.multiply(g, g, root)
    _average(square, root, block.number("alpha"))
    np.sqrt(square, root)
    _descend_scaled(block, g, root, block.learning_rate)


def _adam_with(block: Block, g: Array) -> None:
    betas = block.options["betas"]
    assert isinstance(betas, (tuple, list))
    beta1, beta2 = betas
    m, v = block.slots
    root = block.scratch[1]
    np.copyto(root, g)
    _average(m, root, beta1)
    np.multiply(g, g, root)
    _average(v, root, beta2)
    np.sqrt(v, root)
    np.divide(root, sqrt(1.0 - beta2**block.t), root)  # √v̂
    _descend_scaled(block, m, root, block.learning_rate / (1.0 - beta1**block.t))


def _adam(block: Block) -> None:
    _adam_with(block, block.decayed_gradient())


def _adamw(block: Block) -> None:
    decay = block.number("weight_decay")
    np.multiply(block.theta, 1.0 - block.learning_rate * decay, block.theta)
    _adam_with(block, block.gradient)


def _lion(block: Block) -> None:
    # Chen et al., "Symbolic Discovery of Optimization Algorithms" (2023), algorithm 2
    betas = block.options["betas"]
    assert isinstance(betas, (tuple, list))
    beta1, beta2 = betas
    (m,) = block.slots
    g, direction = block.scratch
    np.multiply(block.theta, 1.0 - block.learning_rate * block.number("weight_decay"), block.theta)
    np.multiply(m, beta1, direction)
    np.multiply(block.gradient, 1.0 - beta1, g)
    np.add(direction, g, direction)
    np.sign(direction, direction)
    np.copyto(g, block.gradient)
    _average(m, g, beta2)
    _descend(block, direction, block.learning_rate)


def _options(**options: float | tuple[float, float]) -> Options:
    return MappingProxyType(options)


_VELOCITY_FORMULA = "v = {momentum} * v + {g}"
_ADAPTIVE_FORMULA = "Δ{W} = -α * {g} / (sqrt(s) + ε)"
_ADAM_FORMULA = (
    "m = {beta1} * m + (1 - {beta1}) * {g}",
    "v = {beta2} * v + (1 - {beta2}) * {g}**2",
    "m̂ = m / (1 - {beta1}**t)",
    "v̂ = v / (1 - {beta2}**t)",
    "Δ{W} = -α * m̂ / (sqrt(v̂) + ε)",
)

_TABLE = (
    Optimizer("sgd", _sgd, ("Δ{W} = -α * {g}",)),
    Optimizer(
        "momentum",
        _momentum,
        (_VELOCITY_FORMULA, "Δ{W} = -α * v"),
        ("v",),
        _options(momentum=0.9, weight_decay=0.0),
    ),
    Optimizer(
        "nesterov",
        _nesterov,
        (_VELOCITY_FORMULA, "Δ{W} = -α * ({g} + {momentum} * v)"),
        ("v",),
        _options(momentum=0.9, weight_decay=0.0),
    ),
    Optimizer(
        "adagrad",
        _adagrad,
        ("s = s + {g}**2", _ADAPTIVE_FORMULA),
        ("s",),
        _options(eps=1e-10, weight_decay=0.0),
    ),
    Optimizer(
        "rmsprop",
        _rmsprop,
        ("s = {alpha} * s + (1 - {alpha}) * {g}**2", _ADAPTIVE_FORMULA),
        ("s",),
        _options(alpha=0.99, eps=1e-8, weight_decay=0.0),
    ),
    Optimizer(
        "adam",
        _adam,
        _ADAM_FORMULA,
        ("m", "v"),
        _options(betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0),
    ),
    Optimizer(
        "adamw",
        _adamw,
        _ADAM_FORMULA,
        ("m", "v"),
        _options(betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01),
        decouples_decay=True,
    ),
    Optimizer(
        "lion",
        _lion,
        (
            "c = {beta1} * m + (1 - {beta1}) * {g}",
            "m = {beta2} * m + (1 - {beta2}) * {g}",
            "Δ{W} = -α * sign(c)",
        ),
        ("m",),
        _options(betas=(0.9, 0.99), weight_decay=0.0),
        decouples_decay=True,
    ),
)

OPTIMIZERS: dict[str, Optimizer] = {optimizer.name: optimizer for optimizer in _TABLE}
"""Every optimiser by its name, in the order in which they are offered."""
