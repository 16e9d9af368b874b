"""The map of the predictions over two inputs."""

from tuiprop.protocol.messages.base import Message, Query, View
from tuiprop.protocol.messages.pictures import Grid


class Thumbnail(Message, frozen=True, kw_only=True):
    """The response of one unit over the inputs."""

    layer: int
    unit: int
    name: str
    """The name of the unit: a[1][u0]."""
    grid: Grid


class Mark(Message, frozen=True, kw_only=True):
    """Examples that lie in one character of a map."""

    column: int
    line: int
    kind: int
    """The class; for numeric targets 1 above the middle, 0 below."""
    held_out: bool


class MapNote(Message, frozen=True, kw_only=True):
    """A map over the two inputs."""

    name: str
    """The name of the quantity shown: ŷ, or a[1][u0]."""
    classes: list[str]
    """The names of the classes; empty if the targets are numbers."""
    axes: tuple[str, str]
    """The names of x₁ and x₂."""
    x: tuple[float, float]
    """Left and right edge, in original units."""
    y: tuple[float, float]
    """Lower and upper edge."""
    lowest: float
    """The number that the first shade represents."""
    highest: float
    """The number that the last shade represents."""
    grid: Grid
    winners: bytes
    """The predicted class at each place, for more than two classes; else empty."""
    border: bytes
    """1 where the predicted class changes; empty where none is predicted."""
    marks: list[Mark]
    cursor: tuple[float, float]
    """x₁ and x₂ at the cursor."""
    outputs: list[float]
    """The outputs of the network at the cursor, in the units of the targets."""
    shown: float
    """The value of the map at the cursor."""
    thumbnails: list[Thumbnail]
    units: int
    """The number of units in all layers."""


class DecisionMap(View, frozen=True, kw_only=True):
    """The map over the two inputs."""

    map: MapNote | None
    """None unless the inputs are two, or derived from two."""


class DecisionMapQuery(Query[DecisionMap], frozen=True, kw_only=True):
    """Ask for the map over the two inputs, `columns` by `lines` characters."""

    columns: int
    lines: int
    """Each holds two rows of the map."""
    unit: tuple[int, int] | None = None
    """The layer and unit whose activation is shown; None: the prediction."""
    cursor: tuple[int, int] = (0, 0)
    """The column and line of the character under the cursor."""
    thumbnail: tuple[int, int] = (0, 0)
    """Columns and lines of each small map."""
    first: int = 0
    """The first unit that has a small map, counted through all layers."""
    count: int = 0
    """The number of small maps."""
