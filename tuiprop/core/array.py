"""The types of arrays."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.floating[Any]]
"""float64 or float32; every array of one network has the same dtype."""

Rows: TypeAlias = NDArray[np.integer[Any]]
"""Row numbers of examples, counted from 0."""
