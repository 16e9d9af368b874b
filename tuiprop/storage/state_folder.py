"""The folder of kept runs: one file per run, locked by the process that has it open.

The folder may lie in one of the user's. A file is removed only if its content proves that this
program keeps a run in it; its lock and its temporary file are known by its name.
"""

import contextlib
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from platformdirs import user_state_path

from tuiprop.errors import FileError, InputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

SUFFIX = ".tuiprop"
"""The suffix of checkpoints."""

MAGIC = "tuiprop checkpoint"
"""The first word of a checkpoint; its version follows and, in a kept run, the name of the file."""

RUN = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{8}" + re.escape(SUFFIX))
"""The pattern of the names of kept runs."""

VARIABLE = "TUIPROP_STATE"
"""The environment variable that names another state folder; if it is empty, no run is kept."""

MOST_FILES = 5
"""The number of runs that are kept."""

MOST_BYTES = 256 * 2**20
"""The bytes that kept runs may take together."""

_LONGEST_LINE = 256
"""The most bytes in the first line of a checkpoint, and in a lock."""


def state_folder() -> Path | None:
    """Return the folder of kept runs, which only this program writes to; None if none are kept."""
    named = os.environ.get(VARIABLE)
    if named == "":
        return None
    return (user_state_path("tuiprop") if named is None else Path(named)) / "runs"


def temporary_of(run: Path) -> Path:
    """Return the file that a kept run is written to before it is renamed."""
    return run.with_suffix(".tmp")


def is_kept_run(path: Path) -> bool:
    """Return True if the program keeps a run in this file: its first line has its name."""
    try:
        if not RUN.fullmatch(path.name) or not stat.S_ISREG(path.lstat().st_mode):
            return False
        with path.open("rb") as stream:
            line = stream.readline(_LONGEST_LINE)
    except OSError:
        return False
    return line.startswith(MAGIC.encode()) and line.endswith(f" {path.name}\n".encode())


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Name the file in errors of the operating system."""
    try:
        yield
    except OSError as error:
        raise FileError(error.strerror or str(error), file=str(path)) from None


class Slot:
    """The file of a kept run; this process owns it until it is released, or the process ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    @classmethod
    def fresh(cls, folder: Path) -> "Slot":
        """Return a slot that no other process owns."""
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}{SUFFIX}"
        return cls(folder / name)

    @classmethod
    def claimed(cls, path: Path) -> "Slot":
        """Return the slot of a run that is kept, or that a crashed engine was to keep.

        Raises:
            InputError: it is not the file of a kept run, or another process owns it.
            FileError: nothing can be written there.
        """
        slot, folder = cls(path), state_folder()
        is_in_folder = folder is not None and path.parent.resolve() == folder.resolve()
        is_free = RUN.fullmatch(path.name) and not os.path.lexists(path)
        if not is_in_folder or not (is_free or is_kept_run(path)):
            raise InputError("this is not a run that is kept here", file=str(path))
        if not slot.claim():
            raise InputError("this run is open in another dashboard", file=str(path))
        return slot

    def claim(self) -> bool:
        """Lock the file for this process; return True if it has the lock.

        Raises:
            FileError: nothing can be written there.
        """
        if self._lock is not None:
            return True
        with _naming(self.path):
            return self._lock_file()

    def _lock_file(self) -> bool:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(_lock_of(self.path), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._sign(lock)
        except OSError as error:
            os.close(lock)
            if isinstance(error, BlockingIOError):
                return False
            raise
        self._lock = lock
        return True

    def let_go(self) -> None:
        """Release the file, so that another process may own it."""
        if self._lock is None:
            return
        with contextlib.suppress(OSError):
            temporary_of(self.path).unlink(missing_ok=True)  # left by a save that was killed
            if not self.path.exists():
                _lock_of(self.path).unlink(missing_ok=True)
        os.close(self._lock)
        self._lock = None

    def remove(self) -> None:
        """Delete the file if it is a kept run, and release it."""
        if is_kept_run(self.path):
            with _naming(self.path):
                self.path.unlink(missing_ok=True)
        self.let_go()

    def _sign(self, lock: int) -> None:
        """Write the signature of this program into a new lock.

        Raises:
            OSError: it cannot be written, or the file is somebody else's.
        """
        found, signature = os.read(lock, _LONGEST_LINE), _signature(self.path)
        if found not in (b"", signature):
            raise FileExistsError(17, "it is no lock of this program", str(_lock_of(self.path)))
        if not found:
            try:
                os.write(lock, signature)
            except OSError:
                _lock_of(self.path).unlink()
                raise


def kept_runs(folder: Path) -> list[Path]:
    """Return the files of kept runs that no process owns, the newest first."""
    return [path for path in _by_age(folder) if is_kept_run(path) and not _is_held(path)]


def earlier_runs(folder: Path) -> list[Path]:
    """Return files in which an earlier version may have kept runs, the newest first.

    It kept them in the state folder itself, if one was named. Nothing proves that they are not the
    user's, so they are only read.
    """
    return [
        path
        for path in _sorted_by_age([*_named_as_runs(folder), *_named_as_runs(folder.parent)])
        if not is_kept_run(path)
    ]


def make_room(own: Path) -> None:
    """Remove the oldest runs that no process owns, until the limits are met."""
    count, total = 1, own.stat().st_size
    for path in _by_age(own.parent):
        if path == own or not is_kept_run(path):
            continue
        with contextlib.suppress(OSError):  # another process removed it
            size = path.stat().st_size
            if count < MOST_FILES and total + size <= MOST_BYTES:
                count, total = count + 1, total + size
            elif (slot := Slot(path)).claim():
                slot.remove()
    for lock in own.parent.glob("*.lock"):  # left by a process that was killed before it wrote
        slot = Slot(lock.with_suffix(SUFFIX))
        with contextlib.suppress(OSError):
            if not slot.path.exists() and _is_signed(lock, slot.path) and slot.claim():
                slot.let_go()


def _by_age(folder: Path) -> list[Path]:
    """Return the files with names of kept runs, the newest first."""
    return _sorted_by_age(_named_as_runs(folder))


def _named_as_runs(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return [path for path in folder.iterdir() if RUN.fullmatch(path.name)]
    return []


def _sorted_by_age(paths: list[Path]) -> list[Path]:
    ages = []
    for path in paths:
        with contextlib.suppress(OSError):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode):
                ages.append((status.st_mtime, path))
    return [path for _, path in sorted(ages, reverse=True)]


def _is_held(path: Path) -> bool:
    slot = Slot(path)
    with contextlib.suppress(OSError):
        if slot.claim():
            slot.let_go()
            return False
    return True


def _lock_of(run: Path) -> Path:
    return run.with_suffix(".lock")


def _signature(run: Path) -> bytes:
    """Return the content of the lock of a run."""
    return f"tuiprop lock {run.name}\n".encode()


def _is_signed(lock: Path, run: Path) -> bool:
    """Return True if the lock is that of this program for a run."""
    if not RUN.fullmatch(run.name) or not stat.S_ISREG(lock.lstat().st_mode):
        return False
    with lock.open("rb") as stream:
        return stream.read(_LONGEST_LINE) == _signature(run)
