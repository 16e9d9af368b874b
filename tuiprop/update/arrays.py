"""References to the arrays of an update and to their cells: symbols, names, shapes, properties.

Messages, the dashboard and the code that computes share these types, so this module imports
neither NumPy nor anything else of the package.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Final, Literal, TypeAlias, TypeVar

from msgspec import Struct

PARAMETERS: Final = ("W", "b")
"""The symbols of the parameters of a layer."""

SYMBOLS: Final = ("W", "b", "z", "a", "da", "dz", "dW", "db")
"""The symbols of the arrays of a layer, in the order in which they are shown."""

Columns: TypeAlias = Literal["units", "examples", "one"]
"""The meaning of the columns of an array: the units of the layer before, the examples of the
batch, or none, because the array has one column only."""

_COLUMNS: Final[dict[str, Columns]] = {
    "W": "units",
    "dW": "units",
    "b": "one",
    "db": "one",
    "J": "one",
    "t": "one",
}
"""The symbols whose columns are not examples."""

_NUMBERS = ("J", "t")
_OF_OUTPUT = ("y", "J")
_WITHOUT_LAYER = ("y", *_NUMBERS)

_Size = TypeVar("_Size", int, str)


class ArrayRef(Struct, frozen=True):
    """A reference to an array of an update: W[2], a[1], y, J, or optimiser state such as v of W[1].

    The layer of y and of J is L.
    """

    symbol: str
    layer: int
    state_name: str = ""
    """The letter of an array of optimiser state; `symbol` is the parameter that it belongs to."""

    def __str__(self) -> str:
        """The name in the notes: W[2], v(W[2])."""
        return self._named(f"{self.symbol}[{self.layer}]", "{state}({name})")

    @property
    def numpy(self) -> str:
        """The name of a variable: W2, v_W2."""
        return self._named(f"{self.symbol}{self.layer}", "{state}_{name}")

    @property
    def latex(self) -> str:
        """The name in LaTeX: W^{[2]}, v_{W^{[2]}}."""
        return self._named(f"{self.symbol}^{{[{self.layer}]}}", "{state}_{{{name}}}")

    def in_file(self, *, after: bool = False) -> str:
        """The name in the file of a record: W2, v_W2, and W2_after for W[2] after the update."""
        return f"{self.numpy}_after" if after else self.numpy

    def cell_name(self, row: str, column: str) -> str:
        """The name of a cell, from those of its row and column: dW[2][setosa,u4], b[2][u1], J."""
        if self.is_number:
            return str(self)
        return f"{self}[{row}]" if self.columns == "one" else f"{self}[{row},{column}]"

    @property
    def is_of_layer(self) -> bool:
        """True for an array that is shown for each layer; optimiser state is not."""
        return self.symbol in SYMBOLS and not self.state_name

    @property
    def is_number(self) -> bool:
        """True for a single number without a shape: J, or t of the optimiser's rule."""
        return self.symbol in _NUMBERS

    @property
    def is_parameter(self) -> bool:
        """True for an array that exists before and after an update: W, b and optimiser state."""
        return self.symbol in PARAMETERS

    @property
    def is_input(self) -> bool:
        """True for a[0] = X."""
        return self.symbol == "a" and self.layer == 0

    @property
    def is_given(self) -> bool:
        """True for an array that an update starts from: W, b, optimiser state, X, y."""
        return self.is_parameter or self.is_input or self.symbol in ("y", "t")

    @property
    def is_editable(self) -> bool:
        """True for an array whose numbers can be changed by hand: W, b and X."""
        return not self.state_name and (self.is_parameter or self.is_input)

    @property
    def gradient(self) -> "ArrayRef":
        """dW[l] for W[l] and its optimiser state, db[l] for b[l] and its optimiser state."""
        return ArrayRef(f"d{self.symbol}", self.layer)

    @property
    def columns(self) -> Columns:
        """The meaning of its columns."""
        return _COLUMNS.get(self.symbol, "examples")

    @property
    def first_layer(self) -> int:
        """The first layer with an array of this symbol: 0 for a, as a[0] = X, and 1 for others."""
        return 0 if self.symbol == "a" else 1

    def exists(self, L: int) -> bool:
        """Return True if the updates of L layers have this array; ignore the optimiser state."""
        if self.symbol in _OF_OUTPUT:
            return self.layer == L
        return self.symbol in SYMBOLS and self.first_layer <= self.layer <= L

    @property
    def size_names(self) -> tuple[str, str]:
        """The names of the two sizes: n[2] and n[1] for W[2]; 1 and 1 for J."""
        return self._sizes("n[{}]".format, "m", "1")

    @property
    def shape_name(self) -> str:
        """The names of the two sizes in brackets: (n[2],n[1]); J, a number, has none."""
        return "" if self.is_number else f"({','.join(self.size_names)})"

    def shape(self, sizes: Sequence[int], m: int) -> tuple[int, int]:
        """The shape for layers of n[0], n[1], …, n[L] units and m examples."""
        return self._sizes(sizes.__getitem__, m, 1)

    def _sizes(self, n: Callable[[int], _Size], m: _Size, one: _Size) -> tuple[_Size, _Size]:
        rows = one if self.is_number else n(self.layer)
        if self.columns == "units":
            return rows, n(self.layer - 1)
        return rows, m if self.columns == "examples" else one

    def _named(self, layered: str, of_state: str) -> str:
        name = self.symbol if self.symbol in _WITHOUT_LAYER else layered
        return of_state.format(state=self.state_name, name=name) if self.state_name else name


class CellRef(Struct, frozen=True):
    """A reference to one number of an array of an update."""

    array: ArrayRef
    row: int = 0
    column: int = 0
    before: bool = False
    """True for a parameter or optimiser state as it was before the update, not as it is now."""

    def exists(self, sizes: Sequence[int], m: int) -> bool:
        """Return True if an update of layers of n[0], …, n[L] units over m examples has it."""
        if not self.array.exists(len(sizes) - 1):
            return False
        rows, columns = self.array.shape(sizes, m)
        return 0 <= self.row < rows and 0 <= self.column < columns


T = ArrayRef("t", 0)
"""The number of the update, as an operand of rules that need it."""


def of_layer(l: int) -> tuple[ArrayRef, ...]:
    """The arrays of layer l, in the order in which they are shown; layer 0 has only a[0]."""
    symbols = SYMBOLS if l else ("a",)
    return tuple(ArrayRef(symbol, l) for symbol in symbols)


@cache
def parameter_refs(L: int) -> tuple[ArrayRef, ...]:
    """The parameters of L layers in the order in which they are stored: W[1], b[1], W[2], …"""
    return tuple(ArrayRef(symbol, l) for l in range(1, L + 1) for symbol in PARAMETERS)


@cache
def results(L: int) -> tuple[ArrayRef, ...]:
    """The results of the 8L + 1 operations of an update of L layers, in order."""
    layers = range(1, L + 1)
    return (
        *(ArrayRef(symbol, l) for l in layers for symbol in ("z", "a")),
        ArrayRef("J", L),
        *(ArrayRef(symbol, l) for l in reversed(layers) for symbol in ("da", "dz", "dW", "db")),
        *parameter_refs(L),
    )
