"""The notes in plain NumPy, with nothing of tuiprop's propagation: what the tests compare with."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.initialization import initialize
from tuiprop.core.loss import LOSSES
from tuiprop.core.network import Layer, Network, Parameters

Numbers = NDArray[np.float64]

H = 6.06e-6

KINKS = {"relu", "leaky_relu", "elu", "selu"}
"""g′ jumps at z = 0, or its slope, which a difference over h notices as well."""

LOSS_KINKS = {"mae": (0.0,), "huber": (-1.0, 1.0)}
"""The same for ∂loss/∂ŷ, at these values of ŷ − y."""

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805

G: dict[str, Callable[[Numbers], Numbers]] = {
    "linear": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.where(z > 0, z, 0.0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "elu": lambda z: np.where(z > 0, z, np.exp(z) - 1),
    "selu": lambda z: SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * (np.exp(z) - 1)),
    "softplus": lambda z: np.log(1 + np.exp(z)),
    "silu": lambda z: z / (1 + np.exp(-z)),
    "gelu": lambda z: 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))),
    "mish": lambda z: z * np.tanh(np.log(1 + np.exp(z))),
    "softmax": lambda z: np.exp(z) / np.exp(z).sum(axis=0),
}

LOSS: dict[str, Callable[[Numbers, Numbers], Numbers]] = {
    "binary_cross_entropy": lambda a, y: -(y * np.log(a) + (1 - y) * np.log(1 - a)).sum(axis=0),
    "cross_entropy": lambda a, y: -(y * np.log(a)).sum(axis=0),
    "mse": lambda a, y: ((a - y) ** 2).mean(axis=0),
    "squared_error": lambda a, y: ((a - y) ** 2).sum(axis=0) / 2,
    "mae": lambda a, y: np.abs(a - y).mean(axis=0),
    "huber": lambda a, y: np.where(np.abs(a - y) < 1, (a - y) ** 2 / 2, np.abs(a - y) - 0.5).mean(
        axis=0
    ),
}

PAIRS = [
    (loss, output)
    for loss in LOSS
    for output in G
    if LOSSES[loss].output in (None, output)
]  # fmt: skip
"""Every (loss, output activation) that goes together."""


@dataclass(frozen=True)
class Problem:
    """A network at its initial weights, and a batch as rows."""

    network: Network
    parameters: Parameters
    inputs: Numbers
    targets: Numbers


def targets_for(loss: str, generator: np.random.Generator, m: int, K: int) -> Numbers:
    """Targets that the loss is meant for, (m, K)."""
    if loss == "cross_entropy":
        return np.eye(K)[generator.integers(K, size=m)]
    if loss == "binary_cross_entropy":
        return generator.integers(2, size=(m, K)).astype(np.float64)
    return generator.normal(0.3, 1.0, (m, K))


def problem(
    sizes: tuple[int, ...],
    activations: tuple[str, ...],
    loss: str,
    *,
    l2: float = 0.0,
    m: int = 7,
    seed: int = 0,
    initializer: str = "he_normal",
) -> Problem:
    layers = tuple(Layer(n, name) for n, name in zip(sizes[1:], activations, strict=True))
    network = Network(sizes[0], layers, loss, l2)
    generator = np.random.default_rng([seed, 1])
    return Problem(
        network,
        initialize(network, initializer, seed),
        generator.normal(0.0, 1.0, (m, sizes[0])),
        targets_for(loss, generator, m, sizes[-1]),
    )


def forward(
    network: Network, theta: Numbers, inputs: Numbers
) -> tuple[list[Numbers], list[Numbers]]:
    """z[1] … z[L] and a[0] … a[L], from the vector W[1], b[1], W[2], …"""
    a, zs, start = [inputs.T], [], 0
    before = network.inputs
    for layer in network.layers:
        n = layer.units
        W = theta[start : start + n * before].reshape(n, before)
        b = theta[start + n * before : start + n * before + n].reshape(n, 1)
        zs.append(W @ a[-1] + b)
        a.append(G[layer.activation](zs[-1]))
        start, before = start + n * before + n, n
    return zs, a


def weights(network: Network) -> NDArray[np.bool_]:
    """Which numbers of the vector are weights, not biases."""
    parts, before = [], network.inputs
    for layer in network.layers:
        parts += [np.ones(layer.units * before, bool), np.zeros(layer.units, bool)]
        before = layer.units
    return np.concatenate(parts)


def cost(network: Network, theta: Numbers, inputs: Numbers, targets: Numbers) -> float:
    a = forward(network, theta, inputs)[1][-1]
    penalty = 0.5 * network.l2 * (theta[weights(network)] ** 2).sum()
    return float(LOSS[network.loss](a, targets.T).mean() + penalty)


def side(network: Network, theta: Numbers, inputs: Numbers, targets: Numbers) -> bytes:
    """On which side of the kinks every example is."""
    zs, a = forward(network, theta, inputs)
    signs = [
        np.sign(z) for z, layer in zip(zs, network.layers, strict=True) if layer.activation in KINKS
    ]
    signs += [np.sign(a[-1] - targets.T - kink) for kink in LOSS_KINKS.get(network.loss, ())]
    return b"".join(sign.tobytes() for sign in signs)


def central_differences(cost: Callable[[Numbers], float], theta: Numbers) -> Numbers:
    numeric = np.empty_like(theta)
    for i in range(theta.size):
        up, down = theta.copy(), theta.copy()
        up[i] += H
        down[i] -= H
        numeric[i] = (cost(up) - cost(down)) / (up[i] - down[i])
    return numeric


def smooth(case: Problem) -> NDArray[np.bool_]:
    """Parameters that can be moved by h without crossing a kink."""
    theta = np.asarray(case.parameters.vector, np.float64)
    result = np.ones(theta.size, bool)
    activations = {layer.activation for layer in case.network.layers}
    if case.network.loss not in LOSS_KINKS and not KINKS & activations:
        return result
    for i in range(theta.size):
        sides = set()
        for h in (-H, 0.0, H):
            moved = theta.copy()
            moved[i] += h
            sides.add(side(case.network, moved, case.inputs, case.targets))
        result[i] = len(sides) == 1
    return result


def relative_error(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Norm against norm."""
    size = np.linalg.norm(one) + np.linalg.norm(other)
    return float(np.linalg.norm(one - other) / size) if size else 0.0


