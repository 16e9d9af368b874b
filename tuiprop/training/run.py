"""A run: an experiment in training, with its history and its key frames."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from math import inf
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.array import Array
from tuiprop.core.network import Network, Parameters
from tuiprop.core.propagation import penalty
from tuiprop.training.batches import Batches
from tuiprop.training.branches import Branch, Branches
from tuiprop.training.breakpoint import Hit
from tuiprop.training.conditions import Conditions
from tuiprop.training.edit import BranchLog, Edit
from tuiprop.training.experiment import TrainingSettings
from tuiprop.training.history import Best, Evaluation, Evaluator, History
from tuiprop.training.replay import Replay
from tuiprop.training.threads import blas_threads, limited_to
from tuiprop.training.timeline import BUDGET, KeyFrame, Timeline
from tuiprop.training.trainer import Trainer, is_finite
from tuiprop.update.record import Record

SLICE = 0.005
"""Seconds from one check for non-finite values and for a due key frame to the next."""

LONG = 10
"""The least number of slices from one lasting key frame to the next."""

REST = 50
"""The least time between key frames, as a multiple of the time that saving one takes."""


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The training and validation examples of a run, as rows."""

    inputs: Array
    """The training inputs, (N, n[0])."""
    targets: Array
    """The training targets, (N, n[L])."""
    validation_inputs: Array
    """The validation inputs, (V, n[0]); V may be 0."""
    validation_targets: Array
    """The validation targets, (V, n[L])."""


