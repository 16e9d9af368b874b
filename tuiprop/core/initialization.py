"""The initial parameters, state 0."""

from collections.abc import Callable
from math import sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tuiprop.core.network import Network, Parameters

_Draw: TypeAlias = Callable[[np.random.Generator, int, int], NDArray[np.float64]]
"""(generator, n[l], n[l-1]) → W[l], (n[l], n[l-1])."""


def _uniform(half_width: Callable[[int, int], float]) -> _Draw:
    """U(−half_width, half_width), a function of fan-in and fan-out."""

    def draw(generator: np.random.Generator, n: int, before: int) -> NDArray[np.float64]:
        spread = half_width(before, n)
        return generator.uniform(-spread, spread, (n, before))

    return draw


def _normal(deviation: Callable[[int, int], float]) -> _Draw:
    """N(0, deviation²), a function of fan-in and fan-out; not truncated."""

    def draw(generator: np.random.Generator, n: int, before: int) -> NDArray[np.float64]:
        return generator.normal(0.0, deviation(before, n), (n, before))

    return draw


# Xavier: Glorot and Bengio (2010). He: He et al. (2015), gain √2. LeCun: LeCun et al. (1998).
_INITIALIZERS: dict[str, _Draw] = {
    "zeros": lambda generator, n, before: np.zeros((n, before)),
    "normal": _normal(lambda fan_in, fan_out: 0.01),
    "uniform": _uniform(lambda fan_in, fan_out: 0.5),
    "xavier_uniform": _uniform(lambda fan_in, fan_out: sqrt(6.0 / (fan_in + fan_out))),
    "xavier_normal": _normal(lambda fan_in, fan_out: sqrt(2.0 / (fan_in + fan_out))),
    "he_uniform": _uniform(lambda fan_in, fan_out: sqrt(6.0 / fan_in)),
    "he_normal": _normal(lambda fan_in, fan_out: sqrt(2.0 / fan_in)),
    "lecun_normal": _normal(lambda fan_in, fan_out: sqrt(1.0 / fan_in)),
}

INITIALIZERS = tuple(_INITIALIZERS)
"""The names of the initialisers, in the order in which they are offered."""


def initialize(
    network: Network, initializer: str, seed: int, dtype: DTypeLike = np.float64
) -> Parameters:
    """State 0: W[1], W[2], … drawn in this order from one generator, every b[l] = 0.

    Numbers are drawn in float64 and then rounded to `dtype`, so that float32 starts from the
    same network.
    """
    draw = _INITIALIZERS[initializer]
    generator = np.random.default_rng(seed)
    parameters = Parameters.zeros(network, dtype)
    for W in parameters.W.values():
        W[...] = draw(generator, *W.shape)
    return parameters
