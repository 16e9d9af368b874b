"""Metrics of predictions: plain functions of arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.array import Array

Classes = NDArray[np.intp]
"""Classes as numbers, (m,)."""


def predicted_classes(outputs: Array) -> Classes:
    """The class of each column of outputs, (K, m): the largest output; if K = 1, 1 above ½."""
    if len(outputs) == 1:
        return np.asarray(outputs[0] > 0.5, np.intp)
    return np.asarray(outputs.argmax(axis=0))


def probabilities(outputs: Array) -> Array:
    """The probability of each class, (m, classes), from ŷ, (m, n[L]); one output: the second."""
    return outputs if outputs.shape[1] > 1 else np.hstack((1.0 - outputs, outputs))


def accuracy(actual: Classes, predicted: Classes) -> float:
    """The share of examples whose class is predicted."""
    return float((actual == predicted).mean())


@dataclass(frozen=True)
class NumberMetrics:
    """The errors of predicted numbers ŷ, which need not be finite, from the actual ones y."""

    r2: float | None
    """1 − Σ(y − ŷ)² / Σ(y − ȳ)²; None if all y are equal."""
    mae: float
    """The mean of |y − ŷ|."""
    rmse: float
    """The root of the mean of (y − ŷ)²."""
    bias: float
    """The mean of y − ŷ."""

    @classmethod
    def of(cls, actual: Array, predicted: Array) -> "NumberMetrics":
        """The metrics of the predictions for one target, (m,) each."""
        residuals = actual - predicted.astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            square = float((residuals**2).sum())
            spread = float(((actual - actual.mean()) ** 2).sum())
            is_constant = actual.min() == actual.max()  # the mean of equal numbers is rounded
            return cls(
                r2=None if is_constant or not spread else 1.0 - square / spread,
                mae=float(np.abs(residuals).mean()),
                rmse=float(np.sqrt(square / len(residuals))),
                bias=float(residuals.mean()),
            )
