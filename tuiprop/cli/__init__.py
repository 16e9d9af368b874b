"""The command line. What is heavy is imported by the command that needs it."""

from tuiprop.cli import data, model, train, update
from tuiprop.cli.group import main

__all__ = ["data", "main", "model", "train", "update"]
