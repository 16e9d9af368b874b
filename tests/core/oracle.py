"""PyTorch as the oracle: the same activations, losses and networks, with examples as columns."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tuiprop.core.array import Array
from tuiprop.core.network import Network, Parameters


def pytorch() -> Any:
    """The module torch. Without it the test is skipped, or fails where oracles are required."""
    try:
        import torch
    except ImportError:
        if os.environ.get("TUIPROP_REQUIRE_ORACLES"):
            pytest.fail("TUIPROP_REQUIRE_ORACLES is set, but torch cannot be imported")
        pytest.skip("torch is not installed")
    torch.set_num_threads(1)  # several processes compare at once
    return torch


def lion(tensors: list[Any], lr: float, **options: Any) -> Any:
    """Lion by its paper, as a PyTorch optimiser: PyTorch has none."""
    torch = pytorch()

    class Lion(torch.optim.Optimizer):  # type: ignore[misc, name-defined]
        def step(self) -> None:
            for group in self.param_groups:
                beta1, beta2 = group["betas"]
                for theta in group["params"]:
                    m = self.state[theta].setdefault("exp_avg", torch.zeros_like(theta))
                    direction = torch.sign(beta1 * m + (1 - beta1) * theta.grad)
                    with torch.no_grad():
                        theta.mul_(1 - group["lr"] * group["weight_decay"])
                        theta.sub_(group["lr"] * direction)
                    self.state[theta]["exp_avg"] = beta2 * m + (1 - beta2) * theta.grad

    return Lion(tensors, {"lr": lr, "betas": (0.9, 0.99), "weight_decay": 0.0, **options})


def activations() -> dict[str, Callable[[Any], Any]]:
    torch = pytorch()
    F = torch.nn.functional
    return {
        "linear": lambda z: 1.0 * z,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "leaky_relu": lambda z: F.leaky_relu(z, 0.01),
        "elu": F.elu,
        "selu": F.selu,
        # At its default threshold of 20 PyTorch drops 2e-9.
        "softplus": lambda z: F.softplus(z, threshold=40.0),
        "silu": F.silu,
        "gelu": lambda z: F.gelu(z, approximate="tanh"),
        "mish": F.mish,
        "softmax": lambda z: torch.softmax(z, dim=0),
    }


def losses() -> dict[str, Callable[[Any, Any, Any], Any]]:
    """(z, a, y), each (K, m) → (1/m) Σ loss."""
    F = pytorch().nn.functional
    return {
        "binary_cross_entropy": lambda z, a, y: (
            F.binary_cross_entropy_with_logits(z, y, reduction="sum") / y.shape[1]
        ),
        "cross_entropy": lambda z, a, y: F.cross_entropy(z.T, y.T),
        "mse": lambda z, a, y: F.mse_loss(a, y),
        "squared_error": lambda z, a, y: 0.5 * F.mse_loss(a, y, reduction="sum") / y.shape[1],
        "mae": lambda z, a, y: F.l1_loss(a, y),
        "huber": lambda z, a, y: F.huber_loss(a, y),
    }


def leaves(parameters: Parameters) -> list[Any]:
    """W[1], b[1], W[2], … as tensors that take a gradient."""
    torch = pytorch()
    return [torch.tensor(array, requires_grad=True) for _, array in parameters]


def cost(network: Network, tensors: list[Any], X: Any, Y: Any) -> tuple[Any, Any]:
    """J without and with the penalty. X and Y are columns."""
    g, a, z = activations(), X, X
    for l, layer in enumerate(network.layers):
        z = tensors[2 * l] @ a + tensors[2 * l + 1]
        a = g[layer.activation](z)
    loss = losses()[network.loss](z, a, Y)
    return loss, loss + 0.5 * network.l2 * sum((W**2).sum() for W in tensors[::2])


def flat(tensors: list[Any]) -> NDArray[np.float64]:
    return np.concatenate([tensor.detach().numpy().ravel() for tensor in tensors])


def cost_and_gradient(
    network: Network, parameters: Parameters, inputs: Array, targets: Array
) -> tuple[float, NDArray[np.float64]]:
    """J and the gradient in the layout of `parameters.vector`; inputs and targets are rows."""
    torch = pytorch()
    tensors = leaves(parameters)
    J = cost(network, tensors, torch.tensor(inputs).T, torch.tensor(targets).T)[1]
    J.backward()
    return float(J.detach()), flat([tensor.grad for tensor in tensors])
