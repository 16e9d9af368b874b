"""What the dashboard asks of the engine."""

from typing import Literal

from tuiprop.protocol.messages.payloads import Message, Pace, Snapshot, Stop, Tables, Window
from tuiprop.protocol.messages.prediction_payloads import MapWanted, Subset
from tuiprop.update.arrays import CellRef


class Locate(Message, frozen=True, kw_only=True):
    """What is this: an experiment file, a table, a model, the name of a data set? → `Located`."""

    what: str
    anything: bool = False
    """Nothing was named: any run that was kept is of interest."""


class Adopt(Message, frozen=True, kw_only=True):
    """Make an experiment of weights that another program wrote. → `Located` or `Refused`."""

    weights: str
    """Their file."""
    activations: list[str]
    """Of layers 1 … L."""
    source: str
    """The data: what `Locate` finds a table with."""


class Forget(Message, frozen=True, kw_only=True):
    """Delete a run that was kept. → `Done` or `Refused`."""

    path: str


class Ask(Message, frozen=True, kw_only=True):
    """Which names are there to choose from? → `Vocabulary`."""


class Check(Message, frozen=True, kw_only=True):
    """Would this experiment do, and what is its network? → `Outline` or `Refused`."""

    experiment: Tables
    weights: str | None = None
    """A file of initial weights, which must fit."""


class Describe(Message, frozen=True, kw_only=True):
    """What does the table of an experiment hold, and what becomes of it? → `Described`.

    `Refused` where there is nothing to look at.
    """

    experiment: Tables
    suggest: bool = False
    """Where it says nothing of the columns, say what suits them."""
    refit: bool = False
    """Let the loss and the output layer follow the target."""
    first: int = 0
    """The first column that is looked at."""
    count: int = 0
    """How many of them."""


class Open(Message, frozen=True, kw_only=True):
    """Begin a run. → `Opened` or `Refused`."""

    experiment: Tables = {}
    """Beside a checkpoint: its epochs and its conditions are taken."""
    weights: str | None = None
    """A file of initial weights."""
    initial: bytes | None = None
    """The initial weights themselves, as `Opened` gave them; goes before `weights`."""
    resume: "Snapshot | None" = None
    """Where to go on, after an engine died."""
    checkpoint: str | None = None
    """A file to go on from, with the experiment in it."""
    kept_in: str | None = None
    """The file that the run is kept in, if it has one; None: a new one."""
    what: str = ""
    """What the dashboard was asked to open."""


class Play(Message, frozen=True, kw_only=True):
    """Walk on to the end of the epochs asked for. → `Done`."""

    pace: Pace | None = None
    """None: flat out."""


class Toggle(Message, frozen=True, kw_only=True):
    """Play if the run stands still, else pause. → `Done` or `Refused`."""

    pace: Pace | None = None
    """As for `Play`."""


class SetPace(Message, frozen=True, kw_only=True):
    """Play at another pace, if it plays. → `Done`."""

    pace: Pace | None = None


class Pause(Message, frozen=True, kw_only=True):
    """Stop where we are. → `Done`."""


class Seek(Message, frozen=True, kw_only=True):
    """Go to a place, back or on: the first of these that is set. → `Done` or `Refused`.

    It is answered when the place is reached or the run is under way to it.
    """

    branch: int | None = None
    """The newest state of this branch."""
    update: int | None = None
    epoch: int | None = None
    """Its end."""
    ahead: int | None = None
    """Epochs from the last whole one, back below 0."""
    place: Literal["newest", "end", "best"] = "newest"
    """The newest update of this branch; the end of the epochs asked for; the epoch of the least
    J validation, or J training where nothing is held out."""


class Move(Message, frozen=True, kw_only=True):
    """Go so far on (or back, below 0) from where the run is or is going. → `Done`."""

    operations: int = 0
    layers: int = 0
    """To where the operations of this layer in this phase end is one on; to where they, or those
    before them, begin is one back."""
    phases: int = 0
    """The same for forward, cost, backward, update."""
    updates: int = 0
    """To the end of an update begun is one on; to its beginning is one back."""
    epochs: int = 0
    """To the end of this epoch is one on; to its beginning, or that of the one before, is back."""


