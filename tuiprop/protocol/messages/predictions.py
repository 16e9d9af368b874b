"""Predictions of the network at the current position."""

from tuiprop.protocol.messages.base import Message, Request
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
    """The predictions of the network for the data."""

    run: int
    update: int
    """The number t of updates done."""
    studied: int
    """The number of scored examples: an even selection if all would take too long."""
    of: int
    """Examples in the subset."""
    held_out: int
    """Validation examples."""
    classes: list[str]
    """Empty where the targets are numbers."""
    has_map: bool
    """The inputs are two, or derived from two."""
    has_pictures: bool
    """The inputs are the pixels of an image."""
    map: MapNote | None
    scores: ClassesNote | None
    """The classification scores; None for numbers, and for an empty subset."""
    numbers: list[NumberScore]
    """The scores of each numeric target; empty for classes."""
    way: WayNote | None
    pictures: list[Picture]
    """First-layer weights."""


class Study(Request[Studied], frozen=True, kw_only=True):
    """Score the predictions, and compute the requested pictures."""

    subset: Subset = "all"
    """The examples whose predictions are scored."""
    threshold: float = 0.5
    """The probability above which the second of two classes is predicted."""
    cell: tuple[int, int] | None = None
    """Actual and predicted class of the listed examples; None: all mistakes."""
    first: int = 0
    count: int = 0
    """The number of listed examples, from the first on."""
    map: MapWanted | None = None
    example: int | None = None
    """The row of the table to trace through the network."""
    first_unit: int = 0
    weights: int = 0
    """The number of first-layer units whose weights are drawn, from the first unit on."""
