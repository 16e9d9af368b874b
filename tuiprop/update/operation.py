"""One update as its operations: what each computes, from what, and how the notes write it.

The operations describe; `propagation` and `optimizer` compute. `Operation.compute` does one of
them again from its operands, with the same calls on arrays in the same order of memory: its
result is that of the record, bit for bit.
"""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import TypeAlias

import numpy as np

from tuiprop.core.array import Array, Formula
from tuiprop.core.network import Network
from tuiprop.core.optimizer import Optimizer, Options
from tuiprop.update.arrays import ArrayRef, T, results
from tuiprop.update.expression import (
    in_latex,
    in_numpy,
    inlined,
    latex_names,
    name,
    names_in,
    parse,
    plus,
    to_latex,
    to_numpy,
    to_text,
)
from tuiprop.update.parameter_update import ParameterUpdate


class Phase(Enum):
    """The four parts of an update."""

    FORWARD = "forward"
    COST = "cost"
    BACKWARD = "backward"
    UPDATE = "update"


Arrays: TypeAlias = Mapping[ArrayRef, Array]


@dataclass(frozen=True)
class Piece:
    """A part of an equation: an array, maybe transposed, or what stands between arrays."""

    text: str
    array: ArrayRef | None = None
    transposed: bool = False
    written: str = ""
    """The LaTeX, where it is not what the symbols of the text give."""

    @classmethod
    def of(cls, array: ArrayRef, *, transposed: bool = False) -> "Piece":
        """An array, or its transpose."""
        return cls(f"{array}{'ᵀ' if transposed else ''}", array, transposed)

    @property
    def latex(self) -> str:
        """The part in LaTeX."""
        if self.written:
            return self.written
        text = self.text
        if self.array is not None:
            name = str(self.array)
            alone = text == name
            text = text.replace(name, self.array.latex if alone else f"{{{self.array.latex}}}")
        return text.translate(_LATEX_SYMBOLS)


_LATEX_SYMBOLS = str.maketrans(
    {
        "·": r"\cdot",
        "*": r"\odot",
        "−": "-",
        "Σ": r"\sum",
        "ᵢ": "_i",
        "λ": r"\lambda",
        "ᵀ": "^{T}",
        "⁽": "^{(",
        "ⁱ": "i",
        "⁾": ")}",
    }
)

MEAN = Piece("(1/m)", written=r"\frac{1}{m}")
"""The factor of a mean over the examples."""

PENALTY = (
    Piece("+"),
    Piece("(λ/2)", written=r"\frac{\lambda}{2}"),
    Piece("Σ ‖W[l]‖²", written=r"\sum_l \lVert W^{[l]} \rVert^{2}"),
)
"""The L2 term of the cost."""


def _function(name: str, prime: str = "") -> Piece:
    """The name of a function with the bracket that opens its argument."""
    escaped = name.replace("_", r"\_")
    mark = "'" if prime else ""
    return Piece(f"{name}{prime}(", written=rf"\mathrm{{{escaped}}}{mark}(")


@dataclass(frozen=True)
class Operation:
    """One line of an update."""

    phase: Phase
    result: ArrayRef
    operands: tuple[ArrayRef, ...]
    equation: tuple[Piece, ...]
    """What stands right of `sign`."""
    sentence: str
    """What it does, in one plain sentence; {m} is the number of examples."""
    numpy: str
    """The lines of NumPy that do it; {m} is the number of examples, {t} that of the update."""
    compute: Callable[[Arrays], Array]
    """The result from the operands; they are not changed."""
    sums_away: str = ""
    """The size that a matrix product sums over, by its name."""
    rule: tuple[str, ...] = ()
    """What comes before the last line, for an optimiser with slots."""
    formula: Formula = ()
    """The formula that the equation names, in the symbols of the operands: of the activation, of
    the loss, or of the optimiser; () where the equation says it all."""
    repeats: int = 1
    """How many times an update applies the rule of the optimiser; 1 unless by mistake."""

    @property
    def sign(self) -> str:
        """= of what is made, := of a parameter that is changed."""
        return ":=" if self.phase is Phase.UPDATE else "="

    @property
    def text(self) -> str:
        """The whole equation in one line."""
        right = " ".join(piece.text for piece in self.equation)
        return f"{self.result} {self.sign} {_closed_up(right)}"

    @property
    def latex(self) -> tuple[str, ...]:
        """The equation in LaTeX, then what it names; for an optimiser the lines of its rule."""
        names = tuple((each.slot or each.symbol, each.latex) for each in self.operands)
        if self.phase is Phase.UPDATE:
            slots = tuple(each.slot for each in self.operands if each.slot)
            latex = {each: each for each in _assigned(self.formula, slots)} | dict(names)
            lines = _lines(self.formula, latex_names(latex.items()), slots, self.result.symbol)
            rule = tuple(f"{latex[left]} := {to_latex(right)}" for left, right in lines)
            return rule * self.repeats
        right = " ".join(piece.latex for piece in self.equation)
        equation = f"{self.result.latex} = {_closed_up(right)}"
        if not self.formula:
            return (equation,)
        named = r"\mathcal{L}" if self.phase is Phase.COST else self.result.latex
        return equation, f"{named} = {in_latex(self.formula, names)}"


