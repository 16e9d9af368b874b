"""Standard output and error that protect the terminal and never make a command fail."""

import errno
import io
import json
import math
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
        stream: the stream to write to. After the first failed write, its descriptor leads to the
            null device, so that buffered output does not fail later.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._failure: OSError | None = None
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")

    @property
    def failure(self) -> OSError | None:
        """The error of a failed write; None without one, or if nobody reads the output."""
        return None if self._failure is None or self._has_lost_reader else self._failure

    @property
    def _has_lost_reader(self) -> bool:
        number = self._failure and self._failure.errno
        return number == errno.EPIPE or (number == errno.EIO and self._is_terminal)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the stream."""
        return self._stream.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """The error handler of the stream."""
        return self._stream.errors

    def writable(self) -> bool:
        """Return True."""
        return True

    def isatty(self) -> bool:
        """Return True if the stream was a terminal when the program started."""
        return self._is_terminal

    def fileno(self) -> int:
        """Return the descriptor of the stream."""
        return self._stream.fileno()

    def write(self, text: str) -> int:
        """Write text unchanged."""
        with self._failing_once():
            self._stream.write(text)
        return len(text)

    def write_data(self, content: bytes) -> None:
        """Write UTF-8 data: byte for byte, but escaped like text if the stream is a terminal."""
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
        """Return the same stream for a writer of control sequences."""
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
    """A safe stream that escapes hidden characters: no control character reaches a terminal."""

    def write(self, text: str) -> int:
        """Write text, with everything hidden but line feeds escaped."""
        super().write(printable_lines(text))
        return len(text)


def guard_standard_streams() -> None:
    """Replace standard output and error by escaping streams.

    A closed descriptor is opened such that reading and writing fail. Otherwise the next file that
    is opened would take its number, and receive what is written to the stream.
    """
    for number, flags in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_RDONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # the lowest free descriptor is this one
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            stream = open(number, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        if not isinstance(stream, EscapingStream):
            setattr(sys, name, EscapingStream(stream))


def _standard_output() -> EscapingStream:
    return cast("EscapingStream", sys.stdout)


def terminal() -> IO[str]:
    """Return standard error for a writer of control sequences whose text is free of data."""
    return cast("IO[str]", cast("EscapingStream", sys.stderr).unescaped())


def say(line: str) -> None:
    """Write a line to standard output; line feeds in it are escaped."""
    click.echo(printable(line))


def say_lines(text: str) -> None:
    """Write text of several lines, each with its line feed, to standard output."""
    click.echo(text, nl=False)


def write_data(content: bytes) -> None:
    """Write UTF-8 data to standard output, escaped only on a terminal."""
    _standard_output().write_data(content)


def complain(line: str) -> None:
    """Write a line to standard error; line feeds in it are escaped."""
    click.echo(printable(line), err=True)


def status_after_output(status: int | str | None) -> int | str | None:
    """Return the exit status of a command, or 1 if standard output has failed."""
    sys.stdout.flush()
    failure = _standard_output().failure
    if failure is None:
        return status
    complain(f"tuiprop: standard output: cannot be written: {failure.strerror}")
    return status or 1


def say_json(value: object) -> None:
    """Print an object as one line of JSON; numbers that are not finite become texts."""
    say(json.dumps(_finite(value), ensure_ascii=False))


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
