"""What the engine tells of the predictions: maps, scores, pictures, one example's way.

Maps and pictures travel as bytes, one shade each, so that the dashboard needs no NumPy.
"""

from typing import Literal

import msgspec

SHADES = 12
"""Shades of each sign: a byte of a map is `SHADES` at its middle, 0 and 2 · `SHADES` at most."""

Subset = Literal["training", "validation", "all"]


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is seen."""


class MapWanted(Sight, frozen=True, kw_only=True):
    """A map over the two inputs, with room for so many characters."""

    columns: int
    lines: int
    """Each holds two rows of the map."""
    unit: tuple[int, int] | None = None
    """Layer and unit whose activation is shown; None: what is predicted."""
    cursor: tuple[int, int] = (0, 0)
    """The character, column and line, whose place is read."""
    thumbnail: tuple[int, int] = (0, 0)
    """Columns and lines of each small map."""
    first: int = 0
    """The first unit that has a small map, counted through all layers."""
    count: int = 0
    """How many have one."""


class Grid(Sight, frozen=True, kw_only=True):
    """Shades by row, the topmost first."""

    columns: int
    rows: int
    shades: bytes


class Thumbnail(Sight, frozen=True, kw_only=True):
    """What one unit responds to."""

    layer: int
    unit: int
    name: str
    """a[1][u0]."""
    grid: Grid


class Mark(Sight, frozen=True, kw_only=True):
    """Examples that lie in one character of a map."""

    column: int
    line: int
    kind: int
    """Of classes the class; of numbers 1 above the middle, 0 below."""
    held_out: bool


class MapNote(Sight, frozen=True, kw_only=True):
    """A map over the two inputs."""

    name: str
    """Of what is shown: ŷ, or a[1][u0]."""
    axes: tuple[str, str]
    """The names of x₁ and x₂."""
    x: tuple[float, float]
    """Left and right edge, in the unit of the table."""
    y: tuple[float, float]
    """Lower and upper edge."""
    lowest: float
    """The number that the first shade stands for."""
    highest: float
    """The number that the last shade stands for."""
    grid: Grid
    winners: bytes
    """The class that is predicted at each place, where there are more than two; else empty."""
    border: bytes
    """1 where the predicted class changes; empty where none is predicted."""
    marks: list[Mark]
    cursor: tuple[float, float]
    """x₁ and x₂ where the cursor stands."""
    outputs: list[float]
    """What the network gives there, in the unit of the targets."""
    shown: float
    """What the map shows there."""
    thumbnails: list[Thumbnail]
    units: int
    """How many units there are in all layers."""


class ClassScore(Sight, frozen=True, kw_only=True):
    """Of one class; None where nothing is divided by nothing."""

    precision: float | None
    recall: float | None
    f1: float | None


class Roc(Sight, frozen=True, kw_only=True):
    """How two classes are told apart at every threshold."""

    points: list[tuple[float, float]]
    """False and true positive rate, from (0, 0) to (1, 1)."""
    area: float | None
    """Under the curve; None where one class has no example."""


class ExampleNote(Sight, frozen=True, kw_only=True):
    """One example of those asked for."""

    row: int
    """Of the table."""
    held_out: bool
    actual: int
    predicted: int
    p_actual: float
    """The probability of its class."""
    p_predicted: float


class ClassesNote(Sight, frozen=True, kw_only=True):
    """How the classes are told apart."""

    counts: list[list[int]]
    """Of examples: rows are the actual classes, columns the predicted ones."""
    scores: list[ClassScore]
    accuracy: float
    threshold: float | None
    """From which probability on it is the second class; None where there are more than two."""
    roc: Roc | None
    examples: list[ExampleNote]
    """Of the cell asked for, or else all mistakes, or all where there is none: the least probable
    class first."""
    found: int
    """How many there are."""


class NumberScore(Sight, frozen=True, kw_only=True):
    """Of one target, in its unit."""

    name: str
    r2: float | None
    """None where all actual numbers are equal."""
    mae: float
    rmse: float
    bias: float
    """The mean of the residuals y − ŷ."""
    lowest: float
    highest: float
    """Of what is actual and what is predicted together, where it is finite."""
    points: list[tuple[float, float, bool]]
    """Actual, predicted, held out: evenly chosen examples with finite numbers."""
    residuals: list[int]
    """How many lie in each of as many bins from −`widest` to `widest`."""
    widest: float
    """The largest residual in size."""
    worst: list[tuple[int, float, float]]
    """Row of the table, actual, predicted: the largest residuals first."""


class Picture(Sight, frozen=True, kw_only=True):
    """An example as an image, or the weights of a unit as one."""

    name: str
    grid: Grid


class LayerOnTheWay(Sight, frozen=True, kw_only=True):
    """a[l] of one example."""

    title: str
    """a[1] tanh."""
    names: list[str]
    values: list[float]
    """The first of them."""
    raw: list[float]
    """Of the input, in the unit of the table; else, or where nothing was scaled, empty."""
    size: int
    """n[l]."""


class WayNote(Sight, frozen=True, kw_only=True):
    """One example on its way through the network."""

    row: int
    held_out: bool
    actual: str
    predicted: str
    layers: list[LayerOnTheWay]
    outputs: list[float]
    """The probability of each class, or ŷ of each target in its unit."""
    output_names: list[str]
    of_classes: bool
    picture: Picture | None
