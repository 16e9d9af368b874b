"""The dashboard's link to the engine: asks, never waits on the screen, survives its death."""

import asyncio
from collections.abc import Callable

from tuiprop.engine.client import Client, InlineClient, start
from tuiprop.engine.protocol import (
    Message,
    Open,
    Opened,
    Outline,
    Reply,
    Save,
    Seek,
    Snapshot,
    Tables,
)


class Link:
    """One engine at a time, and what must survive it: the experiment and the last state."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.outline: Outline | None = None
        self.activations: list[str] = []
        self.run = 0
        self.weights: str | None = None
        """The file of the initial weights, if they came from one."""
        self._snapshot: Snapshot | None = None
        self._saving = False

    @property
    def inline(self) -> bool:
        """The engine runs in this process."""
        return isinstance(self.client, InlineClient)

    @property
    def died(self) -> bool:
        """The engine is gone; `revive` begins another."""
        return self.client.died

    async def ask(self, request: Message) -> Reply:
        """The reply to a request.

        Raises:
            EngineDiedError: the engine is gone; `revive` begins another.
        """
        return await asyncio.wrap_future(self.client.ask(request))

    def send(self, request: Message, then: Callable[[Reply], None] | None = None) -> None:
        """Ask without waiting; `then` is called on the event loop, unless the engine dies."""
        future = asyncio.wrap_future(self.client.ask(request))

        def answer(done: "asyncio.Future[Reply]") -> None:
            if not done.cancelled() and done.exception() is None and then is not None:
                then(done.result())

        future.add_done_callback(answer)

    async def open(self, experiment: Tables, weights: str | None = None) -> Reply:
        """Begin a run; `Opened`, or `Refused` and all stays as it was."""
        reply = await self.ask(Open(experiment=experiment, weights=weights))
        if isinstance(reply, Opened):
            self._note(reply)
            self.weights, self._snapshot = weights, None
        return reply

    def keep(self) -> None:
        """Fetch the state that a new engine could go on from."""
        if self._saving:
            return
        self._saving = True

        def keep(reply: Reply) -> None:
            self._saving = False
            if isinstance(reply, Snapshot):
                self._snapshot = reply

        self.send(Save(), keep)

    async def revive(self, update: int) -> bool:
        """Begin another engine, and go to the update that was shown last.

        Returns:
            Whether there was a run to go on with.
        """
        self.client.close()
        self.client = start()
        self._saving = False
        if self.outline is None:
            return False
        reply = await self.ask(
            Open(experiment=self.outline.experiment, weights=self.weights, resume=self._snapshot)
        )
        if not isinstance(reply, Opened):
            return False
        self._note(reply)
        await self.ask(Seek(update=update))
        return True

    def _note(self, opened: Opened) -> None:
        self.outline, self.activations = opened.outline, opened.activations
        self.run = opened.run
