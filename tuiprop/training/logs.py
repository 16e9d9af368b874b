"""Checks that the branches and edits in a file are possible in an experiment."""

from collections.abc import Sequence
from math import isfinite

from tuiprop.core.network import Network
from tuiprop.training.edit import (
    BranchLog,
    Edit,
    InputEdit,
    MistakeEdit,
    ParameterEdit,
    SettingsEdit,
)
from tuiprop.training.experiment import Experiment, ExperimentError
from tuiprop.update.arrays import CellRef
from tuiprop.verify.mistakes import MISTAKES


def check_logs(
    logs: Sequence[BranchLog], experiment: Experiment, network: Network, examples: int
) -> None:
    """Check that a run of an experiment can have these branches.

    Args:
        logs: parents first.
        experiment: complete.
        network: the network that it describes.
        examples: the number of training examples.

    Raises:
        ValueError: a branch or an edit is impossible; the message names the first.
    """
    known: dict[int, BranchLog] = {}
    for log in logs:
        first = not known
        parent = known.get(-1 if log.parent is None else log.parent)
        if first != (log.parent is None) or (not first and parent is None):
            raise ValueError(f"branch {log.number} comes before its parent, {log.parent}")
        limit = log.reached if parent is None else min(parent.reached, log.reached)
        if log.number in known or (first and log.number) or not 0 <= log.fork <= limit:
            raise ValueError(f"branch {log.number} cannot begin after update {log.fork}")
        _check_edits(log, experiment, network, examples)
        known[log.number] = log
    if not known:
        raise ValueError("there is no branch")


def _check_edits(log: BranchLog, experiment: Experiment, network: Network, examples: int) -> None:
    for edit in sorted(log.edits, key=lambda edit: edit.at):
        try:
            if isinstance(edit, SettingsEdit):
                experiment = edit.apply_to(experiment)
            there = _is_there(edit, network, examples)
        except ExperimentError as error:
            raise ValueError(f"branch {log.number} cannot have the edit {edit}: {error}") from None
        if not there or not 0 <= edit.at <= log.reached:
            raise ValueError(f"branch {log.number} cannot have the edit {edit} at {edit.at}")


def _is_there(edit: Edit, network: Network, examples: int) -> bool:
    """Return True if the changed number exists, and its new value is possible."""
    if isinstance(edit, ParameterEdit):
        cell = CellRef(edit.array, edit.row, edit.column)
        return cell.exists(network.sizes, examples) and isfinite(edit.value)
    if isinstance(edit, InputEdit):
        inside = 0 <= edit.example < examples and 0 <= edit.input < network.inputs
        return inside and isfinite(edit.value)
    return not isinstance(edit, MistakeEdit) or edit.mistake is None or edit.mistake in MISTAKES
