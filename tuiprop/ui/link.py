"""The dashboard's link to the engine: asks, never waits on the screen, survives its death."""

import asyncio
from collections.abc import Callable
from time import monotonic

import msgspec

from tuiprop.engine.client import Client, EngineDiedError, InlineClient, start
from tuiprop.engine.protocol import (
    Done,
    Message,
    Open,
    Opened,
    Outline,
    Refused,
    Reply,
    Save,
    Seek,
    SetStops,
    Snapshot,
    Stop,
    Tables,
)

REST = 50
"""A state is fetched so many times more seldom than fetching it takes: 2 % of the time."""


class Link:
    """One engine at a time, and what must survive it: the experiment and the last state."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.outline: Outline | None = None
        self.run = 0
        self.weights: str | None = None
        """The file of the initial weights, if they came from one."""
        self.initial: bytes | None = None
        """State 0 itself: the file may be overwritten."""
        self._snapshot: Snapshot | None = None
        self._branch = 0
        self._history, self._epochs = bytearray(), 0
        self._saving = False
        self._next_save = 0.0

    @property
    def inline(self) -> bool:
        """The engine runs in this process."""
        return isinstance(self.client, InlineClient)

    @property
    def died(self) -> bool:
        """The engine is gone; `revive` begins another."""
        return self.client.died

    @property
    def activations(self) -> list[str]:
        """g[1], …, g[L]."""
        layers = self.outline.experiment["network"]["layers"] if self.outline else []
        return [layer["activation"] for layer in layers]

    async def ask(self, request: Message) -> Reply:
        """The reply to a request; `Refused` where the engine has died."""
        try:
            return await asyncio.wrap_future(self.client.ask(request))
        except EngineDiedError as error:
            return Refused(sentence=f"the engine has died: {error}")

    def send(self, request: Message, then: Callable[[Reply], None] | None = None) -> None:
        """Ask without waiting; `then` is called on the event loop, unless the engine dies."""
        future = asyncio.wrap_future(self.client.ask(request))

        def answer(done: "asyncio.Future[Reply]") -> None:
            if not done.cancelled() and done.exception() is None and then is not None:
                then(done.result())

        future.add_done_callback(answer)

    async def open(
        self, experiment: Tables, weights: str | None = None, initial: bytes | None = None
    ) -> Reply:
        """Begin a run; `Opened`, or `Refused` and all stays as it was."""
        reply = await self.ask(Open(experiment=experiment, weights=weights, initial=initial))
        if isinstance(reply, Opened):
            self._note(reply)
            self.weights, self._snapshot = weights, None
            self._branch, self._history, self._epochs = 0, bytearray(), 0
        return reply

    async def set_stops(self, stops: list[Stop]) -> Reply:
        """Stop at these conditions; the experiment, and so another engine, has them too."""
        reply = await self.ask(SetStops(stops=stops))
        if isinstance(reply, Done) and self.outline is not None:
            self.outline.experiment["breakpoint"] = [
                {"when": each.when, "enabled": each.enabled} for each in stops
            ]
        return reply

    def keep(self) -> None:
        """Fetch the state that a new engine could go on from, unless one was just fetched."""
        started = monotonic()
        if self._saving or started < self._next_save:
            return
        self._saving = True

        def keep(reply: Reply) -> None:
            self._saving = False
            self._next_save = monotonic() + REST * (monotonic() - started)
            if not isinstance(reply, Snapshot):
                return
            if reply.branch != self._branch:
                self._branch, self._history, self._epochs = reply.branch, bytearray(), 0
            if reply.history_from == self._epochs:
                self._history += reply.history
                self._epochs += reply.epochs
                self._snapshot = reply

        self.send(Save(history_from=self._epochs, branch=self._branch), keep)

    async def revive(self, update: int) -> Reply | None:
        """Begin another engine, and go to the update that was shown last.

        Returns:
            `Opened`, or `Refused`; None where there was no run to go on with.
        """
        self.client.close()
        self.client = start()
        self._saving = False
        if self.outline is None:
            return None
        resume = self._snapshot and msgspec.structs.replace(
            self._snapshot, history_from=0, history=bytes(self._history)
        )
        reply = await self.ask(
            Open(experiment=self.outline.experiment, initial=self.initial, resume=resume)
        )
        if isinstance(reply, Opened):
            self._note(reply)
            await self.ask(Seek(update=update))
        return reply

    def _note(self, opened: Opened) -> None:
        self.outline, self.initial, self.run = opened.outline, opened.initial, opened.run
