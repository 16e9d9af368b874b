"""Payloads about the predictions: maps, scores, pictures and traces of examples.

Maps and pictures travel as bytes, one shade each, so that the dashboard needs no NumPy.
"""

from typing import Literal

import msgspec

SHADES = 12
"""Shades of each sign: a byte of a map is `SHADES` at its middle, 0 and 2 · `SHADES` at most."""

Subset = Literal["training", "validation", "all"]


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """The base of payloads about predictions."""


class MapWanted(Sight, frozen=True, kw_only=True):
    """A request for a map over the two inputs, `columns` by `lines` characters."""

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


class Grid(Sight, frozen=True, kw_only=True):
    """Shades by row, the topmost first."""

    columns: int
    rows: int
    shades: bytes


class Thumbnail(Sight, frozen=True, kw_only=True):
    """The response of one unit over the inputs."""

    layer: int
    unit: int
    name: str
    """The name of the unit: a[1][u0]."""
    grid: Grid


class Mark(Sight, frozen=True, kw_only=True):
    """Examples that lie in one character of a map."""

    column: int
    line: int
    kind: int
    """The class; for numeric targets 1 above the middle, 0 below."""
    held_out: bool


class MapNote(Sight, frozen=True, kw_only=True):
    """A map over the two inputs."""

    name: str
    """The name of the quantity shown: ŷ, or a[1][u0]."""
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


class ClassScore(Sight, frozen=True, kw_only=True):
    """The scores of one class; None where the score is 0 / 0."""

    precision: float | None
    recall: float | None
    f1: float | None


class Roc(Sight, frozen=True, kw_only=True):
    """The ROC curve of two classes."""

    points: list[tuple[float, float]]
    """False and true positive rate, from (0, 0) to (1, 1)."""
    area: float | None
    """The area under the curve; None if one class has no example."""


class ExampleNote(Sight, frozen=True, kw_only=True):
    """One of the requested examples."""

    row: int
    """The row of the table."""
    held_out: bool
    actual: int
    predicted: int
    p_actual: float
    """The predicted probability of the actual class."""
    p_predicted: float


class ClassesNote(Sight, frozen=True, kw_only=True):
    """The classification scores."""

    counts: list[list[int]]
    """Counts of examples: rows are the actual classes, columns the predicted ones."""
    scores: list[ClassScore]
    accuracy: float
    threshold: float | None
    """The probability above which the second of two classes is predicted; None for more classes."""
    roc: Roc | None
    examples: list[ExampleNote]
    """The examples of the requested cell, or all mistakes, or all examples: the least probable
    class first."""
    found: int
    """The number of examples in that list."""


class NumberScore(Sight, frozen=True, kw_only=True):
    """The scores of one numeric target, in its units."""

    name: str
    r2: float | None
    """None where all actual numbers are equal."""
    mae: float
    rmse: float
    bias: float
    """The mean of the residuals y − ŷ."""
    lowest: float
    highest: float
    """The largest finite number among actual and predicted ones; `lowest` is the smallest."""
    points: list[tuple[float, float, bool]]
    """Actual, predicted, whether it is a validation example: evenly chosen, finite numbers."""
    residuals: list[int]
    """The histogram of the residuals, in equal bins from −`widest` to `widest`."""
    widest: float
    """The largest absolute residual."""
    worst: list[tuple[int, float, float]]
    """The row of the table, actual, predicted: the largest residuals first."""


class Picture(Sight, frozen=True, kw_only=True):
    """An example as an image, or the weights of a unit as an image."""

    name: str
    grid: Grid


class LayerOnTheWay(Sight, frozen=True, kw_only=True):
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


class WayNote(Sight, frozen=True, kw_only=True):
    """The trace of one example through the network."""

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
