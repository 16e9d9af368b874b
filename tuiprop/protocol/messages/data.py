"""Tables, and the validity of an experiment that uses them."""

from typing import Any, Literal

from tuiprop.protocol.messages.base import Message, Refused, Request

Tables = dict[str, Any]
"""An experiment as the tables of its file."""


Role = Literal["input", "target", "left out", "split"]
"""The role of a column; split: it marks the validation rows."""


class ColumnNote(Message, frozen=True, kw_only=True):
    """One column of a table, and how it is used."""

    name: str
    kind: str
    """number, whole number or text."""
    missing: int
    """The number of missing cells."""
    distinct: int
    low: float | None
    """None for text."""
    high: float | None
    mean: float | None
    deviation: float | None
    bars: list[int]
    """The histogram: numbers from low to high; categories, the most frequent first."""
    categories: list[str]
    """The categories of a text column in their order, at most as many as may be one-hot encoded."""
    flags: list[str]
    """The warnings: identifier, gives away, constant, missing, …"""
    cells: list[str]
    """The first cells; a missing cell is empty."""
    role: Role
    encoding: str
    """The encoding in use; empty where it has no meaning."""
    on_missing: str
    scaling: str
    encodings: list[str]
    """The encodings that are possible."""
    on_missings: list[str]
    scalings: list[str]


class ReadingNote(Message, frozen=True, kw_only=True):
    """The format of a file, as the experiment states it or as it was detected."""

    format: str
    delimiter: str
    """The delimiter of a CSV file; empty where it cannot be told."""
    header: str
    """The content of the first line of a CSV file: columns, classes or nothing."""
    lines: list[str]
    """The first lines of a text file."""


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
    has_map: bool
    """The inputs are two, or derived from two, so that predictions have a map."""
    has_pictures: bool
    """The inputs are the pixels of an image."""
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
