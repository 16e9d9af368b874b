"""Formulas: declared once as text, parsed once, evaluated and printed from there.

A formula is a sequence of lines "name = expression" in Python's syntax; a line may use the names
of the lines before it. Expressions consist of numbers, names, + - * / **, comparisons,
`x if c else y`, and the functions of `FUNCTIONS`. Σ(x) and max(x) run over the first axis.
"""

import ast
import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tuiprop.core.equation import Formula

FUNCTIONS = ("exp", "expm1", "log", "log1p", "tanh", "sqrt", "abs", "sign", "max", "min", "Σ")
"""The functions that a formula may call."""

_PRIME, _LETTER_PRIME = "′", "ʹ"
"""The prime of g′ is not a letter in Python; the second one is."""


@dataclass(frozen=True)
class Assignment:
    """One line of a formula, parsed."""

    name: str
    expression: ast.expr
    text: str
    """The expression as it was declared."""


@cache
def parse(line: str) -> Assignment:
    """Parse a line "name = expression".

    Raises:
        ValueError: the line is not an assignment of an expression that formulas may contain.
    """
    name, separator, text = line.partition(" = ")
    try:
        expression = ast.parse(text.replace(_PRIME, _LETTER_PRIME), mode="eval").body
    except SyntaxError:
        separator = ""
    if not separator or not all(_is_allowed(node) for node in ast.walk(expression)):
        raise ValueError(f"{line!r} is not a line of a formula")
    return Assignment(name, expression, text)


def _is_allowed(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS and not node.keywords
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float)
    return isinstance(
        node,
        ast.Name | ast.Load | ast.BinOp | ast.UnaryOp | ast.USub | ast.Compare | ast.Gt | ast.IfExp
        | ast.Add | ast.Sub | ast.Mult | ast.Div | ast.Pow,
    )  # fmt: skip


def functions_of(formula: Formula) -> set[str]:
    """The functions that a formula calls."""
    calls = (node for line in formula for node in ast.walk(parse(line).expression))
    return {
        name_of(node.func)
        for node in calls
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def name_of(node: ast.Name) -> str:
    """The name as it was declared."""
    return node.id.replace(_LETTER_PRIME, _PRIME)


def names_in(node: ast.expr) -> set[str]:
    """The names that an expression reads, except those of functions."""
    functions = {id(each.func) for each in ast.walk(node) if isinstance(each, ast.Call)}
    names = (each for each in ast.walk(node) if isinstance(each, ast.Name))
    return {name_of(each) for each in names if id(each) not in functions}


def name(text: str) -> ast.Name:
    """A name, which is printed unchanged."""
    return ast.Name(text, ast.Load())


def expression(text: str) -> ast.expr:
    """A part of a formula, parsed.

    Raises:
        ValueError: formulas may not contain it.
    """
    return parse(f"it = {text}").expression


_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


def value_of(
    node: ast.expr, names: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]
) -> Any:
    """The value of an expression, in the arithmetic of the values of its names.

    Args:
        node: the expression.
        names: the value of every name; the operators of Python must accept it.
        functions: the functions of this arithmetic, and `where(test, x, y)` for `x if test else y`.
    """

    def value(part: ast.expr) -> Any:
        return value_of(part, names, functions)

    match node:
        case ast.Constant(constant):
            return constant
        case ast.Name():
            return names[name_of(node)]
        case ast.UnaryOp(ast.USub(), operand):
            return -value(operand)
        case ast.BinOp(left, kind, right):
            return _OPERATORS[type(kind)](value(left), value(right))
        case ast.Compare(left, [ast.Gt()], [right]):
            return value(left) > value(right)
        case ast.IfExp(test, body, other):
            return functions["where"](value(test), value(body), value(other))
        case ast.Call(ast.Name(function), arguments):
            return functions[function](*map(value, arguments))
    raise TypeError(f"no formula contains {ast.dump(node)}")


def inlined(
    formula: Formula, names: Mapping[str, ast.expr], kept: Collection[str] = ()
) -> dict[str, ast.expr]:
    """Every line of a formula with the lines before it substituted.

    Args:
        formula: the lines.
        names: the substitute for each name that no line assigns.
        kept: names of lines that are assigned by a statement each; `names` has the
            substitute for such a name, before and after it is assigned.

    Raises:
        KeyError: an expression uses a name that is neither assigned before nor in `names`.
    """
    known, result = dict(names), {}
    for line in formula:
        parsed = parse(line)
        result[parsed.name] = substituted(parsed.expression, known)
        if parsed.name not in kept:
            known[parsed.name] = result[parsed.name]
    return result


