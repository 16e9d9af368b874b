"""Damaged weights files: every one is refused with a sentence, or loads with the right values.

    python -m fuzz.mutate [COUNT] [SUFFIX …]

damages COUNT (50000) copies of small files of each format that is read, and prints how many were
refused, how many were read as they had been written, and how long and how large the worst was.
"""

import resource
import sys
import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter

import numpy as np

from tests.models.models import model
from tuiprop.errors import FileError
from tuiprop.models.export import export
from tuiprop.models.formats import READ
from tuiprop.models.model import Model
from tuiprop.models.weights import load_model, read

COUNT = 50_000

EXTREMES = (0, 1, 2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1)

OURS = model((3, 4, 2))


def mutated(content: bytes, generator: np.random.Generator) -> bytes:
    """From 1 to 4 changes: bytes and bits, pieces cut out, doubled, moved, or filled with noise."""
    changed = bytearray(content)
    for _ in range(int(generator.integers(1, 5))):
        size = max(len(changed), 1)
        start = int(generator.integers(size))
        stop = min(size, start + int(generator.integers(1, 33)))
        kind = int(generator.integers(8))
        if kind <= 2:
            changed[start : start + 1] = bytes([int(generator.integers(256))])
        elif kind == 3 and start < len(changed):
            changed[start] ^= 1 << int(generator.integers(8))
        elif kind == 4:
            del changed[start:stop]
        elif kind == 5:
            changed[start:start] = changed[start:stop]
        elif kind == 6:
            changed[start:stop] = generator.bytes(stop - start)
        else:
            number = EXTREMES[int(generator.integers(len(EXTREMES)))]
            changed[start : start + 8] = number.to_bytes(8, "little")
    return bytes(changed)


def outcome(path: Path, whole: Model) -> str:
    """What becomes of a file; anything but these words is a fault.

    "refused", "as written" (a model with the very numbers), or "as weights" (its description is
    lost, as in a file of another program; its numbers are those that were written).
    """
    try:
        file = read(path)
    except FileError as error:
        return refused(path, error)
    expected = [array.ravel().tolist() for _, array in whole.parameters]
    found = [file.arrays[name].ravel().tolist() for name in sorted(file.arrays, key=_order)]
    if file.metadata is None:
        values = {number for numbers in expected for number in numbers}
        same = all(number in values for numbers in found for number in numbers)
        return "as weights" if same else "other values without a description"
    try:
        again = load_model(path)
    except FileError as error:
        return refused(path, error)
    same = found == expected and again.preparation == whole.preparation
    return "as written" if same and again.experiment == whole.experiment else "other values"


def _order(name: str) -> tuple[int, str]:
    return int(name[1:]), name[0]


def refused(path: Path, error: FileError) -> str:
    """ "refused", if it is in one sentence that names the file."""
    text = str(error)
    return "refused" if text.startswith(f"{path}: ") and "\n" not in text else f"said {text!r}"


def damage(suffix: str, count: int, folder: Path, seed: int = 0) -> tuple[Counter[str], float]:
    """The outcomes of so many damaged files of a format, and the seconds of the slowest."""
    path = folder / f"w{suffix}"
    export(OURS, path)
    whole, content = load_model(path), path.read_bytes()
    generator = np.random.default_rng(seed)
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for _ in range(count):
        path.write_bytes(mutated(content, generator))
        started = perf_counter()
        try:
            result = outcome(path, whole)
        except Exception as error:  # whatever it is, it is a fault, and is counted as one
            result = f"{type(error).__name__}: {error}"
        slowest = max(slowest, perf_counter() - started)
        outcomes[result] += 1
    return outcomes, slowest


def main() -> None:
    """Damage files of each format, and print what became of them."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    with tempfile.TemporaryDirectory() as folder:
        for suffix in sys.argv[2:] or READ:
            outcomes, slowest = damage(suffix, count, Path(folder))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            found = ", ".join(f"{number} {words}" for words, number in outcomes.most_common(12))
            print(f"{suffix}: {found}; slowest {slowest:.3f} s, largest {peak:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
