"""The array types that the core speaks of."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

_SQUARES = 1e-15, 1e15
"""Norms between which no square overflows or is lost, in float32 neither."""

Array: TypeAlias = NDArray[np.floating[Any]]
"""float64 or float32; every array of one network has the same dtype."""

Rows: TypeAlias = NDArray[np.integer[Any]]
"""Row numbers of examples, counted from 0."""

Formula: TypeAlias = tuple[str, ...]
"""An equation for one number, as lines "name = expression"; a line may use the names before it."""


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
