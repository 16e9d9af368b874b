"""Scores of predictions: plain functions of arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.array import Array, Rows
from tuiprop.protocol.messages.scores import ClassScore, NumberScore, Roc
from tuiprop.training.metrics import Classes, NumberMetrics

MOST_POINTS = 600
"""The most points in a diagram."""

MOST_RESIDUALS = 20
"""The number of residuals that are listed."""

BINS = 39
"""Bins of the residuals: an odd number, to have one around 0, and a multiple of 3, so that
neighbours can be joined in threes."""


def confusion(actual: Classes, predicted: Classes, classes: int) -> NDArray[np.int64]:
    """Counts of examples, (classes, classes): rows are actual, columns predicted."""
    pairs = np.bincount(actual * classes + predicted, minlength=classes * classes)
    return pairs.reshape(classes, classes).astype(np.int64)


def class_scores(counts: NDArray[np.int64]) -> list[ClassScore]:
    """Precision, recall and F1 = 2 tp / (2 tp + fp + fn) of each class."""
    scores = []
    for k in range(len(counts)):
        hits, actual, predicted = int(counts[k, k]), int(counts[k].sum()), int(counts[:, k].sum())
        scores.append(
            ClassScore(
                precision=_share(hits, predicted),
                recall=_share(hits, actual),
                f1=_share(2 * hits, actual + predicted),
            )
        )
    return scores


def roc(positive: NDArray[np.bool_], score: Array) -> Roc:
    """The receiver operating characteristic; examples with equal scores are classified alike.

    Args:
        positive: True for examples of the second class, (m,).
        score: the predicted probability of that class, (m,).
    """
    order = np.argsort(-score, kind="stable")
    last_of_equals = np.append(np.diff(score[order]) != 0, True)
    of_class, others = (
        np.append(0, np.cumsum(which[order])[last_of_equals]).astype(np.float64)
        for which in (positive, ~positive)
    )
    if not of_class[-1] or not others[-1]:
        return Roc(points=[], area=None)
    hits, alarms = of_class / of_class[-1], others / others[-1]
    area = float(np.trapezoid(hits, alarms))
    corners = _corners(alarms, hits)
    kept = corners[evenly(len(corners), MOST_POINTS)]
    points = list(zip(alarms[kept].tolist(), hits[kept].tolist(), strict=True))
    return Roc(points=points, area=area)


def number_score(
    name: str,
    actual: Array,
    predicted: Array,
    rows: Rows,
    held_out: NDArray[np.bool_],
) -> NumberScore:
    """Score the predictions of one target, which need not be finite.

    Args:
        name: the name of the target.
        actual: its values in its unit, (m,).
        predicted: the predictions in the same unit, (m,).
        rows: the rows of the table, (m,).
        held_out: True for validation examples, (m,).
    """
    metrics = NumberMetrics.of(actual, predicted)
    residuals = actual - predicted
    size = np.abs(residuals)
    widest = float(size.max())
    finite = np.flatnonzero(np.isfinite(predicted))
    shown = finite[evenly(len(finite), MOST_POINTS)]
    both = np.concatenate((actual, predicted[finite]))
    worst = np.argsort(np.where(np.isfinite(size), -size, -np.inf), kind="stable")[:MOST_RESIDUALS]
    edges = np.linspace(-1, 1, BINS + 1) * (widest if 0 < widest < np.inf else 1.0)
    return NumberScore(
        name=name,
        r2=metrics.r2,
        mae=metrics.mae,
        rmse=metrics.rmse,
        bias=metrics.bias,
        lowest=float(both.min()),
        highest=float(both.max()),
        points=_triples(actual[shown], predicted[shown], held_out[shown]),
        residuals=np.histogram(residuals[finite], edges)[0].tolist(),
        widest=widest,
        worst=_triples(rows[worst], actual[worst], predicted[worst]),
    )


def _triples(*columns: NDArray[Any]) -> list[Any]:
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _corners(x: Array, y: Array) -> NDArray[np.intp]:
    """The points of a curve that are not on the line between their neighbours."""
    dx, dy = np.diff(x), np.diff(y)
    turns = np.abs(dx[:-1] * dy[1:] - dx[1:] * dy[:-1]) > 1e-15
    return np.flatnonzero(np.concatenate(([True], turns, [True])))


def evenly(count: int, most: int) -> NDArray[np.intp]:
    """Evenly spaced indices below `count`, at most `most`, with the first and the last one."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(np.intp)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
