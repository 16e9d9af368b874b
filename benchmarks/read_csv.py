"""How long a large CSV file takes until it is ready to train, and how much memory.

    python benchmarks/read_csv.py [ROWS COLUMNS DIGITS]

Writes a file of random numbers to a temporary folder, then reads and prepares it in processes of
their own. The peak is the proportional set size, sampled every 5 ms; on Linux only.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

RUNS = 3

PREPARE = """
import sys, time
started = time.perf_counter()
from tuiprop.data.catalogue import load_table
from tuiprop.data.preparation.examples import prepare
from tuiprop.training.experiment import parse
import polars
experiment = parse({"data": {"source": sys.argv[1]}, "network": {"loss": "mse"}})
imported = time.perf_counter()
table = load_table(experiment.data)
read = time.perf_counter()
examples = prepare(experiment, table)
ready = time.perf_counter()
print(imported - started, read - imported, ready - read, time.process_time())
"""


def proportional_set_size(process: int) -> int:
    """Bytes; 0 where the process has ended."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except (OSError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) * 1024 for line in text.splitlines() if line[:4] == "Pss:")


def main() -> None:
    """Print a line for each run."""
    rows, columns, digits = map(int, sys.argv[1:] or ("1000000", "20", "4"))
    array = rows * columns * 8
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "numbers.csv"
        numbers = np.random.default_rng(0).normal(size=(rows, columns)).round(digits)
        pl.DataFrame(numbers, orient="row").write_csv(path)
        del numbers
        print(
            f"{rows} x {columns}, {path.stat().st_size / 1e6:.0f} MB of text, {array / 1e6:.0f} MB"
        )
        for _ in range(RUNS):
            peak = 0
            with subprocess.Popen(
                [sys.executable, "-c", PREPARE, str(path)], stdout=subprocess.PIPE, text=True
            ) as process:
                while process.poll() is None:
                    peak = max(peak, proportional_set_size(process.pid))
                    time.sleep(0.005)
                assert process.stdout is not None
                figures = process.stdout.read().split()
            importing, reading, preparing, cpu = map(float, figures)
            print(
                f"read {reading:.2f} s + prepare {preparing:.2f} s = {reading + preparing:.2f} s "
                f"(imports {importing:.2f} s; processor {cpu:.2f} s in all); "
                f"peak {peak / 1e6:.0f} MB = {peak / array:.2f} times the array"
            )


if __name__ == "__main__":
    main()
