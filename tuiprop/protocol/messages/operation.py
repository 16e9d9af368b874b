"""The current operation of an update."""

from typing import Literal

from tuiprop.protocol.messages.base import Message, Query, View
from tuiprop.update.arrays import ArrayRef


class EquationPart(Message, frozen=True, kw_only=True):
    """A part of an equation: its text, and for an array its shape."""

    text: str
    shape: str = ""
    """The shape, (3,8), or the value of a number such as 1/m."""
    names: str = ""
    """The names of the dimensions: (n[2],n[1])."""


Axis = Literal["row", "column", ""]
"""An axis of the result of an operation, or none."""


class Operand(Message, frozen=True, kw_only=True):
    """An input array of an operation, and the part of it that one number of the result needs."""

    array: ArrayRef
    rows: Axis
    """The axis of the result whose index selects the row; "" where each number of the result
    needs all rows."""
    columns: Axis
    """The same for columns."""
    summand: bool
    """True for a term of a sum and for the changed parameter, which share the result's shape."""


class OperationNote(Message, frozen=True, kw_only=True):
    """An operation of the current update."""

    number: int
    """The number of the operation within the update, from 1."""
    phase: str
    result: ArrayRef
    equation: list[EquationPart]
    """The result, the equals sign, and the right-hand side."""
    rule: list[str]
    """The lines before the equation, for an optimiser with state."""
    summed_over: str
    sentence: str
    numpy: list[str]
    """The operation in NumPy, line by line."""
    latex: list[str]
    """The operation in LaTeX: the equation and the formula it names, or the optimiser's rule."""
    operands: list[Operand]
    next: str
    """The equation of the next operation."""


class CurrentOperation(View, frozen=True, kw_only=True):
    """The current operation, and the arrays that the current update has computed."""

    now: OperationNote | None
    """The last computed operation of an unfinished update."""
    completed: OperationNote | None
    """The last operation of update t, if the run has just stepped to it."""
    computed: bool
    """The arrays of update t are available."""
    uncomputed: list[ArrayRef]
    """The arrays that the unfinished update has not computed yet, without J."""
    updates_to_replay: int
    """The number of updates that must be replayed for the operands of update t, if that takes too
    long to do without being asked; else 0."""

    @property
    def operation(self) -> OperationNote | None:
        """Return the operation that the run has just stepped to, if any."""
        return self.now or self.completed


class CurrentOperationQuery(Query[CurrentOperation], frozen=True, kw_only=True):
    """Ask for the current operation."""
