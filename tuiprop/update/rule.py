"""The rule of an optimiser with the hyperparameters of a run, printed in every notation."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from tuiprop.core.equation import Formula
from tuiprop.core.optimizer import Optimizer, Options
from tuiprop.update.arrays import ArrayRef
from tuiprop.update.equation import Piece
from tuiprop.update.expression import inlined, name, names_in, parse, plus, to_numpy, to_text
from tuiprop.update.latex import latex_names, to_latex


@dataclass(frozen=True)
class Rule:
    """An optimiser with its hyperparameters."""

    optimizer: Optimizer
    learning_rate: float
    options: Options

    @property
    def decay_in_gradient(self) -> float:
        """The weight decay that is added to the gradient; 0 if the decay is decoupled."""
        decay: float = self.options["weight_decay"]
        return 0.0 if self.optimizer.decouples_decay else decay

    def equations(self, parameter: ArrayRef) -> list[str]:
        """The rule in the symbols of the notes; the last line is the new value of the parameter."""
        gradient = parameter.gradient
        *before, (_, after) = _rule_in_text(self.formula("W"), self.optimizer.state_names)
        lines = [*(f"{name} := {value}" for name, value in before), after]
        return [line.format(W=parameter, dW=gradient) for line in lines]

    def numpy(self, parameter: ArrayRef) -> list[str]:
        """The rule as statements of NumPy; {t} is the number of the update."""
        formula, state_names = self.formula("W"), self.optimizer.state_names
        names = {each: f"{each}_{parameter.numpy}" for each in _assigned(formula, state_names)}
        names |= {"W": parameter.numpy, "dW": parameter.gradient.numpy}
        names |= {"α": repr(self.learning_rate), "ε": repr(self.options.get("eps"))}
        lines = _rule_in_numpy(formula, state_names)
        return [f"{left} = {right}".format(**names) for left, right in lines]

    def formula(self, symbol: str) -> Formula:
        """The change of one number of W[l] or b[l], with its decay, line by line."""
        decay, gradient = self.options["weight_decay"], f"d{symbol}"
        lines = []
        if decay and self.optimizer.decouples_decay:
            lines.append(f"decay = -α * {decay!r} * {symbol}")
        elif decay:
            lines.append(f"g = {gradient} + {decay!r} * {symbol}")
            gradient = "g"
        names = {"W": symbol, "g": gradient, **self._numbers}
        return (*lines, *(line.format(**names) for line in self.optimizer.formula))

    @property
    def _numbers(self) -> dict[str, str]:
        """The options as a rule writes them, with the two betas separately."""
        numbers = {name: repr(value) for name, value in self.options.items() if name != "betas"}
        return numbers | {
            f"beta{i}": repr(beta) for i, beta in enumerate(self.options.get("betas", ()), start=1)
        }


@cache
def _rule_in_text(formula: Formula, state_names: tuple[str, ...]) -> list[tuple[str, str]]:
    """The new optimiser state and then the new {W}, from {W}, {dW} and the state before."""
    plain = ("α", "ε", "t", *_assigned(formula, state_names))
    names: dict[str, ast.expr] = {each: name(each) for each in plain}
    lines = _lines(formula, {**names, "W": name("{W}"), "dW": name("{dW}")}, state_names, "W")
    return [(left, to_text(right)) for left, right in lines]


@cache
def _rule_in_numpy(formula: Formula, state_names: tuple[str, ...]) -> list[tuple[str, str]]:
    """The same in NumPy, with every name in braces; {t} has two pairs and is filled in last."""
    filled_in = ("W", "dW", "α", "ε", *_assigned(formula, state_names))
    names: dict[str, ast.expr] = {each: name(f"{{{each}}}") for each in filled_in}
    lines = _lines(formula, {**names, "t": name("{{t}}")}, state_names, "W")
    return [(f"{{{left}}}", to_numpy(right)) for left, right in lines]


@cache
def _assigned(formula: Formula, state_names: tuple[str, ...]) -> tuple[str, ...]:
    """The names to which a rule assigns in a separate line, in order.

    These are the names of the optimiser state, and each name that is computed from a state before
    that is assigned: substituted in a later line, it would read the new value.
    """
    lines = [parse(line) for line in formula]
    names = [line.name for line in lines]
    return tuple(
        line.name
        for i, line in enumerate(lines)
        if line.name in state_names
        or not names_in(line.expression).isdisjoint({*state_names} & {*names[i:]})
    )


def _lines(
    formula: Formula, names: Mapping[str, ast.expr], state_names: tuple[str, ...], parameter: str
) -> list[tuple[str, ast.expr]]:
    """The new optimiser state and then the new W or b, by the formula of a rule."""
    assigned = _assigned(formula, state_names)
    found = inlined(formula, names, kept=assigned)
    after: ast.expr = names[parameter]
    for change in ("decay", f"Δ{parameter}"):
        after = plus(after, found[change]) if change in found else after
    return [*((each, found[each]) for each in assigned), (parameter, after)]


def pieces(text: str, *arrays: ArrayRef) -> tuple[Piece, ...]:
    """Split an equation at the names of arrays; a name that contains another comes before it."""
    names = {str(array): array for array in arrays}
    parts = re.split(f"({'|'.join(map(re.escape, names))})", text)
    return tuple(Piece(part.strip(), names.get(part)) for part in parts if part.strip())


def rule_in_latex(
    formula: Formula,
    names: tuple[tuple[str, str], ...],
    state_names: tuple[str, ...],
    parameter: str,
) -> tuple[str, ...]:
    """The lines of a rule in LaTeX.

    Args:
        formula: the formula of the rule.
        names: the LaTeX of the parameter, its gradient and the optimiser state.
        state_names: the names of the optimiser state.
        parameter: W or b.
    """
    latex = {each: each for each in _assigned(formula, state_names)} | dict(names)
    lines = _lines(formula, latex_names(latex.items()), state_names, parameter)
    return tuple(f"{latex[left]} := {to_latex(right)}" for left, right in lines)
