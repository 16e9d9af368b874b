"""Writing a file whole or not at all."""

import contextlib
import os
import stat
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

PREFIX, SUFFIX = ".tuiprop-", ".tmp"
"""Of the temporary files beside what is written."""

STALE = 3600.0
"""Seconds after which a temporary file was left behind by a process that was killed."""


class FileError(OSError):
    """A file that cannot be written or read: one sentence that names it."""


def refusal(file: str, *suffixes: str) -> str:
    """Why a file with one of these suffixes cannot be written there; "" where it can.

    Args:
        file: the user's path.
        suffixes: what its name may end in.
    """
    path = Path(file)
    if not path.stem or not path.name.endswith(suffixes):
        return f"{file}: found {path.suffix or 'no suffix'}, allowed: {', '.join(suffixes)}"
    try:
        target = Path(os.path.realpath(file))
        if not target.parent.is_dir():
            folder = target.parent if path.is_symlink() else path.parent
            return f"{file}: there is no folder {folder}"
        mode = target.stat().st_mode
        if stat.S_ISDIR(mode):
            return f"{file}: is a folder"
        if not stat.S_ISREG(mode):
            return f"{file}: is not a regular file"
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:  # ValueError: NUL in a name
        return f"{file}: cannot be written: {getattr(error, 'strerror', error)}"
    writable = os.access(target.parent, os.W_OK | os.X_OK)
    return "" if writable else f"{file}: cannot be written: Permission denied"


def write(path: str | Path, fill: Callable[[IO[bytes]], None]) -> None:
    """Write `path` by way of a temporary file beside it, so that it is never half written.

    A symbolic link is followed, the mode of an existing file is kept. Temporary files that a
    killed process left in that folder are removed.

    Args:
        path: where to.
        fill: writes the bytes.

    Raises:
        FileError: with the user's path in the sentence; what was there before is intact.
    """
    try:
        target = Path(os.path.realpath(path))
    except ValueError as error:  # NUL in a name
        raise FileError(f"{path}: cannot be written: {error}") from None
    try:
        if target.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        if target.exists() and not target.is_file():
            raise OSError(22, "it is not a regular file")
        _remove_stale(target.parent)
        handle, name = tempfile.mkstemp(prefix=PREFIX, suffix=SUFFIX, dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                fill(stream)
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).chmod(_mode(target))
            Path(name).replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror or error}") from None


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text as `write` does."""
    write_bytes(path, text.encode())


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write bytes as `write` does."""
    write(path, lambda stream: _write_all(stream, content))


def _write_all(stream: IO[bytes], content: bytes) -> None:
    stream.write(content)


def _remove_stale(folder: Path) -> None:
    """Remove our own temporary files that nobody has written to for long."""
    with contextlib.suppress(OSError):
        for path in folder.glob(f"{PREFIX}*{SUFFIX}"):
            with contextlib.suppress(OSError):  # another's, or removed meanwhile
                status = path.lstat()
                if stat.S_ISREG(status.st_mode) and time.time() - status.st_mtime > STALE:
                    path.unlink()


def _mode(target: Path) -> int:
    """The mode of the file that is replaced, or what a new file would get."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
