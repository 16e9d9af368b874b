"""Functions that answer requests, by subject."""

from tuiprop.protocol.handlers import data, files, moving, opening, views
from tuiprop.protocol.handlers.table import HANDLERS

__all__ = ["HANDLERS", "data", "files", "moving", "opening", "views"]
