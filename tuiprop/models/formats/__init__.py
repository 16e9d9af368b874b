"""The formats that weights are written in and read from: one module for each.

A module of this package that defines `FORMAT` is a format. The command line, the dashboard's
dialog and the documentation use its description.
"""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from tuiprop.models.formats.format import Format

_MODULES = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]

_TABLE: list[Format] = sorted(
    (module.FORMAT for module in _MODULES if hasattr(module, "FORMAT")),
    key=lambda each: (each.place, each.suffix),
)

FORMATS: dict[str, Format] = {each.suffix: each for each in _TABLE}
"""Every format by its suffix."""

READ = tuple(suffix for suffix, each in FORMATS.items() if each.reads)
"""The suffixes of files that can be read."""

SUFFIXES = tuple(FORMATS)
"""The suffixes of files that can be written."""


def format_of(path: str | Path) -> Format | None:
    """The format with the longest suffix of a file's name; None if there is none."""
    fitting = [each for each in _TABLE if Path(path).name.endswith(each.suffix)]
    return max(fitting, key=lambda each: len(each.suffix), default=None)
