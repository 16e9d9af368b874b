"""Screens that are resized, closed while they wait for an answer, or closed twice at once.

Upstream: https://github.com/Textualize/textual/issues/2575 "Screen.dismiss should error if not the
top-most screen" and https://github.com/Textualize/textual/issues/4884 "InvalidStateError when
dismissing Screen". Textual 8.2.8 checks the screen, but a second `dismiss` in one turn still closes
the one below. No upstream issue is known of the rest, seen in 8.2.8: two sizes at once alternate
without end, and a message for a closed screen ends the application with NoMatches.
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
"""Seconds within which a closed screen is taken apart."""


class Fitting(Selecting):
    """A screen that ignores outdated sizes of the terminal. Must be the first base class."""

    async def _dispatch_message(self: Any, message: Message) -> None:
        """Drop an outdated size; the present one is sent as well.

        A screen sends its new size to itself: with two of them it would alternate for ever.
        """
        if not isinstance(message, Resize) or message.size == self.app.size:
            await Screen._dispatch_message(self, message)


class LeftOnce(Fitting):
    """A screen that may be closed at any moment, but only once. Must be the first base class."""

    def dismiss(self: Any, result: Any = None) -> AwaitComplete:
        """Close the screen; a second call, which would close the screen below, is ignored."""
        if not self.is_active:
            return AwaitComplete()
        memory.forget_gone_widgets(self)
        self.app.set_timer(GONE_AFTER, memory.forget_screen)
        return Screen.dismiss(self, result)

    def run_worker(self: Any, work: Any, *arguments: Any, **options: Any) -> Worker[Any]:
        """Run a coroutine, which may end after the screen was closed."""

        async def shown() -> Any:
            with while_shown(self):
                return await (work() if callable(work) else work)

        worker: Worker[Any] = Screen.run_worker(self, shown, *arguments, **options)
        return worker

    def call_after_refresh(
        self: Any, callback: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> bool:
        """Call a function after the refresh, when another screen may be shown."""

        def shown() -> Any:
            with while_shown(self):
                return callback(*args, **kwargs)
            return None

        return Screen.call_after_refresh(self, shown)

    async def _dispatch_message(self: Any, message: Message) -> None:
        """Deliver a message, which may arrive when the widgets are already gone."""
        with while_shown(self):
            await Fitting._dispatch_message(self, message)


def missed_while_leaving(error: Exception) -> bool:
    """Return whether a widget failed because it was removed while Textual was still building it.

    A failed query of a screen or of the application does not count: they would freeze afterwards.
    """
    pump = active_message_pump.get(None)
    if not isinstance(error, NoMatches | MountError):
        return False
    if not isinstance(pump, Widget) or isinstance(pump, Screen):
        return False
    return pump._pruning or not pump.is_attached


@contextmanager
def while_shown(screen: Screen[Any]) -> Iterator[None]:
    """Ignore a failed query while the screen is not built yet, or after it was closed."""
    try:
        yield
    except (NoMatches, MountError):
        if screen.is_mounted and screen.is_attached and screen in screen.app.screen_stack:
            raise
