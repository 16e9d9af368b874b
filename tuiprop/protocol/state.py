"""The state of an engine: the run that is open, and the tables that were read."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np

from tuiprop.errors import InputError
from tuiprop.session.autosave import Autosave
from tuiprop.session.background_proof import Proof
from tuiprop.session.cursor import Cursor
from tuiprop.session.session import Session
from tuiprop.session.viewpoint import Viewpoint
from tuiprop.session.views.frame import View
from tuiprop.session.views.predictions import Problem
from tuiprop.session.views.table import TableView


@dataclass(frozen=True)
class OpenRun:
    """A run and everything that looks at it or moves it."""

    number: int
    session: Session
    cursor: Cursor
    at: Viewpoint
    view: View
    proof: Proof
    problem: Problem
    autosave: Autosave


class State:
    """What handlers work on.

    Args:
        alive: a context in which a run is saved, however long that takes.
    """

    def __init__(self, alive: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        self.alive = alive
        self.run: OpenRun | None = None
        self.runs = 0
        """Runs that have been opened."""
        self.tables = TableView()
        self.fault = ""
        """The sentence on the exception that stopped the run, until it is moved again."""
        self.next_keep = 0.0
        """When the run may be saved again after an exception."""

    @property
    def opened(self) -> OpenRun:
        """The run that is open.

        Raises:
            InputError: none is.
        """
        if self.run is None:
            raise InputError("nothing is open yet")
        return self.run

    @property
    def is_trying(self) -> bool:
        """A change is tried: it is kept or reverted before anything else."""
        return self.run is not None and self.run.at.what_if is not None

    def replace(self, run: OpenRun) -> None:
        """Close the run that is open, and go on with another one."""
        self.close()
        self.run, self.runs = run, run.number
        self.fault, self.next_keep = "", 0.0

    def close(self) -> str:
        """Save the run, and release its file.

        Returns:
            Why it could not be saved; "" where it is, or where no runs are kept.
        """
        if self.run is None:
            return ""
        autosave = self.run.autosave
        with np.errstate(all="ignore"):
            sentence = autosave.save()
        autosave.let_go()
        return sentence if autosave.path else ""
