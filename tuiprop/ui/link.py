"""The dashboard's link to the engine: asks, never waits on the screen, survives its death."""

import asyncio
from collections.abc import Callable
from time import monotonic

import msgspec

from tuiprop.protocol.client import Client, EngineDiedError, InlineClient, start
from tuiprop.protocol.messages.payloads import Message, Snapshot, Stop, Tables
from tuiprop.protocol.messages.replies import Done, Opened, Outline, Refused, Reply
from tuiprop.protocol.messages.requests import Move, Open, Save, Seek, SetStops

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
        self.what = ""
        """What the dashboard was asked to open."""
        self._checkpoint: str | None = None
        self._kept_in: str | None = None
        self.reviving = False
        """Another engine is being made ready."""
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
    def reason(self) -> str:
        """Why the engine died, in a few words."""
        return self.client.reason

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
        return await self._begin(
            Open(experiment=experiment, weights=weights, initial=initial, what=self.what)
        )

    async def go_on(
        self, checkpoint: str, *, kept: bool, experiment: Tables | None = None
    ) -> Reply:
        """Go on with the run of a checkpoint; `Opened`, or `Refused` and all stays as it was.

        Args:
            checkpoint: its file.
            kept: it is one in which the dashboard kept a run, and will keep it further.
            experiment: whose epochs and conditions it goes on with; None: its own.
        """
        kept_in = checkpoint if kept else None
        tables = experiment or {}
        return await self._begin(
            Open(checkpoint=checkpoint, kept_in=kept_in, experiment=tables, what=self.what)
        )

    async def _begin(self, request: Open) -> Reply:
        reply = await self.ask(request)
        if isinstance(reply, Opened):
            self._note(reply)
            self.weights, self._checkpoint = request.weights, request.checkpoint
            self._branch, self._history, self._epochs = 0, bytearray(), 0
            self._snapshot = None
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

    async def revive(self, update: int, operations: int = 0) -> Reply | None:
        """Begin another engine, and go to where the run was shown last.

        Args:
            update: that many updates are done.
            operations: that many operations of the next.

        Returns:
            `Opened`, or `Refused`; None where there was no run to go on with.
        """
        self.reviving = True
        try:
            return await self._revive(update, operations)
        finally:
            self.reviving = False

    async def _revive(self, update: int, operations: int) -> Reply | None:
        self.client.close()
        self.client = start()
        self._saving = False
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
        reply = await self.ask(request)
        if isinstance(reply, Opened):
            self._note(reply)
            await self.ask(Seek(update=update))
            if operations:
                await self.ask(Move(operations=operations))
        return reply

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
