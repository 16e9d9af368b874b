"""A new engine in place of one that has died."""

from collections.abc import Callable
from time import monotonic

from tuiprop.protocol.messages.base import RefusedError
from tuiprop.protocol.messages.moving import Position
from tuiprop.ui import screens
from tuiprop.ui.link import Link
from tuiprop.ui.patches.guarded import GuardedApp
from tuiprop.ui.run.screen import RunScreen

MOST_DEATHS, DEATHS_WITHIN = 3, 30.0
"""Deaths of the engine, and the seconds within which one more ends the dashboard."""


class Revival:
    """Starts a new engine when the old one has died, and restores the run.

    Args:
        app: tells the user.
        link: the link to the engine.
        run_screen: shows the run.
        open_first: opens what the dashboard was started with, where no run was open.
    """

    def __init__(
        self,
        app: GuardedApp,
        link: Link,
        run_screen: RunScreen,
        open_first: Callable[[], object],
    ) -> None:
        self._app = app
        self._link = link
        self._run_screen = run_screen
        self._open_first = open_first
        self._deaths: list[float] = []

    def watch(self) -> None:
        """Start a new engine if the old one has died."""
        if self._link.died:
            self._app.run_worker(self._revive(), exclusive=True, group="revive")

    async def _revive(self) -> None:
        now = monotonic()
        self._deaths = [*(each for each in self._deaths if now - each < DEATHS_WITHIN), now]
        reason = self._link.reason
        if len(self._deaths) > MOST_DEATHS:
            self._app.farewell = (
                f"the training engine crashed {len(self._deaths)} times "
                f"within {DEATHS_WITHIN:g} s: {reason}"
            )
            self._app.exit(return_code=1)
            return
        frame = self._run_screen.frame
        update, done = (frame[Position].update, frame[Position].done) if frame else (0, 0)
        try:
            opened = await self._link.revive(update, done)
        except RefusedError as error:
            self._app.notify(
                f"The training engine crashed ({reason}), "
                f"and the run cannot be opened again: {error.sentence}",
                severity="error",
                timeout=30,
            )
            return
        if opened is None:
            # the screen of a table repeats its requests itself
            if not any(
                isinstance(screen, screens.DataScreen | screens.AdoptScreen)
                for screen in self._app.screen_stack
            ):
                self._open_first()
        else:
            self._app.notify(
                f"The training engine crashed ({reason}). "
                "It was restarted, and your run was restored.",
                severity="warning",
                timeout=10,
            )
            self._run_screen.look()
