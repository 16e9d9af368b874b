"""Atomic writes: a file is written whole or not at all."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from tuiprop.errors import FileError

PREFIX, SUFFIX = ".tuiprop-", ".tmp"
"""The prefix and the suffix of temporary files beside the file that is written."""


def wrong_suffix(file: str | Path, suffixes: Iterable[str]) -> FileError:
    """Return the error about a file whose suffix is none of these."""
    found = Path(file).suffix or "no suffix"
    names = tuple(suffixes)
    allowed = f"the suffix {names[0]}" if len(names) == 1 else f"a suffix of {', '.join(names)}"
    return FileError.invalid(found, allowed, file=str(file))


def check_writable(file: str, *suffixes: str) -> None:
    """Check before the work that its result can be written.

    Args:
        file: the path as the user wrote it.
        suffixes: the suffixes that its name may have.

    Raises:
        FileError: it has another suffix, or cannot be written there.
    """
    path = Path(file)
    if not path.stem or not path.name.endswith(suffixes):
        raise wrong_suffix(file, suffixes)
    try:
        target = Path(os.path.realpath(file))
        if not target.parent.is_dir():
            folder = target.parent if path.is_symlink() else path.parent
            raise FileError(f"there is no folder {folder}", file=file)
        mode = target.stat().st_mode
        if stat.S_ISDIR(mode):
            raise FileError("this is a folder", file=file)
        if not stat.S_ISREG(mode):
            raise FileError("this is not a regular file", file=file)
    except FileError:
        raise
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:  # ValueError: NUL in a name
        words = getattr(error, "strerror", error)
        raise FileError(f"cannot be written: {words}", file=file) from None
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise FileError("cannot be written: Permission denied", file=file)


def write(
    path: str | Path, fill: Callable[[IO[bytes]], None], temporary: Path | None = None
) -> None:
    """Write a file by way of a temporary one beside it, so that it is never half written.

    A symbolic link is followed, and the mode of an existing file is kept. A process that is killed
    leaves its temporary file, as nothing in the user's folder is removed.

    Args:
        path: the file to write.
        fill: a function that writes the content to a stream.
        temporary: the temporary file, which belongs to the caller; None: a new one.

    Raises:
        FileError: the file cannot be written; what was there before is intact.
    """
    try:
        target = Path(os.path.realpath(path))
    except ValueError as error:  # NUL in a name
        raise FileError(f"cannot be written: {error}", file=str(path)) from None
    try:
        if target.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        if target.exists() and not target.is_file():
            raise OSError(22, "it is not a regular file")
        handle, name = _temporary(target, temporary)
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
        reason = f"cannot be written: {error.strerror or error}"
        raise FileError(reason, file=str(path)) from None


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text, as `write` does."""
    try:
        content = text.encode()
    except UnicodeEncodeError as error:
        raise not_utf8(path, error) from None
    write_bytes(path, content)


def not_utf8(path: str | Path, error: UnicodeEncodeError) -> FileError:
    """Return the error about text that UTF-8 cannot encode, such as the name of a file."""
    before, after = error.object[: error.start], error.object[error.start :]
    line = before.rpartition("\n")[2] + after.partition("\n")[0]
    reason = f"cannot be written: {line.strip()[:200]!r} is not UTF-8"
    return FileError(reason, file=str(path))


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write bytes, as `write` does."""
    write(path, lambda stream: _write_all(stream, content))


def _write_all(stream: IO[bytes], content: bytes) -> None:
    stream.write(content)


def _temporary(target: Path, own: Path | None) -> tuple[int, str]:
    """Return an open temporary file in the folder of the target, and its name."""
    if own is None:
        return tempfile.mkstemp(prefix=PREFIX, suffix=SUFFIX, dir=target.parent)
    return os.open(own, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), str(own)


def _mode(target: Path) -> int:
    """Return the mode of the file that is replaced, or that of a new file."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
