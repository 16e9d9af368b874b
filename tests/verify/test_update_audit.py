"""The audit agrees with right code to rounding, and names the array and the cell of wrong code."""

import ast
import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tuiprop.verify.update_audit
from tests.core import oracle
from tests.core.test_optimizer import CASES, EXPECTED, NAMES, torch_optimizer
from tuiprop.core.array import Array
from tuiprop.core.network import Layer, Network, Parameters
from tuiprop.core.optimizer import OPTIMIZERS
from tuiprop.update.parameter_update import ParameterUpdate
from tuiprop.verify.update_audit import RULES, Audit, audit

NETWORK = Network(4, (Layer(5, "tanh"), Layer(1, "tanh"), Layer(3, "linear")), "mse")
P = NETWORK.parameter_count
DTYPES = ("float32", "float64")
LARGE_T = (1, 2, 10, 1000, 10**5, 10**7)


class Updates:
    """An optimiser at work on NETWORK, and the audit of each of its updates."""

    def __init__(
        self, name: str, dtype: str, rate: float = 0.01, options: dict[str, Any] | None = None
    ) -> None:
        self.name, self.rate, self.options = name, rate, options
        self.state = np.zeros((1 + len(OPTIMIZERS[name].state_names), P), dtype)
        self.state[0] = np.random.default_rng(0).normal(size=P)
        self.before = self.state.copy()
        self.gradient = self.state[0]
        self.t = 0

    def apply(self, gradient: Array, t: int | None = None) -> None:
        self.before = self.state.copy()
        self.gradient = gradient.astype(self.state.dtype)
        self.t = self.t + 1 if t is None else t
        change = ParameterUpdate(OPTIMIZERS[self.name], self.state, self.rate, self.options)
        with np.errstate(all="ignore"):
            change.apply(self.gradient, self.t)

    def audit(self, after: Array | None = None) -> Audit:
        after = self.state if after is None else after
        given = self.name, self.rate, self.options, self.t, self.before, self.gradient
        return audit(NETWORK, *given, after)


def names(rule: str) -> list[str]:
    arrays = [f"{symbol}[{l}]" for l in (1, 2, 3) for symbol in "Wb"]
    state_names = (
        f"{state_name}({array})" for state_name in RULES[rule].state_names for array in arrays
    )
    return [*arrays, *state_names]


def gradients(count: int, spread: float = 3.0) -> Array:
    generator = np.random.default_rng(1)
    return generator.normal(size=(count, P)) * 10.0 ** generator.uniform(-spread, 1, (count, P))


def test_every_optimizer_has_its_rule() -> None:
    assert {name: (rule.state_names, dict(rule.options)) for name, rule in RULES.items()} == {
        name: (rule.state_names, dict(rule.options)) for name, rule in OPTIMIZERS.items()
    }


def test_it_shares_nothing_with_the_optimizers() -> None:
    tree = ast.parse(Path(inspect.getfile(tuiprop.verify.update_audit)).read_text("utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    ours = {module for module in imported if module and module.startswith("tuiprop")}
    assert ours == {
        "tuiprop.core.array",
        "tuiprop.core.network",
        "tuiprop.explain.error_bounds",
        "tuiprop.update.arrays",
        "tuiprop.update.record",
    }


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("decay", [0.0, 0.03, 1.0])
@pytest.mark.parametrize("name", NAMES)
def test_many_updates_are_right(name: str, decay: float, dtype: str) -> None:
    updates, worst = Updates(name, dtype, options={"weight_decay": decay}), 0.0
    for gradient in gradients(60):
        updates.apply(gradient)
        result = updates.audit()
        assert result.passed, result
        assert [str(each.array) for each in result.arrays] == names(name)
        worst = max(worst, *(array.worst for array in result.arrays))
    assert dtype == "float64" or worst > 0  # in float64 most rules are the same numbers


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "options"), CASES)
def test_any_t_and_options(name: str, options: dict[str, Any], dtype: str) -> None:
    for t in LARGE_T:
        updates = Updates(name, dtype, 0.3, options)
        for gradient in gradients(8):
            updates.state[0, ::2] = 0.0  # where ΔW is all that W can be compared with
            updates.apply(gradient, t)
            assert updates.audit().passed, t


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_a_gradient_that_the_decay_cancels(name: str, dtype: str) -> None:
    generator = np.random.default_rng(3)
    for power in range(9):
        updates = Updates(name, dtype, 0.1, {"weight_decay": 0.1})
        off = 1 + generator.normal(size=P) * 10.0**-power
        updates.apply(-0.1 * updates.state[0] * off)
        assert updates.audit().passed
        updates.apply(-0.1 * updates.state[0] * off)
        assert updates.audit().passed


@pytest.mark.parametrize("name", ["momentum", "nesterov"])
def test_a_velocity_that_the_gradient_cancels(name: str) -> None:
    updates = Updates(name, "float32", 0.5, {"momentum": 0.7})
    for gradient in gradients(200):
        updates.apply(gradient)
        mu = np.float32(0.7)
        updates.state[0] = 0.0
        updates.apply(-(mu if name == "momentum" else mu**2 / (1 + mu)) * updates.state[1])
        result = updates.audit()
        assert result.passed, result


