"""The norm of an array."""

import numpy as np

from tuiprop.core.array import Array

_SQUARES = 1e-15, 1e15
"""The norms between which no square overflows or underflows, not even in float32."""


def norm(array: Array) -> float:
    """The Frobenius norm: finite if every number is finite, and 0 only if every number is 0."""
    with np.errstate(all="ignore"):
        found = float(np.linalg.norm(array))
        if _SQUARES[0] < found < _SQUARES[1] or not array.size:
            return found
        largest = float(np.abs(array).max())
        if not 0 < largest < np.inf:
            return largest
        return largest * float(np.linalg.norm(array.astype(np.float64) / largest))
