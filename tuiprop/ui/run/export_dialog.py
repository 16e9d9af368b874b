"""The dialog of the key x: export the weights."""

from tuiprop.protocol.messages.data import Outline
from tuiprop.protocol.messages.files import Export
from tuiprop.protocol.messages.moving import Position
from tuiprop.protocol.messages.opening import ListNames
from tuiprop.protocol.messages.training import History
from tuiprop.ui.dialogs import Choose, ask_path
from tuiprop.ui.link import Link
from tuiprop.ui.patches.guarded import GuardedApp
from tuiprop.ui.run.go_to import CHECKPOINT
from tuiprop.ui.run.screen import RunScreen
from tuiprop.ui.status import source_name


class ExportDialog:
    """Asks which weights to export, and where to.

    Args:
        app: shows the dialogs.
        link: the link to the engine.
        run_screen: has the newest frame.
    """

    def __init__(self, app: GuardedApp, link: Link, run_screen: RunScreen) -> None:
        self._app = app
        self._link = link
        self._run_screen = run_screen

    async def run(self) -> None:
        """Ask, and export."""
        frame, outline = self._run_screen.frame, self._link.outline
        if frame is None or outline is None:
            return
        self._run_screen.pause()
        path = await self._ask_path(outline)
        which = None if path is None else await self._ask_which(path)
        if path is None or which is None:
            return
        exported = await self._link.ask(Export(path=path, best=which == "best"))
        self._run_screen.exported_update = exported.update
        self._app.notify(exported.sentence, title="Exported", timeout=8)

    async def _ask_path(self, outline: Outline) -> str | None:
        vocabulary = await self._link.ask(ListNames())
        formats = ", ".join(f"{each.suffix} ({each.name})" for each in vocabulary.formats)
        stem = source_name(outline).rsplit(".", 1)[0]
        return await ask_path(
            self._app,
            "Export the weights",
            f"File name; its suffix picks the format: {formats}. "
            f"{CHECKPOINT} saves a checkpoint, from which the run can be resumed.",
            f"{stem}.npz",
            *(each.suffix for each in vocabulary.formats),
            CHECKPOINT,
        )

    async def _ask_which(self, path: str) -> str | None:
        """Ask for the current or the best weights, if they differ."""
        frame = self._run_screen.frame
        if frame is None or path.endswith(CHECKPOINT):
            return "newest"
        update, history = frame[Position].update, frame[History]
        if history.best_update == update:
            return "newest"
        return await self._app.push_screen_wait(
            Choose(
                "Which weights?",
                {
                    "newest": f"update {update}: the current weights",
                    "best": f"update {history.best_update}: the best, at the end of epoch "
                    f"{history.best_epoch}",
                },
            )
        )
