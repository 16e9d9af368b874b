"""The memory for the key frames of a run: the user's setting, or the default."""

import os
from math import isfinite

from tuiprop.errors import InputError

VARIABLE = "TUIPROP_KEY_FRAMES_MB"
"""The environment variable with the limit, in MB of 2²⁰ bytes."""

DEFAULT = 64
"""The default limit in MB."""


def key_frame_budget() -> int:
    """The limit in bytes for all key frames of one run.

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
