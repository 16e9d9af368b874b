"""Trials of another value for one number."""

from tuiprop.protocol.messages.base import Message, Query, Request, View
from tuiprop.update.arrays import ArrayRef, CellRef

Pair = tuple[float | None, float | None]
"""Before and after."""


class WhatIfChange(Message, frozen=True, kw_only=True):
    """The change of an array of the current update."""

    array: ArrayRef
    name: str
    """The name of the cell that changes most: b[1][u0]."""
    before: float
    after: float
    changed: int
    """The number of values that change."""
    size: int


class WhatIf(Message, frozen=True, kw_only=True):
    """A changed number and the consequences."""

    cell: CellRef
    name: str
    """The name of the changed number: W[2][versicolor,u4]."""
    before: float
    after: float
    J_batch: Pair
    J_training: Pair
    J_validation: Pair
    changes: list[WhatIfChange]
    """The changes in the order of the operations."""


class Trial(View, frozen=True, kw_only=True):
    """The tried change."""

    what_if: WhatIf | None
    """None if no change is tried."""


class TrialQuery(Query[Trial], frozen=True, kw_only=True):
    """Ask for the tried change."""


class Try(Request[None], frozen=True, kw_only=True):
    """Try another value for one number of W, b or a[0], on a new branch.

    Until `Keep` or `Revert`, nothing else moves the run.
    """

    cell: CellRef
    value: float


class Keep(Request[None], frozen=True, kw_only=True):
    """Keep the tried change as a branch."""


class Revert(Request[None], frozen=True, kw_only=True):
    """Discard the tried change, and return to the position before it."""
