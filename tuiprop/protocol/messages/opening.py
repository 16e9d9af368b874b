"""Messages that locate an experiment or a file and open a run of it."""

from tuiprop.protocol.messages.base import Message, Request
from tuiprop.protocol.messages.conditions import QuantityNote
from tuiprop.protocol.messages.data import Outline, Tables
from tuiprop.protocol.messages.files import Snapshot
from tuiprop.protocol.messages.proof import MistakeNote


class Difference(Message, frozen=True, kw_only=True):
    """A key of the experiment whose value differs between a file and a run."""

    key: str
    file: str
    run: str


class KeptRun(Message, frozen=True, kw_only=True):
    """A kept run, which can be resumed."""

    path: str
    source: str
    """The source of its data."""
    update: int
    epoch: int
    """Whole epochs done."""
    epochs: int
    """The number of epochs to train for."""
    age: float
    """Seconds since the run was saved."""
    is_own: bool = True
    """The run is saved to its file again, which may be deleted; else the file is only read."""
    adopts: bool = False
    """The run takes over the epochs and the conditions of the named experiment file."""
    differing: list[Difference] = []
    """The settings in which the named experiment file differs from the run."""


class BareWeights(Message, frozen=True, kw_only=True):
    """Weights from another program, and what their file says of the network."""

    sizes: list[int]
    """n[0], …, n[L]."""
    activations: list[str | None]
    """The activations of layers 1 … L; None where the file does not say."""
    sentence: str
    """The reason why the file alone is not enough for a network."""


class Located(Message, frozen=True, kw_only=True):
    """An experiment for the thing that the user named."""

    experiment: Tables
    weights: str | None = None
    """The named model, whose weights are the initial ones."""
    checkpoint: str | None = None
    """The named checkpoint."""
    kept: KeptRun | None = None
    """The newest kept run of the named experiment."""
    bare: BareWeights | None = None
    """Weights from another program, if named: `Adopt` turns them into an experiment."""
    suggested: bool = False
    """A table was named, and the use of its columns is a guess, which may be refused later."""


class Locate(Request[Located], frozen=True, kw_only=True):
    """Find an experiment file, a table, a model, a checkpoint or the name of a data set."""

    what: str
    anything: bool = False
    """The user named nothing: offer any kept run."""


class Adopt(Request[Located], frozen=True, kw_only=True):
    """Turn weights from another program into an experiment."""

    weights: str
    """The file of the weights."""
    activations: list[str]
    """The activations of layers 1 … L."""
    source: str
    """The source of the data: anything in which `Locate` finds a table."""


class Forget(Request[None], frozen=True, kw_only=True):
    """Delete a kept run."""

    path: str


class FileFormat(Message, frozen=True, kw_only=True):
    """A format that weights are written in."""

    name: str
    suffix: str
    words: str
    """The purpose of such a file."""
    reads: bool
    """Files of this format are read too."""


class Vocabulary(Message, frozen=True, kw_only=True):
    """The names that an experiment may use, in the order of the menus."""

    datasets: list[str]
    activations: list[str]
    outputs: list[str]
    """Activations that the output layer may have."""
    losses: list[str]
    usual_losses: dict[str, str]
    """The usual loss for each activation of the output layer."""
    initializers: list[str]
    optimizers: list[str]
    options: dict[str, dict[str, float | tuple[float, float]]]
    """The options of each optimiser, with their defaults."""
    dtypes: list[str]
    mistakes: list[MistakeNote]
    """The mistakes that can be injected."""
    formats: list[FileFormat]
    """The file formats of weights."""
    quantities: list[QuantityNote]
    """The quantities of conditions."""


class ListNames(Request[Vocabulary], frozen=True, kw_only=True):
    """List the names that an experiment may use."""


class Opened(Message, frozen=True, kw_only=True):
    """A run has begun."""

    run: int
    """The number of the run, which frames carry too."""
    outline: Outline
    initial: bytes
    """State 0: the vector of all parameters."""
    kept_in: str = ""
    """The file in which the run is kept, or ""."""
    what: str = ""
    """The argument with which the dashboard was started when the run began."""
    differing: str = ""
    """The differences to the machine of the checkpoint that may change the rounding, or ""."""


class Open(Request[Opened], frozen=True, kw_only=True):
    """Begin a run."""

    experiment: Tables = {}
    """The experiment; with a checkpoint, only its epochs and its conditions matter."""
    weights: str | None = None
    """A file of initial weights."""
    initial: bytes | None = None
    """The initial weights from `Opened`, which take precedence over `weights`."""
    resume: Snapshot | None = None
    """The state to resume from, after an engine died."""
    checkpoint: str | None = None
    """A checkpoint to resume from, which holds the experiment."""
    kept_in: str | None = None
    """The file in which the run is kept; None: a new one."""
    what: str = ""
    """The argument with which the dashboard was started."""
