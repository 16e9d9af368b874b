"""A matrix as text for other programs."""

from collections.abc import Callable

from tuiprop.engine.protocol import Matrix

MOST_COPIED = 70_000
"""Characters that terminals take by OSC 52, as a rule: 100 kB of base64 at most."""


def _numpy(matrix: Matrix) -> str:
    name = f"{matrix.window.symbol}{matrix.window.layer}"
    rows = ",\n    ".join(f"[{', '.join(map(repr, row))}]" for row in matrix.values)
    return f"{name} = np.array([\n    {rows},\n])\n"


def _latex(matrix: Matrix) -> str:
    name = f"{matrix.window.symbol}^{{[{matrix.window.layer}]}}"
    rows = " \\\\\n".join(" & ".join(f"{value:.6g}" for value in row) for row in matrix.values)
    return f"{name} = \\begin{{bmatrix}}\n{rows}\n\\end{{bmatrix}}\n"


def _csv(matrix: Matrix) -> str:
    lines = [",".join(["", *map(_quoted, matrix.column_names)])]
    for name, row in zip(matrix.row_names, matrix.values, strict=True):
        lines.append(",".join([_quoted(name), *map(repr, row)]))
    return "\n".join(lines) + "\n"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if any(c in name for c in ',"\n') else name


COPY_FORMS: dict[str, Callable[[Matrix], str]] = {"NumPy": _numpy, "LaTeX": _latex, "CSV": _csv}
"""The forms that are offered, by name."""
