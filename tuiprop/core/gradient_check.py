"""The gradient check: dW and db against central differences of J.

Nothing of the backward pass is used for the differences: J comes from the forward pass alone.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.array import Array
from tuiprop.core.network import Network, Parameters
from tuiprop.core.propagation import Workspace

STEP = float(np.cbrt(np.finfo(np.float64).eps))
"""h = 6.06e-6: where the error of truncation, ~h², meets that of rounding, ~ε/h."""

TOLERANCE = 1e-7
"""‖numeric − analytic‖ may be this share of ‖numeric‖ + ‖analytic‖."""

EXHAUSTIVE = 2000
"""Up to so many parameters all are checked, beyond a seeded sample of so many."""


class Verdict(Enum):
    """What the check of one array says."""

    RIGHT = "right"
    WRONG = "wrong"
    TOO_SMALL = "too small to check"


@dataclass(frozen=True)
class ArrayCheck:
    """The check of one dW[l] or db[l]."""

    name: str
    """"W1", "b1", …"""
    checked: int
    """Parameters compared."""
    kinks: int
    """Parameters left out because a kink of g or 𝓛 lies between θ − h and θ + h."""
    difference: float
    """‖numeric − analytic‖."""
    size: float
    """‖numeric‖ + ‖analytic‖."""
    noise: float
    """η = ε |J| √n / h: what rounding of J leaves of ‖numeric‖."""

    @property
    def relative_error(self) -> float:
        """Difference / size; 0 where both are 0."""
        return self.difference / self.size if self.size else 0.0

    @property
    def verdict(self) -> Verdict:
        """RIGHT if difference ≤ 1e-7 size + η; TOO_SMALL where the gradient is below 100 η."""
        if not self.checked:
            return Verdict.TOO_SMALL
        if not np.isfinite(self.difference):
            return Verdict.WRONG
        if self.difference > TOLERANCE * self.size + self.noise:
            return Verdict.WRONG
        if self.size < 100 * self.noise:
            return Verdict.TOO_SMALL
        return Verdict.RIGHT


@dataclass(frozen=True)
class GradientCheck:
    """The checks of all arrays of a network."""

    arrays: tuple[ArrayCheck, ...]
    sampled: bool
    """A sample was checked, not every parameter."""

    @property
    def passed(self) -> bool:
        """No array is wrong."""
        return all(check.verdict is not Verdict.WRONG for check in self.arrays)

    @property
    def worst(self) -> float:
        """The largest relative error of the arrays that are not too small to check."""
        errors = [c.relative_error for c in self.arrays if c.verdict is not Verdict.TOO_SMALL]
        return max(errors, default=0.0)


def check_gradient(
    network: Network,
    parameters: Parameters,
    inputs: Array,
    targets: Array,
    *,
    sample: int = EXHAUSTIVE,
    seed: int = 0,
) -> GradientCheck:
    """Compare dW and db with (J(θ + h) − J(θ − h)) / 2h, in float64.

    Args:
        network: the network.
        parameters: where the gradient is taken; not changed.
        inputs: examples as rows, (m, n[0]).
        targets: (m, n[L]).
        sample: how many parameters are compared at most.
        seed: of the sample.
    """
    theta = parameters.vector.astype(np.float64)
    moved = Parameters(network, theta.copy())
    workspace = Workspace(network, len(inputs), np.float64)
    workspace.inputs[...] = inputs
    workspace.targets[...] = targets
    workspace.forward(moved)
    J = workspace.cost(moved)
    workspace.backward(moved)
    analytic = workspace.gradient.vector.copy()

    chosen = _sample(theta.size, sample, seed)
    numeric = np.full(theta.size, np.nan)
    kink = np.zeros(theta.size, bool)
    for i in np.flatnonzero(chosen):
        costs, sides = [], []
        points = theta[i] + STEP, theta[i] - STEP
        for point in points:
            moved.vector[i] = point
            workspace.forward(moved)
            costs.append(workspace.cost(moved))
            sides.append(_sides(workspace))
        moved.vector[i] = theta[i]
        numeric[i] = (costs[0] - costs[1]) / (points[0] - points[1])
        kink[i] = not np.array_equal(sides[0], sides[1])

    checks = []
    index = Parameters(network, np.arange(theta.size, dtype=np.float64))
    for name, places in index:
        of_array = places.ravel().astype(np.int64)
        compared = of_array[chosen[of_array] & ~kink[of_array]]
        n, a = numeric[compared], analytic[compared]
        checks.append(
            ArrayCheck(
                name=name,
                checked=compared.size,
                kinks=int((chosen & kink)[of_array].sum()),
                difference=float(np.linalg.norm(n - a)),
                size=float(np.linalg.norm(n) + np.linalg.norm(a)),
                noise=float(np.finfo(np.float64).eps * abs(J) * np.sqrt(compared.size) / STEP),
            )
        )
    return GradientCheck(tuple(checks), sampled=not chosen.all())


def _sample(count: int, most: int, seed: int) -> NDArray[np.bool_]:
    """Which of `count` parameters are checked."""
    chosen = np.ones(count, bool)
    if count > most:
        left_out = np.random.default_rng(seed).permutation(count)[most:]
        chosen[left_out] = False
    return chosen


def _sides(workspace: Workspace) -> NDArray[np.bool_]:
    """On which side of every kink each example lies: signs of z, and of ŷ − y."""
    network = workspace.network
    sides = [
        (workspace.z[l] > 0).ravel() for l in range(1, network.L + 1) if network.activation(l).kink
    ]
    error = workspace.a[network.L] - workspace.y
    sides += [(error > kink).ravel() for kink in network.loss_function.kinks]
    return np.concatenate(sides) if sides else np.empty(0, bool)
