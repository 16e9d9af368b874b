"""A quantity that a condition compares: its spelling, its meaning and where a run has it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.array import Array
from tuiprop.core.loss import LOSSES
from tuiprop.core.network import Network, Parameters
from tuiprop.core.propagation import Workspace
from tuiprop.errors import InputError
from tuiprop.update.arrays import SYMBOLS, ArrayRef, results
from tuiprop.update.record import computed_array


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
    description: str
    of_update: Callable[[Update, ArrayRef], float] | None = None
    """Its value after an update; the reference is X, or the layer l."""
    of_epoch: Callable[[Rows], float] | None = None
    """Its value at the end of an epoch; a row has either this or `of_update`."""
    known_after: str = ""
    """The result of the operation after which its value is known; "" for the last operation."""
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

    spec: QuantitySpec
    target: ArrayRef
    """X; for a layer l, its z[l]; otherwise a reference without a layer."""

    def __str__(self) -> str:
        written = self.spec.pattern.replace("X", str(self.target))
        return written.replace("(l)", f"({self.target.layer})")

    def known_after(self, update: Update) -> str:
        """The result of the operation after which its value is known; "" for the last operation."""
        if self.spec.locate is not None:
            return self.spec.locate(update)
        return self.spec.known_after.replace("X", str(self.target)).replace(
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
        spec, l, L = self.spec, self.target.layer, network.L
        if self.target != NOWHERE and not self.target.exists(L):
            lowest = self.target.first_layer
            allowed = f"a layer from {lowest} to {L}" if lowest < L else f"layer {L}"
            raise ConditionError.invalid(str(l), allowed, place=str(self))
        if spec.classes and not network.loss_function.classes:
            names = ", ".join(name for name, loss in LOSSES.items() if loss.classes)
            raise ConditionError.invalid(
                network.loss, f"one of the losses {names}", place=str(self)
            )
        if spec.held_out and not held_out:
            reason = "there are no validation examples; data.validation sets some aside"
            raise ConditionError(reason, place=str(self))
        if spec.elementwise and network.activation(l).derivative is None:
            names = ", ".join(name for name, g in ACTIVATIONS.items() if g.derivative)
            found = network.layers[l - 1].activation
            raise ConditionError.invalid(found, f"one of the activations {names}", place=str(self))


NOWHERE = ArrayRef("", 0)
