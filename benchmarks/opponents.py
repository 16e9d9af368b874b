"""The opponents' side: the same networks in PyTorch, scikit-learn and JAX.

None of them is a dependency; `present` says which are installed.
"""

import os
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.cases import RATE, Case
from tuiprop.core.array import Array
from tuiprop.training.threads import limited_to


def present(module: str) -> bool:
    return find_spec(module) is not None


def torch_with(threads: int) -> Any:
    torch = import_module("torch")
    torch.set_num_threads(threads)
    return torch


class _Torch:
    """Eager, as its tutorials write it: logits, the loss that takes them, SGD."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self._threads = case.threads
        torch = self.torch = torch_with(case.threads)
        hidden = torch.nn.Tanh if case.one_output else torch.nn.ReLU
        layers: list[Any] = []
        for before, n in pairwise(case.sizes):
            layers += [torch.nn.Linear(before, n, dtype=getattr(torch, case.dtype)), hidden()]
        self.model = torch.nn.Sequential(*layers[:-1])
        with torch.no_grad():
            for own, (_, ours) in zip(self.model.parameters(), case.initial, strict=True):
                own.copy_(torch.from_numpy(ours.copy()).reshape(own.shape))
        self.loss = torch.nn.BCEWithLogitsLoss() if case.one_output else torch.nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=RATE)
        self.inputs = torch.from_numpy(case.inputs)
        self.targets = torch.from_numpy(case.targets if case.one_output else case.classes)

    @property
    def parameters(self) -> list[Array]:
        return [parameter.detach().numpy() for parameter in self.model.parameters()]

    def update(self, inputs: Any, targets: Any) -> None:
        loss = self.loss(self.model(inputs), targets)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


class TorchUpdates(_Torch):
    """The batches lie ready, so that nothing is gathered."""

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self._batches = list(
            zip(self.inputs.split(case.m), self.targets.split(case.m), strict=True)
        )
        self._t = 0

    def __call__(self, updates: int) -> None:
        self.torch.set_num_threads(self._threads)
        for _ in range(updates):
            self.update(*self._batches[self._t % len(self._batches)])
            self._t += 1


class TorchEpochs(_Torch):
    """Rows gathered by index, and the cost over the whole set at the end."""

    _epoch = 0
    cost = float("nan")

    def __call__(self, epochs: int) -> None:
        self.torch.set_num_threads(self._threads)
        for _ in range(epochs):
            self._epoch += 1
            order = self.torch.from_numpy(self.case.order(self._epoch))
            for rows in order.split(self.case.m):
                self.update(self.inputs[rows], self.targets[rows])
            with self.torch.no_grad():
                self.cost = self.loss(self.model(self.inputs), self.targets).item()


class TorchLoader(_Torch):
    """Batches by its DataLoader, in this process, in our order; no cost at the end."""

    _epoch = 0

    def __call__(self, epochs: int) -> None:
        self.torch.set_num_threads(self._threads)
        data = self.torch.utils.data
        examples = data.TensorDataset(self.inputs, self.targets)
        for _ in range(epochs):
            self._epoch += 1
            order = self.case.order(self._epoch).tolist()
            for inputs, targets in data.DataLoader(examples, self.case.m, sampler=order):
                self.update(inputs, targets)


class SklearnEpochs:
    """`MLPClassifier.partial_fit`: one epoch a call, with its loss."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.model = import_module("sklearn.neural_network").MLPClassifier(
            case.sizes[1:-1],
            activation="tanh" if case.one_output else "relu",
            solver="sgd",
            momentum=0.0,
            nesterovs_momentum=False,
            alpha=0.0,
            batch_size=case.m,
            learning_rate_init=RATE,
            shuffle=False,
            random_state=0,
        )
        everything = np.unique(case.classes)
        self.model.partial_fit(case.inputs, case.classes, classes=everything)
        self.model.set_params(shuffle=case.shuffle)
        for own, ours in zip(self.model.coefs_, case.initial.W.values(), strict=True):
            own[...] = ours.T
        for own, ours in zip(self.model.intercepts_, case.initial.b.values(), strict=True):
            own[...] = ours[:, 0]

    @property
    def parameters(self) -> list[Array]:
        layers = zip(self.model.coefs_, self.model.intercepts_, strict=True)
        return [array for W, b in layers for array in (W.T, b)]

    def __call__(self, epochs: int) -> None:
        with limited_to(self.case.threads):
            for _ in range(epochs):
                self.model.partial_fit(self.case.inputs, self.case.classes)


class JaxEpochs:
    """A whole epoch compiled, with `lax.scan` over its batches and the cost at the end."""

    def __init__(self, case: Case) -> None:
        # read when JAX starts; every case here is of one thread
        os.environ.setdefault(
            "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        )
        jax = self._jax = import_module("jax")
        jax.config.update("jax_enable_x64", True)
        jnp = import_module("jax.numpy")
        self.case = case
        self._epoch_number = 0
        self._state = [
            (jnp.asarray(case.initial.W[l].T), jnp.asarray(case.initial.b[l][:, 0]))
            for l in case.initial.W
        ]
        hidden = jnp.tanh if case.one_output else jax.nn.relu
        whole = case.count // case.m

        def cost(state: Any, x: Any, y: Any) -> Any:
            for W, b in state[:-1]:
                x = hidden(x @ W + b)
            W, b = state[-1]
            z = x @ W + b
            if case.one_output:
                return jnp.mean(jnp.logaddexp(0.0, z) - z * y)
            return -jnp.mean(jnp.sum(y * jax.nn.log_softmax(z), axis=1))

        def update(state: Any, x: Any, y: Any) -> Any:
            slopes = jax.grad(cost)(state, x, y)
            return jax.tree.map(lambda value, slope: value - RATE * slope, state, slopes)

        def epoch(state: Any, x: Any, y: Any, order: Any) -> Any:
            def batch(state: Any, rows: Any) -> Any:
                return update(state, x[rows], y[rows]), None

            state, _ = jax.lax.scan(batch, state, order[: whole * case.m].reshape(whole, case.m))
            if rest := order[whole * case.m :].shape[0]:
                state = update(state, x[order[-rest:]], y[order[-rest:]])
            return state, cost(state, x, y)

        self._epoch = jax.jit(epoch)
        self._data = jnp.asarray(case.inputs), jnp.asarray(case.targets)

    @property
    def parameters(self) -> list[Array]:
        return [np.asarray(array).T for layer in self._state for array in layer]

    def __call__(self, epochs: int) -> None:
        for _ in range(epochs):
            self._epoch_number += 1
            order = self.case.order(self._epoch_number)
            self._state, cost = self._epoch(self._state, *self._data, order)
            float(cost)
