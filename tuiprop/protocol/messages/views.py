"""Views of a run: a panel asks for those it shows, and the engine computes only these.

A `Query` asks for one view. `Look` (in `frame.py`) bundles several queries into one request, so
that all panels of a screen show the same moment.
"""

from typing import Generic, TypeVar

from tuiprop.protocol.messages.base import Request
from tuiprop.protocol.messages.payloads import (
    BranchNote,
    LayerNorms,
    Matrix,
    Message,
    MistakeNote,
    Now,
    OriginNote,
    ProofNote,
    Status,
    StopNote,
    WhatIf,
    Window,
)
from tuiprop.update.arrays import ArrayRef, CellRef


class View(Message, frozen=True, kw_only=True):
    """A part of what there is to see."""


V = TypeVar("V", bound=View, covariant=True)


class Query(Request[V], Generic[V], frozen=True, kw_only=True):
    """A request for one view, which changes nothing."""


class Position(View, frozen=True, kw_only=True):
    """Where the run is."""

    update: int
    """t: updates done."""
    done: int
    """Operations of update t + 1 done; 0 where that has not been begun."""
    operations: int
    """Operations in one update: 8L + 1."""
    epochs_done: int
    epoch: int
    """The epoch of the update at hand, from 1; 0 before the first."""
    batch: int
    """The batch of the update at hand within its epoch, from 1; 0 before the first."""
    per_epoch: int
    """Updates in that epoch."""
    last_update: int
    """The end of the epochs asked for."""
    examples: int
    """m of the update at hand; of the next one before the first."""


class PositionQuery(Query[Position], frozen=True, kw_only=True):
    """Ask where the run is."""


class Motion(View, frozen=True, kw_only=True):
    """Whether the run moves, and what stopped it."""

    status: Status
    goal: int | None
    """The update that it is going to."""
    start: int
    """The update that it goes there from: that of a key frame, where it replays."""
    progress: float
    """The share of that way that is done, 0 to 1; 1 when paused."""
    pace: float
    """Updates per second, measured; 0 when paused."""
    diverged: str
    """The sentence on a divergence, or empty."""
    bad: CellRef | None
    """The first number that is not finite, where it diverged."""
    hit: str
    """The sentence on the condition that it stopped at, or empty."""
    unkept: str = ""
    """Why the run could not be saved, or empty."""
    fault: str = ""
    """The sentence on an exception that paused the run, or empty."""


class MotionQuery(Query[Motion], frozen=True, kw_only=True):
    """Ask whether the run moves."""


class AtHand(View, frozen=True, kw_only=True):
    """The operation at hand, and what the update at hand has computed."""

    now: Now | None
    """The last operation done of an update that has been begun."""
    completed: Now | None
    """The last operation of update t, where it has just been done as one."""
    computed: bool
    """The arrays of update t are there."""
    uncomputed: list[ArrayRef]
    """The arrays that the update begun has not computed yet; J is not among them."""
    far: int
    """Updates that must be replayed for the operands of update t, where that takes too long to be
    done unasked; else 0."""

    @property
    def operation(self) -> Now | None:
        """The operation that has just been done, if operations are gone through one by one."""
        return self.now or self.completed


class AtHandQuery(Query[AtHand], frozen=True, kw_only=True):
    """Ask for the operation at hand."""


class Costs(View, frozen=True, kw_only=True):
    """J and accuracy."""

    batch: float | None
    training: float
    validation: float | None
    accuracy_training: float | None
    accuracy_validation: float | None
    epoch: int | None
    """The epoch at whose end all but J batch were evaluated; None: they are those of now."""


class CostsQuery(Query[Costs], frozen=True, kw_only=True):
    """Ask for J and accuracy."""


class Layers(View, frozen=True, kw_only=True):
    """Norms of the arrays of each layer."""

    norms: list[LayerNorms]
    """Of layers 1 … L."""


class LayersQuery(Query[Layers], frozen=True, kw_only=True):
    """Ask for the norms of each layer."""


class Numbers(View, frozen=True, kw_only=True):
    """Parts of arrays, and the operation that computed the first."""

    matrix: Matrix | None
    """None where no part was asked for, or the network has no such array."""
    shown: Now | None
    """The operation that computed it; None where an update starts from it."""
    long_route: str
    """Beside dz[L] = a[L] − y: whether the way over da[L] agrees."""
    operands: list[Matrix]
    """Parts of the further arrays, as far as they exist."""


class NumbersQuery(Query[Numbers], frozen=True, kw_only=True):
    """Ask for parts of arrays."""

    window: Window | None = None
    operands: list[Window] = []
    """Parts of further arrays."""


class Provenance(View, frozen=True, kw_only=True):
    """Where one number came from."""

    origin: OriginNote | None
    """None while the run moves, and where the number is not there."""


class ProvenanceQuery(Query[Provenance], frozen=True, kw_only=True):
    """Ask where a number came from."""

    cell: CellRef | None = None
    """None: of no number."""
    terms: int = 0
    """The number of terms that are wanted."""
    line_width: int = 74
    """Columns that a line of its formulas may have."""


class History(View, frozen=True, kw_only=True):
    """J and accuracy by epoch, on the branch that the run is on."""

    length: int
    """Epochs known, epoch 0 included."""
    first: int
    """The epoch of the first row."""
    rows: list[list[float | None]]
    """J training, J validation, accuracy training, accuracy validation; some thousand rows at
    most."""
    settings_changed: list[int]
    """The epochs after whose end, or within the next one, settings were changed."""
    best_epoch: int
    """That of the least J validation, or J training where nothing is held out."""
    best_update: int
    """The update at its end."""


class HistoryQuery(Query[History], frozen=True, kw_only=True):
    """Ask for the history."""

    first: int = 0
    """The first epoch that is wanted."""


class Branches(View, frozen=True, kw_only=True):
    """The branches of the run."""

    current: int
    """The branch that it is on: 0 is the first."""
    branches: list[BranchNote]


class BranchesQuery(Query[Branches], frozen=True, kw_only=True):
    """Ask for the branches."""


class Proof(View, frozen=True, kw_only=True):
    """The gradient check and the update audit, and the mistake that may make them fail."""

    note: ProofNote | None
    """None while the run moves, and until the proof begins."""
    mistake: MistakeNote | None
    """The mistake that is injected."""


class ProofQuery(Query[Proof], frozen=True, kw_only=True):
    """Ask for the proof."""


class Trial(View, frozen=True, kw_only=True):
    """The change that is tried."""

    what_if: WhatIf | None
    """None where none is."""


class TrialQuery(Query[Trial], frozen=True, kw_only=True):
    """Ask for the change that is tried."""


class Conditions(View, frozen=True, kw_only=True):
    """The conditions that the run stops at."""

    stops: list[StopNote]


class ConditionsQuery(Query[Conditions], frozen=True, kw_only=True):
    """Ask for the conditions and the present values of their quantities."""


class SettingsInForce(View, frozen=True, kw_only=True):
    """The settings that the next update is computed with."""

    optimizer: str
    learning_rate: float
    l2: float
    batch_size: int
    options: dict[str, float | tuple[float, float]]


class SettingsQuery(Query[SettingsInForce], frozen=True, kw_only=True):
    """Ask for the effective settings."""
