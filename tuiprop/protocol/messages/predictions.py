"""Predictions of the network, where the run is."""

from tuiprop.protocol.messages.base import Request
from tuiprop.protocol.messages.payloads import Message
from tuiprop.protocol.messages.prediction_payloads import (
    ClassesNote,
    MapNote,
    MapWanted,
    NumberScore,
    Picture,
    Subset,
    WayNote,
)


class Studied(Message, frozen=True, kw_only=True):
    """What the network makes of the data."""

    run: int
    update: int
    """t: updates done."""
    studied: int
    """Examples that are scored: evenly chosen ones where all would take too long."""
    of: int
    """Examples in the subset."""
    held_out: int
    """Validation examples."""
    classes: list[str]
    """Empty where the targets are numbers."""
    has_map: bool
    """There are two inputs, and what is derived from them."""
    has_pictures: bool
    """The inputs are the pixels of an image."""
    map: MapNote | None
    scores: ClassesNote | None
    """None for numbers, and where the subset is empty."""
    numbers: list[NumberScore]
    """One for each target; empty for classes."""
    way: WayNote | None
    pictures: list[Picture]
    """First-layer weights."""


class Study(Request[Studied], frozen=True, kw_only=True):
    """Score the predictions, and compute the pictures that are asked for."""

    subset: Subset = "all"
    """The examples whose predictions are scored."""
    threshold: float = 0.5
    """The probability from which on the second of two classes is predicted."""
    cell: tuple[int, int] | None = None
    """Actual and predicted class of the examples that are listed; None: all mistakes."""
    first: int = 0
    count: int = 0
    """How many of them are listed, from the first on."""
    map: MapWanted | None = None
    example: int | None = None
    """The row of the table whose way through the network is wanted."""
    first_unit: int = 0
    weights: int = 0
    """How many units of the first layer have their weights drawn, from the first unit on."""