def _rebuilt(node: ast.expr, change: Callable[[ast.expr], ast.expr]) -> ast.expr:
    """Return the node with `change` applied to each of its operands."""
    match node:
        case ast.BinOp(left, operator, right):
            return ast.BinOp(change(left), operator, change(right))
        case ast.UnaryOp(operator, operand):
            return ast.UnaryOp(operator, change(operand))
        case ast.Compare(left, operators, [right]):
            return ast.Compare(change(left), operators, [change(right)])
        case ast.IfExp(test, body, other):
            return ast.IfExp(change(test), change(body), change(other))
        case ast.Call(function, arguments):
            return ast.Call(function, [change(argument) for argument in arguments], [])
    return node


def substituted(node: ast.expr, names: Mapping[str, ast.expr]) -> ast.expr:
    """Substitute an expression for each name of another one."""
    if isinstance(node, ast.Name):
        return names[name_of(node)]
    return _rebuilt(node, lambda each: substituted(each, names))


def plus(left: ast.expr, right: ast.expr) -> ast.expr:
    """The sum of two expressions; a difference where the second begins with a minus."""
    positive = _without_minus(right)
    if positive is None:
        return ast.BinOp(left, ast.Add(), right)
    return ast.BinOp(left, ast.Sub(), positive)


def _without_minus(node: ast.expr) -> ast.expr | None:
    """The expression without the minus that its first factor begins with; None without one."""
    if isinstance(node, ast.UnaryOp):
        return node.operand
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        left = _without_minus(node.left)
        return None if left is None else ast.BinOp(left, node.op, node.right)
    return None


# Text, in the symbols of the notes


_SCALAR_FACTOR = re.compile(r"(?<![\w\]])(α|\d[\d.]*(?:e-?\d+)?|\([^()A-Za-z]*\)) \* ")


def to_text(node: ast.expr) -> str:
    """An expression in the symbols of the notes: −, ², √; a scalar factor without a sign."""
    text = re.sub(r"\*\*(2|t)\b", lambda found: {"2": "²", "t": "ᵗ"}[found[1]], _unparsed(node))
    text = _SCALAR_FACTOR.sub(r"\1 ", text)
    text = re.sub(r"\bsqrt\((\w+)\)", r"√\1", text).replace("sqrt(", "√(")
    return re.sub(r"(?<!e)-", "−", text).replace(_LETTER_PRIME, _PRIME)


# NumPy


def to_numpy(node: ast.expr) -> str:
    """An expression as NumPy computes it for whole arrays, whose columns are examples."""
    return _unparsed(_numpy_tree(node))


@cache
def in_numpy(formula: Formula, **names: str) -> str:
    """The last line of a formula as one expression of NumPy.

    Args:
        formula: the lines.
        names: the variable of each array, or an expression such as `len(a2)`.
    """
    lines = inlined(formula, {key: name(text) for key, text in names.items()})
    return to_numpy(lines[parse(formula[-1]).name])


_NUMPY = {"max": "np.maximum", "min": "np.minimum"}
"""Functions that have another name in NumPy."""

_METHODS = {"Σ": "sum", "max": "max"}
"""Functions of one argument that run over the first axis."""


def _numpy_tree(node: ast.expr) -> ast.expr:
    match _rebuilt(node, _numpy_tree):
        case ast.Call(ast.Name(function), [argument]) if function in _METHODS:
            method = ast.Attribute(argument, _METHODS[function], ast.Load())
            return ast.Call(method, [], [ast.keyword("axis", ast.Constant(0))])
        case ast.Call(ast.Name(function), arguments):
            return ast.Call(name(_NUMPY.get(function, f"np.{function}")), arguments, [])
        case ast.IfExp(test, body, other):
            return ast.Call(name("np.where"), [test, body, other], [])
        case rebuilt:
            return rebuilt


def _unparsed(node: ast.expr) -> str:
    return ast.unparse(ast.fix_missing_locations(ast.Expression(node))).replace(" ** ", "**")
