"""The result of a gradient check, for each array of an update."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.array import Array
from tuiprop.update.arrays import ArrayRef

MEANINGFUL = 1e-2
"""The largest bound with which an array is called right, as a share of its largest number."""


class Verdict(Enum):
    """The result of the check of one array: right, wrong, or the reason it cannot be checked."""

    RIGHT = "right"
    WRONG = "wrong"
    ROUNDING = "rounding dominates"
    UNDERFLOW = "below the smallest normal number"
    NOT_FINITE = "not finite"

    @property
    def is_known(self) -> bool:
        """True if the array is known to be right or wrong."""
        return self in (Verdict.RIGHT, Verdict.WRONG)

    @property
    def text(self) -> str:
        """The verdict in words, such as "right", or "cannot be checked: rounding dominates"."""
        return self.value if self.is_known else f"cannot be checked: {self.value}"


@dataclass(frozen=True)
class ArrayCheck:
    """The check of one array: the numbers of the run against those expected."""

    array: ArrayRef
    verdict: Verdict
    compared: int
    """The number of cells that were compared: those whose expected number is finite."""
    of: int
    """The number of all cells."""
    relative_error: float
    """The largest |found − expected|, as a share of the largest |expected|."""
    bound: float
    """The largest bound of a difference that rounding explains, as the same share."""
    cell: tuple[int, int]
    """The row and column, from 0, of the cell with the largest |found − expected| / bound."""
    ratio: float | None = None
    """Found / expected, if an array that is wrong has the same ratio in every cell."""

    @property
    def is_gradient(self) -> bool:
        """True for dW and db."""
        return self.array.symbol in ("dW", "db")


def compare(
    array: ArrayRef,
    found: Array,
    expected: NDArray[np.float64],
    error: NDArray[np.float64],
    *,
    finite_only: bool = False,
) -> ArrayCheck:
    """Compare an array of the run with the expected one.

    Args:
        array: the array.
        found: its numbers in the run, in the dtype of the run.
        expected: the same in float64.
        error: a bound of |found − expected| for each cell; ∞ where nothing can be said.
        finite_only: leave out the cells of which nothing can be said, instead of calling the
            array unchecked.
    """
    compared = np.isfinite(expected + error)
    of, of_compared = compared.size, int(np.count_nonzero(compared))
    difference = np.abs(found.astype(np.float64) - expected)
    if of_compared < of:
        difference, error = np.where(compared, difference, 0.0), np.where(compared, error, 0.0)
        expected = np.where(compared, expected, 0.0)
    smallest = float(np.finfo(found.dtype).smallest_normal)
    share = difference / (error + smallest)
    share[np.isnan(share)] = np.inf  # the run has no number where there is one
    row, column = divmod(int(share.argmax()), share.shape[1])
    size, bound = float(np.abs(expected).max()), float(error.max())
    worst = float(difference.max())
    worst = np.inf if np.isnan(worst) else worst
    if share[row, column] > 1.0:
        verdict = Verdict.WRONG
    elif of_compared < of and not (finite_only and of_compared):
        verdict = Verdict.NOT_FINITE
    elif size == worst == 0.0:
        verdict = Verdict.RIGHT
    elif size < smallest:
        verdict = Verdict.UNDERFLOW
    else:
        verdict = Verdict.RIGHT if bound <= MEANINGFUL * size else Verdict.ROUNDING
    if size == 0.0:
        worst, bound = (0.0 if worst == 0.0 else np.inf), 0.0
    else:
        worst, bound = worst / size, bound / size
    cell = row, column
    is_wrong_array = verdict is Verdict.WRONG and not array.is_number
    ratio = _ratio(found, expected, error) if is_wrong_array else None
    return ArrayCheck(array, verdict, of_compared, of, worst, bound, cell, ratio)


def _ratio(found: Array, expected: NDArray[np.float64], error: NDArray[np.float64]) -> float | None:
    """Found / expected, if it is the same in every cell up to rounding."""
    largest = np.unravel_index(int(np.abs(expected).argmax()), expected.shape)
    if not expected[largest]:
        return None
    ratio = float(found[largest] / expected[largest])
    allowed = (1.0 + abs(ratio)) * (error + float(np.finfo(found.dtype).eps) * np.abs(expected))
    fits = np.abs(found - ratio * expected) <= 2.0 * allowed
    return ratio if bool(fits.all()) else None


@dataclass(frozen=True)
class LayerCheck:
    """The checks of the arrays of a layer as one."""

    verdict: Verdict
    """WRONG if one of them is, RIGHT if all are; else the reason one cannot be checked."""
    worst: float
    """The largest relative error of the gradients that could be checked."""
    wrong: tuple[str, ...]
    """The names of the wrong arrays, such as "dW[2]"."""

    @property
    def text(self) -> str:
        """A short text: "✓ 3e-16", "✗ dW[2]", "✗ dW[2], db[2]", or the reason for no verdict."""
        if self.verdict is Verdict.WRONG:
            return f"✗ {', '.join(self.wrong)}"
        figure = f"{self.worst:.0e}" if self.worst else "0"
        return f"✓ {figure}" if self.verdict is Verdict.RIGHT else self.verdict.value


@dataclass(frozen=True)
class GradientCheck:
    """The checks of all arrays of an update, on one batch or on several."""

    checks: Sequence[ArrayCheck]
    """z[1], a[1], …, J, da[L], dz[L], dW[L], db[L], …, in the order of the update."""

    @property
    def arrays(self) -> tuple[ArrayCheck, ...]:
        """The checks of dW[1], db[1], dW[2], …"""
        gradients = (check for check in self.checks if check.is_gradient)
        return tuple(sorted(gradients, key=lambda check: check.array.layer))

    @property
    def operations(self) -> tuple[ArrayCheck, ...]:
        """The checks of the other arrays, in the order of the update."""
        return tuple(check for check in self.checks if not check.is_gradient)

    @property
    def wrong(self) -> tuple[ArrayCheck, ...]:
        """The wrong arrays, in the order of the update."""
        return tuple(check for check in self.checks if check.verdict is Verdict.WRONG)

    @property
    def passed(self) -> bool:
        """True if no array is wrong; some may be unchecked."""
        return not self.wrong

    @property
    def unchecked(self) -> int:
        """The number of gradients, dW[l] and db[l], that cannot be checked."""
        return sum(not check.verdict.is_known for check in self.arrays)

    @property
    def worst(self) -> float:
        """The largest relative error of the gradients that could be checked."""
        return _worst(self.arrays)

    def layer(self, l: int) -> LayerCheck:
        """The checks of the arrays of a layer as one; whether it is ✓ depends on dW and db."""
        gradients = tuple(check for check in self.arrays if check.array.layer == l)
        wrong = tuple(str(check.array) for check in self.wrong if check.array.layer == l)
        unchecked = [c.verdict for c in gradients if not c.verdict.is_known]
        verdict = Verdict.WRONG if wrong else [*unchecked, Verdict.RIGHT][0]
        return LayerCheck(verdict, _worst(gradients), wrong)

    def merged(self, other: "GradientCheck") -> "GradientCheck":
        """The less favourable check of each array, of the checks of two batches."""
        return GradientCheck(
            tuple(
                max(pair, key=lambda check: (_GRAVITY[check.verdict], check.relative_error))
                for pair in zip(self.checks, other.checks, strict=True)
            )
        )


_GRAVITY = {
    Verdict.RIGHT: 0,
    Verdict.UNDERFLOW: 1,
    Verdict.ROUNDING: 2,
    Verdict.NOT_FINITE: 3,
    Verdict.WRONG: 4,
}


def _worst(checks: tuple[ArrayCheck, ...]) -> float:
    return max((check.relative_error for check in checks if check.verdict.is_known), default=0.0)
