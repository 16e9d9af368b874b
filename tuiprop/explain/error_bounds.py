"""Numbers that carry a bound of their rounding error.

Running error analysis (Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., 3.3):
every operation propagates the errors of its operands and adds u |result|, where u is the unit
roundoff. The value is computed in float64 from the recorded operands. The bound holds for its
difference from the number that the run computed from the same operands in its own dtype.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Numbers: TypeAlias = NDArray[np.float64]

FUNCTION_ROUNDINGS = 8
"""NumPy's exp, log, tanh and similar functions are accurate to 4 units in the last place, 8 u."""

SATURATED = 40.0
"""The |x| from which on tanh(x) is exactly ±1 in float32 and float64, without any rounding."""

SPARE_ROUNDINGS = 4
"""The most additional roundings in code that groups a formula differently."""


@dataclass(frozen=True)
class Precision:
    """The parameters of rounding in a dtype."""

    dtype: np.dtype[Any]
    unit: float
    """The sum of u of that dtype and u of float64, in which the value is computed."""
    smallest: float
    """The smallest positive number, which bounds the error of underflow."""
    smallest_normal: float
    largest: float

    @classmethod
    def of(cls, dtype: DTypeLike) -> "Precision":
        """The precision of float64 or float32."""
        limits = np.finfo(dtype)
        return cls(
            np.dtype(dtype),
            (float(limits.eps) + float(np.finfo(np.float64).eps)) / 2,
            float(limits.smallest_subnormal),
            float(limits.smallest_normal),
            float(limits.max),
        )


@dataclass(frozen=True, eq=False)
class Rounded:
    """Values in float64, each with a bound of its error.

    A Python number in an operation is a constant: computed in float64, then rounded to the dtype.
    """

    value: Numbers
    error: Numbers
    precision: Precision

    __array_ufunc__ = None

    @classmethod
    def exact(cls, numbers: ArrayLike, precision: Precision) -> "Rounded":
        """Recorded numbers, which have no error."""
        value = np.asarray(numbers, np.float64)
        return cls(value, np.zeros_like(value), precision)

    def result(
        self, value: ArrayLike, error: Numbers | float, *others: "Rounded", roundings: int = 1
    ) -> "Rounded":
        """The result of an operation on this and others, with their propagated `error`.

        A number above the largest of the dtype is infinite. If its operands are finite, the bound
        is infinite too, because the order of computation decides whether the code overflows. The
        result of recorded infinities is certain.
        """
        p = self.precision
        v = np.asarray(value, np.float64)
        sizes = np.abs(v)
        bound = sizes * (roundings * p.unit) + error
        if sizes.max(initial=0.0) <= p.largest and bound.max(initial=0.0) < np.inf:
            return Rounded(v, bound, p)
        v = np.where(sizes > p.largest, np.copysign(np.inf, v), v)
        # 0 · ∞ counts as 0: an uncertain operand does not affect exp(−∞) or 1/∞
        errors = np.nan_to_num(error, nan=0.0, posinf=np.inf)
        bound = errors + roundings * p.unit * np.abs(v)
        overflows, doubtful = np.isfinite(self.value), np.isinf(self.error)
        for other in others:
            overflows = overflows & np.isfinite(other.value)
            doubtful = doubtful | np.isinf(other.error)
        beyond = np.where(overflows | doubtful, np.inf, 0.0)
        return Rounded(v, np.where(np.isfinite(v), bound, beyond), p)

    def regrouped(self) -> "Rounded":
        """The same value with a bound for code that groups its operations differently."""
        spare = SPARE_ROUNDINGS * self.precision.unit * np.abs(self.value)
        return Rounded(
            self.value, self.error + np.where(np.isfinite(spare), spare, 0.0), self.precision
        )

    def lift(self, other: "Rounded | float") -> "Rounded":
        """The other operand; a constant gets the error of its rounding to the dtype."""
        if isinstance(other, Rounded):
            return other
        value = np.asarray(other, np.float64)
        rounded = value.astype(self.precision.dtype)
        return Rounded(value, np.abs(rounded - value), self.precision)

    def __add__(self, other: "Rounded | float") -> "Rounded":
        x = self.lift(other)
        return self.result(self.value + x.value, self.error + x.error, x)

    def __radd__(self, other: float) -> "Rounded":
        return self + other

    def __neg__(self) -> "Rounded":
        return Rounded(-self.value, self.error, self.precision)

    def __sub__(self, other: "Rounded | float") -> "Rounded":
        return self + -self.lift(other)

    def __rsub__(self, other: float) -> "Rounded":
        return self.lift(other) + -self

    def __mul__(self, other: "Rounded | float") -> "Rounded":
        x = self.lift(other)
        error = self.error * (np.abs(x.value) + x.error) + self.precision.smallest
        if x.error.any():
            error = error + np.abs(self.value) * x.error
        return self.result(self.value * x.value, error, x)

    def __rmul__(self, other: float) -> "Rounded":
        return self * other

    def __truediv__(self, other: "Rounded | float") -> "Rounded":
        x = self.lift(other)
        quotient = self.value / x.value
        least = np.maximum(np.abs(x.value) - x.error, 0.0)
        error = (self.error + np.abs(quotient) * x.error) / least + self.precision.smallest
        found = self.result(quotient, error, x)
        by_zero = (x.value == 0.0) & (x.error == 0.0)  # certainly infinite or not a number
        return Rounded(found.value, np.where(by_zero, self.error, found.error), self.precision)

    def __rtruediv__(self, other: float) -> "Rounded":
        return self.lift(other) / self

    def __pow__(self, exponent: int) -> "Rounded":
        power = self
        for _ in range(exponent - 1):
            power = power * self
        return power

    def __gt__(self, other: float) -> NDArray[np.bool_]:
        return np.asarray(self.value > other)

    def __matmul__(self, other: "Rounded") -> "Rounded":
        """The matrix product, with the sums in any order; see `sum`."""
        p, (n, sizes) = self.precision, (self.value.shape[1], np.abs(other.value))
        value, terms = self.value @ other.value, np.abs(self.value) @ sizes
        error = _gamma(n, p) * terms + n * p.smallest
        if self.error.any():
            error += self.error @ (sizes + other.error)
        if other.error.any():
            error += np.abs(self.value) @ other.error
        return Rounded(value, np.where(terms + error <= p.largest, error, np.inf), p)

    @property
    def T(self) -> "Rounded":
        """The transpose."""
        return Rounded(self.value.T, self.error.T, self.precision)

    def __getitem__(self, index: Any) -> "Rounded":
        return Rounded(self.value[index], self.error[index], self.precision)

    def root(self) -> "Rounded":
        """The square root: √x − √(x − e) is at most e/√x and at most √e."""
        root = np.sqrt(self.value)
        if not self.error.any():
            return self.result(root, 0.0)
        return self.result(root, self.error / np.maximum(root, np.sqrt(self.error)))

    def __abs__(self) -> "Rounded":
        return Rounded(np.abs(self.value), self.error, self.precision)

    def max(self, other: "Rounded | float | None" = None) -> "Rounded":
        """The larger of this and another number, or the maximum over the first axis."""
        if other is None:
            return Rounded(self.value.max(axis=0), self.error.max(axis=0), self.precision)
        x = self.lift(other)
        larger = np.maximum(self.value, x.value)
        return Rounded(larger, np.maximum(self.error, x.error), self.precision)

    def min(self, other: "Rounded | float") -> "Rounded":
        """The smaller of this and another number."""
        return -(-self).max(-self.lift(other))

    def sign(self) -> "Rounded":
        """The sign, which is certain unless 0 lies within the bound."""
        doubtful = (np.abs(self.value) <= self.error) & (self.error > 0.0)
        return Rounded(np.sign(self.value), np.where(doubtful, 2.0, 0.0), self.precision)

    def sum(self) -> "Rounded":
        """Σ over the first axis, in any order: γₙ Σ|terms| (Higham, 4.2).

        γₙ = n u / (1 − n u). n − 1 additions need γₙ₋₁ only; the spare one is for a later
        operation. If the sum of absolute values overflows, the order decides the result
        and the bound is infinite.
        """
        p = self.precision
        total, sizes = self.value.sum(axis=0), np.abs(self.value).sum(axis=0)
        gamma = _gamma(len(self.value), p)
        certain = ~np.isfinite(self.value).all(axis=0) & ~np.isinf(self.error).any(axis=0)
        error = self.error.sum(axis=0) + gamma * sizes
        error = np.where(sizes <= p.largest, error, np.where(certain, 0.0, np.inf))
        total = np.where(np.abs(total) > p.largest, np.copysign(np.inf, total), total)
        return Rounded(total, error, p)


