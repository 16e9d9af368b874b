"""The provenance of a number: the scalar equation of one cell, its terms and their sum.

`tracer` determines it. Everything is computed in float64 from the recorded operands and compared
with the recorded number; `error_bounds` bounds the difference of the two.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from tuiprop.explain.error_bounds import Numbers
from tuiprop.explain.evaluation import Line
from tuiprop.update.arrays import CellRef
from tuiprop.update.operation import Operation


@dataclass(frozen=True)
class Factor:
    """A number in a term, and the cell that holds it."""

    cell: CellRef
    value: float
    function: str = ""
    """The function of the number in the cell, such as tanh′; "" for the number itself."""


Kind: TypeAlias = Literal[
    "example", "unit", "bias", "penalty", "output", "target", "value", "before", "decay", "change"
]
"""The kind of a term. The index of a term counts examples, units of the layer that is summed
over, or for a penalty the layers; it is 0 for the other kinds."""


@dataclass(frozen=True)
class Term:
    """One of the summands."""

    kind: Kind
    index: int
    value: float
    factors: tuple[Factor, ...]


@dataclass(frozen=True, eq=False)
class Group:
    """Terms of one kind as one vector, (n,); the factors of a term are looked up on request."""

    kind: Kind
    values: Numbers
    factors: Callable[[int], tuple[Factor, ...]]
    first: int = 0
    """The index of the first term."""

    def term(self, position: int) -> Term:
        """Look up one of the terms."""
        value = float(self.values[position])
        return Term(self.kind, self.first + position, value, self.factors(position))


class Top(NamedTuple):
    """The largest terms and the sum of the others."""

    terms: list[Term]
    more: int
    """The number of the other terms."""
    rest: float
    """Their sum."""


@dataclass(frozen=True, eq=False)
class Provenance:
    """The provenance of the number in one cell."""

    cell: CellRef
    pattern: str
    """The equation, with {row} and {column} for the indices of the cell."""
    groups: tuple[Group, ...]
    """The terms."""
    lines: tuple[Line, ...]
    """The lines of formulas with numbers: computed before the terms, or from their sum."""
    value: float
    """The value of the equation: the sum of the terms, up to rounding; softmax divides by it."""
    shown: float
    """The number in the record."""
    bound: float
    """The largest difference of these two that rounding explains (see `error_bounds`)."""

    @property
    def letters(self) -> tuple[str, str]:
        """The letters for the row and the column of the cell: j, and k or i."""
        return "j", "k" if self.cell.array.columns == "units" else "i"

    @property
    def equation(self) -> str:
        """The scalar equation with its indices as letters."""
        return self.equation_at(*self.letters)

    def equation_at(self, row: str, column: str) -> str:
        """The scalar equation with names or numbers for the row and the column of the cell."""
        return self.pattern.format(row=row, column=column)

    @property
    def values(self) -> Numbers:
        """All terms, group by group."""
        return np.concatenate([group.values for group in self.groups])

    @property
    def total(self) -> float:
        """The sum of the terms."""
        with np.errstate(all="ignore"):
            return float(self.values.sum())

    @property
    def difference(self) -> float:
        """The number in the record minus the value of the equation."""
        with np.errstate(all="ignore"):
            return float(np.subtract(self.shown, self.value))

    @property
    def matches(self) -> bool:
        """True if rounding explains the difference, or equal numbers are not finite.

        If the sum of the absolute values of finite terms overflows, the bound is infinite, because
        the result depends on the order of summation.
        """
        if np.isinf(self.bound):
            return True
        same = self.shown == self.value or (np.isnan(self.shown) and np.isnan(self.value))
        return bool(same or abs(self.difference) <= self.bound)

    def term(self, position: int) -> Term:
        """The term at a position of `values`."""
        for group in self.groups:
            if position < len(group.values):
                return group.term(position)
            position -= len(group.values)
        raise IndexError(position)

    def top(self, count: int) -> Top:
        """The `count` terms with the largest absolute values, and the sum of the others."""
        values = self.values
        sizes = np.nan_to_num(np.abs(values), nan=np.inf, posinf=np.inf)
        if count < len(values):
            least = np.partition(sizes, -count)[-count] if count else np.inf
            candidates = np.flatnonzero(sizes >= least)
        else:
            candidates = np.arange(len(values))
        chosen = candidates[np.argsort(-sizes[candidates], kind="stable")][:count]
        with np.errstate(all="ignore"):
            rest = float(np.delete(values, chosen).sum())
        return Top([self.term(int(i)) for i in chosen], len(values) - len(chosen), rest)


def producing_operation(operations: Sequence[Operation], cell: CellRef) -> Operation | None:
    """The operation that computed a number; None if the update starts from the number."""
    if cell.before:
        return None
    return next((each for each in operations if each.result == cell.array), None)
