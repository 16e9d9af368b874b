"""Views of the training: costs, norms, history, branches and settings."""

from tuiprop.protocol.messages.base import or_none
from tuiprop.protocol.messages.settings import EffectiveSettings, EffectiveSettingsQuery
from tuiprop.protocol.messages.training import (
    Branches,
    BranchesQuery,
    BranchNote,
    Costs,
    CostsQuery,
    History,
    HistoryQuery,
    LayerNorms,
    Layers,
    LayersQuery,
)
from tuiprop.session.latest import Latest
from tuiprop.session.viewpoint import Viewpoint
from tuiprop.training.edit import SettingsEdit
from tuiprop.training.run import Run
from tuiprop.update.arrays import ArrayRef
from tuiprop.update.norm import norm

MOST_ROWS = 4000
"""The most epochs of the history in one reply; the next reply has further ones."""

CHEAP = 0.05
"""Seconds that the evaluation of J over the whole sets may take at every stop."""


class CostView:
    """Computes J and the accuracy.

    Args:
        at: the viewpoint, whose run is shown.
    """

    def __init__(self, at: Viewpoint) -> None:
        self._at = at
        self._evaluated = Latest[list[float]]()

    def costs(self, query: CostsQuery) -> Costs:
        """Return J and the accuracy."""
        (training, validation, *accuracies, penalty), epoch = self._losses()
        accuracy_training, accuracy_validation = map(or_none, accuracies)
        return Costs(
            batch=self._at.cost_of_batch,
            training=training + penalty,
            validation=or_none(validation + penalty),
            accuracy_training=accuracy_training,
            accuracy_validation=accuracy_validation,
            training_loss=training,
            penalty=penalty,
            epoch=epoch,
        )

    def _losses(self) -> tuple[list[float], int | None]:
        """The losses and accuracies to show, and their epoch; None if they are the present ones."""
        run = self._at.run
        at_end_of_epoch = run.history.rows[min(run.epoch, len(run.history) - 1)].tolist()
        if run.t == run.batches.end(run.epoch) and not run.is_edited:
            return at_end_of_epoch, None
        if self._at.cursor.status == "playing" or self._evaluated.seconds > CHEAP:
            return at_end_of_epoch, run.epoch
        return self._evaluated.get((run.t, run.branch.edits), lambda: _evaluate(run)), None


def _evaluate(run: Run) -> list[float]:
    """Compute a row of the history for the present parameters."""
    training, validation = run.evaluate()
    return [
        training.loss,
        validation.loss,
        training.accuracy,
        validation.accuracy,
        run.penalty,
    ]


def layers(at: Viewpoint, query: LayersQuery) -> Layers:
    """Compute the norms of each layer."""
    return Layers(
        norms=[
            LayerNorms(W=_norm(at, W) or 0.0, dW=_norm(at, W.gradient))
            for W in (ArrayRef("W", l) for l in range(1, at.run.network.L + 1))
        ]
    )


def _norm(at: Viewpoint, reference: ArrayRef) -> float | None:
    array = at.array(reference)
    return None if array is None else norm(array)


def history(at: Viewpoint, query: HistoryQuery) -> History:
    """Return the history from an epoch on."""
    run = at.run
    rows = run.history.rows[query.first : query.first + MOST_ROWS]
    return History(
        length=len(run.history),
        first=query.first,
        rows=[[or_none(value) for value in row[:4]] for row in rows.tolist()],
        settings_changed=[
            run.batches.epochs_done(edit.at)
            for edit in run.branch.edits
            if isinstance(edit, SettingsEdit)
        ],
        best_epoch=run.history.best,
        best_update=run.batches.end(run.history.best),
    )


def branches(at: Viewpoint, query: BranchesQuery) -> Branches:
    """List the branches."""
    run = at.run
    return Branches(
        current=run.branch.number,
        branches=[
            BranchNote(
                number=each.number,
                parent=None if each.parent is None else each.parent.number,
                fork=each.fork,
                reached=each.reached,
                edits=[str(edit) for edit in each.edits],
            )
            for each in run.branches.values()
        ],
    )


def settings(at: Viewpoint, query: EffectiveSettingsQuery) -> EffectiveSettings:
    """Return the settings of the next update."""
    settings = at.run.trainer.settings
    return EffectiveSettings(
        optimizer=settings.optimizer,
        learning_rate=settings.learning_rate,
        l2=at.run.network.l2,
        batch_size=settings.batch_size,
        options=settings.options,
    )
