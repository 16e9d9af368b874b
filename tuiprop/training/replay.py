"""Replay: the repeated computation of updates, on a separate trainer."""

from tuiprop.core.array import Array
from tuiprop.training.plan import Plan
from tuiprop.training.timeline import KeyFrame
from tuiprop.training.trainer import Trainer, is_finite
from tuiprop.update.record import Record

CHUNK = 64
"""Updates from one check for non-finite numbers to the next."""


class Replay:
    """Recomputes any update of a run, bit for bit, without moving the run.

    Its trainer stays at the end of the last replay, from which the next one may continue. It keeps
    one state between replays; the arrays of the last update belong to its record.

    Args:
        trainer: a trainer of the run; its examples are shared and not changed.
    """

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer.fork()

    def record(self, frame: KeyFrame, plan: Plan, update: int) -> Record:
        """Compute the record of an update.

        Args:
            frame: a key frame before that update.
            plan: the plan that leads to it.
            update: t ≥ 1.

        Returns:
            The record of the update; of an earlier one where the result of that is not finite.
        """
        self._go(frame, plan, update - 1)
        self._trainer.apply_pending_edits()
        return self._trainer.record(hand_over=True)

    def parameters(self, frame: KeyFrame, plan: Plan, t: int) -> Array:
        """Compute θ after update t, before the edits at t act, (P,)."""
        self._go(frame, plan, t)
        return self._trainer.parameters.vector.copy()

    def updates(self, frame: KeyFrame, plan: Plan, update: int) -> int:
        """Count the updates that `record` would compute."""
        start = self._trainer.t if self._leads_to(frame, plan, update - 1) else frame.t
        return update - start

    def _go(self, frame: KeyFrame, plan: Plan, t: int) -> None:
        """Go to state t, or stop before the first update whose result is not finite."""
        trainer = self._trainer
        if not self._leads_to(frame, plan, t):
            trainer.restore(frame.state, frame.t, plan)
        while trainer.t < t:
            trainer.advance(min(CHUNK, t - trainer.t))
            if not is_finite(trainer.state):
                trainer.find_divergence(frame.state, frame.t)
                return

    def _leads_to(self, frame: KeyFrame, plan: Plan, t: int) -> bool:
        """Return True if the trainer is between the key frame and state t."""
        trainer = self._trainer
        if trainer.plan is not plan or not frame.t <= trainer.t <= t:
            return False
        return trainer.t < t or not plan.acting_at(t)