def _closed_up(equation: str) -> str:
    """The equation without blanks inside brackets and before commas."""
    return equation.replace("( ", "(").replace(" )", ")").replace(" ,", ",")


def operations(
    network: Network, optimizer: Optimizer, learning_rate: float, options: Options | None = None
) -> tuple[Operation, ...]:
    """The 8L + 1 operations of an update, in order.

    Args:
        network: the network.
        optimizer: whose rule the last 2L are.
        learning_rate: α.
        options: those that differ from the rule's defaults.
    """
    rule = Rule(optimizer, learning_rate, {**optimizer.options, **(options or {})})
    changed = (result for result in results(network.L) if result.is_parameter)
    return *propagation(network), *(_parameter_change(parameter, rule) for parameter in changed)


def operation_count(L: int) -> int:
    """The number of operations of an update of a network of L layers."""
    return propagation_count(L) + 2 * L


def propagation_count(L: int) -> int:
    """The number of those before the parameters change."""
    return 6 * L + 1


def propagation(network: Network) -> tuple[Operation, ...]:
    """The 6L + 1 before the parameters change: forward, cost and backward."""
    return tuple(
        _OPERATIONS[result.symbol](network, result.layer)
        for result in results(network.L)
        if not result.is_parameter
    )


def _linear(_: Network, l: int) -> Operation:
    W, a, b = ArrayRef("W", l), ArrayRef("a", l - 1), ArrayRef("b", l)
    what = "input" if l == 1 else "activation"
    return Operation(
        Phase.FORWARD,
        ArrayRef("z", l),
        (W, a, b),
        (Piece.of(W), Piece("·"), Piece.of(a), Piece("+"), Piece.of(b)),
        f"Each unit: every {what} times its weight, summed, plus the bias.",
        f"z{l} = W{l} @ a{l - 1} + b{l}",
        lambda x: np.add(np.dot(x[W], x[a]), x[b]),
        sums_away=f"n[{l - 1}]",
    )


def _activation(network: Network, l: int) -> Operation:
    g, z = network.activation(l), ArrayRef("z", l)
    of = "each column, as shares that sum to 1" if g.output_only else "each number by itself"

    def compute(x: Arrays) -> Array:
        out = np.empty(x[z].shape, x[z].dtype)
        g.function(x[z], out, np.empty_like(out))
        return out

    return Operation(
        Phase.FORWARD,
        ArrayRef("a", l),
        (z,),
        (_function(g.name), Piece.of(z), Piece(")")),
        f"The activation of layer {l}: {g.name} of {of}.",
        f"a{l} = {in_numpy(g.formula, z=z.numpy)}",
        compute,
        formula=g.formula,
    )


