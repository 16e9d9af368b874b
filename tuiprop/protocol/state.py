"""The state of an engine: the open run, and the tables that were read."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np

from tuiprop.errors import InputError
from tuiprop.session.autosave import Autosave
from tuiprop.session.background_proof import Proof
from tuiprop.session.cursor import Cursor
from tuiprop.session.session import Session
from tuiprop.session.stops import Stops
from tuiprop.session.viewpoint import Viewpoint
from tuiprop.session.views.arrays import ArrayView
from tuiprop.session.views.predictions import Predictor
from tuiprop.session.views.table import TableView
from tuiprop.session.views.training import CostView


@dataclass(frozen=True)
class OpenRun:
    """A run and all objects that observe or move it."""

    number: int
    session: Session
    cursor: Cursor
    at: Viewpoint
    stops: Stops
    arrays: ArrayView
    costs: CostView
    predictor: Predictor
    proof: Proof
    autosave: Autosave


class State:
    """The state that handlers work on.

    Args:
        alive: a context that gives signs of life while a run is saved.
    """

    def __init__(self, alive: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        self.alive = alive
        self.run: OpenRun | None = None
        self.runs = 0
        """The number of runs opened so far."""
        self.tables = TableView()
        self.fault = ""
        """The sentence about the exception that stopped the run, until the run moves again."""
        self.next_keep = 0.0
        """The time from which the run may be saved again after an exception."""

    @property
    def opened(self) -> OpenRun:
        """Return the open run.

        Raises:
            InputError: no run is open.
        """
        if self.run is None:
            raise InputError("nothing is open yet")
        return self.run

    @property
    def is_trying(self) -> bool:
        """Return whether a change is tried, which must be kept or reverted first."""
        return self.run is not None and self.run.at.what_if is not None

    def replace(self, run: OpenRun) -> None:
        """Close the open run and replace it by another one."""
        self.close()
        self.run, self.runs = run, run.number
        self.fault, self.next_keep = "", 0.0

    def close(self) -> str:
        """Save the run, and release its file.

        Returns:
            The reason why it could not be saved; "" if it was saved, or if runs are not kept.
        """
        if self.run is None:
            return ""
        autosave = self.run.autosave
        with np.errstate(all="ignore"):
            sentence = autosave.save()
        autosave.let_go()
        return sentence if autosave.path else ""
