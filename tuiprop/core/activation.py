"""The activations: each g beside its g′.

Every function writes into `out`, may use `scratch` (both shaped like z) and allocates nothing
of that size. g takes (z, out, scratch); g′ takes (z, a, out, scratch), a being g(z).
Where both z and a would do, g′ is taken from a.

exp may overflow, where infinity leads to what is right: callers see to it that NumPy does not warn.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tuiprop.core.array import Array, Formula


@dataclass(frozen=True)
class Activation:
    """One g, elementwise unless `output_only`."""

    name: str
    function: Callable[[Array, Array, Array], None]
    """g: (z, out, scratch) → out = g(z), all (n[l], m)."""
    multiply_derivative: Callable[[Array, Array, Array, Array, Array], None]
    """(z, a, da, out, scratch) → out = dz = da * g′(z), all (n[l], m); softmax: the Jacobian."""
    derivative: Callable[[Array, Array, Array, Array], None] | None
    """g′: (z, a, out, scratch) → out = g′(z); None where g is not elementwise."""
    formula: Formula
    """a from z for one number, grouped as `function` computes it; softmax: from the column of z,
    over which max and Σ run."""
    error: Formula
    """dz from da, z and a for one number, grouped as `multiply_derivative` computes it; softmax:
    from the columns, over which Σ runs. An elementwise g has a line that assigns g′."""
    kink: bool = False
    """g′ or its slope jumps at z = 0: a central difference across it is no test of g′."""
    output_only: bool = False


def _linear(z: Array, out: Array, scratch: Array) -> None:
    np.copyto(out, z)


def _linear_derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
    out.fill(1.0)


def _sigmoid(z: Array, out: Array, scratch: Array) -> None:
    np.negative(z, out)
    np.exp(out, out)  # at ∞, 1/(1 + ∞) = 0 is right
    np.add(out, 1.0, out)
    np.reciprocal(out, out)


def _sigmoid_derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
    np.subtract(1.0, a, out)
    np.multiply(out, a, out)


def _tanh(z: Array, out: Array, scratch: Array) -> None:
    np.tanh(z, out)


def _tanh_derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
    np.multiply(a, a, out)
    np.subtract(1.0, out, out)


def _relu(z: Array, out: Array, scratch: Array) -> None:
    out.fill(0.0)  # NumPy has a vector loop for the maximum of two arrays, none for a number
    np.maximum(z, out, out=out)


def _relu_derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
    np.greater(a, 0.0, out)  # as z > 0; twice as fast as the sign of a


LEAKY_SLOPE = 0.01


def _leaky_relu(z: Array, out: Array, scratch: Array) -> None:
    np.multiply(z, LEAKY_SLOPE, out)
    np.maximum(z, out, out=out)


def _leaky_relu_derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
    np.greater(z, 0.0, out)
    np.maximum(out, LEAKY_SLOPE, out=out)


def _elu(z: Array, out: Array, scratch: Array) -> None:
    np.minimum(z, 0.0, out=out)
    np.expm1(out, out)
    np.maximum(z, 0.0, out=scratch)
    np.add(out, scratch, out)


def _elu_derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
    np.minimum(z, 0.0, out=out)
    np.exp(out, out)


# Klambauer et al., "Self-Normalizing Neural Networks" (2017), section 2.
SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


def _selu(z: Array, out: Array, scratch: Array) -> None:
    np.minimum(z, 0.0, out=out)
    np.expm1(out, out)
    np.multiply(out, SELU_ALPHA, out)
    np.maximum(z, 0.0, out=scratch)
    np.add(out, scratch, out)
    np.multiply(out, SELU_SCALE, out)


def _selu_derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
    np.minimum(z, 0.0, out=out)
    np.exp(out, out)
    np.multiply(out, SELU_ALPHA, out)  # α exp(z) left of 0 and α right of it, where it must be 1
    np.greater(z, 0.0, scratch)
    np.multiply(scratch, SELU_ALPHA - 1.0, scratch)
    np.subtract(out, scratch, out)
    np.multiply(out, SELU_SCALE, out)


def _softplus(z: Array, out: Array, scratch: Array) -> None:
    np.abs(z, out)
    np.negative(out, out)
    np.exp(out, out)
    np.log1p(out, out)
    np.maximum(z, 0.0, out=scratch)
    np.add(out, scratch, out)


def _softplus_derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
    _sigmoid(z, out, scratch)


def _silu(z: Array, out: Array, scratch: Array) -> None:
    _sigmoid(z, out, scratch)
    np.multiply(z, out, out)


def _silu_derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
    _sigmoid(z, out, scratch)  # σ (1 + z (1 − σ)) = σ + a (1 − σ)
    np.subtract(1.0, out, scratch)
    np.multiply(a, scratch, scratch)
    np.add(out, scratch, out)


# Hendrycks and Gimpel, "Gaussian Error Linear Units" (2016): the tanh form.
GELU_SCALE = float(np.sqrt(2.0 / np.pi))
GELU_CUBIC = 0.044715
_GELU_TANH_FORMULA = f"t = tanh({GELU_SCALE} * z * (1 + {GELU_CUBIC} * z * z))"


GELU_FLAT = 64.0**2
"""From this z² on, gelu′ is 0 or 1 in every dtype."""


def _gelu_tanh(z: Array, out: Array) -> None:
    """Out = tanh(√(2/π) (z + 0.044715 z³))."""
    np.multiply(z, z, out)
    np.multiply(out, GELU_CUBIC, out)
    np.add(out, 1.0, out)
    np.multiply(out, z, out)
    np.multiply(out, GELU_SCALE, out)
    np.tanh(out, out)


def _gelu(z: Array, out: Array, scratch: Array) -> None:
    _gelu_tanh(z, out)
    np.add(out, 1.0, out)
    np.multiply(out, z, out)
    np.multiply(out, 0.5, out)


def _gelu_derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
    # ½ (1 + t) + ½ z (1 − t²) u′, with u′ = √(2/π) (1 + 3 · 0.044715 z²)
    #   = ½ (1 + t) (1 + z (1 − t) u′)
    _gelu_tanh(z, out)
    np.multiply(z, z, scratch)
    np.minimum(scratch, GELU_FLAT, out=scratch)  # beyond, t is ±1: z u′ must only be finite
    np.multiply(scratch, 3.0 * GELU_CUBIC, scratch)
    np.add(scratch, 1.0, scratch)
    np.multiply(scratch, GELU_SCALE, scratch)
    np.multiply(scratch, z, scratch)  # z u′
    np.subtract(1.0, out, out)
    np.multiply(scratch, out, scratch)  # z (1 − t) u′
    np.add(scratch, 1.0, scratch)
    np.subtract(2.0, out, out)  # 1 + t
    np.multiply(out, scratch, out)
    np.multiply(out, 0.5, out)


# Misra, "Mish: A Self Regularized Non-Monotonic Activation Function" (2019).
def _mish(z: Array, out: Array, scratch: Array) -> None:
    _softplus(z, out, scratch)
    np.tanh(out, out)
    np.multiply(z, out, out)


def _mish_derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
    # t + z (1 − t²) σ(z) with t = tanh(softplus(z)), which is computed twice to save a buffer
    np.logaddexp(z, 0.0, out)
    np.tanh(out, out)
    np.multiply(out, out, scratch)
    np.subtract(1.0, scratch, scratch)
    np.multiply(scratch, z, scratch)
    _sigmoid(z, out, out)
    np.multiply(scratch, out, scratch)
    np.logaddexp(z, 0.0, out)
    np.tanh(out, out)
    np.add(out, scratch, out)


def _softmax(z: Array, out: Array, scratch: Array) -> None:
    np.subtract(z, np.maximum.reduce(z), out)
    np.exp(out, out)
    np.divide(out, np.add.reduce(out), out)


def _softmax_jacobian(z: Array, a: Array, da: Array, out: Array, scratch: Array) -> None:
    # ∂a_j/∂z_k = a_j (δ_jk − a_k), so dz = a * (da − Σ_j a_j da_j), column by column
    np.multiply(a, da, out)
    np.subtract(da, out.sum(axis=0), out)
    np.multiply(out, a, out)


def _elementwise(
    name: str,
    function: Callable[[Array, Array, Array], None],
    derivative: Callable[[Array, Array, Array, Array], None],
    formula: Formula,
    slope: Formula,
    *,
    kink: bool = False,
) -> Activation:
    def multiply_derivative(z: Array, a: Array, da: Array, out: Array, scratch: Array) -> None:
        derivative(z, a, out, scratch)
        np.multiply(da, out, out)

    error = (*slope, "dz = da * g′")
    return Activation(name, function, multiply_derivative, derivative, formula, error, kink=kink)


_TABLE = (
    _elementwise("linear", _linear, _linear_derivative, ("a = z",), ("g′ = 1",)),
    _elementwise(
        "sigmoid",
        _sigmoid,
        _sigmoid_derivative,
        ("a = 1 / (1 + exp(-z))",),
        ("g′ = a * (1 - a)",),
    ),
    _elementwise("tanh", _tanh, _tanh_derivative, ("a = tanh(z)",), ("g′ = 1 - a**2",)),
    _elementwise(
        "relu",
        _relu,
        _relu_derivative,
        ("a = max(z, 0)",),
        ("g′ = 1 if z > 0 else 0",),
        kink=True,
    ),
    _elementwise(
        "leaky_relu",
        _leaky_relu,
        _leaky_relu_derivative,
        (f"a = z if z > 0 else {LEAKY_SLOPE} * z",),
        (f"g′ = 1 if z > 0 else {LEAKY_SLOPE}",),
        kink=True,
    ),
    _elementwise(
        "elu",
        _elu,
        _elu_derivative,
        ("a = z if z > 0 else expm1(z)",),
        ("g′ = 1 if z > 0 else exp(z)",),
        kink=True,
    ),
    _elementwise(
        "selu",
        _selu,
        _selu_derivative,
        (f"a = {SELU_SCALE} * (z if z > 0 else {SELU_ALPHA} * expm1(z))",),
        (f"g′ = {SELU_SCALE} * (1 if z > 0 else {SELU_ALPHA} * exp(z))",),
        kink=True,
    ),
    _elementwise(
        "softplus",
        _softplus,
        _softplus_derivative,
        ("a = max(z, 0) + log1p(exp(-abs(z)))",),
        ("g′ = 1 / (1 + exp(-z))",),
    ),
    _elementwise(
        "silu",
        _silu,
        _silu_derivative,
        ("σ = 1 / (1 + exp(-z))", "a = z * σ"),
        ("σ = 1 / (1 + exp(-z))", "g′ = σ + a * (1 - σ)"),
    ),
    _elementwise(
        "gelu",
        _gelu,
        _gelu_derivative,
        (_GELU_TANH_FORMULA, "a = 0.5 * z * (1 + t)"),
        (
            _GELU_TANH_FORMULA,
            f"u′ = {GELU_SCALE} * (1 + {3.0 * GELU_CUBIC} * z * z)",
            "g′ = 0.5 * (1 + t) * (1 + z * u′ * (1 - t))",
        ),
    ),
    _elementwise(
        "mish",
        _mish,
        _mish_derivative,
        ("s = max(z, 0) + log1p(exp(-abs(z)))", "a = z * tanh(s)"),
        (
            "t = tanh(max(z, 0) + log1p(exp(-abs(z))))",
            "σ = 1 / (1 + exp(-z))",
            "g′ = t + z * (1 - t**2) * σ",
        ),
    ),
    Activation(
        "softmax",
        _softmax,
        _softmax_jacobian,
        None,
        ("largest = max(z)", "e = exp(z - largest)", "S = Σ(e)", "a = e / S"),
        ("s = Σ(a * da)", "dz = a * (da - s)"),
        output_only=True,
    ),
)

ACTIVATIONS: dict[str, Activation] = {activation.name: activation for activation in _TABLE}
"""Every activation by its name, in the order in which they are offered."""
