"""Edits: changes that a user makes in a run, each after an update.

An experiment and a log of edits determine a run. An edit at t acts on state t, before update t + 1,
and a replay applies it there again.
"""

from typing import Any, Literal

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from tuiprop.training.experiment import (
    Experiment,
    OptionValues,
    TrainingSettings,
    parse,
    to_tables,
)
from tuiprop.update.arrays import ArrayRef


class _Edit(Struct, frozen=True, tag=True, kw_only=True):
    """A change that a user makes."""

    at: int
    """t: the number of updates done."""

    def describe(self) -> str:
        """Describe the change, with the update after which it acts."""
        return f"{self} at update {self.at}"


class ParameterEdit(_Edit, frozen=True, kw_only=True):
    """A new value for one number of W[l] or b[l]."""

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
    """A new value for one prepared input of one training example."""

    example: int
    """Its row in the training set."""
    input: int
    """Its row in a[0]."""
    value: float

    def __str__(self) -> str:
        return f"a[0][{self.input}] of training example {self.example} = {self.value!r}"


class SettingsEdit(_Edit, frozen=True, kw_only=True):
    """New settings for all later updates; None keeps a setting.

    A field has the name of the setting in the experiment file.
    """

    optimizer: str | None = None
    """Another optimiser starts with a state of zeros and counts its updates from 1."""
    learning_rate: float | None = None
    batch_size: int | None = None
    """The new batch size, which takes effect with the next epoch."""
    l2: float | None = None
    options: OptionValues | None = None
    """The new options of the optimiser, which replace all of them."""

    @property
    def changes(self) -> dict[str, Any]:
        """The changed settings, by name."""
        fields = (name for name in self.__struct_fields__ if name != "at")
        return {name: value for name in fields if (value := getattr(self, name)) is not None}

    def apply(self, settings: TrainingSettings, l2: float) -> tuple[TrainingSettings, float]:
        """Change settings without checking them.

        Args:
            settings: the settings before this edit.
            l2: the penalty λ before this edit.

        Returns:
            Both after this edit. Another optimiser has its default options.
        """
        changes = self.changes
        l2 = changes.pop("l2", l2)
        if changes.get("optimizer", settings.optimizer) != settings.optimizer:
            changes = {"options": {}, **changes}
        return replace(settings, **changes), l2

    def apply_to(self, experiment: Experiment) -> Experiment:
        """Change the settings of an experiment.

        Raises:
            ExperimentError: a setting cannot have that value.
        """
        settings, l2 = self.apply(experiment.training, experiment.network.l2)
        tables = to_tables(experiment)
        tables["training"] = to_builtins(settings)
        tables["network"]["l2"] = l2
        return parse(tables)

    def __str__(self) -> str:
        return ", ".join(f"{name} = {value}" for name, value in self.changes.items())


class MistakeEdit(_Edit, frozen=True, kw_only=True, tag="SlipEdit", rename={"mistake": "slip"}):
    """The injection of a mistake into all later updates, or its removal.

    Checkpoints call it a slip.
    """

    mistake: str | None
    """Its name in `verify.mistakes.MISTAKES`."""

    def __str__(self) -> str:
        return f"mistake {self.mistake}" if self.mistake else "no mistake"


Edit = ParameterEdit | InputEdit | SettingsEdit | MistakeEdit


class BranchLog(Struct, frozen=True, kw_only=True):
    """Everything that recreates a branch, besides the experiment."""

    number: int
    parent: int | None
    fork: int
    reached: int
    edits: tuple[Edit, ...]
