"""The norm of an array."""

import numpy as np

from tuiprop.core.array import Array

_SQUARES = 1e-15, 1e15
"""Norms between which no square overflows or is lost, in float32 either."""


def norm(array: Array) -> float:
    """The Frobenius norm, which is finite where every number is, and 0 only where they all are."""
    with np.errstate(all="ignore"):
        found = float(np.linalg.norm(array))
        if _SQUARES[0] < found < _SQUARES[1] or not array.size:
            return found
        largest = float(np.abs(array).max())
        if not 0 < largest < np.inf:
            return largest
        return largest * float(np.linalg.norm(array.astype(np.float64) / largest))
