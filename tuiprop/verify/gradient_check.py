"""The gradient check: dW and db against central differences of J.

The differences depend on the forward pass only. Their uncertainty is estimated from a second step
size and from the rounding of J; a difference with a large uncertainty says nothing about the
gradient.
"""

from collections.abc import Callable
from itertools import pairwise
from time import perf_counter
from typing import TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tuiprop.core.array import Array
from tuiprop.core.network import Network, Parameters
from tuiprop.core.propagation import Workspace
from tuiprop.update.arrays import ArrayRef, parameter_refs
from tuiprop.update.record import parameter_of
from tuiprop.verify.gradient_verdict import CLEAR, ArrayCheck, GradientCheck
from tuiprop.verify.kinks import sides_of_kinks

EPSILON = float(np.finfo(np.float64).eps)

STEP = float(np.cbrt(EPSILON))
"""6.06e-6, the change of a z of size 1: it balances the truncation error, ~h², and the rounding
error, ~ε/h."""

RATIO = 4.0
"""The ratio of the second step to h: the truncation error is 16 times as large."""

STEADY = 0.01
"""The largest disagreement of the two steps, beyond rounding, relative to the derivative."""

EXHAUSTIVE = 2000
"""The number of parameters up to which all are checked; of more, a seeded sample is."""

LEAST = 4
"""The number of parameters from each array in a sample, if the sample is large enough."""


NewWorkspace: TypeAlias = Callable[[Network, int, DTypeLike], Workspace]
"""(network, m, dtype) → a workspace, which propagates forward and backward."""


