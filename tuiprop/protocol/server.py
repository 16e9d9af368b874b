"""The engine: owns a run, answers requests about it and moves it.

It is synchronous: `handle` answers one request, `work` trains for a moment. It may run in the
dashboard's process or in a separate one.
"""

import traceback
from time import perf_counter
from typing import Any, TypeVar

import numpy as np

from tuiprop.errors import UserError
from tuiprop.protocol.handlers import HANDLERS
from tuiprop.protocol.messages.base import Refused, Request
from tuiprop.protocol.state import OpenRun, State
from tuiprop.session.autosave import EVERY
from tuiprop.session.fault import fault_words
from tuiprop.session.views.table import refusal_of

R = TypeVar("R")


class Engine(State):
    """One engine, for one dashboard."""

    def handle(self, request: Request[R]) -> R | Refused:
        """Answer a request; `Refused` where it cannot be carried out."""
        try:
            with np.errstate(all="ignore"):  # near a divergence numbers overflow
                reply: Any = HANDLERS[type(request)](self, request)
        except UserError as error:
            return refusal_of(error)
        except MemoryError:
            return Refused(sentence="not enough memory for this")
        except Exception as error:
            traceback.print_exc()
            return Refused(sentence=f"the engine could not do that: {fault_words(error)}")
        else:
            return reply  # type: ignore[no-any-return]

    def work(self) -> float | None:
        """Train for a moment, or continue the proof of the current position.

        An exception pauses the run; frames say what happened.

        Returns:
            Seconds until there is more work, 0 for at once; None if there is no work.
        """
        opened = self.run
        if opened is None:
            return None
        if opened.cursor.motion is None:
            return opened.proof.work()
        try:
            return opened.cursor.work()
        except Exception as error:
            traceback.print_exc()
            self._pause_after(error, opened)
            return None

    def _pause_after(self, error: Exception, opened: OpenRun) -> None:
        """Pause at the last consistent state of the run, and say why."""
        run = opened.session.run
        update = run.t + 1
        opened.cursor.recover()
        self.fault = (
            f"update {update} could not be computed: {fault_words(error)}; "
            f"the run is paused at update {run.t}"
        )

    def keep(self) -> float | None:
        """Save the run to its file, if it is time.

        After an exception, which frames report, saving is tried again later.

        Returns:
            Seconds until the next save; None if there is nothing to save.
        """
        if self.run is None or self.is_trying:
            return None
        wait = self.next_keep - perf_counter()
        if wait > 0:
            return wait
        try:
            return self.run.autosave.work()
        except Exception as error:
            traceback.print_exc()
            self.run.autosave.sentence = fault_words(error)
            self.next_keep = perf_counter() + EVERY
            return EVERY
