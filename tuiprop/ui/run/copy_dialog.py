"""The dialog of the key y: copy an array, an operation or a record."""

from textual.app import App
from textual.notifications import SeverityLevel

from tuiprop.errors import FileError
from tuiprop.protocol.messages.arrays import Matrix, NumbersQuery, Window
from tuiprop.protocol.messages.files import SaveRecord
from tuiprop.protocol.messages.operation import OperationNote
from tuiprop.storage.atomic import write_text
from tuiprop.ui.dialogs import Choose, ask_path
from tuiprop.ui.link import Link
from tuiprop.ui.run.copying import COPY_FORMS, MOST_COPIED, OPERATION_FORMS, SUFFIXES
from tuiprop.update.arrays import ArrayRef

MOST_NUMBERS = 5_000_000
"""The most numbers that are written as text."""


class CopyDialog:
    """Asks what to copy, in which form, and where to.

    Args:
        app: shows the dialogs and has the clipboard.
        link: the link to the engine.
        matrix: the array on display, or a part of it.
        operation: the operation that computed it, if one did.
    """

    def __init__(
        self,
        app: App[int],
        link: Link,
        matrix: Matrix,
        operation: OperationNote | None,
    ) -> None:
        self._app = app
        self._link = link
        self._window = matrix.window
        self._shape = matrix.shape
        self._operation = operation

    async def run(self) -> None:
        """Ask, and copy."""
        answers = {f"array {form}": f"{self._window.array} as {form}" for form in COPY_FORMS}
        if self._operation is not None:
            result = self._operation.equation[0].text
            for form in OPERATION_FORMS:
                answers[f"operation {form}"] = f"the operation {result} as {form}, with operands"
        answers["record"] = "every array of this update, to a file (.npz)"
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
        array = self._window.array
        rows, columns = self._shape
        if rows * columns > MOST_NUMBERS:
            self._say(f"{array} is too large to copy as text: {rows:,} × {columns:,}.", "warning")
            return None
        matrices = await self._matrices([_whole(array, before=self._window.before)])
        if not self._are_there(matrices, 1):
            return None
        return COPY_FORMS[form](matrices[0])

    async def _operation_text(self, form: str) -> str | None:
        assert self._operation is not None
        arrays = [operand.array for operand in self._operation.operands]
        windows = [_whole(array, before=array.is_parameter) for array in arrays]
        matrices = await self._matrices(windows)
        if not self._are_there(matrices, len(windows)):
            return None
        if sum(len(row) for matrix in matrices for row in matrix.values) > MOST_NUMBERS:
            self._say("The operands are too large to copy as text.", "warning")
            return None
        return OPERATION_FORMS[form](self._operation, matrices)

    def _are_there(self, matrices: list[Matrix], count: int) -> bool:
        """Return True if all requested arrays have numbers; say why if not."""
        absent = next((matrix.absent for matrix in matrices if not matrix.made), "")
        if absent or len(matrices) < count:
            self._say(absent or "This array does not exist here.", "warning")
            return False
        return True

    async def _matrices(self, windows: list[Window]) -> list[Matrix]:
        return (await self._link.ask(NumbersQuery(operands=windows))).operands

    async def _deliver(self, text: str, form: str) -> None:
        """Send a text to the clipboard or to a file, as the user chooses."""
        count = f"{len(text):,} characters of {form}"
        where: str | None = "file"
        if len(text) <= MOST_COPIED:
            where = await self._app.push_screen_wait(
                Choose(
                    count,
                    {
                        "clipboard": "to the terminal's clipboard (OSC 52)",
                        "file": "to a file, for terminals without OSC 52",
                    },
                )
            )
        if where == "clipboard":
            self._app.copy_to_clipboard(text)
            self._say(f"{count} sent to the terminal's clipboard.")
        elif where == "file":
            name = f"{self._window.array.numpy}{SUFFIXES[form]}"
            path = await self._ask_path(count, name, SUFFIXES[form])
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
        exported = await self._link.ask(SaveRecord(path=path))
        self._say(f"{exported.sentence}.")

    async def _ask_path(self, title: str, name: str, suffix: str) -> str | None:
        return await ask_path(self._app, title, f"a file ending in {suffix}", name, suffix)

    def _say(self, sentence: str, severity: SeverityLevel = "information") -> None:
        self._app.notify(sentence, severity=severity, timeout=8)


def _whole(array: ArrayRef, *, before: bool) -> Window:
    return Window(array=array, before=before, rows=10**6, columns=10**7)
