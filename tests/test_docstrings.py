"""Docstrings are sentences: they say what a thing is or does."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "tuiprop"

FRAGMENTS = frozenset({"Of", "As", "From", "What", "Whether", "That"})
"""First words of docstrings that only continue the name of what they describe."""


def fragments(source: str) -> list[str]:
    """The docstrings, also those of attributes, that begin with one of the words."""
    return [
        f"line {node.lineno}: {node.value.value.splitlines()[0]}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        and node.value.value.split()[:1]
        and node.value.value.split()[0] in FRAGMENTS
    ]


def test_no_docstring_is_a_fragment() -> None:
    found = {path: fragments(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}
    assert len(found) > 100
    assert {path.name: lines for path, lines in found.items() if lines} == {}


def test_fragments_of_functions_and_attributes_are_found() -> None:
    source = 'x = 1\n"""Of the widget."""\n\ndef f():\n    """What it is."""\n    "a text"\n'
    assert [each.split(":")[0] for each in fragments(source)] == ["line 2", "line 5"]
