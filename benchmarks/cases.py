"""The networks that are compared, and our side of each."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tuiprop.core.array import Array, Rows
from tuiprop.core.initialization import initialize
from tuiprop.core.network import Layer, Network, Parameters
from tuiprop.training.experiment import TrainingSettings
from tuiprop.training.run import Run, TrainingData
from tuiprop.training.threads import blas_threads, limited_to
from tuiprop.training.trainer import Trainer

RATE = 0.01


@dataclass(frozen=True)
class Case:
    """A network on random numbers, SGD: relu and softmax, or tanh and one sigmoid output."""

    sizes: tuple[int, ...]
    m: int
    count: int
    """N, how many examples."""
    dtype: str = "float64"
    shuffle: bool = False

    @property
    def name(self) -> str:
        return f"{'-'.join(map(str, self.sizes))}, m = {self.m}"

    @property
    def one_output(self) -> bool:
        return self.sizes[-1] == 1

    @cached_property
    def network(self) -> Network:
        hidden, output = ("tanh", "sigmoid") if self.one_output else ("relu", "softmax")
        layers = [Layer(n, hidden) for n in self.sizes[1:-1]]
        loss = "binary_cross_entropy" if self.one_output else "cross_entropy"
        return Network(self.sizes[0], (*layers, Layer(self.sizes[-1], output)), loss)

    @cached_property
    def settings(self) -> TrainingSettings:
        return TrainingSettings(
            learning_rate=RATE,
            batch_size=self.m,
            epochs=10**9,
            shuffle=self.shuffle,
            dtype="float32" if self.dtype == "float32" else "float64",
        )

    @property
    def threads(self) -> int:
        """Of the matrix products, on both sides."""
        return blas_threads(self.network)

    @cached_property
    def inputs(self) -> Array:
        """(N, n[0])."""
        drawn = np.random.default_rng(0).standard_normal((self.count, self.sizes[0]))
        return np.asarray(drawn, self.dtype)

    @cached_property
    def classes(self) -> Rows:
        """(N,), whole numbers."""
        return np.random.default_rng(1).integers(max(self.sizes[-1], 2), size=self.count)

    @cached_property
    def targets(self) -> Array:
        """(N, n[L])."""
        if self.one_output:
            return np.asarray(self.classes[:, None], self.dtype)
        return np.asarray(np.eye(self.sizes[-1])[self.classes], self.dtype)

    @cached_property
    def initial(self) -> Parameters:
        return initialize(self.network, "xavier_uniform", 0, self.dtype)

    def order(self, epoch: int) -> Rows:
        """The order of the examples in an epoch, from 1: row numbers, (N,)."""
        if not self.shuffle:
            return np.arange(self.count)
        return np.random.default_rng([0, epoch]).permutation(self.count)

    def trainer(self) -> Trainer:
        return Trainer(self.network, self.settings, self.inputs, self.targets, self.initial)

    def run(self) -> Run:
        nothing = self.inputs[:0], self.targets[:0]
        data = TrainingData(self.inputs, self.targets, *nothing)
        return Run(self.network, self.settings, data, self.initial)


class OurUpdates:
    """Update after update, without history and without looks at the state."""

    def __init__(self, case: Case) -> None:
        self.trainer = case.trainer()
        self._threads = case.threads

    @property
    def parameters(self) -> list[Array]:
        return [array for _, array in self.trainer.parameters]

    def __call__(self, updates: int) -> None:
        with limited_to(self._threads), np.errstate(all="ignore"):
            self.trainer.advance(updates)


class OurEpochs:
    """Epoch after epoch, with the cost of each, as `tuiprop train` does them."""

    def __init__(self, case: Case) -> None:
        self.run = case.run()

    @property
    def parameters(self) -> list[Array]:
        return [array for _, array in self.run.trainer.parameters]

    def __call__(self, epochs: int) -> None:
        self.run.advance(self.run.batches.end(self.run.epoch + epochs))


class Products:
    """The matrix products of one update and nothing else, on arrays of the same shapes."""

    def __init__(self, case: Case) -> None:
        trainer = case.trainer()
        trainer.advance(1)
        assert trainer.workspace is not None
        w, W, L = trainer.workspace, trainer.parameters.W, case.network.L
        self._threads = case.threads
        self._products = [(W[l], w.a[l - 1], w.z[l]) for l in range(1, L + 1)]
        self._products += [(W[l].T, w.dz[l], w.da[l - 1]) for l in range(2, L + 1)]
        self._products += [(w.dz[l], w.a[l - 1].T, w.gradient.W[l]) for l in range(1, L + 1)]

    def __call__(self, updates: int) -> None:
        with limited_to(self._threads), np.errstate(all="ignore"):
            for _ in range(updates):
                for left, right, out in self._products:
                    np.matmul(left, right, out)
