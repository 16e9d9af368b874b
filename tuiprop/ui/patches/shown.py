"""Screens that change their size, or are left while they wait for an answer, or twice at once.

Upstream: https://github.com/Textualize/textual/issues/2575 "Screen.dismiss should error if not the
top-most screen" and https://github.com/Textualize/textual/issues/4884 "InvalidStateError when
dismissing Screen". Textual 8.2.8 checks the screen, but a second `dismiss` in one turn still closes
the one below. No upstream issue is known of the rest, seen in 8.2.8: two sizes at once alternate
without end, and what comes for a screen that was left ends the application with NoMatches.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from textual._context import active_message_pump
from textual.await_complete import AwaitComplete
from textual.css.query import NoMatches
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen
from textual.widget import MountError, Widget
from textual.worker import Worker

from tuiprop.ui.patches import memory
from tuiprop.ui.patches.selecting import Selecting

GONE_AFTER = 0.2
"""Seconds within which a screen that has been left is taken apart."""


class Fitting(Selecting):
    """A screen that takes the size of the terminal, and none that it had. To be inherited first."""

    async def _dispatch_message(self: Any, message: Message) -> None:
        """A size that comes late is dropped; the last one has been sent too.

        A screen tells itself of its new size: of two it would tell itself for ever, by turns.
        """
        if not isinstance(message, Resize) or message.size == self.app.size:
            await Screen._dispatch_message(self, message)


class LeftOnce(Fitting):
    """A screen that may be left at any moment, and is left once. To be inherited first."""

    def dismiss(self: Any, result: Any = None) -> AwaitComplete:
        """As `Screen.dismiss`, of which a second would close what is below it."""
        if not self.is_active:
            return AwaitComplete()
        memory.forget_gone_widgets(self)
        self.app.set_timer(GONE_AFTER, memory.forget_screen)
        return Screen.dismiss(self, result)

    def run_worker(self: Any, work: Any, *arguments: Any, **options: Any) -> Worker[Any]:
        """As `Screen.run_worker`, of a coroutine: it may end when the screen has been left."""

        async def shown() -> Any:
            with while_shown(self):
                return await (work() if callable(work) else work)

        worker: Worker[Any] = Screen.run_worker(self, shown, *arguments, **options)
        return worker

    def call_after_refresh(
        self: Any, callback: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> bool:
        """As `Screen.call_after_refresh`: the screen that is shown then may be another one."""

        def shown() -> Any:
            with while_shown(self):
                return callback(*args, **kwargs)
            return None

        return Screen.call_after_refresh(self, shown)

    async def _dispatch_message(self: Any, message: Message) -> None:
        """What was sent before it was left may come when its widgets have gone already."""
        with while_shown(self):
            await Fitting._dispatch_message(self, message)


def missed_while_leaving(error: Exception) -> bool:
    """It is what a widget does not find that is taken away while Textual still builds it.

    Not what a screen or the dashboard misses: they would take no message any more, and freeze.
    """
    pump = active_message_pump.get(None)
    if not isinstance(error, NoMatches | MountError):
        return False
    if not isinstance(pump, Widget) or isinstance(pump, Screen):
        return False
    return pump._pruning or not pump.is_attached


@contextmanager
def while_shown(screen: Screen[Any]) -> Iterator[None]:
    """What is not found on a screen that is not built yet, or has been left, need not be found."""
    try:
        yield
    except (NoMatches, MountError):
        if screen.is_mounted and screen.is_attached and screen in screen.app.screen_stack:
            raise
