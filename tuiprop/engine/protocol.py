"""What the dashboard asks of the engine, and what it answers.

Experiments travel as the tables of their file and matrices as lists of the visible numbers, so
that the dashboard needs neither NumPy nor the propagation core.
"""

from typing import Annotated, Any, Literal

import msgspec

from tuiprop.engine.sights import (
    ClassesNote,
    MapNote,
    MapWanted,
    NumberScore,
    Picture,
    Subset,
    WayNote,
)

Tables = dict[str, Any]
"""An experiment as the tables of its file."""


Status = Literal["paused", "playing", "seeking"]


class Message(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Something that crosses."""


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How fast it is played."""

    rate: Annotated[float, msgspec.Meta(gt=0)]
    """So many a second."""
    operations: bool = False
    """The rate counts operations, not updates."""


# What is asked


class Locate(Message, frozen=True, kw_only=True):
    """What is this: an experiment file, a table, a model, the name of a data set? → `Located`."""

    what: str
    anything: bool = False
    """Nothing was named: any run that was kept is of interest."""


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
    weights: str | None = None
    """A file of initial weights."""
    initial: bytes | None = None
    """The initial weights themselves, as `Opened` gave them; goes before `weights`."""
    resume: "Snapshot | None" = None
    """Where to go on, after an engine died."""
    checkpoint: str | None = None
    """A file to go on from; it has an experiment of its own."""
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


class Window(Message, frozen=True, kw_only=True):
    """Which part of which array is looked at."""

    symbol: str
    """One of W b z a da dz dW db."""
    layer: int
    row: int = 0
    rows: int = 0
    column: int = 0
    columns: int = 0
    slot: str = ""
    """The letter of a slot of the optimiser."""
    before: bool = False
    """Of W, b and slots: as they were before the update at hand."""


class Place(Message, frozen=True, kw_only=True):
    """One number of an array."""

    symbol: str
    layer: int
    slot: str = ""
    row: int = 0
    column: int = 0
    before: bool = False
    """Of W, b and slots: as it was before the update at hand."""


class Look(Message, frozen=True, kw_only=True):
    """What there is to see now. → `Frame`."""

    window: Window | None = None
    operands: list[Window] = []
    """Parts of further arrays."""
    place: Place | None = None
    """The number whose origin is wanted."""
    terms: int = 0
    """How many of its terms."""
    line_width: int = 74
    """Columns that a line of its formulas may have."""
    history_from: int = 0
    """Send the history from this epoch on."""


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

    symbol: str
    layer: int
    row: int
    column: int
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


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """A condition: QUANTITY OP NUMBER."""

    when: str
    enabled: bool = True


class StopNote(Stop, frozen=True, kw_only=True):
    """A condition, and what its quantity is now."""

    value: float | None
    """None where it is not known: of an update, while it walks or before its end; of what is
    dear, such as failed_checks."""


class SetStops(Message, frozen=True, kw_only=True):
    """Stop when one of these becomes true, instead of those before. → `Done` or `Refused`."""

    stops: list[Stop]


class Verify(Message, frozen=True, kw_only=True):
    """Prove where the run stands, now. → `Done`."""


class SetSlip(Message, frozen=True, kw_only=True):
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
    | SetSlip
    | SaveRecord
    | Look
    | Study
    | Save
    | KeepRun
    | Export
    | SaveExperiment
)

# What is answered


class Refused(Message, frozen=True, kw_only=True):
    """It cannot be: one sentence."""

    sentence: str
    key: str = ""
    """The key of the experiment at fault, if it is one."""


class KeptRun(Message, frozen=True, kw_only=True):
    """A run that was kept, to go on with."""

    path: str
    source: str
    """Of its data."""
    update: int
    epoch: int
    """Whole ones."""
    epochs: int
    """Asked for."""
    age: float
    """Seconds since it was kept."""


class Located(Message, frozen=True, kw_only=True):
    """What was named, as an experiment."""

    experiment: Tables
    weights: str | None = None
    """The model that was named: its weights are the initial ones."""
    checkpoint: str | None = None
    """The checkpoint that was named."""
    kept: KeptRun | None = None
    """The newest run of what was named that was kept."""
    suggested: bool = False
    """A table was named, and what is done with its columns is a guess; it may not do yet."""


class SlipNote(Message, frozen=True, kw_only=True):
    """A mistake that can be put into the network."""

    name: str
    title: str
    """The slipped equation."""
    right: str
    """The right one."""
    sentence: str


class FileFormat(Message, frozen=True, kw_only=True):
    """A format that weights are written in."""

    name: str
    suffix: str
    words: str
    """What such a file is good for."""
    reads: bool
    """Files of this format are read too."""


