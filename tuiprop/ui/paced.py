"""Requests that are sent one at a time."""

import asyncio
from collections.abc import Awaitable, Callable


class Paced:
    """A request that is sent again only after its reply; calls meanwhile become one more.

    Args:
        ask: sends the request, and shows the reply.
        failed: handles an exception of `ask`.
    """

    def __init__(
        self, ask: Callable[[], Awaitable[None]], failed: Callable[[Exception], None]
    ) -> None:
        self._ask = ask
        self._failed = failed
        self._task: asyncio.Task[None] | None = None
        self._again = False

    @property
    def is_idle(self) -> bool:
        """True if every reply has arrived and has been shown."""
        return self._task is None

    def __call__(self) -> None:
        """Send the request, or send it again once the pending reply has arrived.

        Nothing is returned: Textual awaits what a callback returns, and handles no keys meanwhile.
        """
        self._again = True
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def done(self) -> None:
        """Send the request, and wait until no more requests are pending."""
        self()
        assert self._task is not None
        await asyncio.shield(self._task)

    async def _run(self) -> None:
        try:
            while self._again:
                self._again = False
                await self._ask()
        except Exception as error:
            self._failed(error)
        finally:
            self._task = None
