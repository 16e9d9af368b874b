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

from tuiprop.core.array import Array
from tuiprop.core.equation import Formula
from tuiprop.core.loss import Loss
from tuiprop.core.network import Network
from tuiprop.core.optimizer import Optimizer, Options
from tuiprop.update.arrays import PARAMETERS, ArrayRef
from tuiprop.update.expression import in_numpy, inlined, name, plus, to_numpy, to_text
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

    @property
    def sign(self) -> str:
        """= of what is made, := of a parameter that is changed."""
        return ":=" if self.phase is Phase.UPDATE else "="

    @property
    def text(self) -> str:
        """The whole equation in one line."""
        right = " ".join(piece.text for piece in self.equation)
        right = right.replace("( ", "(").replace(" )", ")").replace(" ,", ",")
        return f"{self.result} {self.sign} {right}"


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
    layers = range(1, network.L + 1)
    rule = Rule(optimizer, learning_rate, {**optimizer.options, **(options or {})})
    return (
        *propagation(network),
        *(parameter_change(ArrayRef(symbol, l), rule) for l in layers for symbol in PARAMETERS),
    )


def operation_count(L: int) -> int:
    """The number of operations of an update of a network of L layers."""
    return propagation_count(L) + 2 * L


def propagation_count(L: int) -> int:
    """The number of those before the parameters change."""
    return 6 * L + 1


def propagation(network: Network) -> tuple[Operation, ...]:
    """The 6L + 1 before the parameters change: forward, cost and backward."""
    layers = range(1, network.L + 1)
    return (
        *(op for l in layers for op in (_linear(l), _activation(network, l))),
        cost(network),
        *(op for l in reversed(layers) for op in _backward(network, l)),
    )


def _piece(reference: ArrayRef, *, transposed: bool = False) -> Piece:
    return Piece(f"{reference}{'ᵀ' if transposed else ''}", reference, transposed)


def _linear(l: int) -> Operation:
    W, a, b = ArrayRef("W", l), ArrayRef("a", l - 1), ArrayRef("b", l)
    what = "input" if l == 1 else "activation"
    return Operation(
        Phase.FORWARD,
        ArrayRef("z", l),
        (W, a, b),
        (_piece(W), Piece("·"), _piece(a), Piece("+"), _piece(b)),
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
        (Piece(f"{g.name}("), _piece(z), Piece(")")),
        f"The activation of layer {l}: {g.name} of {of}.",
        f"a{l} = {in_numpy(g.formula, z=z.numpy)}",
        compute,
    )


def cost(network: Network, loss: Loss | None = None) -> Operation:
    """The operation J, with another loss than the network's where one is given."""
    L, l2, loss = network.L, network.l2, loss or network.loss_function
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
            Piece("(1/m)"),
            Piece("Σ 𝓛("),
            _piece(a),
            Piece(","),
            _piece(y),
            Piece(")"),
            *((Piece("+"), Piece("(λ/2)"), Piece("Σ ‖W[l]‖²")) if l2 else ()),
        ),
        f"Mean over the {{m}} examples of the loss, {loss.name}"
        + (", plus the penalty." if l2 else "."),
        line,
        compute,
    )


def _backward(network: Network, l: int) -> tuple[Operation, ...]:
    """da[l], dz[l], dW[l], db[l]."""
    upstream = _from_next(l) if l < network.L else output_gradient(network)
    return upstream, error(network, l), _weight_gradient(network, l), _bias_gradient(l)


def output_gradient(network: Network, loss: Loss | None = None) -> Operation:
    """The operation da[L], with another loss than the network's where one is given."""
    L, loss = network.L, loss or network.loss_function
    a, y = ArrayRef("a", L), ArrayRef("y", L)

    def compute(x: Arrays) -> Array:
        out = np.empty(x[a].shape, x[a].dtype)
        loss.gradient(x[a], x[y], out)
        return out

    return Operation(
        Phase.BACKWARD,
        ArrayRef("da", L),
        (a, y),
        (Piece("∂𝓛/∂ŷ at"), _piece(a), Piece(","), _piece(y)),
        "How the loss of each example changes with its output; 1/m is not in it yet.",
        f"da{L} = {in_numpy(loss.slope, a=a.numpy, y=y.numpy, K=f'len({a.numpy})')}",
        compute,
    )


def _from_next(l: int) -> Operation:
    W, dz = ArrayRef("W", l + 1), ArrayRef("dz", l + 1)
    return Operation(
        Phase.BACKWARD,
        ArrayRef("da", l),
        (W, dz),
        (_piece(W, transposed=True), Piece("·"), _piece(dz)),
        f"The errors of layer {l + 1} go back along its weights to the units of layer {l}.",
        f"da{l} = W{l + 1}.T @ dz{l + 1}",
        lambda x: np.dot(x[W].T, x[dz]),
        sums_away=f"n[{l + 1}]",
    )


