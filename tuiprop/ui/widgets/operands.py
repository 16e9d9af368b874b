"""The operands of an operation, side by side with its result."""

from textual.app import ComposeResult
from textual.containers import Horizontal

from tuiprop.engine.notes import Matrix, Now, Operand, Window
from tuiprop.ui.numbers import CELL
from tuiprop.ui.palette import Palette
from tuiprop.ui.widgets.matrix import ArrayName, MatrixView

MOST = 4
"""Operands that are shown at a time."""


class Operands(Horizontal):
    """A matrix for each array that the operation reads; they follow the cursor in its result."""

    DEFAULT_CSS = """
    Operands { width: auto; height: 1fr; }
    Operands MatrixView { height: 1fr; width: 30; }
    """

    def __init__(self, palette: Palette, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.palette = palette
        self._operands: list[Operand] = []

    def compose(self) -> ComposeResult:
        """The matrices; those that are not needed are hidden."""
        for i in range(MOST):
            yield MatrixView(self.palette, id=f"operand{i}")

    @property
    def views(self) -> list[MatrixView]:
        """Those in use."""
        return list(self.query(MatrixView))[: len(self._operands)]

    @property
    def windows(self) -> list[Window]:
        """The parts that are wanted."""
        return [view.window for view in self.views]

    def tell(self, operation: Now | None) -> bool:
        """Take the operands of another operation; whether they are others than before."""
        operands = operation.operands[:MOST] if operation else []
        if operands == self._operands:
            return False
        self._operands = operands
        for view, operand in zip(self.query(MatrixView), operands, strict=False):
            view.choose(array_of(operand))
        for i, view in enumerate(self.query(MatrixView)):
            view.display = i < len(operands)
        return True

    def show(self, matrices: list[Matrix]) -> None:
        """Paint the parts that there are."""
        for view in self.views:
            for matrix in matrices:
                view.show(matrix)

    def follow(self, row: int, column: int) -> None:
        """Show what the number at this place of the result is made from."""
        ways: dict[str, int | None] = {"row": row, "column": column, "": None}
        for view, operand in zip(self.views, self._operands, strict=True):
            view.follow(ways[operand.rows], ways[operand.columns])

    def fill(self) -> None:
        """Each matrix has all the room: one is shown at a time."""
        for view in self.views:
            view.styles.width = "100%"

    def share(self, width: int) -> None:
        """Divide so many columns among the matrices, by what they need."""
        needs = [needed(view) for view in self.views]
        spare = width - sum(needs)
        for view, need in zip(self.views, needs, strict=True):
            cut = 0 if spare >= 0 else round(-spare * need / sum(needs))
            view.styles.width = max(18, need - cut)


def needed(view: MatrixView) -> int:
    """Columns in which all of a matrix is seen; its frame included."""
    matrix = view.matrix
    if matrix is None:
        return 24
    names = max(map(len, matrix.row_names), default=2) + 2
    return max(24, min(16, names) + CELL * matrix.shape[1] + 4)


def array_of(operand: Operand) -> ArrayName:
    """An operand is read as it was before the update changes anything."""
    before = operand.symbol in ("W", "b")
    return ArrayName(operand.symbol, operand.layer, operand.slot, before)