def _cost(network: Network, L: int) -> Operation:
    loss, l2 = network.loss_function, network.l2
    z, a, y = ArrayRef("z", L), ArrayRef("a", L), ArrayRef("y", L)
    weights = tuple(ArrayRef("W", l) for l in range(1, L + 1) if l2)

    def compute(x: Arrays) -> Array:
        from_z = x[z] if loss.classes else x[a]  # the cross-entropies do not read a
        J = float(loss.value(from_z, x[a], x[y]).mean(dtype=np.float64))
        if l2:
            J += 0.5 * l2 * sum(float(np.vdot(x[W], x[W])) for W in weights)
        return np.full((1, 1), J)

    formula = loss.from_z or loss.formula
    losses = in_numpy(formula, z=z.numpy, a=a.numpy, y=y.numpy, K=f"len({a.numpy})")
    line = f"J = ({losses}).mean()"
    if l2:
        line += f" + {l2 / 2!r} * ({' + '.join(f'({W.numpy}**2).sum()' for W in weights)})"
    return Operation(
        Phase.COST,
        ArrayRef("J", L),
        (a, y, *((z,) if loss.classes else ()), *weights),
        (
            MEAN,
            Piece("Σ 𝓛(", written=r"\sum \mathcal{L}("),
            Piece.of(a),
            Piece(","),
            Piece.of(y),
            Piece(")"),
            *(PENALTY if l2 else ()),
        ),
        f"Mean over the {{m}} examples of the loss, {loss.name}"
        + (", plus the penalty." if l2 else "."),
        line,
        compute,
        formula=loss.formula,
    )


def _upstream(network: Network, l: int) -> Operation:
    return _from_next(l) if l < network.L else _from_loss(network)


def _from_loss(network: Network) -> Operation:
    L, loss = network.L, network.loss_function
    a, y = ArrayRef("a", L), ArrayRef("y", L)

    def compute(x: Arrays) -> Array:
        out = np.empty(x[a].shape, x[a].dtype)
        loss.gradient(x[a], x[y], out)
        return out

    return Operation(
        Phase.BACKWARD,
        ArrayRef("da", L),
        (a, y),
        (
            Piece(
                "∂𝓛/∂ŷ at",
                written=r"\frac{\partial \mathcal{L}}{\partial \hat{y}} \text{ at }",
            ),
            *(Piece.of(a), Piece(","), Piece.of(y)),
        ),
        "How the loss of each example changes with its output; 1/m is not in it yet.",
        f"da{L} = {in_numpy(loss.slope, a=a.numpy, y=y.numpy, K=f'len({a.numpy})')}",
        compute,
        formula=loss.slope,
    )


def _from_next(l: int) -> Operation:
    W, dz = ArrayRef("W", l + 1), ArrayRef("dz", l + 1)
    return Operation(
        Phase.BACKWARD,
        ArrayRef("da", l),
        (W, dz),
        (Piece.of(W, transposed=True), Piece("·"), Piece.of(dz)),
        f"The errors of layer {l + 1} go back along its weights to the units of layer {l}.",
        f"da{l} = W{l + 1}.T @ dz{l + 1}",
        lambda x: np.dot(x[W].T, x[dz]),
        sums_away=f"n[{l + 1}]",
    )


def _error(network: Network, l: int) -> Operation:
    g = network.activation(l)
    a, y, z, da = ArrayRef("a", l), ArrayRef("y", l), ArrayRef("z", l), ArrayRef("da", l)
    dz = ArrayRef("dz", l)
    if network.is_fused(l):
        return Operation(
            Phase.BACKWARD,
            dz,
            (a, y),
            (Piece.of(a), Piece("−"), Piece.of(y)),
            "The error of each output: what it is, less what it should be.",
            f"dz{l} = a{l} - y",
            lambda x: np.subtract(x[a], x[y], out=np.empty(x[a].shape, x[a].dtype)),
        )

    def compute(x: Arrays) -> Array:
        out = np.empty(x[a].shape, x[a].dtype)
        g.multiply_derivative(x[z], x[a], x[da], out, np.empty_like(out))
        return out

    return Operation(
        Phase.BACKWARD,
        dz,
        (da, z, a),
        (
            *(Piece("Jacobian at", written=r"\text{Jacobian at }"), Piece.of(a)),
            *(Piece("of", written=r"\text{ of }"), Piece.of(da)),
        )
        if g.derivative is None
        else (Piece.of(da), Piece("*"), _function(g.name, "′"), Piece.of(z), Piece(")")),
        "The error of each unit: what reaches it times the slope of g where it stands.",
        f"dz{l} = {in_numpy(g.error, da=da.numpy, z=z.numpy, a=a.numpy)}",
        compute,
        formula=g.error,
    )


