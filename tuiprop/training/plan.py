"""The plan: the configuration of every update, given the experiment and the log of edits."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf

from tuiprop.core.array import Array
from tuiprop.core.network import Network
from tuiprop.core.optimizer import OPTIMIZERS, Optimizer
from tuiprop.core.propagation import Workspace
from tuiprop.training.batches import Batches
from tuiprop.training.edit import Edit, MistakeEdit, SettingsEdit
from tuiprop.training.experiment import TrainingSettings
from tuiprop.update.operation import Operation
from tuiprop.update.operations import operations
from tuiprop.update.parameter_update import ParameterUpdate
from tuiprop.verify.injection import Mistake
from tuiprop.verify.mistakes import MISTAKES
from tuiprop.verify.update_audit import Audit, audit


@dataclass(frozen=True)
class UpdateConfig:
    """Everything that determines an update, except examples and state."""

    network: Network
    """The network with the λ of this update."""
    settings: TrainingSettings
    optimizer_began: int
    """The update after which the optimiser began; it counts its own updates from 1."""
    mistake: Mistake | None
    """The mistake that is injected into the update; None without one."""

    @property
    def optimizer(self) -> Optimizer:
        """The rule of the optimiser."""
        return OPTIMIZERS[self.settings.optimizer]

    def operations(self) -> tuple[Operation, ...]:
        """The operations of an update, in order."""
        return self._operations

    @cached_property
    def _operations(self) -> tuple[Operation, ...]:
        describe = operations if self.mistake is None else self.mistake.operations
        settings = self.settings
        return describe(self.network, self.optimizer, settings.learning_rate, settings.options)

    def workspace(self, m: int) -> Workspace:
        """Create the arrays of an update over m examples."""
        new = Workspace if self.mistake is None else self.mistake.workspace
        return new(self.network, m, self.settings.dtype)

    def audit(self, count: int, before: Array, gradient: Array, after: Array) -> Audit:
        """Audit an update.

        Args:
            count: the number of the update in the rule of the optimiser, from 1.
            before: θ and the optimiser state before the update, (1 + S, P).
            gradient: the gradient, (P,).
            after: θ and the optimiser state after the update, (1 + S, P).
        """
        settings = self.settings
        rule = settings.optimizer, settings.learning_rate, settings.options
        return audit(self.network, *rule, count, before, gradient, after)

    def change(self, state: Array) -> ParameterUpdate:
        """Create the rule that updates this state, (1 + S, P), in place."""
        settings = self.settings
        rule = self.optimizer, state, settings.learning_rate, settings.options
        return (
            ParameterUpdate(*rule)
            if self.mistake is None
            else self.mistake.change(self.network, *rule)
        )


@dataclass(frozen=True)
class Injected:
    """A mistake that updates of a run were computed with."""

    title: str
    """The mistaken equation."""
    at: int
    """The number of the last update without it."""

    def __str__(self) -> str:
        return (
            f"the updates from {self.at + 1} on were computed with an injected mistake, "
            f"{self.title}; go back to update {self.at}, or start over"
        )


def injected_before(edits: Iterable[Edit], t: int) -> Injected | None:
    """The first mistake that was injected into one of the updates 1 … t.

    Args:
        edits: the log of the branch.
        t: a number of updates.
    """
    name, since = None, 0
    switches = sorted((each for each in edits if isinstance(each, MistakeEdit)), key=lambda e: e.at)
    for at, switched_to in (*((each.at, each.mistake) for each in switches), (t, None)):
        if name is not None and since < min(at, t):
            return Injected(MISTAKES[name].title, since)
        name, since = switched_to, at
    return None


class Plan:
    """An experiment and its edits.

    Args:
        network: the network of the experiment.
        settings: the settings of the experiment.
        count: the number of training examples.
        edits: the log; edits after the same update act in this order.
    """

    def __init__(
        self, network: Network, settings: TrainingSettings, count: int, edits: tuple[Edit, ...] = ()
    ) -> None:
        self._network = network
        self._settings = settings
        self.edits = tuple(sorted(edits, key=lambda edit: edit.at))
        self.batches = Batches(
            count, settings.batch_size, shuffle=settings.shuffle, seed=settings.seed
        )
        self._configs: dict[int, UpdateConfig] = {}
        for edit in self.edits:
            if isinstance(edit, SettingsEdit) and edit.batch_size is not None:
                self.batches.resize(edit.batch_size, edit.at)

    def with_edits(self, edits: tuple[Edit, ...]) -> "Plan":
        """Build the plan of the same experiment with another log."""
        return Plan(self._network, self._settings, self.batches.count, edits)

    def acting_at(self, t: int) -> tuple[Edit, ...]:
        """The edits that act on state t."""
        return tuple(edit for edit in self.edits if edit.at == t)

    def before(self, t: int) -> tuple[Edit, ...]:
        """The edits that acted before state t was reached."""
        return tuple(edit for edit in self.edits if edit.at < t)

    def next_edit(self, t: int) -> float:
        """The first later t at which an edit acts; infinity if there is none."""
        return min((edit.at for edit in self.edits if edit.at > t), default=inf)

    def config_of(self, update: int) -> UpdateConfig:
        """The configuration of update t ≥ 1, after all edits before it."""
        edits = self.before(update)
        if len(edits) not in self._configs:
            self._configs[len(edits)] = self._config_after(edits)
        return self._configs[len(edits)]

    def _config_after(self, edits: tuple[Edit, ...]) -> UpdateConfig:
        settings, l2 = self._settings, self._network.l2
        optimizer_began, mistake = 0, None
        for edit in edits:
            if isinstance(edit, MistakeEdit):
                mistake = MISTAKES[edit.mistake] if edit.mistake else None
            if isinstance(edit, SettingsEdit):
                optimizer = settings.optimizer
                settings, l2 = edit.apply(settings, l2)
                if settings.optimizer != optimizer:
                    optimizer_began = edit.at
        return UpdateConfig(replace(self._network, l2=l2), settings, optimizer_began, mistake)
