"""The trace of one example through the network."""

from tuiprop.protocol.messages.base import Message, Query, View
from tuiprop.protocol.messages.pictures import Picture


class LayerActivations(Message, frozen=True, kw_only=True):
    """a[l] of one example."""

    title: str
    """The array and its activation: a[1] tanh."""
    names: list[str]
    values: list[float]
    """The first activations."""
    raw: list[float]
    """The inputs in original units; empty for other layers, and where nothing was scaled."""
    size: int
    """n[l]."""


class TraceNote(Message, frozen=True, kw_only=True):
    """The trace of one example through the network."""

    row: int
    held_out: bool
    actual: str
    predicted: str
    layers: list[LayerActivations]
    outputs: list[float]
    """The probability of each class, or ŷ of each target in its unit."""
    output_names: list[str]
    of_classes: bool
    picture: Picture | None


class ExampleTrace(View, frozen=True, kw_only=True):
    """The trace of the requested example."""

    trace: TraceNote | None
    """None if the example is not used for training or validation."""


class ExampleTraceQuery(Query[ExampleTrace], frozen=True, kw_only=True):
    """Ask for the trace of one example."""

    row: int
    """The row of the table."""
