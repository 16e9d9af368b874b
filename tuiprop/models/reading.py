"""Reading a file whole; whatever is wrong is one sentence that names it."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tuiprop.models.contents import ContentError
from tuiprop.storage.atomic import FileError

_T = TypeVar("_T")


def content_of(path: str | Path, most: int) -> bytes:
    """The bytes of a regular file of a bearable size; a pipe would block for ever.

    Raises:
        FileError: it is another kind of file, too large, or cannot be read.
    """
    try:
        status = Path(path).stat()
        if stat.S_ISREG(status.st_mode) and status.st_size <= most:
            return Path(path).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: NUL in a name
        words = error.strerror if isinstance(error, OSError) else error
        raise FileError(f"{path}: cannot be read: {words}") from None
    if stat.S_ISDIR(status.st_mode):
        raise FileError(f"{path}: cannot be read: Is a directory")
    if not stat.S_ISREG(status.st_mode):
        raise FileError(f"{path}: cannot be read: it is not a regular file")
    raise FileError(f"{path}: found {status.st_size} bytes, allowed: up to {most}")


def named(path: str | Path, function: Callable[..., _T], *arguments: object) -> _T:
    """What a function returns; what it finds wrong is said with the file's name.

    Raises:
        FileError: for a `ContentError`.
    """
    try:
        return function(*arguments)
    except ContentError as error:
        raise FileError(f"{path}: {error}") from None
    except MemoryError:
        raise FileError(f"{path}: there is not enough memory for it") from None
