"""The operations of an update, in order.

The operations describe an update; `propagation` and `optimizer` compute it.
"""

from collections.abc import Callable

import numpy as np

from tuiprop.core.array import Array
from tuiprop.core.loss import Loss
from tuiprop.core.network import Network
from tuiprop.core.optimizer import Optimizer, Options
from tuiprop.update.arrays import ArrayRef, T, results
from tuiprop.update.equation import MEAN, PENALTY, Piece, function
from tuiprop.update.expression import in_numpy
from tuiprop.update.operation import Arrays, Operation, Phase
from tuiprop.update.parameter_update import ParameterUpdate
from tuiprop.update.rule import Rule, pieces


def operations(
    network: Network, optimizer: Optimizer, learning_rate: float, options: Options | None = None
) -> tuple[Operation, ...]:
    """The 8L + 1 operations of an update, in order.

    Args:
        network: the network.
        optimizer: its rule gives the last 2L operations.
        learning_rate: α.
        options: the options that differ from the rule's defaults.
    """
    rule = Rule(optimizer, learning_rate, {**optimizer.options, **(options or {})})
    changed = (result for result in results(network.L) if result.is_parameter)
    return *propagation(network), *(parameter_change(parameter, rule) for parameter in changed)


def operation_count(L: int) -> int:
    """The number of operations of an update of a network of L layers."""
    return propagation_count(L) + 2 * L


def propagation_count(L: int) -> int:
    """The number of operations before the parameters change."""
    return 6 * L + 1


def propagation(network: Network) -> tuple[Operation, ...]:
    """The 6L + 1 operations before the parameters change: forward, cost and backward."""
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
        f"Each unit: {what}s × weights, summed, plus its bias.",
        f"z{l} = W{l} @ a{l - 1} + b{l}",
        lambda x: np.add(np.dot(x[W], x[a]), x[b]),
        summed_over=f"n[{l - 1}]",
    )


def _activation(network: Network, l: int) -> Operation:
    g, z = network.activation(l), ArrayRef("z", l)
    to = "each column, as shares that sum to 1" if g.output_only else "each number"

    def compute(x: Arrays) -> Array:
        out = np.empty(x[z].shape, x[z].dtype)
        g.function(x[z], out, np.empty_like(out))
        return out

    return Operation(
        Phase.FORWARD,
        ArrayRef("a", l),
        (z,),
        (function(g.name), Piece.of(z), Piece(")")),
        f"The activation of layer {l}: {g.name}, applied to {to}.",
        f"a{l} = {in_numpy(g.formula, z=z.numpy)}",
        compute,
        formula=g.formula,
    )


def cost(network: Network, L: int, loss: Loss | None = None) -> Operation:
    """The operation J; a given loss replaces the network's."""
    l2, loss = network.l2, loss or network.loss_function
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
            Piece("Σ loss(", written=r"\sum \mathcal{L}("),
            Piece.of(a),
            Piece(","),
            Piece.of(y),
            Piece(")"),
            *(PENALTY if l2 else ()),
        ),
        f"Average over the {{m}} examples of the loss, {loss.name}"
        + (", plus the penalty." if l2 else "."),
        line,
        compute,
        formula=loss.formula,
    )


def _upstream(network: Network, l: int) -> Operation:
    return _from_next(l) if l < network.L else output_gradient(network)


def output_gradient(network: Network, loss: Loss | None = None) -> Operation:
    """The operation da[L]; a given loss replaces the network's."""
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
        (
            Piece(
                "∂loss/∂ŷ at",
                written=r"\frac{\partial \mathcal{L}}{\partial \hat{y}} \text{ at }",
            ),
            *(Piece.of(a), Piece(","), Piece.of(y)),
        ),
        "The slope of each example's loss with respect to its output, not yet averaged.",
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
        f"The errors of layer {l + 1}, sent back through its weights.",
        f"da{l} = W{l + 1}.T @ dz{l + 1}",
        lambda x: np.dot(x[W].T, x[dz]),
        summed_over=f"n[{l + 1}]",
    )


def error(network: Network, l: int, loss: Loss | None = None) -> Operation:
    """The operation dz[l]; a given loss replaces the network's."""
    g, loss = network.activation(l), loss or network.loss_function
    a, y, z, da = ArrayRef("a", l), ArrayRef("y", l), ArrayRef("z", l), ArrayRef("da", l)
    dz = ArrayRef("dz", l)
    if l == network.L and loss.is_fused:
        return Operation(
            Phase.BACKWARD,
            dz,
            (a, y),
            (Piece.of(a), Piece("−"), Piece.of(y)),
            "Each output's error: predicted minus wanted.",
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
            *(Piece(f"J_{g.name}(", written=rf"J_{{\mathrm{{{g.name}}}}}("), Piece.of(a)),
            *(Piece(")"), Piece("·"), Piece.of(da)),
        )
        if g.derivative is None
        else (Piece.of(da), Piece("*"), function(g.name, "′"), Piece.of(z), Piece(")")),
        f"Each unit's error: what arrives × the slope of {g.name} at z.",
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
        f"Average over the {{m}} examples of error × {what}" + (", plus λ W." if l2 else "."),
        f"dW{l} = dz{l} @ a{l - 1}.T / {{m}}" + (f" + {l2!r} * W{l}" if l2 else ""),
        compute,
        summed_over="m",
    )


def sum_over_examples(dz: Array) -> Array:
    """Σᵢ of each row of (n, m), (n, 1), equal to that of `Workspace.backward` bit for bit."""
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
        "Average over the {m} examples of each unit's error.",
        f"db{l} = dz{l}.sum(axis=1, keepdims=True) / {{m}}",
        compute,
    )


_OPERATIONS: dict[str, Callable[[Network, int], Operation]] = {
    "z": _linear,
    "a": _activation,
    "J": cost,
    "da": _upstream,
    "dz": error,
    "dW": _weight_gradient,
    "db": _bias_gradient,
}
"""The operations before the parameters change, by the symbol of their result."""


def parameter_change(parameter: ArrayRef, rule: Rule, times: int = 1) -> Operation:
    """The operation that applies a rule to W[l] or b[l] the given number of times."""
    gradient = parameter.gradient
    optimizer = rule.optimizer
    states = tuple(
        ArrayRef(parameter.symbol, parameter.layer, name) for name in optimizer.state_names
    )

    def compute(x: Arrays) -> Array:
        state = np.stack([x[each].ravel() for each in (parameter, *states)])
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
        (parameter, gradient, *states, T),
        pieces(last, gradient, parameter),
        f"One step downhill: {optimizer.name} with α = {rule.learning_rate!r}.",
        "\n".join(rule.numpy(parameter) * times),
        compute,
        rule=(*(*before, f"{parameter} := {last}") * (times - 1), *before),
        formula=rule.formula(parameter.symbol),
        repeats=times,
    )
