"""Equations as they are shown: pieces with the arrays that they name, as text and in LaTeX."""

from collections.abc import Iterable
from dataclasses import dataclass

from tuiprop.update.arrays import ArrayRef


@dataclass(frozen=True)
class Piece:
    """A part of an equation: an array, possibly transposed, or the text between arrays."""

    text: str
    array: ArrayRef | None = None
    transposed: bool = False
    written: str = ""
    """The LaTeX, where it does not follow from the symbols of the text."""

    @classmethod
    def of(cls, array: ArrayRef, *, transposed: bool = False) -> "Piece":
        """An array, or its transpose."""
        return cls(f"{array}{'ᵀ' if transposed else ''}", array, transposed)

    @property
    def latex(self) -> str:
        """The part in LaTeX."""
        if self.written:
            return self.written
        text = self.text
        if self.array is not None:
            name = str(self.array)
            alone = text == name
            text = text.replace(name, self.array.latex if alone else f"{{{self.array.latex}}}")
        return text.translate(_LATEX_SYMBOLS)


_LATEX_SYMBOLS = str.maketrans(
    {
        "·": r"\cdot",
        "*": r"\odot",
        "−": "-",
        "Σ": r"\sum",
        "ᵢ": "_i",
        "λ": r"\lambda",
        "ᵀ": "^{T}",
        "⁽": "^{(",
        "ⁱ": "i",
        "⁾": ")}",
    }
)

MEAN = Piece("(1/m)", written=r"\frac{1}{m}")
"""The factor of a mean over the examples."""

PENALTY = (
    Piece("+"),
    Piece("(λ/2)", written=r"\frac{\lambda}{2}"),
    Piece("Σ ‖W[l]‖²", written=r"\sum_l \lVert W^{[l]} \rVert^{2}"),
)
"""The L2 term of the cost."""


def function(name: str, prime: str = "") -> Piece:
    """The name of a function with its opening bracket; with a `prime`, of its derivative."""
    escaped = name.replace("_", r"\_")
    mark = "'" if prime else ""
    return Piece(f"{name}{prime}(", written=rf"\mathrm{{{escaped}}}{mark}(")


def joined(pieces: Iterable[str]) -> str:
    """Join pieces into one line, without blanks inside brackets and before commas."""
    return " ".join(pieces).replace("( ", "(").replace(" )", ")").replace(" ,", ",")
