"""What messages between the dashboard and the engine are made of.

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
    """Something that crosses."""


def or_none(value: float) -> float | None:
    """A number of a message: None for one that there is not, which is NaN."""
    return None if isnan(value) else value


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How fast it is played."""

    rate: Annotated[float, msgspec.Meta(gt=0)]
    """So many a second."""
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
    """Whether a parameter or slot is meant as it was before the update, not as it is now."""


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """A condition: QUANTITY OP NUMBER."""

    when: str
    enabled: bool = True


class StopNote(Stop, frozen=True, kw_only=True):
    """A condition, and what its quantity is now."""

    value: float | None
    """None where it is not known: of an update, while it walks or before its end; of what is
    expensive, such as failed_checks."""


class Difference(Message, frozen=True, kw_only=True):
    """A key of the experiment whose value differs between a file and a run."""

    key: str
    file: str
    run: str


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
    is_own: bool = True
    """It is kept further in its file, which can be deleted; otherwise the file is only read."""
    adopts: bool = False
    """It goes on with the epochs and the conditions of the experiment file that was named."""
    differing: list[Difference] = []
    """Where the experiment file that was named says something else."""


class BareWeights(Message, frozen=True, kw_only=True):
    """Weights that another program wrote: what their file says of the network, and what not."""

    sizes: list[int]
    """n[0], …, n[L]."""
    activations: list[str | None]
    """Of layers 1 … L; None where the file does not say."""
    sentence: str
    """Why a network cannot be made of it alone."""


class MistakeNote(Message, frozen=True, kw_only=True):
    """A mistake that can be put into the network."""

    name: str
    title: str
    """The mistaken equation."""
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


class Figures(Message, frozen=True, kw_only=True):
    """Of a whole array."""

    smallest: float
    largest: float
    size: float
    """The largest finite number in size; 0 where none is finite."""
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


Axis = Literal["row", "column", ""]
"""An axis of the result of an operation, or none."""


class Operand(Message, frozen=True, kw_only=True):
    """An array that an operation reads, and which part of it one number of the result reads."""

    array: ArrayRef
    rows: Axis
    """The axis of the result along which its numbers read the row of the same index; "" where
    each of them reads all rows."""
    columns: Axis
    """The same for the columns that are read."""
    summand: bool
    """It is a term of a sum, or the parameter that is changed: the result is of its size."""


class Now(Message, frozen=True, kw_only=True):
    """An operation of the update at hand."""

    number: int
    """From 1."""
    phase: str
    result: ArrayRef
    equation: list[EquationPart]
    """The result, the equals sign, and what stands right of it."""
    rule: list[str]
    """Lines before it, for an optimiser with slots."""
    summed_over: str
    sentence: str
    numpy: list[str]
    """Its lines of NumPy."""
    latex: list[str]
    """Its lines of LaTeX: the equation and the formula that it names, or the optimiser's rule."""
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
    cell: CellRef


class TermNote(Message, frozen=True, kw_only=True):
    """One of the numbers that add up."""

    name: str
    """An example with its class, a unit, bias, …"""
    value: float
    factors: list[FactorNote]


class OriginNote(Message, frozen=True, kw_only=True):
    """Where a number came from."""

    cell: CellRef
    name: str
    """dW[2][versicolor,u4]."""
    shown: float
    """The number itself."""
    sentence: str = ""
    """What it is, where no operation of this update made it; the rest is empty then."""
    mistake: str = ""
    """Where the operation that made it is mistaken: what is wrong there. The equation is the right
    one, and its sum may not match."""
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
    matches: bool = True
    """True if rounding explains the difference."""


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


class ArrayProof(Message, frozen=True, kw_only=True):
    """What was found of one array."""

    array: ArrayRef
    """dW[2], or for the audit W[2] or a slot of it."""
    verdict: str
    """right, wrong or unchecked."""
    figure: float
    """The relative error; for the audit the largest difference as a share of what is allowed."""
    compared: int = 0
    """How many of its numbers were compared."""
    kinks: int = 0
    """How many others were left out as they lie at a kink."""
    why: str = ""
    """Why it is unchecked, such as "steps disagree"."""
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
    """Of each layer: ✓ 3e-10, ✗ dW[2], or why it is unchecked."""
    checks: list[ArrayProof]
    """The gradient check of each dW[l] and db[l]."""
    update: int
    """The update that was audited."""
    audits: list[ArrayProof]
    """The audit of each W[l] and b[l], and of the slots; empty where none was made."""
    passed: bool | None
    """Nothing is wrong; None until it is finished."""
    fault: str = ""
    """The exception that ended the proof before it was finished, or empty."""


Pair = tuple[float | None, float | None]
"""Before and after."""


class WhatIfChange(Message, frozen=True, kw_only=True):
    """How an array of the update at hand changes."""

    array: ArrayRef
    name: str
    """The name of the cell that changes most: b[1][u0]."""
    before: float
    after: float
    changed: int
    """How many of its numbers change."""
    size: int


class WhatIf(Message, frozen=True, kw_only=True):
    """One number is another, and what follows."""

    cell: CellRef
    name: str
    """W[2][versicolor,u4]."""
    before: float
    after: float
    J_batch: Pair
    J_training: Pair
    J_validation: Pair
    changes: list[WhatIfChange]
    """In the order of the operations."""


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
