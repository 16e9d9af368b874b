"""A Textual driver that survives the loss of the terminal.

Upstream: https://github.com/Textualize/textual/pull/6690 "Fix input thread busy-looping at 100% CPU
when stdin reaches EOF" and https://github.com/Textualize/textual/issues/1582 "Handle signals to
enable suspend and resume". No upstream issue is known of the rest, seen in Textual 8.2.8: its
thread of output dies of the first error, and it believes a terminal of any size.
"""

from __future__ import annotations

import os
import selectors
import signal
import sys
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.driver import Driver
    from textual.message import Message

LARGEST = 1000, 500
"""The largest size of a terminal that is used, in columns and lines."""


class UntilGone:
    """A file that ignores writes once the terminal is gone.

    Textual's output thread would end at the first error, and the next write would block for ever:
    the dashboard could not even exit.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._is_gone = False

    def write(self, text: str) -> None:
        """Write a text."""
        if not self._is_gone:
            try:
                self._file.write(text)
            except OSError:
                self._is_gone = True

    def flush(self) -> None:
        """Flush the file."""
        if not self._is_gone:
            try:
                self._file.flush()
            except OSError:
                self._is_gone = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def limited(columns: int, lines: int) -> tuple[int, int]:
    """Return the part of a terminal that is used.

    Args:
        columns: the columns that the terminal reports.
        lines: the lines that the terminal reports.

    Returns:
        Columns and lines, from 1 to `LARGEST`.
    """
    return max(1, min(columns, LARGEST[0])), max(1, min(lines, LARGEST[1]))


def driver_class() -> type[Driver] | None:
    """Return the driver for this platform; None for Textual's choice."""
    if sys.platform == "win32":
        return None
    from textual.drivers.linux_driver import LinuxDriver
    from textual.events import Resize

    from tuiprop.ui.patches.inbox import Inbox
    from tuiprop.ui.patches.keyboard import Keyboard

    class TerminalDriver(LinuxDriver):
        """A driver that survives any input and the loss of the terminal, and can be suspended."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            assert self._file is not None
            self._file = UntilGone(self._file)  # type: ignore[assignment]
            self._inbox = Inbox(self._app)
            if self._size is None:
                self._size = self._get_terminal_size()
            # On the loop: a Python signal handler could run while the output lock is held.
            self._loop.add_signal_handler(signal.SIGTSTP, self._suspend)
            self._loop.add_signal_handler(signal.SIGCONT, self._continue)

        def _get_terminal_size(self) -> tuple[int, int]:
            return limited(*super()._get_terminal_size())

        def run_input_thread(self) -> None:
            """Read until told to stop, or until the terminal is gone, which ends the dashboard."""
            keyboard = Keyboard(debug=self._debug)
            with selectors.SelectSelector() as selector:
                selector.register(self.fileno, selectors.EVENT_READ)
                while not self.exit_event.is_set():
                    if selector.select(0.1):
                        data = self._read()
                        if not data:
                            with suppress(RuntimeError):  # the loop is closed
                                self._loop.call_soon_threadsafe(
                                    self._app.exit, None, 128 + signal.SIGHUP
                                )
                            return
                        for event in keyboard.feed(data):
                            self.process_message(event)
                    for event in keyboard.tick():
                        self.process_message(event)

        def _read(self) -> bytes:
            """Read some bytes of the terminal; none where it is gone."""
            try:
                return os.read(self.fileno, 4096)
            except OSError:
                return b""

        def process_message(self, message: Message) -> None:
            """Forward an event; limit the size of the terminal, and ignore a size of 0."""
            if isinstance(message, Resize):
                if not message.size:
                    return
                message = Resize.from_dimensions(limited(*message.size), message.pixel_size)
            super().process_message(message)

        def send_message(self, message: Message) -> None:
            """Send an event to the application, when it has dealt with those before."""
            self._inbox.put(message)

        @property
        def _is_active(self) -> bool:
            """Return whether the dashboard has the terminal."""
            return self._key_thread is not None and self._key_thread.is_alive()

        def _suspend(self) -> None:
            """Give the terminal back and stop, until the shell continues the process."""
            if self._is_active:
                self.suspend_application_mode()
            own = {
                number: signal.signal(number, signal.SIG_DFL)
                for number in (signal.SIGTSTP, signal.SIGCONT)
            }
            # The process stops inside this call. The system ignores the signal if no shell could
            # continue the process.
            signal.raise_signal(signal.SIGTSTP)
            for number, handler in own.items():
                signal.signal(number, handler)
            self._continue()

        def _continue(self) -> None:
            """Take the terminal again, whatever its state, and paint everything."""
            if self._is_active:
                self.suspend_application_mode()
            self.resume_application_mode()
            if self._is_active:
                self._app.refresh(layout=True)

    return TerminalDriver
