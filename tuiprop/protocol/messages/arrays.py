"""Parts of arrays."""

from tuiprop.protocol.messages.base import Message, Query, View
from tuiprop.protocol.messages.operation import OperationNote
from tuiprop.update.arrays import ArrayRef


class Window(Message, frozen=True, kw_only=True):
    """A part of an array: `rows` rows from `row` on and `columns` columns from `column` on."""

    array: ArrayRef
    row: int = 0
    rows: int = 0
    column: int = 0
    columns: int = 0
    before: bool = False
    """Ask for a parameter or optimiser state before the update, not after it."""


class Figures(Message, frozen=True, kw_only=True):
    """Statistics of a whole array."""

    smallest: float
    largest: float
    size: float
    """The largest finite absolute value; 0 where no value is finite."""
    mean: float
    norm: float


class Matrix(Message, frozen=True, kw_only=True):
    """The part of an array that a window requested."""

    window: Window
    """The part that exists: the window, clipped to the array."""
    shape: tuple[int, int]
    absent: str = ""
    """The reason why its numbers are missing; `values` is empty then."""
    values: list[list[float]]
    before: list[list[float]]
    """The same part without the tried change; empty if no change is tried."""
    row_names: list[str]
    column_names: list[str]
    figures: Figures | None
    """None where the array is not computed yet, or is large while the run is playing."""

    @property
    def made(self) -> bool:
        """Return whether the numbers are present."""
        return not self.absent


class Numbers(View, frozen=True, kw_only=True):
    """Parts of arrays, and the operation that computed the first."""

    matrix: Matrix | None
    """The requested part; None if none was requested or the network has no such array."""
    shown: OperationNote | None
    """The operation that computed it; None for the inputs of an update."""
    long_route: str
    """The comparison of dz[L] = a[L] − y with the long route over da[L]."""
    operands: list[Matrix]
    """The parts of the further arrays, if they exist."""


class NumbersQuery(Query[Numbers], frozen=True, kw_only=True):
    """Ask for parts of arrays."""

    window: Window | None = None
    operands: list[Window] = []
    """Parts of further arrays."""
