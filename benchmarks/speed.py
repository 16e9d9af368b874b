"""Flat-out speed beside another checkout: see the README here."""

import argparse
import importlib
import importlib.util
import sys
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

HERE = Path(__file__).parents[1]

CASES: dict[str, tuple[tuple[int, ...], tuple[str, ...], str, int, int, int]] = {
    "2-4-2-1": ((2, 4, 2, 1), ("tanh", "tanh", "sigmoid"), "binary_cross_entropy", 10, 500, 200),
    "4-8-3": ((4, 8, 3), ("tanh", "softmax"), "cross_entropy", 32, 120, 200),
    "64-64-32-10": (
        (64, 64, 32, 10),
        ("relu", "relu", "softmax"),
        "cross_entropy",
        32,
        1437,
        90,
    ),
}
"""Sizes, activations, loss, m, N, updates in one piece."""


def runs_of(checkout: Path) -> dict[str, Any]:
    """A run for each case, by the modules of that checkout."""
    for name in [name for name in sys.modules if name.split(".")[0] == "tuiprop"]:
        del sys.modules[name]
    sys.path.insert(0, str(checkout))
    network = importlib.import_module("tuiprop.core.network")
    has_own_module = importlib.util.find_spec("tuiprop.core.initialization")
    initialization = (
        importlib.import_module("tuiprop.core.initialization") if has_own_module else network
    )
    experiment = importlib.import_module("tuiprop.training.experiment")
    run = importlib.import_module("tuiprop.training.run")
    sys.path.pop(0)
    if not Path(run.__file__ or "").is_relative_to(checkout):
        raise SystemExit(f"{checkout}: found no tuiprop there")
    runs = {}
    for name, (sizes, activations, loss, m, count, _) in CASES.items():
        layers = tuple(map(network.Layer, sizes[1:], activations))
        described = network.Network(sizes[0], layers, loss)
        generator = np.random.default_rng(0)
        inputs = generator.standard_normal((count, sizes[0]))
        classes = generator.integers(max(sizes[-1], 2), size=count)
        targets = np.eye(sizes[-1])[classes] if sizes[-1] > 1 else classes[:, None] * 1.0
        data = run.TrainingData(inputs, targets, inputs[:0], targets[:0])
        settings = experiment.TrainingSettings(batch_size=m, epochs=10**6)
        initial = initialization.initialize(described, "xavier_uniform", 0)
        runs[name] = run.Run(described, settings, data, initial)
        runs[name].advance(500)
    return runs


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", type=Path)
    parser.add_argument("--pairs", type=int, default=300)
    asked = parser.parse_args()
    sides = runs_of(asked.other.resolve()), runs_of(HERE)
    for name, case in CASES.items():
        times = np.empty((asked.pairs, 2))
        for pair in range(asked.pairs):
            for side in (0, 1) if pair % 2 else (1, 0):
                run = sides[side][name]
                began = process_time()
                run.advance(run.t + case[-1])
                times[pair, side] = (process_time() - began) / case[-1] * 1e6
        ratios = times[:, 1] / times[:, 0]
        drawn = np.random.default_rng(0).choice(ratios, (300, len(ratios)))
        low, high = np.percentile(np.median(drawn, axis=1), [2.5, 97.5])
        other, here = np.percentile(times, 10, axis=0)
        print(
            f"{name:12} median of ratios {np.median(ratios):.3f} ({low:.3f} to {high:.3f}); "
            f"µs an update, 10th percentile: {other:.1f} there, {here:.1f} here"
        )


if __name__ == "__main__":
    main()
