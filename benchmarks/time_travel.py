"""How long going somewhere takes: `python -m benchmarks.time_travel`, from the repository.

Two runs, from one end to the other; then random places are gone to, and one operation, batch or
epoch back from there, as the engine goes: the time ends when it stands. What does not depend on
what else the machine does is how many updates were walked; both are printed.

    python -m benchmarks.time_travel [iris] [wide] [--examples N] [--repeat N]
"""

import argparse
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np

from tuiprop.core.initialization import initialize
from tuiprop.core.network import Layer, Network
from tuiprop.data.catalogue import suggested_experiment
from tuiprop.protocol.messages.moving import Move, Seek
from tuiprop.session.cursor import Cursor
from tuiprop.session.session import open_session
from tuiprop.training.experiment import TrainingSettings
from tuiprop.training.run import Run, TrainingData

BACK = {
    "one operation back": Move(operations=-1),
    "one batch back": Move(updates=-1),
    "one epoch back": Move(epochs=-1),
}


def iris() -> tuple[Run, int]:
    """The experiment that suits iris, 10,000 epochs of it."""
    run = open_session(suggested_experiment("iris")).run
    return run, run.batches.end(10_000)


def wide(examples: int) -> tuple[Run, int]:
    """784-256-128-10 in float32 with Adam, m = 128, 5,000 updates, on random numbers."""
    layers = Layer(256, "relu"), Layer(128, "relu"), Layer(10, "softmax")
    network = Network(784, layers, "cross_entropy")
    generator = np.random.default_rng(0)
    inputs = generator.standard_normal((examples, 784), np.float32)
    targets = np.eye(10, dtype=np.float32)[generator.integers(10, size=examples)]
    data = TrainingData(inputs, targets, inputs[:0], targets[:0])
    settings = TrainingSettings(
        optimizer="adam", learning_rate=0.001, batch_size=128, epochs=10_000, dtype="float32"
    )
    return Run(network, settings, data, initialize(network, "he_normal", 0, "float32")), 5000


def measure(title: str, run: Run, last: int, repeat: int) -> None:
    """Walk to update `last`, go to random places and back from them, and print the table."""
    cursor = Cursor(run)
    advance, walked = run.trainer.advance, [0]

    def counted(updates: int) -> None:
        walked[0] += updates
        advance(updates)

    def going(start: Callable[[Any], object], request: Seek | Move) -> tuple[float, int]:
        before, began = walked[0], perf_counter()
        start(request)
        while cursor.work() is not None:
            pass
        return perf_counter() - began, walked[0] - before

    run.trainer.advance = counted  # type: ignore[method-assign]
    seconds, updates = going(cursor.seek, Seek(update=last))
    print(f"{title}: {updates} updates in {seconds:.1f} s, {seconds / updates * 1e3:.3f} ms each")
    print(f"  {len(run.timeline)} key frames of {run.trainer.state.nbytes} bytes")
    found: dict[str, list[tuple[float, int]]] = {"any update": []}
    generator = np.random.default_rng(1)
    for name, move in BACK.items():
        for t in generator.integers(1, last + 1, repeat).tolist():
            found["any update"].append(going(cursor.seek, Seek(update=t)))
            found.setdefault(name, []).append(going(cursor.move, move))
    going(cursor.seek, Seek(update=last))
    for name, move in BACK.items():
        found[f"{name}, again and again"] = [
            going(cursor.move, move) for _ in range(repeat) if run.t
        ]
    print(f"  {'':36} {'ms: median':>10} {'p95':>7} {'most':>7} {'updates: median':>16} p95 most")
    for name, times in found.items():
        seconds_, updates_ = np.array(times).T
        ms = np.percentile(seconds_ * 1e3, [50, 95, 100])
        walks = np.percentile(updates_, [50, 95, 100]).astype(int)
        in_ms = f"{ms[0]:10.1f} {ms[1]:7.1f} {ms[2]:7.1f}"
        print(f"  {name:36} {in_ms} {walks[0]:16} {walks[1]:3} {walks[2]:4}")


def main() -> None:
    """Measure what is asked for, or both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("which", nargs="*", help="iris, wide; nothing: both")
    parser.add_argument("--examples", type=int, default=12_800, help="of the wide network")
    parser.add_argument("--repeat", type=int, default=100)
    asked = parser.parse_args()
    for which in asked.which or ["iris", "wide"]:
        run, last = iris() if which == "iris" else wide(asked.examples)
        measure(which, run, last, asked.repeat)


if __name__ == "__main__":
    main()
