"""Views of a run: a panel asks for the views it shows, and the engine computes only these.

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
    """The base of all views."""


V = TypeVar("V", bound=View, covariant=True)


class Query(Request[V], Generic[V], frozen=True, kw_only=True):
    """A request for one view, which changes nothing."""


class Position(View, frozen=True, kw_only=True):
    """The position of the run."""

    update: int
    """The number t of updates done."""
    done: int
    """Operations of update t + 1 done; 0 before it has begun."""
    operations: int
    """Operations in one update: 8L + 1."""
    epochs_done: int
    epoch: int
    """The epoch of the current update, from 1; 0 before the first."""
    batch: int
    """The batch of the current update within its epoch, from 1; 0 before the first."""
    per_epoch: int
    """The number of updates in that epoch."""
    last_update: int
    """The last update of the requested epochs."""
    examples: int
    """m of the current update; before the first, m of the next one."""


class PositionQuery(Query[Position], frozen=True, kw_only=True):
    """Ask where the run is."""


class Motion(View, frozen=True, kw_only=True):
    """The motion of the run, and what stopped it."""

    status: Status
    goal: int | None
    """The target update."""
    start: int
    """The update from which the run goes there; for a replay, that of a key frame."""
    progress: float
    """The fraction of that distance that is done, 0 to 1; 1 when paused."""
    pace: float
    """Updates per second, measured; 0 when paused."""
    diverged: str
    """The sentence about a divergence, or ""."""
    bad: CellRef | None
    """The first number that is not finite, after a divergence."""
    hit: str
    """The sentence about the condition at which the run stopped, or ""."""
    unkept: str = ""
    """The reason why the run could not be saved, or ""."""
    fault: str = ""
    """The sentence about an exception that paused the run, or ""."""


class MotionQuery(Query[Motion], frozen=True, kw_only=True):
    """Ask whether the run moves."""


class AtHand(View, frozen=True, kw_only=True):
    """The current operation, and the arrays that the current update has computed."""

    now: Now | None
    """The last computed operation of an unfinished update."""
    completed: Now | None
    """The last operation of update t, if the run has just stepped to it."""
    computed: bool
    """The arrays of update t are available."""
    uncomputed: list[ArrayRef]
    """The arrays that the unfinished update has not computed yet, without J."""
    far: int
    """The number of updates that must be replayed for the operands of update t, if that takes too
    long to do without being asked; else 0."""

    @property
    def operation(self) -> Now | None:
        """Return the operation that the run has just stepped to, if any."""
        return self.now or self.completed


class AtHandQuery(Query[AtHand], frozen=True, kw_only=True):
    """Ask for the current operation."""


class Costs(View, frozen=True, kw_only=True):
    """J and accuracy."""

    batch: float | None
    training: float
    validation: float | None
    accuracy_training: float | None
    accuracy_validation: float | None
    epoch: int | None
    """The epoch at whose end all values but J batch were computed; None: they are current."""


class CostsQuery(Query[Costs], frozen=True, kw_only=True):
    """Ask for J and accuracy."""


class Layers(View, frozen=True, kw_only=True):
    """Norms of the arrays of each layer."""

    norms: list[LayerNorms]
    """The norms of layers 1 … L."""


class LayersQuery(Query[Layers], frozen=True, kw_only=True):
    """Ask for the norms of each layer."""


class Numbers(View, frozen=True, kw_only=True):
    """Parts of arrays, and the operation that computed the first."""

    matrix: Matrix | None
    """The requested part; None if none was requested or the network has no such array."""
    shown: Now | None
    """The operation that computed it; None for the inputs of an update."""
    long_route: str
    """The comparison of dz[L] = a[L] − y with the long route over da[L]."""
    operands: list[Matrix]
    """The parts of the further arrays, if they exist."""


class NumbersQuery(Query[Numbers], frozen=True, kw_only=True):
    """Ask for parts of arrays."""

    window: Window | None = None
    operands: list[Window] = []
    """Parts of further arrays."""


class Provenance(View, frozen=True, kw_only=True):
    """The provenance of one number."""

    origin: OriginNote | None
    """None while the run moves, and if the number is not available."""


class ProvenanceQuery(Query[Provenance], frozen=True, kw_only=True):
    """Ask for the provenance of a number."""

    cell: CellRef | None = None
    """The number; None asks for nothing."""
    terms: int = 0
    """The number of terms to list."""
    line_width: int = 74
    """The most columns of a line of the formulas."""


class History(View, frozen=True, kw_only=True):
    """J and accuracy by epoch, on the branch that the run is on."""

    length: int
    """The number of known epochs, epoch 0 included."""
    first: int
    """The epoch of the first row."""
    rows: list[list[float | None]]
    """J training, J validation, accuracy training, accuracy validation; at most a few thousand
    rows."""
    settings_changed: list[int]
    """The epochs after whose end, or within the next one, settings were changed."""
    best_epoch: int
    """The epoch of the lowest J validation, or J training where there is no validation set."""
    best_update: int
    """The update at its end."""


class HistoryQuery(Query[History], frozen=True, kw_only=True):
    """Ask for the history."""

    first: int = 0
    """The first epoch to send."""


class Branches(View, frozen=True, kw_only=True):
    """The branches of the run."""

    current: int
    """The current branch; 0 is the first."""
    branches: list[BranchNote]


class BranchesQuery(Query[Branches], frozen=True, kw_only=True):
    """Ask for the branches."""


class Proof(View, frozen=True, kw_only=True):
    """The gradient check and the update audit, and the mistake that may make them fail."""

    note: ProofNote | None
    """None while the run moves, and until the proof begins."""
    mistake: MistakeNote | None
    """The injected mistake."""


class ProofQuery(Query[Proof], frozen=True, kw_only=True):
    """Ask for the proof."""


class Trial(View, frozen=True, kw_only=True):
    """The tried change."""

    what_if: WhatIf | None
    """None if no change is tried."""


class TrialQuery(Query[Trial], frozen=True, kw_only=True):
    """Ask for the tried change."""


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
    """Ask for the settings of the next update."""
