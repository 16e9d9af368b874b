"""Forward and backward propagation, as the notes write them, once.

Examples are columns. m is the number of examples in the batch at hand; the 1/m of the mean
enters in dW[l] and db[l] and nowhere else.
"""

import numpy as np
from numpy.typing import DTypeLike

from tuiprop.core.array import Array
from tuiprop.core.loss import Loss
from tuiprop.core.network import Network, Parameters


class Workspace:
    """The arrays of one update over m examples; made once for each m, then overwritten.

    All arrays of a layer are in C order; X and Y lie as rows, (m, n[0]) and (m, n[L]), as
    batches are gathered, and `a[0]` and `y` are their transposes. Results of the matrix product
    depend on that order in the last bit: two workspaces for the same m give the same bits.
    """

    def __init__(
        self, network: Network, m: int, dtype: DTypeLike = np.float64, loss: Loss | None = None
    ) -> None:
        n = network.sizes
        self.network = network
        self.loss = loss or network.loss_function
        """The loss; another one than the network's only where it is injected as a mistake."""
        self.m = m
        self.inputs = np.empty((m, n[0]), dtype)
        """The batch as rows, (m, n[0])."""
        self.targets = np.empty((m, n[-1]), dtype)
        """Its targets as rows, (m, n[L])."""
        layers = range(1, network.L + 1)
        self.z: dict[int, Array] = {l: np.empty((n[l], m), dtype) for l in layers}
        """z[l], (n[l], m)."""
        self.a: dict[int, Array] = {0: self.inputs.T}
        """a[l], (n[l], m); a[0] = X, a[L] = ŷ."""
        self.a.update({l: np.empty((n[l], m), dtype) for l in layers})
        self.y: Array = self.targets.T
        """y, (n[L], m)."""
        self.da: dict[int, Array] = {l: np.empty((n[l], m), dtype) for l in layers}
        """da[l], (n[l], m)."""
        self.dz: dict[int, Array] = {l: np.empty((n[l], m), dtype) for l in layers}
        """dz[l], (n[l], m)."""
        self.gradient = Parameters.zeros(network, dtype)
        """dW[l] as `gradient.W[l]`, db[l] as `gradient.b[l]`."""
        self._activations = {l: network.activation(l) for l in layers}
        self._ones = np.ones((m, 1), dtype)
        self._m = np.array(m, dtype)
        self.is_fused = self.loss.is_fused
        """True if dz[L] = a[L] − y is the operation, which does not need da[L]."""
        scratch = np.empty(max(n[1:]) * m, dtype)
        self._scratch = {l: scratch[: n[l] * m].reshape(n[l], m) for l in layers}
        self._penalty = {l: np.empty((n[l], n[l - 1]), dtype) for l in layers if network.l2}

    def look_at(self, inputs: Array, targets: Array) -> None:
        """Read another batch where it lies, instead of what is gathered; for `forward` alone.

        Args:
            inputs: (m, n[0]), in C order as `inputs` is.
            targets: (m, n[L]).
        """
        self.inputs, self.targets = inputs, targets
        self.a[0], self.y = inputs.T, targets.T

    def forward(self, parameters: Parameters) -> None:
        """z[l] = W[l] · a[l-1] + b[l] and a[l] = g[l](z[l]), for l = 1 … L."""
        W, b, a = parameters.W, parameters.b, self.a
        for l, z in self.z.items():
            np.dot(W[l], a[l - 1], z)
            np.add(z, b[l], z)
            self._activations[l].function(z, a[l], self._scratch[l])

    def backward(self, parameters: Parameters) -> None:
        """dz[l], dW[l], db[l] and da[l-1], for l = L … 1, after `forward`."""
        W, dW, db = parameters.W, self.gradient.W, self.gradient.b
        a, dz = self.a, self.dz
        L = self.network.L
        for l in range(L, 0, -1):
            if l < L:
                np.dot(W[l + 1].T, dz[l + 1], self.da[l])
                self._through_activation(l)
            elif self.is_fused:
                np.subtract(a[L], self.y, dz[L])
            else:
                self.output_gradient()
                self._through_activation(L)
            np.dot(dz[l], a[l - 1].T, dW[l])
            np.dot(dz[l], self._ones, db[l])  # Σᵢ dz[l]: in a third of the time of a sum
        gradient = self.gradient.vector
        np.divide(gradient, self._m, gradient)  # every dW[l] and db[l] at once
        for l, penalty_gradient in self._penalty.items():
            np.multiply(W[l], self.network.l2, penalty_gradient)
            np.add(dW[l], penalty_gradient, dW[l])

    def _through_activation(self, l: int) -> None:
        """dz[l] = da[l] * g′(z[l])."""
        self._activations[l].multiply_derivative(
            self.z[l], self.a[l], self.da[l], self.dz[l], self._scratch[l]
        )

    def output_gradient(self) -> Array:
        """da[L] = ∂loss/∂ŷ, (n[L], m), after `forward`.

        `backward` does without it where dz[L] = a[L] − y is the operation; there it is infinite
        where the output saturates.
        """
        da = self.da[self.network.L]
        self.loss.gradient(self.a[self.network.L], self.y, da)
        return da

    def losses(self) -> Array:
        """The loss of each example, (m,), after `forward`."""
        L = self.network.L
        return self.loss.value(self.z[L], self.a[L], self.y)

    def mean_loss(self) -> float:
        """(1/m) Σ loss, after `forward`: J without the penalty."""
        return float(self.losses().mean(dtype=np.float64))

    def cost(self, parameters: Parameters) -> float:
        """J = (1/m) Σ loss + (λ/2) Σ ‖W[l]‖², after `forward` with these parameters."""
        return self.mean_loss() + penalty(self.network, parameters)


def penalty(network: Network, parameters: Parameters) -> float:
    """(λ/2) Σ ‖W[l]‖²; biases are not in it."""
    if not network.l2:
        return 0.0
    total = sum(float(np.vdot(W, W)) for W in parameters.W.values())
    return 0.5 * network.l2 * total
