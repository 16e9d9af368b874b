"""The dialog about how a file is read: first the setting, then its value."""

from collections.abc import Mapping
from typing import Any

from textual.app import App

from tuiprop.ui.data.column_changes import QUESTIONS, Question
from tuiprop.ui.dialogs import AskText, Choose

DEFAULT = "default"
"""The answer that removes a setting."""


class ReadDialog:
    """Asks for one setting of how a file is read, and for its value.

    Args:
        app: shows the questions.
        form: the format of the file.
        data: the present table `[data]`.
    """

    def __init__(self, app: App[Any], form: str, data: Mapping[str, Any]) -> None:
        self._app = app
        self._form = form
        self._data = data

    async def run(self) -> tuple[Question, Any] | None:
        """Return the question and its answer (None: automatic), or None where the user left."""
        questions = {q.key: q for q in QUESTIONS if not q.formats or self._form in q.formats}
        key = await self._app.push_screen_wait(
            Choose("How the file is read", {key: q.words for key, q in questions.items()})
        )
        if key is None:
            return None
        question = questions[key]
        answer = await (self._choose(question) if question.answers else self._type(question))
        return None if answer is None else (question, answer[0])

    async def _choose(self, question: Question) -> tuple[Any] | None:
        words = {str(i): text for i, (text, _) in enumerate(question.answers)}
        chosen = await self._app.push_screen_wait(Choose(question.title, words))
        return None if chosen is None else (question.answers[int(chosen)][1],)

    async def _type(self, question: Question) -> tuple[Any] | None:
        own = self._data.get(question.key) or ""
        typed = await self._app.push_screen_wait(
            AskText(
                question.title,
                f'{question.allowed}; "{DEFAULT}" resets it',
                own if isinstance(own, str) else ", ".join(own),
            )
        )
        if typed is None or typed == DEFAULT:
            return None if typed is None else (None,)
        return ([cell.strip() for cell in typed.split(",")],) if question.several else (typed,)
