"""The command line. Each command imports what takes long to import."""

from tuiprop.cli import data, model, train, update
from tuiprop.cli.group import main

__all__ = ["data", "main", "model", "train", "update"]
