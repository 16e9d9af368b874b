"""Whole trainings beside PyTorch's: the same order, the same batches, the same history."""

from itertools import cycle
from typing import Any

import numpy as np
import pytest

from tests.core import oracle
from tests.core.plain import Problem, problem, relative_error
from tests.core.test_optimizer import torch_optimizer
from tuiprop.core.array import Array
from tuiprop.core.network import Parameters
from tuiprop.core.optimizer import OPTIMIZERS
from tuiprop.core.propagation import Workspace
from tuiprop.update.parameter_update import ParameterUpdate

EXAMPLES, BATCH = 44, 8
"""Five batches of 8 and one of 4."""

PER_EPOCH = 6


def order(epoch: int) -> Any:
    return np.random.default_rng([3, epoch]).permutation(EXAMPLES)


def ours(case: Problem, optimizer: str, rate: float, options: dict[str, Any], epochs: int) -> Array:
    """J of each batch and θ after it, a row an update."""
    network, rule = case.network, OPTIMIZERS[optimizer]
    state = np.zeros((1 + len(rule.state_names), network.parameter_count))
    state[0] = case.parameters.vector
    parameters = Parameters(network, state[0])
    workspaces = {m: Workspace(network, m) for m in (BATCH, EXAMPLES % BATCH)}
    change = ParameterUpdate(rule, state, rate, options)
    history, t = [], 0
    for epoch in range(1, epochs + 1):
        rows = order(epoch)
        for start in range(0, EXAMPLES, BATCH):
            batch = rows[start : start + BATCH]
            workspace = workspaces[len(batch)]
            np.take(case.inputs, batch, axis=0, out=workspace.inputs)
            np.take(case.targets, batch, axis=0, out=workspace.targets)
            workspace.forward(parameters)
            J = workspace.cost(parameters)
            workspace.backward(parameters)
            t += 1
            change.apply(workspace.gradient.vector, t)
            history.append([J, *state[0]])
    return np.array(history)


def theirs(
    case: Problem, optimizer: str, rate: float, options: dict[str, Any], epochs: int
) -> Array:
    torch = oracle.pytorch()
    theta = torch.tensor(case.parameters.vector, requires_grad=True)
    rule = torch_optimizer(optimizer, theta, rate, options)
    X, Y = torch.tensor(case.inputs), torch.tensor(case.targets)
    history = []
    for epoch in range(1, epochs + 1):
        for batch in torch.tensor(order(epoch)).split(BATCH):
            tensors, start = [], 0
            for _, array in case.parameters:
                tensors.append(theta[start : start + array.size].reshape(array.shape))
                start += array.size
            J = oracle.cost(case.network, tensors, X[batch].T, Y[batch].T)[1]
            rule.zero_grad()
            J.backward()
            rule.step()
            history.append([float(J.detach()), *theta.detach().tolist()])
    return np.array(history)


def compare(
    case: Problem, optimizer: str, rate: float, options: dict[str, Any], epochs: int
) -> None:
    found = ours(case, optimizer, rate, options, epochs)
    expected = theirs(case, optimizer, rate, options, epochs)
    assert found.shape == expected.shape == (epochs * PER_EPOCH, 1 + case.parameters.vector.size)
    np.testing.assert_allclose(found[:, 0], expected[:, 0], rtol=1e-11)
    for t, (one, other) in enumerate(zip(found[:, 1:], expected[:, 1:], strict=True), start=1):
        assert relative_error(one, other) <= 1e-11, f"update {t}"
    moved = np.linalg.norm(found[-1, 1:] - case.parameters.vector)
    assert moved > 0.05 * np.linalg.norm(case.parameters.vector)
    assert found[-PER_EPOCH:, 0].mean() < found[:PER_EPOCH, 0].mean()


SMOOTH = [
    ("tanh", "cross_entropy", "softmax"),
    ("sigmoid", "binary_cross_entropy", "sigmoid"),
    ("gelu", "mse", "linear"),
    ("silu", "cross_entropy", "softmax"),
    ("softplus", "squared_error", "linear"),
    ("elu", "huber", "tanh"),
]


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("hidden", "loss", "output", "optimizer"),
    [(*SMOOTH[0], name) for name in OPTIMIZERS]
    + [
        (*network, name)
        for network, name in zip(SMOOTH[1:], cycle(("nesterov", "adam")), strict=False)
    ],
)
def test_smooth_networks_over_102_updates(
    hidden: str, loss: str, output: str, optimizer: str
) -> None:
    case = problem((4, 6, 5, 3), (hidden, hidden, output), loss, l2=0.01, m=EXAMPLES, seed=8)
    compare(case, optimizer, 0.02, {}, 17)


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("hidden", "optimizer"), [("relu", "sgd"), ("leaky_relu", "nesterov"), ("selu", "adam")]
)
def test_networks_with_kinks_over_the_first_100_updates(hidden: str, optimizer: str) -> None:
    case = problem((4, 8, 6, 3), (hidden, hidden, "softmax"), "cross_entropy", m=EXAMPLES, seed=8)
    compare(case, optimizer, 0.02, {}, 17)


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("optimizer", "options"),
    [
        ("sgd", {"weight_decay": 0.05}),
        ("momentum", {"momentum": 0.5, "weight_decay": 0.05}),
        ("rmsprop", {"alpha": 0.9, "eps": 1e-4}),
        ("adam", {"betas": (0.8, 0.95), "weight_decay": 0.05}),
        ("adamw", {"weight_decay": 0.5}),
    ],
)
def test_options(optimizer: str, options: dict[str, Any]) -> None:
    case = problem((4, 6, 3), ("tanh", "softmax"), "cross_entropy", m=EXAMPLES, seed=9)
    compare(case, optimizer, 0.02, options, 17)
