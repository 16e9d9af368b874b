"""Runs to test with: small networks on random numbers."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tuiprop.core.array import Array
from tuiprop.core.initialization import initialize
from tuiprop.core.network import Layer, Network, Parameters
from tuiprop.core.optimizer import OPTIMIZERS
from tuiprop.training.breakpoint import Watch
from tuiprop.training.experiment import TrainingSettings
from tuiprop.training.run import Run, TrainingData
from tuiprop.training.trainer import Trainer


@dataclass(frozen=True)
class Case:
    """A network and how it is trained: 23 examples in batches of 5, the last of 3."""

    sizes: tuple[int, ...] = (4, 6, 3)
    activations: tuple[str, ...] = ("tanh", "softmax")
    loss: str = "cross_entropy"
    l2: float = 0.0
    examples: int = 23
    validation: int = 7
    training: dict[str, Any] = field(default_factory=dict)

    @property
    def network(self) -> Network:
        layers = zip(self.sizes[1:], self.activations, strict=True)
        return Network(self.sizes[0], tuple(Layer(n, g) for n, g in layers), self.loss, self.l2)

    @property
    def settings(self) -> TrainingSettings:
        return TrainingSettings(
            **{"batch_size": 5, "learning_rate": 0.05, "seed": 3, "epochs": 8, **self.training}
        )

    @property
    def data(self) -> TrainingData:
        generator = np.random.default_rng(11)
        count, K = self.examples + self.validation, self.sizes[-1]
        inputs = generator.normal(size=(count, self.sizes[0]))
        targets = generator.normal(size=(count, K))
        if self.loss == "cross_entropy":
            targets = np.eye(K)[generator.integers(K, size=count)]
        if self.loss == "binary_cross_entropy":
            targets = generator.integers(2, size=(count, K)).astype(np.float64)
        inputs, targets = inputs.astype(self.dtype), targets.astype(self.dtype)
        n = self.examples
        return TrainingData(inputs[:n], targets[:n], inputs[n:], targets[n:])

    @property
    def dtype(self) -> str:
        return str(self.training.get("dtype", "float64"))

    @property
    def initial(self) -> Parameters:
        return initialize(self.network, "he_normal", 5, self.dtype)

    def run(self) -> Run:
        return Run(self.network, self.settings, self.data, self.initial)

    def trainer(self) -> Trainer:
        data = self.data
        return Trainer(self.network, self.settings, data.inputs, data.targets, self.initial)

    def states(self, updates: int) -> list[bytes]:
        """State 0, 1, …, walked one after the other."""
        trainer = self.trainer()
        states = [bits(trainer.state)]
        with np.errstate(all="ignore"):
            for _ in range(updates):
                trainer.advance(1)
                states.append(bits(trainer.state))
        return states


CASES = {
    "softmax": Case(),
    "l2": Case((3, 5, 4, 2), ("relu", "gelu", "softmax"), l2=0.03),
    "float32": Case((4, 9, 3), ("silu", "softmax"), l2=0.01, training={"dtype": "float32"}),
    "softmax-mse": Case((4, 5, 3), ("elu", "softmax"), "mse"),
    "adam": Case(
        (4, 7, 1), ("tanh", "sigmoid"), "binary_cross_entropy", training={"optimizer": "adam"}
    ),
    "huber": Case(
        (2, 6, 6, 2),
        ("selu", "leaky_relu", "linear"),
        "huber",
        0.1,
        training={"optimizer": "nesterov", "shuffle": False},
    ),
    "whole set": Case(
        (2, 3, 1),
        ("sigmoid", "tanh"),
        "squared_error",
        training={"batch_size": 0, "optimizer": "rmsprop"},
    ),
    "one layer": Case(
        (5, 3),
        ("sigmoid",),
        "binary_cross_entropy",
        training={"batch_size": 1, "optimizer": "adagrad"},
    ),
}

OPTIMIZER_CASES = {
    name: Case(training={"optimizer": name, "options": {"weight_decay": 0.02}})
    for name in OPTIMIZERS
}


def bits(array: Array) -> bytes:
    """What is compared where results are the same bit for bit."""
    return np.ascontiguousarray(array).tobytes()


def observable(run: Run) -> dict[str, Any]:
    """All that can be told of a run: equal where nothing has moved it."""
    trainer, timeline = run.trainer, run.timeline
    workspace = trainer.workspace
    return {
        "t": run.t,
        "state": bits(trainer.state),
        "arrays": id(workspace),
        "gradient": workspace and bits(workspace.gradient.vector),
        "cost": workspace and trainer.cost(),
        "plan": id(trainer.plan),
        "pending": trainer._next_edit,
        "config": trainer.config,
        "inputs": bits(trainer.examples.all_inputs()),
        "changes": trainer.examples.changes.copy(),
        "branch": run.branch.number,
        "logs": run.logs,
        "histories": {n: bits(each.history.rows) for n, each in run.branches.items()},
        "best": {n: id(each.best) for n, each in run.branches.items()},
        "key frames": {place: bits(state) for place, state in timeline._frames.items()},
        "times": {n: list(times) for n, times in timeline._times.items()},
        "newest": timeline._newest.copy(),
        "next frame": (run._next_frame, run._next_lasting, run._frame_seconds),
        "diverged": run.diverged_at,
        "hit": run.hit,
        "watch": watched(run.conditions._watch),
    }


def watched(watch: Watch | None) -> list[Any]:
    """The values that a watch remembers."""
    if watch is None:
        return []
    groups = (*watch._of_update.values(), *watch._of_epoch.values())
    held = [(each.condition, each.held, each.held_before) for group in groups for each in group]
    return [watch._t, vars(watch._rises).copy(), held]