class Mistake(Enum):
    """What the source notes print wrongly."""

    LOSS = "loss = −y log a + (1−y) log(1−a)"
    DA = "da[L] = −( y/a + (1−y)/(1−a) )"
    DW = "dW[l] = dz[l] a[l-1]"
    DB = "db[l] = dz[l]⁽ⁱ⁾"
    DA_BEFORE = "da[l-1] = W[l] dz[l]"


def logistic_cost(
    network: Network, theta: Numbers, X: Numbers, Y: Numbers, mistake: Mistake | None
) -> float:
    """J of a network of sigmoids with binary cross-entropy, X and Y as columns."""
    a = forward(network, theta, X.T)[1][-1]
    if mistake is Mistake.LOSS:
        return float((-Y * np.log(a) + (1 - Y) * np.log(1 - a)).sum() / X.shape[1])
    return float(-(Y * np.log(a) + (1 - Y) * np.log(1 - a)).sum() / X.shape[1])


def logistic_gradient(
    network: Network, theta: Numbers, X: Numbers, Y: Numbers, mistake: Mistake | None
) -> Numbers:
    """Its gradient by the notes' operations, with at most one of their mistakes in it.

    Raises:
        ValueError: shapes that do not fit.
    """
    a = forward(network, theta, X.T)[1]
    L, m = network.L, X.shape[1]
    W = Parameters(network, theta).W
    out = Parameters.zeros(network)
    da = -Y / a[L] + (1 - Y) / (1 - a[L])
    if mistake is Mistake.DA:
        da = -(Y / a[L] + (1 - Y) / (1 - a[L]))
    for l in range(L, 0, -1):
        dz = da * a[l] * (1 - a[l])
        out.W[l][...] = dz @ a[l - 1] if mistake is Mistake.DW else dz @ a[l - 1].T / m
        out.b[l][...] = dz[:, -1:] if mistake is Mistake.DB else dz.sum(axis=1, keepdims=True) / m
        if l > 1:
            da = W[l] @ dz if mistake is Mistake.DA_BEFORE else W[l].T @ dz
    return np.asarray(out.vector, np.float64)
