"""Textual's application, without the faults that would end or slow the dashboard.

No upstream issue is known of these, seen in Textual 8.2.8: a lone surrogate cannot be copied; every
part of every line is searched for named colours; notifications are markup, and leave their empty
holders behind; paging in a hidden list, a click outside the palette, and the mouse over a widget
that is being removed end the application; an error prints every local value in a panel as narrow as
the terminal; the process group is not suspended.
"""

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from textual import events, on
from textual.actions import ActionParseResult
from textual.app import ComposeResult
from textual.command import CommandInput, CommandList, CommandPalette, SearchIcon
from textual.containers import Horizontal, Vertical
from textual.dom import DOMNode
from textual.errors import NoWidget
from textual.filter import ANSIToTruecolor, LineFilter
from textual.notifications import SeverityLevel
from textual.widgets import Input, LoadingIndicator, OptionList
from textual.worker import Worker, WorkerFailed

from tuiprop.escaping import pasted
from tuiprop.ui.bindings import RemappableApp
from tuiprop.ui.patches import memory
from tuiprop.ui.patches.hidden import HIDDEN_SHOWN
from tuiprop.ui.patches.keyboard import Dropped
from tuiprop.ui.patches.options import List
from tuiprop.ui.patches.shown import LeftOnce, missed_while_leaving, while_shown
from tuiprop.ui.patches.text_field import TextField

DROPPED_SECONDS = 5.0
"""Seconds for which a message about dropped input is shown; others are suppressed meanwhile."""


# Textual's style sheets and queries consider the first base class only.
class _Commands(CommandList, List, can_focus=False):
    """The list of the palette, which changes while it is clicked on."""


class _Query(CommandInput, TextField):
    """The field of the palette."""


class Palette(LeftOnce, CommandPalette):
    """Textual's palette, which may be closed during a search, and may shrink."""

    def compose(self) -> ComposeResult:
        """Build the palette with another field and another list than Textual's."""
        with Vertical(id="--container"):
            with Horizontal(id="--input"):
                yield SearchIcon()
                yield _Query(placeholder=self._placeholder, select_on_focus=False)
            with Vertical(id="--results"):
                yield _Commands()
                yield LoadingIndicator()

    @on(events.Click)
    def _clicked(self, event: events.Click) -> None:
        """Ignore a click outside the palette: Textual would look for a widget there."""
        if not self.region.contains(event.screen_x, event.screen_y):
            event.prevent_default()

    def run_worker(self, *arguments: Any, **options: Any) -> Worker[Any]:
        """Run a worker; one that fails because the palette has gone does not end the dashboard."""
        return super().run_worker(*arguments, **{**options, "exit_on_error": False})


class GuardedApp(RemappableApp):
    """An application that survives any key, click or text, and reports errors in full."""

    farewell = ""
    """The text for standard error, once the terminal is restored."""

    _told_dropped = float("-inf")

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return the filters without the search for named colours, which are not used.

        The search took a third of the time of a map. The last filter keeps control characters
        from the terminal: every painted line passes through it.
        """
        filters = super().get_line_filters()
        return [*(f for f in filters if not isinstance(f, ANSIToTruecolor)), HIDDEN_SHOWN]

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text, with lone surrogates escaped: Textual raises at them."""
        super().copy_to_clipboard(text.encode(errors="backslashreplace").decode())

    def _handle_exception(self, error: Exception) -> None:
        """Handle an exception, unless it only says that a widget has been removed."""
        if not missed_while_leaving(error):
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Keep the traceback as the exit message, in place of Textual's panel.

        Textual's panel is as narrow as the terminal, perhaps six columns, with every local value.
        """
        self.bell()
        error: BaseException | None = self._exception
        if isinstance(error, WorkerFailed):  # it does not tell where
            error = error.error
        if isinstance(error, MemoryError) and not self.farewell:
            self.farewell = "not enough memory for the dashboard"
        if error is not None and not self.farewell:
            text = "".join(traceback.format_exception(error))
            self.farewell = f"an error in the program ended the dashboard:\n\n{text}"
        self._close_messages_no_wait()

    async def on_event(self, event: events.Event) -> None:
        """Handle an event; ignore the mouse over a removed widget, whose parent Textual needs."""
        if isinstance(event, events.Resize):
            memory.forget_sizes()
        if isinstance(event, events.Paste):
            event.text = pasted(event.text)
        if isinstance(event, events.MouseEvent) and not event.is_forwarded:
            with contextlib.suppress(NoWidget):
                widget, _ = self.get_widget_at(event.x, event.y)
                if not widget.is_attached:
                    return
        await super().on_event(event)

    async def run_action(
        self,
        action: "str | ActionParseResult",
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Run an action; its screen may not be built yet, or may be closing."""
        if "page_" in str(action) and _list_without_place(default_namespace):
            return True
        if action == "paste" and isinstance(default_namespace, Input):
            self.post_message(events.Paste(self.clipboard))  # like a paste of the terminal
            return True
        with while_shown(self.screen):
            return await super().run_action(action, default_namespace, namespaces)
        return True

    def action_command_palette(self) -> None:
        """Open the palette of all commands."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(Palette())  # without its id: the last one may still be closing

    def action_suspend_process(self) -> None:
        """Suspend the whole job, as Ctrl+Z does in a shell, until `fg` continues it."""
        if sys.platform != "win32" and self._driver is not None and self._driver.can_suspend:
            os.kill(0, signal.SIGTSTP)

    @on(Dropped)
    def _tell_dropped(self, event: Dropped) -> None:
        """Say once that input was dropped, even if it happens many times in a row."""
        if event.time >= self._told_dropped + DROPPED_SECONDS:
            self._told_dropped = event.time
            self.notify(event.sentence, severity="warning", timeout=DROPPED_SECONDS)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a message without markup: it may contain the name of a file or a class."""
        self._remove_empty_holders()
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=False)

    def _remove_empty_holders(self) -> None:
        """Remove the holders of expired notifications, which Textual leaves: 0.1 MB each."""
        for screen in self.screen_stack:
            for holder in screen.query("ToastHolder"):
                if holder.is_mounted and not holder.children:
                    holder.remove()


def _list_without_place(widget: DOMNode | None) -> bool:
    """Return whether a list, or the list of the palette, has no area on the screen.

    Textual would look for lines of it that do not exist.
    """
    lists = [widget] if isinstance(widget, OptionList) else []
    if isinstance(widget, CommandPalette):
        lists = [*widget.query(OptionList)]
    return any(not each.scrollable_content_region for each in lists)
