"""Finding what the user named, and opening a run of it."""

from tuiprop.protocol.messages.base import Request
from tuiprop.protocol.messages.data import Outline
from tuiprop.protocol.messages.payloads import (
    BareWeights,
    FileFormat,
    KeptRun,
    Message,
    MistakeNote,
    QuantityNote,
    Snapshot,
    Tables,
)


class Located(Message, frozen=True, kw_only=True):
    """What was named, as an experiment."""

    experiment: Tables
    weights: str | None = None
    """The model that was named: its weights are the initial ones."""
    checkpoint: str | None = None
    """The checkpoint that was named."""
    kept: KeptRun | None = None
    """The newest run of what was named that was kept."""
    bare: BareWeights | None = None
    """Weights of another program were named: `Adopt` makes an experiment of them."""
    suggested: bool = False
    """A table was named, and how its columns are used is a guess; it may be refused yet."""


class Locate(Request[Located], frozen=True, kw_only=True):
    """Find an experiment file, a table, a model, a checkpoint or the name of a data set."""

    what: str
    anything: bool = False
    """The user named nothing: offer any run that was kept."""


class Adopt(Request[Located], frozen=True, kw_only=True):
    """Make an experiment of weights that another program wrote."""

    weights: str
    """Their file."""
    activations: list[str]
    """Of layers 1 … L."""
    source: str
    """The data: whatever `Locate` finds a table with."""


class Forget(Request[None], frozen=True, kw_only=True):
    """Delete a run that was kept."""

    path: str


class Vocabulary(Message, frozen=True, kw_only=True):
    """The names that an experiment may use, in the order in which they are offered."""

    datasets: list[str]
    activations: list[str]
    outputs: list[str]
    """Activations that the output layer may have."""
    losses: list[str]
    usual_losses: dict[str, str]
    """The loss that goes with each activation of the output layer."""
    initializers: list[str]
    optimizers: list[str]
    options: dict[str, dict[str, float | tuple[float, float]]]
    """Of each optimiser, with their defaults."""
    dtypes: list[str]
    mistakes: list[MistakeNote]
    """Mistakes that can be put into a network."""
    formats: list[FileFormat]
    """Formats of weights."""
    quantities: list[QuantityNote]
    """Quantities of conditions."""


class ListNames(Request[Vocabulary], frozen=True, kw_only=True):
    """List the names that an experiment may use."""


class Opened(Message, frozen=True, kw_only=True):
    """A run has begun."""

    run: int
    """Its number; frames carry it too."""
    outline: Outline
    initial: bytes
    """State 0: the vector of all parameters."""
    kept_in: str = ""
    """The file that the run is kept in; "" where none is."""
    what: str = ""
    """What the dashboard was asked to open when the run began."""
    differing: str = ""
    """How this machine differs from that of the checkpoint, so that the last digits may differ."""


class Open(Request[Opened], frozen=True, kw_only=True):
    """Begin a run."""

    experiment: Tables = {}
    """Beside a checkpoint, only its epochs and its conditions count."""
    weights: str | None = None
    """A file of initial weights."""
    initial: bytes | None = None
    """The initial weights themselves, as `Opened` gave them; they go before `weights`."""
    resume: Snapshot | None = None
    """The state to go on from, after an engine died."""
    checkpoint: str | None = None
    """A file to go on from, which holds the experiment."""
    kept_in: str | None = None
    """The file that the run is kept in, if it has one; None: a new one."""
    what: str = ""
    """What the dashboard was asked to open."""
