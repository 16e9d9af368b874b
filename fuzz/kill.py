"""Exports that are killed at random moments: the file is the old one or the new one, whole.

    python -m fuzz.kill [COUNT] [SUFFIX …]

kills COUNT (1000) saves of each format with SIGKILL, and prints how many files were unreadable
afterwards, which must be 0, and how many temporary files had been left behind. The scripts for
PyTorch and scikit-learn take seconds to be compared where these are installed: they are killed
where they are named.
"""

import os
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from tests.models.models import model
from tuiprop.errors import FileError
from tuiprop.models.export import export
from tuiprop.models.formats import READ, SUFFIXES
from tuiprop.models.weights import load_model
from tuiprop.storage.atomic import PREFIX

COUNT = 1000

KILLED = tuple(each for each in SUFFIXES if not each.startswith("_"))
"""Those that are killed where none is named."""

OLD, NEW = model((20, 30, 5), seed=1), model((20, 30, 5), seed=2)


def holds(path: Path) -> bytes:
    """What tells one file from another: the parameters, or all bytes where it is not read.

    Raises:
        FileError: it cannot be read.
    """
    if path.name.endswith(READ):
        return load_model(path).parameters.vector.tobytes()
    return path.read_bytes()


def kill(suffix: str, count: int, folder: Path, seed: int = 0) -> tuple[Counter[str], int]:
    """What a file holds after each of so many killed saves, and the temporaries left behind."""
    path, whole = folder / f"w{suffix}", {}
    for name, model_ in (("new", NEW), ("old", OLD)):
        started = time.perf_counter()
        export(model_, path)
        once = time.perf_counter() - started
        whole[holds(path)] = name
    generator = np.random.default_rng(seed)
    found: Counter[str] = Counter()
    left = 0
    for _ in range(count):
        child = os.fork()
        if child == 0:
            while True:
                export(NEW, path)
                export(OLD, path)
        time.sleep(float(generator.uniform(0.0, 4 * once)))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        try:
            found[whole.get(holds(path), "unreadable: neither of the two")] += 1
        except FileError as error:
            found[f"unreadable: {error}"] += 1
        for stale in folder.glob(f"{PREFIX}*"):
            left += 1
            stale.unlink()
    return found, left


def main() -> None:
    """Kill saves of each format, and print what they left."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    with tempfile.TemporaryDirectory() as folder:
        for suffix in sys.argv[2:] or KILLED:
            found, left = kill(suffix, count, Path(folder))
            words = ", ".join(f"{number} {name}" for name, number in found.most_common())
            print(f"{suffix}: {words}; {left} temporary files left behind", flush=True)


if __name__ == "__main__":
    main()
