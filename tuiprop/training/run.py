"""A run: an experiment on its way, with its history and the way back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.array import Array
from tuiprop.core.network import Network, Parameters
from tuiprop.core.propagation import Workspace, penalty
from tuiprop.training.batches import Batches
from tuiprop.training.breakpoint import Condition, Hit, Update, Watch
from tuiprop.training.edit import BranchLog, Edit
from tuiprop.training.experiment import TrainingSettings
from tuiprop.training.history import Best, Evaluation, Evaluator, History
from tuiprop.training.plan import InForce
from tuiprop.training.threads import blas_threads, limited_to
from tuiprop.training.timeline import BUDGET, Timeline, Way
from tuiprop.training.trainer import Trainer
from tuiprop.update.record import Record
from tuiprop.verify.gradient_check import check_gradient
from tuiprop.verify.gradient_verdict import Verdict

SLICE = 0.005
"""Seconds between two looks at the state: for non-finite values, and for a key frame."""

LONG = 10
"""Slices from one key frame that is kept for the end of an epoch to the next, at least."""

REST = 50
"""How many times as long as it takes to keep a key frame none is kept for its age alone."""


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


def _shared(one: "Branch", other: "Branch") -> int:
    """The last update that two branches have in common."""
    last = dict(other.way)
    return int(max(min(t, last[number]) for number, t in one.way if number in last))


@dataclass(eq=False)
class Branch:
    """One course of a run: from state 0, by a log of edits, to the newest update walked."""

    number: int
    """0 for the first."""
    parent: "Branch | None"
    fork: int
    """The update after which it left its parent; 0 for the first."""
    edits: tuple[Edit, ...]
    """All that act on the way from state 0, those of its parents included."""
    history: History
    """From epoch 0 on."""
    reached: int = 0
    """The newest update walked."""
    best: Best | None = None
    """Kept when the best epoch so far was walked; of its parent until then."""
    way: Way = field(init=False)

    def __post_init__(self) -> None:
        shared = () if self.parent is None else self.parent.way
        self.way = (
            (self.number, inf),
            *((number, min(last, self.fork)) for number, last in shared),
        )


class Run:
    """A network in training: forwards flat out, to any update, back by replay.

    The history grows when an epoch is walked for the first time and is kept when going back: a
    replay gives the same numbers again. An edit behind the newest update begins a branch.

    Args:
        network: the network.
        settings: how it is trained.
        data: on what; edits of inputs are written into it.
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
        trainer, dtype = self.trainer, settings.dtype
        self._training = Evaluator(network, trainer.inputs, trainer.targets, dtype)
        self._validation = Evaluator(
            network, data.validation_inputs, data.validation_targets, dtype
        )
        history = History(
            held_out=len(data.validation_inputs) > 0, classes=network.loss_function.classes
        )
        self.branch = Branch(0, None, 0, (), history)
        """The branch that it is on."""
        self.branches = {0: self.branch}
        """Every branch by its number."""
        self.timeline = Timeline(budget)
        self.timeline.save(0, trainer.state)
        self._next_frame = perf_counter()
        self._next_lasting = self._next_frame
        self._frame_seconds = SLICE / REST
        self._update_seconds = 0.0
        self.diverged_at: int | None = None
        """The first update whose result is not finite."""
        self.hit: Hit | None = None
        """The condition that stopped the last walk."""
        self._watch: Watch | None = None
        self._threads = blas_threads(network)
        self._remember()

    @property
    def network(self) -> Network:
        """The network, with the penalty in force."""
        return self.trainer.network

    @property
    def batches(self) -> Batches:
        """Which examples an update walks over."""
        return self.trainer.batches

    @property
    def history(self) -> History:
        """Of the branch that it is on."""
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
        """The update that ends the last epoch asked for."""
        return self.batches.end(self.settings.epochs)

    @property
    def is_edited(self) -> bool:
        """Edits act on the state as it is."""
        return bool(self.trainer.plan.acting_at(self.t))

    def stop_when(self, conditions: Iterable[Condition]) -> None:
        """The conditions that a watched walk stops at, instead of those before."""
        conditions = tuple(conditions)
        if self._watch is None and conditions:
            self._watch = Watch(conditions, self.trainer.operations())
        elif self._watch is not None:
            self._watch.replace(conditions)
            self._watch = self._watch if conditions else None

    def look_around(self) -> None:
        """Look whether a condition on whole epochs is true at the start of a walk."""
        if self._watch is not None and self.t == self.batches.end(self.epoch):
            self.hit = self._watch.after_epoch(self.t, self.history.rows[: self.epoch + 1])

    def advance(
        self,
        until: int,
        seconds: float = inf,
        *,
        watched: bool = False,
        since: int = -1,
        landing: bool = False,
    ) -> None:
        """Walk on to update `until`, or until the time is up, or until the run diverges.

        Args:
            until: the update to reach; nothing happens where it is not ahead.
            seconds: at least one update is done, then no slice is begun after so long.
            watched: stop after an update or an epoch that made a condition true: see `hit`.
            since: but not for what the first so many operations since state 0 made true.
            landing: keep the state before the last update, from which `record` makes it again.
        """
        started = perf_counter()
        self.hit = None
        with limited_to(self._threads), np.errstate(all="ignore"):
            while self.t < until and self.diverged_at is None and self.hit is None:
                if landing and self.t == until - 1:
                    self._save_frame()
                stop = max(self.t + 1, until - landing)
                self._advance_slice(stop, self._watch if watched else None, since)
                if perf_counter() - started >= seconds:
                    break
        self.trainer.settle()
        self.branch.reached = max(self.branch.reached, self.t)

    @property
    def logs(self) -> list[BranchLog]:
        """What it takes to make the branches again."""
        return [
            BranchLog(
                number=each.number,
                parent=None if each.parent is None else each.parent.number,
                fork=each.fork,
                reached=each.reached,
                edits=each.edits,
            )
            for each in self.branches.values()
        ]

    def kept_state(self) -> tuple[int, Array]:
        """The newest key frame from which a walk on makes the arrays at hand: t, and state t.

        The state is that before edits act on it: it is what `resume` takes.
        """
        return self.timeline.before(max(self.t - 1, 0), self.branch.way)

    def resume(
        self,
        state: Array,
        t: int,
        history: NDArray[np.float64],
        logs: Sequence[BranchLog] = (),
        number: int = 0,
        best: Best | None = None,
    ) -> None:
        """Go on from state t of an earlier run of the same experiment.

        Args:
            state: as it was before the edits at t act, (1 + slots, P).
            t: how many updates were done.
            history: of the branch that it was on, (epochs + 1, WIDTH).
            logs: its branches, parents first.
            number: of the branch that it was on.
            best: of that branch.
        """
        first = self.branches[0]
        for log in logs:
            if log.parent is None:
                first.edits, first.reached = log.edits, log.reached
            else:
                parent, begun = self.branches[log.parent], first.history.until(0)
                self.branches[log.number] = Branch(
                    log.number, parent, log.fork, log.edits, begun, log.reached
                )
        self.branch = self.branches[number]
        self.history.extend(history[len(self.history) :])
        self.branch.best = best or self.branch.best
        self.branch.reached = max(self.branch.reached, t)
        self.trainer.restore(state, t, self.trainer.plan.with_edits(self.branch.edits))
        self.timeline.save(t, state, self._owner)
        self.trainer.settle()
        for other in self.branches.values():
            if other is not self.branch:  # what they share is known; the rest is walked again
                shared = _shared(other, self.branch)
                other.history = self.history.until(self.batches.epochs_done(shared))

    def leap(self, t: int) -> None:
        """Go to the newest key frame from which a walk on to update t makes its arrays.

        Nothing happens where it is no nearer than the run is, or where all there can be of
        update t is at hand.
        """
        if t == self.t and (t == 0 or self.trainer.workspace is not None or self.is_edited):
            return
        # one update is walked even when its state is a key frame: for its arrays
        time, state = self._key_frame(max(t - 1, 0), self.batches)
        if time <= self.t < t:
            return
        self.trainer.restore(state, time)
        self.diverged_at = None

    def remember_hits(self) -> None:
        """What whole epochs have made true already does not stop the run again."""
        if self._watch is not None:
            self._watch.after_epoch(self.t, self.history.rows[: self.epoch + 1])

    def forget_hits(self) -> None:
        """Conditions may hit again where they did: to be called when it goes elsewhere."""
        if self._watch is not None:
            self._watch.forget()

    def seek(self, t: int) -> None:
        """Go to update t, back or on, so that the arrays at hand are those of update t."""
        self.leap(t)
        self.advance(t)

    def edit(self, edit: Edit, *, apart: bool = False) -> Branch:
        """Let an edit act on state t = `edit.at`, and stand there.

        Args:
            edit: what is changed.
            apart: begin a branch even where the edit acts on the newest state.

        Returns:
            The branch that it is in: a new one where the run had gone on from state t.
        """
        self.seek(edit.at)
        self._save_frame()
        old = self.branch
        edits = (*(known for known in old.edits if known.at <= edit.at), edit)
        if apart or edit.at < old.reached:
            history = old.history.until(self.epoch)
            number = max(self.branches) + 1
            self.branch = Branch(number, old, edit.at, edits, history, edit.at, old.best)
            self.branches[number] = self.branch
        else:
            old.edits = edits
        self._follow(edit.at)
        self.advance(edit.at)
        return self.branch

    def switch(self, number: int) -> None:
        """Go to another branch, to the newest key frame from which its newest state is a walk."""
        self.forget_hits()
        self.branch = self.branches[number]
        self._follow(max(self.branch.reached - 1, 0))

    def discard(self, branch: Branch) -> None:
        """Forget a branch that is not the first and has no branches of its own.

        Where the run is on it, it goes back to where that branch began, without its edits.
        """
        assert branch.parent is not None
        del self.branches[branch.number]
        self.timeline.forget(branch.number)
        if self.branch is branch:
            self.branch = branch.parent
            self.forget_hits()
            self._follow(max(branch.fork - 1, 0))
            self.advance(branch.fork)

    def _follow(self, t: int) -> None:
        """Go to the newest key frame at or before update t, by the edits of this branch."""
        plan = self.trainer.plan.with_edits(self.branch.edits)
        time, state = self._key_frame(t, plan.batches)
        self.trainer.restore(state, time, plan)
        self.diverged_at = None

    def _key_frame(self, t: int, batches: Batches) -> tuple[int, Array]:
        """The newest key frame at or before update t, no epoch without its history passed over."""
        known = batches.end(len(self.history)) - 1
        return self.timeline.before(min(t, known), self.branch.way)

    def record(self, update: int) -> Record:
        """The record of one update; the run stands before it afterwards."""
        before = update - 1
        time, state = self._key_frame(before, self.batches)
        if not time <= self.t <= before:
            self.trainer.restore(state, time)
            self.diverged_at = None
        self.advance(before)
        return self.next_record()

    def replay(self, update: int) -> tuple[int, float]:
        """What it takes to make the record of an update: updates, and about how many seconds."""
        updates = update - self._key_frame(update - 1, self.batches)[0]
        return updates, updates * self._update_seconds

    def next_record(self) -> Record:
        """The record of the update that comes next; nothing is changed."""
        with limited_to(self._threads), np.errstate(all="ignore"):
            return self.trainer.record()

    def look_into(self, record: Record, since: int) -> Hit | None:
        """What the update that comes next will make true.

        Args:
            record: of that update.
            since: as for `advance`.
        """
        if self._watch is None or not self._watch.looks_at_updates:
            return None
        with limited_to(self._threads), np.errstate(all="ignore"):
            return self._watch.after_update(_seen_in(record, self.trainer.force), since)

    def evaluate(self) -> tuple[Evaluation, Evaluation]:
        """J and accuracy of the training and the validation set, as things stand now."""
        with limited_to(self._threads), np.errstate(all="ignore"):
            return self._evaluate()

    def _remember(self) -> None:
        """The next row of the history, and the parameters if they are the best so far."""
        epoch = len(self.history)
        self.history.add(*self.evaluate(), self.penalty)
        if self.history.best == epoch:
            self.branch.best = Best(epoch, self.trainer.parameters.vector.copy())

    @property
    def kept_best(self) -> Best | None:
        """The parameters of the best epoch of this branch, where they were kept."""
        best = self.branch.best
        return best if best is not None and best.epoch == self.history.best else None

    def best(self) -> Best:
        """The parameters of the best epoch of this branch; walked to again if they were not kept.

        The run stands where it stood afterwards.
        """
        if self.kept_best is not None:
            return self.kept_best
        epoch, here, diverged_at = self.history.best, self.t, self.diverged_at
        end = self.batches.end(epoch)
        time, state = self._key_frame(end, self.batches)
        self.trainer.restore(state, time)
        with limited_to(self._threads), np.errstate(all="ignore"):
            self.trainer.advance(end - time)  # edits at the end of the epoch have not acted
        best = self.branch.best = Best(epoch, self.trainer.parameters.vector.copy())
        self.seek(here)
        self.diverged_at = diverged_at
        return best

    @property
    def penalty(self) -> float:
        """(λ/2) Σ ‖W[l]‖², as things stand now."""
        return penalty(self.network, self.trainer.parameters)

    def _evaluate(self) -> tuple[Evaluation, Evaluation]:
        parameters = self.trainer.parameters
        return self._training.evaluate(parameters), self._validation.evaluate(parameters)

    def _advance_slice(self, until: int, watch: Watch | None, since: int) -> None:
        """Some milliseconds of updates, to the end of the epoch at most."""
        trainer = self.trainer
        batches = trainer.batches
        begin, end_of_epoch = batches.span(trainer.t + 1)
        now = perf_counter()
        # going back to the end of an epoch takes the state before its last update: where epochs
        # are long, a slice ends there
        last = begin < trainer.t < end_of_epoch - 1 and now >= self._next_lasting
        stop = min(until, end_of_epoch - last)
        first, deadline = trainer.t, now + SLICE
        looks = watch is not None and watch.looks_at_updates
        while trainer.t < stop and self.hit is None:
            if looks:
                assert watch is not None
                self.hit = self._advance_watched(watch, since)
            else:
                trainer.advance(1)
            if perf_counter() >= deadline:
                break
        self._update_seconds = (perf_counter() - now) / (trainer.t - first)
        if not is_finite(trainer.state):
            self._return_to_last_finite()
            return
        if trainer.t == end_of_epoch:
            if batches.epoch(end_of_epoch) == len(self.history):
                self._remember()
            if watch is not None and self.hit is None:
                self.hit = watch.after_epoch(self.t, self.history.rows[: self.epoch + 1], since)
        lasting = last and trainer.t == end_of_epoch - 1
        if lasting or perf_counter() >= self._next_frame:
            self._save_frame(lasting=lasting)

    def _advance_watched(self, watch: Watch, since: int) -> Hit | None:
        """One update, and what it made true."""
        trainer = self.trainer
        if trainer.plan.acting_at(self.t + 1):  # once the edits have acted, its arrays are gone
            seen = _seen_in(trainer.record(), trainer.force)
            trainer.advance(1)
        else:
            before, force = trainer.state.copy(), trainer.force
            trainer.advance(1)
            workspace = trainer.workspace
            assert workspace is not None
            seen = _seen(self.t, trainer.count, force, workspace, (before, trainer.state))
        return watch.after_update(seen, since)

    def _save_frame(self, *, lasting: bool = False) -> None:
        """A key frame of this state; not where edits act, as those act again after a replay."""
        began = perf_counter()
        if not self.is_edited:
            self.timeline.save(self.t, self.trainer.state, self._owner, lasting=lasting)
        now = perf_counter()
        # at most doubled: one that was held up must not keep the next ones away
        self._frame_seconds = min(now - began, 2 * self._frame_seconds)
        self._next_frame = now + max(SLICE, REST * self._frame_seconds)
        if lasting:
            self._next_lasting = now + LONG * SLICE

    @property
    def _owner(self) -> int:
        """The branch that the state at hand was first walked on."""
        return next(number for number, last in reversed(self.branch.way) if self.t <= last)

    def return_to_key_frame(self) -> None:
        """Stand at the newest key frame: after an exception the state may be half changed."""
        time, state = self.timeline.before(self.trainer.t, self.branch.way)
        self.trainer.restore(state, time)
        self.trainer.settle()

    def _return_to_last_finite(self) -> None:
        """Find the update that made the state non-finite, and stand before it."""
        time, state = self.timeline.before(self.trainer.t, self.branch.way)
        self.trainer.restore(state, time)
        while is_finite(self.trainer.state):
            self.trainer.advance(1)
        self.diverged_at = self.trainer.t
        self.trainer.restore(state, time)
        self.trainer.advance(self.diverged_at - 1 - time)


