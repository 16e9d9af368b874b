"""The result of a gradient check for each dW[l] and db[l]."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from tuiprop.update.arrays import ArrayRef

TOLERANCE = 1e-7
"""The tolerance: ‖numeric − analytic‖ as a share of ‖numeric‖ + ‖analytic‖."""

MEANINGFUL = 1e-5
"""The largest uncertainty of a right gradient, as a share of ‖numeric‖ + ‖analytic‖."""

CLEAR = 3.0
"""A gradient is wrong if the difference is more than this multiple of the uncertainty."""


class Verdict(Enum):
    """The result of the check of one array: right, wrong, or the reason it cannot be checked."""

    RIGHT = "right"
    WRONG = "wrong"
    ROUNDING = "rounding dominates"
    UNSTEADY = "steps disagree"
    NOT_FINITE = "not finite"
    AT_KINKS = "all at kinks"
    NONE_DRAWN = "none drawn"

    @property
    def is_known(self) -> bool:
        """True if the gradient is known to be right or wrong."""
        return self in (Verdict.RIGHT, Verdict.WRONG)

    @property
    def text(self) -> str:
        """The verdict in words, such as "right", or "cannot be checked: steps disagree"."""
        return self.value if self.is_known else f"cannot be checked: {self.value}"


@dataclass(frozen=True)
class ArrayCheck:
    """The check of one dW[l] or db[l]."""

    array: ArrayRef
    checked: int
    """The number of compared parameters."""
    kinks: int
    """The number of parameters skipped as their difference crosses a kink of g or of the loss."""
    difference: float
    """‖numeric − analytic‖."""
    size: float
    """‖numeric‖ + ‖analytic‖."""
    disagreement: float
    """‖numeric at one step − numeric at the other‖."""
    rounding: float
    """η = ε s ‖1/h‖: the share of rounding in ‖numeric‖, s the magnitude of the numbers in J."""
    unsteady: int
    """The number of compared parameters whose two steps disagree by more than rounding."""
    excess: float
    """‖numeric − analytic‖ minus CLEAR times its uncertainty, over the steady parameters: the part
    that neither truncation nor rounding explains."""

    @property
    def relative_error(self) -> float:
        """Difference / size; 0 if both are 0."""
        return self.difference / self.size if self.size else 0.0

    @property
    def uncertainty(self) -> float:
        """The uncertainty of ‖numeric‖ as a derivative."""
        return self.disagreement + self.rounding

    @property
    def bound(self) -> float:
        """The largest difference of a right gradient."""
        return TOLERANCE * self.size + self.uncertainty

    @property
    def verdict(self) -> Verdict:
        """RIGHT within the bound, WRONG clearly beyond it; else the reason for no verdict.

        A gradient is right only if the uncertainty is small relative to it.
        """
        if not self.checked:
            return Verdict.AT_KINKS if self.kinks else Verdict.NONE_DRAWN
        if not np.isfinite(self.uncertainty):
            return Verdict.NOT_FINITE
        if not np.isfinite(
            self.difference
        ):  # a finite uncertainty implies a finite numeric gradient
            return Verdict.WRONG
        if self.excess > TOLERANCE * self.size:
            return Verdict.WRONG
        if self.difference <= self.bound and self.uncertainty <= MEANINGFUL * self.size:
            return Verdict.RIGHT
        return Verdict.UNSTEADY if self.unsteady else Verdict.ROUNDING


@dataclass(frozen=True)
class LayerCheck:
    """The checks of dW[l] and db[l] as one."""

    verdict: Verdict
    """WRONG if one of them is, RIGHT if both are; else the reason one cannot be checked."""
    worst: float
    """The larger relative error of the checked arrays."""
    wrong: tuple[str, ...]
    """The names of the wrong arrays, such as "dW[2]"."""

    @property
    def text(self) -> str:
        """A short text: "✓ 3e-10", "✗ dW[2]", "✗ dW[2], db[2]", or the reason for no verdict."""
        if self.verdict is Verdict.WRONG:
            return f"✗ {', '.join(self.wrong)}"
        return f"✓ {self.worst:.0e}" if self.verdict is Verdict.RIGHT else self.verdict.value


@dataclass(frozen=True)
class GradientCheck:
    """The checks of all arrays of a network."""

    arrays: tuple[ArrayCheck, ...]
    sampled: bool
    """True if a sample was checked, not every parameter."""

    @property
    def passed(self) -> bool:
        """True if no array is wrong; some may be unchecked."""
        return all(check.verdict is not Verdict.WRONG for check in self.arrays)

    @property
    def unchecked(self) -> int:
        """The number of arrays that cannot be checked."""
        return sum(not check.verdict.is_known for check in self.arrays)

    @property
    def worst(self) -> float:
        """The largest relative error of the arrays that could be checked."""
        return _worst(self.arrays)

    def layer(self, l: int) -> LayerCheck:
        """The checks of dW[l] and db[l] as one."""
        arrays = self.arrays[2 * l - 2 : 2 * l]
        verdicts = [check.verdict for check in arrays]
        unchecked = [verdict for verdict in verdicts if not verdict.is_known]
        return LayerCheck(
            Verdict.WRONG if Verdict.WRONG in verdicts else [*unchecked, Verdict.RIGHT][0],
            _worst(arrays),
            tuple(str(check.array) for check in arrays if check.verdict is Verdict.WRONG),
        )


def _worst(checks: tuple[ArrayCheck, ...]) -> float:
    return max((check.relative_error for check in checks if check.verdict.is_known), default=0.0)
