"""The gradient check: the arrays of an update against forward differentiation of J.

A second implementation, which reads nothing of the first but its equations, computes each z, each
a and J from the operands that the run used. The numeric derivatives come from it alone: each unit
is changed by 1 in every example at once, the change is carried forward to the loss by dual
numbers, and the derivative of z by a weight is the a that it is multiplied by. So every cell of
every dW and db has a numeric derivative, without a step size; only rounding separates the two.

The bound of that is a running error analysis (see `explain.error_bounds`) of the notes' backward
propagation, in the dtype of the run. A derivative at a kink is the one that the notes define: of
an activation, that of the left side; of a loss, the mean of both sides.
"""

from collections.abc import Iterator, Mapping
from functools import reduce
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.array import Array
from tuiprop.core.equation import Formula
from tuiprop.core.loss import LOSSES
from tuiprop.core.network import Parameters
from tuiprop.core.propagation import Workspace
from tuiprop.explain.error_bounds import FUNCTIONS, Precision, Rounded
from tuiprop.update.arrays import ArrayRef
from tuiprop.update.expression import functions_of, parse, value_of
from tuiprop.verify import dual
from tuiprop.verify.dual import Dual
from tuiprop.verify.gradient_verdict import ArrayCheck, GradientCheck, compare

Numbers = NDArray[np.float64]

G: dict[str, Formula] = {name: g.formula for name, g in ACTIVATIONS.items()}
"""The equation of a from z, by the name of the activation."""

DZ: dict[str, Formula] = {name: g.error for name, g in ACTIVATIONS.items()}
"""The equation of dz from da, z and a."""

LOSS: dict[str, Formula] = {name: each.formula for name, each in LOSSES.items()}
"""The equation of the loss from a and y."""

STABLE_LOSS: dict[str, Formula] = {
    name: each.from_z or each.formula for name, each in LOSSES.items()
}
"""The equation of the loss from z and y where it has one; it is finite where a saturates."""

DA: dict[str, Formula] = {name: each.slope for name, each in LOSSES.items()}
"""The equation of da[L] from a and y."""

ELEMENTWISE = {name for name, g in ACTIVATIONS.items() if not g.output_only}
"""The activations whose a depends on the z of the same unit only."""

WITH_KINKS = {
    formula
    for formula in (*LOSS.values(), *STABLE_LOSS.values())
    if functions_of(formula) & {"abs", "max", "min"}
}
"""The equations of losses whose two sides may have different slopes."""

SPARE = 2.0
"""The factor of a bound for code that groups the operations differently."""

OVERFLOWING = 4.0
"""The factor by which a number is below the largest of its dtype if no grouping overflows."""

BLOCK = 65_536
"""The numbers of one array that are differentiated at once; more take several slices."""


class GradientChecker:
    """Checks the arrays of one batch or of several, in slices.

    Args:
        parameters: W and b at which the arrays were computed.
        workspaces: the arrays of each batch, after `forward` and `backward`; they are not changed,
            and must not change until the check is finished.
    """

    def __init__(self, parameters: Parameters, *workspaces: Workspace) -> None:
        parameters = parameters.copy()
        self._batches = [_Batch(parameters, workspace) for workspace in workspaces]
        self.total = parameters.vector.size
        """Parameters to be compared: all."""
        self.done = 0
        """Parameters compared so far, on average of the batches."""
        self.finished = False
        """True if all arrays are compared."""
        self._slices = self._run()

    def advance(self, seconds: float = np.inf) -> None:
        """Compute at least one more slice, and further ones until the time is up."""
        deadline = perf_counter() + seconds
        with np.errstate(all="ignore"):
            for done in self._slices:
                self.done = done
                if perf_counter() >= deadline:
                    return
        self.finished = True

    def result(self) -> GradientCheck:
        """The checks of all arrays, once the check is finished; of several batches the worst."""
        assert self.finished
        return reduce(GradientCheck.merged, (GradientCheck(each.checks) for each in self._batches))

    @property
    def numeric(self) -> Mapping[ArrayRef, Numbers]:
        """The numeric dW and db of the first batch, of the layers that are finished."""
        return self._batches[0].numeric

    def _run(self) -> Iterator[int]:
        count = len(self._batches)
        for done, batch in enumerate(self._batches):
            for of_batch in batch.slices():
                yield (done * self.total + of_batch) // count


