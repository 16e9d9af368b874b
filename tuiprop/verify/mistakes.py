"""The table of mistakes: the five errata of the notes, and four that are common in programs.

If the shapes of a mistaken product do not match, it behaves like a careless program: it reshapes
an array, row by row, to the shape that matches.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from tuiprop.core.array import Array
from tuiprop.core.equation import equation
from tuiprop.core.loss import Loss
from tuiprop.core.network import Network
from tuiprop.update.arrays import ArrayRef
from tuiprop.update.equation import MEAN, PENALTY, Piece
from tuiprop.update.operation import Arrays, Operation
from tuiprop.update.operations import cost, error, output_gradient, sum_over_examples
from tuiprop.verify.injection import Mistake, Rewrite


def _untransposed(array: Array) -> Array:
    """Reshape an array, row by row, to the shape of its transpose; a square one is unchanged."""
    return array.reshape(array.shape[::-1])


_READ = "; if the shapes do not match, {} is reshaped row by row to one that does"


def _weight_gradient(*, means: int, transposed: bool, what: str) -> Rewrite:
    """Rewrite dW[l] with this many factors 1/m, with the transpose of a[l-1] or without."""

    def rewrite(network: Network, operation: Operation) -> Operation:
        l, l2 = operation.result.layer, network.l2
        dz, a, W = ArrayRef("dz", l), ArrayRef("a", l - 1), ArrayRef("W", l)

        def compute(x: Arrays) -> Array:
            dW = np.dot(x[dz], x[a].T if transposed else _untransposed(x[a]))
            for _ in range(means):
                dW = np.divide(dW, x[dz].shape[1])
            return np.add(dW, np.multiply(x[W], l2)) if l2 else dW

        right = f"{a.numpy}.T" if transposed else f"{a.numpy}.reshape({a.numpy}.shape[::-1])"
        return replace(
            operation,
            equation=(
                *[MEAN] * means,
                Piece.of(dz),
                Piece("·"),
                Piece.of(a, transposed=transposed),
                *((Piece("+"), Piece("λ"), Piece.of(W)) if l2 else ()),
            ),
            sentence=f"Mistake: {what}{'' if transposed else _READ.format(a)}.",
            numpy=f"dW{l} = dz{l} @ {right}{' / {m}' * means}"
            + (f" + {l2!r} * W{l}" if l2 else ""),
            compute=compute,
            summed_over="m" if transposed else "",
        )

    return _only("dW", rewrite)


def _bias_gradient(*, means: int, what: str) -> Rewrite:
    """Rewrite db[l] with this many factors 1/m."""

    def rewrite(network: Network, operation: Operation) -> Operation:
        l, dz = operation.result.layer, ArrayRef("dz", operation.result.layer)

        def compute(x: Arrays) -> Array:
            db = sum_over_examples(x[dz])
            for _ in range(means):
                db = np.divide(db, x[dz].shape[1])
            return np.asarray(db)

        return replace(
            operation,
            equation=(*[MEAN] * means, Piece("Σᵢ"), Piece.of(dz)),
            sentence=f"Mistake: {what}.",
            numpy=f"db{l} = dz{l}.sum(axis=1, keepdims=True){' / {m}' * means}",
            compute=compute,
        )

    return _only("db", rewrite)


def _one_example(network: Network, operation: Operation) -> Operation:
    """db[l] = dz[l]⁽ⁱ⁾."""
    l, dz = operation.result.layer, ArrayRef("dz", operation.result.layer)
    return replace(
        operation,
        equation=(Piece(f"{dz}⁽ⁱ⁾", dz),),
        sentence="Mistake: the error of one example, the first, and not the mean over all {m}.",
        numpy=f"db{l} = dz{l}[:, :1]",
        compute=lambda x: x[dz][:, :1].copy(),
    )


def _back_untransposed(network: Network, operation: Operation) -> Operation:
    """da[l] = W[l+1] dz[l+1]."""
    l = operation.result.layer
    if l == network.L:
        return operation
    W, dz = ArrayRef("W", l + 1), ArrayRef("dz", l + 1)
    return replace(
        operation,
        equation=(Piece.of(W), Piece("·"), Piece.of(dz)),
        sentence=f"Mistake: {W} is not transposed{_READ.format(W)}.",
        numpy=f"da{l} = {W.numpy}.reshape({W.numpy}.shape[::-1]) @ {dz.numpy}",
        compute=lambda x: np.dot(_untransposed(x[W]), x[dz]),
        summed_over="",
    )


def _mistaken_cost(network: Network, operation: Operation) -> Operation:
    """J with loss = −y log a + (1−y) log(1−a)."""
    a, y = Piece.of(ArrayRef("a", network.L)), Piece.of(ArrayRef("y", network.L))
    return replace(
        cost(network, network.L, _with_mistaken_value(network.loss_function)),
        equation=(
            *(MEAN, Piece("Σ ("), Piece(f"−{y.text}", y.array), Piece("log", written=r"\log"), a),
            *(Piece("+"), Piece("(1 −"), y, Piece(")"), Piece("log(1 −", written=r"\log(1 -")),
            *(a, Piece(")"), Piece(")")),
            *(PENALTY if network.l2 else ()),
        ),
        sentence="Mistake: the minus acts on the first term of the loss only, and not on both.",
    )


def _mistaken_output_gradient(network: Network, operation: Operation) -> Operation:
    """da[L] = −( y/a + (1−y)/(1−a) ), and dz[L] = da[L] * g′(z[L])."""
    L, loss = network.L, _with_mistaken_gradient(network.loss_function)
    a, y = Piece.of(ArrayRef("a", L)), Piece.of(ArrayRef("y", L))
    if operation.result == ArrayRef("dz", L):
        return replace(
            error(network, L, loss),
            sentence=f"By the chain rule from da[{L}], where the mistake is: "
            f"the short form, a[{L}] − y, does not use it.",
        )
    if operation.result != ArrayRef("da", L):
        return operation
    return replace(
        output_gradient(network, loss),
        equation=(
            *(Piece("−("), y, Piece("/"), a, Piece("+"), Piece("(1 −"), y, Piece(")")),
            *(Piece("/"), Piece("(1 −"), a, Piece(")"), Piece(")")),
        ),
        sentence="Mistake: the minus belongs to the first term only.",
    )


def _with_mistaken_value(loss: Loss) -> Loss:
    @equation("loss = Σ(-y * log(a) + (1 - y) * log(1 - a))")
    def value(z: Array, a: Array, y: Array) -> Array:
        # with a = σ(z), −log a is log(1 + exp(−z)) and −log(1 − a) is log(1 + exp(z))
        return np.asarray(
            (y * np.logaddexp(0.0, -z) - (1.0 - y) * np.logaddexp(0.0, z)).sum(axis=0)
        )

    return replace(loss, value=value)


def _with_mistaken_gradient(loss: Loss) -> Loss:
    @equation("da = -(y / a + (1 - y) / (1 - a))")
    def gradient(a: Array, y: Array, out: Array) -> None:
        with np.errstate(divide="ignore", invalid="ignore"):
            np.add(y / a, (1.0 - y) / (1.0 - a), out)
            np.negative(out, out)

    return replace(loss, gradient=gradient, output=None)


def _only(symbol: str, rewrite: Rewrite) -> Rewrite:
    """Rewrite the operations whose result has this symbol."""
    return lambda network, each: rewrite(network, each) if each.result.symbol == symbol else each


def _both(one: Rewrite, other: Rewrite) -> Rewrite:
    return lambda network, operation: other(network, one(network, operation))


def _never(network: Network, m: int) -> str:
    return ""


def _of_binary_cross_entropy(network: Network, m: int) -> str:
    if network.loss == "binary_cross_entropy":
        return ""
    return f"this mistake is one of binary_cross_entropy; the loss here is {network.loss}"


def _of_many_examples(network: Network, m: int) -> str:
    if m > 1:
        return ""
    return (
        "this mistake changes nothing with one example per batch; "
        "it needs a batch size of 2 or more"
    )


def _of_long_columns(network: Network, m: int) -> str:
    if max(network.sizes[:-1]) > 1:
        return _of_many_examples(network, m)
    return (
        "this mistake changes nothing if every a[l-1] has one row, because its reshape is its "
        "transpose; it needs 2 inputs or more, or 2 units or more in a layer before the last"
    )


def _of_wide_layers(network: Network, m: int) -> str:
    if any(min(before, n) > 1 for before, n in pairwise(network.sizes[1:])):
        return ""
    return (
        "this mistake changes nothing if every W[l] after the first has one row or one column, "
        "because its reshape is its transpose; it needs two consecutive layers of 2 units "
        "or more"
    )


_RIGHT_DW, _RIGHT_DB = "dW[l] = (1/m) dz[l] · a[l-1]ᵀ", "db[l] = (1/m) Σᵢ dz[l]⁽ⁱ⁾"

_TABLE = (
    Mistake(
        "loss",
        "loss = −y log a + (1−y) log(1−a)",
        "loss = −( y log a + (1−y) log(1−a) )",
        "The minus acts on the first term of the loss only.",
        _of_binary_cross_entropy,
        _only("J", _mistaken_cost),
        _with_mistaken_value,
    ),
    Mistake(
        "output_gradient",
        "da[L] = −( y/a + (1−y)/(1−a) )",
        "da[L] = −y/a + (1−y)/(1−a)",
        "The minus acts on both terms of da[L]; dz[L] is computed from it by the chain rule, "
        "because the short form, a[L] − y, does not use it.",
        _of_binary_cross_entropy,
        _mistaken_output_gradient,
        _with_mistaken_gradient,
    ),
    Mistake(
        "weight_gradient",
        "dW[l] = dz[l] a[l-1]",
        _RIGHT_DW,
        "Neither 1/m nor the transpose of a[l-1] is in dW[l].",
        _of_many_examples,
        _weight_gradient(means=0, transposed=False, what="neither 1/m nor the transpose is there"),
    ),
    Mistake(
        "bias_gradient",
        "db[l] = dz[l]⁽ⁱ⁾",
        _RIGHT_DB,
        "db[l] is the error of one example, the first of the batch, and not the mean over all.",
        _of_many_examples,
        _only("db", _one_example),
    ),
    Mistake(
        "back_transpose",
        "da[l-1] = W[l] dz[l]",
        "da[l-1] = W[l]ᵀ · dz[l]",
        "W[l] is not transposed on the way back.",
        _of_wide_layers,
        _only("da", _back_untransposed),
    ),
    Mistake(
        "no_mean",
        "dW[l] = dz[l] · a[l-1]ᵀ, db[l] = Σᵢ dz[l]⁽ⁱ⁾",
        f"{_RIGHT_DW}, {_RIGHT_DB}",
        "1/m is forgotten in dW[l] and db[l]: they grow with the batch.",
        _of_many_examples,
        _both(
            _weight_gradient(means=0, transposed=True, what="1/m is forgotten"),
            _bias_gradient(means=0, what="1/m is forgotten"),
        ),
    ),
    Mistake(
        "mean_twice",
        "dW[l] = (1/m) (1/m) dz[l] · a[l-1]ᵀ, db[l] = (1/m) (1/m) Σᵢ dz[l]⁽ⁱ⁾",
        f"{_RIGHT_DW}, {_RIGHT_DB}",
        "1/m is in dW[l] and db[l] twice: they shrink with the batch.",
        _of_many_examples,
        _both(
            _weight_gradient(means=2, transposed=True, what="1/m is there twice"),
            _bias_gradient(means=2, what="1/m is there twice"),
        ),
    ),
    Mistake(
        "transpose",
        "dW[l] = (1/m) dz[l] · a[l-1]",
        _RIGHT_DW,
        "a[l-1] is not transposed in dW[l].",
        _of_long_columns,
        _weight_gradient(means=1, transposed=False, what="the transpose is forgotten"),
    ),
    Mistake(
        "bias_twice",
        "b[l] is changed twice by its gradient",
        "b[l] is changed once by its gradient",
        "The rule of the optimiser is applied to every b[l] twice in one update.",
        _never,
        bias_twice=True,
    ),
)

MISTAKES: dict[str, Mistake] = {mistake.name: mistake for mistake in _TABLE}
"""Every mistake by its name, the five errata of the notes first."""
