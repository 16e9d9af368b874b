"""The cursor: where a run is, where it is going, and how fast. It alone moves the run."""

from dataclasses import replace
from time import perf_counter

import numpy as np

from tuiprop.errors import InputError
from tuiprop.protocol.messages.moving import Move, Seek, Speed, Status
from tuiprop.session.destination import after_move, of_seek
from tuiprop.session.motion import Motion, SpeedMeter
from tuiprop.session.partial_update import PartialUpdate
from tuiprop.training.breakpoint import Hit
from tuiprop.training.edit import Edit
from tuiprop.training.experiment import MOST_EPOCHS
from tuiprop.training.run import Run
from tuiprop.training.trainer import is_finite
from tuiprop.update.operation import Operation
from tuiprop.update.operations import operation_count
from tuiprop.update.record import Record, first_nonfinite

MOMENT = 0.01
"""The most seconds that `work` takes, and so the longest that a request waits."""

PATIENCE = 0.03
"""Seconds that a jump may take before its request is answered; most jumps finish in time."""


class Cursor:
    """A position in a run, and the motion to another one.

    The position is (t, k): the run has done t updates, and `partial` k operations of the next. The
    cursor is idle without a `motion`. A position inside an update is counted in operations since
    state 0.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.partial = PartialUpdate()
        """The operations of the next update that are done."""
        self.motion: Motion | None = None
        """The present motion; None while the cursor is idle."""
        self.hit = ""
        """The sentence on the condition that stopped it."""
        self.bad: tuple[Operation, int, int] | None = None
        """The operation and cell of the first number that is not finite, if the run diverged."""
        self._by_operations = False
        self._preview: tuple[Record, Hit | None] | None = None
        """The next update and the condition that it makes true."""
        self._meter = SpeedMeter(0)

    # Where it is

    @property
    def operations(self) -> int:
        """The number of operations of one update, 8L + 1."""
        return operation_count(self.run.network.L)

    @property
    def here(self) -> int:
        """The number of operations done since state 0."""
        return self.run.t * self.operations + self.partial.done

    @property
    def completed(self) -> bool:
        """True if single operations led here and the last one completed an update."""
        return self._by_operations and self.run.t > 0 and self.partial.record is None

    @property
    def status(self) -> Status:
        """Its state: paused, playing or seeking."""
        return "paused" if self.motion is None else self.motion.status

    @property
    def target(self) -> int | None:
        """The update that it is going to; None while it is idle."""
        return None if self.motion is None else self.motion.target

    @property
    def start(self) -> int:
        """The update that the motion started from."""
        return self.run.t if self.motion is None else self.motion.start

    @property
    def progress(self) -> float:
        """The share of the way from `start` to the target that is done; 1 while it is idle."""
        return 1.0 if self.motion is None else self.motion.progress(self.run.t)

    @property
    def updates_per_second(self) -> float:
        """The measured speed; 0 while it is idle."""
        return 0.0 if self.motion is None else self._meter.speed(self.here) / self.operations

    # Commands

    def play(self, speed: Speed | None) -> None:
        """Train to the end of the last epoch of the experiment.

        Raises:
            InputError: all epochs are done.
        """
        run = self.run
        if run.t >= run.last_update:
            raise InputError(
                f"all {run.settings.epochs} epochs are done: press e for one more, g to go further"
            )
        here = self.here
        by_operations = speed is not None and speed.operations
        if not by_operations:
            self.partial = PartialUpdate()
        self._begin(
            Motion(
                "playing",
                target=run.last_update,
                start=run.t,
                since=here,
                watched=True,
                speed=speed,
                first=self.here,
                began=perf_counter(),
            ),
            by_operations=by_operations,
        )

    def toggle(self, speed: Speed | None) -> None:
        """Play if the cursor is idle, else stop."""
        if self.motion is None:
            self.play(speed)
        else:
            self.stop()

    def set_speed(self, speed: Speed | None) -> None:
        """Change the speed, if the run is playing."""
        if self.status == "playing":
            self.play(speed)

    def stop(self) -> None:
        """End the present motion."""
        self.motion = None

    def move(self, request: Move) -> None:
        """Go by operations, layers, phases, updates or epochs from the position or the target."""
        run, motion = self.run, self.motion
        update, done = run.t, self.partial.done
        if motion is not None and motion.status == "seeking":
            update, done = motion.target, motion.operations
        target = after_move(run, update, done, request)
        self.go_to(*target, watched=True)
        if request.operations or request.layers or request.phases:
            self._by_operations = True

    def seek(self, request: Seek) -> None:
        """Go to the update, epoch or branch that a request names.

        Raises:
            InputError: there is no such branch.
        """
        run = self.run
        if request.branch is not None:
            if request.branch not in run.branches:
                numbers = ", ".join(map(str, run.branches))
                raise InputError(
                    f"branch {request.branch} does not exist; the branches are {numbers}"
                )
            if request.branch != run.branch.number:
                self.partial = PartialUpdate()
                run.switch(request.branch)
            self.go_to(run.branch.reached)
        else:
            self.go_to(of_seek(run, request))

    def go_to(self, update: int, operations: int = 0, *, watched: bool = False) -> None:
        """Go to a position.

        Args:
            update: the number of updates done there.
            operations: the number of operations of the next update done there.
            watched: stop at conditions on the way forward.
        """
        run, motion = self.run, self.motion
        update = min(max(0, update), run.batches.end(MOST_EPOCHS))
        since = self.here
        if motion is not None and motion.status == "seeking":
            since = max(
                since, motion.since
            )  # a replay starts behind positions that the run has already reached
        if update < run.t:
            run.conditions.forget()
        if update != run.t:
            self.partial = PartialUpdate()
        if update <= run.t or not watched:
            run.jump_to_nearest_keyframe(update)
        run.diverged_at = None
        self._begin(
            Motion(
                "seeking",
                target=update,
                start=run.t,
                since=since,
                operations=operations,
                watched=watched,
            )
        )
        deadline = perf_counter() + PATIENCE
        while self.work() is not None and perf_counter() < deadline:
            pass

    def edit(self, edit: Edit, *, apart: bool = False) -> None:
        """Apply an edit, and go to where it acts; see `Run.edit`."""
        self.stop()
        self.partial = PartialUpdate()
        self.invalidate_conditions()
        self.run.edit(edit, apart=apart)

    def do_operations(self, count: int) -> None:
        """Do operations of the next update, whatever they compute; undo the others."""
        if self.partial.record is None or self.partial.record.update != self.run.t + 1:
            self.partial = PartialUpdate.of(self.run, count)
        else:
            self.partial = self.partial.with_done(count)

    def invalidate_conditions(self) -> None:
        """Forget the condition that the next update makes true, after a change of either."""
        self._preview, self.hit = None, ""

    def recover(self) -> None:
        """Stop at a consistent state, as an exception may have left the run half changed."""
        self.stop()
        self.partial = PartialUpdate()
        self.run.return_to_key_frame()

    def work(self) -> float | None:
        """Train for a moment.

        Returns:
            Seconds until there is more work, 0 for at once; None if there is none.
        """
        motion = self.motion
        if motion is None:
            return None
        if motion.speed is not None:
            return self._work_at(motion, motion.speed)
        run = self.run
        run.advance(motion.target, MOMENT, watched=motion.watched, since=motion.since, landing=True)
        if self._stopped_early(motion):
            return None
        if run.t < motion.target:
            return 0.0
        self._arrive(motion, motion.operations)
        self.stop()
        return None

    def _work_at(self, motion: Motion, speed: Speed) -> float | None:
        """Train up to the position that the speed has reached by now."""
        unit = 1 if speed.operations else self.operations
        elapsed = perf_counter() - motion.began
        due = motion.first + int(elapsed * speed.rate) * unit
        due = min(due, motion.target * self.operations)
        run = self.run
        if due <= self.here:
            done = (self.here - motion.first) // unit
            return max(0.0, (done + 1) / speed.rate - elapsed)
        update, operations = divmod(due, self.operations)
        if update != run.t:
            self.partial = PartialUpdate()
            run.advance(update, MOMENT, watched=motion.watched, since=motion.since)
            if self._stopped_early(motion):
                return None
        if run.t == update and self._arrive(motion, operations):
            self.stop()
            return None
        if run.t < motion.target:
            return 0.0
        self.stop()
        return None

    def _begin(self, motion: Motion, *, by_operations: bool = False) -> None:
        self.motion, self._by_operations = motion, by_operations
        self.hit, self.bad, self._preview = "", None, None
        self._meter = SpeedMeter(self.here)

    def _stopped_early(self, motion: Motion) -> bool:
        """Stop where the run diverged or a condition became true, and return True; else False."""
        run = self.run
        if run.diverged_at is not None:
            self.stop()
            self.partial = PartialUpdate()
            self._arrive(motion, self.operations, diverged=True)
            return True
        if run.hit is None:
            return False
        self.stop()
        self.hit = run.hit.sentence
        update, operations = run.hit.place
        if update < run.t:
            run.seek(update)
        self._arrive(replace(motion, watched=False), operations)
        return True

    def _arrive(self, motion: Motion, operations: int, *, diverged: bool = False) -> bool:
        """Do operations of the next update, up to the one that stops the run.

        Args:
            motion: the motion that led here.
            operations: the number of operations to be done.
            diverged: the update is known to diverge.

        Returns:
            True if a condition or a number that is not finite stopped the run.
        """
        self.do_operations(operations)
        run, partial = self.run, self.partial
        record = partial.record
        if record is None:
            return False
        hit = self._hit_in(record, motion.since) if motion.watched else None
        stops = {} if hit is None else {hit.operation: hit.sentence}
        with np.errstate(all="ignore"):
            finite = is_finite(record.before_and_after[1])
        bad = None if finite else first_nonfinite(partial.operations, record)
        number = bad[0] if bad else self.operations
        if bad and (diverged or run.t * self.operations + number > motion.since):
            stops.setdefault(number, "")
        stop = min(stops, default=partial.done + 1)
        if stop <= partial.done:
            self.hit = stops[stop]
            self.do_operations(stop)
        run.diverged_at = None if finite or self.partial.done < number else record.update
        if bad and run.diverged_at is not None:
            self.bad = partial.operations[number - 1], *bad[1:]
        return stop <= partial.done

    def _hit_in(self, record: Record, since: int) -> Hit | None:
        """Find the condition that the next update makes true."""
        if self._preview is None or self._preview[0] is not record:
            self._preview = record, self.run.preview_conditions(record, since)
        return self._preview[1]
