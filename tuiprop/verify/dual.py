"""Dual numbers, which carry the derivative of a formula along with its value.

f(x + ε v) = f(x) + ε f′(x) v, where ε² = 0: forward differentiation (Griewank and Walther,
*Evaluating Derivatives*, 2nd ed., 3.1). The derivative is exact but for rounding: no step size is
chosen and nothing cancels, as with the complex step (Squire and Trapp, 1998), which agrees with it
to the last digits but underflows where a slope is small. Only the derivatives of + - * / and of
the elementary functions are known here, so the slope of a formula does not depend on its g′.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]

_NO_SLOPE = np.zeros(())


@dataclass(frozen=True, eq=False)
class Dual:
    """Values, each with its derivative along a direction.

    Examples are columns: Σ and max run over the last axis but one. A slope may have one more axis
    before it, for its directions.
    """

    value: Numbers
    slope: Numbers
    side: float = -1.0
    """The side from which a kink is approached: −1 against the direction, 1 along it."""

    __array_ufunc__ = None

    def lift(self, other: "Dual | ArrayLike") -> "Dual":
        """The other operand; a constant has the slope 0."""
        if isinstance(other, Dual):
            return other
        return Dual(np.asarray(other, np.float64), _NO_SLOPE, self.side)

    def chain(self, value: Numbers, derivative: Numbers | float) -> "Dual":
        """A function of this: its value, and by the chain rule its slope; 0 times ∞ counts as 0."""
        slope = np.where(np.equal(derivative, 0.0), 0.0, self.slope * derivative)
        return Dual(value, slope, self.side)

    def __add__(self, other: "Dual | float") -> "Dual":
        x = self.lift(other)
        return Dual(self.value + x.value, self.slope + x.slope, self.side)

    def __radd__(self, other: float) -> "Dual":
        return self + other

    def __neg__(self) -> "Dual":
        return Dual(-self.value, -self.slope, self.side)

    def __sub__(self, other: "Dual | float") -> "Dual":
        return self + -self.lift(other)

    def __rsub__(self, other: float) -> "Dual":
        return self.lift(other) + -self

    def __mul__(self, other: "Dual | float") -> "Dual":
        x = self.lift(other)
        slope = self.slope * x.value + self.value * x.slope
        return Dual(self.value * x.value, slope, self.side)

    def __rmul__(self, other: float) -> "Dual":
        return self * other

    def __truediv__(self, other: "Dual | float") -> "Dual":
        x = self.lift(other)
        quotient = self.value / x.value
        # where exp(−z) overflows, 1/(1 + exp(−z)) and its slope are 0
        of_denominator = np.where(quotient == 0.0, 0.0, quotient * (x.slope / x.value))
        return Dual(quotient, self.slope / x.value - of_denominator, self.side)

    def __rtruediv__(self, other: float) -> "Dual":
        return self.lift(other) / self

    def __pow__(self, exponent: int) -> "Dual":
        power = self
        for _ in range(exponent - 1):
            power = power * self
        return power

    def __gt__(self, other: "Dual | float") -> NDArray[np.bool_]:
        """True where this is larger; where both are equal, on the chosen side of the kink."""
        difference = self - other
        beside = (difference.value == 0.0) & (self.side * difference.slope > 0.0)
        return np.asarray((difference.value > 0.0) | beside)

    def sum(self) -> "Dual":
        """Σ over the units, whose axis keeps one entry."""
        value = self.value.sum(axis=-2, keepdims=True)
        return Dual(value, self.slope.sum(axis=-2, keepdims=True), self.side)

    def max(self, other: "Dual | float | None" = None) -> "Dual":
        """The larger of this and another number, or the largest of the units."""
        if other is not None:
            return _where(self > other, self, self.lift(other))
        largest = self.value.argmax(axis=-2)[None, :]
        slope = np.broadcast_to(self.slope, (*self.slope.shape[:-2], *self.value.shape))
        index = np.broadcast_to(largest, (*slope.shape[:-2], *largest.shape))
        return Dual(
            np.take_along_axis(self.value, largest, -2),
            np.take_along_axis(slope, index, -2),
            self.side,
        )


def _where(test: NDArray[np.bool_], x: Dual | float, y: Dual | float) -> Dual:
    some = x if isinstance(x, Dual) else y
    assert isinstance(some, Dual)
    one, other = some.lift(x), some.lift(y)
    value = np.where(test, one.value, other.value)
    return Dual(value, np.where(test, one.slope, other.slope), some.side)


def _exp(x: Dual) -> Dual:
    value = np.exp(x.value)
    return x.chain(value, value)


def _tanh(x: Dual) -> Dual:
    value = np.tanh(x.value)
    return x.chain(value, 1.0 - value**2)


def _abs(x: Dual) -> Dual:
    return _where(x > 0.0, x, -x)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": _exp,
    "expm1": lambda x: x.chain(np.expm1(x.value), np.exp(x.value)),
    "log": lambda x: x.chain(np.log(x.value), 1.0 / x.value),
    "log1p": lambda x: x.chain(np.log1p(x.value), 1.0 / (1.0 + x.value)),
    "tanh": _tanh,
    "sqrt": lambda x: x.chain(np.sqrt(x.value), 0.5 / np.sqrt(x.value)),
    "abs": _abs,
    "sign": lambda x: x.chain(np.sign(x.value), 0.0),
    "max": Dual.max,
    "min": lambda x, y: -(-x).max(-x.lift(y)),
    "Σ": Dual.sum,
    "where": _where,
}
"""The functions that a formula may call, and the choice between two values."""