class _Batch:
    """Checks the arrays of one batch."""

    def __init__(self, parameters: Parameters, workspace: Workspace) -> None:
        network = workspace.network
        self._network = network
        self._workspace = workspace
        self._precision = Precision.of(parameters.vector.dtype)
        self._names = {l: layer.activation for l, layer in enumerate(network.layers, 1)}
        self._parameters = parameters
        self._W = {l: self._exact(W) for l, W in parameters.W.items()}
        self._b = {l: self._exact(b) for l, b in parameters.b.items()}
        self._z = {l: self._exact(z) for l, z in workspace.z.items()}
        self._a = {l: self._exact(a) for l, a in workspace.a.items()}
        self._y = self._exact(workspace.y)
        self.checks: list[ArrayCheck] = []
        self.numeric: dict[ArrayRef, Numbers] = {}

    def slices(self) -> Iterator[int]:
        """Check the arrays in the order of the update; yield the number of parameters compared."""
        network, found = self._network, self._workspace
        a: dict[int, Rounded] = {}
        slopes: dict[int, Numbers] = {}
        for l in range(1, network.L + 1):
            a[l] = self._check_layer(l)
            if self._names[l] in ELEMENTWISE:
                slopes[l] = _slope(G[self._names[l]], "z", self._z[l].value)
            yield 0
        self._check_cost()
        da = self._check_output_gradient()
        bounds = {network.L: self._output_error(a[network.L])}
        upstream = self._numeric_output_error(da, slopes)
        done = 0
        for l in range(network.L, 0, -1):
            yield done
            numeric = upstream
            if l < network.L:
                of_da = self._W[l + 1].T @ bounds[l + 1]
                bounds[l] = self._error(l, of_da, a[l])
                numeric = np.empty_like(slopes[l])
                for block in self._blocks(l):
                    numeric[block] = self._carried_forward(l, block, slopes, upstream)
                    yield done + block.stop * (network.sizes[l - 1] + 1)
                self._compare("da", l, found.da[l], numeric, of_da)
                numeric = slopes[l] * numeric
            self._compare("dz", l, found.dz[l], numeric, bounds[l])
            self._check_gradient(l, numeric, bounds[l])
            done += network.sizes[l] * (network.sizes[l - 1] + 1)
        yield done

    # Forward

    def _check_layer(self, l: int) -> Rounded:
        """Check z[l] from a[l-1], and a[l] from z[l]; return the expected a[l]."""
        z = self._W[l] @ self._a[l - 1] + self._b[l]
        self._compare("z", l, self._workspace.z[l], z.value, z)
        a = _evaluate(G[self._names[l]], {"z": self._z[l]})
        self._compare("a", l, self._workspace.a[l], a.value, a)
        return a

    def _check_cost(self) -> None:
        """Check J from z[L], a[L] and y; a float32 run computes its mean in float64."""
        network, L = self._network, self._network.L
        losses = _evaluate(
            STABLE_LOSS[network.loss],
            {"z": self._z[L], "a": self._a[L], "y": self._y, "K": network.sizes[-1]},
        )
        cost = losses.sum() / self._workspace.m
        if network.l2:
            squares = [W**2 for W in self._W.values()]
            cost = cost + sum(
                (each.sum().sum() for each in squares[1:]), squares[0].sum().sum()
            ) * (0.5 * network.l2)
        found = np.array([[self._workspace.cost(self._parameters)]])
        self._compare("J", L, found, cost.value, cost)

    def _check_output_gradient(self) -> Numbers:
        """Check da[L], also where no other array needs it; return the numeric one."""
        L, network, y = self._network.L, self._network, self._y
        a = self._a[L]
        names = {"y": y.value, "K": network.sizes[-1]}
        numeric = _output_slopes(LOSS[network.loss], "a", a.value, names)
        expected = _evaluate(DA[network.loss], {"a": a, "y": y, "K": network.sizes[-1]})
        found = np.empty_like(self._workspace.a[L])
        self._workspace.loss.gradient(self._workspace.a[L], self._workspace.y, found)
        off_path = network.loss_function.is_fused  # infinite where the output saturates
        self._compare("da", L, found, numeric, expected, finite_only=off_path)
        return numeric

    # Backward

    def _output_error(self, a: Rounded) -> Rounded:
        """dz[L] by the equations of the notes, with its bound."""
        network, L = self._network, self._network.L
        if network.loss_function.is_fused:
            return a - self._y
        of_da = _evaluate(DA[network.loss], {"a": self._a[L], "y": self._y, "K": network.sizes[-1]})
        return self._error(L, of_da, a)

    def _error(self, l: int, da: Rounded, a: Rounded) -> Rounded:
        """dz[l] by the equations of the notes, with its bound.

        A g′ that the run computes as 0, because its exp underflows or overflows, may be as large
        as |z| times the smallest normal number.
        """
        dz = _evaluate(DZ[self._names[l]], {"da": da, "z": self._z[l], "a": a})
        underflow = self._precision.smallest_normal * np.abs(da.value)
        underflow *= SPARE + SPARE * np.abs(self._z[l].value)
        # a da that may overflow in the run times a g′ of 0 may be no number
        error = np.where(np.isfinite(da.error), dz.error + underflow, np.inf)
        return Rounded(dz.value, error, self._precision)

    def _numeric_output_error(self, da: Numbers, slopes: Mapping[int, Numbers]) -> Numbers:
        """The numeric dz[L]: the derivative of each loss by z[L], (n[L], m)."""
        network, L = self._network, self._network.L
        z = self._z[L].value
        if network.loss_function.is_fused:
            names = {"y": self._y.value, "K": network.sizes[-1]}
            return _output_slopes(STABLE_LOSS[network.loss], "z", z, names)
        if L in slopes:
            return np.asarray(da * slopes[L])
        return _output_slopes(G[self._names[L]], "z", z, {}, weights=da)

    def _blocks(self, l: int) -> Iterator[slice]:
        """Slices of the units of layer l that are changed at once."""
        sizes = self._network.sizes
        size = max(1, BLOCK // (max(sizes[l + 1 :]) * self._workspace.m))
        for start in range(0, sizes[l], size):
            yield slice(start, min(start + size, sizes[l]))

    def _carried_forward(
        self, l: int, units: slice, slopes: Mapping[int, Numbers], upstream: Numbers
    ) -> Numbers:
        """The numeric derivative of each loss by a[l] of these units, (units, m).

        Args:
            l: a layer before the last.
            units: its units; the a of each is changed by 1.
            slopes: the derivative of a by z for the layers after it.
            upstream: the derivative of each loss by z[L], (n[L], m).
        """
        change = self._W[l + 1].value[:, units].T[:, :, None]  # (units, n[l+1], m)
        for p in range(l + 1, self._network.L):
            change = self._W[p + 1].value @ (slopes[p] * change)
        return np.asarray((change * upstream).sum(axis=1))

    def _check_gradient(self, l: int, numeric: Numbers, dz: Rounded) -> None:
        """Check dW[l] and db[l] against the numeric ones, given the numeric dz[l]."""
        m, l2, gradient = self._workspace.m, self._network.l2, self._workspace.gradient
        a, ones = self._a[l - 1].T, self._exact(np.ones((m, 1)))
        dW, db = (dz @ a) / m, (dz @ ones) / m
        of_W, of_b = numeric @ a.value / m, numeric.sum(axis=1, keepdims=True) / m
        if l2:
            dW, of_W = dW + self._W[l] * l2, of_W + l2 * self._W[l].value
        for symbol, found, of_parameter, expected in (
            ("dW", gradient.W[l], of_W, dW),
            ("db", gradient.b[l], of_b, db),
        ):
            self._compare(symbol, l, found, of_parameter, expected)
            self.numeric[ArrayRef(symbol, l)] = of_parameter

    def _compare(
        self,
        symbol: str,
        l: int,
        found: Array,
        expected: Numbers,
        bounded: Rounded,
        *,
        finite_only: bool = False,
    ) -> None:
        """Compare an array with the expected one, within the bound of `bounded`."""
        is_certain = np.abs(bounded.value) <= self._precision.largest / OVERFLOWING
        error = np.where(is_certain, SPARE * bounded.error, np.inf)
        if error.shape != found.shape:
            error = np.broadcast_to(error, found.shape)
        array = ArrayRef(symbol, l)
        self.checks.append(compare(array, found, expected, error, finite_only=finite_only))

    def _exact(self, numbers: Array) -> Rounded:
        return Rounded.exact(numbers, self._precision)


def check_gradient(parameters: Parameters, *workspaces: Workspace) -> GradientCheck:
    """Check all arrays at once; for the arguments see `GradientChecker`."""
    checker = GradientChecker(parameters, *workspaces)
    checker.advance()
    return checker.result()


def _evaluate(formula: Formula, names: Mapping[str, Any]) -> Rounded:
    """The value of the last line of a formula, with a bound of its rounding error."""
    some = next(value for value in names.values() if isinstance(value, Rounded))
    return some.lift(_last_line(formula, names, FUNCTIONS))


def _last_line(formula: Formula, names: Mapping[str, Any], functions: Mapping[str, Any]) -> Any:
    known = dict(names)
    for text in formula:
        line = parse(text)
        known[line.name] = value_of(line.expression, known, functions)
    return known[line.name]


def _slope(formula: Formula, name: str, values: Numbers) -> Numbers:
    """The derivative of a formula by a name, for each of its values; at a kink from the left."""
    result = _last_line(formula, {name: Dual(values, np.ones(()))}, dual.FUNCTIONS)
    return np.broadcast_to(result.slope, values.shape)


def _output_slopes(
    formula: Formula,
    name: str,
    values: Numbers,
    names: Mapping[str, Any],
    weights: Numbers | float = 1.0,
) -> Numbers:
    """The derivatives of the loss of each example by its outputs, (n[L], m).

    At a kink, it is the mean of both sides.

    Args:
        formula: the loss, (1, m), or the outputs, (n[L], m), each times its weight.
        name: the name by which to differentiate.
        values: its values, (n[L], m).
        names: the other names.
        weights: the derivative of the loss by each output, (n[L], m).
    """
    K, m = values.shape
    size = max(1, BLOCK // (K * m))
    sides = (-1.0, 1.0) if formula in WITH_KINKS else (-1.0,)
    found = np.zeros((K, m))
    for start in range(0, K, size):
        units = slice(start, min(start + size, K))
        directions = np.eye(K)[units][:, :, None]
        for side in sides:
            given = {**names, name: Dual(values, directions, side)}
            slope = _last_line(formula, given, dual.FUNCTIONS).slope
            found[units] += (slope * weights).sum(axis=-2) / len(sides)
    return found
