"""The dashboard."""

import asyncio
import contextlib
import gc
import signal
import traceback
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar

import msgspec
from textual import events, on, work
from textual.actions import ActionParseResult, SkipAction
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.dom import DOMNode
from textual.errors import NoWidget
from textual.filter import ANSIToTruecolor, LineFilter
from textual.screen import Screen
from textual.widgets import OptionList
from textual.worker import Worker, WorkerFailed

from tuiprop.engine.client import Client
from tuiprop.engine.notes import BareWeights, KeptRun, Tables
from tuiprop.engine.replies import (
    Done,
    Exported,
    Frame,
    Located,
    Opened,
    Refused,
    Reply,
    Vocabulary,
)
from tuiprop.engine.requests import Ask, Export, Forget, KeepRun, Locate, Look, Seek
from tuiprop.files.atomic import refusal
from tuiprop.ui import screens
from tuiprop.ui.alone import alone
from tuiprop.ui.change_dialog import ChangeDialog
from tuiprop.ui.copy_dialog import CopyDialog
from tuiprop.ui.keys import COMMANDS, KEYS
from tuiprop.ui.link import Link
from tuiprop.ui.palette import DARK, LIGHT, PALETTES
from tuiprop.ui.places import (
    CHECKPOINT,
    PLACES,
    branch_words,
    kept_words,
    parse_place,
    typed_path,
)
from tuiprop.ui.screens.dialogs import AskText, Choose
from tuiprop.ui.screens.run import RunScreen
from tuiprop.ui.settings import Settings
from tuiprop.ui.shown import LeftOnce, missed_while_leaving, while_shown
from tuiprop.ui.status import source_name
from tuiprop.ui.terminal import driver_class
from tuiprop.ui.toasts import PlainToasts

QUIT_PATIENCE = 1.0
"""Seconds that quitting waits for the engine to keep the run, or to say where it is."""

SETTLED = 1.0
"""Seconds after which what the dashboard consists of has been made."""

REVIVAL_PATIENCE = 5.0
"""Seconds that quitting waits for a new engine where the old one has died."""

MOST_DEATHS, DEATHS_WITHIN = 3, 30.0
"""An engine that dies more often than that in so many seconds is given up."""


class Palette(LeftOnce, CommandPalette):
    """Textual's, which may be left while it searches, and may shrink."""

    @on(events.Click)
    def _clicked(self, event: events.Click) -> None:
        """A click may come of a place that the terminal has no more: Textual would look there."""
        if not self.region.contains(event.screen_x, event.screen_y):
            event.prevent_default()

    def run_worker(self, *arguments: Any, **options: Any) -> Worker[Any]:
        """As Textual's, but a search that does not find the palette any more is no end."""
        return super().run_worker(*arguments, **{**options, "exit_on_error": False})


def _list_without_place(widget: DOMNode | None) -> bool:
    """It is a list, or the palette with its list, that has no place on the screen.

    Textual looks for lines of it then that have not been made.
    """
    lists = [widget] if isinstance(widget, OptionList) else []
    if isinstance(widget, CommandPalette):
        lists = [*widget.query(OptionList)]
    return any(not each.scrollable_content_region for each in lists)


