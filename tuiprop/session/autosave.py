"""Saves the run of a dashboard in the user's state folder, at intervals and when it ends."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from time import perf_counter

from tuiprop.errors import FileError, InputError
from tuiprop.session.session import Session
from tuiprop.session.stops import Stops
from tuiprop.storage.state_folder import MOST_BYTES, Slot, make_room, state_folder
from tuiprop.training.experiment import Breakpoint

EVERY = 30.0
"""The least number of seconds from one save to the next."""

RETRY = 2.0
"""Seconds after which a failed save is retried; doubled after each further failure."""

REST = 50
"""The least time from one save to the next, as a multiple of the time that a save takes."""


class Autosave:
    """Saves one run into one file.

    Args:
        session: the run.
        stops: its conditions.
        operations: returns the number of operations of the next update that are done.
        opened: the argument that the dashboard was opened with.
        path: the file of a run that has one; None: create one, if runs are kept.
        is_saved: the file holds the present state of the run.
        alive: the context in which the run is saved.

    Raises:
        ValueError: the path is not that of a kept run, or another process uses the file.
    """

    def __init__(
        self,
        session: Session,
        stops: Stops,
        operations: Callable[[], int],
        opened: str,
        path: str | None = None,
        *,
        is_saved: bool = False,
        alive: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._alive = alive
        self._session, self._stops, self._operations = session, stops, operations
        self._opened = opened
        self._next = perf_counter() + EVERY
        self._failures = 0
        self._saved = self._mark() if is_saved else None
        self.sentence = ""
        """The reason why the last save failed; "" if it succeeded."""
        folder = state_folder()
        self._slot = None
        if path is not None:
            self._slot = Slot.claimed(Path(path))
        elif folder is not None:
            self._slot = Slot.fresh(folder)

    @property
    def path(self) -> str:
        """The file; "" if runs are not kept."""
        return "" if self._slot is None else str(self._slot.path)

    def work(self) -> float | None:
        """Save if a save is due.

        Returns:
            Seconds until one is due; None if there is nothing to save.
        """
        if self._slot is None or not self.is_unsaved:
            return None
        wait = self._next - perf_counter()
        if wait > 0:
            return wait
        self.save()
        return self._next - perf_counter() if self.sentence else None

    @property
    def is_unsaved(self) -> bool:
        """True if the run has begun and has changed since it was last saved."""
        return self._is_begun and self._mark() != self._saved

    def save(self) -> str:
        """Save now if anything has changed; return the reason for a failure, or ""."""
        if self._slot is None:
            return "runs are not kept here"
        if not self.is_unsaved:
            return ""
        started, mark = perf_counter(), self._mark()
        self.sentence = self._attempt(self._slot)
        rest = max(EVERY, REST * (perf_counter() - started))
        if self.sentence:
            rest = min(rest, RETRY * 2**self._failures)
            self._failures += 1
        else:
            self._saved, self._failures = mark, 0
        self._next = perf_counter() + rest
        return self.sentence

    def let_go(self) -> None:
        """Release the file, so that another process can resume the run."""
        if self._slot is not None:
            self._slot.let_go()

    def write(self, path: str | Path, *, kept: bool = False) -> None:
        """Write the run into a file.

        Args:
            path: the file.
            kept: True for the file in which the run is kept, False for one of the user's.

        Raises:
            FileError: it cannot be written.
        """
        stops = [Breakpoint(when=each.when, enabled=each.enabled) for each in self._stops.all]
        self._session.save_checkpoint(
            path, operations=self._operations(), stops=stops, opened=self._opened, kept=kept
        )

    def _attempt(self, slot: Slot) -> str:
        """Save; return the reason for a failure, or ""."""
        try:
            with self._alive():
                self._write(slot)
        except FileError as error:
            return f"{error.reason} ({slot.path.parent})"
        except OSError as error:
            return f"{error.strerror or error} ({slot.path.parent})"
        except InputError as error:
            return str(error)
        except MemoryError:
            return "there is not enough memory"
        return ""

    def _write(self, slot: Slot) -> None:
        if self._session.run.trainer.state.nbytes > MOST_BYTES:
            raise InputError(f"its state is larger than the limit of {MOST_BYTES >> 20} MB")
        slot.claim()
        self.write(slot.path, kept=True)
        make_room(slot.path)

    def _mark(self) -> object:
        """A value that changes whenever there is something to save."""
        run = self._session.run
        branches = [(each.number, each.reached, len(each.edits)) for each in run.branches.values()]
        stops = [(each.when, each.enabled) for each in self._stops.all]
        return run.t, self._operations(), run.branch.number, branches, stops

    @property
    def _is_begun(self) -> bool:
        """True once an update is completed, an edit made or a condition set."""
        branches = self._session.run.branches.values()
        first = [(each.when, each.enabled) for each in self._session.experiment.breakpoint]
        stops = [(each.when, each.enabled) for each in self._stops.all]
        return stops != first or any(each.reached or each.edits for each in branches)
