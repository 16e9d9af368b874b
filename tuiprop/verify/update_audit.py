"""The update audit: every parameter and slot after an update, recomputed from those before.

The rules are written a second time, straight from the algorithm boxes in the documentation of
`torch.optim`, in float64 and with nothing of `core.optimizer`: what is wrong there is found here.

Every number carries its *size*, the sum of the magnitudes of the terms that it is the sum of, and
the program's number may differ by 4 ε size, where ε is that of the run's dtype. For W that is
4 ε (|W| + |ΔW|) and for a slot no more than 4 ε (|slot| + |Δslot|), with three things to add,
without which right code would at times be called wrong:

- terms of one ΔW count one by one, α |g| and α μ |v| of α (g + μ v): where they cancel, digits of
  them are lost that the small ΔW does not show; so with g + λ W, and what is made of it;
- where ΔW is a quotient, its numerator and its denominator count, 4 ε (|W| + 2 |ΔW|): Adam
  rounds a dozen times on the way, and where W is 0 that is more than 4 ε |ΔW| once in many million;
- the smallest normal number counts as a term: below it, as in slots that fade for want of a
  gradient, numbers have fewer digits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.array import Array
from tuiprop.core.network import Network, Parameters

ROUNDINGS = 4.0
"""A number may differ by so many ε of its size."""


@dataclass(frozen=True)
class ArrayAudit:
    """The audit of one array."""

    name: str
    """"W[2]", "b[1]", "v of W[2]", …"""
    worst: float
    """The largest |new − audit| as a share of what is allowed there; infinite where only one of
    the two is a number."""
    cell: tuple[int, int]
    """Where that is: (row, column), counted from 0."""

    @property
    def ok(self) -> bool:
        """No cell differs by more than is allowed."""
        return self.worst <= 1.0


@dataclass(frozen=True)
class Audit:
    """The audit of one update."""

    arrays: tuple[ArrayAudit, ...]
    """W[1], b[1], W[2], …, and then each slot in the same order."""

    @property
    def passed(self) -> bool:
        """Every array is what the rule makes it."""
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
        options: those that differ from PyTorch's defaults.
        t: the number of the update, counted from 1.
        before: θ and the slots of the optimiser before it, (1 + slots, P).
        gradient: dW and db of its batch, (P,).
        after: θ and the slots after it, (1 + slots, P); its dtype is that of the run.
    """
    rule = RULES[optimizer]
    precision = np.finfo(after.dtype)
    theta, *slots = (_Sum.of(vector, precision) for vector in before)
    with np.errstate(all="ignore"):
        new = rule.update(
            _Given(
                theta,
                _Sum.of(gradient, precision),
                tuple(slots),
                t,
                learning_rate,
                {**rule.options, **(options or {})},
            )
        )
        shares = [_share(found, right) for found, right in zip(after, new, strict=True)]
    return Audit(
        tuple(
            _worst(f"{slot} of {name}" if slot else name, array)
            for slot, share in zip(("", *rule.slots), shares, strict=True)
            for name, array in _arrays(network, share)
        )
    )


def _share(found: Array, right: "_Sum") -> NDArray[np.float64]:
    """|new − audit| as a share of what is allowed, cell by cell."""
    # a result below the normal numbers is rounded by ε of the smallest of them
    smallest = float(np.finfo(found.dtype).smallest_normal)
    allowed = right.tolerance * (right.size + smallest)
    share = np.abs(found.astype(np.float64) - right.number) / allowed
    share[~np.isfinite(share)] = np.inf
    # what overflows the run's dtype is infinite there, and what was no number stays none
    rounded = right.number.astype(found.dtype)
    share[(found == rounded) | (np.isnan(found) & np.isnan(rounded))] = 0.0
    return share


def _arrays(network: Network, vector: NDArray[np.float64]) -> list[tuple[str, Array]]:
    parameters = Parameters(network, vector)
    return [
        (f"{symbol}[{l}]", views[l])
        for l in parameters.W
        for symbol, views in (("W", parameters.W), ("b", parameters.b))
    ]


def _worst(name: str, share: Array) -> ArrayAudit:
    row, column = np.unravel_index(int(share.argmax()), share.shape)
    return ArrayAudit(name, float(share[row, column]), (int(row), int(column)))


