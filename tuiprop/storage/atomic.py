"""Writing a file whole or not at all."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

PREFIX, SUFFIX = ".tuiprop-", ".tmp"
"""Of the temporary files beside what is written."""


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


def write(
    path: str | Path, fill: Callable[[IO[bytes]], None], temporary: Path | None = None
) -> None:
    """Write `path` by way of a temporary file beside it, so that it is never half written.

    A symbolic link is followed, the mode of an existing file is kept. A process that is killed
    leaves its temporary file: nothing in the user's folder is removed.

    Args:
        path: where to.
        fill: writes the bytes.
        temporary: a file that belongs to the caller; None: a new one.

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
        raise FileError(f"{path}: cannot be written: {error.strerror or error}") from None


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text as `write` does."""
    try:
        content = text.encode()
    except UnicodeEncodeError as error:
        raise FileError(f"{path}: cannot be written: {not_utf8(error)}") from None
    write_bytes(path, content)


def not_utf8(error: UnicodeEncodeError) -> str:
    """The sentence on text that UTF-8 cannot encode, such as the name of a file."""
    before, after = error.object[: error.start], error.object[error.start :]
    line = before.rpartition("\n")[2] + after.partition("\n")[0]
    return f"found {line.strip()[:200]!r}, allowed: text and names of files that are UTF-8"


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write bytes as `write` does."""
    write(path, lambda stream: _write_all(stream, content))


def _write_all(stream: IO[bytes], content: bytes) -> None:
    stream.write(content)


def _temporary(target: Path, own: Path | None) -> tuple[int, str]:
    """An open file in the folder of the target, and its name."""
    if own is None:
        return tempfile.mkstemp(prefix=PREFIX, suffix=SUFFIX, dir=target.parent)
    return os.open(own, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), str(own)


def _mode(target: Path) -> int:
    """The mode of the file that is replaced, or what a new file would get."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
