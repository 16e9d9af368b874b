"""The operands of an operation, shown beside its result."""

from textual.app import ComposeResult
from textual.containers import Horizontal

from tuiprop.protocol.messages.arrays import Matrix, Window
from tuiprop.protocol.messages.operation import Axis, Operand, OperationNote
from tuiprop.ui.run.cells import LEAST_CELL, WIDEST_CELL
from tuiprop.ui.run.matrix import LEAST_HEIGHT, MatrixView
from tuiprop.update.arrays import CellRef

MOST = 6
"""The most operands that are shown at a time."""


class Operands(Horizontal):
    """A matrix for each input of the operation; they follow the cursor in its result."""

    DEFAULT_CSS = """
    Operands { width: auto; height: 1fr; }
    Operands MatrixView { height: 1fr; width: 30; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._operands: list[Operand] = []

    def compose(self) -> ComposeResult:
        """Compose the matrices; unused ones are hidden."""
        for i in range(MOST):
            yield MatrixView(id=f"operand{i}")

    @property
    def views(self) -> list[MatrixView]:
        """The matrices in use."""
        return list(self.query(MatrixView))[: len(self._operands)]

    @property
    def summands(self) -> list[MatrixView]:
        """The matrices that are added: they share a power of ten with the result."""
        return [view for view, each in zip(self.views, self._operands, strict=True) if each.summand]

    @property
    def windows(self) -> list[Window]:
        """The parts to request."""
        return [view.window for view in self.views]

    def tell(self, operation: OperationNote | None) -> bool:
        """Take the operands of an operation; return True if they have changed."""
        operands = operation.operands[:MOST] if operation else []
        if operands == self._operands:
            return False
        self._operands = operands
        for view, operand in zip(self.query(MatrixView), operands, strict=False):
            array = operand.array  # a parameter is read before the update changes it
            view.choose(CellRef(array, before=array.is_parameter))
        for view in list(self.query(MatrixView))[len(operands) :]:
            view.display = False
        return True

    def show(self, matrices: list[Matrix]) -> None:
        """Paint the parts that have arrived."""
        for view in self.views:
            for matrix in matrices:
                view.show(matrix)

    def follow(self, row: int, column: int) -> None:
        """Mark the inputs of the number at this row and column of the result."""
        ways: dict[Axis, int | None] = {"row": row, "column": column, "": None}
        for view, operand in zip(self.views, self._operands, strict=True):
            view.follow(ways[operand.rows], ways[operand.columns])

    def show_alone(self, view: MatrixView) -> None:
        """Give one matrix all the room."""
        for each in self.views:
            each.display = each is view
        view.styles.width, view.styles.height = "100%", "1fr"

    def share(self, width: int, *beside: MatrixView) -> None:
        """Show the matrices side by side, as many as fit with their numbers.

        Args:
            width: the columns available.
            beside: other matrices that share the room.
        """
        views = [*beside, *self.views]
        while len(views) > 1 and width // len(views) < max(each.least_width for each in views):
            views.pop()
        widths = shares(views, width)
        self.styles.layout = "horizontal"
        for view in self.views:
            view.display = view in views
            view.styles.width, view.styles.height = widths.get(view, 0), "1fr"

    def stack(self, width: int, height: int, above: int) -> None:
        """Show the matrices below their result, one below the other if all then fit.

        Args:
            width: the columns available.
            height: the lines available, those of the result included.
            above: the lines that the whole result needs.
        """
        wanted = [view.wanted_height for view in self.views]
        if above + sum(wanted) <= height:
            self.styles.layout, self.styles.height = "vertical", sum(wanted)
            for view, lines in zip(self.views, wanted, strict=True):
                view.display = True
                view.styles.width, view.styles.height = "100%", lines
            return
        self.share(width)
        self.styles.height = max(LEAST_HEIGHT, min(max(wanted), max(height // 2, height - above)))


def shares(views: list[MatrixView], width: int) -> dict[MatrixView, int]:
    """Return the columns of matrices side by side, borders included.

    All matrices are whole if narrower cells make that possible. Otherwise the smallest are, and
    the others share the rest.
    """
    for narrower in range(WIDEST_CELL - LEAST_CELL):
        widths = {view: view.width_with(narrower) for view in views}
        if sum(widths.values()) <= width:
            return widths
    widths = {}
    for view in sorted(views, key=lambda each: each.width_with(WIDEST_CELL)):
        fair = (width - sum(widths.values())) // (len(views) - len(widths))
        whole = (view.width_with(narrower) for narrower in range(WIDEST_CELL))
        widths[view] = next((each for each in whole if each <= fair), fair)
    return widths
