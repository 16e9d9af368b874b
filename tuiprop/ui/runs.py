"""Which run the dashboard has: opening one, going on with one, and whether one may be lost."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from functools import partial

import msgspec

from tuiprop.protocol.messages.payloads import BareWeights, KeptRun, Tables
from tuiprop.protocol.messages.replies import Done, Frame, Located, Opened, Refused, Reply
from tuiprop.protocol.messages.requests import NO_HISTORY, Forget, KeepRun, Locate, Look
from tuiprop.ui import screens
from tuiprop.ui.dialogs import Choose
from tuiprop.ui.link import Link
from tuiprop.ui.patches.guarded import GuardedApp
from tuiprop.ui.run.go_to import differing_words, kept_words
from tuiprop.ui.run.screen import RunScreen

QUIT_PATIENCE = 1.0
"""Seconds that quitting waits for the engine to keep the run, or to say where it is."""

REVIVAL_PATIENCE = 5.0
"""Seconds that quitting waits for a new engine where the old one has died."""


class Runs:
    """Opens runs and shows them, asking what has to be asked.

    Args:
        app: whose dialogs these are.
        link: to the engine.
        run_screen: shows the run.
    """

    def __init__(self, app: GuardedApp, link: Link, run_screen: RunScreen) -> None:
        self._app = app
        self._link = link
        self._run_screen = run_screen

    async def open_first(self, what: str, *, named: bool) -> Reply:
        """Open what the dashboard was begun with; `Opened`, or why it was not.

        Args:
            what: anything that can be opened.
            named: it was the user who named it.
        """
        reply = await self._link.ask(Locate(what=what, anything=not named))
        if not isinstance(reply, Located):
            return reply
        return await self._go_on(reply) or await self._open_located(reply)

    async def begin_what(self, what: str) -> str:
        """Begin a run with whatever this names; why it was not begun, or nothing."""
        reply = await self._link.ask(Locate(what=what))
        if isinstance(reply, Located):
            return await self._begin_located(reply)
        return reply.sentence if isinstance(reply, Refused) else ""

    async def begin(
        self, experiment: Tables, weights: str | None, initial: bytes | None = None
    ) -> str:
        """Begin a run if what there is may be lost; why it was not begun, or nothing."""
        return await self._begin_with(partial(self._link.open, experiment, weights, initial))

    async def may_quit(self) -> bool:
        """Whether the run is kept for the next start, or may be lost."""
        if self._link.outline is None:
            return True
        reason = ""
        for _ in range(2):
            reply = await self._keep()
            if isinstance(reply, Done):
                return True
            reason = reply.sentence if isinstance(reply, Refused) else ""
            if not (self._link.died or self._link.reviving):
                break
            with contextlib.suppress(TimeoutError):  # a new engine has the run
                await asyncio.wait_for(self._revived(), REVIVAL_PATIENCE)
        return await self._may_lose("Quit", reason)

    async def _keep(self) -> Reply | None:
        """Have the run kept; None where the engine neither answers nor saves."""
        answer = asyncio.ensure_future(self._link.ask(KeepRun()))
        is_told = False
        try:
            while not (await asyncio.wait({answer}, timeout=QUIT_PATIENCE))[0]:
                if not self._link.client.is_saving:
                    return None
                if not is_told:
                    is_told = True
                    self._app.notify("The run is being saved …")
            return answer.result()
        finally:
            answer.cancel()

    async def _open_located(self, located: Located) -> Reply:
        """Begin a run; of a table by itself, after a look at what was guessed about it."""
        if located.checkpoint is not None:
            return self._begun(await self._link.go_on(located.checkpoint, kept=False))
        if located.bare is not None:
            return await self._open_bare(located.bare, located.weights or "")
        reply = await self._open(located.experiment, located.weights)
        if not located.suggested or self._link.died:
            return reply
        chosen = await self._looked_at(located)
        unchanged = isinstance(reply, Opened) and chosen == located.experiment
        return reply if chosen is None or unchanged else await self._open(chosen)

    async def _open_bare(self, bare: BareWeights, weights: str) -> Reply:
        """Begin a run from weights of another program, asking for what their file does not say."""
        located = await screens.adopted(self._app, self._link, weights, bare)
        while located is not None:
            experiment = await self._looked_at(located)
            if experiment is None:
                break
            reply = await self._open(experiment, located.weights)
            if not isinstance(reply, Refused) or not located.suggested:
                return reply
            self._app.notify(reply.sentence, severity="error", timeout=10)
            located = msgspec.structs.replace(located, experiment=experiment)
        return Refused(sentence=bare.sentence)

    async def _looked_at(self, located: Located) -> Tables | None:
        """The experiment, after a look at what was guessed about its table; None: left."""
        if not located.suggested:
            return located.experiment
        screen = screens.DataScreen(self._link, located.experiment)
        return await self._app.push_screen_wait(screen)

    async def _open(self, experiment: Tables, weights: str | None = None) -> Reply:
        return self._begun(await self._link.open(experiment, weights))

    async def _go_on(self, located: Located) -> Reply | None:
        """Offer to go on with a run that was kept; `Opened` where that is done."""
        kept = located.kept
        if kept is None:
            return None
        answer = await self._app.push_screen_wait(
            Choose(kept_words(kept), _answers(kept), differing_words(kept))
        )
        if answer == "go":
            experiment = located.experiment if kept.adopts else None
            reply = self._begun(
                await self._link.go_on(kept.path, kept=kept.is_own, experiment=experiment)
            )
            if isinstance(reply, Opened):
                return reply
        elif answer == "forget":
            reply = await self._link.ask(Forget(path=kept.path))
        else:
            return None
        if isinstance(reply, Refused):
            self._app.notify(reply.sentence, severity="error", timeout=10)
        return None

    async def _begin_located(self, located: Located) -> str:
        """Begin a run with what was found; why it was not begun, or nothing."""
        if located.checkpoint is not None:
            return await self._begin_with(partial(self._link.go_on, located.checkpoint, kept=False))
        found: Located | None = located
        if located.bare is not None:
            weights = located.weights or ""
            found = await screens.adopted(self._app, self._link, weights, located.bare)
        experiment = None if found is None else await self._looked_at(found)
        if found is None or experiment is None:
            return ""
        return await self.begin(experiment, found.weights)

    async def _begin_with(self, opening: Callable[[], Coroutine[None, None, Reply]]) -> str:
        if not await self._may_lose("Start afresh"):
            return "not started: the run goes on"
        reply = self._begun(await opening())
        return reply.sentence if isinstance(reply, Refused) else ""

    def _begun(self, reply: Reply) -> Reply:
        """Show the run, where one was opened."""
        if not isinstance(reply, Opened):
            return reply
        self._run_screen.begin()
        self._link.keep()
        if reply.differing:
            self._app.notify(
                f"This run was saved on another machine: {reply.differing}. "
                "The last digits may come out otherwise from here on.",
                severity="warning",
                timeout=20,
            )
        return reply

    async def _revived(self) -> None:
        while self._link.died or self._link.reviving:
            await asyncio.sleep(0.05)

    async def _may_lose(self, verb: str, reason: str = "") -> bool:
        """Whether unexported work may be lost.

        Args:
            verb: what would lose it.
            reason: why the run could not be kept.
        """
        if self._link.outline is None:
            return True
        now = self._run_screen.frame
        with contextlib.suppress(TimeoutError):  # keys before this one have acted by then
            reply = await asyncio.wait_for(
                self._link.ask(Look(history_from=NO_HISTORY)), QUIT_PATIENCE
            )
            now = reply if isinstance(reply, Frame) else now
        if now is None or now.update in (0, self._run_screen.exported_update):
            return True
        answer = await self._app.push_screen_wait(
            Choose(
                f"Update {now.update} has not been exported.",
                {"go": f"{verb} without exporting", "stay": "Stay"},
                f"The run is not saved: {reason}" if reason else "",
            )
        )
        return answer == "go"


def _answers(kept: KeptRun) -> dict[str, str]:
    """What can be done with a kept run, the default first: the file where it says otherwise."""
    if kept.differing:
        answers = {
            "new": "Start with the file, and keep the run for later",
            "go": "Go on with the run",
            "forget": "Start with the file, and delete the run",
        }
    else:
        answers = {
            "go": "Go on with it",
            "new": "Start afresh, and keep it for later",
            "forget": "Start afresh, and delete it",
        }
    if not kept.is_own:
        del answers["forget"]
    return answers
