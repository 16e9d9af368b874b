"""The quantities of conditions: one table, each with its description and its function."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.array import Array
from tuiprop.core.loss import LOSSES
from tuiprop.core.network import Network, Parameters
from tuiprop.core.propagation import Workspace
from tuiprop.errors import InputError
from tuiprop.training.history import COLUMNS
from tuiprop.update.arrays import SYMBOLS, ArrayRef, results
from tuiprop.update.norm import norm
from tuiprop.update.record import computed_array

SATURATED = 0.01
"""A unit with a slope below this share of the largest slope of g is saturated."""

_CAN_DIE = frozenset({"relu"})
"""The activations that are flat over a range of z; others have slope 0 only by rounding."""


class ConditionError(InputError):
    """A condition is malformed, or its quantity does not exist in the run."""


@dataclass(frozen=True, eq=False)
class Update:
    """The numbers of a computed update."""

    t: int
    """Its number."""
    workspace: Workspace
    """Its arrays."""
    parameters: Parameters
    """W and b after it."""
    cost: Callable[[], float]
    """Computes J of its batch, with the penalty; called only on demand, as are the next two."""
    failed_checks: Callable[[], int]
    """Counts the dW[l] and db[l] that fail the gradient check."""
    failed_audits: Callable[[], int]
    """Counts the W[l] and b[l] that fail the update audit."""

    @cached_property
    def batch_loss(self) -> float:
        """J of its batch, without the penalty."""
        return self.workspace.mean_loss()

    def array(self, reference: ArrayRef) -> Array:
        """One of its arrays, with W and b after the update."""
        return computed_array(self.workspace, self.parameters, reference)

    def results(self) -> Iterator[tuple[str, Array]]:
        """The results of its operations, by name and in order, without an unused da[L]."""
        L = self.workspace.network.L
        unused = ArrayRef("da", L) if self.workspace.is_fused else None
        for result in results(L):
            if result.symbol == "J":
                yield "J", np.full((1, 1), self.cost())
            elif result != unused:
                yield str(result), self.array(result)


Rows = NDArray[np.float64]
"""The history from epoch 0 to the last epoch done, (epochs + 1, WIDTH)."""


@dataclass(frozen=True, eq=False)
class QuantitySpec:
    """A row of the table. In `pattern`, X stands for an array and l for a layer."""

    pattern: str
    words: str
    of_update: Callable[[Update, ArrayRef], float] | None = None
    """Its value after an update; the reference is X, or the layer l."""
    of_epoch: Callable[[Rows], float] | None = None
    """Its value at the end of an epoch; a row has either this or `of_update`."""
    made_by: str = ""
    """The operation after which it is known, by its result; "" for the last of the update."""
    locate: Callable[[Update], str] | None = None
    """Finds that operation, if it depends on the numbers of the update."""
    counts_rises: bool = False
    """True if its value is how often in a row `of_update` has risen."""
    classes: bool = False
    """True if it needs a loss for classes."""
    held_out: bool = False
    """True if it needs validation examples."""
    elementwise: bool = False
    """True if it needs an elementwise activation."""
    expensive: bool = False
    """True if its measurement takes far longer than the update."""

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The pattern that matches its spellings."""
        array = (
            rf"(?P<symbol>{'|'.join(SYMBOLS)})(?:\[(?P<l>[0-9]{{1,6}})\]|(?P<layer>[0-9]{{1,6}}))"
        )
        written = re.escape(self.pattern).replace("X", array)
        return re.compile(written.replace(r"\(l\)", r"\((?P<l>[0-9]{1,6})\)"))