NO_HISTORY = 10**12
"""An epoch that no run comes to."""


class Look(Message, frozen=True, kw_only=True):
    """What there is to see now. → `Frame`."""

    window: Window | None = None
    operands: list[Window] = []
    """Parts of further arrays."""
    cell: CellRef | None = None
    """The number whose origin is wanted."""
    terms: int = 0
    """How many of its terms."""
    line_width: int = 74
    """Columns that a line of its formulas may have."""
    history_from: int = 0
    """Send the history from this epoch on; `NO_HISTORY` for none."""


class Study(Message, frozen=True, kw_only=True):
    """What does the network make of the data, where the run stands? → `Studied`."""

    subset: Subset = "all"
    """Of which examples predictions are scored."""
    threshold: float = 0.5
    """From which probability on it is the second of two classes."""
    cell: tuple[int, int] | None = None
    """Actual and predicted class of the examples that are listed; None: all mistakes."""
    first: int = 0
    count: int = 0
    """How many of them are listed, from which on."""
    map: MapWanted | None = None
    example: int | None = None
    """The row of the table whose way through the network is wanted."""
    first_unit: int = 0
    weights: int = 0
    """How many units of the first layer have their weights drawn, from which on."""


class Try(Message, frozen=True, kw_only=True):
    """What if this number were another? Of W, b or a[0]. → `Done` or `Refused`.

    It is tried on a branch of its own; until `Keep` or `Revert`, nothing else moves the run.
    """

    cell: CellRef
    value: float


class Keep(Message, frozen=True, kw_only=True):
    """Keep what is tried, as a branch. → `Done`."""


class Revert(Message, frozen=True, kw_only=True):
    """Forget what is tried, and stand where the run stood. → `Done`."""


class Change(Message, frozen=True, kw_only=True):
    """Train otherwise from here on. → `Done` or `Refused`."""

    learning_rate: float | None = None
    l2: float | None = None
    batch_size: int | None = None
    """From the next epoch on."""
    optimizer: str | None = None
    options: dict[str, float | tuple[float, float]] | None = None


class SetStops(Message, frozen=True, kw_only=True):
    """Stop when one of these becomes true, instead of those before. → `Done` or `Refused`."""

    stops: list[Stop]


class Verify(Message, frozen=True, kw_only=True):
    """Prove where the run stands, now. → `Done`."""


class SetMistake(Message, frozen=True, kw_only=True):
    """Put a mistake into the network from here on, on a branch; None: take it out. → `Done`."""

    name: str | None


class SaveRecord(Message, frozen=True, kw_only=True):
    """Write every array of the update at hand to a file. → `Exported` or `Refused`."""

    path: str


class Save(Message, frozen=True, kw_only=True):
    """Keep what must survive this engine. → `Snapshot`."""

    history_from: int = 0
    """Only the history from this epoch on."""
    branch: int = 0
    """Of this branch; all of it where the run is on another."""


class KeepRun(Message, frozen=True, kw_only=True):
    """Save the run where runs are kept, if it is not yet. → `Done` or `Refused`."""


class Export(Message, frozen=True, kw_only=True):
    """Write the weights or a checkpoint, read it back. → `Exported` or `Refused`."""

    path: str
    best: bool = False
    """The weights at the end of the best epoch, not those of where the run stands."""


class SaveExperiment(Message, frozen=True, kw_only=True):
    """Write an experiment file. → `Exported` or `Refused`."""

    experiment: Tables
    path: str


Request = (
    Locate
    | Adopt
    | Forget
    | Ask
    | Check
    | Describe
    | Open
    | Play
    | Toggle
    | SetPace
    | Pause
    | Seek
    | Move
    | Try
    | Keep
    | Revert
    | Change
    | SetStops
    | Verify
    | SetMistake
    | SaveRecord
    | Look
    | Study
    | Save
    | KeepRun
    | Export
    | SaveExperiment
)
