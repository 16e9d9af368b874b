"""The dashboard's link to the engine: asks, never waits on the screen, survives its death."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

import msgspec

from tuiprop.protocol.client import Client, InlineClient, start
from tuiprop.protocol.messages.base import Request
from tuiprop.protocol.messages.data import Outline
from tuiprop.protocol.messages.files import Save
from tuiprop.protocol.messages.moving import Move, Seek, SetStops
from tuiprop.protocol.messages.opening import Open, Opened
from tuiprop.protocol.messages.payloads import Snapshot, Stop, Tables
from tuiprop.ui.paced import Paced

R = TypeVar("R")

REST = 50
"""A state is fetched so many times more seldom than fetching it takes: 2 % of the time."""


class Link:
    """One engine at a time, and what must survive it: the experiment and the last state.

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
        """State 0 itself: the file may be overwritten."""
        self.what = ""
        """What the dashboard was asked to open."""
        self._checkpoint: str | None = None
        self._kept_in: str | None = None
        self.reviving = False
        """Another engine is being made ready."""
        self._snapshot: Snapshot | None = None
        self._branch = 0
        self._history, self._epochs = bytearray(), 0
        self._next_fetch = 0.0
        self.keep = Paced(self._fetch, failed)
        """Fetches the state that a new engine could go on from."""

    @property
    def inline(self) -> bool:
        """The engine runs in this process."""
        return isinstance(self.client, InlineClient)

    @property
    def died(self) -> bool:
        """The engine is gone; `revive` begins another."""
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
            request: is sent at once.
            then: is called on the event loop with the reply.
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
        """Begin a run.

        Raises:
            RefusedError: it cannot be begun; the one that is open stays as it was.
        """
        return await self._begin(
            Open(experiment=experiment, weights=weights, initial=initial, what=self.what)
        )

    async def go_on(
        self, checkpoint: str, *, kept: bool, experiment: Tables | None = None
    ) -> Opened:
        """Go on with the run of a checkpoint.

        Args:
            checkpoint: its file.
            kept: it is one in which the dashboard kept a run, and will keep it further.
            experiment: whose epochs and conditions it goes on with; None: its own.

        Raises:
            RefusedError: it cannot be opened; the run that is open stays as it was.
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
        """Stop at these conditions; the experiment, and so another engine, has them too.

        Raises:
            RefusedError: one of them is no condition; those before stay.
        """
        await self.ask(SetStops(stops=stops))
        if self.outline is not None:
            self.outline.experiment["breakpoint"] = [
                {"when": each.when, "enabled": each.enabled} for each in stops
            ]

    async def _fetch(self) -> None:
        """Fetch the state that a new engine could go on from, unless one was just fetched."""
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
        """Begin another engine, and go to where the run was shown last.

        Args:
            update: that many updates are done.
            operations: that many operations of the next.

        Returns:
            None where there was no run to go on with.

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
        """The request that begins the run again from the last state that was fetched."""
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
