"""The initial parameters, state 0."""

from collections.abc import Callable
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import DTypeLike

from tuiprop.core.network import Network, Parameters

# Xavier: Glorot and Bengio (2010). He: He et al. (2015), gain √2. LeCun: LeCun et al. (1998).
_INITIALIZERS: dict[str, tuple[Literal["normal", "uniform"], Callable[[int, int], float]]] = {
    "zeros": ("normal", lambda fan_in, fan_out: 0.0),
    "normal": ("normal", lambda fan_in, fan_out: 0.01),
    "uniform": ("uniform", lambda fan_in, fan_out: 0.5),
    "xavier_uniform": ("uniform", lambda fan_in, fan_out: sqrt(6.0 / (fan_in + fan_out))),
    "xavier_normal": ("normal", lambda fan_in, fan_out: sqrt(2.0 / (fan_in + fan_out))),
    "he_uniform": ("uniform", lambda fan_in, fan_out: sqrt(6.0 / fan_in)),
    "he_normal": ("normal", lambda fan_in, fan_out: sqrt(2.0 / fan_in)),
    "lecun_normal": ("normal", lambda fan_in, fan_out: sqrt(1.0 / fan_in)),
}
"""N(0, σ²), not truncated, with σ from fan-in n[l-1] and fan-out n[l]; or U(−s, s) with s."""

INITIALIZERS = tuple(_INITIALIZERS)
"""The names of the initialisers, in the order in which they are offered."""


def initialize(
    network: Network, initializer: str, seed: int, dtype: DTypeLike = np.float64
) -> Parameters:
    """State 0: W[1], W[2], … drawn in this order from one generator, every b[l] = 0.

    Numbers are drawn in float64 and then rounded to `dtype`, so that float32 starts from the
    same network.
    """
    distribution, spread = _INITIALIZERS[initializer]
    generator = np.random.default_rng(seed)
    parameters = Parameters.zeros(network, dtype)
    for W in parameters.W.values():
        fan_out, fan_in = W.shape
        width = spread(fan_in, fan_out)
        if distribution == "uniform":
            W[...] = generator.uniform(-width, width, W.shape)
        else:
            W[...] = generator.normal(0.0, width, W.shape)
    return parameters
