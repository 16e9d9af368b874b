"""An engine in the process of the dashboard."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from tuiprop.protocol.client import settle
from tuiprop.protocol.messages.base import Request
from tuiprop.protocol.pipe import soonest

SOON = 0.001
"""Seconds after which an engine in this process continues to work."""


R = TypeVar("R")


class InlineClient:
    """An engine in this process, which works on the running event loop in short slices."""

    def __init__(self) -> None:
        from tuiprop.protocol.server import Engine

        self.engine = Engine()
        """The engine."""
        self._timer: asyncio.TimerHandle | None = None

    @property
    def died(self) -> bool:
        """Return False: the engine lives as long as the dashboard."""
        return False

    @property
    def reason(self) -> str:
        """Return "": the engine does not die."""
        return ""

    def ask(self, request: Request[R]) -> "Future[R]":
        """Answer at once."""
        future: Future[R] = Future()
        reply = self.engine.handle(request)
        settle(future, reply)
        now = asyncio.get_running_loop().time()
        if self._timer is None or self._timer.when() > now + SOON:
            self._schedule(0.0)
        return future

    @property
    def is_saving(self) -> bool:
        """Return False: the engine answers only after saving."""
        return False

    def close(self, tell: Callable[[], None] = lambda: None) -> str:
        """Stop working and save the run; return why it is not saved, or ""."""
        if self._timer is not None:
            self._timer.cancel()
        return self.engine.close()

    def _schedule(self, wait: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(max(wait, SOON), self._work)

    def _work(self) -> None:
        self._timer = None
        wait = soonest(self.engine.work(), self.engine.keep())
        if wait is not None:
            self._schedule(wait)