@pytest.mark.parametrize("eps", [1e-8, 1e-30])
@pytest.mark.parametrize("name", NAMES)
def test_slots_that_fade_below_the_normal_numbers(name: str, eps: float) -> None:
    options = {"eps": eps} if "eps" in OPTIMIZERS[name].options else {}
    updates = Updates(name, "float32", options=options)
    updates.state[0] = 0.0
    updates.apply(gradients(1)[0] * 1e-18)
    for update in range(1000):
        updates.apply(np.zeros(P))
        assert update % 10 or updates.audit().passed
    if name in ("momentum", "nesterov", "adam"):
        assert 0 < np.abs(updates.state[1]).max() < np.finfo(np.float32).smallest_normal
    for power in range(14, 46):
        updates.apply(gradients(1)[0] * 10.0**-power)
        assert updates.audit().passed


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("decay", [0.0, 0.03])
@pytest.mark.parametrize("name", NAMES)
def test_every_corrupted_number_is_named(name: str, decay: float, dtype: str) -> None:
    updates = Updates(name, dtype, options={"weight_decay": decay})
    for gradient in gradients(20, spread=0.5):
        updates.apply(gradient)
    eps = float(np.finfo(dtype).eps)
    places = Parameters(NETWORK, np.arange(P, dtype=np.float64))
    owners = [
        (f"{symbol}[{l}]", np.argwhere(array == i)[0].tolist())
        for i in range(P)
        for l in (1, 2, 3)
        for symbol, array in (("W", places.W[l]), ("b", places.b[l]))
        if i in array
    ]
    assert len(owners) == P
    for row, state_name in enumerate(("", *RULES[name].state_names)):
        for i, (array, cell) in enumerate(owners):
            old, new = updates.before[row, i], updates.state[row, i]
            magnitude = abs(float(old)) + abs(float(new - old))
            if row and name != "adagrad":  # Σ|terms| of a cancelling average, and of g + λ W
                magnitude += abs(float(updates.gradient[i]))
            after = updates.state.copy()
            after[row, i] += (-1) ** i * 16 * eps * magnitude
            result = updates.audit(after)
            wrong = [each for each in result.arrays if not each.ok]
            assert [str(each.array) for each in wrong] == [
                f"{state_name}({array})" if state_name else array
            ]
            assert list(wrong[0].cell) == cell
            assert 1 < wrong[0].worst < 100 or row
            assert not result.passed


def test_the_bound_is_the_rounding_on_both_sides() -> None:
    """One product and one difference, each rounded by the program and by the audit."""
    updates = Updates("sgd", "float64")
    updates.apply(gradients(1)[0])
    change = np.abs(updates.rate * updates.gradient)
    allowed = np.finfo(np.float64).eps * (np.abs(updates.state[0]) + change)
    assert updates.audit(updates.state + 0.4 * allowed).passed
    for share in (3.0, 10.0, 100.0):
        result = updates.audit(updates.state + share * allowed)
        worst = [array.worst for array in result.arrays]
        assert worst == pytest.approx([share] * len(worst), abs=1.1)
        assert not result.passed


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        *((name, changed) for name in NAMES for changed in ("rate", "gradient", "options")),
        *((name, "t") for name in ("adam", "adamw")),
    ],
)
def test_another_rule_is_not_this_one(name: str, changed: str) -> None:
    updates = Updates(name, "float32")
    for gradient in gradients(5):
        updates.apply(gradient)
    if changed == "rate":
        updates.rate *= 1.0001
    elif changed == "t":
        updates.t += 1
    elif changed == "gradient":
        updates.gradient = updates.gradient * np.float32(1.0001)
    else:
        updates.options = {"weight_decay": 0.001}
    assert not updates.audit().passed


@pytest.mark.parametrize("one", NAMES)
@pytest.mark.parametrize("other", NAMES)
def test_no_optimizer_passes_for_another(one: str, other: str) -> None:
    updates = Updates(one, "float64")
    for gradient in gradients(3):
        updates.apply(gradient)
    if len(RULES[one].state_names) != len(RULES[other].state_names):
        return
    updates.name = other
    assert updates.audit().passed == (one == other)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_wrong(wrong: float) -> None:
    updates = Updates("adam", "float32")
    updates.apply(gradients(1)[0])
    updates.state[1, 7] = wrong
    (found,) = [array for array in updates.audit().arrays if not array.ok]
    assert (str(found.array), found.cell, found.worst) == ("m(W[1])", (1, 3), np.inf)


def test_what_overflows_is_infinite_and_stays_no_number() -> None:
    updates = Updates("sgd", "float32", rate=1e30)
    updates.apply(np.full(P, 1e20))
    assert np.isinf(updates.state).all()
    assert updates.audit().passed
    updates.apply(np.full(P, -np.inf))
    assert np.isnan(updates.state).all()
    assert updates.audit().passed
    assert not updates.audit(np.zeros_like(updates.state)).passed


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("name", "options"),
    [case for case in CASES if case[1].get("momentum") != 0.0],  # PyTorch keeps no velocity then
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_updates_of_pytorch_pass(name: str, options: dict[str, Any], dtype: str) -> None:
    torch = oracle.pytorch()
    updates = Updates(name, dtype, options=options)
    theta = torch.tensor(updates.state[0].copy(), requires_grad=True)
    theirs = torch_optimizer(name, theta, updates.rate, options)
    for t, gradient in enumerate(gradients(20), start=1):
        updates.t, updates.before = t, updates.state.copy()
        updates.gradient = gradient.astype(dtype)
        theta.grad = torch.tensor(updates.gradient)
        theirs.step()
        updates.state[0] = theta.detach().numpy()
        for row, state_name in enumerate(EXPECTED[name].state, start=1):
            updates.state[row] = theirs.state[theta][state_name].numpy()
        result = updates.audit()
        assert result.passed, result
