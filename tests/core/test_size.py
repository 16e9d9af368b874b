import ast
from pathlib import Path

import tuiprop.core

MOST = 750


def length(code: str) -> int:
    """Count the lines without the functions under an equation.

    These are entries of tables: a reader who has read one of each kind knows the others.
    """
    entries = (
        1 + node.end_lineno - node.decorator_list[0].lineno
        for node in ast.parse(code).body
        if isinstance(node, ast.FunctionDef) and node.decorator_list and node.end_lineno
    )
    return len(code.splitlines()) - sum(entries)


def test_the_core_can_be_read_in_one_sitting() -> None:
    folder = Path(tuiprop.core.__path__[0])
    lines = {path.name: length(path.read_text("utf-8")) for path in folder.glob("*.py")}
    assert sum(lines.values()) <= MOST, lines
