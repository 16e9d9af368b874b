"""Views of the training: costs, norms, history and branches."""

from tuiprop.protocol.messages.base import Message, Query, View


class Costs(View, frozen=True, kw_only=True):
    """J and accuracy."""

    batch: float | None
    training: float
    validation: float | None
    accuracy_training: float | None
    accuracy_validation: float | None
    training_loss: float
    """J training without the L2 term."""
    penalty: float
    """The L2 term, ½ λ Σ‖W‖²."""
    epoch: int | None
    """The epoch at whose end all values but J batch were computed; None: they are current."""


class CostsQuery(Query[Costs], frozen=True, kw_only=True):
    """Ask for J and accuracy."""


class LayerNorms(Message, frozen=True, kw_only=True):
    """‖W[l]‖ and ‖dW[l]‖."""

    W: float
    dW: float | None


class Layers(View, frozen=True, kw_only=True):
    """Norms of the arrays of each layer."""

    norms: list[LayerNorms]
    """The norms of layers 1 … L."""


class LayersQuery(Query[Layers], frozen=True, kw_only=True):
    """Ask for the norms of each layer."""


class History(View, frozen=True, kw_only=True):
    """J and accuracy by epoch, on the branch that the run is on."""

    length: int
    """The number of known epochs, epoch 0 included."""
    first: int
    """The epoch of the first row."""
    rows: list[list[float | None]]
    """Training loss, validation loss, training accuracy, validation accuracy, of at most a few
    thousand epochs."""
    settings_changed: list[int]
    """The epochs after whose end, or within the next one, settings were changed."""
    best_epoch: int
    """The epoch of the lowest validation loss, or training loss without a validation set."""
    best_update: int
    """The update at its end."""


class HistoryQuery(Query[History], frozen=True, kw_only=True):
    """Ask for the history."""

    first: int = 0
    """The first epoch to send."""


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


class Branches(View, frozen=True, kw_only=True):
    """The branches of the run."""

    current: int
    """The current branch; 0 is the first."""
    branches: list[BranchNote]


class BranchesQuery(Query[Branches], frozen=True, kw_only=True):
    """Ask for the branches."""