def _weight_gradient(network: Network, l: int) -> Operation:
    dz, a, W, l2 = ArrayRef("dz", l), ArrayRef("a", l - 1), ArrayRef("W", l), network.l2
    what = "input" if l == 1 else f"activation of layer {l - 1}"

    def compute(x: Arrays) -> Array:
        mean = np.divide(np.dot(x[dz], x[a].T), x[dz].shape[1])
        return np.add(mean, np.multiply(x[W], l2)) if l2 else mean

    return Operation(
        Phase.BACKWARD,
        ArrayRef("dW", l),
        (dz, a, *((W,) if l2 else ())),
        (
            MEAN,
            Piece.of(dz),
            Piece("·"),
            Piece.of(a, transposed=True),
            *((Piece("+"), Piece("λ"), Piece.of(W)) if l2 else ()),
        ),
        f"Mean over the {{m}} examples: error of each unit × each {what}"
        + (", plus λ W." if l2 else "."),
        f"dW{l} = dz{l} @ a{l - 1}.T / {{m}}" + (f" + {l2!r} * W{l}" if l2 else ""),
        compute,
        sums_away="m",
    )


def sum_over_examples(dz: Array) -> Array:
    """Σᵢ of each row of (n, m), (n, 1), with the bits of `Workspace.backward`."""
    total: Array = np.dot(dz, np.ones((dz.shape[1], 1), dz.dtype))
    return total


def _bias_gradient(_: Network, l: int) -> Operation:
    dz = ArrayRef("dz", l)

    def compute(x: Arrays) -> Array:
        return np.divide(sum_over_examples(x[dz]), x[dz].shape[1])

    return Operation(
        Phase.BACKWARD,
        ArrayRef("db", l),
        (dz,),
        (MEAN, Piece("Σᵢ"), Piece.of(dz)),
        "Mean over the {m} examples of the error of each unit.",
        f"db{l} = dz{l}.sum(axis=1, keepdims=True) / {{m}}",
        compute,
    )


_OPERATIONS: dict[str, Callable[[Network, int], Operation]] = {
    "z": _linear,
    "a": _activation,
    "J": _cost,
    "da": _upstream,
    "dz": _error,
    "dW": _weight_gradient,
    "db": _bias_gradient,
}
"""The operations before the parameters change, by the symbol of their result."""


@dataclass(frozen=True)
class Rule:
    """An optimiser with the numbers of a run."""

    optimizer: Optimizer
    learning_rate: float
    options: Options

    @property
    def decay_in_gradient(self) -> float:
        """The weight decay, where it is added to the gradient."""
        return 0.0 if self.optimizer.decouples_decay else self.number("weight_decay")

    def number(self, option: str) -> float:
        """The value of an option that is one number."""
        value = self.options[option]
        assert isinstance(value, int | float)
        return float(value)

    def equations(self, parameter: ArrayRef) -> list[str]:
        """The rule in the symbols of the notes; the last line is what the parameter becomes."""
        gradient = parameter.gradient
        *before, (_, after) = _rule_in_text(self.formula("W"), self.optimizer.slots)
        lines = [*(f"{slot} := {value}" for slot, value in before), after]
        return [line.format(W=parameter, dW=gradient) for line in lines]

    def numpy(self, parameter: ArrayRef) -> list[str]:
        """The rule as statements of NumPy; {t} is the number of the update."""
        formula, slots = self.formula("W"), self.optimizer.slots
        names = {each: f"{each}_{parameter.numpy}" for each in _assigned(formula, slots)}
        names |= {"W": parameter.numpy, "dW": parameter.gradient.numpy}
        names |= {"α": repr(self.learning_rate), "ε": repr(self.options.get("eps"))}
        lines = _rule_in_numpy(formula, slots)
        return [f"{left} = {right}".format(**names) for left, right in lines]

    def formula(self, symbol: str) -> Formula:
        """The change of one number of W[l] or b[l], with its decay, line by line."""
        decay, gradient = self.options["weight_decay"], f"d{symbol}"
        lines = []
        if decay and self.optimizer.decouples_decay:
            lines.append(f"decay = -α * {decay!r} * {symbol}")
        elif decay:
            lines.append(f"g = {gradient} + {decay!r} * {symbol}")
            gradient = "g"
        names = {"W": symbol, "g": gradient, **self._numbers}
        return (*lines, *(line.format(**names) for line in self.optimizer.formula))

    @property
    def _numbers(self) -> dict[str, str]:
        """The options as they are written in a rule; betas one by one."""
        betas = self.options.get("betas", ())
        assert isinstance(betas, tuple | list)
        numbers = {name: repr(value) for name, value in self.options.items() if name != "betas"}
        return numbers | {f"beta{i}": repr(beta) for i, beta in enumerate(betas, start=1)}


