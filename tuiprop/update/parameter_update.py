"""The update of the parameters by the rule of an optimiser."""

import numpy as np

from tuiprop.core.array import Array
from tuiprop.core.optimizer import Block, Optimizer, Options

BLOCK = 2**18
"""Bytes of each vector that are updated at a time: with blocks of this size, the intermediate
results of a rule stay in the second-level cache, and SGD of large networks takes two thirds of
the time."""


class ParameterUpdate:
    """Applies the rule of an optimiser to all parameters, block by block.

    Args:
        optimizer: the rule.
        state: (1 + S, P): θ and the optimiser state, changed in place.
        learning_rate: α > 0.
        options: the options that differ from the rule's defaults.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        state: Array,
        learning_rate: float,
        options: Options | None = None,
    ) -> None:
        unknown = set(options or {}) - set(optimizer.options)
        if unknown:
            raise ValueError(
                f"{optimizer.name} has no option {min(unknown)!r}; "
                f"it has {', '.join(optimizer.options)}"
            )
        self.learning_rate = learning_rate
        self.options: Options = {**optimizer.options, **(options or {})}
        count = state.shape[1]
        most = min(BLOCK // state.itemsize, count)
        scratch = np.empty((2, most), state.dtype)
        self._rule = optimizer.update
        self._blocks = [
            (places, Block(state[:, places], learning_rate, self.options, scratch))
            for places in (slice(k, k + most) for k in range(0, count, max(most, 1)))
        ]

    def apply(self, gradient: Array, t: int) -> None:
        """Do update t with its gradient, (P,), which is not changed."""
        for places, block in self._blocks:
            block.gradient, block.t = gradient[places], t
            self._rule(block)
