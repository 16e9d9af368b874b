"""Checkpoints that are damaged, and saves of them that are killed.

    python -m fuzz.checkpoints [DAMAGED] [KILLED]

damages DAMAGED (50000) copies of a small checkpoint, as it is and under a right checksum, and
kills KILLED (1000) saves with SIGKILL. It prints what became of them: a damaged file is refused,
and a killed save leaves the old file or the new one, whole.
"""

import os
import signal
import sys
import tempfile
import time
from collections import Counter
from hashlib import sha256
from pathlib import Path

import numpy as np

from fuzz.mutate import mutated, refused
from tuiprop.data.catalogue import suggested_experiment
from tuiprop.errors import FileError
from tuiprop.models import checkpoint
from tuiprop.models.checkpoint import load_checkpoint
from tuiprop.session.session import Session, open_session


def session_at(update: int) -> Session:
    """A run of iris."""
    session = open_session(suggested_experiment("iris"))
    session.run.advance(update)
    return session


def damage(
    count: int, path: Path, *, with_checksum: bool, seed: int = 0
) -> tuple[Counter[str], float]:
    """What became of so many damaged files, and the seconds of the slowest."""
    session_at(6).save_checkpoint(path)
    whole = path.read_bytes()
    start = len(checkpoint.HEAD) + 32
    generator = np.random.default_rng(seed)
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for _ in range(count):
        if with_checksum:
            body = mutated(whole[start:], generator)
            changed = checkpoint.HEAD + sha256(body).digest() + body
        else:
            changed = mutated(whole, generator)
        path.write_bytes(changed)
        started = time.perf_counter()
        try:
            load_checkpoint(path)
            result = "as written" if changed == whole else "read"
        except FileError as error:
            result = refused(path, error)
        except Exception as error:  # whatever it is, it is a fault, and is counted as one
            result = f"{type(error).__name__}: {error}"
        slowest = max(slowest, time.perf_counter() - started)
        outcomes[result] += 1
    return outcomes, slowest


def kill(count: int, path: Path, seed: int = 0) -> Counter[str]:
    """What the file holds after each of so many killed saves."""
    old, new = session_at(3), session_at(8)
    old.save_checkpoint(path)
    started = time.perf_counter()
    old.save_checkpoint(path)
    once = time.perf_counter() - started
    generator = np.random.default_rng(seed)
    found: Counter[str] = Counter()
    for _ in range(count):
        child = os.fork()
        if child == 0:
            while True:
                new.save_checkpoint(path)
                old.save_checkpoint(path)
        time.sleep(float(generator.uniform(0.0, 4 * once)))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        try:
            position = load_checkpoint(path).content.position
            found[{(3, 0): "old", (8, 0): "new"}.get(position, f"at {position}")] += 1
        except FileError as error:
            found[f"unreadable: {error}"] += 1
    return found


def main() -> None:
    """Damage and kill, and print what became of it."""
    damaged = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    killed = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.tuiprop"
        for with_checksum in (False, True):
            outcomes, slowest = damage(damaged, path, with_checksum=with_checksum)
            words = ", ".join(f"{number} {name}" for name, number in outcomes.most_common(8))
            name = "damaged under a right checksum" if with_checksum else "damaged"
            print(f"{name}: {words}; slowest {slowest:.3f} s", flush=True)
        words = ", ".join(f"{number} {name}" for name, number in kill(killed, path).most_common())
        print(f"killed: {words}", flush=True)


if __name__ == "__main__":
    main()