@dataclass(frozen=True)
class Quantity:
    """A quantity: norm(dW[2]), dead(1), train_loss."""

    kind: QuantitySpec
    target: ArrayRef
    """X; for a layer l, its z[l]; otherwise a reference without a layer."""

    def __str__(self) -> str:
        written = self.kind.pattern.replace("X", str(self.target))
        return written.replace("(l)", f"({self.target.layer})")

    def made_by(self, update: Update) -> str:
        """The operation of an update after which it is known, by its result; "" for the last."""
        if self.kind.locate is not None:
            return self.kind.locate(update)
        return self.kind.made_by.replace("X", str(self.target)).replace(
            "[l]", f"[{self.target.layer}]"
        )

    def check(self, network: Network, *, held_out: bool) -> None:
        """Check that a run has this quantity.

        Args:
            network: the network in training.
            held_out: True if there are validation examples.

        Raises:
            ConditionError: the run does not have it.
        """
        kind, l, L = self.kind, self.target.layer, network.L
        if self.target != NOWHERE and not self.target.exists(L):
            lowest = self.target.first_layer
            allowed = f"a layer from {lowest} to {L}" if lowest < L else f"layer {L}"
            raise ConditionError.invalid(str(l), allowed, place=str(self))
        if kind.classes and not network.loss_function.classes:
            names = ", ".join(name for name, loss in LOSSES.items() if loss.classes)
            raise ConditionError.invalid(
                network.loss, f"one of the losses {names}", place=str(self)
            )
        if kind.held_out and not held_out:
            reason = "there are no validation examples; data.validation sets some aside"
            raise ConditionError(reason, place=str(self))
        if kind.elementwise and network.activation(l).derivative is None:
            names = ", ".join(name for name, g in ACTIVATIONS.items() if g.derivative)
            found = network.layers[l - 1].activation
            raise ConditionError.invalid(found, f"one of the activations {names}", place=str(self))


NOWHERE = ArrayRef("", 0)


def parse_quantity(text: str) -> Quantity | None:
    """Parse a quantity; None if there is none with that name."""
    written = re.sub(r"\s*([()\[\]])\s*", r"\1", text)
    for kind in KINDS:
        match = kind.regex.fullmatch(written)
        if match:
            found = match.groupdict()
            layer = found.get("l") or found.get("layer")
            if layer is None:
                return Quantity(kind, NOWHERE)
            return Quantity(kind, ArrayRef(found.get("symbol") or "z", int(layer)))
    return None


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

KINDS = (
    QuantitySpec("epoch", "whole epochs done", of_epoch=lambda rows: len(rows) - 1),
    QuantitySpec("update", "updates done", of_update=lambda update, _: update.t),
    QuantitySpec(
        "batch_loss",
        "J of the batch, without the L2 term",
        of_update=lambda update, _: update.batch_loss,
        made_by="J",
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
        made_by="J",
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
        made_by="X",
    ),
    QuantitySpec(
        "max(X)",
        "the largest number in X",
        of_update=lambda update, X: float(update.array(X).max()),
        made_by="X",
    ),
    QuantitySpec(
        "min(X)",
        "the smallest number in X",
        of_update=lambda update, X: float(update.array(X).min()),
        made_by="X",
    ),
    QuantitySpec(
        "absmax(X)",
        "the largest absolute value in X",
        of_update=lambda update, X: float(np.abs(update.array(X)).max()),
        made_by="X",
    ),
    QuantitySpec(
        "dead(l)",
        "the share of the units of layer l, from 0 to 1, whose slope g′(z) is 0 for every example "
        "of the batch: relu units with z ≤ 0; for other activations slopes are 0 only by rounding",
        of_update=_dead,
        made_by="z[l]",
        elementwise=True,
    ),
    QuantitySpec(
        "saturated(l)",
        "the share of the units of layer l, from 0 to 1, whose slope g′(z) is in absolute value "
        f"below {SATURATED * 100:g} % of its maximum for every example of the batch; dead ones too",
        of_update=_saturated,
        made_by="z[l]",
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
        "how many of all dW[l] and db[l] fail the gradient check; slow: it runs at every update",
        of_update=lambda update, _: update.failed_checks(),
        made_by="db[1]",
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
