import numpy as np
import pytest

from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.array import Array
from tuiprop.core.loss import LOSSES, Loss
from tuiprop.verify.kinks import LOSS_KINKS, has_kink


def test_activations_whose_slope_or_bend_jumps_at_0() -> None:
    found = {name for name, g in ACTIVATIONS.items() if has_kink(g)}
    assert {"relu", "leaky_relu", "elu", "selu"} <= found
    assert not found & {"linear", "sigmoid", "tanh", "softplus", "silu", "gelu", "mish", "softmax"}


def bends(loss: Loss) -> set[float]:
    """The values of ŷ − y, in steps of 1/8, between whose two sides the slope jumps or bends."""
    h, at = 2.0**-10, np.arange(-24, 25) / 8
    y = np.zeros((1, at.size))

    def slope(error: Array) -> Array:
        out = np.empty_like(y)
        loss.gradient(error[None], y, out)
        return out.ravel()

    left, right = (slope(at + side * 2 * h) - slope(at + side * h) for side in (-1, 1))
    jump = slope(at + h) - slope(at - h)
    return set(at[(np.abs(left + right) > h / 2) | (np.abs(jump) > 0.5)].tolist())


@pytest.mark.parametrize("name", [name for name, loss in LOSSES.items() if not loss.output])
def test_every_kink_of_a_loss_is_declared(name: str) -> None:
    assert bends(LOSSES[name]) == set(LOSS_KINKS.get(name, ()))
