"""Row: the update of 235,146 parameters by each optimiser, beside PyTorch's."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.cases import RATE
from benchmarks.opponents import present, torch_with
from benchmarks.pairing import Effort, Line, assert_same, clock_for, paired
from benchmarks.updates import WIDE
from tuiprop.core.network import Parameters
from tuiprop.core.optimizer import OPTIMIZERS
from tuiprop.update.parameter_update import ParameterUpdate

CLASSES: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.9}),
    "nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "adagrad": ("Adagrad", {}),
    "rmsprop": ("RMSprop", {}),
    "adam": ("Adam", {}),
    "adamw": ("AdamW", {}),
}
FUSED = {"SGD", "Adagrad", "Adam", "AdamW"}
"""Those that PyTorch has as one kernel for the processor, when it is asked for."""


class _Ours:
    def __init__(self, name: str, gradient: Parameters) -> None:
        rule = OPTIMIZERS[name]
        self.state = np.zeros((1 + len(rule.state_names), len(gradient.vector)), np.float32)
        self.state[0] = WIDE.initial.vector
        self._change = ParameterUpdate(rule, self.state, RATE)
        self._gradient = gradient.vector
        self._t = 0

    def __call__(self, updates: int) -> None:
        for _ in range(updates):
            self._t += 1
            self._change.apply(self._gradient, self._t)


class _Theirs:
    def __init__(self, name: str, gradient: Parameters, threads: int, fused: bool) -> None:
        self._torch, self._threads = torch_with(threads), threads
        kind, options = CLASSES[name]
        self.parameters = [self._torch.from_numpy(array.copy()) for _, array in WIDE.initial]
        for parameter, (_, array) in zip(self.parameters, gradient, strict=True):
            parameter.requires_grad_()
            parameter.grad = self._torch.from_numpy(array)
        asked = {**options, "fused": True} if fused else options
        self._optimizer = getattr(self._torch.optim, kind)(self.parameters, lr=RATE, **asked)

    def __call__(self, updates: int) -> None:
        self._torch.set_num_threads(self._threads)
        for _ in range(updates):
            self._optimizer.step()


def optimizers(effort: Effort) -> Iterator[Line]:
    """Ours uses one thread whatever the network; PyTorch may use two."""
    if not present("torch"):
        return
    gradient = Parameters.zeros(WIDE.network, np.float32)
    gradient.vector[:] = 1e-3 * np.random.default_rng(2).standard_normal(len(gradient.vector))
    for name, (kind, _) in CLASSES.items():
        for threads, fused in ((1, False), (2, False), (1, True)):
            if fused and kind not in FUSED:
                continue
            ours, theirs = _Ours(name, gradient), _Theirs(name, gradient, threads, fused)
            ours(3)
            theirs(3)
            came = Parameters(WIDE.network, ours.state[0])
            values = (parameter.detach().numpy() for parameter in theirs.parameters)
            assert_same((array for _, array in came), values)
            pair = paired(ours, theirs, effort, clock_for(threads))
            opponent = f"PyTorch{', fused' * fused}, {threads} thread{'s' * (threads > 1)}"
            goal = "" if fused else "1"
            result = f"{pair.speed} times as fast"
            what = f"{name}, {len(gradient.vector):,} parameters, float32"
            yield Line(what, opponent, result, goal, pair.microseconds)
