"""Reading a file whole; whatever is wrong is one sentence that names it."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tuiprop.errors import FileError
from tuiprop.models.contents import ContentError

_T = TypeVar("_T")


def content_of(path: str | Path, most: int) -> bytes:
    """The bytes of a regular file of a bearable size; a pipe would block for ever.

    Raises:
        FileError: it is another kind of file, too large, or cannot be read.
    """
    file = str(path)
    try:
        status = Path(path).stat()
        if stat.S_ISREG(status.st_mode) and status.st_size <= most:
            return Path(path).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: NUL in a name
        words = error.strerror if isinstance(error, OSError) else error
        raise FileError(f"cannot be read: {words}", file=file) from None
    if stat.S_ISDIR(status.st_mode):
        raise FileError("cannot be read: Is a directory", file=file)
    if not stat.S_ISREG(status.st_mode):
        raise FileError("cannot be read: this is not a regular file", file=file)
    raise FileError.invalid(f"{status.st_size:,}", f"at most {most:,} bytes", file=file)


def named(path: str | Path, function: Callable[..., _T], *arguments: object) -> _T:
    """The result of a function, whose errors get the file's name.

    Raises:
        FileError: for a `ContentError`.
    """
    try:
        return function(*arguments)
    except ContentError as error:
        raise error.to(FileError, str(path)) from None
    except MemoryError:
        raise FileError("there is not enough memory for it", file=str(path)) from None
