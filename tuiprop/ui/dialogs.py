"""Dialogs: one asks for a text, one for a choice among a few answers."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList
from textual.widgets.option_list import Option

from tuiprop.errors import FileError
from tuiprop.storage.atomic import check_writable
from tuiprop.ui import keys
from tuiprop.ui.patches.options import List
from tuiprop.ui.patches.shown import LeftOnce
from tuiprop.ui.patches.text_field import TextField
from tuiprop.ui.run.go_to import typed_path

_CSS = """
{name} {{ align: center middle; background: $background 60%; }}
{name} > Vertical {{ width: 64; max-width: 96%; height: auto; border: round $foreground;
                     padding: 1 2; background: $background; }}
{name} Label {{ width: 100%; }}
{name} .title {{ text-style: bold; }}
{name} .words {{ color: $dim; margin-bottom: 1; }}
{name} Label.error {{ color: $error; background: $background; height: auto; }}
{name} OptionList, {name} OptionList:focus {{ border: none; height: auto; max-height: 12;
                                             background: $background; }}
"""

LEAVING: list[BindingType] = [*keys.DIALOG.bindings, keys.COPY_OR_QUIT.binding]
"""The keys of every dialog; Ctrl+C applies if no text is selected in an input."""


class AskText(LeftOnce, ModalScreen[str | None]):
    """Asks for a line of text; Enter answers, Escape leaves.

    Args:
        title: the question.
        words: the answers that are allowed.
        initial: the text at first.
        check: returns what is wrong with a text, or "".
    """

    DEFAULT_CSS = _CSS.format(name="AskText")
    BINDINGS: ClassVar[list[BindingType]] = LEAVING

    def __init__(
        self,
        title: str,
        words: str,
        initial: str = "",
        check: Callable[[str], str] = lambda text: "",
    ) -> None:
        super().__init__()
        self._title, self._words, self._initial = title, words, initial
        self._check = check

    def compose(self) -> ComposeResult:
        """Compose title, words, input and error."""
        with Vertical():
            yield Label(self._title, classes="title", markup=False)
            yield Label(self._words, classes="words", markup=False)
            yield TextField(self._initial, compact=True)
            yield Label("", classes="error", markup=False)

    @on(Input.Changed)
    def _clear(self) -> None:
        self.query_one(".error", Label).update("")

    @on(Input.Submitted)
    def _answer(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        sentence = self._check(text) if text else "Type an answer, or press Escape."
        if sentence:
            self.query_one(".error", Label).update(sentence)
        else:
            self.dismiss(text)

    def action_leave(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)


class Choose(LeftOnce, ModalScreen[str | None]):
    """Asks for one of a few answers; Enter or a click answers, Escape leaves.

    Args:
        title: the question.
        answers: the values to return, each with its label; the first is selected.
        words: facts for the decision.
    """

    DEFAULT_CSS = _CSS.format(name="Choose")
    BINDINGS: ClassVar[list[BindingType]] = LEAVING

    def __init__(self, title: str, answers: dict[str, str], words: str = "") -> None:
        super().__init__()
        self._title, self._answers, self._words = title, answers, words

    def compose(self) -> ComposeResult:
        """Compose title, words and answers."""
        with Vertical():
            yield Label(self._title, classes="title", markup=False)
            if self._words:
                yield Label(self._words, classes="words", markup=False)
            yield List(
                *(Option(words, id=answer) for answer, words in self._answers.items()),
                markup=False,
            )

    @on(OptionList.OptionSelected)
    def _answer(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def action_leave(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)


def _refusal(path: str, suffixes: tuple[str, ...]) -> str:
    """Return why a path cannot be written to, or ""."""
    try:
        check_writable(path, *suffixes)
    except FileError as error:
        return str(error)
    return ""


async def ask_path(
    app: App[int], title: str, words: str, initial: str, *suffixes: str
) -> str | None:
    """Ask for a file to write, and confirm before it replaces another one.

    Args:
        app: shows the dialogs.
        title: the question.
        words: the names that are allowed.
        initial: the name at first.
        suffixes: the suffixes that are allowed.

    Returns:
        The path, or None if the user leaves.
    """
    answer = await app.push_screen_wait(
        AskText(title, words, initial, check=lambda text: _refusal(typed_path(text), suffixes))
    )
    if answer is None:
        return None
    path = typed_path(answer)
    if Path(path).exists():
        choice = Choose(f"{path} exists.", {"replace": "Replace it", "keep": "Keep it"})
        if await app.push_screen_wait(choice) != "replace":
            return None
    return path
