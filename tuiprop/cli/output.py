"""Standard output and error: a write harms no terminal, and no failing write ends a command."""

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, TextIO, cast

import click

from tuiprop.escaping import printable, printable_lines


class SafeStream(io.TextIOBase):
    """A standard stream whose writes never raise; text that cannot be encoded is escaped.

    Args:
        stream: what it writes to. After the first write that fails, the descriptor leads to the
            null device, so that nothing that is still buffered fails later.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._failure: OSError | None = None
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")

    @property
    def failure(self) -> OSError | None:
        """Why a write has failed; none where all are written or nobody is left to read them."""
        return None if self._failure is None or self._has_lost_reader else self._failure

    @property
    def _has_lost_reader(self) -> bool:
        number = self._failure and self._failure.errno
        return number == errno.EPIPE or (number == errno.EIO and self._is_terminal)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """That of the stream."""
        return self._stream.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """That of the stream."""
        return self._stream.errors

    def writable(self) -> bool:
        """Always."""
        return True

    def isatty(self) -> bool:
        """Whether it was a terminal at first; the terminal may be gone."""
        return self._is_terminal

    def fileno(self) -> int:
        """That of the stream."""
        return self._stream.fileno()

    def write(self, text: str) -> int:
        """Write text as it is."""
        with self._failing_once():
            self._stream.write(text)
        return len(text)

    def write_data(self, content: bytes) -> None:
        """Write UTF-8 data: byte for byte, but escaped as text is where it goes to a terminal."""
        if self._is_terminal:
            self.write(content.decode(errors="surrogateescape"))
            return
        with self._failing_once():
            self._stream.flush()
            self._stream.buffer.write(content)
            self._stream.buffer.flush()

    def flush(self) -> None:
        """Write what is buffered."""
        if not self._stream.closed:
            with self._failing_once():
                self._stream.flush()

    def unescaped(self) -> "SafeStream":
        """The same stream for a writer of control sequences."""
        return SafeStream(self._stream)

    @contextmanager
    def _failing_once(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._failure = self._failure or error
            with suppress(OSError):
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, self.fileno())
                os.close(null)


class EscapingStream(SafeStream):
    """A safe stream that shows what is hidden: control characters reach no terminal."""

    def write(self, text: str) -> int:
        """Write text, of which only the line feeds are not escaped."""
        super().write(printable_lines(text))
        return len(text)


def guard_standard_streams() -> None:
    """Put escaping streams in the place of standard output and error.

    A closed descriptor is opened such that reading and writing fail: else the next file that is
    opened would take its number, and get what is written to the stream.
    """
    for number, flags in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_RDONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # the lowest number that is free is this one
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            stream = open(number, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        if not isinstance(stream, EscapingStream):
            setattr(sys, name, EscapingStream(stream))


def _standard_output() -> EscapingStream:
    return cast("EscapingStream", sys.stdout)


def terminal() -> IO[str]:
    """Standard error, for a writer of control sequences whose text is free of data."""
    return cast("IO[str]", cast("EscapingStream", sys.stderr).unescaped())


def say(line: str) -> None:
    """Write a line to standard output; line feeds in it are escaped."""
    click.echo(printable(line))


def say_lines(text: str) -> None:
    """Write a text of several lines, each with its end, to standard output."""
    click.echo(text, nl=False)


def write_data(content: bytes) -> None:
    """Write UTF-8 data to standard output, escaped only where that is a terminal."""
    _standard_output().write_data(content)


def complain(line: str) -> None:
    """Write a line to standard error; line feeds in it are escaped."""
    click.echo(printable(line), err=True)


def status_after_output(status: int | str | None) -> int | str | None:
    """The exit status, given that of the command: 1 where standard output has failed."""
    sys.stdout.flush()
    failure = _standard_output().failure
    if failure is None:
        return status
    complain(f"tuiprop: standard output: cannot be written: {failure.strerror}")
    return status or 1
