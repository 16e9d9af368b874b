from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from tests.core import oracle
from tuiprop.core.optimizer import OPTIMIZERS
from tuiprop.update.parameter_update import BLOCK, ParameterUpdate


@dataclass(frozen=True)
class Expected:
    """The first update of an optimiser, and its equivalent in PyTorch."""

    first: float
    """θ after the first update with the default options, from θ = 2, g = 3, α = 0.1."""
    kind: str
    """The class in `torch.optim`, or the function in `oracle`."""
    state: tuple[str, ...] = ()
    """PyTorch's name of each array of its state."""
    options: dict[str, Any] = field(default_factory=dict)
    """The options that make it this optimiser."""


EXPECTED = {
    "sgd": Expected(2 - 0.1 * 3, "SGD"),
    "momentum": Expected(2 - 0.1 * 3, "SGD", ("momentum_buffer",), {"momentum": 0.9}),
    "nesterov": Expected(
        2 - 0.1 * (3 + 0.9 * 3), "SGD", ("momentum_buffer",), {"momentum": 0.9, "nesterov": True}
    ),
    "adagrad": Expected(2 - 0.1, "Adagrad", ("sum",)),
    "rmsprop": Expected(2 - 0.1 * 3 / (0.1 * 3), "RMSprop", ("square_avg",)),
    "adam": Expected(2 - 0.1, "Adam", ("exp_avg", "exp_avg_sq")),
    "adamw": Expected(2 * (1 - 0.1 * 0.01) - 0.1, "AdamW", ("exp_avg", "exp_avg_sq")),
    "adamax": Expected(2 - 0.1, "Adamax", ("exp_avg", "exp_inf")),
    "lion": Expected(2 - 0.1, "lion", ("exp_avg",)),
}
NAMES = list(EXPECTED)

CASES: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in NAMES),
    *((name, {"weight_decay": 0.03}) for name in NAMES),
    ("adamw", {"weight_decay": 0.0}),
    ("momentum", {"momentum": 0.5}),
    ("momentum", {"momentum": 0.0}),
    ("nesterov", {"momentum": 0.7, "weight_decay": 0.1}),
    ("adagrad", {"eps": 1e-3}),
    ("rmsprop", {"alpha": 0.5, "eps": 1e-4}),
    ("adam", {"betas": (0.5, 0.8), "eps": 1e-3, "weight_decay": 0.2}),
    ("adam", {"betas": (0.0, 0.0)}),
    ("adamw", {"betas": (0.7, 0.9), "eps": 1e-5, "weight_decay": 0.5}),
    ("adamax", {"betas": (0.6, 0.9), "eps": 1e-3, "weight_decay": 0.2}),
    ("lion", {"betas": (0.5, 0.7), "weight_decay": 0.2}),
]


def torch_optimizer(name: str, theta: Any, rate: float, options: dict[str, Any]) -> Any:
    expected, optim = EXPECTED[name], oracle.pytorch().optim
    kind = getattr(optim, expected.kind, None) or getattr(oracle, expected.kind)
    return kind([theta], lr=rate, **{**expected.options, **options})


def test_every_optimizer_has_what_it_must_equal() -> None:
    assert list(OPTIMIZERS) == NAMES
    for name, rule in OPTIMIZERS.items():
        assert len(rule.state_names) == len(EXPECTED[name].state)


@pytest.mark.oracle
@pytest.mark.parametrize("name", NAMES)
def test_the_options_are_those_of_pytorch(name: str) -> None:
    theta = oracle.pytorch().zeros(1, requires_grad=True)
    theirs = torch_optimizer(name, theta, 0.1, {}).defaults
    options = OPTIMIZERS[name].options
    assert dict(options) == {option: theirs[option] for option in options}


@pytest.mark.oracle
@pytest.mark.parametrize("rate", [0.01, 0.1])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_100_updates_agree_with_pytorch(name: str, options: dict[str, Any], rate: float) -> None:
    torch = oracle.pytorch()
    generator = np.random.default_rng(7)
    rule = OPTIMIZERS[name]
    state = np.zeros((1 + len(rule.state_names), 30))
    state[0] = generator.normal(0, 1, 30)
    theta = torch.tensor(state[0], requires_grad=True)
    theirs = torch_optimizer(name, theta, rate, options)
    change = ParameterUpdate(rule, state, rate, options)
    scale = 10.0 ** generator.uniform(-3, 2, 30)
    for t in range(1, 101):
        gradient = generator.normal(0, 1, 30) * scale
        kept = gradient.copy()
        theta.grad = torch.tensor(gradient)
        theirs.step()
        change.apply(gradient, t)
        assert np.array_equal(gradient, kept)
        np.testing.assert_allclose(state[0], theta.detach().numpy(), rtol=1e-12, atol=1e-12)
    if options.get("momentum") == 0.0:
        return  # PyTorch keeps no velocity then
    for state_name, vector in zip(EXPECTED[name].state, state[1:], strict=True):
        their_state = theirs.state[theta][state_name].numpy()
        np.testing.assert_allclose(vector, their_state, rtol=1e-12, atol=1e-12, err_msg=state_name)