def _seen_in(record: Record, force: InForce) -> Update:
    """What there is to look at in a record."""
    return _seen(record.update, record.count, force, record.workspace, record.before_and_after)


def _seen(
    t: int, count: int, force: InForce, workspace: Workspace, states: tuple[Array, Array]
) -> Update:
    """What there is to look at when update t has been done.

    Args:
        t: its number.
        count: its number in the rule of the optimiser.
        force: what it was made with.
        workspace: its arrays.
        states: θ and slots before and after, (1 + slots, P) each.
    """
    before, after = states
    network, start = force.network, Parameters(force.network, before[0])

    def failed_checks() -> int:
        examples = workspace.inputs, workspace.targets
        check = check_gradient(network, start, *examples, seed=t - 1, workspace=force.workspace_in)
        return sum(each.verdict is Verdict.WRONG for each in check.arrays)

    def failed_audits() -> int:
        found = force.audit(count, before, workspace.gradient.vector, after)
        return sum(not each.ok for each in found.arrays if " of " not in each.name)

    return Update(
        t,
        workspace,
        Parameters(network, after[0]),
        lambda: workspace.cost(start),
        failed_checks,
        failed_audits,
    )


def is_finite(state: Array) -> bool:
    """No number of the state is infinite or not a number."""
    total = state.sum()
    return bool(np.isfinite(total)) or bool(np.isfinite(state).all())
