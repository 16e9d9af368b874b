"""`tuiprop train` beside a loop in PyTorch: the same file, the same weights, the same history."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.command import experiment, tuiprop
from tests.core import oracle
from tests.core.test_optimizer import torch_optimizer
from tuiprop.core.initialization import initialize
from tuiprop.core.network import Layer, Network

EPOCHS, BATCH, ROWS = 15, 8, 44

CASES: dict[str, tuple[tuple[str, str], int, str, str, float, dict[str, Any]]] = {
    "softmax, sgd": (("tanh", "softmax"), 3, "cross_entropy", "sgd", 0.0, {}),
    "sigmoid, adam, l2": (
        ("silu", "sigmoid"), 1, "binary_cross_entropy", "adam", 0.05, {"betas": [0.8, 0.99]}
    ),
    "mse, nesterov, l2": (("gelu", "linear"), 1, "mse", "nesterov", 0.02, {"momentum": 0.8}),
    "huber, rmsprop": (("softplus", "linear"), 2, "huber", "rmsprop", 0.0, {}),
    "squared error, adamw": (("sigmoid", "tanh"), 2, "squared_error", "adamw", 0.0, {}),
}  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("name", CASES)
def test_the_history_is_pytorchs(tmp_path: Path, name: str) -> None:
    torch = oracle.pytorch()
    activations, K, loss, rule_name, l2, options = CASES[name]
    generator = np.random.default_rng(5)
    inputs = generator.normal(size=(ROWS, 4))
    if K == 2 or loss == "mse":
        targets = generator.normal(0.0, 0.5, (ROWS, K))
        columns = [f"y{k}" for k in range(K)]
        cells = targets
    else:
        classes = np.arange(ROWS) % max(K, 2)
        cells, columns = classes[:, None].astype(np.float64), ["y0"]
        targets = np.eye(K)[classes] if K > 1 else cells
    with (tmp_path / "data.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["x0", "x1", "x2", "x3", *columns])
        writer.writerows(np.hstack([inputs, cells]).tolist())
    layers = tuple(Layer(n, g) for n, g in zip((6, K), activations, strict=True))
    network = Network(4, layers, loss, l2)
    initial = initialize(network, "he_normal", 9)
    weights: dict[str, Any] = dict(initial)
    np.savez(tmp_path / "w.npz", **weights)
    path = experiment(
        tmp_path,
        data={"source": "data.csv", "target": columns, "standardize": False, "validation": 0.0},
        network={
            "layers": [{"units": each.units, "activation": each.activation} for each in layers],
            "loss": loss,
            "l2": l2,
        },
        training={
            "optimizer": rule_name,
            "options": options,
            "learning_rate": 0.02,
            "batch_size": BATCH,
            "epochs": EPOCHS,
            "shuffle": False,
        },
    )
    ended = tuiprop("train", path, "--init", tmp_path / "w.npz", "--history", tmp_path / "h.csv")
    assert (ended.status, ended.err) == (0, "")
    with (tmp_path / "h.csv").open() as file:
        found = np.array([float(row["train_loss"]) for row in csv.DictReader(file)])

    theta = torch.tensor(initial.vector, requires_grad=True)
    rule = torch_optimizer(rule_name, theta, 0.02, options)
    X, Y = torch.tensor(inputs).T, torch.tensor(targets).T

    def tensors() -> list[Any]:
        views, start = [], 0
        for _, array in initial:
            views.append(theta[start : start + array.size].reshape(array.shape))
            start += array.size
        return views

    expected = []
    for epoch in range(EPOCHS + 1):
        expected.append(float(oracle.cost(network, tensors(), X, Y)[0].detach()))
        for start in range(0, ROWS if epoch < EPOCHS else 0, BATCH):
            batch = slice(start, start + BATCH)
            rule.zero_grad()
            oracle.cost(network, tensors(), X[:, batch], Y[:, batch])[1].backward()
            rule.step()
    np.testing.assert_allclose(found, expected, rtol=1e-11)
    assert found[-1] < 0.95 * found[0]
