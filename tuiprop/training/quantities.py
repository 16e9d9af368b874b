"""The quantities of conditions: one table, each with its description and its function."""

import re
from collections.abc import Callable
from functools import cache
from math import isfinite

import numpy as np

from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.array import Array
from tuiprop.training.history import COLUMNS
from tuiprop.training.quantity import NOWHERE, Quantity, QuantitySpec, Rows, Update
from tuiprop.update.arrays import ArrayRef
from tuiprop.update.norm import norm

SATURATED = 0.01
"""A unit with a slope below this share of the largest slope of g is saturated."""


_CAN_DIE = frozenset({"relu"})
"""The activations that are flat over a range of z; others have slope 0 only by rounding."""


def _slopes(update: Update, z: ArrayRef) -> Array:
    """|g′(z[l])|, (n[l], m)."""
    workspace, l = update.workspace, z.layer
    derivative = workspace.network.activation(l).derivative
    assert derivative is not None
    out = np.empty_like(workspace.z[l])
    derivative(workspace.z[l], workspace.a[l], out, np.empty_like(out))
    return np.abs(out, out=out)


def _dead(update: Update, z: ArrayRef) -> float:
    if update.workspace.network.activation(z.layer).name not in _CAN_DIE:
        return 0.0
    return float((_slopes(update, z) == 0).all(axis=1).mean())


def _saturated(update: Update, z: ArrayRef) -> float:
    threshold = SATURATED * largest_slope(update.workspace.network.activation(z.layer).name)
    return float((_slopes(update, z) < threshold).all(axis=1).mean())


@cache
def largest_slope(activation: str) -> float:
    """The largest |g′(z)| over z from −5 to 40 in steps of 0.001, where every g has its maximum."""
    g = ACTIVATIONS[activation]
    assert g.derivative is not None
    z = np.arange(-5_000, 40_001) / 1_000
    a, slope, scratch = np.empty_like(z), np.empty_like(z), np.empty_like(z)
    g.function(z, a, scratch)
    g.derivative(z, a, slope, scratch)
    return float(np.abs(slope).max())


def _nonfinite(update: Update, _: ArrayRef) -> float:
    # a finite sum has finite terms only; a sum of finite terms may overflow, so count them then
    if isfinite(sum(float(array.sum()) for _, array in update.results())):
        return 0.0
    return float(sum(np.count_nonzero(~np.isfinite(array)) for _, array in update.results()))


def _first_nonfinite(update: Update) -> str:
    names = (name for name, array in update.results() if not np.isfinite(array).all())
    return next(names, "")


def _newest(name: str) -> Callable[[Rows], float]:
    column = COLUMNS.index(name)
    return lambda rows: float(rows[-1, column])


def _rises(name: str) -> Callable[[Rows], float]:
    column = COLUMNS.index(name)

    def rises(rows: Rows) -> float:
        breaks = np.flatnonzero(~(np.diff(rows[:, column]) > 0))
        return float(len(rows) - 1 - (breaks[-1] + 1 if len(breaks) else 0))

    return rises


_RISES = "how many times in a row {} has risen"


QUANTITIES = (
    QuantitySpec("epoch", "whole epochs done", of_epoch=lambda rows: len(rows) - 1),
    QuantitySpec("update", "updates done", of_update=lambda update, _: update.t),
    QuantitySpec(
        "batch_loss",
        "J of the batch, without the L2 term",
        of_update=lambda update, _: update.batch_loss,
        known_after="J",
    ),
    QuantitySpec(
        "train_loss",
        "J over the training set, without the L2 term",
        of_epoch=_newest("train_loss"),
    ),
    QuantitySpec(
        "validation_loss",
        "J over the validation set, without the L2 term",
        of_epoch=_newest("validation_loss"),
        held_out=True,
    ),
    QuantitySpec(
        "train_accuracy",
        "the share of the training set whose class is predicted correctly, from 0 to 1",
        of_epoch=_newest("train_accuracy"),
        classes=True,
    ),
    QuantitySpec(
        "validation_accuracy",
        "the same share of the validation set",
        of_epoch=_newest("validation_accuracy"),
        classes=True,
        held_out=True,
    ),
    QuantitySpec(
        "rises(batch_loss)",
        _RISES.format("J of the batch") + " since the run was last started",
        of_update=lambda update, _: update.batch_loss,
        known_after="J",
        counts_rises=True,
    ),
    QuantitySpec(
        "rises(train_loss)",
        _RISES.format("train_loss") + "; counted per epoch",
        of_epoch=_rises("train_loss"),
    ),
    QuantitySpec(
        "rises(validation_loss)",
        _RISES.format("validation_loss") + "; counted per epoch",
        of_epoch=_rises("validation_loss"),
        held_out=True,
    ),
    QuantitySpec(
        "norm(X)",
        "the Frobenius norm of X: √ of the sum of squares",
        of_update=lambda update, X: norm(update.array(X)),
        known_after="X",
    ),
    QuantitySpec(
        "max(X)",
        "the largest number in X",
        of_update=lambda update, X: float(update.array(X).max()),
        known_after="X",
    ),
    QuantitySpec(
        "min(X)",
        "the smallest number in X",
        of_update=lambda update, X: float(update.array(X).min()),
        known_after="X",
    ),
    QuantitySpec(
        "absmax(X)",
        "the largest absolute value in X",
        of_update=lambda update, X: float(np.abs(update.array(X)).max()),
        known_after="X",
    ),
    QuantitySpec(
        "dead(l)",
        "the share of the units of layer l, from 0 to 1, whose slope g′(z) is 0 for every example "
        "of the batch: relu units with z ≤ 0; for other activations slopes are 0 only by rounding",
        of_update=_dead,
        known_after="z[l]",
        elementwise=True,
    ),
    QuantitySpec(
        "saturated(l)",
        "the share of the units of layer l, from 0 to 1, whose slope g′(z) is in absolute value "
        f"below {SATURATED * 100:g} % of its maximum for every example of the batch; dead ones too",
        of_update=_saturated,
        known_after="z[l]",
        elementwise=True,
    ),
    QuantitySpec(
        "nonfinite",
        "how many numbers are infinite or NaN in J of the batch and in the arrays of the update",
        of_update=_nonfinite,
        locate=_first_nonfinite,
    ),
    QuantitySpec(
        "failed_checks",
        "how many arrays of the update fail the gradient check; slow: it runs at every update",
        of_update=lambda update, _: update.failed_checks(),
        known_after="db[1]",
        expensive=True,
    ),
    QuantitySpec(
        "failed_audits",
        "how many of all W[l] and b[l] fail the update audit",
        of_update=lambda update, _: update.failed_audits(),
        expensive=True,
    ),
)
"""Every quantity, in the order in which the documentation lists them."""


def parse_quantity(text: str) -> Quantity | None:
    """Parse a quantity; None if there is none with that name."""
    written = re.sub(r"\s*([()\[\]])\s*", r"\1", text)
    for spec in QUANTITIES:
        match = spec.regex.fullmatch(written)
        if match:
            found = match.groupdict()
            layer = found.get("l") or found.get("layer")
            if layer is None:
                return Quantity(spec, NOWHERE)
            return Quantity(spec, ArrayRef(found.get("symbol") or "z", int(layer)))
    return None
