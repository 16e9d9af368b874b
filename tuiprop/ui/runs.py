"""The run of the dashboard: opening, resuming and leaving one."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from functools import partial

import msgspec

from tuiprop.protocol.client import EngineDiedError
from tuiprop.protocol.messages.base import RefusedError
from tuiprop.protocol.messages.data import Tables
from tuiprop.protocol.messages.files import KeepRun
from tuiprop.protocol.messages.moving import Position, PositionQuery
from tuiprop.protocol.messages.opening import BareWeights, Forget, KeptRun, Locate, Located, Opened
from tuiprop.ui import screens
from tuiprop.ui.dialogs import Choose
from tuiprop.ui.link import Link
from tuiprop.ui.patches.guarded import GuardedApp
from tuiprop.ui.run.go_to import differing_words, kept_words
from tuiprop.ui.run.screen import RunScreen

QUIT_PATIENCE = 1.0
"""Seconds for which quitting waits for the engine to save the run or report its position."""

REVIVAL_PATIENCE = 5.0
"""Seconds for which quitting waits for a new engine if the old one has died."""


class Runs:
    """Opens runs and shows them, asking the user where necessary.

    Args:
        app: shows the dialogs.
        link: the link to the engine.
        run_screen: shows the run.
    """

    def __init__(self, app: GuardedApp, link: Link, run_screen: RunScreen) -> None:
        self._app = app
        self._link = link
        self._run_screen = run_screen

    async def open_first(self, what: str, *, named: bool) -> None:
        """Open what the dashboard was started with.

        Args:
            what: anything that can be opened.
            named: True if the user named it.

        Raises:
            RefusedError: it cannot be opened.
        """
        located = await self._link.ask(Locate(what=what, anything=not named))
        if not await self._goes_on(located):
            await self._open_located(located)

    async def begin_what(self, what: str) -> None:
        """Start a run with whatever this names.

        Raises:
            RefusedError: the run is not started.
        """
        located: Located | None = await self._link.ask(Locate(what=what))
        assert located is not None
        if located.checkpoint is not None:
            await self._begin_with(partial(self._link.go_on, located.checkpoint, kept=False))
            return
        if located.bare is not None:
            weights = located.weights or ""
            located = await screens.adopted(self._app, self._link, weights, located.bare)
        experiment = None if located is None else await self._looked_at(located)
        if located is not None and experiment is not None:
            await self.begin(experiment, located.weights)

    async def begin(
        self, experiment: Tables, weights: str | None, initial: bytes | None = None
    ) -> None:
        """Start a run if the open one may be lost.

        Raises:
            RefusedError: the run is not started.
        """
        await self._begin_with(partial(self._link.open, experiment, weights, initial))

    async def may_quit(self) -> bool:
        """Return True if the run is kept for the next start, or may be lost."""
        if self._link.outline is None:
            return True
        reason = ""
        for _ in range(2):
            try:
                if await self._is_kept():
                    return True
            except RefusedError as error:
                reason = error.sentence
            if not (self._link.died or self._link.reviving):
                break
            with contextlib.suppress(TimeoutError):  # a new engine restores the run
                await asyncio.wait_for(self._revived(), REVIVAL_PATIENCE)
        return await self._may_lose("Quit", reason)

    async def _is_kept(self) -> bool:
        """Save the run; return False if the engine neither answers nor saves.

        Raises:
            RefusedError: it cannot be saved.
        """
        answer = asyncio.ensure_future(self._link.ask(KeepRun()))
        is_told = False
        try:
            while not (await asyncio.wait({answer}, timeout=QUIT_PATIENCE))[0]:
                if not self._link.client.is_saving:
                    return False
                if not is_told:
                    is_told = True
                    self._app.notify("Saving the run …")
            answer.result()
            return True
        finally:
            answer.cancel()

    async def _open_located(self, located: Located) -> None:
        """Start a run; for a bare table, show first what was guessed about it."""
        if located.checkpoint is not None:
            self._show(await self._link.go_on(located.checkpoint, kept=False))
        elif located.bare is not None:
            await self._open_bare(located.bare, located.weights or "")
        elif located.suggested:
            await self._open_suggested(located)
        else:
            await self._open(located.experiment, located.weights)

    async def _open_suggested(self, located: Located) -> None:
        """Start a run with the guesses about a table, and another if the user changes them."""
        refused = None
        try:
            await self._open(located.experiment, located.weights)
        except EngineDiedError:
            raise
        except RefusedError as error:
            refused = error
        chosen = await self._looked_at(located)
        if chosen is not None and (refused or chosen != located.experiment):
            await self._open(chosen)
        elif refused is not None:
            raise refused

    async def _open_bare(self, bare: BareWeights, weights: str) -> None:
        """Start a run from weights of another program, asking for what their file does not say."""
        located = await screens.adopted(self._app, self._link, weights, bare)
        while located is not None:
            experiment = await self._looked_at(located)
            if experiment is None:
                break
            try:
                await self._open(experiment, located.weights)
            except RefusedError as error:
                if not located.suggested:
                    raise
                self._link.failed(error)
                located = msgspec.structs.replace(located, experiment=experiment)
            else:
                return
        raise RefusedError(bare.sentence)

    async def _looked_at(self, located: Located) -> Tables | None:
        """Return the experiment, after the user has checked guesses; None if the user leaves."""
        if not located.suggested:
            return located.experiment
        screen = screens.DataScreen(self._link, located.experiment)
        return await self._app.push_screen_wait(screen)

    async def _open(self, experiment: Tables, weights: str | None = None) -> None:
        self._show(await self._link.open(experiment, weights))

    async def _goes_on(self, located: Located) -> bool:
        """Offer to resume a kept run; return True if it was resumed."""
        kept = located.kept
        if kept is None:
            return False
        answer = await self._app.push_screen_wait(
            Choose(kept_words(kept), _answers(kept), differing_words(kept))
        )
        try:
            if answer == "go":
                experiment = located.experiment if kept.adopts else None
                self._show(
                    await self._link.go_on(kept.path, kept=kept.is_own, experiment=experiment)
                )
                return True
            if answer == "forget":
                await self._link.ask(Forget(path=kept.path))
        except RefusedError as error:
            self._link.failed(error)
        return False

    async def _begin_with(self, opening: Callable[[], Coroutine[None, None, Opened]]) -> None:
        if not await self._may_lose("Start over"):
            raise RefusedError("Cancelled. The current run continues.")
        self._show(await opening())

    def _show(self, opened: Opened) -> None:
        """Show a run that was opened."""
        self._run_screen.begin()
        self._link.keep()
        if opened.differing:
            self._app.notify(
                f"This run was saved on another machine: {opened.differing}. "
                "Rounding may differ, and with it the course of the run from here on.",
                severity="warning",
                timeout=20,
            )

    async def _revived(self) -> None:
        while self._link.died or self._link.reviving:
            await asyncio.sleep(0.05)

    async def _may_lose(self, verb: str, reason: str = "") -> bool:
        """Return True if unexported work may be lost, asking if there is any.

        Args:
            verb: the action that would lose it.
            reason: why the run could not be saved.
        """
        if self._link.outline is None:
            return True
        frame = self._run_screen.frame
        now = None if frame is None else frame[Position]
        # by the time of the reply, earlier keys have taken effect
        with contextlib.suppress(TimeoutError, RefusedError):
            now = await asyncio.wait_for(self._link.ask(PositionQuery()), QUIT_PATIENCE)
        if now is None or now.update in (0, self._run_screen.exported_update):
            return True
        answer = await self._app.push_screen_wait(
            Choose(
                f"Update {now.update} has not been exported.",
                {"go": f"{verb} without exporting", "stay": "Cancel"},
                f"The run is not saved: {reason}" if reason else "",
            )
        )
        return answer == "go"


def _answers(kept: KeptRun) -> dict[str, str]:
    """Return the answers about a kept run, the default first: the file, if it differs."""
    if kept.differing:
        answers = {
            "new": "Start from the file, keep the run",
            "go": "Resume the run",
            "forget": "Start from the file, delete the run",
        }
    else:
        answers = {
            "go": "Resume",
            "new": "Start over, keep this run",
            "forget": "Start over, delete this run",
        }
    if not kept.is_own:
        del answers["forget"]
    return answers
