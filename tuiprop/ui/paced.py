"""Questions that are asked one at a time."""

import asyncio
from collections.abc import Awaitable, Callable


class Paced:
    """A question that is asked again only after its reply; calls meanwhile become one more.

    Args:
        ask: asks the question, and shows the reply.
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
        """Every reply has come, and has been shown."""
        return self._task is None

    def __call__(self) -> "asyncio.Future[None]":
        """Ask, or ask again once the reply to what has been asked is there.

        Returns:
            A future that is done when nothing more is to be asked.
        """
        self._again = True
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return asyncio.shield(self._task)

    async def _run(self) -> None:
        try:
            while self._again:
                self._again = False
                await self._ask()
        except Exception as error:
            self._failed(error)
        finally:
            self._task = None
