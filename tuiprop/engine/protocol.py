"""What the dashboard asks of the engine, and what it answers.

Experiments travel as the tables of their file and matrices as lists of the visible numbers, so
that the dashboard needs neither NumPy nor the propagation core.
"""

from typing import Annotated, Any, Literal

import msgspec

Tables = dict[str, Any]
"""An experiment as the tables of its file."""


Pace = Annotated[float, msgspec.Meta(gt=0)]
"""Updates a second."""


class Message(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Something that crosses."""


# What is asked


class Locate(Message, frozen=True, kw_only=True):
    """What is this: an experiment file, a table, a model, the name of a data set? → `Located`."""

    what: str


class Ask(Message, frozen=True, kw_only=True):
    """Which names are there to choose from? → `Vocabulary`."""


class Check(Message, frozen=True, kw_only=True):
    """Would this experiment do, and what is its network? → `Outline` or `Refused`."""

    experiment: Tables
    weights: str | None = None
    """A file of initial weights, which must fit."""


class Open(Message, frozen=True, kw_only=True):
    """Begin a run. → `Opened` or `Refused`."""

    experiment: Tables
    weights: str | None = None
    """A file of initial weights."""
    initial: bytes | None = None
    """The initial weights themselves, as `Opened` gave them; goes before `weights`."""
    resume: "Snapshot | None" = None
    """Where to go on, after an engine died."""


class Play(Message, frozen=True, kw_only=True):
    """Walk on to the end of the epochs asked for. → `Done`."""

    pace: Pace | None = None
    """Updates a second; None: flat out."""


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
    """Go to an update, back or on. → `Done`, when it is reached or under way."""

    update: int


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


class Look(Message, frozen=True, kw_only=True):
    """What there is to see now. → `Frame`."""

    window: Window | None = None
    history_from: int = 0
    """Send the history from this epoch on."""


class Save(Message, frozen=True, kw_only=True):
    """Keep what must survive this engine. → `Snapshot`."""

    history_from: int = 0
    """Only the history from this epoch on."""


class Export(Message, frozen=True, kw_only=True):
    """Write the weights, read them back, compare. → `Exported` or `Refused`."""

    path: str


class SaveExperiment(Message, frozen=True, kw_only=True):
    """Write an experiment file. → `Exported` or `Refused`."""

    experiment: Tables
    path: str


Request = (
    Locate
    | Ask
    | Check
    | Open
    | Play
    | Toggle
    | SetPace
    | Pause
    | Seek
    | Move
    | Look
    | Save
    | Export
    | SaveExperiment
)

# What is answered


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


class FileFormat(Message, frozen=True, kw_only=True):
    """A format that weights are written in."""

    name: str
    suffix: str
    words: str
    """What such a file is good for."""
    reads: bool
    """Files of this format are read too."""


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
    formats: list[FileFormat]
    """That weights are written in."""


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


class Opened(Message, frozen=True, kw_only=True):
    """A run has begun."""

    run: int
    """Its number; frames carry it too."""
    outline: Outline
    initial: bytes
    """State 0: the vector of all parameters."""


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
    made: bool
    """False where this array has not been made yet: `values` is empty then."""
    values: list[list[float]]
    row_names: list[str]
    column_names: list[str]
    figures: Figures | None
    """None where it has not been made, or is large and the run is walking."""


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


class Now(Message, frozen=True, kw_only=True):
    """The operation that was done last."""

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
    reads: list[tuple[str, int]]
    """Symbols and layers of the operands."""
    next: str
    """The equation of the next operation."""


class Frame(Message, frozen=True, kw_only=True):
    """What there is to see."""

    run: int
    status: Literal["paused", "playing", "seeking"]
    goal: int | None
    """The update that it is walking to."""
    update: int
    """t: updates done."""
    epochs_done: int
    epoch: int
    """The epoch of update t, from 1; 0 before the first."""
    batch: int
    """The batch of update t within its epoch, from 1; 0 before the first."""
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
    pace: float
    """Updates a second, measured; 0 when paused."""
    diverged: str
    """The sentence on a divergence, or empty."""
    J_batch: float | None
    J_training: float
    J_validation: float | None
    accuracy_training: float | None
    accuracy_validation: float | None
    evaluated_epoch: int | None
    """The epoch whose end J training and validation belong to; None: they are of now."""
    layers: list[LayerNorms]
    matrix: Matrix | None
    history_length: int
    """Epochs known, epoch 0 included; a frame carries some thousand of them at most."""
    history_from: int
    history: list[list[float | None]]
    """Rows of J training, J validation, accuracy training, accuracy validation."""


class Snapshot(Message, frozen=True, kw_only=True):
    """A state that an engine can go on from."""

    update: int
    state: bytes
    history_from: int = 0
    epochs: int
    """How many rows of the history there are from there on."""
    history: bytes
    """These rows, as float64."""


class Exported(Message, frozen=True, kw_only=True):
    """A file was written and read back."""

    path: str
    sentence: str
    update: int = 0
    """Whose weights they are."""


Reply = Refused | Located | Vocabulary | Outline | Opened | Done | Frame | Snapshot | Exported

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
