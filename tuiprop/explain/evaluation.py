"""Evaluates formulas for one number: their lines, the lines with numbers, and the values.

The displayed lines and the values come from the same declared text.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TypeAlias

import numpy as np

from tuiprop.explain.error_bounds import FUNCTIONS, Rounded
from tuiprop.update.expression import parse, value_of

Pieces: TypeAlias = tuple[str | float, ...]
"""A text whose numbers are kept as floats."""

_TOKEN = re.compile(
    r"(?P<name>[^\W\d][\w\u0302′]*+)(?!\()|(?<!\w)(?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
)


def six(number: float) -> str:
    """A number with 6 significant figures and an ASCII minus."""
    return f"{number:.6g}"


@dataclass(frozen=True)
class Line:
    """One line of a formula with its value."""

    name: str
    expression: Pieces
    """The right-hand side with names."""
    numbers: Pieces
    """The right-hand side with numbers in place of the names."""
    value: float | None
    """The value; None for an array."""

    def wrapped(self, width: int = 76, write: Callable[[float], str] = six) -> list[str]:
        """Names, numbers and value below one another, in lines of at most `width` columns."""
        rights = [joined(self.expression, write), joined(self.numbers, write)]
        if self.value is not None:
            rights.append(write(self.value))
        margin = " " * len(self.name)
        lines = []
        for i, right in enumerate(dict.fromkeys(rights)):
            start = f"{margin if i else self.name} = "
            indent = " " * (len(start) + 2)
            lines += wrap(start + right, width, subsequent_indent=indent, break_on_hyphens=False)
        return lines


def joined(pieces: Pieces, write: Callable[[float], str] = six) -> str:
    """Join pieces into a text, with brackets around negative numbers where they are needed."""
    text = ""
    for piece, after in zip(pieces, (*pieces[1:], ""), strict=True):
        if isinstance(piece, str):
            text += piece
            continue
        number = write(piece)
        alone = not text or text.endswith(("(", ", ", "if "))
        power = isinstance(after, str) and after.startswith("**")
        text += f"({number})" if number.startswith("-") and (power or not alone) else number
    return text


def evaluate(
    formula: Sequence[str], names: Mapping[str, Rounded | float]
) -> tuple[list[Line], dict[str, Rounded]]:
    """Evaluate a formula: return its lines with numbers, and the value of every assigned name.

    Args:
        formula: lines "name = expression".
        names: the given numbers. The formula may sum or reduce an array, which keeps its name in
            the lines.
    """
    lines, known, made = [], dict(names), {}
    some = next(value for value in known.values() if isinstance(value, Rounded))
    for text in formula:
        line = parse(text)
        value = some.lift(value_of(line.expression, known, FUNCTIONS))
        number = float(value.value) if np.ndim(value.value) == 0 else None
        lines.append(Line(line.name, _pieces(line.text, {}), _pieces(line.text, known), number))
        known[line.name] = made[line.name] = value
    return lines, made


def _pieces(expression: str, names: Mapping[str, Rounded | float]) -> Pieces:
    """The expression with numbers in place of the names of single numbers."""
    pieces: list[str | float] = []
    end = 0
    for token in _TOKEN.finditer(expression):
        number = _number(token, names)
        if number is not None:
            pieces += [expression[end : token.start()], number]
            end = token.end()
    pieces.append(expression[end:])
    return tuple(piece for piece in pieces if piece != "")


def _number(token: re.Match[str], names: Mapping[str, Rounded | float]) -> float | None:
    if token["number"]:
        return float(token["number"])
    value = names.get(token["name"])
    if isinstance(value, Rounded):
        return float(value.value) if np.ndim(value.value) == 0 else None
    return value