def _gamma(n: int, precision: Precision) -> float:
    """γₙ = n u / (1 − n u), which bounds the relative error of n additions."""
    nu = n * precision.unit
    return nu / (1.0 - nu) if nu < 1.0 else np.inf


def _where(test: NDArray[np.bool_], x: Rounded | float, y: Rounded | float) -> Any:
    """X where the test is true, and y elsewhere."""
    if not isinstance(x, Rounded) and not isinstance(y, Rounded):
        return np.where(test, x, y)
    some = x if isinstance(x, Rounded) else y
    assert isinstance(some, Rounded)
    one, other = some.lift(x), some.lift(y)
    value = np.where(test, one.value, other.value)
    return Rounded(value, np.where(test, one.error, other.error), some.precision)


def _exp(x: Rounded) -> Rounded:
    value = np.exp(x.value)
    error = value * np.expm1(x.error) + x.precision.smallest
    return x.result(value, error, roundings=FUNCTION_ROUNDINGS)


def _expm1(x: Rounded) -> Rounded:
    error = np.exp(x.value) * np.expm1(x.error)
    return x.result(np.expm1(x.value), error, roundings=FUNCTION_ROUNDINGS)


def _log(x: Rounded) -> Rounded:
    error = x.error / np.maximum(x.value - x.error, 0.0)
    return x.result(np.log(x.value), error, roundings=FUNCTION_ROUNDINGS)


def _log1p(x: Rounded) -> Rounded:
    error = x.error / np.maximum(1.0 + x.value - x.error, 0.0)
    return x.result(np.log1p(x.value), error, roundings=FUNCTION_ROUNDINGS)


def _tanh(x: Rounded) -> Rounded:
    nearest = np.maximum(np.abs(x.value) - x.error, 0.0)
    found = x.result(
        np.tanh(x.value), x.error * (1.0 - np.tanh(nearest) ** 2), roundings=FUNCTION_ROUNDINGS
    )
    return Rounded(found.value, np.where(nearest >= SATURATED, 0.0, found.error), x.precision)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": _exp,
    "expm1": _expm1,
    "log": _log,
    "log1p": _log1p,
    "tanh": _tanh,
    "sqrt": Rounded.root,
    "abs": abs,
    "sign": Rounded.sign,
    "max": Rounded.max,
    "min": Rounded.min,
    "Σ": Rounded.sum,
    "where": _where,
}
"""The functions that a formula may call, and the choice between two values."""
