"""Formulas: declared once as text, parsed once, evaluated and printed from there.

A formula is a sequence of lines "name = expression" in Python's syntax; a line may use the names
of the lines before it. Expressions consist of numbers, names, + - * / **, comparisons,
`x if c else y`, and the functions of `FUNCTIONS`. Σ(x) and max(x) run over the first axis.
"""

import ast
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from tuiprop.core.array import Formula

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
    """The names that an expression reads, those of functions left out."""
    functions = {id(each.func) for each in ast.walk(node) if isinstance(each, ast.Call)}
    names = (each for each in ast.walk(node) if isinstance(each, ast.Name))
    return {name_of(each) for each in names if id(each) not in functions}


def name(text: str) -> ast.Name:
    """A name, which is printed as it is."""
    return ast.Name(text, ast.Load())


def expression(text: str) -> ast.expr:
    """A part of a formula, parsed.

    Raises:
        ValueError: formulas may not contain it.
    """
    return parse(f"it = {text}").expression


def inlined(
    formula: Formula, names: Mapping[str, ast.expr], kept: Collection[str] = ()
) -> dict[str, ast.expr]:
    """Every line of a formula with the lines before it substituted.

    Args:
        formula: the lines.
        names: what takes the place of each name that no line assigns.
        kept: names of lines that are assigned by a statement each; `names` says what takes the
            place of such a name, before and after it is assigned.

    Raises:
        KeyError: an expression uses a name that is neither assigned before nor in `names`.
    """
    known, result = dict(names), {}
    for line in formula:
        parsed = parse(line)
        result[parsed.name] = _substituted(parsed.expression, known)
        if parsed.name not in kept:
            known[parsed.name] = result[parsed.name]
    return result


def _rebuilt(node: ast.expr, change: Callable[[ast.expr], ast.expr]) -> ast.expr:
    """The same node with `change` applied to the expressions that it consists of."""
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


def _substituted(node: ast.expr, names: Mapping[str, ast.expr]) -> ast.expr:
    if isinstance(node, ast.Name):
        return names[name_of(node)]
    return _rebuilt(node, lambda each: _substituted(each, names))


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


# LaTeX

_LATEX_SCALARS = {"α": r"\alpha", "ε": r"\varepsilon", "t": "t", "K": "K"}
"""The names that stand for one number, whatever the layer."""

_LATEX_FUNCTIONS = frozenset({"exp", "log", "tanh", "max", "min"})
"""The functions that LaTeX has a command for."""

_SAME_AS = {"expm1": expression("exp(x) - 1"), "log1p": expression("log(1 + x)")}
"""Functions that are written with others; x is their argument."""


def to_latex(node: ast.expr) -> str:
    """An expression in LaTeX; names of arrays are LaTeX already and stay as they are."""
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
    """What takes the place of each name of a formula that `to_latex` prints."""
    return {each: name(text) for each, text in (*((s, s) for s in _LATEX_SCALARS), *names)}


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
            return _substituted(_SAME_AS[function], {"x": argument})
    return node


def _latex_of(node: ast.expr) -> str:
    match node:
        case ast.Constant(value):
            mantissa, _, exponent = repr(value).partition("e")
            times = "" if mantissa == "1" else rf"{mantissa} \cdot "
            return f"{times}10^{{{int(exponent)}}}" if exponent else mantissa
        case ast.Name():
            return _LATEX_SCALARS.get(node.id, node.id)
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
    return names_in(node) <= _LATEX_SCALARS.keys()


def _latex_call(function: str, arguments: list[str]) -> str:
    inside = ", ".join(arguments)
    match function:
        case "sqrt":
            return rf"\sqrt{{{inside}}}"
        case "abs":
            return rf"\left|{inside}\right|"
        case "Σ":
            return rf"\sum{_bracketed(inside)}"
    if function in _LATEX_FUNCTIONS:
        return rf"\{function}{_bracketed(inside)}"
    return rf"\operatorname{{{function}}}{_bracketed(inside)}"


def _unparsed(node: ast.expr) -> str:
    return ast.unparse(ast.fix_missing_locations(ast.Expression(node))).replace(" ** ", "**")
