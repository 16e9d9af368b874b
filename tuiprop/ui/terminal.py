"""Textual's driver, made to survive the terminal."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.driver import Driver


class UntilGone:
    """A terminal to write to until it is gone; from then on nothing is written.

    Textual's output thread would die of the first error, and whoever writes next wait for it
    for ever: the dashboard could not even end.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._is_gone = False

    def write(self, text: str) -> None:
        """As that of a file."""
        if not self._is_gone:
            try:
                self._file.write(text)
            except OSError:
                self._is_gone = True

    def flush(self) -> None:
        """As that of a file."""
        if not self._is_gone:
            try:
                self._file.flush()
            except OSError:
                self._is_gone = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def driver_class() -> type[Driver] | None:
    """The driver for this platform; None for Textual's own choice."""
    if sys.platform == "win32":
        return None
    from textual.drivers.linux_driver import LinuxDriver

    class TerminalDriver(LinuxDriver):
        """Writes until the terminal is gone."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            assert self._file is not None
            self._file = UntilGone(self._file)  # type: ignore[assignment]

    return TerminalDriver
