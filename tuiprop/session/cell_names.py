"""The names of numbers, such as dW[2][versicolor,u4]."""

from tuiprop.core.array import Rows
from tuiprop.session.session import Session
from tuiprop.update.arrays import CellRef


def name_of(session: Session, examples: Rows, cell: CellRef) -> str:
    """The name of a number, such as dW[2][versicolor,u4].

    Args:
        session: the session, for the names of units and examples.
        examples: the examples of the update, as rows of the training set.
        cell: the cell of the number.
    """
    name = cell.array.cell_name(*row_and_column(session, examples, cell))
    return f"{name} before" if cell.before else name


def row_and_column(session: Session, examples: Rows, cell: CellRef) -> tuple[str, str]:
    """The names of the row and the column of a number."""
    rows_of_table, column = session.examples.training.rows, cell.column
    if cell.array.columns == "examples":
        column_name = f"#{rows_of_table[examples[column]]}"
    else:
        (column_name,) = session.column_names(cell.array, rows_of_table, slice(column, column + 1))
    return session.row_names(cell.array)[cell.row], column_name
