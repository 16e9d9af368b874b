"""The update audit: parameters and optimiser state after an update, recomputed from those before.

The rules are written a second time, straight from the algorithm boxes in the documentation of
`torch.optim`, in float64 and without `core.optimizer`, so that the audit finds an error there.
The program's number may differ by the rounding errors on both sides, for which every number has a
bound (see `explain.error_bounds`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.array import Array
from tuiprop.core.network import Network, Parameters
from tuiprop.explain.error_bounds import Precision, Rounded
from tuiprop.update.arrays import ArrayRef, parameter_refs
from tuiprop.update.record import parameter_of


@dataclass(frozen=True)
class ArrayAudit:
    """The audit of one array."""

    array: ArrayRef
    """A parameter, or optimiser state of one."""
    worst: float
    """The largest |new − audit| as a share of its bound; infinite if only one of the two is a
    number."""
    cell: tuple[int, int]
    """The cell of that difference: (row, column), counted from 0."""

    @property
    def ok(self) -> bool:
        """True if no cell differs by more than its bound."""
        return self.worst <= 1.0


@dataclass(frozen=True)
class Audit:
    """The audit of one update."""

    arrays: tuple[ArrayAudit, ...]
    """W[1], b[1], W[2], …, and then the optimiser state in the same order."""

    @property
    def passed(self) -> bool:
        """True if every array agrees with the rule."""
        return all(array.ok for array in self.arrays)


def audit(
    network: Network,
    optimizer: str,
    learning_rate: float,
    options: Mapping[str, float | tuple[float, float]] | None,
    t: int,
    before: Array,
    gradient: Array,
    after: Array,
) -> Audit:
    """Recompute update t and compare.

    Args:
        network: the network.
        optimizer: the name of its rule.
        learning_rate: α.
        options: the options that differ from PyTorch's defaults.
        t: the number of the update, counted from 1.
        before: θ and the optimiser state before it, (1 + S, P).
        gradient: dW and db of its batch, (P,).
        after: θ and the optimiser state after it, (1 + S, P); its dtype is that of the run.
    """
    rule = RULES[optimizer]
    precision = Precision.of(after.dtype)
    theta, *state = (Rounded.exact(vector, precision) for vector in before)
    with np.errstate(all="ignore"):
        new = rule.update(
            _Given(
                theta,
                Rounded.exact(gradient, precision),
                tuple(state),
                t,
                learning_rate,
                {**rule.options, **(options or {})},
            )
        )
        shares = [
            Parameters(network, _share(found, right))
            for found, right in zip(after, new, strict=True)
        ]
    return Audit(
        tuple(
            _worst(ArrayRef(each.symbol, each.layer, name), parameter_of(share, each))
            for name, share in zip(("", *rule.state_names), shares, strict=True)
            for each in parameter_refs(network.L)
        )
    )


def _share(found: Array, right: Rounded) -> NDArray[np.float64]:
    """|new − audit| as a share of its bound, cell by cell."""
    share = np.abs(found.astype(np.float64) - right.value) / right.error
    share[np.isnan(share)] = np.inf
    same = (found == right.value) | (np.isnan(found) & np.isnan(right.value))
    share[same | np.isinf(right.error)] = 0.0
    return share


def _worst(array: ArrayRef, share: Array) -> ArrayAudit:
    row, column = np.unravel_index(int(share.argmax()), share.shape)
    return ArrayAudit(array, float(share[row, column]), (int(row), int(column)))


@dataclass(frozen=True)
class _Given:
    """The inputs of a rule, by the names of the algorithm boxes."""

    theta: Rounded
    gradient: Rounded
    state: tuple[Rounded, ...]
    t: int
    lr: float
    options: Mapping[str, float | tuple[float, float]]

    def __getitem__(self, name: str) -> float:
        """An option that is a single number."""
        value = self.options[name]
        assert isinstance(value, int | float)
        return float(value)

    @property
    def betas(self) -> tuple[float, float]:
        betas = self.options["betas"]
        assert isinstance(betas, tuple | list)
        return float(betas[0]), float(betas[1])

    @property
    def shrunk(self) -> Rounded:
        """θ after a decay that is decoupled from the gradient."""
        return (self.theta - self.lr * self["weight_decay"] * self.theta).regrouped()

    @property
    def decayed(self) -> Rounded:
        """The gradient plus λ θ, if there is a weight decay."""
        if not self["weight_decay"]:
            return self.gradient
        return self.gradient + self["weight_decay"] * self.theta


def _quotient(lr: float, numerator: Rounded, squares: Rounded, eps: float) -> Rounded:
    """γ numerator / (√squares + ε)."""
    return (lr * numerator / (squares.root() + eps)).regrouped()


def _sgd(x: _Given) -> tuple[Rounded, ...]:
    return (x.theta - x.lr * x.decayed,)


def _momentum(x: _Given) -> tuple[Rounded, ...]:
    b = x["momentum"] * x.state[0] + x.decayed
    return x.theta - x.lr * b, b


def _nesterov(x: _Given) -> tuple[Rounded, ...]:
    g = x.decayed
    b = x["momentum"] * x.state[0] + g
    return x.theta - x.lr * (g + x["momentum"] * b), b


def _adagrad(x: _Given) -> tuple[Rounded, ...]:
    g = x.decayed
    total = x.state[0] + g**2
    return x.theta - _quotient(x.lr, g, total, x["eps"]), total


def _rmsprop(x: _Given) -> tuple[Rounded, ...]:
    g, alpha = x.decayed, x["alpha"]
    v = alpha * x.state[0] + (1.0 - alpha) * g**2
    return x.theta - _quotient(x.lr, g, v, x["eps"]), v


def _adam_from(x: _Given, theta: Rounded, g: Rounded) -> tuple[Rounded, ...]:
    (beta1, beta2), (m, v) = x.betas, x.state
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g**2
    # 1 − βᵗ cancels for small t: PyTorch uses this float64 number, not a more accurate one
    m_hat, v_hat = m / (1.0 - beta1**x.t), v / (1.0 - beta2**x.t)
    return theta - _quotient(x.lr, m_hat, v_hat, x["eps"]), m, v


def _adam(x: _Given) -> tuple[Rounded, ...]:
    return _adam_from(x, x.theta, x.decayed)


def _adamw(x: _Given) -> tuple[Rounded, ...]:
    return _adam_from(x, x.shrunk, x.gradient)


def _adamax(x: _Given) -> tuple[Rounded, ...]:
    (beta1, beta2), (m, u), g = x.betas, x.state, x.decayed
    m = beta1 * m + (1.0 - beta1) * g
    u = (beta2 * u).max(abs(g) + x["eps"])
    return x.theta - (x.lr / (1.0 - beta1**x.t) * m / u).regrouped(), m, u


def _lion(x: _Given) -> tuple[Rounded, ...]:
    (beta1, beta2), (m,), g = x.betas, x.state, x.gradient
    c = beta1 * m + (1.0 - beta1) * g
    return x.shrunk - x.lr * c.sign(), beta2 * m + (1.0 - beta2) * g


@dataclass(frozen=True)
class Rule:
    """The rule of one optimiser, as PyTorch documents it."""

    update: Callable[[_Given], tuple[Rounded, ...]]
    """The function from these inputs to θ and the optimiser state after the update."""
    state_names: tuple[str, ...] = ()
    options: Mapping[str, float | tuple[float, float]] = field(
        default_factory=lambda: {"weight_decay": 0.0}
    )
    """PyTorch's defaults."""


_MOMENTUM = {"momentum": 0.9, "weight_decay": 0.0}
_ADAM: dict[str, float | tuple[float, float]] = {"betas": (0.9, 0.999), "eps": 1e-8}

RULES: dict[str, Rule] = {
    "sgd": Rule(_sgd),
    "momentum": Rule(_momentum, ("v",), _MOMENTUM),
    "nesterov": Rule(_nesterov, ("v",), _MOMENTUM),
    "adagrad": Rule(_adagrad, ("s",), {"eps": 1e-10, "weight_decay": 0.0}),
    "rmsprop": Rule(_rmsprop, ("s",), {"alpha": 0.99, "eps": 1e-8, "weight_decay": 0.0}),
    "adam": Rule(_adam, ("m", "v"), {**_ADAM, "weight_decay": 0.0}),
    "adamw": Rule(_adamw, ("m", "v"), {**_ADAM, "weight_decay": 0.01}),
    "adamax": Rule(_adamax, ("m", "u"), {**_ADAM, "weight_decay": 0.0}),
    "lion": Rule(_lion, ("m",), {"betas": (0.9, 0.99), "weight_decay": 0.0}),
}
"""The rules by the name of the optimiser."""
