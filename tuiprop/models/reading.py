"""Reads whole files; every error is one sentence that names the file."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tuiprop.errors import FileError
from tuiprop.models.contents import ContentError

_T = TypeVar("_T")


def content_of(path: str | Path, most: int) -> bytes:
    """Read a regular file of limited size; a pipe could block for ever.

    Raises:
        FileError: it is not a regular file, too large, or unreadable.
    """
    file = str(path)
    try:
        status = Path(path).stat()
        if stat.S_ISREG(status.st_mode) and status.st_size <= most:
            return Path(path).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a name with NUL
        words = error.strerror if isinstance(error, OSError) else error
        raise FileError(f"cannot be read: {words}", file=file) from None
    if stat.S_ISDIR(status.st_mode):
        raise FileError("cannot be read: Is a directory", file=file)
    if not stat.S_ISREG(status.st_mode):
        raise FileError("cannot be read: this is not a regular file", file=file)
    raise FileError.invalid(f"{status.st_size:,}", f"at most {most:,} bytes", file=file)


def named(path: str | Path, function: Callable[..., _T], *arguments: object) -> _T:
    """Call a function, and add the file's name to its errors.

    Raises:
        FileError: the function raised a `ContentError`.
    """
    try:
        return function(*arguments)
    except ContentError as error:
        raise error.to(FileError, str(path)) from None
    except MemoryError:
        raise FileError("there is not enough memory for it", file=str(path)) from None
