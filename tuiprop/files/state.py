"""Runs that are kept in the user's state folder: one file for each, of one process at a time."""

import contextlib
import os
import secrets
import time
from pathlib import Path

from platformdirs import user_state_path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

SUFFIX = ".tuiprop"
"""Of checkpoints."""

VARIABLE = "TUIPROP_STATE"
"""The environment variable that names another folder; empty: nothing is kept."""

MOST_FILES = 5
"""Runs that are kept."""

MOST_BYTES = 256 * 2**20
"""That they may take together."""


def state_folder() -> Path | None:
    """Where runs are kept; None where the user wants none to be."""
    named = os.environ.get(VARIABLE)
    if named is None:
        return user_state_path("tuiprop") / "runs"
    return Path(named) if named else None


class Slot:
    """A file that belongs to this process until it is let go, or the process ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    @classmethod
    def fresh(cls, folder: Path) -> "Slot":
        """One that no other process has."""
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}{SUFFIX}"
        return cls(folder / name)

    def claim(self) -> bool:
        """Make it this process's own; whether it is.

        Raises:
            OSError: nothing can be written there.
        """
        if self._lock is not None:
            return True
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(_lock_of(self.path), os.O_RDWR | os.O_CREAT, 0o600)
        if fcntl is not None:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                return False
        self._lock = lock
        return True

    def let_go(self) -> None:
        """Another process may have it from now on."""
        if self._lock is None:
            return
        if not self.path.exists():
            _lock_of(self.path).unlink(missing_ok=True)
        os.close(self._lock)
        self._lock = None

    def remove(self) -> None:
        """Delete the file, which is this process's own."""
        self.path.unlink(missing_ok=True)
        self.let_go()


def kept_runs(folder: Path) -> list[Path]:
    """The files of runs that no process has, the newest first."""
    return [path for path in _by_age(folder) if not _is_held(path)]


def make_room(own: Path) -> None:
    """Remove the oldest runs that no process has, until this one is within what is kept."""
    count, total = 1, own.stat().st_size
    for path in _by_age(own.parent):
        if path == own:
            continue
        with contextlib.suppress(OSError):  # another process removed it
            size = path.stat().st_size
            if count < MOST_FILES and total + size <= MOST_BYTES:
                count, total = count + 1, total + size
            elif (slot := Slot(path)).claim():
                slot.remove()
    for lock in own.parent.glob("*.lock"):  # of a process that was killed before it wrote
        slot = Slot(lock.with_suffix(SUFFIX))
        with contextlib.suppress(OSError):
            if not slot.path.exists() and slot.claim():
                slot.let_go()


def _by_age(folder: Path) -> list[Path]:
    ages = []
    with contextlib.suppress(OSError):
        for path in folder.glob(f"*{SUFFIX}"):
            with contextlib.suppress(OSError):
                ages.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(ages, reverse=True)]


def _is_held(path: Path) -> bool:
    slot = Slot(path)
    with contextlib.suppress(OSError):
        if slot.claim():
            slot.let_go()
            return False
    return True


def _lock_of(path: Path) -> Path:
    return path.with_suffix(".lock")
