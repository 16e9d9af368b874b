"""Expressions of formulas in LaTeX."""

import ast
from collections.abc import Iterable
from functools import cache

from tuiprop.core.equation import Formula
from tuiprop.update.expression import expression, inlined, name, names_in, parse, substituted

_SCALARS = {"α": r"\alpha", "ε": r"\varepsilon", "t": "t", "K": "K"}
"""The names that stand for one number, whatever the layer."""

_FUNCTIONS = frozenset({"exp", "log", "tanh", "max", "min"})
"""The functions for which LaTeX has a command."""

_SAME_AS = {"expm1": expression("exp(x) - 1"), "log1p": expression("log(1 + x)")}
"""Functions that are written in terms of others; x is their argument."""


def to_latex(node: ast.expr) -> str:
    """An expression in LaTeX; names of arrays are LaTeX already and stay unchanged."""
    return _latex(node, _CASES)


@cache
def in_latex(formula: Formula, names: tuple[tuple[str, str], ...]) -> str:
    """The last line of a formula as one expression in LaTeX.

    Args:
        formula: the lines.
        names: the LaTeX of each array.
    """
    lines = inlined(formula, latex_names(names))
    return to_latex(lines[parse(formula[-1]).name])


def latex_names(names: Iterable[tuple[str, str]]) -> dict[str, ast.expr]:
    """The substitute for each name of a formula that `to_latex` prints."""
    return {each: name(text) for each, text in (*((s, s) for s in _SCALARS), *names)}


_CASES, _SUM, _PRODUCT, _FRACTION, _ATOM = range(5)
"""How tightly an expression binds, from `x if c else y` to a number, a name or a call."""


def _binding(node: ast.expr) -> int:
    match node:
        case ast.IfExp():
            return _CASES
        case ast.BinOp(_, ast.Add() | ast.Sub()):
            return _SUM
        case ast.BinOp(_, ast.Mult()) | ast.UnaryOp():
            return _PRODUCT
        case ast.BinOp(_, ast.Div() | ast.Pow()):
            return _FRACTION
    return _ATOM


def _latex(node: ast.expr, least: int) -> str:
    """An expression in LaTeX, in brackets if it binds less tightly than `least`."""
    node = _spelled_out(node)
    text = _latex_of(node)
    return text if _binding(node) >= least else _bracketed(text)


def _bracketed(text: str) -> str:
    return rf"\left({text}\right)"


def _spelled_out(node: ast.expr) -> ast.expr:
    match node:
        case ast.Call(ast.Name(function), [argument]) if function in _SAME_AS:
            return substituted(_SAME_AS[function], {"x": argument})
    return node


def _latex_of(node: ast.expr) -> str:
    match node:
        case ast.Constant(value):
            mantissa, _, exponent = repr(value).partition("e")
            times = "" if mantissa == "1" else rf"{mantissa} \cdot "
            return f"{times}10^{{{int(exponent)}}}" if exponent else mantissa
        case ast.Name():
            return _SCALARS.get(node.id, node.id)
        case ast.UnaryOp(_, operand):
            return f"-{_latex(operand, _PRODUCT)}"
        case ast.BinOp(left, ast.Add(), right):
            return f"{_latex(left, _SUM)} + {_latex(right, _SUM)}"
        case ast.BinOp(left, ast.Sub(), right):
            return f"{_latex(left, _SUM)} - {_latex(right, _PRODUCT)}"
        case ast.BinOp(left, ast.Mult(), right):
            return f"{_latex(left, _PRODUCT)} {_times(left, right)} {_latex(right, _FRACTION)}"
        case ast.BinOp(left, ast.Div(), right):
            return rf"\frac{{{_latex(left, _SUM)}}}{{{_latex(right, _SUM)}}}"
        case ast.BinOp(left, ast.Pow(), right):
            return f"{{{_latex(left, _ATOM)}}}^{{{_latex(right, _SUM)}}}"
        case ast.Compare(left, [ast.Gt()], [right]):
            return f"{_latex(left, _SUM)} > {_latex(right, _SUM)}"
        case ast.IfExp(test, body, other):
            cases = rf"{_latex(body, _SUM)} & {_latex_of(test)} \\ {_latex(other, _SUM)} & "
            return rf"\begin{{cases}} {cases}\text{{otherwise}} \end{{cases}}"
        case ast.Call(ast.Name(function), arguments):
            return _latex_call(function, [_latex(argument, _SUM) for argument in arguments])
    raise TypeError(f"no formula contains {ast.dump(node)}")


def _times(left: ast.expr, right: ast.expr) -> str:
    """The sign between factors: arrays are multiplied element by element."""
    if isinstance(right, ast.Constant):
        return r"\cdot"
    return r"\," if _is_scalar(left) else r"\odot"


def _is_scalar(node: ast.expr) -> bool:
    return names_in(node) <= _SCALARS.keys()


def _latex_call(function: str, arguments: list[str]) -> str:
    inside = ", ".join(arguments)
    match function:
        case "sqrt":
            return rf"\sqrt{{{inside}}}"
        case "abs":
            return rf"\left|{inside}\right|"
        case "Σ":
            return rf"\sum{_bracketed(inside)}"
    if function in _FUNCTIONS:
        return rf"\{function}{_bracketed(inside)}"
    return rf"\operatorname{{{function}}}{_bracketed(inside)}"
