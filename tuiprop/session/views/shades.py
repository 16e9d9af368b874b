"""Numbers as shades."""

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.array import Array
from tuiprop.protocol.messages.pictures import SHADES


def shades(values: Array, middle: float, reach: float) -> bytes:
    """Encode each number as a byte from 0 to 2 · `SHADES`, with `SHADES` for the middle."""
    level = np.clip(np.nan_to_num((values - middle) / reach), -1, 1)
    levels: NDArray[np.uint8] = (np.rint(level * SHADES) + SHADES).astype(np.uint8)
    return levels.tobytes()
