"""How a file is read: what can be said about it, one question after the other."""

from collections.abc import Mapping
from typing import Any

from textual.app import App

from tuiprop.ui.data.column_changes import QUESTIONS, Question
from tuiprop.ui.dialogs import AskText, Choose

DEFAULT = "default"
"""The answer that removes a setting."""


class ReadDialog:
    """Asks which thing is to be said, and for the answer.

    Args:
        app: which shows the questions.
        form: the format of the file.
        data: the table `[data]` as it stands.
    """

    def __init__(self, app: App[Any], form: str, data: Mapping[str, Any]) -> None:
        self._app = app
        self._form = form
        self._data = data

    async def run(self) -> tuple[Question, Any] | None:
        """The question and its answer, which is None for a guess; None where nothing is said."""
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
