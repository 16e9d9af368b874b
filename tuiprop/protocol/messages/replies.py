"""What the engine answers."""

from tuiprop.protocol.messages.payloads import (
    BareWeights,
    BranchNote,
    ColumnNote,
    FileFormat,
    KeptRun,
    LayerNorms,
    Matrix,
    Message,
    MistakeNote,
    Now,
    OriginNote,
    ProofNote,
    QuantityNote,
    ReadingNote,
    SettingsInForce,
    Snapshot,
    Status,
    StopNote,
    Tables,
    WhatIf,
)
from tuiprop.protocol.messages.prediction_payloads import (
    ClassesNote,
    MapNote,
    NumberScore,
    Picture,
    WayNote,
)
from tuiprop.update.arrays import ArrayRef, CellRef


class Refused(Message, frozen=True, kw_only=True):
    """It cannot be: one sentence."""

    sentence: str
    key: str = ""
    """The key of the experiment at fault, if it is one."""


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
    """A table was named, and what is done with its columns is a guess; it may not do yet."""


class Vocabulary(Message, frozen=True, kw_only=True):
    """The names that an experiment may use, in the order in which they are offered."""

    datasets: list[str]
    activations: list[str]
    outputs: list[str]
    """Activations that the output layer may have too."""
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
    unmade: list[ArrayRef]
    """The arrays that this update has not computed yet; J is not among them."""
    completed: Now | None
    """The last operation of update t, where it has just been done as one."""
    far: int
    """Updates that must be walked again for what update t was made from, where that takes too
    long to be done unasked; else 0."""
    pace: float
    """Updates a second, measured; 0 when paused."""
    diverged: str
    """The sentence on a divergence, or empty."""
    bad: CellRef | None
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
    mistake: MistakeNote | None
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
    fault: str = ""
    """The sentence on an exception that paused the run, or empty."""


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


class Exported(Message, frozen=True, kw_only=True):
    """A file was written and read back."""

    path: str
    sentence: str
    update: int = 0
    """Whose weights they are."""


class Saving(Message, frozen=True, kw_only=True):
    """A sign of life while the run is saved or the engine ends; no answer to a request."""


class Unsaved(Message, frozen=True, kw_only=True):
    """The last message of an engine that could not save its run; no answer to a request."""

    sentence: str


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
    | Saving
    | Unsaved
)
