"""Training flat out for a long time with the dashboard open.

    python -m fuzz.soak [MINUTES]

plays MINUTES (60) of digits in the installed command, in a pseudo-terminal of 120x36, and prints
every minute where it is, the memory of both processes (proportional set size), the frames that
were painted a second, and the processor time of the dashboard for each: the chart is drawn in it.
Linux only.
"""

import sys
import tempfile
import time
from pathlib import Path

from benchmarks.dashboard import FRAME, SYNCHRONIZED, Watched, processor_seconds
from benchmarks.read_csv import proportional_set_size

EXPERIMENT = """
[data]
source = "digits"
[network]
layers = [ { units = 64, activation = "relu" }, { units = 10, activation = "softmax" } ]
[training]
learning_rate = 0.001
batch_size = 10
epochs = 1000000
"""

MINUTE = 60.0


def play(terminal: Watched, seconds: float) -> tuple[float, float, float, float, float]:
    """One row: update, MB of the dashboard and of the engine, frames a second, ms for each."""
    dashboard, engine = terminal.processes()
    before, began = processor_seconds(dashboard), time.monotonic()
    frames = terminal.drain(seconds).count(FRAME)
    took, used = time.monotonic() - began, processor_seconds(dashboard) - before
    of_dashboard, of_engine = (proportional_set_size(each) / 1e6 for each in (dashboard, engine))
    update = terminal.update()
    terminal.raw = terminal.raw[-100_000:]
    return update, of_dashboard, of_engine, frames / took, 1e3 * used / max(frames, 1)


def main() -> None:
    """Print the table."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.toml"
        path.write_text(EXPERIMENT)
        terminal = Watched(Path(folder), str(path))
        terminal.shows("update 0:")
        terminal.press(SYNCHRONIZED)
        terminal.drain(2.0)
        terminal.press(" ")
        print("| minutes | update | dashboard, MB | engine, MB | frames a second | ms a frame |")
        print("|---|---|---|---|---|---|", flush=True)
        began = time.monotonic()
        while (elapsed := time.monotonic() - began) < minutes * MINUTE:
            update, dashboard, engine, frames, each = play(terminal, MINUTE - elapsed % MINUTE)
            done = (time.monotonic() - began) / MINUTE
            print(
                f"| {done:.0f} | {update:,.0f} | {dashboard:.1f} | {engine:.1f} "
                f"| {frames:.1f} | {each:.1f} |",
                flush=True,
            )
        terminal.press("q")
        status = terminal.ends()
    print(f"q ended it with status {status}")


if __name__ == "__main__":
    main()