class GradientChecker:
    """Checks a gradient in slices.

    It compares dW and db with (J(θ + h) − J(θ − h)) / 2h in float64, and that with the same
    difference at 4h. The smallest slice is one parameter, with four forward passes.

    Args:
        network: the network.
        parameters: the parameters at which the gradient is checked; they are copied.
        inputs: examples as rows, (m, n[0]).
        targets: (m, n[L]).
        sample: the most parameters to compare.
        seed: the seed of the sample.
        workspace: creates the workspace whose gradient is compared with its cost.
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
        self._cost = self._workspace.cost(self._moved)
        self._workspace.backward(self._moved)
        self._analytic = self._workspace.gradient.vector.copy()
        self._steps = _steps(self._workspace, self._moved)
        self._scale = self._rounding_scale(np.random.default_rng(seed))
        self._chosen = _sample(network, sample, seed)
        self._places = np.flatnonzero(self._chosen)
        self._numeric = np.full((2, self._theta.size), np.nan)
        """Differences at h and at RATIO h."""
        self._bend = np.full((2, self._theta.size), np.nan)
        """J(θ + h) − 2 J(θ) + J(θ − h), and the same at RATIO h."""
        self._kink = np.zeros(self._theta.size, bool)
        self.done = 0
        """Parameters compared so far."""

    @property
    def total(self) -> int:
        """Parameters to be compared."""
        return self._places.size

    @property
    def finished(self) -> bool:
        """True if all parameters are compared."""
        return self.done == self.total

    def advance(self, seconds: float = np.inf) -> None:
        """Compare at least one more parameter, and further ones until the time is up."""
        deadline = perf_counter() + seconds
        while not self.finished:
            self._compare(self._places[self.done])
            self.done += 1
            if perf_counter() >= deadline:
                break

    def result(self) -> GradientCheck:
        """The checks of all arrays, once the check is finished."""
        assert self.finished
        index = Parameters(self._network, np.arange(self._theta.size, dtype=np.float64))
        checks = (
            self._array(each.gradient, parameter_of(index, each).ravel().astype(np.int64))
            for each in parameter_refs(self._network.L)
        )
        return GradientCheck(tuple(checks), sampled=not self._chosen.all())

    def _rounding_scale(self, generator: np.random.Generator) -> float:
        """The s of η: the larger of those at θ and a step beside it.

        At a minimum every error is 0 and nothing is rounded, unlike at θ ± h.
        """
        workspace, moved = self._workspace, self._moved
        here = _size_of_terms(workspace, moved)
        moved.vector += self._steps * generator.choice((-1.0, 1.0), self._theta.size)
        workspace.forward(moved)
        workspace.backward(moved)
        beside = _size_of_terms(workspace, moved)
        moved.vector[...] = self._theta
        return float(np.maximum(here, beside))  # not a number if one of them is not

    def _compare(self, i: np.intp) -> None:
        workspace, moved, theta = self._workspace, self._moved, self._theta[i]
        sides = []
        for row, step in enumerate((self._steps[i], RATIO * self._steps[i])):
            costs, points = [], (theta + step, theta - step)
            for point in points:
                moved.vector[i] = point
                workspace.forward(moved)
                costs.append(workspace.cost(moved))
                sides.append(sides_of_kinks(workspace))
            self._numeric[row, i] = (costs[0] - costs[1]) / (points[0] - points[1])
            self._bend[row, i] = (costs[0] - self._cost) + (costs[1] - self._cost)
        moved.vector[i] = theta
        self._kink[i] = not all(np.array_equal(each, sides[0]) for each in sides)

    def _array(self, array: ArrayRef, places: NDArray[np.int64]) -> ArrayCheck:
        chosen, kink = self._chosen[places], self._kink[places]
        compared = places[chosen & ~kink]
        (n, again), a = self._numeric[:, compared], self._analytic[compared]
        rounding = EPSILON * self._scale / self._steps[compared]
        disagreement = np.abs(n - again)
        # the second difference of a smooth J is 16 times as large at 4h; if J is flat on both sides
        # of a steep part, the two first differences may agree nevertheless
        bend, further = self._bend[:, compared]
        straying = np.abs(further - RATIO**2 * bend)
        steady = disagreement <= STEADY * np.abs(n) + rounding
        steady &= straying <= 0.5 * np.abs(further) + 4 * RATIO**2 * EPSILON * self._scale
        uncertainty = np.linalg.norm((disagreement + rounding)[steady])
        return ArrayCheck(
            array=array,
            checked=compared.size,
            kinks=int((chosen & kink).sum()),
            difference=float(np.linalg.norm(n - a)),
            size=float(np.linalg.norm(n) + np.linalg.norm(a)),
            disagreement=float(np.linalg.norm(disagreement)),
            rounding=float(np.linalg.norm(rounding)),
            unsteady=int((~steady).sum()),
            excess=float(np.linalg.norm((n - a)[steady]) - CLEAR * uncertainty),
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
    """Check a whole gradient at once; for the arguments see `GradientChecker`."""
    checker = GradientChecker(
        network, parameters, inputs, targets, sample=sample, seed=seed, workspace=workspace
    )
    checker.advance()
    return checker.result()


def _steps(workspace: Workspace, parameters: Parameters) -> Array:
    """The h of each parameter, after `forward`.

    It changes the z of its unit by ∛(ε max(1, |z|)), with the smallest |z| of any example: h is
    small if the input of a weight is large. θ + h always differs from θ.
    """
    steps = Parameters.zeros(workspace.network)
    for l, z in workspace.z.items():
        change = np.cbrt(EPSILON * np.maximum(1.0, np.abs(z).min(axis=1, keepdims=True)))
        reach = np.maximum(1.0, np.abs(workspace.a[l - 1]).max(axis=1))
        steps.W[l][...] = change / reach
        steps.b[l][...] = change
    return np.maximum(steps.vector, STEP**2 * np.abs(parameters.vector))


def _size_of_terms(workspace: Workspace, parameters: Parameters) -> float:
    """The magnitude of the numbers from which J is computed, after `forward` and `backward`.

    Rounding changes J by about ε times this: by ε |J|, by ε (|W| |a| + |b|), the size of the
    terms of z, times ∂J/∂z, and by ε min(|z|, 1), the error of g at most, times ∂J/∂a.
    """
    network = workspace.network
    sizes = [abs(workspace.cost(parameters))]
    if network.loss_function.classes:
        sizes.append(1.0)  # if the network is confident, log Σ exp is the log of a sum near 1
    for l, z in workspace.z.items():
        terms = np.abs(parameters.W[l]) @ np.abs(workspace.a[l - 1]) + np.abs(parameters.b[l])
        weighted = np.abs(workspace.dz[l]) * terms
        if l < network.L:
            weighted += np.abs(workspace.da[l]) * np.minimum(np.abs(z), 1.0)
        # a backward pass without finite numbers must not prevent its own check
        sizes.append(float(weighted[np.isfinite(weighted)].sum()) / workspace.m)
    return sum(sizes)


def _sample(network: Network, most: int, seed: int) -> NDArray[np.bool_]:
    """Choose the parameters to check: some of every array, then any others."""
    count, generator = network.parameter_count, np.random.default_rng(seed)
    if count <= most:
        return np.ones(count, bool)
    chosen = np.zeros(count, bool)
    sizes = [size for before, n in pairwise(network.sizes) for size in (n * before, n)]
    ends = np.cumsum(sizes)
    for size, end in zip(sizes, ends, strict=True):
        some = min(LEAST, size, most // len(sizes))
        chosen[end - size + generator.choice(size, some, replace=False)] = True
    others = np.flatnonzero(~chosen)
    chosen[generator.choice(others, most - int(chosen.sum()), replace=False)] = True
    return chosen
