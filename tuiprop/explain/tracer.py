"""Traces a number of an update to its terms, for every operation of the notes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tuiprop.core.array import Array
from tuiprop.core.network import Network
from tuiprop.core.optimizer import Optimizer, Options
from tuiprop.explain.error_bounds import Precision, Rounded
from tuiprop.explain.evaluation import Line, evaluate
from tuiprop.explain.provenance import Factor, Group, Kind, Provenance
from tuiprop.update.arrays import ArrayRef, CellRef, T
from tuiprop.update.operation import Arrays, Operation, Phase
from tuiprop.update.rule import Rule

DOUBLE = Precision.of(np.float64)

_Factors = Callable[[int], tuple[Factor, ...]]


class Tracer:
    """Traces numbers of the updates of one network; for the arguments see `operations`."""

    def __init__(
        self,
        network: Network,
        optimizer: Optimizer,
        learning_rate: float,
        options: Options | None = None,
    ) -> None:
        self._network = network
        self._rule = Rule(optimizer, learning_rate, {**optimizer.options, **(options or {})})

    def trace(
        self, operation: Operation, arrays: Arrays, result: Array, row: int, column: int
    ) -> Provenance:
        """Trace one number in the result of an operation.

        Args:
            operation: an operation of an update.
            arrays: the arrays that the operations of that update read, by reference.
            result: the result of this operation.
            row: the row of the cell in the result, from 0.
            column: the column of the cell in the result, from 0.

        Raises:
            IndexError: the cell does not exist.
        """
        of, shown = operation.result, float(result[row, column])
        place = _Place(self._network, arrays, of.layer, row, column)
        with np.errstate(all="ignore"):
            if operation.phase is Phase.UPDATE:
                made = _changed(place, of, self._rule)
            else:
                made = _TRACES[of.symbol](place)
            value = (_total(made.parts) if made.value is None else made.value).regrouped()
        return Provenance(
            cell=CellRef(of, row, column),
            pattern=made.pattern,
            groups=tuple(part.group for part in made.parts),
            lines=made.lines,
            value=float(value.value),
            shown=shown,
            bound=float(value.error),
        )


@dataclass(frozen=True)
class _Part:
    """Terms of one kind with the bounds of their errors, (n,)."""

    kind: Kind
    terms: Rounded
    factors: _Factors
    first: int = 0

    @property
    def group(self) -> Group:
        return Group(self.kind, self.terms.value, self.factors, self.first)


@dataclass(frozen=True)
class _Made:
    """The terms and lines from which an operation computed a number."""

    pattern: str
    parts: tuple[_Part, ...]
    lines: tuple[Line, ...] = ()
    value: Rounded | None = None
    """The value, if the code does not simply add the terms: dW and db divide the whole sum."""


def _total(parts: tuple[_Part, ...]) -> Rounded:
    values = np.concatenate([part.terms.value for part in parts])
    errors = np.concatenate([part.terms.error for part in parts])
    return Rounded(values, errors, parts[0].terms.precision).sum()


def _one(kind: Kind, term: Rounded, *factors: Factor, first: int = 0) -> _Part:
    """A single term."""
    return _Part(kind, term[None], lambda _: factors, first)


@dataclass(frozen=True)
class _Place:
    """A cell, with the arrays that its operation may read."""

    network: Network
    arrays: Arrays
    l: int
    row: int
    column: int

    @cached_property
    def precision(self) -> Precision:
        """The precision of the run."""
        return Precision.of(self.arrays[ArrayRef("a", 0)].dtype)

    @property
    def m(self) -> int:
        """The number of examples."""
        return len(self.arrays[ArrayRef("a", 0)].T)

    def read(self, symbol: str, l: int, index: Any = ...) -> Rounded:
        """Recorded numbers."""
        return Rounded.exact(self.arrays[ArrayRef(symbol, l)][index], self.precision)

    def here(self, symbol: str) -> Rounded:
        """The number in the same cell of another array of this layer."""
        return self.read(symbol, self.l, (self.row, self.column))

    def column_of(self, symbol: str) -> Rounded:
        """The column of this example in an array of this layer, (n[l],)."""
        return self.read(symbol, self.l, (slice(None), self.column))

    def factor(self, symbol: str, l: int, row: int, column: int, state_name: str = "") -> Factor:
        """A recorded number as a factor."""
        reference = ArrayRef(symbol, l, state_name)
        cell = CellRef(reference, row, column, before=reference.is_parameter)
        return Factor(cell, float(self.arrays[reference][row, column]))

    def factor_here(self, symbol: str, state_name: str = "") -> Factor:
        return self.factor(symbol, self.l, self.row, self.column, state_name)


_ROW_COLUMN = "[{row},{column}]"


def _linear(p: _Place) -> _Made:
    l, j, i = p.l, p.row, p.column
    return _Made(
        f"z[{l}]{_ROW_COLUMN} = Σₖ W[{l}][{{row}},k] * a[{l - 1}][k,{{column}}] + b[{l}][{{row}}]",
        (
            _Part(
                "unit",
                p.read("W", l, j) * p.read("a", l - 1, (slice(None), i)),
                lambda k: (p.factor("W", l, j, k), p.factor("a", l - 1, k, i)),
            ),
            _one("bias", p.read("b", l, (j, 0)), p.factor("b", l, j, 0)),
        ),
    )


def _activation(p: _Place) -> _Made:
    g = p.network.activation(p.l)
    if g.derivative is None:
        return _share(p)
    lines, made = evaluate(g.formula, {"z": p.here("z")})
    return _Made(
        f"a[{p.l}]{_ROW_COLUMN} = {g.name}(z[{p.l}]{_ROW_COLUMN})",
        (_one("value", made["a"], p.factor_here("z")),),
        tuple(lines),
    )


def _share(p: _Place) -> _Made:
    """Softmax: the terms are those of the denominator."""
    formula = p.network.activation(p.l).formula
    z = p.column_of("z")
    of_largest, largest = evaluate(formula[:1], {"z": z})
    e = evaluate(formula[1:2], {"z": z, **largest})[1]["e"]
    of_sum, sums = evaluate(formula[2:3], {"e": e})
    own_lines = (formula[1], formula[3])
    (of_e, of_a), own = evaluate(own_lines, {"z": p.here("z"), **largest, **sums})
    at = f"z[{p.l}][k,{{column}}]"
    return _Made(
        f"a[{p.l}]{_ROW_COLUMN} = exp(z[{p.l}]{_ROW_COLUMN} - largest) / Σₖ exp({at} - largest)",
        (_Part("unit", e, lambda k: (p.factor("z", p.l, k, p.column),)),),
        (*of_largest, of_e, *of_sum, of_a),
        own["a"],
    )


def _cost(p: _Place) -> _Made:
    network, loss, m = p.network, p.network.loss_function, p.m
    columns: dict[str, Rounded | float] = {s: p.read(s, p.l) for s in ("z", "a", "y")}
    columns["K"] = network.sizes[-1]
    lines, made = evaluate(loss.formula, columns)
    if loss.from_z:
        of_z, made = evaluate(loss.from_z, columns)
        lines += of_z
    losses = _in_double(made["loss"]) / m

    def factors(i: int) -> tuple[Factor, ...]:
        outputs: Any = range(network.sizes[-1])
        if loss.classes:  # the true class of the example first
            outputs = np.argsort(-p.arrays[ArrayRef("y", p.l)][:, i], kind="stable").tolist()
        return tuple(p.factor(symbol, p.l, k, i) for k in outputs for symbol in ("a", "y"))

    pattern, parts = (
        f"J = (1/{m}) Σᵢ loss(a[{p.l}][:,i], y[:,i])",
        [_Part("example", losses, factors)],
    )
    if network.l2:
        pattern += f" + ({network.l2!r}/2) Σₗ ‖W[l]‖²"
        parts += [_penalty(p, l) for l in range(1, network.L + 1)]
    return _Made(pattern, tuple(parts), tuple(lines))


def _penalty(p: _Place, l: int) -> _Part:
    """(λ/2) ‖W[l]‖²; its factor is the largest weight."""
    W = p.read("W", l)
    squares = Rounded.exact(W.value.ravel(), p.precision) ** 2
    row, column = divmod(int(np.abs(W.value).argmax()), W.value.shape[1])
    term = _in_double(squares.sum()) * (0.5 * p.network.l2)
    return _one("penalty", term, p.factor("W", l, row, column), first=l)


def _in_double(x: Rounded) -> Rounded:
    """The same number with the precision of code that computes in float64 for every dtype."""
    return Rounded(x.value, x.error, DOUBLE)


def _upstream(p: _Place) -> _Made:
    l, j, i = p.l, p.row, p.column
    if l == p.network.L:
        names: dict[str, Rounded | float] = {symbol: p.here(symbol) for symbol in ("a", "y")}
        names["K"] = p.network.sizes[-1]
        lines, made = evaluate(p.network.loss_function.slope, names)
        return _Made(
            f"da[{l}]{_ROW_COLUMN} = ∂loss/∂ŷ at a[{l}]{_ROW_COLUMN}, y{_ROW_COLUMN}",
            (_one("value", made["da"], p.factor_here("a"), p.factor_here("y")),),
            tuple(lines),
        )
    return _Made(
        f"da[{l}]{_ROW_COLUMN} = Σₖ W[{l + 1}][k,{{row}}] * dz[{l + 1}][k,{{column}}]",
        (
            _Part(
                "unit",
                p.read("W", l + 1, (slice(None), j)) * p.read("dz", l + 1, (slice(None), i)),
                lambda k: (p.factor("W", l + 1, k, j), p.factor("dz", l + 1, k, i)),
            ),
        ),
    )


def _error(p: _Place) -> _Made:
    g, l = p.network.activation(p.l), p.l
    if l == p.network.L and p.network.loss_function.is_fused:
        return _Made(
            f"dz[{l}]{_ROW_COLUMN} = a[{l}]{_ROW_COLUMN} - y{_ROW_COLUMN}",
            (
                _one("output", p.here("a"), p.factor_here("a")),
                _one("target", -p.here("y"), p.factor_here("y")),
            ),
        )
    if g.derivative is None:
        return _through_shares(p)
    names = {symbol: p.here(symbol) for symbol in ("z", "a", "da")}
    lines, made = evaluate(g.error, names)
    slope = Factor(p.factor_here("z").cell, float(made["g′"].value), f"{g.name}′")
    return _Made(
        f"dz[{l}]{_ROW_COLUMN} = da[{l}]{_ROW_COLUMN} * {g.name}′(z[{l}]{_ROW_COLUMN})",
        (_one("value", made["dz"], p.factor_here("da"), slope),),
        tuple(lines),
    )


def _through_shares(p: _Place) -> _Made:
    """The Jacobian product of softmax, computed as in the code."""
    l, j, i = p.l, p.row, p.column
    a, da = p.column_of("a"), p.column_of("da")
    total_line, own_line = p.network.activation(l).error
    of_sum, sums = evaluate((total_line,), {"a": a, "da": da})
    line, own = evaluate((own_line,), {"a": p.here("a"), "da": p.here("da"), **sums})
    same = Rounded.exact(np.arange(len(a.value)) == j, p.precision)
    terms = p.here("a") * (same - a) * da
    total = terms.sum()
    return _Made(
        f"dz[{l}]{_ROW_COLUMN} = Σₖ a[{l}]{_ROW_COLUMN} * (δₖ - a[{l}][k,{{column}}])"
        f" * da[{l}][k,{{column}}]",
        (
            _Part(
                "unit",
                terms,
                lambda k: (p.factor_here("a"), p.factor("a", l, k, i), p.factor("da", l, k, i)),
            ),
        ),
        (*of_sum, *line),
        Rounded(total.value, total.error + own["dz"].error, p.precision),
    )


def _weight_gradient(p: _Place) -> _Made:
    l, j, k, m, l2 = p.l, p.row, p.column, p.m, p.network.l2
    pattern = f"dW[{l}]{_ROW_COLUMN} = (1/{m}) Σᵢ dz[{l}][{{row}},i] * a[{l - 1}][{{column}},i]"
    products = p.read("dz", l, j) * p.read("a", l - 1, k)
    value = products.sum() / m
    parts = [
        _Part(
            "example",
            products / m,
            lambda i: (p.factor("dz", l, j, i), p.factor("a", l - 1, k, i)),
        )
    ]
    if l2:
        pattern += f" + {l2!r} * W[{l}]{_ROW_COLUMN}"
        penalty = p.here("W") * l2
        value = value + penalty
        parts.append(_one("penalty", penalty, p.factor_here("W"), first=l))
    return _Made(pattern, tuple(parts), value=value)


def _bias_gradient(p: _Place) -> _Made:
    l, j, m = p.l, p.row, p.m
    errors = p.read("dz", l, j)
    return _Made(
        f"db[{l}][{{row}}] = (1/{m}) Σᵢ dz[{l}][{{row}},i]",
        (_Part("example", errors / m, lambda i: (p.factor("dz", l, j, i),)),),
        value=errors.sum() / m,
    )


def _changed(p: _Place, of: ArrayRef, rule: Rule) -> _Made:
    """W[l] or b[l] after the update: the number before, and its change by the rule."""
    symbol, gradient = of.symbol, f"d{of.symbol}"
    names: dict[str, Rounded | float] = {s: p.here(s) for s in (symbol, gradient)}
    state_factors = [p.factor_here(symbol, name) for name in rule.optimizer.state_names]
    names |= {f.cell.array.state_name: Rounded.exact(f.value, p.precision) for f in state_factors}
    names |= {"α": rule.learning_rate, "t": int(p.arrays[T].item())}
    if "eps" in rule.options:
        names["ε"] = rule.options["eps"]
    lines, made = evaluate(rule.formula(symbol), names)
    before = p.factor_here(symbol)
    decayed = (before,) if rule.decay_in_gradient else ()
    parts = [_one("before", p.here(symbol), before)]
    if "decay" in made:
        parts.append(_one("decay", made["decay"], before))
    factors = (p.factor_here(gradient), *state_factors, *decayed)
    parts.append(_one("change", made[f"Δ{symbol}"].regrouped(), *factors))
    cell = of.cell_name("{row}", "{column}")
    terms = " + ".join(["decay"] * ("decay" in made) + [f"Δ{symbol}"])
    return _Made(f"{cell} = {cell} before + {terms}", tuple(parts), tuple(lines))


_TRACES: dict[str, Callable[[_Place], _Made]] = {
    "z": _linear,
    "a": _activation,
    "J": _cost,
    "da": _upstream,
    "dz": _error,
    "dW": _weight_gradient,
    "db": _bias_gradient,
}