class QuantityNote(Message, frozen=True, kw_only=True):
    """What a condition can ask for."""

    pattern: str
    """X stands for an array and (l) for a layer."""
    words: str
    classes: bool
    """It needs a loss of classes."""
    held_out: bool
    """It needs examples that are held out."""
    elementwise: bool
    """It needs an activation with a slope for each number: none that only an output may have."""


class Vocabulary(Message, frozen=True, kw_only=True):
    """The names that an experiment may use, in the order in which they are offered."""

    datasets: list[str]
    activations: list[str]
    outputs: list[str]
    """Activations that the output layer may have too."""
    losses: list[str]
    initializers: list[str]
    optimizers: list[str]
    options: dict[str, dict[str, float | tuple[float, float]]]
    """Of each optimiser, with their defaults."""
    dtypes: list[str]
    slips: list[SlipNote]
    """Mistakes that can be put into a network."""
    formats: list[FileFormat]
    """That weights are written in."""
    quantities: list[QuantityNote]
    """What conditions can ask for."""


class Outline(Message, frozen=True, kw_only=True):
    """An experiment that does."""

    experiment: Tables
    """Complete: target, layers and loss filled in."""
    sizes: list[int]
    """n[0], …, n[L]."""
    parameters: int
    columns: list[str]
    """All columns of the table."""
    rows: int
    training: int
    """Examples that are trained on."""
    validation: int
    per_epoch: int
    """Updates in one epoch."""
    classes: list[str]
    """Empty where the targets are numbers."""
    notes: list[str]
    """What is odd about the data, a sentence each."""


Role = Literal["input", "target", "left out", "split"]
"""Of a column; split: it says which rows are held out."""


class ColumnNote(Message, frozen=True, kw_only=True):
    """One column of a table, and what is done with it."""

    name: str
    kind: str
    """number, whole number or text."""
    missing: int
    """Cells that are."""
    distinct: int
    low: float | None
    """None for text."""
    high: float | None
    mean: float | None
    deviation: float | None
    bars: list[int]
    """The histogram: numbers from low to high; categories, the most frequent first."""
    categories: list[str]
    """Of text, in their order; so many of them as may be one-hot encoded."""
    flags: list[str]
    """identifier, gives away, constant, missing."""
    cells: list[str]
    """The first ones; a missing one is empty."""
    role: Role
    encoding: str
    """What is done with it; empty where that has no meaning."""
    on_missing: str
    scaling: str
    encodings: list[str]
    """What could be done with it."""
    on_missings: list[str]
    scalings: list[str]


class ReadingNote(Message, frozen=True, kw_only=True):
    """How a file is read: as the experiment says, else as it is guessed."""

    format: str
    delimiter: str
    """Of CSV; empty where it cannot be told."""
    header: str
    """Of CSV: what the first line names, columns, classes or nothing."""
    lines: list[str]
    """The first of a text."""


class Described(Message, frozen=True, kw_only=True):
    """A table, and what an experiment makes of it."""

    experiment: Tables
    """With what was suggested; complete where it does."""
    reading: ReadingNote | None
    """None of a data set that comes with it."""
    rows: int
    names: list[str]
    """All columns; empty where the file is no table."""
    first: int
    columns: list[ColumnNote]
    """Those that were asked for, as far as they exist."""
    outline: Outline | None
    """None where it does not do."""
    refused: Refused | None
    """Why it does not."""


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
    """What of this machine differs from that of the checkpoint, so that the last digits may."""


class Done(Message, frozen=True, kw_only=True):
    """It was done."""


class Figures(Message, frozen=True, kw_only=True):
    """Of a whole array."""

    smallest: float
    largest: float
    mean: float
    norm: float


class Matrix(Message, frozen=True, kw_only=True):
    """The part of an array that a window asked for."""

    window: Window
    """What is really there: clipped to the array."""
    shape: tuple[int, int]
    absent: str = ""
    """Why its numbers are not there: `values` is empty then."""
    values: list[list[float]]
    before: list[list[float]]
    """The same part without the change that is tried; empty where none is."""
    row_names: list[str]
    column_names: list[str]
    figures: Figures | None
    """None where it has not been made, or is large and the run is walking."""

    @property
    def made(self) -> bool:
        """Its numbers are there."""
        return not self.absent


class LayerNorms(Message, frozen=True, kw_only=True):
    """‖W[l]‖ and ‖dW[l]‖."""

    W: float
    dW: float | None


class EquationPart(Message, frozen=True, kw_only=True):
    """A part of an equation: what is written, and if it is an array, its shape."""

    text: str
    shape: str = ""
    """(3,8), or the value of a number such as 1/m."""
    names: str = ""
    """(n[2],n[1])."""