class Run:
    """A network in training, which goes forward at full speed and to any update by replay.

    The history grows when an epoch is done for the first time, and a move back keeps it: a replay
    gives the same numbers again. An edit before the newest update creates a branch.

    Some methods move the run: `advance`, `jump_to_nearest_keyframe`, `seek`, `edit`, `switch`,
    `resume`, `return_to_key_frame`. All others leave its position unchanged.

    Args:
        network: the network.
        settings: the settings of the training.
        data: the examples.
        initial: state 0.
        budget: bytes that the key frames may take.
    """

    def __init__(
        self,
        network: Network,
        settings: TrainingSettings,
        data: TrainingData,
        initial: Parameters,
        budget: int = BUDGET,
    ) -> None:
        self.settings = settings
        self.trainer = Trainer(network, settings, data.inputs, data.targets, initial)
        examples, dtype = self.trainer.examples, settings.dtype
        self._training = Evaluator(network, examples.inputs, examples.targets, dtype)
        self._validation = Evaluator(
            network, data.validation_inputs, data.validation_targets, dtype
        )
        history = History(
            held_out=len(data.validation_inputs) > 0, classes=network.loss_function.classes
        )
        self._branches = Branches(history)
        self.timeline = Timeline(budget)
        self.timeline.save(0, self.trainer.state)
        self._replay: Replay | None = None
        self._next_frame = perf_counter()
        self._next_lasting = self._next_frame
        self._frame_seconds = SLICE / REST
        self._update_seconds = 0.0
        self.diverged_at: int | None = None
        """The first update whose result is not finite."""
        self.hit: Hit | None = None
        """The condition that stopped the last `advance`."""
        self.conditions = Conditions(self.trainer.operations)
        """The conditions that stop a watched `advance`."""
        self._threads = blas_threads(network)
        with self._computing():
            self._add_to_history()

    # Position

    @property
    def network(self) -> Network:
        """The network, with the λ of the next update."""
        return self.trainer.network

    @property
    def batches(self) -> Batches:
        """The examples of each update."""
        return self.trainer.batches

    @property
    def branch(self) -> Branch:
        """The current branch."""
        return self._branches.current

    @property
    def branches(self) -> dict[int, Branch]:
        """Every branch by its number."""
        return self._branches.by_number

    @property
    def history(self) -> History:
        """The history of the current branch."""
        return self.branch.history

    @property
    def t(self) -> int:
        """The number of updates done."""
        return self.trainer.t

    @property
    def epoch(self) -> int:
        """The number of whole epochs done."""
        return self.batches.epochs_done(self.t)

    @property
    def last_update(self) -> int:
        """The last update of the last epoch of the experiment."""
        return self.batches.end(self.settings.epochs)

    @property
    def is_edited(self) -> bool:
        """True if edits act on the present state."""
        return bool(self.trainer.plan.acting_at(self.t))

    @property
    def penalty(self) -> float:
        """(λ/2) Σ ‖W[l]‖² with the present parameters."""
        return penalty(self.network, self.trainer.parameters)

    @property
    def logs(self) -> list[BranchLog]:
        """Everything that recreates the branches."""
        return [branch.log for branch in self.branches.values()]

    @property
    def past(self) -> NDArray[np.float64]:
        """The history up to the present position, (epochs + 1, WIDTH)."""
        return self.history.rows[: self.epoch + 1]

    # Moving

    def check_epoch_conditions(self) -> None:
        """Set `hit` to a condition on whole epochs that has become true here."""
        self.hit = self.conditions.after_epoch(self.t, self.past)

    def advance(
        self,
        until: int,
        seconds: float = inf,
        *,
        watched: bool = False,
        since: int = -1,
        landing: bool = False,
    ) -> None:
        """Train to update `until`, until the time is up, or until the run diverges.

        Args:
            until: the update to reach; nothing happens if it is not ahead.
            seconds: the time after which no further slice begins; at least one update is done.
            watched: stop after an update or an epoch that made a condition true: see `hit`.
            since: a number of operations since state 0, which cannot cause a hit.
            landing: keep the state before the last update, from which `record` recomputes it.
        """
        started = perf_counter()
        self.hit = None
        with self._computing():
            while self.t < until and self.diverged_at is None and self.hit is None:
                if landing and self.t == until - 1:
                    self._save_frame()
                stop = max(self.t + 1, until - landing)
                self._advance_slice(stop, self.conditions if watched else None, since)
                if perf_counter() - started >= seconds:
                    break
        self.trainer.apply_pending_edits()
        self.branch.reached = max(self.branch.reached, self.t)

    def jump_to_nearest_keyframe(self, t: int) -> None:
        """Go to the newest key frame from which `advance` computes the arrays of update t.

        Nothing happens if the run is nearer to it already, or has the arrays of update t.
        """
        if t == self.t and (t == 0 or self.trainer.workspace is not None or self.is_edited):
            return
        # even if its state is a key frame, one update is done to compute its arrays
        frame = self._key_frame(max(t - 1, 0), self.batches)
        if frame.t <= self.t < t:
            return
        self.trainer.restore(frame.state, frame.t)
        self.diverged_at = None

    def seek(self, t: int) -> None:
        """Go back or forward to update t, and compute its arrays."""
        self.jump_to_nearest_keyframe(t)
        self.advance(t)

    def edit(self, edit: Edit, *, apart: bool = False) -> Branch:
        """Apply an edit to state t = `edit.at`, and go there.

        Args:
            edit: the edit.
            apart: create a branch even if the edit acts on the newest state.

        Returns:
            The branch with the edit: a new one if there are updates after state t.
        """
        self.seek(edit.at)
        self._save_frame()
        self._branches.edit(edit, self.epoch, apart=apart)
        self._follow(edit.at)
        self.advance(edit.at)
        return self.branch

    def switch(self, number: int) -> None:
        """Go to another branch, at the newest key frame before its newest state."""
        self.conditions.forget()
        self._branches.current = self.branches[number]
        self._follow(max(self.branch.reached - 1, 0))

    def resume(
        self,
        state: Array,
        t: int,
        history: NDArray[np.float64],
        logs: Sequence[BranchLog] = (),
        number: int = 0,
        best: Best | None = None,
    ) -> None:
        """Continue from state t of an earlier run of the same experiment.

        Args:
            state: the state before the edits at t act, (1 + S, P).
            t: the number of updates done.
            history: the history of its current branch, (epochs + 1, WIDTH).
            logs: its branches, parents first.
            number: the number of its current branch.
            best: the parameters of the best epoch of that branch.
        """
        self._branches.restore(logs, number)
        branch = self.branch
        branch.history.extend(history[len(branch.history) :])
        branch.best = best or branch.best
        branch.reached = max(branch.reached, t)
        self.trainer.restore(state, t, self.trainer.plan.with_edits(branch.edits))
        self.timeline.save(t, state, branch.owner(t))
        self.trainer.apply_pending_edits()
        for other in self.branches.values():
            if other is not branch:  # keep the common part, and compute the rest again
                shared = other.shared_with(branch)
                other.history = branch.history.until(self.batches.epochs_done(shared))

    def return_to_key_frame(self) -> None:
        """Go to the newest key frame, as an exception may have left the state half changed."""
        frame = self._past_frame(self.t)
        self.trainer.restore(frame.state, frame.t)
        self.trainer.apply_pending_edits()

    # Replay and evaluation, which leave the position unchanged

    def next_record(self) -> Record:
        """Compute the record of the next update."""
        with self._computing():
            return self.trainer.record()

    def preview_conditions(self, record: Record, since: int) -> Hit | None:
        """Find the condition that the next update will make true; see `Conditions.preview`."""
        with self._computing():
            return self.conditions.preview(record, self.trainer.config, since)

    def record(self, update: int) -> Record:
        """Compute the record of an update of this branch.

        Args:
            update: t ≥ 1.

        Returns:
            The record of the update; of an earlier one where the result of that is not finite.
        """
        if update == self.t + 1:
            return self.next_record()
        with self._computing():
            return self._replayer.record(self._past_frame(update - 1), self.trainer.plan, update)

    def replay_cost(self, update: int) -> tuple[int, float]:
        """Estimate the cost of `record`, in updates and in seconds."""
        frame = self._past_frame(update - 1)
        updates = self._replayer.updates(frame, self.trainer.plan, update)
        return updates, updates * self._update_seconds

    def evaluate(self) -> tuple[Evaluation, Evaluation]:
        """Evaluate the present parameters on the training and the validation set."""
        with self._computing():
            return self._evaluate()

    def _evaluate(self) -> tuple[Evaluation, Evaluation]:
        parameters, changes = self.trainer.parameters, self.trainer.examples.changes
        training = self._training.evaluate(parameters, changes)
        return training, self._validation.evaluate(parameters)

    def best(self) -> Best:
        """The parameters of the best epoch of this branch; recomputed if not kept."""
        if self.branch.kept_best is not None:
            return self.branch.kept_best
        epoch = self.history.best
        end = self.batches.end(epoch)
        with self._computing():
            plan = self.trainer.plan
            return Best(epoch, self._replayer.parameters(self._past_frame(end), plan, end))

    def kept_state(self) -> KeyFrame:
        """The newest key frame from which `advance` computes the present arrays.

        Its state is the one before edits act on it, as `resume` expects.
        """
        return self._past_frame(max(self.t - 1, 0))

    def fork(self, t: int, edit: Edit | None = None) -> "Run":
        """Create a run at another position, without changing this one.

        Args:
            t: the position, at most that of this run.
            edit: an edit to apply there, on a separate branch.
        """
        other = copy(self)
        other.trainer = trainer = self.trainer.fork()
        other._branches = self._branches.fork()
        other.conditions, other._replay = Conditions(trainer.operations), None
        other.diverged_at, other.hit = None, None
        with self._computing():
            if t != self.t or self.is_edited:
                frame = self._past_frame(t)
                trainer.restore(frame.state, frame.t)
                trainer.advance(t - frame.t)
            other.timeline = Timeline(0)
            other.timeline.save(t, trainer.state, self.branch.owner(t))
            if edit is not None:
                other._branches.edit(edit, other.epoch, apart=True)
            plan = trainer.plan.with_edits(other.branch.edits)
            trainer.restore(trainer.state, t, plan)
            trainer.apply_pending_edits()
        return other

    @property
    def _replayer(self) -> Replay:
        if self._replay is None:
            self._replay = Replay(self.trainer)
        return self._replay

    @contextmanager
    def _computing(self) -> Iterator[None]:
        """Limit the threads, and suppress warnings of overflow, which occurs near a divergence."""
        with limited_to(self._threads), np.errstate(all="ignore"):
            yield

    def _past_frame(self, t: int) -> KeyFrame:
        """The newest key frame of this branch at or before update t."""
        return self.timeline.before(t, self.branch.lineage)

    def _key_frame(self, t: int, batches: Batches) -> KeyFrame:
        """The newest key frame at or before update t, but not beyond the known history."""
        known = batches.end(len(self.history)) - 1
        return self._past_frame(min(t, known))

    def _follow(self, t: int) -> None:
        """Go to the newest key frame at or before update t, with the edits of this branch."""
        plan = self.trainer.plan.with_edits(self.branch.edits)
        frame = self._key_frame(t, plan.batches)
        self.trainer.restore(frame.state, frame.t, plan)
        self.diverged_at = None

    def _add_to_history(self) -> None:
        """Add the epoch that has just ended to the history."""
        self.branch.add_epoch(*self._evaluate(), self.penalty, self.trainer.parameters.vector)

    def _advance_slice(self, until: int, conditions: Conditions | None, since: int) -> None:
        """Do updates for some milliseconds, at most to the end of the epoch."""
        trainer = self.trainer
        batches = trainer.batches
        begin, end_of_epoch = batches.epoch_bounds(trainer.t + 1)
        now = perf_counter()
        # a move back to the end of an epoch needs the state before its last update: if epochs are
        # long, a slice ends there
        last = begin < trainer.t < end_of_epoch - 1 and now >= self._next_lasting
        stop = min(until, end_of_epoch - last)
        first, deadline = trainer.t, now + SLICE
        watched = conditions if conditions is not None and conditions.watches_updates else None
        while trainer.t < stop and self.hit is None:
            if watched is not None:
                self.hit = watched.advance(trainer, since)
            else:
                trainer.advance(1)
            if perf_counter() >= deadline:
                break
        self._update_seconds = (perf_counter() - now) / (trainer.t - first)
        if not is_finite(trainer.state):
            frame = self._past_frame(trainer.t)
            self.diverged_at = trainer.find_divergence(frame.state, frame.t)
            return
        if trainer.t == end_of_epoch:
            if batches.epoch(end_of_epoch) == len(self.history):
                self._add_to_history()
            if conditions is not None and self.hit is None:
                self.hit = conditions.after_epoch(self.t, self.past, since)
        lasting = last and trainer.t == end_of_epoch - 1
        if lasting or perf_counter() >= self._next_frame:
            self._save_frame(lasting=lasting)

    def _save_frame(self, *, lasting: bool = False) -> None:
        """Keep this state, unless edits have acted on it: a replay would apply them again."""
        began = perf_counter()
        if not self.is_edited:
            self.timeline.save(
                self.t, self.trainer.state, self.branch.owner(self.t), lasting=lasting
            )
        now = perf_counter()
        # at most doubled: one slow save must not delay all later ones
        self._frame_seconds = min(now - began, 2 * self._frame_seconds)
        self._next_frame = now + max(SLICE, REST * self._frame_seconds)
        if lasting:
            self._next_lasting = now + LONG * SLICE
