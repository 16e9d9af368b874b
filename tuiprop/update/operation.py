"""An operation of an update: its operands, its result and its equation in the notes.

`Operation.compute` recomputes it from its operands, by the calls that the update makes, on arrays
with the same memory layout: its result equals the record bit for bit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TypeAlias

from tuiprop.core.array import Array
from tuiprop.core.equation import Formula
from tuiprop.update.arrays import ArrayRef
from tuiprop.update.equation import Piece, joined
from tuiprop.update.latex import in_latex
from tuiprop.update.rule import rule_in_latex


class Phase(Enum):
    """The four parts of an update."""

    FORWARD = "forward"
    COST = "cost"
    BACKWARD = "backward"
    UPDATE = "update"


Arrays: TypeAlias = Mapping[ArrayRef, Array]


@dataclass(frozen=True)
class Operation:
    """One line of an update."""

    phase: Phase
    result: ArrayRef
    operands: tuple[ArrayRef, ...]
    equation: tuple[Piece, ...]
    """The right-hand side."""
    sentence: str
    """A plain sentence that says what it does; {m} is the number of examples."""
    numpy: str
    """The lines of NumPy that compute it; {m} is the number of examples, {t} that of the update."""
    compute: Callable[[Arrays], Array]
    """Computes the result from the operands, which it does not change."""
    summed_over: str = ""
    """The name of the dimension that a matrix product sums over; "" if it sums over none."""
    rule: tuple[str, ...] = ()
    """The lines before the last one, for an optimiser with state."""
    formula: Formula = ()
    """The formula that the equation names, in the symbols of the operands: that of the activation,
    the loss or the optimiser; () where the equation is complete."""
    repeats: int = 1
    """How many times an update applies the rule of the optimiser: 1, unless by mistake."""

    @property
    def sign(self) -> str:
        """= for a computed array, := for a parameter, which the update changes."""
        return ":=" if self.phase is Phase.UPDATE else "="

    @property
    def text(self) -> str:
        """The whole equation in one line."""
        return f"{self.result} {self.sign} {joined(piece.text for piece in self.equation)}"

    @cached_property
    def latex(self) -> tuple[str, ...]:
        """The equation in LaTeX, then its formula; for an optimiser, the lines of its rule."""
        names = tuple(((each.state_name or each.symbol), each.latex) for each in self.operands)
        if self.phase is Phase.UPDATE:
            state_names = tuple(each.state_name for each in self.operands if each.state_name)
            return (
                rule_in_latex(self.formula, names, state_names, self.result.symbol) * self.repeats
            )
        right = joined(piece.latex for piece in self.equation)
        equation = f"{self.result.latex} = {right}"
        if not self.formula:
            return (equation,)
        named = r"\mathcal{L}" if self.phase is Phase.COST else self.result.latex
        return equation, f"{named} = {in_latex(self.formula, names)}"
