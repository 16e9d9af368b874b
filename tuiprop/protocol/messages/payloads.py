"""The payloads of the messages between the dashboard and the engine.

Experiments travel as the tables of their file and matrices as lists of the visible numbers, so
that the dashboard needs neither NumPy nor the propagation core.
"""

from math import isnan
from typing import Annotated, Any, Literal

import msgspec

from tuiprop.update.arrays import ArrayRef, CellRef

Tables = dict[str, Any]
"""An experiment as the tables of its file."""


Status = Literal["paused", "playing", "seeking"]


class Message(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """The base of all messages."""


def or_none(value: float) -> float | None:
    """Return a number of a message, or None for NaN, which means that there is no number."""
    return None if isnan(value) else value


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """The speed of playback."""

    rate: Annotated[float, msgspec.Meta(gt=0)]
    """Updates or operations per second."""
    operations: bool = False
    """The rate counts operations, not updates."""


class Window(Message, frozen=True, kw_only=True):
    """A part of an array: `rows` rows from `row` on and `columns` columns from `column` on."""

    array: ArrayRef
    row: int = 0
    rows: int = 0
    column: int = 0
    columns: int = 0
    before: bool = False
    """Ask for a parameter or optimiser state before the update, not after it."""


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """A condition: QUANTITY OP NUMBER."""

    when: str
    enabled: bool = True


class StopNote(Stop, frozen=True, kw_only=True):
    """A condition, and the present value of its quantity."""

    value: float | None
    """None where it is not known: for a quantity of an update while the run is playing or the
    update is unfinished, and for expensive ones such as failed_checks."""


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


class MistakeNote(Message, frozen=True, kw_only=True):
    """A mistake that can be injected into the network."""

    name: str
    title: str
    """The mistaken equation."""
    right: str
    """The right equation."""
    sentence: str


class FileFormat(Message, frozen=True, kw_only=True):
    """A format that weights are written in."""

    name: str
    suffix: str
    words: str
    """The purpose of such a file."""
    reads: bool
    """Files of this format are read too."""


class QuantityNote(Message, frozen=True, kw_only=True):
    """A quantity that a condition can compare."""

    pattern: str
    """The pattern of its name: X is replaced by an array, and (l) by a layer."""
    words: str
    classes: bool
    """It needs a loss for classes."""
    held_out: bool
    """It needs validation examples."""
    elementwise: bool
    """It needs an elementwise activation, so not softmax."""


Role = Literal["input", "target", "left out", "split"]
"""The role of a column; split: it marks the validation rows."""


class ColumnNote(Message, frozen=True, kw_only=True):
    """One column of a table, and how it is used."""

    name: str
    kind: str
    """number, whole number or text."""
    missing: int
    """The number of missing cells."""
    distinct: int
    low: float | None
    """None for text."""
    high: float | None
    mean: float | None
    deviation: float | None
    bars: list[int]
    """The histogram: numbers from low to high; categories, the most frequent first."""
    categories: list[str]
    """The categories of a text column in their order, at most as many as may be one-hot encoded."""
    flags: list[str]
    """The warnings: identifier, gives away, constant, missing, …"""
    cells: list[str]
    """The first cells; a missing cell is empty."""
    role: Role
    encoding: str
    """The encoding in use; empty where it has no meaning."""
    on_missing: str
    scaling: str
    encodings: list[str]
    """The encodings that are possible."""
    on_missings: list[str]
    scalings: list[str]


class ReadingNote(Message, frozen=True, kw_only=True):
    """The format of a file, as the experiment states it or as it was detected."""

    format: str
    delimiter: str
    """The delimiter of a CSV file; empty where it cannot be told."""
    header: str
    """The content of the first line of a CSV file: columns, classes or nothing."""
    lines: list[str]
    """The first lines of a text file."""


class Figures(Message, frozen=True, kw_only=True):
    """Statistics of a whole array."""

    smallest: float
    largest: float
    size: float
    """The largest finite absolute value; 0 where no value is finite."""
    mean: float
    norm: float


class Matrix(Message, frozen=True, kw_only=True):
    """The part of an array that a window requested."""

    window: Window
    """The part that exists: the window, clipped to the array."""
    shape: tuple[int, int]
    absent: str = ""
    """The reason why its numbers are missing; `values` is empty then."""
    values: list[list[float]]
    before: list[list[float]]
    """The same part without the tried change; empty if no change is tried."""
    row_names: list[str]
    column_names: list[str]
    figures: Figures | None
    """None where the array is not computed yet, or is large while the run is playing."""

    @property
    def made(self) -> bool:
        """Return whether the numbers are present."""
        return not self.absent


class LayerNorms(Message, frozen=True, kw_only=True):
    """‖W[l]‖ and ‖dW[l]‖."""

    W: float
    dW: float | None


class EquationPart(Message, frozen=True, kw_only=True):
    """A part of an equation: its text, and for an array its shape."""

    text: str
    shape: str = ""
    """The shape, (3,8), or the value of a number such as 1/m."""
    names: str = ""
    """The names of the dimensions: (n[2],n[1])."""


Axis = Literal["row", "column", ""]
"""An axis of the result of an operation, or none."""


class Operand(Message, frozen=True, kw_only=True):
    """An input array of an operation, and the part of it that one number of the result needs."""

    array: ArrayRef
    rows: Axis
    """The axis of the result whose index selects the row; "" where each number of the result
    needs all rows."""
    columns: Axis
    """The same for columns."""
    summand: bool
    """It is a term of a sum, or the parameter being changed: it has the shape of the result."""


class Now(Message, frozen=True, kw_only=True):
    """An operation of the current update."""

    number: int
    """The number of the operation within the update, from 1."""
    phase: str
    result: ArrayRef
    equation: list[EquationPart]
    """The result, the equals sign, and the right-hand side."""
    rule: list[str]
    """The lines before the equation, for an optimiser with state."""
    summed_over: str
    sentence: str
    numpy: list[str]
    """The operation in NumPy, line by line."""
    latex: list[str]
    """The operation in LaTeX: the equation and the formula it names, or the optimiser's rule."""
    operands: list[Operand]
    next: str
    """The equation of the next operation."""


class FactorNote(Message, frozen=True, kw_only=True):
    """A number in a term."""

    array: str
    """The name of the array, dz[2], or a function of one: tanh′(z[1])."""
    name: str
    """The name of the number: dz[2][versicolor,#98]."""
    value: float
    cell: CellRef


class TermNote(Message, frozen=True, kw_only=True):
    """One term of the sum."""

    name: str
    """The name of the term: an example with its class, a unit, bias, …"""
    value: float
    factors: list[FactorNote]


class OriginNote(Message, frozen=True, kw_only=True):
    """The provenance of a number."""

    cell: CellRef
    name: str
    """The name of the number: dW[2][versicolor,u4]."""
    shown: float
    """The number itself."""
    sentence: str = ""
    """The explanation of a number that no operation of this update computed; else empty."""
    mistake: str = ""
    """The mistake in the operation that computed the number, or "". The equation is the right
    one, so that its sum may not match."""
    equation: str = ""
    lines: list[str] = []
    """The formulas with their numbers and results."""
    terms: list[TermNote] = []
    """The largest terms."""
    more: int = 0
    """The number of terms not listed."""
    rest: float = 0.0
    """The sum of the other terms."""
    total: float = 0.0
    """The sum of all terms."""
    value: float = 0.0
    """The value of the equation: the total, or for softmax a share of it."""
    difference: float = 0.0
    """`shown` minus `value`."""
    matches: bool = True
    """True if rounding explains the difference."""


class BranchNote(Message, frozen=True, kw_only=True):
    """A branch of the run."""

    number: int
    parent: int | None
    fork: int
    """The update after which the branch left its parent."""
    reached: int
    """Its newest update."""
    edits: list[str]
    """The changes made on this branch and on its ancestors."""


class ArrayProof(Message, frozen=True, kw_only=True):
    """The result of checking one array."""

    array: ArrayRef
    """The array: dW[2], or for the audit W[2] or its optimiser state."""
    verdict: str
    """The verdict: right, wrong or unchecked."""
    figure: float
    """The relative error; for the audit the largest difference as a share of the tolerance."""
    compared: int = 0
    """The number of values that were compared."""
    kinks: int = 0
    """The number of values that were left out because they are at a kink."""
    why: str = ""
    """The reason for "unchecked", such as "steps disagree"."""
    cell: tuple[int, int] = (0, 0)
    """The cell with the largest difference, for the audit."""


class ProofNote(Message, frozen=True, kw_only=True):
    """The proof of the current position."""

    finished: bool
    compared: int
    """Parameters compared so far."""
    sample: int
    """Parameters to be compared: all, or a seeded sample."""
    parameters: int
    """The number of all parameters."""
    examples: int
    """The number of examples of the batch that the check uses."""
    layers: list[str]
    """The result of each layer: ✓ 3e-10, ✗ dW[2], or why it is unchecked."""
    checks: list[ArrayProof]
    """The gradient check of each dW[l] and db[l]."""
    update: int
    """The update that was audited."""
    audits: list[ArrayProof]
    """The audit of each W[l] and b[l] and of the optimiser state; empty before any update."""
    passed: bool | None
    """The proof found nothing wrong; None until it is finished."""
    fault: str = ""
    """The exception that ended the proof before it was finished, or empty."""


Pair = tuple[float | None, float | None]
"""Before and after."""


class WhatIfChange(Message, frozen=True, kw_only=True):
    """The change of an array of the current update."""

    array: ArrayRef
    name: str
    """The name of the cell that changes most: b[1][u0]."""
    before: float
    after: float
    changed: int
    """The number of values that change."""
    size: int


class WhatIf(Message, frozen=True, kw_only=True):
    """A changed number and the consequences."""

    cell: CellRef
    name: str
    """The name of the changed number: W[2][versicolor,u4]."""
    before: float
    after: float
    J_batch: Pair
    J_training: Pair
    J_validation: Pair
    changes: list[WhatIfChange]
    """The changes in the order of the operations."""


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