class TuipropApp(PlainToasts, App[int]):
    """Opens what was named and hands over to the screens.

    Args:
        client: the engine.
        what: an experiment file, a table, the name of a data set, a model, or a checkpoint.
        settings: the user's choices.
        named: it was the user who named it.
    """

    TITLE = "tuiprop"
    CSS_PATH = "tuiprop.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(
        self, client: Client, what: str, settings: Settings | None = None, *, named: bool = True
    ) -> None:
        super().__init__(driver_class=driver_class())
        self.link = Link(client)
        self.link.what = self.what = what
        self._named = named
        self.settings = settings or Settings.load()
        self._deaths: list[float] = []
        self.farewell = ""
        """A sentence for standard error, after the terminal is as it was."""
        for palette in PALETTES.values():
            self.register_theme(palette.theme)
        name = self.settings.theme if self.settings.theme in PALETTES else DARK.name
        self.palette = PALETTES[name]
        self.theme = name
        self.run_screen = RunScreen(self.link, self.palette, self.settings)

    def on_load(self) -> None:
        """Before the terminal is changed, see to it that it is given back."""
        self._end_on_signals()

    def on_mount(self) -> None:
        """Open what was named."""
        self.push_screen(self.run_screen)
        self.set_interval(0.5, self._watch_engine)
        if not gc.isenabled():
            self.set_timer(SETTLED, self._settle)
        self.open_first()

    def _settle(self) -> None:
        """What there is by now stays: the collector looks only at what comes.

        It took 60 ms every few seconds to look through all of it, while keys waited.
        """
        gc.freeze()
        gc.enable()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Without the search of every part of every line for named colours: there are none.

        It took a third of the time of a map.
        """
        return [
            each for each in super().get_line_filters() if not isinstance(each, ANSIToTruecolor)
        ]

    def _end_on_signals(self) -> None:
        """Textual would die of these without giving the terminal back."""
        loop = asyncio.get_running_loop()
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None:
                with contextlib.suppress(NotImplementedError, RuntimeError):
                    loop.add_signal_handler(number, self.exit, None, 128 + number)

    @work(exclusive=True, group="open")
    async def open_first(self) -> None:
        """Open what the command line named; leave with a sentence where it cannot be."""
        reply = await self.link.ask(Locate(what=self.what, anything=not self._named))
        if isinstance(reply, Located):
            reply = await self._go_on(reply.kept) or await self._open_located(reply)
        if not isinstance(reply, Opened) and not self.link.died:
            self.farewell = reply.sentence if isinstance(reply, Refused) else ""
            self.exit(return_code=2)

    async def _open_located(self, located: Located) -> Reply:
        """Begin a run; of a table by itself, after a look at what was guessed about it."""
        if located.checkpoint is not None:
            return self._begun(await self.link.go_on(located.checkpoint, kept=False))
        if located.bare is not None:
            return await self._open_bare(located.bare, located.weights or "")
        reply = await self._open(located.experiment, located.weights)
        if not located.suggested or self.link.died:
            return reply
        screen = screens.DataScreen(self.link, self.palette, located.experiment, "begin")
        chosen = await self.push_screen_wait(screen)
        if chosen is None or (isinstance(reply, Opened) and not screen.changed):
            return reply
        return await self._open(chosen)

    async def _open_bare(self, bare: BareWeights, weights: str) -> Reply:
        """Begin a run from weights of another program, asking for what their file does not say."""
        located = await screens.adopted(self, self.link, weights, bare)
        while located is not None:
            experiment = await self._looked_at(located)
            if experiment is None:
                break
            reply = await self._open(experiment, located.weights)
            if not isinstance(reply, Refused) or not located.suggested:
                return reply
            self.notify(reply.sentence, severity="error", timeout=10)
            located = msgspec.structs.replace(located, experiment=experiment)
        return Refused(sentence=bare.sentence)

    async def _looked_at(self, located: Located) -> Tables | None:
        """The experiment, after a look at what was guessed about its table; None: left."""
        if not located.suggested:
            return located.experiment
        screen = screens.DataScreen(self.link, self.palette, located.experiment, "begin")
        return await self.push_screen_wait(screen)

    async def _open(self, experiment: Tables, weights: str | None = None) -> Reply:
        return self._begun(await self.link.open(experiment, weights))

    async def _go_on(self, kept: KeptRun | None) -> Reply | None:
        """Offer to go on with a run that was kept; `Opened` where that is done."""
        if kept is None:
            return None
        answer = await self.push_screen_wait(
            Choose(
                kept_words(kept),
                {
                    "go": "Go on with it",
                    "new": "Start afresh, and keep it for later",
                    "forget": "Start afresh, and delete it",
                },
            )
        )
        if answer == "go":
            reply = self._begun(await self.link.go_on(kept.path, kept=True))
            if isinstance(reply, Opened):
                return reply
        elif answer == "forget":
            reply = await self.link.ask(Forget(path=kept.path))
        else:
            return None
        if isinstance(reply, Refused):
            self.notify(reply.sentence, severity="error", timeout=10)
        return None

    def _begun(self, reply: Reply) -> Reply:
        """Show the run, where one was opened."""
        if not isinstance(reply, Opened):
            return reply
        self.run_screen.begin()
        self.link.keep()
        if reply.differing:
            self.notify(
                f"This run was saved on another machine: {reply.differing}. "
                "The last digits may come out otherwise from here on.",
                severity="warning",
                timeout=20,
            )
        return reply

    def _watch_engine(self) -> None:
        if self.link.died:
            self.revive()

    @work(exclusive=True, group="revive")
    async def revive(self) -> None:
        """Go on with a new engine after the old one has died."""
        now = monotonic()
        self._deaths = [*(each for each in self._deaths if now - each < DEATHS_WITHIN), now]
        if len(self._deaths) > MOST_DEATHS:
            self.farewell = f"the engine died {len(self._deaths)} times in a row"
            self.exit(return_code=1)
            return
        frame = self.run_screen.frame
        self.run_screen.lost()
        inside = frame.now.number if frame and frame.now else 0
        reply = await self.link.revive(frame.update if frame else 0, inside)
        if reply is None:
            # a table that is being looked at is asked about again by its screen
            if not any(
                isinstance(screen, screens.DataScreen | screens.AdoptScreen)
                for screen in self.screen_stack
            ):
                self.open_first()
        elif isinstance(reply, Refused):
            self.notify(
                f"The engine has died, and the run cannot be opened again: {reply.sentence}",
                severity="error",
                timeout=30,
            )
        else:
            self.notify(
                "The engine had died. A new one has replayed the run to where it was.",
                severity="warning",
                timeout=10,
            )
            self.run_screen.look()

    def _handle_exception(self, error: Exception) -> None:
        """As Textual's, but what is missed by a widget that is going is no fault."""
        if not missed_while_leaving(error):
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """What an exception leaves to be read, in place of Textual's: as wide as it is.

        Textual's is of the terminal's width, which may be six columns, with every local value.
        """
        self.bell()
        error: BaseException | None = self._exception
        if isinstance(error, WorkerFailed):  # which says nothing of where
            error = error.error
        if error is not None and not self.farewell:
            text = "".join(traceback.format_exception(error))
            self.farewell = f"a fault in the program ended the dashboard:\n\n{text}"
        self._close_messages_no_wait()

    async def on_event(self, event: events.Event) -> None:
        """A mouse on what is just going meets nothing: Textual would ask for its parent."""
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
        """As Textual's; a key may come before its screen is built, or while it goes."""
        if "page_" in str(action) and _list_without_place(default_namespace):
            return True
        with while_shown(self.screen):
            return await super().run_action(action, default_namespace, namespaces)
        return True

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: every key with a command, and what has no key."""
        if not isinstance(screen, RunScreen):
            return
        for key in KEYS:
            if key.command:
                yield self._command(key.command, f"{key.words} ({key.shown})", key.action)
        for title, action, words in COMMANDS:
            yield self._command(title, words, action)

    def _command(self, title: str, words: str, action: str) -> SystemCommand:
        async def run() -> None:
            await self.run_screen.run_action(action)

        return SystemCommand(title, words, run)

    def action_command_palette(self) -> None:
        """Every command."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(Palette())  # without its id: the last one may still be going

    # What the keys of the run screen do beyond it

    def action_switch_theme(self) -> None:
        """Dark to light and back."""
        self.palette = LIGHT if self.palette.dark else DARK
        self.theme = self.palette.name
        self.settings.theme = self.palette.name
        self.settings.save()
        self.run_screen.repaint_in(self.palette)

    def action_help(self) -> None:
        """The keys."""
        self.push_screen(screens.HelpScreen(self.palette))

    def action_problem(self) -> None:
        """What the network makes of the data."""
        if self.run_screen.frame is not None and not isinstance(self.screen, screens.ProblemScreen):
            self.push_screen(screens.ProblemScreen(self.run_screen, self.palette))

    @alone
    async def action_setup(self) -> None:
        """Data, network, training."""
        if self.link.outline is None or isinstance(self.screen, screens.SetupScreen):
            return
        self.run_screen.pause()
        await self.push_screen_wait(screens.SetupScreen(self.link, self.palette, self._begin))

    @alone
    async def action_data(self) -> None:
        """The data of the run; what is changed leads to the set-up."""
        outline = self.link.outline
        if outline is None or self.screen is not self.run_screen:
            return
        self.run_screen.pause()
        screen = screens.DataScreen(self.link, self.palette, outline.experiment)
        chosen = await self.push_screen_wait(screen)
        if chosen is not None and screen.changed:
            await self.push_screen_wait(
                screens.SetupScreen(self.link, self.palette, self._begin, chosen)
            )

    @alone
    async def action_stops(self) -> None:
        """The conditions that stop the run."""
        if self.link.outline is not None and self.screen is self.run_screen:
            await self.push_screen_wait(screens.StopsScreen(self.link, self.palette))
            self.run_screen.look()

    @alone
    async def action_proof(self) -> None:
        """The proof of where the run stands."""
        if self.link.outline is not None and self.screen is self.run_screen:
            self.run_screen.pause()
            await self.push_screen_wait(screens.ProofScreen(self.link, self.palette))
            self.run_screen.look()

    async def _begin(
        self, experiment: Tables, weights: str | None, initial: bytes | None = None
    ) -> str:
        """Begin a run if what there is may be lost; why it was not begun, or nothing."""
        return await self._begin_with(partial(self.link.open, experiment, weights, initial))

    async def _begin_with(self, opening: Callable[[], Coroutine[None, None, Reply]]) -> str:
        if not await self._may_lose("Start afresh"):
            return "not started: the run goes on"
        reply = self._begun(await opening())
        return reply.sentence if isinstance(reply, Refused) else ""

    async def _may_quit(self) -> bool:
        """Whether the run is kept for the next start, or may be lost."""
        if self.link.outline is None:
            return True
        for _ in range(2):
            with contextlib.suppress(TimeoutError):
                reply = await asyncio.wait_for(self.link.ask(KeepRun()), QUIT_PATIENCE)
                if isinstance(reply, Done):
                    return True
            if not (self.link.died or self.link.reviving):
                break
            with contextlib.suppress(TimeoutError):  # a new engine has the run
                await asyncio.wait_for(self._revived(), REVIVAL_PATIENCE)
        return await self._may_lose("Quit")

    async def _revived(self) -> None:
        while self.link.died or self.link.reviving:
            await asyncio.sleep(0.05)

    async def _may_lose(self, verb: str) -> bool:
        """Whether unexported work may be lost."""
        if self.link.outline is None:
            return True
        now = self.run_screen.frame
        with contextlib.suppress(TimeoutError):  # keys before this one have acted by then
            reply = await asyncio.wait_for(self.link.ask(Look(history_from=10**12)), QUIT_PATIENCE)
            now = reply if isinstance(reply, Frame) else now
        if now is None or now.update in (0, self.run_screen.exported_update):
            return True
        answer = await self.push_screen_wait(
            Choose(
                f"Update {now.update} has not been exported.",
                {"go": f"{verb} without exporting", "stay": "Stay"},
            )
        )
        return answer == "go"

    @alone
    async def action_go_to(self) -> None:
        """To an epoch, an update, the start, the end."""
        if self.run_screen.frame is None:
            return

        def check(text: str) -> str:
            found = parse_place(text)
            return found if isinstance(found, str) else ""

        words = "\n".join(filter(None, (PLACES, branch_words(self.run_screen.frame))))
        answer = await self.push_screen_wait(AskText("Go to", words, check=check))
        found = parse_place(answer or "")
        if isinstance(found, Seek):
            self.run_screen.seek(found)

    @alone
    async def action_new_run(self, new_seed: bool) -> None:
        """Start over, with the same initial weights or others."""
        outline = self.link.outline
        if outline is None:
            return
        tables = {**outline.experiment, "network": dict(outline.experiment["network"])}
        if new_seed:
            tables["network"]["seed"] += 1
            sentence = await self._begin(tables, None)
            words = f"A new run from initial weights of seed {tables['network']['seed']}."
        else:
            sentence = await self._begin(tables, self.link.weights, self.link.initial)
            words = "A new run from the same initial weights."
        self.notify(sentence or words)

    @alone
    async def action_export(self) -> None:
        """The weights, to a file."""
        frame, outline = self.run_screen.frame, self.link.outline
        if frame is None or outline is None:
            return
        self.run_screen.pause()
        if frame.slip is not None:
            words = f"The slip is on: {frame.slip.title}. v takes it out; then x exports."
            self.notify(words, severity="warning", timeout=8)
            return
        vocabulary = await self.link.ask(Ask())
        if not isinstance(vocabulary, Vocabulary):
            return
        suffixes = [*(each.suffix for each in vocabulary.formats), CHECKPOINT]
        formats = ", ".join(f"{each.suffix} ({each.name})" for each in vocabulary.formats)
        stem = source_name(outline).rsplit(".", 1)[0]
        answer = await self.push_screen_wait(
            AskText(
                "Export the weights",
                f"a file whose end says the format: {formats}; it is compared with the network; "
                f"or {CHECKPOINT}: all it takes to go on with the run",
                f"{stem}.npz",
                check=lambda text: refusal(typed_path(text), *suffixes),
            )
        )
        if answer is None or not await self._may_replace(typed_path(answer)):
            return
        which = await self._which_weights(typed_path(answer))
        if which is None:
            return
        reply = await self.link.ask(Export(path=typed_path(answer), best=which == "best"))
        if isinstance(reply, Exported):
            self.run_screen.exported_update = reply.update
            self.notify(reply.sentence, title="Exported", timeout=8)
        elif isinstance(reply, Refused):
            self.notify(reply.sentence, severity="error", timeout=10)

    async def _which_weights(self, path: str) -> str | None:
        """The newest or the best, where these are others and the file holds one of the two."""
        frame = self.run_screen.frame
        if frame is None or path.endswith(CHECKPOINT) or frame.best_update == frame.update:
            return "newest"
        return await self.push_screen_wait(
            Choose(
                "Which weights?",
                {
                    "newest": f"update {frame.update}: where the run stands",
                    "best": f"update {frame.best_update}: the end of epoch {frame.best_epoch}, "
                    "the best",
                },
            )
        )

    async def _may_replace(self, path: str) -> bool:
        if not Path(path).exists():
            return True
        answer = await self.push_screen_wait(
            Choose(f"{path} exists.", {"replace": "Replace it", "keep": "Keep it"})
        )
        return answer == "replace"

    @alone
    async def action_open(self) -> None:
        """An experiment, a table, weights, a checkpoint, a data set."""
        answer = await self.push_screen_wait(
            AskText(
                "Open",
                "an experiment (.toml), a table, weights (.npz, .safetensors, .json), "
                "a checkpoint (.tuiprop), the name of a data set",
            )
        )
        if answer is None:
            return
        reply = await self.link.ask(Locate(what=typed_path(answer)))
        sentence = reply.sentence if isinstance(reply, Refused) else ""
        if isinstance(reply, Located):
            sentence = await self._begin_located(reply)
        if sentence:
            self.notify(sentence, severity="error", timeout=10)

    async def _begin_located(self, located: Located) -> str:
        """Begin a run with what was found; why it was not begun, or nothing."""
        if located.checkpoint is not None:
            return await self._begin_with(partial(self.link.go_on, located.checkpoint, kept=False))
        found: Located | None = located
        if located.bare is not None:
            found = await screens.adopted(self, self.link, located.weights or "", located.bare)
        experiment = None if found is None else await self._looked_at(found)
        if found is None or experiment is None:
            return ""
        return await self._begin(experiment, found.weights)

    @alone
    async def action_copy(self) -> None:
        """The array or the operation at hand, to the terminal's clipboard or into a file."""
        screen = self.run_screen
        matrix = screen.bench.matrix.matrix
        if screen.frame is None or matrix is None:
            return
        array, operation = screen.bench.matrix.name_of_array, screen.frame.shown
        await CopyDialog(self, self.link, array, matrix.shape, operation).run()

    @alone
    async def action_change(self) -> None:
        """A number, or how it is trained from here on."""
        screen = self.run_screen
        if screen.frame is None:
            return
        screen.pause()
        vocabulary = await self.link.ask(Ask())
        if isinstance(vocabulary, Vocabulary):
            cell = screen.bench.changeable_cell
            dialog = ChangeDialog(
                self, screen.frame, vocabulary.options, cell, screen.try_out, screen.move
            )
            await dialog.run()

    def action_help_quit(self) -> None:
        """Ctrl+C, where nothing is selected to be copied: quit at once, wherever one is."""
        self.exit(return_code=128 + signal.SIGINT)

    def action_copy_or_quit(self) -> None:
        """Ctrl+C in a dialog, to which the keys of the dashboard do not come."""
        try:
            self.screen.action_copy_text()
        except SkipAction:
            self.action_help_quit()

    async def action_quit(self) -> None:
        """Textual's own key and command do what q does."""
        self.action_leave()

    @alone
    async def action_leave(self) -> None:
        """Quit; ask when work would be lost."""
        if await self._may_quit():
            self.exit(return_code=0)
