"""How much memory the key frames of a run may take: the user's word, or the default."""

import os
from math import isfinite

from tuiprop.errors import InputError

VARIABLE = "TUIPROP_KEY_FRAMES_MB"
"""The environment variable that says it, in MB of 2²⁰ bytes."""

DEFAULT = 64
"""MB."""


def key_frame_budget() -> int:
    """Bytes that the key frames of one run may take together.

    Raises:
        InputError: the variable does not hold a number above 0.
    """
    text = os.environ.get(VARIABLE, str(DEFAULT))
    try:
        megabytes = float(text)
    except ValueError:
        megabytes = 0.0
    if not (isfinite(megabytes) and megabytes > 0):
        raise InputError.invalid(repr(text), "a number of MB greater than 0", key=VARIABLE)
    return int(megabytes * 2**20)
