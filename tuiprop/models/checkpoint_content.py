"""The content of a checkpoint, and what follows from it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from tuiprop.core.array import Array
from tuiprop.core.network import Network, Parameters
from tuiprop.data.preparation.encoding import Preparation
from tuiprop.models.contents import Architecture, ContentError
from tuiprop.models.model import Model
from tuiprop.training.edit import BranchLog
from tuiprop.training.experiment import Experiment
from tuiprop.training.history import WIDTH, Best
from tuiprop.training.network import network_of
from tuiprop.training.plan import Plan, injected_before

NEWEST, BEST = WHICH = "newest", "best"
"""The parameters of a checkpoint: those at the position of the run, or of its best epoch."""


class Checkpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of a file."""

    experiment: dict[str, Any]
    """The tables of the complete experiment, with the conditions that stop it."""
    inputs: tuple[str, ...]
    classes: tuple[str, ...]
    preparation: tuple[dict[str, Any], ...]
    targets: tuple[dict[str, Any], ...]
    examples: tuple[int, int]
    """The numbers of training and validation examples."""
    data: str
    """The SHA-256 of the examples and their preparation."""
    machine: dict[str, str]
    """The result of `training.machine.facts`."""
    opened: str = ""
    """The argument that the dashboard was opened with."""
    position: tuple[int, int]
    """The position of the run: updates done, and operations of the next one."""
    initial: bytes
    """State 0: θ, (P,)."""
    parameters: bytes
    """θ at the position of the run, (P,)."""
    update: int
    """The update that `state` belongs to."""
    state: bytes
    """θ and the optimiser state before the edits that act on them, (1 + S, P)."""
    branch: int
    """The number of the current branch."""
    logs: tuple[BranchLog, ...]
    """The log of every branch, parents first."""
    history: bytes
    """The history of that branch, (epochs + 1, WIDTH) of float64."""
    best_epoch: int = 0
    best: bytes = b""
    """θ at the end of the best epoch of that branch, (P,); empty if it was not kept."""


@dataclass(frozen=True, eq=False)
class Saved:
    """A checkpoint that has passed all checks."""

    content: Checkpoint
    experiment: Experiment
    """The complete experiment, with resolved paths."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the parameters."""
        return np.dtype(self.experiment.training.dtype)

    @cached_property
    def network(self) -> Network:
        """The network that the experiment describes."""
        return network_of(self.experiment, len(self.content.inputs))

    @cached_property
    def log(self) -> BranchLog:
        """The log of the current branch."""
        return next(log for log in self.content.logs if log.number == self.content.branch)

    @cached_property
    def plan(self) -> Plan:
        """The configuration of every update of that branch."""
        settings, count = self.experiment.training, self.content.examples[0]
        return Plan(self.network, settings, count, self.log.edits)

    @property
    def state(self) -> Array:
        """(1 + S, P)."""
        return np.frombuffer(self.content.state, self.dtype).reshape(
            -1, self.network.parameter_count
        )

    @property
    def history(self) -> NDArray[np.float64]:
        """(epochs + 1, WIDTH)."""
        return np.frombuffer(self.content.history, np.float64).reshape(-1, WIDTH)

    @property
    def best(self) -> Best | None:
        """The parameters of the best epoch; None if they were not kept."""
        if not self.content.best:
            return None
        return Best(self.content.best_epoch, np.frombuffer(self.content.best, self.dtype))

    @property
    def best_update(self) -> int:
        """The last update of the best epoch."""
        return self.plan.batches.end(self.content.best_epoch)

    def model(self, which: str = NEWEST) -> Model:
        """The network with the parameters at the position of the run, or of its best epoch.

        Raises:
            ContentError: an injected mistake has changed them, or those of the best epoch were
                not kept.
        """
        content = self.content
        newest = which == NEWEST
        update = content.position[0] if newest else self.best_update
        edits = self.plan.before(update + newest)
        if (mistake := injected_before(self.log.edits, update)) is not None:
            raise ContentError(f"its weights cannot be exported: {mistake}")
        found = content.parameters if newest else content.best
        if not found:
            raise ContentError(
                "it does not hold the parameters of the best epoch; resume the run to compute them"
            )
        return Model(
            self.experiment,
            Parameters(self.network, np.frombuffer(found, self.dtype)),
            content.inputs,
            content.classes,
            tuple(map(Preparation.from_builtins, content.preparation)),
            update,
            tuple(map(Preparation.from_builtins, content.targets)),
            tuple(edit.describe() for edit in edits),
        )


def described(saved: Saved) -> list[str]:
    """Describe the content of a checkpoint, line by line."""
    content, batches = saved.content, saved.plan.batches
    t, k = content.position
    inside = f", and {k} operations of the next" if k else ""
    epochs = f"epoch {batches.epochs_done(t)} of {saved.experiment.training.epochs}"
    best = "" if content.best else ", not kept"
    lines = [
        f"network   {Architecture.of(saved.network).words}, {saved.network.loss}",
        f"data      {saved.experiment.data.source}",
        f"inputs    {', '.join(content.inputs)}",
        f"update    {t}{inside}, {epochs}",
        f"best      update {saved.best_update}, epoch {content.best_epoch}{best}",
    ]
    for log in content.logs:
        edits = "; ".join(edit.describe() for edit in log.edits) or "no edits"
        lines.append(f"branch    {log.number}, to update {log.reached}: {edits}")
    return [*lines, *(f"{name:<9} {value}" for name, value in content.machine.items())]
