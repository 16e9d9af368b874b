"""Files and standard input as decompressed bytes; every failure is a `DataError`."""

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, cast

from tuiprop.data.table import DataError
from tuiprop.errors import InputError
from tuiprop.training.experiment import STANDARD_INPUT
from tuiprop.wording import one_line, quote

HEAD = 1 << 18
"""The number of bytes from which the format and the dialect of a file are detected."""

LARGEST = 2**33
"""The most bytes that a file read as a whole may take in memory, decompressed or as arrays."""

_PIECE = 1 << 20

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_SUFFIXES = (".gz", ".gzip", ".zst", ".zstd")


@dataclass(frozen=True, eq=False)
class Source:
    """A file, or "-" for standard input, which is read once and kept."""

    path: str

    @property
    def name(self) -> str:
        """The name of the source in errors."""
        return "standard input" if self.path == STANDARD_INPUT else self.path

    @property
    def suffix(self) -> str:
        """The suffix of the file without that of its compression, in lower case: ".csv"."""
        suffixes = [suffix.lower() for suffix in Path(self.path).suffixes[-2:]]
        if suffixes and suffixes[-1] in _SUFFIXES:
            suffixes.pop()
        return suffixes[-1] if suffixes else ""

    def error(self, reason: str, place: str = "") -> DataError:
        """Return an error about this file, or about a place in it."""
        return DataError(reason, file=self.name, place=place)

    def invalid(self, place: str, found: str, allowed: str, advice: str = "") -> DataError:
        """Return an error about a value at a place in this file."""
        return DataError.invalid(found, allowed, file=self.name, place=place, advice=advice)

    @contextmanager
    def naming_errors(self) -> Iterator[None]:
        """Name this file in errors about its content."""
        try:
            yield
        except InputError as error:
            raise error.to(DataError, self.name) from None

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the source for reading decompressed bytes from the beginning.

        Raises:
            DataError: it cannot be read, or is damaged; also from within the context.
        """
        try:
            with self._raw() as raw:
                start = raw.peek(4)[:4]
                if start.startswith(_GZIP):
                    with gzip.open(raw) as stream:
                        yield cast("IO[bytes]", stream)
                elif start == _ZSTD:
                    zstd = _zstd()
                    try:
                        with zstd.open(raw) as stream:
                            yield stream
                    except zstd.ZstdError as error:
                        raise self._damaged(f"zstd: {error}") from None
                else:
                    yield raw
        except DataError:
            raise
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self._damaged(str(error)) from None
        except OSError as error:
            raise self.error(f"cannot be read: {error.strerror or error}") from None

    @cached_property
    def content(self) -> bytes:
        """The decompressed content, which is kept.

        Raises:
            DataError: it cannot be read, is damaged, or decompresses to too much.
        """
        with self.open() as stream:
            if self.size is not None:
                return stream.read()
            pieces, size = [], 0
            while piece := stream.read(_PIECE):
                pieces.append(piece)
                size += len(piece)
                if size > LARGEST:
                    raise self.error(f"the file decompresses to more than {LARGEST:,} bytes")
            return b"".join(pieces)

    @cached_property
    def head(self) -> bytes:
        """The first `HEAD` bytes."""
        with self.open() as stream:
            return stream.read(HEAD)

    @cached_property
    def size(self) -> int | None:
        """The size in bytes; None if it is compressed, as it is then unknown."""
        with self._raw() as raw:
            if raw.peek(4)[:4].startswith((_GZIP, _ZSTD)):
                return None
            return raw.seek(0, io.SEEK_END)

    def _raw(self) -> io.BufferedReader:
        try:
            if self.path == STANDARD_INPUT or Path(self.path).is_fifo():
                return io.BufferedReader(io.BytesIO(self._piped))
            return Path(self.path).open("rb")
        except DataError:
            raise
        except ValueError as error:  # a NUL in the name
            raise DataError(f"cannot be read: {error}", file=quote(self.path)) from None

    @cached_property
    def _piped(self) -> bytes:
        """The content of a pipe, which can be read once only."""
        if self.path != STANDARD_INPUT:
            return Path(self.path).read_bytes()
        if sys.stdin is None:
            raise self.error("cannot be read here; give the path of a file")
        return sys.stdin.buffer.read()

    def _damaged(self, why: str) -> DataError:
        why = one_line(why) or "it ends too early"
        return self.error(f"the file is damaged and cannot be decompressed: {why}")


def _zstd() -> Any:
    """Return the module for zstd, which is in the standard library from Python 3.14 on."""
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd
