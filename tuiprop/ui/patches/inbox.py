"""Hands input events from the thread that reads them to the application.

No upstream issue known. Textual 8.2.8 queues and handles every event: after much movement of the
mouse or a text pasted without brackets, the next key waits for seconds.
"""

import asyncio
from collections import Counter, deque
from contextlib import suppress
from contextvars import copy_context
from threading import Lock

from textual import events
from textual.app import App
from textual.message import Message
from textual.message_pump import MessagePump
from textual.widget import Widget
from textual.widgets import Input

from tuiprop.ui.patches.keyboard import LONGEST_TEXT, Dropped, Typed, key

MOST = {"hover": 1, "wheel": 16, "button": 32, "text": LONGEST_TEXT, "key": 64, "paste": 4}
"""The number of events of each kind that wait at most; of any other kind, one."""

PATIENCE = 0.25
"""Seconds after which the next event follows although the one before is still being handled."""


class Inbox:
    """Hands input events over, each when the application has handled the one before.

    Events can come faster than they are handled: while the mouse moves, a key is held down, or a
    text is pasted without brackets. Only the last few of each kind wait, so that the next key is
    answered soon. Text for a field is handed over in one piece, as if it were pasted.

    Args:
        app: takes the events. The inbox must be created on its event loop.
    """

    def __init__(self, app: App[int]) -> None:
        self._app = app
        self._loop = asyncio.get_running_loop()
        self._context = copy_context()
        self._lock = Lock()
        self._waiting: deque[tuple[str, Message | str]] = deque()  # kinds, and events or characters
        self._counts: Counter[str] = Counter()
        self._dropped_keys = 0
        self._is_delivering = False
        self._task: asyncio.Task[None] | None = None

    def put(self, event: Message) -> None:
        """Take an event, from any thread.

        Args:
            event: the event.
        """
        with self._lock:
            if isinstance(event, Typed):
                for character in event.text:
                    self._append("text", character)
            else:
                self._append(_kind(event), event)
            starts, self._is_delivering = not self._is_delivering, True
        if starts:
            with suppress(RuntimeError):  # the loop is closed: the application has ended
                self._loop.call_soon_threadsafe(self._start, context=self._context)

    def _append(self, kind: str, event: Message | str) -> None:
        if self._waiting and _is_same_drag(self._waiting[-1][1], event):
            self._take(-1)
        self._waiting.append((kind, event))
        self._counts[kind] += 1
        self._drop_oldest(kind, MOST.get(kind, 1))

    def _drop_oldest(self, kind: str, most: int) -> None:
        while self._counts[kind] > most:
            self._take(next(i for i, each in enumerate(self._waiting) if each[0] == kind))
            self._dropped_keys += kind in ("text", "key")

    def _start(self) -> None:
        self._task = self._loop.create_task(self._deliver())

    async def _deliver(self) -> None:
        while (event := self._next()) is not None:
            self._app.post_message(event)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_dealt_with(event), PATIENCE)

    def _next(self) -> Message | None:
        """Return the next event; None ends the delivery."""
        with self._lock:
            if not self._waiting:
                self._is_delivering = False
                return None
            is_field = isinstance(self._focused, Input)
            if not is_field:
                self._drop_oldest("text", MOST["key"])
            if self._dropped_keys:
                count, self._dropped_keys = self._dropped_keys, 0
                return Dropped(f"{count:,} keys came too fast and were dropped.")
            kind, event = self._take()
            if kind != "text":
                return event  # type: ignore[return-value]
            text = [event]
            while is_field and self._waiting and self._waiting[0][0] == "text":
                text.append(self._take()[1])
        if len(text) > 1:
            return events.Paste("".join(map(_character, text)))
        return key(event) if isinstance(event, str) else event

    def _take(self, place: int = 0) -> tuple[str, Message | str]:
        taken = self._waiting[place]
        del self._waiting[place]
        self._counts[taken[0]] -= 1
        return taken

    async def _is_dealt_with(self, event: Message) -> None:
        """Wait until an event has reached its widget and bubbled up to the application."""
        await self._reach(self._app)
        is_mouse = isinstance(event, events.MouseEvent)
        target = self._app.mouse_captured or self._app.mouse_over if is_mouse else self._focused
        for pump in target.ancestors_with_self if target is not None else ():
            await self._reach(pump)

    @property
    def _focused(self) -> Widget | None:
        """Return the widget that takes keys; the screen if no other one does."""
        if not self._app.screen_stack:
            return None
        return self._app.focused or self._app.screen

    async def _reach(self, pump: MessagePump) -> None:
        """Wait until a widget has handled all messages sent to it."""
        reached = asyncio.Event()
        if pump.call_later(reached.set):
            await reached.wait()


def _is_same_drag(last: Message | str, event: Message | str) -> bool:
    """Return whether an event continues a drag: the same button, held down."""
    if not (isinstance(event, events.MouseMove) and isinstance(last, events.MouseMove)):
        return False
    return event.button == last.button


def _character(event: Message | str) -> str:
    """Return the character of a key, or "" if it has none."""
    if isinstance(event, str):
        return event
    return (event.character or "") if isinstance(event, events.Key) else ""


def _kind(event: Message) -> str:
    """Return the kind of an event, a key of `MOST` where it is counted."""
    match event:
        case events.MouseMove(button=0):
            return "hover"
        case events.MouseScrollUp() | events.MouseScrollDown():
            return "wheel"
        case events.MouseScrollLeft() | events.MouseScrollRight():
            return "wheel"
        case events.MouseEvent():
            return "button"
        case events.Key():
            return "text" if event.is_printable else "key"
        case events.Paste():
            return "paste"
    return type(event).__name__
