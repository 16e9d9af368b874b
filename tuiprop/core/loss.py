"""The losses: each 𝓛 of one example beside its ∂𝓛/∂ŷ.

K = n[L] is the number of outputs. Everything is per example: the 1/m of the mean is not here.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tuiprop.core.array import Array, Formula


@dataclass(frozen=True)
class Loss:
    """One 𝓛."""

    name: str
    value: Callable[[Array, Array, Array], Array]
    """(z, a, y), each (K, m), of the output layer → 𝓛 of each example, (m,).

    The cross-entropies are taken from z, where nothing overflows and no logarithm meets 0."""
    gradient: Callable[[Array, Array, Array], None]
    """(a, y, out) → out = da[L] = ∂𝓛/∂ŷ, (K, m), without 1/m."""
    formula: Formula
    """𝓛 of one example from its columns a and y, and K; Σ and max of one thing go over them."""
    slope: Formula
    """∂𝓛/∂ŷ for one number, from a, y and K, grouped as `gradient` does it."""
    from_z: Formula = ()
    """𝓛 as `value` takes it from z, where that is not `formula`."""
    output: str | None = None
    """The one output activation that it is defined for; with it dz[L] = a[L] − y is *the*
    operation, and da[L] is not on the way."""
    classes: bool = False
    """Targets are classes, one-hot; otherwise numbers."""
    kinks: tuple[float, ...] = ()
    """Where ∂𝓛/∂ŷ or its slope jumps: values of ŷ − y."""


def _binary_cross_entropy(z: Array, a: Array, y: Array) -> Array:
    # −(y log a + (1 − y) log(1 − a)) with a = σ(z) is max(z, 0) − z y + log(1 + exp(−|z|))
    return np.asarray((np.maximum(z, 0.0) - z * y + np.log1p(np.exp(-np.abs(z)))).sum(axis=0))


def _binary_cross_entropy_gradient(a: Array, y: Array, out: Array) -> None:
    # −y/a + (1 − y)/(1 − a); infinite where a saturates on the wrong side, 0/0 on the right one
    with np.errstate(divide="ignore", invalid="ignore"):
        np.divide(1.0 - y, 1.0 - a, out)
        np.subtract(out, y / a, out)


def _cross_entropy(z: Array, a: Array, y: Array) -> Array:
    # −Σ y log a with a = softmax(z) is log Σ exp z − Σ y z, as Σ y = 1
    largest = z.max(axis=0)
    shifted = z - largest
    return np.asarray(np.log(np.exp(shifted).sum(axis=0)) - (y * shifted).sum(axis=0))


def _cross_entropy_gradient(a: Array, y: Array, out: Array) -> None:
    with np.errstate(divide="ignore", invalid="ignore"):
        np.divide(y, a, out)
        np.negative(out, out)


def _mse(z: Array, a: Array, y: Array) -> Array:
    return np.asarray(((a - y) ** 2).mean(axis=0))


def _mse_gradient(a: Array, y: Array, out: Array) -> None:
    np.subtract(a, y, out)
    np.multiply(out, 2.0 / len(a), out)


def _squared_error(z: Array, a: Array, y: Array) -> Array:
    return np.asarray(0.5 * ((a - y) ** 2).sum(axis=0))


def _squared_error_gradient(a: Array, y: Array, out: Array) -> None:
    np.subtract(a, y, out)


def _mae(z: Array, a: Array, y: Array) -> Array:
    return np.asarray(np.abs(a - y).mean(axis=0))


def _mae_gradient(a: Array, y: Array, out: Array) -> None:
    np.subtract(a, y, out)
    np.sign(out, out)
    np.multiply(out, 1.0 / len(a), out)


def _huber(z: Array, a: Array, y: Array) -> Array:
    # δ = 1: ½ e² where |e| ≤ 1 and |e| − ½ beyond; with c = min(|e|, 1) that is c (|e| − ½ c)
    error = np.abs(a - y)
    clipped = np.minimum(error, 1.0)
    return np.asarray((clipped * (error - 0.5 * clipped)).mean(axis=0))


def _huber_gradient(a: Array, y: Array, out: Array) -> None:
    np.subtract(a, y, out)
    np.clip(out, -1.0, 1.0, out=out)
    np.multiply(out, 1.0 / len(a), out)


_TABLE = (
    Loss(
        "binary_cross_entropy",
        _binary_cross_entropy,
        _binary_cross_entropy_gradient,
        formula=("𝓛 = -Σ(y * log(a) + (1 - y) * log(1 - a))",),
        slope=("da = (1 - y) / (1 - a) - y / a",),
        from_z=("𝓛 = Σ(max(z, 0) - z * y + log1p(exp(-abs(z))))",),
        output="sigmoid",
        classes=True,
    ),
    Loss(
        "cross_entropy",
        _cross_entropy,
        _cross_entropy_gradient,
        formula=("𝓛 = -Σ(y * log(a))",),
        slope=("da = -y / a",),
        from_z=("𝓛 = log(Σ(exp(z - max(z)))) - Σ(y * (z - max(z)))",),
        output="softmax",
        classes=True,
    ),
    Loss(
        "mse",
        _mse,
        _mse_gradient,
        formula=("𝓛 = Σ((a - y)**2) / K",),
        slope=("da = 2 / K * (a - y)",),
    ),
    Loss(
        "squared_error",
        _squared_error,
        _squared_error_gradient,
        formula=("𝓛 = 0.5 * Σ((a - y)**2)",),
        slope=("da = a - y",),
    ),
    Loss(
        "mae",
        _mae,
        _mae_gradient,
        formula=("𝓛 = Σ(abs(a - y)) / K",),
        slope=("da = 1 / K * sign(a - y)",),
        kinks=(0.0,),
    ),
    Loss(
        "huber",
        _huber,
        _huber_gradient,
        formula=("e = abs(a - y)", "c = min(e, 1)", "𝓛 = Σ(c * (e - 0.5 * c)) / K"),
        slope=("da = 1 / K * max(min(a - y, 1), -1)",),
        kinks=(-1.0, 1.0),
    ),
)

LOSSES: dict[str, Loss] = {loss.name: loss for loss in _TABLE}
"""Every loss by its name, in the order in which they are offered."""


def usual_loss(output: str) -> str:
    """The loss that goes with an activation of the output layer; mse where none does."""
    return next((loss.name for loss in _TABLE if loss.output == output), "mse")
