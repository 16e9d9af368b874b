"""What y does: what is to be copied, in which form, and where to."""

from textual.app import App

from tuiprop.errors import FileError
from tuiprop.protocol.messages.payloads import Matrix, Now, Window
from tuiprop.protocol.messages.replies import Exported, Frame, Refused
from tuiprop.protocol.messages.requests import NO_HISTORY, Look, SaveRecord
from tuiprop.storage.atomic import write_text
from tuiprop.ui.dialogs import Choose, ask_path
from tuiprop.ui.link import Link
from tuiprop.ui.run.copying import (
    COPY_FORMS,
    MOST_COPIED,
    OPERATION_FORMS,
    SUFFIXES,
    numpy_name,
)
from tuiprop.ui.run.matrix import ArrayName
from tuiprop.ui.run.operands import array_of

MOST_NUMBERS = 5_000_000
"""Numbers of an array that can become text."""


class CopyDialog:
    """Asks what, and where to.

    Args:
        app: whose dialogs and clipboard these are.
        link: to the engine.
        array: what is looked at.
        shape: its rows and columns.
        operation: what made it, if an operation did.
    """

    def __init__(
        self,
        app: App[int],
        link: Link,
        array: ArrayName,
        shape: tuple[int, int],
        operation: Now | None,
    ) -> None:
        self._app = app
        self._link = link
        self._array = array
        self._shape = shape
        self._operation = operation

    async def run(self) -> None:
        """Ask and do it."""
        answers = {f"array {form}": f"{self._array} as {form}" for form in COPY_FORMS}
        if self._operation is not None:
            result = self._operation.equation[0].text
            for form in OPERATION_FORMS:
                answers[f"operation {form}"] = f"the operation {result} as {form}, with operands"
        answers["record"] = "every array of this update, into a file (.npz)"
        what = await self._app.push_screen_wait(Choose("Copy", answers))
        if what is None:
            return
        if what == "record":
            await self._save_record()
            return
        kind, form = what.split(" ")
        text = await (self._array_text(form) if kind == "array" else self._operation_text(form))
        if text is not None:
            await self._deliver(text, form)

    async def _array_text(self, form: str) -> str | None:
        array = self._array
        if self._shape[0] * self._shape[1] > MOST_NUMBERS:
            self._say(f"{array} has more numbers than become text: {self._shape}.", "warning")
            return None
        matrices = await self._matrices([array])
        if not self._are_there(matrices, 1):
            return None
        return COPY_FORMS[form](matrices[0])

    async def _operation_text(self, form: str) -> str | None:
        assert self._operation is not None
        arrays = [array_of(operand) for operand in self._operation.operands]
        matrices = await self._matrices(arrays)
        if not self._are_there(matrices, len(arrays)):
            return None
        if sum(len(row) for matrix in matrices for row in matrix.values) > MOST_NUMBERS:
            self._say("its operands have more numbers than become text.", "warning")
            return None
        return OPERATION_FORMS[form](self._operation, matrices)

    def _are_there(self, matrices: list[Matrix], count: int) -> bool:
        """All that were asked for have numbers; else it says why not."""
        absent = next((matrix.absent for matrix in matrices if not matrix.made), "")
        if absent or len(matrices) < count:
            self._say(absent or "There is no such array here.", "warning")
            return False
        return True

    async def _matrices(self, arrays: list[ArrayName]) -> list[Matrix]:
        """Whole arrays."""
        windows = [
            Window(
                symbol=each.symbol,
                layer=each.layer,
                slot=each.slot,
                before=each.before,
                rows=10**6,
                columns=10**7,
            )
            for each in arrays
        ]
        reply = await self._link.ask(Look(operands=windows, history_from=NO_HISTORY))
        return reply.operands if isinstance(reply, Frame) else []

    async def _deliver(self, text: str, form: str) -> None:
        """To the clipboard, or into a file."""
        count = f"{len(text):,} characters of {form}"
        where: str | None = "file"
        if len(text) <= MOST_COPIED:
            where = await self._app.push_screen_wait(
                Choose(
                    count,
                    {
                        "clipboard": "to the terminal's clipboard (OSC 52)",
                        "file": "into a file, for terminals that refuse that",
                    },
                )
            )
        if where == "clipboard":
            self._app.copy_to_clipboard(text)
            self._say(f"{count} sent to the terminal's clipboard.")
        elif where == "file":
            name = numpy_name(Window(symbol=self._array.symbol, layer=self._array.layer))
            path = await self._ask_path(count, f"{name}{SUFFIXES[form]}", SUFFIXES[form])
            if path is not None:
                try:
                    write_text(path, text)
                except FileError as error:
                    self._say(str(error), "error")
                else:
                    self._say(f"{count} written to {path}.")

    async def _save_record(self) -> None:
        path = await self._ask_path("Every array of this update", "record.npz", ".npz")
        if path is None:
            return
        reply = await self._link.ask(SaveRecord(path=path))
        if isinstance(reply, Exported):
            self._say(f"{reply.sentence}.")
        elif isinstance(reply, Refused):
            self._say(reply.sentence, "error")

    async def _ask_path(self, title: str, name: str, suffix: str) -> str | None:
        return await ask_path(self._app, title, f"a file ending in {suffix}", name, suffix)

    def _say(self, sentence: str, severity: str = "information") -> None:
        self._app.notify(sentence, severity=severity, timeout=8)  # type: ignore[arg-type]
