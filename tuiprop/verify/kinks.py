"""Kinks, where g′ or ∂𝓛/∂ŷ jumps or bends: a central difference across one is meaningless."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.activation import Activation
from tuiprop.core.propagation import Workspace

LOSS_KINKS = {"mae": (0.0,), "huber": (-1.0, 1.0)}
"""The values of ŷ − y at which the first or second derivative of a loss jumps."""

_SPACING = 2.0**-10
_JUMP = 0.02


@cache
def has_kink(g: Activation) -> bool:
    """Return True if g′ or g″ jumps at z = 0, judged by values of g on both sides."""
    if g.derivative is None:
        return False
    z = _SPACING * np.arange(4.0)
    left, right = _slope_and_bend(g, -z), _slope_and_bend(g, z)
    return abs(left[0] + right[0]) > _JUMP or abs(left[1] - right[1]) > _JUMP


def _slope_and_bend(g: Activation, z: NDArray[np.float64]) -> tuple[float, float]:
    """The first and second divided difference of g, going away from z = 0."""
    a = np.empty_like(z)
    g.function(z, a, np.empty_like(z))
    return float(a[2] - a[1]) / _SPACING, float(a[3] - 2.0 * a[2] + a[1]) / _SPACING**2


def sides_of_kinks(workspace: Workspace) -> NDArray[np.bool_]:
    """The side of every kink for each example, after `forward`: signs of z, and of ŷ − y."""
    network = workspace.network
    sides = [
        (workspace.z[l] > 0).ravel()
        for l in range(1, network.L + 1)
        if has_kink(network.activation(l))
    ]
    error = workspace.a[network.L] - workspace.y
    sides += [(error > kink).ravel() for kink in LOSS_KINKS.get(network.loss, ())]
    return np.concatenate(sides) if sides else np.empty(0, bool)
