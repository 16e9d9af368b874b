"""Pictures of shades, which travel as bytes so that the dashboard needs no NumPy."""

from tuiprop.protocol.messages.base import Message, Query, View

SHADES = 12
"""Shades of each sign: a byte of a map is `SHADES` at its middle, 0 and 2 · `SHADES` at most."""


class Grid(Message, frozen=True, kw_only=True):
    """Shades by row, the topmost first."""

    columns: int
    rows: int
    shades: bytes


class Picture(Message, frozen=True, kw_only=True):
    """An example as an image, or the weights of a unit as an image."""

    name: str
    grid: Grid


class WeightPictures(View, frozen=True, kw_only=True):
    """The weights of units of the first layer as images."""

    pictures: list[Picture]
    """Empty if the inputs are not the pixels of an image."""


class WeightPicturesQuery(Query[WeightPictures], frozen=True, kw_only=True):
    """Ask for the weights of units of the first layer."""

    first: int = 0
    """The first unit."""
    count: int = 0
    """The number of units."""
