"""`python -m benchmarks`: every row of the table, or some: see the README here."""

import argparse
import platform
from collections.abc import Callable, Iterator
from importlib import import_module

import numpy as np

from benchmarks import dashboard, growth, optimizers, updates
from benchmarks.opponents import present
from benchmarks.pairing import Effort, Line

ROWS: dict[str, Callable[[Effort], Iterator[Line]]] = {
    "tiny": updates.tiny,
    "small": updates.small,
    "digits": updates.digits,
    "full": updates.full,
    "wide": updates.wide,
    "large": updates.large,
    "loader": updates.loader,
    "jax": updates.jax,
    "optimizers": optimizers.optimizers,
    "playing": dashboard.playing,
    "keys": dashboard.keys,
    "start": dashboard.start,
    "idle": dashboard.idle,
    "memory": dashboard.memory,
    "examples": growth.examples,
    "parameters": growth.parameters,
    "frames": growth.frames,
}


def main() -> None:
    """Print the table, line by line as it comes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=ROWS, help="this row; may be repeated")
    parser.add_argument("--quick", action="store_true", help="fewer pairs, shorter pieces")
    asked = parser.parse_args()
    effort = Effort(9, 0.02, quick=True) if asked.quick else Effort(41, 0.1)
    print(f"Python {platform.python_version()}, {platform.machine()}, NumPy {np.__version__}")
    for name in ("torch", "sklearn", "jax"):
        print(f"{name} {import_module(name).__version__ if present(name) else 'is not installed'}")
    print(
        "\n| what | opponent | result: median (95 % interval) | to reach | |\n|---|---|---|---|---|"
    )
    for name in asked.only or ROWS:
        for line in ROWS[name](effort):
            row = line.what, line.opponent, line.result, line.goal, line.notes
            print("|", " | ".join(row), "|", flush=True)


if __name__ == "__main__":
    main()
