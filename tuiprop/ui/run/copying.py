"""Arrays and operations as text for other programs."""

from collections.abc import Callable, Sequence

from tuiprop.protocol.messages.arrays import Matrix
from tuiprop.protocol.messages.operation import OperationNote

MOST_COPIED = 70_000
"""The most characters that terminals usually accept by OSC 52: 100 kB of base64."""


def _numpy(matrix: Matrix) -> str:
    rows = ",\n    ".join(f"[{', '.join(map(_number, row))}]" for row in matrix.values)
    return f"{matrix.window.array.numpy} = np.array([\n    {rows},\n])\n"


def _number(value: float) -> str:
    """Write a number as NumPy code."""
    return repr(value) if value - value == 0 else f"np.{value!r}".replace("np.-inf", "-np.inf")


def _latex(matrix: Matrix) -> str:
    rows = " \\\\\n".join(" & ".join(f"{value:.6g}" for value in row) for row in matrix.values)
    across = "c" * len(matrix.values[0])  # bmatrix has 10 columns at most
    begin, end = f"\\left[\\begin{{array}}{{{across}}}", "\\end{array}\\right]"
    return f"{matrix.window.array.latex} = {begin}\n{rows}\n{end}\n"


def _csv(matrix: Matrix) -> str:
    lines = [",".join(["", *map(_quoted, matrix.column_names)])]
    for name, row in zip(matrix.row_names, matrix.values, strict=True):
        lines.append(",".join([_quoted(name), *map(repr, row)]))
    return "\n".join(lines) + "\n"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if any(c in name for c in ',"\n') else name


COPY_FORMS: dict[str, Callable[[Matrix], str]] = {"NumPy": _numpy, "LaTeX": _latex, "CSV": _csv}
"""Writers of an array, by the name of the form."""

SUFFIXES = {"NumPy": ".py", "LaTeX": ".tex", "CSV": ".csv"}
"""Suffixes of files, by the name of the form."""


def operation_in_numpy(operation: OperationNote, operands: Sequence[Matrix]) -> str:
    """Write an operation with its operands as a script that computes the result."""
    arrays = "".join(_numpy(matrix) for matrix in operands)
    lines = "\n".join(operation.numpy)
    return f"import numpy as np\n\n{arrays}\n# {operation.sentence}\n{lines}\n"


def operation_in_latex(operation: OperationNote, operands: Sequence[Matrix]) -> str:
    """Write an operation as lines of LaTeX, and its operands as matrices."""
    return "".join(f"{line}\n" for line in operation.latex) + "".join(map(_latex, operands))


OPERATION_FORMS: dict[str, Callable[[OperationNote, Sequence[Matrix]], str]] = {
    "NumPy": operation_in_numpy,
    "LaTeX": operation_in_latex,
}
"""Writers of an operation, by the name of the form."""