def error(network: Network, l: int, loss: Loss | None = None) -> Operation:
    """The operation dz[l], with another loss than the network's where one is given."""
    g, loss = network.activation(l), loss or network.loss_function
    a, y, z, da = ArrayRef("a", l), ArrayRef("y", l), ArrayRef("z", l), ArrayRef("da", l)
    dz = ArrayRef("dz", l)
    if l == network.L and loss.output is not None:
        return Operation(
            Phase.BACKWARD,
            dz,
            (a, y),
            (_piece(a), Piece("−"), _piece(y)),
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
        (Piece("Jacobian at"), _piece(a), Piece("of"), _piece(da))
        if g.derivative is None
        else (_piece(da), Piece("*"), Piece(f"{g.name}′("), _piece(z), Piece(")")),
        "The error of each unit: what reaches it times the slope of g where it stands.",
        f"dz{l} = {in_numpy(g.error, da=da.numpy, z=z.numpy, a=a.numpy)}",
        compute,
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
            Piece("(1/m)"),
            _piece(dz),
            Piece("·"),
            _piece(a, transposed=True),
            *((Piece("+"), Piece("λ"), _piece(W)) if l2 else ()),
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


def _bias_gradient(l: int) -> Operation:
    dz = ArrayRef("dz", l)

    def compute(x: Arrays) -> Array:
        return np.divide(sum_over_examples(x[dz]), x[dz].shape[1])

    return Operation(
        Phase.BACKWARD,
        ArrayRef("db", l),
        (dz,),
        (Piece("(1/m)"), Piece("Σᵢ"), _piece(dz)),
        "Mean over the {m} examples of the error of each unit.",
        f"db{l} = dz{l}.sum(axis=1, keepdims=True) / {{m}}",
        compute,
    )


T = ArrayRef("t", 0)
"""The number of the update, as an operand of rules that need it."""


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
        gradient = _gradient_of(parameter)
        *before, (_, after) = _rule_in_text(self.formula("W"), self.optimizer.slots)
        lines = [*(f"{slot} := {value}" for slot, value in before), after]
        return [line.format(W=parameter, dW=gradient) for line in lines]

    def numpy(self, parameter: ArrayRef) -> list[str]:
        """The rule as statements of NumPy; {t} is the number of the update."""
        slots = {slot: f"{slot}_{parameter.numpy}" for slot in self.optimizer.slots}
        names = {"W": parameter.numpy, "dW": _gradient_of(parameter).numpy, **slots}
        names |= {"α": repr(self.learning_rate), "ε": repr(self.options.get("eps"))}
        lines = _rule_in_numpy(self.formula("W"), self.optimizer.slots)
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


def _gradient_of(parameter: ArrayRef) -> ArrayRef:
    return ArrayRef(f"d{parameter.symbol}", parameter.layer)


@cache
def _rule_in_text(formula: Formula, slots: tuple[str, ...]) -> list[tuple[str, str]]:
    """What each slot and then {W} becomes, from {W}, {dW} and the slots."""
    names = {each: name(each) for each in ("α", "ε", "t", *slots)}
    lines = _lines(formula, {**names, "W": name("{W}"), "dW": name("{dW}")}, slots)
    return [(left, to_text(right)) for left, right in lines]


@cache
def _rule_in_numpy(formula: Formula, slots: tuple[str, ...]) -> list[tuple[str, str]]:
    """The same in NumPy, with every name in braces; {t} is in two, to be filled in last."""
    names = {each: name(f"{{{each}}}") for each in ("W", "dW", "α", "ε", *slots)}
    lines = _lines(formula, {**names, "t": name("{{t}}")}, slots)
    return [(f"{{{left}}}", to_numpy(right)) for left, right in lines]


def _lines(
    formula: Formula, names: dict[str, ast.Name], slots: tuple[str, ...]
) -> list[tuple[str, ast.expr]]:
    """What each slot and then W becomes by the formula of a rule."""
    found = inlined(formula, names, kept=slots)
    after: ast.expr = names["W"]
    for change in ("decay", "ΔW"):
        after = plus(after, found[change]) if change in found else after
    return [*((slot, found[slot]) for slot in slots), ("W", after)]


def _pieces(text: str, *arrays: ArrayRef) -> tuple[Piece, ...]:
    """An equation cut where it names arrays; a name that holds another comes before it."""
    names = {str(array): array for array in arrays}
    parts = re.split(f"({'|'.join(map(re.escape, names))})", text)
    return tuple(Piece(part.strip(), names.get(part)) for part in parts if part.strip())


def parameter_change(parameter: ArrayRef, rule: Rule, times: int = 1) -> Operation:
    """The operation that applies a rule to W[l] or b[l], this many times."""
    gradient = ArrayRef(f"d{parameter.symbol}", parameter.layer)
    optimizer = rule.optimizer
    slots = tuple(ArrayRef(parameter.symbol, parameter.layer, slot) for slot in optimizer.slots)

    def compute(x: Arrays) -> Array:
        state = np.stack([x[each].ravel() for each in (parameter, *slots)])
        options = {name: rule.options[name] for name in optimizer.options}
        change = ParameterUpdate(optimizer, state, rule.learning_rate, options)
        for _ in range(times):
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
        "\n".join(rule.numpy(parameter) * times),
        compute,
        rule=(*(*before, f"{parameter} := {last}") * (times - 1), *before),
    )
