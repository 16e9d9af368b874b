"""Tables, and the validity of an experiment that uses them."""

from tuiprop.protocol.messages.base import Refused, Request
from tuiprop.protocol.messages.payloads import ColumnNote, Message, ReadingNote, Tables


class Outline(Message, frozen=True, kw_only=True):
    """A valid experiment and its network."""

    experiment: Tables
    """The complete experiment, with target, layers and loss."""
    sizes: list[int]
    """The layer sizes n[0], …, n[L]."""
    parameters: int
    columns: list[str]
    """All columns of the table."""
    rows: int
    training: int
    """The number of training examples."""
    validation: int
    per_epoch: int
    """Updates in one epoch."""
    classes: list[str]
    """The names of the classes; empty if the targets are numbers."""
    notes: list[str]
    """Warnings about the data, as sentences."""


class Check(Request[Outline], frozen=True, kw_only=True):
    """Check whether an experiment is valid, and describe its network."""

    experiment: Tables
    weights: str | None = None
    """A file of initial weights, which must fit."""


class Described(Message, frozen=True, kw_only=True):
    """A table, and how an experiment uses it."""

    experiment: Tables
    """The experiment with the suggestions; complete if it is valid."""
    reading: ReadingNote | None
    """The format of the file; None for a built-in data set."""
    rows: int
    names: list[str]
    """The names of all columns; empty if the file is not a table."""
    first: int
    columns: list[ColumnNote]
    """The requested columns that exist."""
    outline: Outline | None
    """The result; None if the experiment is not valid."""
    refused: Refused | None
    """The reason why the experiment is not valid."""


class Describe(Request[Described], frozen=True, kw_only=True):
    """Describe the table of an experiment, and the resulting examples.

    It is refused only if there is nothing to show.
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
