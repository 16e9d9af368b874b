"""Reports the environment variables that Textual cannot use; imports nothing of Textual.

Upstream: https://github.com/Textualize/textual/issues/5165 "Negative values for TEXTUAL_FPS freeze
the application". The fix only sets minimum values: Textual 8.2.8 accepts a dim factor of 9, waits
for hours after Escape, and ends with a KeyError of Rich at an unknown colour system.
"""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tuiprop.storage.state_folder import state_folder
from tuiprop.ui.settings import settings_folder


@dataclass(frozen=True)
class _Variable:
    """One variable that Textual reads."""

    is_allowed: Callable[[str], bool]
    allowed: str


def _one_of(*names: str) -> _Variable:
    return _Variable(lambda text: text.lower() in names, f"one of {', '.join(names)}")


def _whole(least: int, most: int) -> _Variable:
    def is_allowed(text: str) -> bool:
        return text.isdecimal() and len(text) <= len(str(most)) and least <= int(text) <= most

    return _Variable(is_allowed, f"a whole number from {least} to {most}")


_VARIABLES = {
    "TEXTUAL_ANIMATIONS": _one_of("none", "basic", "full"),
    "TEXTUAL_COLOR_SYSTEM": _one_of("auto", "standard", "256", "truecolor", "windows"),
    "TEXTUAL_DIM_FACTOR": _whole(0, 100),
    "TEXTUAL_FPS": _whole(1, 1000),
    "TEXTUAL_SLOW_THRESHOLD": _whole(100, 100_000),
    "ESCDELAY": _whole(1, 10_000),
}
"""The variables with which Textual fails or hangs on some values."""


def checked() -> list[str]:
    """Remove what Textual could not use from the environment, before Textual is imported.

    Returns:
        Sentences for the user about unusable values, and about the folders of settings and runs
        if these are not in the user's home folder.
    """
    return [*_unusable(), *_unusual_folders()]


def _unusable() -> Iterator[str]:
    for name, variable in _VARIABLES.items():
        value = os.environ.get(name)
        if value and not variable.is_allowed(value):
            yield f"{name} must be {variable.allowed}, got {value[:40]!r}; it is ignored."
        if value is not None and not variable.is_allowed(value):
            del os.environ[name]


def _unusual_folders() -> Iterator[str]:
    home = os.environ.get("HOME")
    if sys.platform == "win32" or (home and Path(home).is_absolute()):
        return
    found = "is not set" if home is None else f"is {home!r}"
    runs = state_folder()
    kept = "" if runs is None else f", runs in {runs.absolute()}"
    yield f"HOME {found}: settings are kept in {settings_folder().absolute()}{kept}."