@cache
def _rule_in_text(formula: Formula, slots: tuple[str, ...]) -> list[tuple[str, str]]:
    """What each slot and then {W} becomes, from {W}, {dW} and the slots."""
    plain = ("α", "ε", "t", *_assigned(formula, slots))
    names: dict[str, ast.expr] = {each: name(each) for each in plain}
    lines = _lines(formula, {**names, "W": name("{W}"), "dW": name("{dW}")}, slots, "W")
    return [(left, to_text(right)) for left, right in lines]


@cache
def _rule_in_numpy(formula: Formula, slots: tuple[str, ...]) -> list[tuple[str, str]]:
    """The same in NumPy, with every name in braces; {t} is in two, to be filled in last."""
    filled_in = ("W", "dW", "α", "ε", *_assigned(formula, slots))
    names: dict[str, ast.expr] = {each: name(f"{{{each}}}") for each in filled_in}
    lines = _lines(formula, {**names, "t": name("{{t}}")}, slots, "W")
    return [(f"{{{left}}}", to_numpy(right)) for left, right in lines]


@cache
def _assigned(formula: Formula, slots: tuple[str, ...]) -> tuple[str, ...]:
    """The names that have a line of their own in a rule, in order.

    These are the slots, and what is computed from a slot before the slot is assigned: substituted
    in a later line, it would read the new number.
    """
    lines = [parse(line) for line in formula]
    names = [line.name for line in lines]
    return tuple(
        line.name
        for i, line in enumerate(lines)
        if line.name in slots or not names_in(line.expression).isdisjoint({*slots} & {*names[i:]})
    )


def _lines(
    formula: Formula, names: Mapping[str, ast.expr], slots: tuple[str, ...], parameter: str
) -> list[tuple[str, ast.expr]]:
    """What each slot and then the parameter, W or b, becomes by the formula of a rule."""
    assigned = _assigned(formula, slots)
    found = inlined(formula, names, kept=assigned)
    after: ast.expr = names[parameter]
    for change in ("decay", f"Δ{parameter}"):
        after = plus(after, found[change]) if change in found else after
    return [*((each, found[each]) for each in assigned), (parameter, after)]


def _pieces(text: str, *arrays: ArrayRef) -> tuple[Piece, ...]:
    """An equation cut where it names arrays; a name that holds another comes before it."""
    names = {str(array): array for array in arrays}
    parts = re.split(f"({'|'.join(map(re.escape, names))})", text)
    return tuple(Piece(part.strip(), names.get(part)) for part in parts if part.strip())


def _parameter_change(parameter: ArrayRef, rule: Rule) -> Operation:
    gradient = parameter.gradient
    optimizer = rule.optimizer
    slots = tuple(ArrayRef(parameter.symbol, parameter.layer, slot) for slot in optimizer.slots)

    def compute(x: Arrays) -> Array:
        state = np.stack([x[each].ravel() for each in (parameter, *slots)])
        options = {name: rule.options[name] for name in optimizer.options}
        change = ParameterUpdate(optimizer, state, rule.learning_rate, options)
        change.apply(x[gradient].ravel(), int(x[T].item()))
        changed: Array = state[0].reshape(x[parameter].shape)
        return changed

    *before, last = rule.equations(parameter)
    return Operation(
        Phase.UPDATE,
        parameter,
        (parameter, gradient, *slots, T),
        _pieces(last, gradient, parameter),
        f"Against its gradient: the rule of {optimizer.name}, with α = {rule.learning_rate!r}.",
        "\n".join(rule.numpy(parameter)),
        compute,
        rule=tuple(before),
        formula=rule.formula(parameter.symbol),
    )