class Operand(Message, frozen=True, kw_only=True):
    """An array that an operation reads."""

    symbol: str
    layer: int
    slot: str
    """The letter of a slot of the optimiser; the symbol is then the parameter it belongs to."""
    rows: Literal["row", "column", ""]
    """A number of the result reads the row whose number is that of its own row, or column; or
    all rows."""
    columns: Literal["row", "column", ""]
    """The same for the columns."""


class Now(Message, frozen=True, kw_only=True):
    """An operation of the update at hand."""

    number: int
    """From 1."""
    phase: str
    symbol: str
    layer: int
    equation: list[EquationPart]
    """The result, the equals sign, and what stands right of it."""
    rule: list[str]
    """Lines before it, for an optimiser with slots."""
    sums_away: str
    sentence: str
    numpy: list[str]
    operands: list[Operand]
    next: str
    """The equation of the next operation."""


class FactorNote(Message, frozen=True, kw_only=True):
    """A number in a term."""

    array: str
    """dz[2], or what of it: tanh′(z[1])."""
    name: str
    """dz[2][versicolor,#98]."""
    value: float
    place: Place
    """Where it stands."""


class TermNote(Message, frozen=True, kw_only=True):
    """One of the numbers that add up."""

    name: str
    """An example with its class, a unit, bias, …"""
    value: float
    factors: list[FactorNote]


class OriginNote(Message, frozen=True, kw_only=True):
    """Where a number came from."""

    place: Place
    name: str
    """dW[2][versicolor,u4]."""
    shown: float
    """The number itself."""
    sentence: str = ""
    """What it is, where no operation of this update made it; the rest is empty then."""
    slip: str = ""
    """Where the operation that made it is slipped: what is wrong there. The equation is the right
    one, and it need not close."""
    equation: str = ""
    lines: list[str] = []
    """What formulas come to, with the numbers in them."""
    terms: list[TermNote] = []
    """The largest."""
    more: int = 0
    """How many others there are."""
    rest: float = 0.0
    """What the others come to."""
    total: float = 0.0
    """The sum of all terms."""
    value: float = 0.0
    """What the equation gives: the total, but for softmax a share of it."""
    difference: float = 0.0
    """`shown` less `value`."""
    closes: bool = True
    """The difference is rounding."""


class BranchNote(Message, frozen=True, kw_only=True):
    """One course that the run took."""

    number: int
    parent: int | None
    fork: int
    """The update after which it left its parent."""
    reached: int
    """Its newest update."""
    edits: list[str]
    """What was changed on the way, those of its parents included."""


class SettingsInForce(Message, frozen=True, kw_only=True):
    """How the next update is made."""

    optimizer: str
    learning_rate: float
    l2: float
    batch_size: int
    options: dict[str, float | tuple[float, float]]


class ArrayProof(Message, frozen=True, kw_only=True):
    """What was found of one array."""

    array: str
    """dW[2], or for the audit W[2], v of W[2]."""
    verdict: str
    """right, wrong, or too small to check."""
    figure: float
    """The relative error; for the audit the largest difference as a share of what is allowed."""
    compared: int = 0
    """How many of its numbers were compared."""
    kinks: int = 0
    """How many others were left out as they lie at a kink."""
    cell: tuple[int, int] = (0, 0)
    """Where the figure was found, for the audit."""


class ProofNote(Message, frozen=True, kw_only=True):
    """The proof of where the run stands."""

    finished: bool
    compared: int
    """Parameters compared so far."""
    sample: int
    """Parameters to be compared: all, or a seeded sample."""
    parameters: int
    """How many there are."""
    examples: int
    """Of the batch, so many are in the check."""
    layers: list[str]
    """Of each layer: ✓ 3e-10, ✗ dW[2], too small to check."""
    checks: list[ArrayProof]
    """The gradient check of each dW[l] and db[l]."""
    update: int
    """The update that was audited."""
    audits: list[ArrayProof]
    """The audit of each W[l] and b[l], and of the slots; empty where none was made."""
    passed: bool | None
    """Nothing is wrong; None until it is finished."""


Pair = tuple[float | None, float | None]
"""Before and after."""


class WhatIfChange(Message, frozen=True, kw_only=True):
    """How an array of the update at hand changes."""

    array: str
    cell: str
    """The cell that changes most, by the names of its row and column."""
    before: float
    after: float
    changed: int
    """How many of its numbers change."""
    size: int


class WhatIf(Message, frozen=True, kw_only=True):
    """One number is another, and what follows."""

    place: Place
    cell: str
    """The number by the names of its row and column."""
    before: float
    after: float
    J_batch: Pair
    J_training: Pair
    J_validation: Pair
    changes: list[WhatIfChange]
    """In the order of the operations."""


