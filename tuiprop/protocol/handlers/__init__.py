"""Functions that answer requests, by subject: importing the package imports its modules."""

from importlib import import_module
from pkgutil import iter_modules

from tuiprop.protocol.handlers.table import HANDLERS

for _found in iter_modules(__path__):
    import_module(f"{__name__}.{_found.name}")

__all__ = ["HANDLERS"]
