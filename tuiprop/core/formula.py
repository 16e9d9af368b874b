"""Formulas as they stand in the tables: shown, with numbers in them, and computed from one text.

A formula is lines "name = expression" in Python's syntax, with the functions of `rounding`; a line
may use the names of those before it. What is shown is what is computed.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from textwrap import wrap
from types import CodeType
from typing import TypeAlias

import numpy as np

from tuiprop.core.rounding import FUNCTIONS, Rounded

Formula: TypeAlias = tuple[str, ...]

Pieces: TypeAlias = tuple[str | float, ...]
"""A text in which numbers stand as numbers."""

_TOKEN = re.compile(
    r"(?P<name>[^\W\d][\w\u0302′]*+)(?!\()|(?<!\w)(?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
)


def six(number: float) -> str:
    """A number with 6 significant figures and an ASCII minus."""
    return f"{number:.6g}"


@dataclass(frozen=True)
class Line:
    """One line of a formula and what it comes to."""

    name: str
    expression: Pieces
    """With the names of what it is made from."""
    numbers: Pieces
    """With their numbers in their places."""
    value: float | None
    """None where it stands for several numbers."""

    def wrapped(self, width: int = 76, write: Callable[[float], str] = six) -> list[str]:
        """Names, numbers and value below one another, in lines of at most so many columns."""
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
    """Pieces as text; a negative number stands in brackets unless it has some already."""
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
    """The lines of a formula with numbers, and the value of every name that they make.

    Args:
        formula: lines "name = expression".
        names: the numbers to begin with. An array may be summed or reduced by the formula; in
            its lines it keeps its name.
    """
    lines, known, made = [], dict(names), {}
    some = next(value for value in known.values() if isinstance(value, Rounded))
    for text in formula:
        name, expression = text.split(" = ", 1)
        found = eval(_compiled(expression), _SCOPE, {_key(n): v for n, v in known.items()})
        value = some.lift(found)
        number = float(value.value) if np.ndim(value.value) == 0 else None
        lines.append(Line(name, _pieces(expression, {}), _pieces(expression, known), number))
        known[name] = made[name] = value
    return lines, made


_SCOPE = {"__builtins__": {}, **FUNCTIONS}


def _key(name: str) -> str:
    """A name as Python takes it: the prime of g′ is no letter to it, this one is."""
    return name.replace("′", "ʹ")


@cache
def _compiled(expression: str) -> CodeType:
    return compile(_key(expression), "<formula>", "eval")


def _pieces(expression: str, names: Mapping[str, Rounded | float]) -> Pieces:
    """The expression with numbers in the places of names that stand for one number."""
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