class Frame(Message, frozen=True, kw_only=True):
    """What there is to see."""

    run: int
    status: Status
    goal: int | None
    """The update that it is walking to."""
    start: int
    """The update that it walks there from: that of a key frame, where it replays."""
    progress: float
    """The share of that way that is done, 0 to 1; 1 when paused."""
    update: int
    """t: updates done."""
    epochs_done: int
    epoch: int
    """The epoch of update t, from 1; 0 before the first."""
    batch: int
    """The batch of update t within its epoch, from 1; 0 before the first."""
    per_epoch: int
    """Updates in that epoch."""
    last_update: int
    """The end of the epochs asked for."""
    examples: int
    """m of update t; of the next before the first."""
    made: bool
    """The arrays of update t are there."""
    operations: int
    """Operations in one update: 8L + 1."""
    now: Now | None
    """Where an update has been begun: its last operation done; `update` counts whole ones."""
    unmade: list[tuple[str, int]]
    """Symbols and layers of what this update has not made yet."""
    completed: Now | None
    """The last operation of update t, where it has just been done as one."""
    far: int
    """Updates that must be walked again for what update t was made from, where that takes too
    long to be done unasked; else 0."""
    pace: float
    """Updates a second, measured; 0 when paused."""
    diverged: str
    """The sentence on a divergence, or empty."""
    bad: Place | None
    """The first number that is not finite, where it diverged."""
    hit: str
    """The sentence on the condition that it stopped at, or empty."""
    stops: list[StopNote]
    J_batch: float | None
    J_training: float
    J_validation: float | None
    accuracy_training: float | None
    accuracy_validation: float | None
    evaluated_epoch: int | None
    """The epoch whose end J training and validation belong to; None: they are of now."""
    layers: list[LayerNorms]
    matrix: Matrix | None
    """None where none was asked for, or there is no such array."""
    shown: Now | None
    """The operation that made the array of `matrix`; None where an update starts from it."""
    long_route: str
    """Beside dz[L] = a[L] − y: whether the way over da[L] agrees."""
    operands: list[Matrix]
    """Of the arrays asked for, those that there are."""
    origin: OriginNote | None
    history_length: int
    """Epochs known, epoch 0 included; a frame carries some thousand of them at most."""
    history_from: int
    history: list[list[float | None]]
    """Rows of J training, J validation, accuracy training, accuracy validation."""
    branch: int
    """The branch that it is on: 0 is the first."""
    branches: list[BranchNote]
    proof: ProofNote | None
    """None while it walks, and until the proof begins."""
    slip: SlipNote | None
    """The mistake that is on."""
    what_if: WhatIf | None
    """What is tried."""
    settings: SettingsInForce
    settings_changed: list[int]
    """The epochs after whose end, or within the next one, settings were changed."""
    best_epoch: int
    """That of the least J validation, or J training where nothing is held out."""
    best_update: int
    """The update at its end."""
    unkept: str = ""
    """Why the run could not be kept, or empty."""


class Studied(Message, frozen=True, kw_only=True):
    """What the network makes of the data."""

    run: int
    update: int
    """t: updates done."""
    studied: int
    """So many examples are scored: evenly chosen ones where all would take too long."""
    of: int
    """So many there are in the subset."""
    held_out: int
    """How many validation examples there are."""
    classes: list[str]
    """Empty where the targets are numbers."""
    has_map: bool
    """There are two inputs, and what is derived from them."""
    has_pictures: bool
    """The inputs are the pixels of an image."""
    map: MapNote | None
    scores: ClassesNote | None
    """None for numbers, and where the subset is empty."""
    numbers: list[NumberScore]
    """One for each target; empty for classes."""
    way: WayNote | None
    pictures: list[Picture]
    """First-layer weights."""


class Snapshot(Message, frozen=True, kw_only=True):
    """A state that an engine can go on from."""

    update: int
    state: bytes
    """As it was before edits act on it."""
    branch: int = 0
    """The branch that the run is on."""
    logs: bytes = b""
    """What it takes to make the branches again."""
    history_from: int = 0
    epochs: int
    """How many rows of the history there are from there on."""
    history: bytes
    """These rows, as float64."""
    best_epoch: int = 0
    best: bytes = b""
    """The parameters at its end; empty where they were not kept."""


class Exported(Message, frozen=True, kw_only=True):
    """A file was written and read back."""

    path: str
    sentence: str
    update: int = 0
    """Whose weights they are."""


Reply = (
    Refused
    | Located
    | Vocabulary
    | Outline
    | Described
    | Opened
    | Done
    | Frame
    | Studied
    | Snapshot
    | Exported
)

_encoder = msgspec.msgpack.Encoder()
_requests: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_replies: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)


def encode(message: Message) -> bytes:
    """The bytes of a message."""
    return _encoder.encode(message)


def decode_request(content: bytes) -> Request:
    """A request from its bytes."""
    return _requests.decode(content)


def decode_reply(content: bytes) -> Reply:
    """A reply from its bytes."""
    return _replies.decode(content)