@pytest.mark.parametrize("name", NAMES)
def test_the_first_update_by_hand(name: str) -> None:
    rule = OPTIMIZERS[name]
    state = np.zeros((1 + len(rule.state_names), 1))
    state[0] = 2.0
    ParameterUpdate(rule, state, 0.1).apply(np.array([3.0]), 1)
    assert float(state[0, 0]) == pytest.approx(EXPECTED[name].first, rel=1e-6)


def test_momentum_keeps_its_velocity() -> None:
    state = np.array([[1.0], [0.0]])
    change = ParameterUpdate(OPTIMIZERS["momentum"], state, 0.1)
    for t, (theta, velocity) in enumerate([(0.9, 1.0), (0.71, 1.9), (0.439, 2.71)], start=1):
        change.apply(np.array([1.0]), t)
        assert state[:, 0].tolist() == pytest.approx([theta, velocity])


@pytest.mark.parametrize("name", NAMES)
def test_state_of_a_change_is_that_of_the_caller(name: str) -> None:
    """A new change with the same state and t goes on as the old one would."""
    rule, generator = OPTIMIZERS[name], np.random.default_rng(1)
    gradients = generator.normal(0, 1, (6, 8))
    states = []
    for new_at in (None, 4):
        state = np.zeros((1 + len(rule.state_names), 8))
        change = ParameterUpdate(rule, state, 0.05)
        for t, gradient in enumerate(gradients, start=1):
            if t == new_at:
                state = state.copy()
                change = ParameterUpdate(rule, state, 0.05)
            change.apply(gradient, t)
        states.append(state)
    assert np.array_equal(states[0], states[1])


@pytest.mark.parametrize("name", NAMES)
def test_blocks_change_no_bit(name: str) -> None:
    """More parameters than are changed at a time, beside the same in other blocks."""
    rule, generator = OPTIMIZERS[name], np.random.default_rng(4)
    count = 2 * (BLOCK // 8) + 7
    state = np.abs(generator.normal(0, 1, (1 + len(rule.state_names), count)))
    halves = np.split(state.copy(), [1001], axis=1)
    options = {"weight_decay": 0.1}
    whole, *parts = (ParameterUpdate(rule, s, 0.05, options) for s in (state, *halves))
    for t in range(1, 4):
        gradient = generator.normal(0, 1, count)
        whole.apply(gradient, t)
        for part, of_part in zip(parts, np.split(gradient, [1001]), strict=True):
            part.apply(of_part, t)
    assert np.array_equal(state, np.concatenate(halves, axis=1))


@pytest.mark.parametrize("name", NAMES)
def test_float32_stays_float32(name: str) -> None:
    rule, generator = OPTIMIZERS[name], np.random.default_rng(2)
    state = np.zeros((1 + len(rule.state_names), 8), np.float32)
    double = state.astype(np.float64)
    small, large = (ParameterUpdate(rule, s, 0.05) for s in (state, double))
    for t in range(1, 21):
        gradient = generator.normal(0, 1, 8)
        small.apply(gradient.astype(np.float32), t)
        large.apply(gradient, t)
    ((_, block),) = small._blocks
    assert all(vector.dtype == np.float32 for vector in (*block.scratch, block.theta))
    np.testing.assert_allclose(state[0], double[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_zero_gradient_moves_nothing_without_decay(name: str) -> None:
    rule = OPTIMIZERS[name]
    state = np.zeros((1 + len(rule.state_names), 2))
    state[0] = [1.0, -2.0]
    with np.errstate(all="raise"):
        ParameterUpdate(rule, state, 0.1, {"weight_decay": 0.0}).apply(np.zeros(2), 1)
    assert state[0].tolist() == [1.0, -2.0]


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("sgd", {"momentum": 0.9}, "sgd has no option 'momentum'; it has weight_decay"),
        ("adam", {"beta": 0.9}, "adam has no option 'beta'; it has betas, eps, weight_decay"),
        ("rmsprop", {"z": 1.0, "y": 1.0}, "rmsprop has no option 'y'; it has alpha, eps, weight_d"),
    ],
)
def test_unknown_option(name: str, options: dict[str, float], sentence: str) -> None:
    state = np.zeros((3, 4))
    with pytest.raises(ValueError, match=r"has no option") as caught:
        ParameterUpdate(OPTIMIZERS[name], state, 0.1, options)
    assert str(caught.value).startswith(sentence)
