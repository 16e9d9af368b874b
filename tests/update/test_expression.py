"""Formulas are parsed once, and every notation printed from them means the same."""

import ast

import numpy as np
import pytest

from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.loss import LOSSES
from tuiprop.core.optimizer import OPTIMIZERS
from tuiprop.explain.error_bounds import FUNCTIONS, Precision, Rounded
from tuiprop.explain.evaluation import evaluate
from tuiprop.update import expression
from tuiprop.update.expression import in_numpy, inlined, name, parse, plus, to_numpy, to_text
from tuiprop.update.latex import to_latex
from tuiprop.verify import dual

FORMULAS = [
    *(formula for g in ACTIVATIONS.values() for formula in (g.formula, g.error)),
    *(formula for each in LOSSES.values() for formula in (each.formula, each.slope)),
]


def expression_of(text: str) -> ast.expr:
    return parse(f"it = {text}").expression


def test_every_function_that_a_formula_may_call_can_be_evaluated() -> None:
    for functions in (FUNCTIONS, dual.FUNCTIONS):
        assert set(functions) - {"where"} == set(expression.FUNCTIONS)


@pytest.mark.parametrize(
    "line",
    [
        "no expression",
        "a = __import__('os')",
        "a = z.real",
        "a = z[0]",
        "a = exp(z, out=z)",
        "a = open(z)",
        "a = (lambda: z)()",
        "a = 'text'",
        "a = z <",
        "a = z or y",
    ],
)
def test_what_is_no_formula_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="is not a line of a formula"):
        parse(line)


def test_a_name_that_nothing_assigns_is_an_error() -> None:
    with pytest.raises(KeyError, match="x"):
        inlined(("a = x + 1",), {"z": name("z1")})


@pytest.mark.parametrize("formula", FORMULAS, ids=str)
def test_numpy_gives_what_the_evaluation_gives(formula: tuple[str, ...]) -> None:
    generator = np.random.default_rng(0)
    column = {s: generator.uniform(0.1, 0.9, 3) for s in ("z", "a", "y", "da")}
    exact = {s: Rounded.exact(v, Precision.of(np.float64)) for s, v in column.items()}
    runs_over_the_column = any("Σ" in line for line in formula)
    line = in_numpy(formula, z="z", a="a", y="y", da="da", K="len(a)")
    found = np.asarray(eval(line, {"np": np, **column}))
    if runs_over_the_column:
        expected = evaluate(formula, {**exact, "K": 3})[1][parse(formula[-1]).name].value
    else:
        expected = np.array(
            [
                float(
                    evaluate(formula, {**{s: v[i] for s, v in exact.items()}, "K": 3})[1][
                        parse(formula[-1]).name
                    ].value
                )
                for i in range(3)
            ]
        )
    np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a * (1 - a)", "a * (1 − a)"),
        ("1 - a**2", "1 − a²"),
        ("1 - 0.9**t", "1 − 0.9ᵗ"),
        ("0.9 * v + (1 - 0.9) * g", "0.9 v + (1 − 0.9) g"),
        ("-α * m / (sqrt(v) + ε)", "−α m / (√v + ε)"),
        ("sqrt(v / 2)", "√(v / 2)"),
        ("1e-08 * x", "1e-08 x"),
        ("(a - b) * c", "(a − b) * c"),
    ],
)
def test_text_in_the_symbols_of_the_notes(text: str, expected: str) -> None:
    assert to_text(expression_of(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a * (1 - a)", r"a \odot \left(1 - a\right)"),
        ("a - (b - 1)", r"a - \left(b - 1\right)"),
        ("0.9 * v + (1 - 0.9) * g", r"0.9 \, v + \left(1 - 0.9\right) \, g"),
        ("-α * 0.1 * m / (sqrt(v) + ε)", r"\frac{-\alpha \cdot 0.1 \, m}{\sqrt{v} + \varepsilon}"),
        ("(a - y)**2 / K", r"\frac{{\left(a - y\right)}^{2}}{K}"),
        ("1e-08 + 2.5e3 * x", r"10^{-8} + 2500.0 \, x"),
        (
            "expm1(z) * log1p(-z)",
            r"\left(\exp\left(z\right) - 1\right) \odot \log\left(1 + -z\right)",
        ),
        (
            "abs(sign(z)) + Σ(z)",
            r"\left|\operatorname{sign}\left(z\right)\right| + \sum\left(z\right)",
        ),
        ("z if z > 0 else 0.0", r"\begin{cases} z & z > 0 \\ 0.0 & \text{otherwise} \end{cases}"),
    ],
)
def test_latex(text: str, expected: str) -> None:
    assert to_latex(expression_of(text)) == expected


@pytest.mark.parametrize(
    ("right", "expected"),
    [("-α * g", "W - α * g"), ("-y / a", "W - y / a"), ("g", "W + g"), ("a - b", "W + (a - b)")],
)
def test_a_sum_with_what_begins_with_a_minus_is_a_difference(right: str, expected: str) -> None:
    assert to_numpy(plus(name("W"), expression_of(right))) == expected


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_rule_assigns_every_slot_and_the_change(optimizer: str) -> None:
    rule = OPTIMIZERS[optimizer]
    assigned = [line.split(" = ")[0] for line in rule.formula]
    assert assigned[-1] == "Δ{W}"
    assert set(rule.state_names) <= set(assigned)
