"""The dashboard."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Callable, Iterable
from importlib import import_module
from time import monotonic
from typing import Any, ClassVar

from textual import work
from textual.actions import SkipAction
from textual.app import SystemCommand
from textual.binding import BindingType
from textual.screen import Screen
from textual.worker import WorkerFailed

from tuiprop.escaping import printable
from tuiprop.protocol.client import Client, EngineDiedError
from tuiprop.protocol.messages.arrays import Numbers
from tuiprop.protocol.messages.base import RefusedError
from tuiprop.protocol.messages.moving import Seek
from tuiprop.protocol.messages.opening import ListNames
from tuiprop.protocol.messages.training import Branches
from tuiprop.ui import keys, screens
from tuiprop.ui.dialogs import AskText
from tuiprop.ui.keys import COMMANDS, KEYS, unknown
from tuiprop.ui.link import Link
from tuiprop.ui.live import LiveScreen
from tuiprop.ui.patches.guarded import GuardedApp
from tuiprop.ui.patches.terminal import driver_class
from tuiprop.ui.revival import Revival
from tuiprop.ui.run.change_dialog import ChangeDialog
from tuiprop.ui.run.copy_dialog import CopyDialog
from tuiprop.ui.run.export_dialog import ExportDialog
from tuiprop.ui.run.go_to import PLACES, branch_words, parse_place, typed_path
from tuiprop.ui.run.screen import RunScreen
from tuiprop.ui.runs import Runs
from tuiprop.ui.settings import Settings
from tuiprop.ui.single_flight import alone
from tuiprop.ui.theme import DARK, LIGHT, palette_of, register_themes

SETTLED = 1.0
"""Seconds after which all lasting objects of the dashboard exist."""

NOTICE_SECONDS = 15.0
"""Seconds for which a notice about the environment is shown at the start."""

REFUSAL_SECONDS = 8.0
"""Seconds for which the reason of a refusal is shown."""


class TuipropApp(GuardedApp):
    """The dashboard: opens a run and shows the screens.

    Args:
        client: the engine.
        what: an experiment file, a table, the name of a data set, a model, or a checkpoint.
        settings: the user's choices.
        named: True if the user named it.
        notices: sentences to show at the start.
    """

    TITLE = "tuiprop"
    CSS_PATH = "tuiprop.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = keys.APP.bindings

    def __init__(
        self,
        client: Client,
        what: str,
        settings: Settings | None = None,
        *,
        named: bool = True,
        notices: Iterable[str] = (),
    ) -> None:
        super().__init__(driver_class=driver_class())
        self.link = Link(client, self._handle_exception)
        self.link.what = self.what = what
        self._named = named
        self.settings, broken = (settings, "") if settings else Settings.load()
        self._notices = [*notices, *filter(None, [broken]), *unknown(self.settings.keymap)]
        self._refusal, self._refused_at = "", 0.0
        register_themes(self)
        self.theme = self.settings.theme
        self.run_screen = RunScreen(self.link, self.settings)
        self._runs = Runs(self, self.link, self.run_screen)
        self._revival = Revival(self, self.link, self.run_screen, self.open_first)

    def on_load(self) -> None:
        """Handle signals before the terminal is changed, so that it is always restored."""
        self._end_on_signals()

    def on_mount(self) -> None:
        """Show the run screen, and open the run."""
        self.set_keymap(self.settings.keymap)
        self.push_screen(self.run_screen)
        self.set_interval(0.5, self._revival.watch)
        if not gc.isenabled():
            self.set_timer(SETTLED, self._settle)
        self.open_first()
        for sentence in self._notices:
            self.notify(sentence, severity="warning", timeout=NOTICE_SECONDS)

    def _settle(self) -> None:
        """Exempt the objects that exist by now from garbage collection.

        Collecting them took 60 ms every few seconds, while keys waited.
        """
        gc.freeze()
        gc.enable()

    def _end_on_signals(self) -> None:
        """Exit on signals that would end Textual without restoring the terminal."""
        loop = asyncio.get_running_loop()
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None:
                with contextlib.suppress(NotImplementedError, RuntimeError):
                    loop.add_signal_handler(number, self.exit, None, 128 + number)

    @work(exclusive=True, group="open")
    async def open_first(self) -> None:
        """Open what the command line named; exit with a sentence if it cannot be opened."""
        try:
            await self._runs.open_first(self.what, named=self._named)
        except EngineDiedError:
            raise
        except RefusedError as error:
            self.farewell = printable(error.sentence)
            self.exit(return_code=2)

    def _handle_exception(self, error: Exception) -> None:
        """Show why a request was refused; any other exception is a fault."""
        cause = error.error if isinstance(error, WorkerFailed) else error
        if not isinstance(cause, RefusedError):
            super()._handle_exception(error)
        elif not isinstance(cause, EngineDiedError):  # the revival reports that
            self._show_refusal(cause.sentence)

    def _show_refusal(self, sentence: str) -> None:
        """Show a sentence, unless it is on the screen already."""
        now = monotonic()
        if self._refusal != sentence or now - self._refused_at > REFUSAL_SECONDS:
            self._refusal, self._refused_at = sentence, now
            self.notify(sentence, severity="warning", timeout=REFUSAL_SECONDS)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Yield the commands of the palette: of the keys, and those without a key."""
        if not isinstance(screen, RunScreen):
            return
        for key in KEYS.values():
            if key.command:
                names = ", ".join(key.names(self.keymap))
                yield self._command(key.command, f"{key.words} ({names})", key.action)
        for title, action, words in COMMANDS:
            yield self._command(title, words, action)

    def _command(self, title: str, words: str, action: str) -> SystemCommand:
        async def run() -> None:
            await self.run_screen.run_action(action)

        return SystemCommand(title, words, run)

    # Actions of the run screen that need the application

    def action_switch_theme(self) -> None:
        """Switch between the dark and the light theme."""
        self.theme = (LIGHT if palette_of(self).dark else DARK).name
        self.settings.theme = self.theme
        self.settings.save()

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(screens.HelpScreen())

    def action_problem(self) -> None:
        """Show the predictions of the network."""
        if self.run_screen.frame is not None and not isinstance(self.screen, screens.ProblemScreen):
            self.push_screen(screens.ProblemScreen(self.run_screen))

    @alone
    async def action_setup(self) -> None:
        """Show the set-up of data, network and training."""
        if self.link.outline is None or isinstance(self.screen, screens.SetupScreen):
            return
        self.run_screen.pause()
        await self.push_screen_wait(screens.SetupScreen(self.link, self._runs.begin))

    @alone
    async def action_data(self) -> None:
        """Show the data of the run; changes continue to the set-up."""
        outline = self.link.outline
        if outline is None or self.screen is not self.run_screen:
            return
        self.run_screen.pause()
        screen = screens.DataScreen(self.link, outline.experiment)
        chosen = await self.push_screen_wait(screen)
        if chosen is not None and screen.changed:
            await self.push_screen_wait(screens.SetupScreen(self.link, self._runs.begin, chosen))

    @alone
    async def action_show(self, module: str, name: str) -> None:
        """Show a live screen, which is imported when it is first shown.

        Args:
            module: its module in `tuiprop.ui`.
            name: its class.
        """
        if self.link.outline is not None and self.screen is self.run_screen:
            screen: type[LiveScreen] = getattr(import_module(f"tuiprop.ui.{module}"), name)
            if screen.PAUSES:
                self.run_screen.pause()
            await self.push_screen_wait(screen(self.link))
            self.run_screen.look()

    @alone
    async def action_go_to(self) -> None:
        """Ask for a place of the run, and go there."""
        if self.run_screen.frame is None:
            return

        def check(text: str) -> str:
            found = parse_place(text)
            return found if isinstance(found, str) else ""

        words = "\n".join(filter(None, (PLACES, branch_words(self.run_screen.frame[Branches]))))
        answer = await self.push_screen_wait(AskText("Go to", words, check=check))
        found = parse_place(answer or "")
        if isinstance(found, Seek):
            self.run_screen.seek(found)

    @alone
    async def action_new_run(self, new_seed: bool) -> None:
        """Start over, with the same initial weights or new ones."""
        outline = self.link.outline
        if outline is None:
            return
        tables = {**outline.experiment, "network": dict(outline.experiment["network"])}
        if new_seed:
            tables["network"]["seed"] += 1
            await self._runs.begin(tables, None)
            words = f"New run, initial weights from seed {tables['network']['seed']}."
        else:
            await self._runs.begin(tables, self.link.weights, self.link.initial)
            words = "New run, same initial weights."
        self.notify(words)

    @alone
    async def action_export(self) -> None:
        """Export the weights to a file."""
        await ExportDialog(self, self.link, self.run_screen).run()

    @alone
    async def action_open(self) -> None:
        """Ask for something to open, and open it."""
        answer = await self.push_screen_wait(
            AskText(
                "Open",
                "an experiment (.toml), a table, weights (.npz, .safetensors, .json), "
                "a checkpoint (.tuiprop), or the name of a data set",
            )
        )
        if answer is not None:
            await self._runs.begin_what(typed_path(answer))

    @alone
    async def action_copy(self) -> None:
        """Copy the array or its operation to the terminal's clipboard or to a file."""
        screen = self.run_screen
        matrix = screen.bench.matrix.matrix
        if screen.frame is None or matrix is None:
            return
        await CopyDialog(self, self.link, matrix, screen.frame[Numbers].shown).run()

    @alone
    async def action_change(self) -> None:
        """Change a number, or a training setting from here on."""
        screen = self.run_screen
        if screen.frame is None:
            return
        screen.pause()
        options = (await self.link.ask(ListNames())).options
        cell = screen.bench.changeable_cell
        dialog = ChangeDialog(self, screen.frame, options, cell, screen.try_out, screen.move)
        await dialog.run()

    def action_copy_or_quit(self) -> None:
        """Copy the selected text; quit at once if there is none."""
        try:
            self.screen.action_copy_text()
        except SkipAction:
            self.exit(return_code=128 + signal.SIGINT)

    def end_engine(self, tell: Callable[[], None]) -> str:
        """End the engine, once its run is saved.

        Args:
            tell: called once if that takes long.

        Returns:
            Why a run with updates or edits could not be saved, or "".
        """
        sentence, frame = self.link.client.close(tell), self.run_screen.frame
        branches = [] if frame is None else frame[Branches].branches
        return sentence if any(each.reached or each.edits for each in branches) else ""

    async def action_quit(self) -> None:
        """Leave as with q when Textual's own key or command is used."""
        self.action_leave()

    @alone
    async def action_leave(self) -> None:
        """Quit; ask first if work would be lost."""
        if await self._runs.may_quit():
            self.exit(return_code=0)
