"""A table, what an experiment makes of it, and whether the experiment is valid."""

from tuiprop.protocol.messages.base import Refused, Request
from tuiprop.protocol.messages.payloads import ColumnNote, Message, ReadingNote, Tables


class Outline(Message, frozen=True, kw_only=True):
    """A valid experiment and its network."""

    experiment: Tables
    """Complete: target, layers and loss filled in."""
    sizes: list[int]
    """n[0], …, n[L]."""
    parameters: int
    columns: list[str]
    """All columns of the table."""
    rows: int
    training: int
    """Examples that are trained on."""
    validation: int
    per_epoch: int
    """Updates in one epoch."""
    classes: list[str]
    """Empty where the targets are numbers."""
    notes: list[str]
    """Sentences on what is odd about the data."""


class Check(Request[Outline], frozen=True, kw_only=True):
    """Check whether an experiment is valid, and describe its network."""

    experiment: Tables
    weights: str | None = None
    """A file of initial weights, which must fit."""


class Described(Message, frozen=True, kw_only=True):
    """A table, and what an experiment makes of it."""

    experiment: Tables
    """With what was suggested; complete where it is valid."""
    reading: ReadingNote | None
    """None for a data set that comes with tuiprop."""
    rows: int
    names: list[str]
    """All columns; empty where the file is no table."""
    first: int
    columns: list[ColumnNote]
    """Those that were asked for, as far as they exist."""
    outline: Outline | None
    """None where the experiment is not valid."""
    refused: Refused | None
    """Why it is not."""


class Describe(Request[Described], frozen=True, kw_only=True):
    """Describe the table of an experiment, and what becomes of it.

    It is refused only where there is nothing to look at.
    """

    experiment: Tables
    suggest: bool = False
    """Suggest how columns are used where the experiment does not say."""
    refit: bool = False
    """Let the loss and the output layer follow the target."""
    first: int = 0
    """The first column that is described."""
    count: int = 0
    """The number of columns that are described."""
