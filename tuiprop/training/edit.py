"""Edits: what is changed by hand in a run, and after which update.

A run is an experiment and its log of edits. An edit at t acts on state t, before update t + 1,
and a replay applies it there again.
"""

from typing import Literal

from msgspec import Struct

from tuiprop.training.experiment import OptionValues
from tuiprop.update.arrays import ArrayRef


class _Edit(Struct, frozen=True, tag=True, kw_only=True):
    """Something changed by hand."""

    at: int
    """t: how many updates were done."""

    @property
    def told(self) -> str:
        """What is changed, and where."""
        return f"{self} at update {self.at}"


class ParameterEdit(_Edit, frozen=True, kw_only=True):
    """One number of W[l] or b[l]."""

    symbol: Literal["W", "b"]
    layer: int
    row: int
    column: int
    value: float

    @property
    def array(self) -> ArrayRef:
        """W[l] or b[l]."""
        return ArrayRef(self.symbol, self.layer)

    def __str__(self) -> str:
        return f"{self.array}[{self.row},{self.column}] = {self.value!r}"


class InputEdit(_Edit, frozen=True, kw_only=True):
    """One input of one training example, as the network sees it (standardised, if inputs are)."""

    example: int
    """Its row in the training set."""
    input: int
    """Its row in a[0]."""
    value: float

    def __str__(self) -> str:
        return f"a[0][{self.input}] of training example {self.example} = {self.value!r}"


class SettingsEdit(_Edit, frozen=True, kw_only=True):
    """How it is trained from here on; None leaves a setting as it is."""

    learning_rate: float | None = None
    l2: float | None = None
    batch_size: int | None = None
    """From the next epoch on."""
    optimizer: str | None = None
    """Another rule begins with fresh slots and counts its updates from 1."""
    options: OptionValues | None = None
    """Of the optimiser, instead of all that were set."""

    def __str__(self) -> str:
        words = {
            "optimizer": self.optimizer,
            "learning_rate": self.learning_rate,
            "batch_size": self.batch_size,
            "l2": self.l2,
            "options": self.options,
        }
        return ", ".join(f"{name} = {value}" for name, value in words.items() if value is not None)


class SlipEdit(_Edit, frozen=True, kw_only=True):
    """A mistake that every update makes from here on, or none any more."""

    slip: str | None
    """Its name in `core.slips.SLIPS`."""

    def __str__(self) -> str:
        return f"slip {self.slip}" if self.slip else "no slip"


Edit = ParameterEdit | InputEdit | SettingsEdit | SlipEdit


class BranchLog(Struct, frozen=True, kw_only=True):
    """What it takes to make a branch again, beside the experiment."""

    number: int
    parent: int | None
    fork: int
    reached: int
    edits: tuple[Edit, ...]
