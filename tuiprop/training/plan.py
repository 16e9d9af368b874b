"""The plan: what is in force for every update, from the experiment and the log of edits."""

from dataclasses import replace
from math import inf

import msgspec

from tuiprop.core.network import Network
from tuiprop.training.batches import Batches
from tuiprop.training.edit import Edit, SettingsEdit
from tuiprop.training.experiment import TrainingSettings


class Plan:
    """An experiment and its edits.

    Args:
        network: as the experiment has it.
        settings: as the experiment has them.
        count: how many training examples there are.
        edits: the log; those that act after the same update act in this order.
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
        for edit in self.edits:
            if isinstance(edit, SettingsEdit) and edit.batch_size is not None:
                self.batches.resize(edit.batch_size, edit.at)

    def with_edits(self, edits: tuple[Edit, ...]) -> "Plan":
        """The same experiment with another log."""
        return Plan(self._network, self._settings, self.batches.count, edits)

    def acting_at(self, t: int) -> tuple[Edit, ...]:
        """The edits that act on state t."""
        return tuple(edit for edit in self.edits if edit.at == t)

    def before(self, t: int) -> tuple[Edit, ...]:
        """The edits that acted before state t was reached."""
        return tuple(edit for edit in self.edits if edit.at < t)

    def next_edit(self, t: int) -> float:
        """The first t later than this at which an edit acts; infinity if none does."""
        return min((edit.at for edit in self.edits if edit.at > t), default=inf)

    def in_force(self, edits: tuple[Edit, ...]) -> tuple[Network, TrainingSettings, int]:
        """What holds after some of the edits.

        Returns:
            The network, the settings, and the number of updates done when the optimiser began.
        """
        network, settings, began = self._network, self._settings, 0
        for edit in edits:
            if not isinstance(edit, SettingsEdit):
                continue
            if edit.l2 is not None:
                network = replace(network, l2=edit.l2)
            if edit.optimizer is not None and edit.optimizer != settings.optimizer:
                began = edit.at
                settings = msgspec.structs.replace(settings, optimizer=edit.optimizer, options={})
            changes = {
                name: value
                for name in ("learning_rate", "batch_size", "options")
                if (value := getattr(edit, name)) is not None
            }
            settings = msgspec.structs.replace(settings, **changes)
        return network, settings, began
