"""Walking: where a run is to go, how fast, and where it is on the way there."""

from time import perf_counter

import numpy as np

from tuiprop.protocol.messages.payloads import Pace, Status
from tuiprop.protocol.messages.replies import Done, Refused, Reply
from tuiprop.protocol.messages.requests import Move, Seek
from tuiprop.session.partial_update import Within, boundary, of_layer, of_phase
from tuiprop.training.breakpoint import Hit
from tuiprop.training.experiment import MOST_EPOCHS
from tuiprop.training.run import Run, is_finite
from tuiprop.update.operation import Operation, operation_count
from tuiprop.update.record import Record, first_nonfinite

MOMENT = 0.01
"""Seconds that `work` takes at most, and so the longest that a request waits."""

PATIENCE = 0.03
"""Seconds that going somewhere takes before it is answered: most of it is done by then."""


class Walk:
    """A run on its way.

    Positions are counted in operations since state 0 where they lie inside updates.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.within = Within()
        self.status: Status = "paused"
        self.goal: int | None = None
        """The update that it is walking to; None when it stands still."""
        self.start = 0
        """The update that it walks to its goal from: that of a key frame, in a replay."""
        self.hit = ""
        """The sentence on the condition that it stopped at."""
        self.bad: tuple[Operation, int, int] | None = None
        """Where it diverged: the first operation with a number that is not finite, its cell."""
        self._pace: Pace | None = None
        self._watched = False
        self._from = 0
        """Where it set out: what was made true up to there does not stop it."""
        self._by_operations = False
        self._ahead: tuple[Record, Hit | None] | None = None
        """The update that has been begun, and what it makes true."""
        self._since = 0.0, 0
        self._rate = 0.0, 0, 0.0

    @property
    def operations(self) -> int:
        """Of one update: 8L + 1."""
        return operation_count(self.run.network.L)

    @property
    def completed(self) -> bool:
        """It stands where the last operation of an update has just been done."""
        return self._by_operations and self.run.t > 0 and self.within.record is None

    @property
    def here(self) -> int:
        """Operations done since state 0."""
        return self.run.t * self.operations + self.within.done

    @property
    def pace(self) -> float:
        """Updates a second, measured; 0 when it stands still."""
        if self.goal is None:
            return 0.0
        since, first, pace = self._rate
        now = perf_counter()
        if now - since >= 0.5:
            pace = (self.here - first) / self.operations / (now - since)
            self._rate = now, self.here, pace
        elif not pace and now > since:
            pace = (self.here - first) / self.operations / (now - since)
        return pace

    @property
    def progress(self) -> float:
        """The share of the way from `start` to the goal that is done; 1 when it stands still."""
        if self.goal is None or self.goal <= self.start:
            return 1.0
        return (self.run.t - self.start) / (self.goal - self.start)

    def play(self, pace: Pace | None) -> Reply:
        """Walk on to the end of the epochs asked for."""
        run = self.run
        if run.t >= run.last_update:
            return Refused(
                sentence=f"all {run.settings.epochs} epochs are done: "
                "e walks one more, g goes further"
            )
        since = self.here
        if pace is None or not pace.operations:
            self.within.leave()
        self._go("playing", run.last_update, pace, watched=True, since=since)
        return Done()

    def look_anew(self) -> None:
        """The conditions are others, or what the run is made with."""
        self._ahead, self.hit = None, ""

    def toggle(self, pace: Pace | None) -> Reply:
        """Play if it stands still, else stop."""
        if self.goal is None:
            return self.play(pace)
        self.stop()
        return Done()

    def set_pace(self, pace: Pace | None) -> Reply:
        """Play at another pace, if it plays."""
        return self.play(pace) if self.status == "playing" else Done()

    def stop(self) -> None:
        """Stand still here."""
        self.status, self.goal, self._pace = "paused", None, None

    def move(self, request: Move) -> Done:
        """Go so far from where it is, or is going."""
        run, within = self.run, self.within
        going_to = self.goal if self.status == "seeking" else None
        update = run.t if going_to is None else going_to
        done = within.done if going_to is None else within.wanted
        if request.operations or request.layers or request.phases:
            operations = run.trainer.operations()
            target = update * len(operations) + done
            for move, count in (
                (lambda at, d: at + d, request.operations),
                (lambda at, d: boundary(operations, at, d, of_layer), request.layers),
                (lambda at, d: boundary(operations, at, d, of_phase), request.phases),
            ):
                for _ in range(abs(count)):
                    target = max(0, move(target, 1 if count > 0 else -1))
            reply = self.go_to(*divmod(target, len(operations)), watched=True)
            self._by_operations = True
            return reply
        begun = done > 0
        if request.epochs:
            epoch = run.batches.epochs_done(update)
            back_in_epoch = request.epochs < 0 and (update > run.batches.end(epoch) or begun)
            update = run.batches.end(max(0, epoch + request.epochs + back_in_epoch))
        back_in_update = request.updates < 0 and begun
        return self.go_to(update + request.updates + back_in_update, watched=True)

    def seek(self, request: Seek) -> Reply:
        """Go to a place."""
        run = self.run
        if request.branch is not None:
            if request.branch not in run.branches:
                numbers = ", ".join(map(str, run.branches))
                return Refused(sentence=f"there is no branch {request.branch}; there are {numbers}")
            if request.branch != run.branch.number:
                self.within.leave()
                run.switch(request.branch)
            return self.go_to(run.branch.reached)
        return self.go_to(self._place(request))

    def _place(self, request: Seek) -> int:
        run = self.run
        if request.update is not None:
            return request.update
        if request.epoch is not None:
            return run.batches.end(max(0, request.epoch))
        if request.ahead is not None:
            return run.batches.end(max(0, run.epoch + request.ahead))
        return {
            "newest": run.branch.reached,
            "end": run.last_update,
            "best": run.batches.end(run.history.best),
        }[request.place]

    def go_to(self, update: int, operations: int = 0, *, watched: bool = False) -> Done:
        """Go to where so many updates are done, and so many operations of the next.

        Args:
            update: that many updates.
            operations: that many operations.
            watched: stop at conditions on the way on.
        """
        run = self.run
        update = min(max(0, update), run.batches.end(MOST_EPOCHS))
        # on the way back it has been further on than it is
        since = max(self.here, self._from) if self.status == "seeking" else self.here
        self._go("seeking", update, None, watched=watched, since=since)
        if update < run.t:
            run.forget_hits()
        if update != run.t:
            self.within.leave()
        if update <= run.t or not watched:
            run.leap(update)
        self.start, run.diverged_at = run.t, None
        self.within.wanted = operations
        deadline = perf_counter() + PATIENCE
        while self.work() is not None and perf_counter() < deadline:
            pass
        return Done()

    def work(self) -> float | None:
        """Walk on for a moment.

        Returns:
            Seconds until there is work again, 0 if at once; None if there is none.
        """
        if self.goal is None:
            return None
        if self._pace is not None:
            return self._work_at(self._pace, self.goal)
        run = self.run
        run.advance(self.goal, MOMENT, watched=self._watched, since=self._from, landing=True)
        if self._stopped_early():
            return None
        if run.t < self.goal:
            return 0.0
        self._enter()
        self.stop()
        return None

    def _work_at(self, pace: Pace, goal: int) -> float | None:
        """Walk on as far as the pace has come by now."""
        started, first = self._since
        unit = 1 if pace.operations else self.operations
        elapsed = perf_counter() - started
        due = min(first + int(elapsed * pace.rate) * unit, goal * self.operations)
        run, within = self.run, self.within
        if due <= self.here:
            return max(0.0, ((self.here - first) // unit + 1) / pace.rate - elapsed)
        update, operations = divmod(due, self.operations)
        if update != run.t:
            within.leave()
            run.advance(update, MOMENT, watched=self._watched, since=self._from)
            if self._stopped_early():
                return None
        if run.t == update:
            within.wanted = operations
            if self._enter():
                self.stop()
                return None
        if run.t < goal:
            return 0.0
        self.stop()
        return None

    def _stopped_early(self) -> bool:
        """It stands where a condition became true, or where it diverged."""
        run, within = self.run, self.within
        if run.diverged_at is not None:
            self.stop()
            within.leave()
            within.wanted = self.operations
            self._enter(diverged=True)
            return True
        if run.hit is None:
            return False
        self.stop()
        self._watched, self.hit = False, run.hit.sentence
        update, operations = run.hit.place
        if update < run.t:
            run.seek(update)
        within.wanted = operations
        self._enter()
        return True

    def _enter(self, *, diverged: bool = False) -> bool:
        """Do what is wanted of the next update, but not beyond what stops it in there.

        Args:
            diverged: that update has been tried, and diverges.

        Returns:
            A condition stopped it, or a number that is not finite, in an update that diverges.
        """
        run, within = self.run, self.within
        within.enter(run)
        record = within.record
        if record is None:
            return False
        hit = self._hit_in(record) if self._watched else None
        stops = {} if hit is None else {hit.operation: hit.sentence}
        with np.errstate(all="ignore"):
            finite = is_finite(record.before_and_after[1])
        bad = None if finite else first_nonfinite(within.operations, record)
        number = bad[0] if bad else self.operations
        if bad and (diverged or run.t * self.operations + number > self._from):
            stops.setdefault(number, "")
        stop = min(stops, default=within.done + 1)
        if stop <= within.done:
            within.done, self.hit = stop, stops[stop]
        run.diverged_at = None if finite or within.done < number else record.update
        if bad and run.diverged_at is not None:
            self.bad = within.operations[number - 1], *bad[1:]
        return stop <= within.done

    def _hit_in(self, record: Record) -> Hit | None:
        """What the update that has been begun makes true."""
        if self._ahead is None or self._ahead[0] is not record:
            self._ahead = record, self.run.look_into(record, self._from)
        return self._ahead[1]

    def _go(
        self, status: Status, goal: int, pace: Pace | None, *, watched: bool, since: int
    ) -> None:
        self.status, self.goal, self._pace, self._watched = status, goal, pace, watched
        self.hit, self.bad, self._from, self._ahead = "", None, since, None
        self.start = self.run.t
        self._by_operations = pace is not None and pace.operations
        self._since = perf_counter(), self.here
        self._rate = perf_counter(), self.here, 0.0
