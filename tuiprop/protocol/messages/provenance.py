"""The provenance of a number."""

from tuiprop.protocol.messages.base import Message, Query, View
from tuiprop.update.arrays import CellRef


class FactorNote(Message, frozen=True, kw_only=True):
    """A number in a term."""

    array: str
    """The name of the array, dz[2], or a function of one: tanh′(z[1])."""
    name: str
    """The name of the number: dz[2][versicolor,#98]."""
    value: float
    cell: CellRef


class TermNote(Message, frozen=True, kw_only=True):
    """One term of the sum."""

    name: str
    """The name of the term: an example with its class, a unit, bias, …"""
    value: float
    factors: list[FactorNote]


class ProvenanceNote(Message, frozen=True, kw_only=True):
    """The provenance of a number."""

    cell: CellRef
    name: str
    """The name of the number: dW[2][versicolor,u4]."""
    shown: float
    """The number itself."""
    sentence: str = ""
    """The explanation of a number that no operation of this update computed; else empty."""
    mistake: str = ""
    """The mistake in the operation that computed the number, or "". The equation is the right
    one, so that its sum may not match."""
    equation: str = ""
    lines: list[str] = []
    """The formulas with their numbers and results."""
    terms: list[TermNote] = []
    """The largest terms."""
    more: int = 0
    """The number of terms not listed."""
    rest: float = 0.0
    """The sum of the other terms."""
    total: float = 0.0
    """The sum of all terms."""
    value: float = 0.0
    """The value of the equation: the total, or for softmax a share of it."""
    difference: float = 0.0
    """`shown` minus `value`."""
    matches: bool = True
    """True if rounding explains the difference."""


class Provenance(View, frozen=True, kw_only=True):
    """The provenance of one number."""

    note: ProvenanceNote | None
    """None while the run moves, and if the number is not available."""


class ProvenanceQuery(Query[Provenance], frozen=True, kw_only=True):
    """Ask for the provenance of a number."""

    cell: CellRef | None = None
    """The number; None asks for nothing."""
    terms: int = 0
    """The number of terms to list."""
    line_width: int = 74
    """The most columns of a line of the formulas."""
