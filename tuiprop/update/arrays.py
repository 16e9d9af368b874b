"""The arrays of an update: their symbols, names and shapes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

PARAMETERS: Final = ("W", "b")
"""The symbols of the parameters of a layer."""

SYMBOLS: Final = ("W", "b", "z", "a", "da", "dz", "dW", "db")
"""The symbols of the arrays of a layer, in the order in which they are shown."""

_WITHOUT_LAYER = ("y", "J")


@dataclass(frozen=True)
class ArrayRef:
    """A reference to an array of an update: W[2], a[1], y, J, or a slot such as v of W[1]."""

    symbol: str
    layer: int
    slot: str = ""
    """The letter of a slot of the optimiser; `symbol` is the parameter that it belongs to."""

    def __str__(self) -> str:
        """The name in the notes."""
        return self._named(f"{self.symbol}[{self.layer}]", "{slot}({name})")

    @property
    def numpy(self) -> str:
        """The name of a variable: W2, v_W2."""
        return self._named(f"{self.symbol}{self.layer}", "{slot}_{name}")

    @property
    def latex(self) -> str:
        """The name in LaTeX: W^{[2]}, v_{W^{[2]}}."""
        return self._named(f"{self.symbol}^{{[{self.layer}]}}", "{slot}_{{{name}}}")

    @property
    def is_parameter(self) -> bool:
        """Whether an update changes the array: W, b and slots are there before it and after it."""
        return self.symbol in PARAMETERS

    @property
    def size_names(self) -> tuple[str, str]:
        """The names of the two sizes: n[2] and n[1] for W[2]; 1 and 1 for J."""
        l = self.layer
        if self.symbol == "J":
            return "1", "1"
        if self.symbol in ("W", "dW"):
            return f"n[{l}]", f"n[{l - 1}]"
        return f"n[{l}]", "1" if self.symbol in ("b", "db") else "m"

    def shape(self, sizes: Sequence[int], m: int) -> tuple[int, int]:
        """The shape for layers of n[0], n[1], …, n[L] units and m examples."""
        named = {f"n[{l}]": n for l, n in enumerate(sizes)} | {"1": 1, "m": m}
        rows, columns = self.size_names
        return named[rows], named[columns]

    def _named(self, layered: str, slotted: str) -> str:
        name = self.symbol if self.symbol in _WITHOUT_LAYER else layered
        return slotted.format(slot=self.slot, name=name) if self.slot else name
