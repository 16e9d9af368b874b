"""The activations: each g beside its g′, the equation over the code that computes it.

A function writes into `out`, may use `scratch` (both shaped like z) and allocates no other array
of that size. g takes (z, out, scratch); g′ takes (z, a, out, scratch), where a = g(z), and is
computed from a where that is enough.

exp may overflow where the infinity leads to the right result: callers silence NumPy's warning.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tuiprop.core.array import Array
from tuiprop.core.equation import Formula, equation, equation_of


@dataclass(frozen=True)
class Activation:
    """One g."""

    name: str
    function: Callable[[Array, Array, Array], None]
    """g: (z, out, scratch) → out = a = g(z), all (n[l], m)."""
    derivative: Callable[[Array, Array, Array, Array], None] | None
    """g′: (z, a, out, scratch) → out = g′(z); None where g is not elementwise."""
    jacobian: Callable[[Array, Array, Array], None] | None = None
    """(a, da, out) → out = dz, the product of the Jacobian and da, where g is not elementwise."""

    def multiply_derivative(
        self, z: Array, a: Array, da: Array, out: Array, scratch: Array
    ) -> None:
        """Out = dz = da * g′(z), all (n[l], m)."""
        if self.derivative is not None:
            self.derivative(z, a, out, scratch)
            np.multiply(da, out, out)
        elif self.jacobian is not None:
            self.jacobian(a, da, out)

    @property
    def output_only(self) -> bool:
        """True if only the output layer can have it: where it mixes the units of a layer."""
        return self.derivative is None

    @property
    def formula(self) -> Formula:
        """The equation of a from z; softmax: from the column of z, over which max and Σ run."""
        return equation_of(self.function)

    @property
    def error(self) -> Formula:
        """The equation of dz from da, z and a; softmax: from the columns, over which Σ runs."""
        if self.derivative is not None:
            return *equation_of(self.derivative), "dz = da * g′"
        return () if self.jacobian is None else equation_of(self.jacobian)


@equation("a = z")
def _linear(z: Array, out: Array, scratch: Array) -> None:
    np.copyto(out, z)


@equation("g′ = 1")
def _linear_derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
    out.fill(1.0)


@equation("a = 1 / (1 + exp(-z))")
def _sigmoid(z: Array, out: Array, scratch: Array) -> None:
    np.negative(z, out)
    np.exp(out, out)  # at ∞, 1/(1 + ∞) = 0 is right
    np.add(out, 1.0, out)
    np.reciprocal(out, out)


@equation("g′ = a * (1 - a)")
def _sigmoid_derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
    np.subtract(1.0, a, out)
    np.multiply(out, a, out)


@equation("a = tanh(z)")
def _tanh(z: Array, out: Array, scratch: Array) -> None:
    np.tanh(z, out)


@equation("g′ = 1 - a**2")
def _tanh_derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
    np.multiply(a, a, out)
    np.subtract(1.0, out, out)


@equation("a = max(z, 0)")
def _relu(z: Array, out: Array, scratch: Array) -> None:
    out.fill(0.0)  # NumPy vectorises the maximum of two arrays, but not of an array and a number
    np.maximum(z, out, out=out)


@equation("g′ = 1 if z > 0 else 0")
def _relu_derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
    np.greater(a, 0.0, out)  # a > 0 where z > 0; twice as fast as the sign of a


LEAKY_SLOPE = 0.01


@equation(f"a = z if z > 0 else {LEAKY_SLOPE} * z")
def _leaky_relu(z: Array, out: Array, scratch: Array) -> None:
    np.multiply(z, LEAKY_SLOPE, out)
    np.maximum(z, out, out=out)


@equation(f"g′ = 1 if z > 0 else {LEAKY_SLOPE}")
def _leaky_relu_derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
    np.greater(z, 0.0, out)
    np.maximum(out, LEAKY_SLOPE, out=out)


@equation("a = z if z > 0 else expm1(z)")
def _elu(z: Array, out: Array, scratch: Array) -> None:
    np.minimum(z, 0.0, out=out)
    np.expm1(out, out)
    np.maximum(z, 0.0, out=scratch)
    np.add(out, scratch, out)


@equation("g′ = 1 if z > 0 else exp(z)")
def _elu_derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
    np.minimum(z, 0.0, out=out)
    np.exp(out, out)


# Klambauer et al., "Self-Normalizing Neural Networks" (2017), section 2.
SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


@equation(f"a = {SELU_SCALE} * (z if z > 0 else {SELU_ALPHA} * expm1(z))")
def _selu(z: Array, out: Array, scratch: Array) -> None:
    np.minimum(z, 0.0, out=out)
    np.expm1(out, out)
    np.multiply(out, SELU_ALPHA, out)
    np.maximum(z, 0.0, out=scratch)
    np.add(out, scratch, out)
    np.multiply(out, SELU_SCALE, out)


@equation(f"g′ = {SELU_SCALE} * (1 if z > 0 else {SELU_ALPHA} * exp(z))")
def _selu_derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
    np.minimum(z, 0.0, out=out)
    np.exp(out, out)
    np.multiply(out, SELU_ALPHA, out)  # α exp(z) left of 0 and α right of it, where it must be 1
    np.greater(z, 0.0, scratch)
    np.multiply(scratch, SELU_ALPHA - 1.0, scratch)
    np.subtract(out, scratch, out)
    np.multiply(out, SELU_SCALE, out)


@equation("a = max(z, 0) + log1p(exp(-abs(z)))")
def _softplus(z: Array, out: Array, scratch: Array) -> None:
    np.abs(z, out)
    np.negative(out, out)
    np.exp(out, out)
    np.log1p(out, out)
    np.maximum(z, 0.0, out=scratch)
    np.add(out, scratch, out)


@equation("g′ = 1 / (1 + exp(-z))")
def _softplus_derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
    _sigmoid(z, out, scratch)


@equation("σ = 1 / (1 + exp(-z))", "a = z * σ")
def _silu(z: Array, out: Array, scratch: Array) -> None:
    _sigmoid(z, out, scratch)
    np.multiply(z, out, out)


@equation("σ = 1 / (1 + exp(-z))", "g′ = σ + a * (1 - σ)")
def _silu_derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
    _sigmoid(z, out, scratch)
    np.subtract(1.0, out, scratch)
    np.multiply(a, scratch, scratch)
    np.add(out, scratch, out)


# Hendrycks and Gimpel, "Gaussian Error Linear Units" (2016): the tanh form.
GELU_SCALE = float(np.sqrt(2.0 / np.pi))
GELU_CUBIC = 0.044715
GELU_FLAT = 64.0
"""The |z| from which on g′ is 0 or 1 in every dtype."""

_GELU_TANH = f"t = tanh({GELU_SCALE} * z * (1 + {GELU_CUBIC} * z * z))"


@equation(_GELU_TANH)
def _gelu_tanh(z: Array, out: Array) -> None:
    np.multiply(z, z, out)
    np.multiply(out, GELU_CUBIC, out)
    np.add(out, 1.0, out)
    np.multiply(out, z, out)
    np.multiply(out, GELU_SCALE, out)
    np.tanh(out, out)


@equation(_GELU_TANH, "a = 0.5 * z * (1 + t)")
def _gelu(z: Array, out: Array, scratch: Array) -> None:
    _gelu_tanh(z, out)
    np.add(out, 1.0, out)
    np.multiply(out, z, out)
    np.multiply(out, 0.5, out)


@equation(
    _GELU_TANH,
    f"u′ = {GELU_SCALE} * (1 + {3.0 * GELU_CUBIC} * z * z)",
    "g′ = 0.5 * (1 + t) * (1 + z * u′ * (1 - t))",
)
def _gelu_derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
    np.clip(z, -GELU_FLAT, GELU_FLAT, out=out)  # beyond, t is ±1: z u′ must only be finite
    np.multiply(out, out, scratch)
    np.multiply(scratch, 3.0 * GELU_CUBIC, scratch)
    np.add(scratch, 1.0, scratch)
    np.multiply(scratch, GELU_SCALE, scratch)
    np.multiply(scratch, out, scratch)  # z u′
    _gelu_tanh(z, out)
    np.subtract(1.0, out, out)
    np.multiply(scratch, out, scratch)  # z u′ (1 − t)
    np.add(scratch, 1.0, scratch)
    np.subtract(2.0, out, out)  # 1 + t
    np.multiply(out, scratch, out)
    np.multiply(out, 0.5, out)


# Misra, "Mish: A Self Regularized Non-Monotonic Activation Function" (2019).
@equation("s = max(z, 0) + log1p(exp(-abs(z)))", "a = z * tanh(s)")
def _mish(z: Array, out: Array, scratch: Array) -> None:
    _softplus(z, out, scratch)
    np.tanh(out, out)
    np.multiply(z, out, out)


@equation(
    "t = tanh(max(z, 0) + log1p(exp(-abs(z))))",
    "σ = 1 / (1 + exp(-z))",
    "g′ = t + z * (1 - t**2) * σ",
)
def _mish_derivative(z: Array, a: Array, out: Array, scratch: Array) -> None:
    np.logaddexp(z, 0.0, out)
    np.tanh(out, out)
    np.multiply(out, out, scratch)
    np.subtract(1.0, scratch, scratch)
    np.multiply(scratch, z, scratch)
    _sigmoid(z, out, out)
    np.multiply(scratch, out, scratch)
    np.logaddexp(z, 0.0, out)  # t again: a third buffer would cost more
    np.tanh(out, out)
    np.add(out, scratch, out)


@equation("largest = max(z)", "e = exp(z - largest)", "S = Σ(e)", "a = e / S")
def _softmax(z: Array, out: Array, scratch: Array) -> None:
    np.subtract(z, np.maximum.reduce(z), out)
    np.exp(out, out)
    np.divide(out, np.add.reduce(out), out)


@equation("s = Σ(a * da)", "dz = a * (da - s)")
def _softmax_jacobian(a: Array, da: Array, out: Array) -> None:
    np.multiply(a, da, out)  # ∂a_j/∂z_k = a_j (δ_jk − a_k), column by column
    np.subtract(da, out.sum(axis=0), out)
    np.multiply(out, a, out)


_TABLE = (
    Activation("linear", _linear, _linear_derivative),
    Activation("sigmoid", _sigmoid, _sigmoid_derivative),
    Activation("tanh", _tanh, _tanh_derivative),
    Activation("relu", _relu, _relu_derivative),
    Activation("leaky_relu", _leaky_relu, _leaky_relu_derivative),
    Activation("elu", _elu, _elu_derivative),
    Activation("selu", _selu, _selu_derivative),
    Activation("softplus", _softplus, _softplus_derivative),
    Activation("silu", _silu, _silu_derivative),
    Activation("gelu", _gelu, _gelu_derivative),
    Activation("mish", _mish, _mish_derivative),
    Activation("softmax", _softmax, None, _softmax_jacobian),
)

ACTIVATIONS: dict[str, Activation] = {activation.name: activation for activation in _TABLE}
"""Every activation by its name, in the order in which they are offered."""
