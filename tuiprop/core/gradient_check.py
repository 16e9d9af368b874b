"""The gradient check: dW and db against central differences of J.

Nothing of the backward pass is used for the differences: J comes from the forward pass alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from time import perf_counter
from typing import TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

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
    NOT_FINITE = "not finite, cannot be checked"


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
    """η = ε s √n / h: what rounding of J leaves of ‖numeric‖, with s what J is a difference of."""

    @property
    def relative_error(self) -> float:
        """Difference / size; 0 where both are 0."""
        return self.difference / self.size if self.size else 0.0

    @property
    def verdict(self) -> Verdict:
        """RIGHT if difference ≤ 1e-7 size + η; TOO_SMALL where the gradient is below 100 η.

        NOT_FINITE where J itself is infinite or no number: there is nothing to compare with.
        """
        if not self.checked:
            return Verdict.TOO_SMALL
        if not np.isfinite(self.noise):
            return Verdict.NOT_FINITE
        if not np.isfinite(self.difference):
            return Verdict.WRONG
        if self.difference > TOLERANCE * self.size + self.noise:
            return Verdict.WRONG
        if self.size < 100 * self.noise:
            return Verdict.TOO_SMALL
        return Verdict.RIGHT


@dataclass(frozen=True)
class LayerCheck:
    """What the check says of one layer: of dW[l] and db[l] together."""

    verdict: Verdict
    """WRONG where one of them is, else RIGHT where one of them is."""
    worst: float
    """The larger relative error of those that could be checked."""
    wrong: tuple[str, ...]
    """"dW[2]", "db[2]": those that are wrong."""

    @property
    def text(self) -> str:
        """In a few words: "✓ 3e-10", "✗ dW[2]", "✗ dW[2], db[2]", or why it cannot be checked."""
        if self.verdict is Verdict.WRONG:
            return f"✗ {', '.join(self.wrong)}"
        return f"✓ {self.worst:.0e}" if self.verdict is Verdict.RIGHT else self.verdict.value


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
        """The largest relative error of the arrays that could be checked."""
        return _worst(self.arrays)

    def layer(self, l: int) -> LayerCheck:
        """The checks of dW[l] and db[l] as one."""
        arrays = self.arrays[2 * l - 2 : 2 * l]
        verdicts = [check.verdict for check in arrays]
        order = (Verdict.WRONG, Verdict.RIGHT, Verdict.NOT_FINITE, Verdict.TOO_SMALL)
        return LayerCheck(
            min(verdicts, key=order.index),
            _worst(arrays),
            tuple(
                f"d{symbol}[{l}]"
                for symbol, verdict in zip("Wb", verdicts, strict=True)
                if verdict is Verdict.WRONG
            ),
        )


def _worst(checks: tuple[ArrayCheck, ...]) -> float:
    told = (Verdict.RIGHT, Verdict.WRONG)
    errors = [check.relative_error for check in checks if check.verdict in told]
    return max(errors, default=0.0)


NewWorkspace: TypeAlias = Callable[[Network, int, DTypeLike], Workspace]
"""(network, m, dtype) → what walks forward and back."""


class GradientChecker:
    """A gradient check on its way: made at once, carried out piece by piece.

    Compares dW and db with (J(θ + h) − J(θ − h)) / 2h, in float64. One parameter, with its two
    forward passes, is the smallest piece of work.

    Args:
        network: the network.
        parameters: where the gradient is taken; copied.
        inputs: examples as rows, (m, n[0]).
        targets: (m, n[L]).
        sample: how many parameters are compared at most.
        seed: of the sample.
        workspace: whose gradient is compared with whose cost.
    """

    def __init__(
        self,
        network: Network,
        parameters: Parameters,
        inputs: Array,
        targets: Array,
        *,
        sample: int = EXHAUSTIVE,
        seed: int = 0,
        workspace: NewWorkspace = Workspace,
    ) -> None:
        self._network = network
        self._theta = parameters.vector.astype(np.float64)
        self._moved = Parameters(network, self._theta.copy())
        self._workspace = workspace(network, len(inputs), np.float64)
        self._workspace.inputs[...] = inputs
        self._workspace.targets[...] = targets
        self._workspace.forward(self._moved)
        self._scale = abs(self._workspace.cost(self._moved))
        """s: |J|, and for classes the mean of the largest |z[L]|, of which 𝓛 is a difference."""
        if network.loss_function.classes:  # 𝓛 = log Σ exp(z) less the z of the class
            z = self._workspace.z[network.L]
            self._scale += float(np.abs(z).max(axis=0).mean())
        self._workspace.backward(self._moved)
        self._analytic = self._workspace.gradient.vector.copy()
        self._chosen = _sample(self._theta.size, sample, seed)
        self._places = np.flatnonzero(self._chosen)
        self._numeric = np.full(self._theta.size, np.nan)
        self._kink = np.zeros(self._theta.size, bool)
        self.done = 0
        """Parameters compared so far."""

    @property
    def total(self) -> int:
        """Parameters to be compared."""
        return self._places.size

    @property
    def finished(self) -> bool:
        """All of them are."""
        return self.done == self.total

    def advance(self, seconds: float = np.inf) -> None:
        """Compare at least one more parameter, then none once so long has passed."""
        deadline = perf_counter() + seconds
        while not self.finished:
            self._compare(self._places[self.done])
            self.done += 1
            if perf_counter() >= deadline:
                break

    def result(self) -> GradientCheck:
        """The checks of all arrays, once it is finished."""
        assert self.finished
        index = Parameters(self._network, np.arange(self._theta.size, dtype=np.float64))
        checks = (self._array(name, places.ravel().astype(np.int64)) for name, places in index)
        return GradientCheck(tuple(checks), sampled=not self._chosen.all())

    def _compare(self, i: np.intp) -> None:
        workspace, moved = self._workspace, self._moved
        costs, sides = [], []
        points = self._theta[i] + STEP, self._theta[i] - STEP
        for point in points:
            moved.vector[i] = point
            workspace.forward(moved)
            costs.append(workspace.cost(moved))
            sides.append(_sides(workspace))
        moved.vector[i] = self._theta[i]
        self._numeric[i] = (costs[0] - costs[1]) / (points[0] - points[1])
        self._kink[i] = not np.array_equal(sides[0], sides[1])

    def _array(self, name: str, places: NDArray[np.int64]) -> ArrayCheck:
        chosen, kink = self._chosen[places], self._kink[places]
        compared = places[chosen & ~kink]
        n, a = self._numeric[compared], self._analytic[compared]
        noise = np.finfo(np.float64).eps * self._scale * np.sqrt(compared.size) / STEP
        return ArrayCheck(
            name=name,
            checked=compared.size,
            kinks=int((chosen & kink).sum()),
            difference=float(np.linalg.norm(n - a)),
            size=float(np.linalg.norm(n) + np.linalg.norm(a)),
            noise=float(noise),
        )


def check_gradient(
    network: Network,
    parameters: Parameters,
    inputs: Array,
    targets: Array,
    *,
    sample: int = EXHAUSTIVE,
    seed: int = 0,
    workspace: NewWorkspace = Workspace,
) -> GradientCheck:
    """The whole gradient check at once; the arguments are those of `GradientChecker`."""
    checker = GradientChecker(
        network, parameters, inputs, targets, sample=sample, seed=seed, workspace=workspace
    )
    checker.advance()
    return checker.result()


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
