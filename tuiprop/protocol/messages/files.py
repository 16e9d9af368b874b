"""Files that the engine writes, and the state that survives it."""

from tuiprop.protocol.messages.base import Message, Request
from tuiprop.protocol.messages.data import Tables


class Exported(Message, frozen=True, kw_only=True):
    """A file was written and read back."""

    path: str
    sentence: str
    update: int = 0
    """The update whose weights it holds."""


class SaveRecord(Request[Exported], frozen=True, kw_only=True):
    """Write every array of the current update to a file."""

    path: str


class Snapshot(Message, frozen=True, kw_only=True):
    """A state from which another engine can resume."""

    update: int
    state: bytes
    """The state before the edits at this update are applied."""
    branch: int = 0
    """The branch that the run is on."""
    logs: bytes = b""
    """The edits and positions from which the branches are rebuilt."""
    history_from: int = 0
    epochs: int
    """The number of rows of the history from there on."""
    history: bytes
    """These rows, as float64."""
    best_epoch: int = 0
    best: bytes = b""
    """The parameters at the end of the best epoch; empty if they were not kept."""


class Save(Request[Snapshot], frozen=True, kw_only=True):
    """Fetch the state that must survive this engine."""

    history_from: int = 0
    """The first epoch of the history to send."""
    branch: int = 0
    """The branch of that epoch; if the run is on another branch, the whole history is sent."""


class KeepRun(Request[None], frozen=True, kw_only=True):
    """Save the run where runs are kept, if it is not saved yet."""


class Export(Request[Exported], frozen=True, kw_only=True):
    """Write the weights or a checkpoint, and read it back."""

    path: str
    best: bool = False
    """The weights at the end of the best epoch, not the present ones."""


class SaveExperiment(Request[Exported], frozen=True, kw_only=True):
    """Write an experiment file."""

    experiment: Tables
    path: str
