"""An engine in a separate process."""

import contextlib
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from time import monotonic
from typing import IO, Any, TypeVar

from tuiprop.protocol.client import Client, EngineDiedError, settle
from tuiprop.protocol.codec import decode_reply, encode
from tuiprop.protocol.inline_client import InlineClient
from tuiprop.protocol.messages.base import RefusedError, Request, Saving, Unsaved
from tuiprop.protocol.pipe import BEAT, LONGEST, read_message, write_message

GRACE = 5.0
"""Seconds without a sign of life after which an ending engine is killed."""

PATIENCE = 1.0
"""Seconds after which the user is told what the program is waiting for."""

R = TypeVar("R")


class ProcessClient:
    """An engine in a separate process, which starts with this object.

    Raises:
        OSError: no process can be started here.
    """

    def __init__(self) -> None:
        self._last_words: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            self._process = subprocess.Popen(
                # -P: files in the user's folder must not shadow modules
                [sys.executable, "-P", "-m", "tuiprop.protocol"],
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._last_words,
                start_new_session=True,  # ends with its input, not with the terminal
            )
        except OSError:
            self._last_words.close()
            raise
        self._waiting: deque[tuple[type[Request[Any]], Future[Any]]] = deque()
        self._lock = threading.Lock()
        self._dead = False
        self._sentence = self._unsaved = ""
        self._alive_at = -math.inf
        self._receiver = threading.Thread(target=self._receive, daemon=True)
        try:
            self._receiver.start()
        except RuntimeError as error:  # for example where processes are limited
            self._process.kill()
            self._process.wait()
            self._last_words.close()
            raise OSError(str(error)) from None

    @property
    def died(self) -> bool:
        """Return whether the process has ended."""
        return self._dead

    @property
    def is_saving(self) -> bool:
        """Return whether the engine has just given a sign of life."""
        return monotonic() - self._alive_at < PATIENCE

    @property
    def reason(self) -> str:
        """Return the last line on standard error, the signal, or the exit status."""
        return self._sentence

    @property
    def pid(self) -> int:
        """Return the id of the process."""
        return self._process.pid

    def ask(self, request: Request[R]) -> "Future[R]":
        """Send a request.

        Returns:
            The reply, or the exception `RefusedError`; `EngineDiedError` if none will come.
        """
        future: Future[R] = Future()
        future.set_running_or_notify_cancel()  # the reply comes even if nobody waits for it
        try:
            content = encode(request)
        except OverflowError:
            future.set_exception(RefusedError("a number is too large"))
            return future
        with self._lock:
            if self._dead:
                future.set_exception(EngineDiedError(self._sentence))
                return future
            self._waiting.append((type(request), future))
            assert self._process.stdin is not None
            with contextlib.suppress(OSError, ValueError):
                # if the pipe is gone, the receiver finds the end of its stream and reports it
                write_message(self._process.stdin, content)
        return future

    def close(self, tell: Callable[[], None] = lambda: None) -> str:
        """End the process: close its input, and kill it if that is not enough.

        Args:
            tell: called once if that takes long.

        Returns:
            The reason why the last state of the run was not saved, or "".
        """
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        started = self._alive_at = monotonic()
        is_told = False
        while self._process.poll() is None:
            now = monotonic()
            if now > started + PATIENCE and not is_told:
                is_told = True
                tell()
            if now > started + LONGEST:
                return self._end(f"saving took more than {LONGEST:g} seconds")
            if now > self._alive_at + GRACE:
                return self._end(f"the engine did not answer for {GRACE:g} seconds")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(BEAT)
        self._receiver.join(GRACE)
        if self._process.returncode and not self._unsaved:
            return f"the engine has ended: {self._sentence}"
        return self._unsaved

    def _end(self, sentence: str) -> str:
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # while the system waits for a disk
            self._process.wait(GRACE)
        return sentence

    def _receive(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            while (content := read_message(stream)) is not None:
                self._take(content)
        sentence = self._last_sentence()
        with self._lock:
            self._sentence, self._dead = sentence, True
            waiting, self._waiting = self._waiting, deque()
        for _, future in waiting:
            future.set_exception(EngineDiedError(sentence))

    def _take(self, content: bytes) -> None:
        with self._lock:
            request = self._waiting[0][0] if self._waiting else None
        reply = decode_reply(content, request)
        if isinstance(reply, Saving):
            self._alive_at = monotonic()
        elif isinstance(reply, Unsaved):
            self._unsaved = reply.sentence
        else:
            with self._lock:
                _, future = self._waiting.popleft()
            settle(future, reply)

    def _last_sentence(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE)
        with self._last_words as words:
            words.seek(0)
            lines = words.read().decode(errors="replace").strip().splitlines()
        return _reason(self._process.returncode, lines[-1] if lines else "")


def _reason(status: int | None, last_line: str) -> str:
    """Return why a process ended.

    Args:
        status: the exit status; None if the process has not ended.
        last_line: the last line on its standard error. If a signal from outside ended the
            process, that line is about something else.
    """
    if status is None:
        return "it no longer answers"
    if status >= 0:
        return last_line or f"exit status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    aborted = status == -signal.SIGABRT and last_line
    return f"{last_line} ({name})" if aborted else f"ended by {name}"


def _environment() -> dict[str, str]:
    """Return the environment of this process with this package in the search path."""
    package = str(Path(__file__).parents[2])
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def start() -> Client:
    """Start an engine in a separate process, or inline where no process can be started."""
    try:
        return ProcessClient()
    except OSError:
        return InlineClient()
