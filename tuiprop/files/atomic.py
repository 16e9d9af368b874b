"""Writing a file whole or not at all."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO


class FileError(OSError):
    """A file that cannot be written or read: one sentence that names it."""


def refusal(file: str, suffix: str) -> str:
    """Why a file with this suffix cannot be written there, in a sentence; "" where it can."""
    path = Path(file)
    if path.suffix != suffix:
        return f"{file}: found {path.suffix or 'no suffix'}, allowed: {suffix}"
    target = Path(os.path.realpath(file))
    if not target.parent.is_dir():
        return f"{file}: there is no folder {target.parent if path.is_symlink() else path.parent}"
    try:
        if stat.S_ISDIR(target.stat().st_mode):
            return f"{file}: is a folder"
    except FileNotFoundError:
        pass
    except OSError as error:
        return f"{file}: cannot be written: {error.strerror}"
    writable = os.access(target.parent, os.W_OK | os.X_OK)
    return "" if writable else f"{file}: cannot be written: Permission denied"


def write(path: str | Path, fill: Callable[[IO[bytes]], None]) -> None:
    """Write `path` by way of a temporary file beside it, so that it is never half written.

    A symbolic link is followed, the mode of an existing file is kept.

    Args:
        path: where to.
        fill: writes the bytes.

    Raises:
        FileError: with the user's path in the sentence; what was there before is intact.
    """
    target = Path(os.path.realpath(path))
    try:
        if target.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        handle, name = tempfile.mkstemp(prefix=".tuiprop-", suffix=".tmp", dir=target.parent)
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
    write(path, lambda stream: _write_all(stream, text.encode()))


def _write_all(stream: IO[bytes], content: bytes) -> None:
    stream.write(content)


def _mode(target: Path) -> int:
    """The mode of the file that is replaced, or what a new file would get."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
