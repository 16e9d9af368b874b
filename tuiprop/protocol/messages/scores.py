"""The scores of the predictions."""

from typing import Literal

from tuiprop.protocol.messages.base import Message, Query, View

Subset = Literal["training", "validation", "all"]


class ClassScore(Message, frozen=True, kw_only=True):
    """The scores of one class; None where the score is 0 / 0."""

    precision: float | None
    recall: float | None
    f1: float | None


class Roc(Message, frozen=True, kw_only=True):
    """The ROC curve of two classes."""

    points: list[tuple[float, float]]
    """False and true positive rate, from (0, 0) to (1, 1)."""
    area: float | None
    """The area under the curve; None if one class has no example."""


class ExampleNote(Message, frozen=True, kw_only=True):
    """One of the requested examples."""

    row: int
    """The row of the table."""
    held_out: bool
    actual: int
    predicted: int
    p_actual: float
    """The predicted probability of the actual class."""
    p_predicted: float


class ClassesNote(Message, frozen=True, kw_only=True):
    """The classification scores."""

    classes: list[str]
    """The names of the classes."""
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


class NumberScore(Message, frozen=True, kw_only=True):
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


class Scores(View, frozen=True, kw_only=True):
    """The scores of the predictions for a subset of the examples."""

    update: int
    """The number t of updates done."""
    scored: int
    """The number of scored examples: an even selection if all would take too long."""
    of: int
    """Examples in the subset."""
    classes: ClassesNote | None
    """The classification scores; None for numbers, and for an empty subset."""
    numbers: list[NumberScore]
    """The scores of each numeric target; empty for classes, and for an empty subset."""


class ScoresQuery(Query[Scores], frozen=True, kw_only=True):
    """Ask for the scores."""

    subset: Subset = "all"
    """The examples whose predictions are scored."""
    threshold: float = 0.5
    """The probability above which the second of two classes is predicted."""
    cell: tuple[int, int] | None = None
    """Actual and predicted class of the listed examples; None: all mistakes."""
    first: int = 0
    count: int = 0
    """The number of listed examples, from the first on."""
