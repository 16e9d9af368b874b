"""The losses: each loss of one example beside its ∂loss/∂ŷ, the equation over the code.

K = n[L] is the number of outputs; Σ and max run over them. Everything is per example: the 1/m of
the mean is not here.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tuiprop.core.array import Array
from tuiprop.core.equation import Formula, equation, equation_of, stable_form_of


@dataclass(frozen=True)
class Loss:
    """One loss."""

    name: str
    value: Callable[[Array, Array, Array], Array]
    """(z, a, y), each (K, m), of the output layer → the loss of each example, (m,).

    The cross-entropies are computed from z, where nothing overflows and no logarithm meets 0."""
    gradient: Callable[[Array, Array, Array], None]
    """(a, y, out) → out = da[L] = ∂loss/∂ŷ, (K, m), without 1/m."""
    output: str | None = None
    """The one output activation that the loss is defined for, if there is one."""
    classes: bool = False
    """True if targets are classes, one-hot; otherwise they are numbers."""

    @property
    def is_fused(self) -> bool:
        """True if dz[L] = a[L] − y is *the* operation, which does not need da[L]."""
        return self.output is not None

    @property
    def formula(self) -> Formula:
        """The equation of the loss from the columns a and y of an example, and K."""
        return equation_of(self.value)

    @property
    def from_z(self) -> Formula:
        """The equation by which `value` computes the loss from z; empty where it is `formula`."""
        return stable_form_of(self.value)

    @property
    def slope(self) -> Formula:
        """The equation of da, one number of da[L], from a, y and K."""
        return equation_of(self.gradient)


@equation(
    "loss = -Σ(y * log(a) + (1 - y) * log(1 - a))",
    stable="loss = Σ(max(z, 0) - z * y + log1p(exp(-abs(z))))",
)
def _binary_cross_entropy(z: Array, a: Array, y: Array) -> Array:
    return np.asarray((np.maximum(z, 0.0) - z * y + np.log1p(np.exp(-np.abs(z)))).sum(axis=0))


@equation("da = (1 - y) / (1 - a) - y / a")
def _binary_cross_entropy_gradient(a: Array, y: Array, out: Array) -> None:
    # infinite where a saturates on the wrong side, 0/0 where it does on the right one
    with np.errstate(divide="ignore", invalid="ignore"):
        np.divide(1.0 - y, 1.0 - a, out)
        np.subtract(out, y / a, out)


@equation(
    "loss = -Σ(y * log(a))",
    stable="loss = log1p(Σ(exp(z - max(z))) - 1) - Σ(y * (z - max(z)))",
)
def _cross_entropy(z: Array, a: Array, y: Array) -> Array:
    largest = z.argmax(axis=0)[None, :]
    shifted = z - np.take_along_axis(z, largest, 0)
    others = np.exp(shifted)
    np.put_along_axis(others, largest, 0.0, 0)  # exp(0) = 1 would swallow the small ones
    return np.asarray(np.log1p(others.sum(axis=0)) - (y * shifted).sum(axis=0))


@equation("da = -y / a")
def _cross_entropy_gradient(a: Array, y: Array, out: Array) -> None:
    with np.errstate(divide="ignore", invalid="ignore"):
        np.divide(y, a, out)
        np.negative(out, out)


@equation("loss = Σ((a - y)**2) / K")
def _mse(z: Array, a: Array, y: Array) -> Array:
    return np.asarray(((a - y) ** 2).mean(axis=0))


@equation("da = 2 / K * (a - y)")
def _mse_gradient(a: Array, y: Array, out: Array) -> None:
    np.subtract(a, y, out)
    np.multiply(out, 2.0 / len(a), out)


@equation("loss = 0.5 * Σ((a - y)**2)")
def _squared_error(z: Array, a: Array, y: Array) -> Array:
    return np.asarray(0.5 * ((a - y) ** 2).sum(axis=0))


@equation("da = a - y")
def _squared_error_gradient(a: Array, y: Array, out: Array) -> None:
    np.subtract(a, y, out)


@equation("loss = Σ(abs(a - y)) / K")
def _mae(z: Array, a: Array, y: Array) -> Array:
    return np.asarray(np.abs(a - y).mean(axis=0))


@equation("da = 1 / K * sign(a - y)")
def _mae_gradient(a: Array, y: Array, out: Array) -> None:
    np.subtract(a, y, out)
    np.sign(out, out)
    np.multiply(out, 1.0 / len(a), out)


# ½ e² where e ≤ δ = 1, and e − ½ beyond
@equation("e = abs(a - y)", "c = min(e, 1)", "loss = Σ(c * (e - 0.5 * c)) / K")
def _huber(z: Array, a: Array, y: Array) -> Array:
    error = np.abs(a - y)
    clipped = np.minimum(error, 1.0)
    return np.asarray((clipped * (error - 0.5 * clipped)).mean(axis=0))


@equation("da = 1 / K * max(min(a - y, 1), -1)")
def _huber_gradient(a: Array, y: Array, out: Array) -> None:
    np.subtract(a, y, out)
    np.clip(out, -1.0, 1.0, out=out)
    np.multiply(out, 1.0 / len(a), out)


_TABLE = (
    Loss(
        "binary_cross_entropy",
        _binary_cross_entropy,
        _binary_cross_entropy_gradient,
        output="sigmoid",
        classes=True,
    ),
    Loss("cross_entropy", _cross_entropy, _cross_entropy_gradient, output="softmax", classes=True),
    Loss("mse", _mse, _mse_gradient),
    Loss("squared_error", _squared_error, _squared_error_gradient),
    Loss("mae", _mae, _mae_gradient),
    Loss("huber", _huber, _huber_gradient),
)

LOSSES: dict[str, Loss] = {loss.name: loss for loss in _TABLE}
"""Every loss by its name, in the order in which they are offered."""
