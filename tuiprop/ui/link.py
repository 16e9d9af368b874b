"""The dashboard's link to the engine, which survives a crash of the engine."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

import msgspec

from tuiprop.protocol.client import Client
from tuiprop.protocol.inline_client import InlineClient
from tuiprop.protocol.messages.base import Request
from tuiprop.protocol.messages.conditions import SetStops, Stop
from tuiprop.protocol.messages.data import Outline, Tables
from tuiprop.protocol.messages.files import Save, Snapshot
from tuiprop.protocol.messages.moving import Move, Seek
from tuiprop.protocol.messages.opening import Open, Opened
from tuiprop.protocol.process_client import start
from tuiprop.ui.paced import Paced

R = TypeVar("R")

REST = 50
"""Ratio of the pause between two fetches of the state to their duration, for 2 % of the time."""


class Link:
    """Asks one engine at a time, and keeps the experiment and the last state in case it dies.

    Args:
        client: the engine.
        failed: handles the exceptions of requests that nothing waits for.
    """

    def __init__(self, client: Client, failed: Callable[[Exception], None]) -> None:
        self.client = client
        self.failed = failed
        self.outline: Outline | None = None
        self.run = 0
        self.weights: str | None = None
        """The file of the initial weights, if they came from one."""
        self.initial: bytes | None = None
        """State 0 itself, as the file may be overwritten."""
        self.what = ""
        """The file or data set that the dashboard was asked to open."""
        self._checkpoint: str | None = None
        self._kept_in: str | None = None
        self.reviving = False
        """True while another engine is starting."""
        self._snapshot: Snapshot | None = None
        self._branch = 0
        self._history, self._epochs = bytearray(), 0
        self._next_fetch = 0.0
        self.keep = Paced(self._fetch, failed)
        """Fetches the state from which a new engine could resume."""

    @property
    def inline(self) -> bool:
        """True if the engine runs in this process."""
        return isinstance(self.client, InlineClient)

    @property
    def died(self) -> bool:
        """True if the engine is gone; `revive` starts another."""
        return self.client.died

    @property
    def reason(self) -> str:
        """Why the engine died, in a few words."""
        return self.client.reason

    @property
    def activations(self) -> list[str]:
        """g[1], …, g[L]."""
        layers = self.outline.experiment["network"]["layers"] if self.outline else []
        return [layer["activation"] for layer in layers]

    async def ask(self, request: Request[R]) -> R:
        """Return the reply to a request.

        Ask in a worker or a `Paced` question: an exception ends a handler of messages for good.

        Raises:
            RefusedError: the request cannot be carried out.
            EngineDiedError: no reply will come.
        """
        return await asyncio.wrap_future(self.client.ask(request))

    def send(self, request: Request[R], then: Callable[[R], None] = lambda _: None) -> None:
        """Ask without waiting.

        Args:
            request: the request, sent at once.
            then: called on the event loop with the reply.
        """
        future = asyncio.wrap_future(self.client.ask(request))

        def answer(done: "asyncio.Future[R]") -> None:
            if done.cancelled():
                return
            try:
                then(done.result())
            except Exception as error:
                self.failed(error)

        future.add_done_callback(answer)

    async def open(
        self, experiment: Tables, weights: str | None = None, initial: bytes | None = None
    ) -> Opened:
        """Start a run.

        Raises:
            RefusedError: it cannot be started; the open run is unchanged.
        """
        return await self._begin(
            Open(experiment=experiment, weights=weights, initial=initial, what=self.what)
        )

    async def go_on(
        self, checkpoint: str, *, kept: bool, experiment: Tables | None = None
    ) -> Opened:
        """Resume the run of a checkpoint.

        Args:
            checkpoint: its file.
            kept: True if the dashboard saved it itself, and will go on saving to it.
            experiment: gives the epochs and conditions of the resumed run; None to keep its own.

        Raises:
            RefusedError: it cannot be opened; the open run is unchanged.
        """
        kept_in = checkpoint if kept else None
        tables = experiment or {}
        return await self._begin(
            Open(checkpoint=checkpoint, kept_in=kept_in, experiment=tables, what=self.what)
        )

    async def _begin(self, request: Open) -> Opened:
        opened = await self.ask(request)
        self._note(opened)
        self.weights, self._checkpoint = request.weights, request.checkpoint
        self._branch, self._history, self._epochs = 0, bytearray(), 0
        self._snapshot = None
        return opened

    async def set_stops(self, stops: list[Stop]) -> None:
        """Stop at these conditions, and note them in the experiment for another engine.

        Raises:
            RefusedError: one of them is not a condition; the previous ones stay.
        """
        await self.ask(SetStops(stops=stops))
        if self.outline is not None:
            self.outline.experiment["breakpoint"] = [
                {"when": each.when, "enabled": each.enabled} for each in stops
            ]

    async def _fetch(self) -> None:
        """Fetch the state from which a new engine could resume, unless one was just fetched."""
        started = monotonic()
        if started < self._next_fetch:
            return
        found = await self.ask(Save(history_from=self._epochs, branch=self._branch))
        self._next_fetch = monotonic() + REST * (monotonic() - started)
        if found.branch != self._branch:
            self._branch, self._history, self._epochs = found.branch, bytearray(), 0
        if found.history_from == self._epochs:
            self._history += found.history
            self._epochs += found.epochs
            self._snapshot = found

    async def revive(self, update: int, operations: int = 0) -> Opened | None:
        """Start another engine, and go to the position that was shown last.

        Args:
            update: the number of complete updates.
            operations: the number of operations computed of the next update.

        Returns:
            The opened run, or None if there was no run.

        Raises:
            RefusedError: the run cannot be opened again.
        """
        self.reviving = True
        try:
            return await self._revive(update, operations)
        finally:
            self.reviving = False

    async def _revive(self, update: int, operations: int) -> Opened | None:
        self.client.close()
        self.client = start()
        if self.outline is None:
            return None
        if self._snapshot is None and self._checkpoint is not None:
            request = Open(
                checkpoint=self._checkpoint,
                kept_in=self._kept_in,
                experiment=self.outline.experiment,
                what=self.what,
            )
        else:
            request = self._resumption()
        opened = await self.ask(request)
        self._note(opened)
        await self.ask(Seek(update=update))
        if operations:
            await self.ask(Move(operations=operations))
        return opened

    def _resumption(self) -> Open:
        """Return the request that resumes the run from the last fetched state."""
        assert self.outline is not None
        resume = self._snapshot and msgspec.structs.replace(
            self._snapshot, history_from=0, history=bytes(self._history)
        )
        return Open(
            experiment=self.outline.experiment,
            initial=self.initial,
            resume=resume,
            kept_in=self._kept_in,
            what=self.what,
        )

    def _note(self, opened: Opened) -> None:
        self.outline, self.initial, self.run = opened.outline, opened.initial, opened.run
        self._kept_in, self.what = opened.kept_in or None, opened.what
