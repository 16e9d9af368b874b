"""A run: an experiment on its way, with its history and the way back."""

from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.array import Array
from tuiprop.core.network import Network, Parameters
from tuiprop.core.propagation import penalty
from tuiprop.training.experiment import TrainingSettings
from tuiprop.training.history import Evaluation, Evaluator, History
from tuiprop.training.threads import blas_threads, limited_to
from tuiprop.training.timeline import Timeline
from tuiprop.training.trainer import Record, Trainer

SLICE = 0.005
"""Seconds between two looks at the state: for non-finite values, and for a key frame."""


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The arrays that a run trains and validates on, as rows."""

    inputs: Array
    """(N, n[0])."""
    targets: Array
    """(N, n[L])."""
    validation_inputs: Array
    """(V, n[0]), V may be 0."""
    validation_targets: Array
    """(V, n[L])."""


class Run:
    """A network in training: forwards flat out, to any update, back by replay.

    The history grows when an epoch is walked for the first time and is kept when going back: a
    replay gives the same numbers again.

    Args:
        network: the network.
        settings: how it is trained.
        data: on what.
        initial: state 0.
    """

    def __init__(
        self,
        network: Network,
        settings: TrainingSettings,
        data: TrainingData,
        initial: Parameters,
    ) -> None:
        self.network = network
        self.settings = settings
        self.trainer = Trainer(network, settings, data.inputs, data.targets, initial)
        self._training = Evaluator(network, data.inputs, data.targets, settings.dtype)
        self._validation = Evaluator(
            network, data.validation_inputs, data.validation_targets, settings.dtype
        )
        self.history = History(
            held_out=len(data.validation_inputs) > 0, classes=network.loss_function.classes
        )
        self.timeline = Timeline()
        self.timeline.save(0, self.trainer.state)
        self._last_frame = perf_counter()
        self.diverged_at: int | None = None
        """The first update whose result is not finite."""
        self._threads = blas_threads(network)
        self._remember()

    @property
    def t(self) -> int:
        """The number of updates done."""
        return self.trainer.t

    @property
    def per_epoch(self) -> int:
        """Updates in one epoch."""
        return self.trainer.batches.per_epoch

    @property
    def epoch(self) -> int:
        """The number of whole epochs done."""
        return self.t // self.per_epoch

    @property
    def last_update(self) -> int:
        """The update that ends the last epoch asked for."""
        return self.settings.epochs * self.per_epoch

    def advance(self, until: int, seconds: float = np.inf) -> None:
        """Walk on to update `until`, or until the time is up, or until the run diverges.

        Args:
            until: the update to reach; nothing happens where it is not ahead.
            seconds: at least one update is done, then no slice is begun after so long.
        """
        started = perf_counter()
        with limited_to(self._threads), np.errstate(all="ignore"):
            while self.t < until and self.diverged_at is None:
                self._advance_slice(until)
                if perf_counter() - started >= seconds:
                    break

    def resume(self, state: Array, t: int, history: NDArray[np.float64]) -> None:
        """Go on from state t of an earlier run of the same experiment, with its history."""
        self.trainer.restore(state, t)
        self.timeline.save(t, self.trainer.state)
        self.history.extend(history[len(self.history) :])

    def rewind(self, t: int) -> None:
        """Go back to the newest key frame from which a walk on to update t makes its arrays.

        Nothing happens where t is ahead, or where the arrays at hand are those of update t.
        """
        if t > self.t or (t == self.t and (t == 0 or self.trainer.workspace is not None)):
            return
        # one update is walked even when its state is a key frame: for its arrays
        time, state = self.timeline.before(max(t - 1, 0))
        self.trainer.restore(state, time)
        self.diverged_at = None

    def seek(self, t: int) -> None:
        """Go to update t, back or on, so that the arrays at hand are those of update t."""
        self.rewind(t)
        self.advance(t)

    def record(self, update: int) -> Record:
        """The record of one update; the run stands before it afterwards."""
        self.seek(update - 1)
        return self.next_record()

    def next_record(self) -> Record:
        """The record of the update that comes next; nothing is changed."""
        with limited_to(self._threads), np.errstate(all="ignore"):
            return self.trainer.record()

    def evaluate(self) -> tuple[Evaluation, Evaluation]:
        """J and accuracy of the training and the validation set, as things stand now."""
        with limited_to(self._threads), np.errstate(all="ignore"):
            return self._evaluate()

    def _remember(self) -> None:
        """The next row of the history."""
        self.history.add(*self.evaluate(), self.penalty)

    @property
    def penalty(self) -> float:
        """(λ/2) Σ ‖W[l]‖², as things stand now."""
        return penalty(self.network, self.trainer.parameters)

    def _evaluate(self) -> tuple[Evaluation, Evaluation]:
        parameters = self.trainer.parameters
        return self._training.evaluate(parameters), self._validation.evaluate(parameters)

    def _advance_slice(self, until: int) -> None:
        """Some milliseconds of updates, to the end of the epoch at most."""
        trainer = self.trainer
        stop = min(until, (self.epoch + 1) * self.per_epoch)
        deadline = perf_counter() + SLICE
        while trainer.t < stop:
            trainer.advance(1)
            if perf_counter() >= deadline:
                break
        if not is_finite(trainer.state):
            self._return_to_last_finite()
            return
        if trainer.t % self.per_epoch == 0 and self.epoch == len(self.history):
            self._remember()
        if perf_counter() - self._last_frame >= SLICE:
            self.timeline.save(trainer.t, trainer.state)
            self._last_frame = perf_counter()

    def _return_to_last_finite(self) -> None:
        """Find the update that made the state non-finite, and stand before it."""
        time, state = self.timeline.before(self.trainer.t)
        self.trainer.restore(state, time)
        good = state.copy()
        while is_finite(self.trainer.state):
            good[...] = self.trainer.state
            self.trainer.advance(1)
        self.diverged_at = self.trainer.t
        self.trainer.restore(good, self.diverged_at - 1)


def is_finite(state: Array) -> bool:
    """No number of the state is infinite or not a number."""
    total = state.sum()
    return bool(np.isfinite(total)) or bool(np.isfinite(state).all())