@dataclass(frozen=True)
class _Sum:
    """A vector in float64, and the size of each of its numbers."""

    number: NDArray[np.float64]
    size: NDArray[np.float64]
    tolerance: float
    """4 ε: the share of its size by which a number may differ."""

    @classmethod
    def of(cls, vector: Array, precision: "np.finfo[np.floating]") -> "_Sum":
        """A vector as it is given; a product with it loses ε of the smallest normal number."""
        number = vector.astype(np.float64)
        size = np.abs(number) + float(precision.smallest_normal)
        return cls(number, size, ROUNDINGS * float(precision.eps))

    @property
    def excess(self) -> NDArray[np.float64]:
        """What the size is more than the number: large where terms cancel."""
        return self.size - np.abs(self.number)

    def __add__(self, other: "_Sum") -> "_Sum":
        return _Sum(self.number + other.number, self.size + other.size, self.tolerance)

    def __sub__(self, other: "_Sum") -> "_Sum":
        return self + -1.0 * other

    def __rmul__(self, factor: float) -> "_Sum":
        return _Sum(factor * self.number, abs(factor) * self.size, self.tolerance)

    def __truediv__(self, other: "_Sum | float") -> "_Sum":
        """By what is positive; where that has been computed too, both may differ."""
        if isinstance(other, float):
            return _Sum(self.number / other, self.size / other, self.tolerance)
        quotient = self.number / other.number
        size = (self.size + np.abs(quotient) * other.size) / other.number
        return _Sum(quotient, size, self.tolerance)

    def squared(self) -> "_Sum":
        """(x + d)² = x² + 2 x d + d²."""
        x, d = np.abs(self.number), self.excess
        return _Sum(x * x, x * x + 2.0 * x * d + self.tolerance * d * d, self.tolerance)

    def sign(self) -> "_Sum":
        """The sign; where 0 lies within the tolerance, any sign may have been computed."""
        sign = np.sign(self.number)
        doubtful = (np.abs(self.number) <= self.tolerance * self.size) & (self.number != 0.0)
        return _Sum(sign, np.where(doubtful, 2.0 / self.tolerance, np.abs(sign)), self.tolerance)

    def root(self, eps: float) -> "_Sum":
        """√x + eps; √(x + d) − √x is at most d / 2√x, and at most √d."""
        root, d = np.sqrt(self.number), self.excess
        excess = np.fmin(0.5 * d / root, np.sqrt(d / self.tolerance))
        return _Sum(root + eps, root + eps + excess, self.tolerance)


@dataclass(frozen=True)
class _Given:
    """What a rule starts from, by the names of the algorithm boxes."""

    theta: _Sum
    gradient: _Sum
    slots: tuple[_Sum, ...]
    t: int
    lr: float
    options: Mapping[str, float | tuple[float, float]]

    def __getitem__(self, name: str) -> float:
        """An option that is one number."""
        value = self.options[name]
        assert isinstance(value, int | float)
        return float(value)

    @property
    def betas(self) -> tuple[float, float]:
        betas = self.options["betas"]
        assert isinstance(betas, tuple | list)
        return float(betas[0]), float(betas[1])

    @property
    def decayed(self) -> _Sum:
        """The gradient with λ θ, where there is a decay."""
        if not self["weight_decay"]:
            return self.gradient
        return self.gradient + self["weight_decay"] * self.theta


def _sgd(x: _Given) -> tuple[_Sum, ...]:
    return (x.theta - x.lr * x.decayed,)


def _momentum(x: _Given) -> tuple[_Sum, ...]:
    b = x["momentum"] * x.slots[0] + x.decayed
    return x.theta - x.lr * b, b


def _nesterov(x: _Given) -> tuple[_Sum, ...]:
    g = x.decayed
    b = x["momentum"] * x.slots[0] + g
    return x.theta - x.lr * (g + x["momentum"] * b), b


def _adagrad(x: _Given) -> tuple[_Sum, ...]:
    g = x.decayed
    total = x.slots[0] + g.squared()
    return x.theta - x.lr * g / total.root(x["eps"]), total


def _rmsprop(x: _Given) -> tuple[_Sum, ...]:
    g, alpha = x.decayed, x["alpha"]
    v = alpha * x.slots[0] + (1.0 - alpha) * g.squared()
    return x.theta - x.lr * g / v.root(x["eps"]), v


def _adam_from(x: _Given, theta: _Sum, g: _Sum) -> tuple[_Sum, ...]:
    (beta1, beta2), (m, v) = x.betas, x.slots
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g.squared()
    # 1 − βᵗ cancels for small t: it is the float64 number that PyTorch takes, not a better one
    m_hat, v_hat = m / (1.0 - beta1**x.t), v / (1.0 - beta2**x.t)
    return theta - x.lr * m_hat / v_hat.root(x["eps"]), m, v


def _adam(x: _Given) -> tuple[_Sum, ...]:
    return _adam_from(x, x.theta, x.decayed)


def _adamw(x: _Given) -> tuple[_Sum, ...]:
    return _adam_from(x, x.theta - x.lr * x["weight_decay"] * x.theta, x.gradient)


def _lion(x: _Given) -> tuple[_Sum, ...]:
    (beta1, beta2), (m,), g = x.betas, x.slots, x.gradient
    theta = x.theta - x.lr * x["weight_decay"] * x.theta
    c = beta1 * m + (1.0 - beta1) * g
    return theta - x.lr * c.sign(), beta2 * m + (1.0 - beta2) * g


@dataclass(frozen=True)
class Rule:
    """The rule of one optimiser, as PyTorch documents it."""

    update: Callable[[_Given], tuple[_Sum, ...]]
    """From what it starts from to θ and the slots after it."""
    slots: tuple[str, ...] = ()
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
    "lion": Rule(_lion, ("m",), {"betas": (0.9, 0.99), "weight_decay": 0.0}),
}
"""The rules by the name of the optimiser."""
