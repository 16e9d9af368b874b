"""Rows: the dashboard in a pseudo-terminal of 120x36, as a user has it. Linux only."""

import compileall
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pexpect

import tuiprop
from benchmarks.pairing import Effort, Line, paired, spread
from benchmarks.read_csv import proportional_set_size
from tests.ui.test_terminal import PATIENCE, Terminal
from tuiprop.session.session import open_session
from tuiprop.training.experiment import load

LONG_RUN = """
[data]
source = "{source}"
[network]
layers = [ {{ units = 32, activation = "relu" }}, {{ units = {outputs}, activation = "softmax" }} ]
[training]
learning_rate = 0.001
epochs = 1000000
"""
"""Flat out as long as it takes."""

SYNCHRONIZED = "\x1b[?2026;2$y"
"""The answer of a terminal that paints a frame at once; the dashboard then marks each."""

FRAME = b"\x1b[?2026h"


class Watched(Terminal):
    """Reads without painting while something is measured: that would take a core of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        super().__init__(folder, *arguments, columns=120, lines=36)
        self.child.delaybeforesend = None  # pexpect's 50 ms before every key are not ours

    def drain(self, seconds: float) -> bytes:
        began, place = time.perf_counter(), len(self.raw)
        while (left := began + seconds - time.perf_counter()) > 0:
            self._take(left)
        return self.raw[place:]

    def until(self, mark: bytes, place: int) -> float:
        """When the mark came, among what was written since that place."""
        began = time.perf_counter()
        while mark not in self.raw[place:]:
            self._take(1.0)
            if time.perf_counter() - began > PATIENCE:
                raise SystemExit(f"the dashboard did not paint {mark!r}")
        return time.perf_counter()

    def _take(self, seconds: float) -> None:
        try:
            self.raw += self.child.read_nonblocking(1 << 20, timeout=seconds)
        except pexpect.TIMEOUT:
            return

    def update(self) -> int:
        """At which it was paused: painted last."""
        self.screen.reset()
        self._stream.feed(self.raw.replace(b"\x1b[?2048$p", b"").replace(b"\x1b[>1u", b""))
        found = re.search(r"update ([\d,]+):", self.text)
        if found is None:
            raise SystemExit(f"no update in\n{self.text}")
        return int(found[1].replace(",", ""))

    def processes(self) -> list[int]:
        """The dashboard and its engine."""
        return [self.child.pid, *self.engines()]


@contextmanager
def _dashboard(what: str) -> Iterator[Watched]:
    """Opened, and painted in full."""
    with tempfile.TemporaryDirectory() as folder:
        terminal = Watched(Path(folder), what)
        try:
            terminal.shows("update 0:")
            terminal.press(SYNCHRONIZED)
            terminal.drain(1.5)
            yield terminal
        finally:
            terminal.child.close(force=True)


@contextmanager
def _long_run(source: str, outputs: int) -> Iterator[Path]:
    """An experiment file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.toml"
        path.write_text(LONG_RUN.format(source=source, outputs=outputs))
        yield path


def _headless(path: Path, seconds: float) -> float:
    """Updates a second, in a process of its own as the engine is."""
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from benchmarks.dashboard import train_for\n"
        "print(train_for(Path(sys.argv[1]), float(sys.argv[2])))\n"
    )
    command = [sys.executable, "-c", code, str(path), str(seconds)]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def train_for(path: Path, seconds: float) -> float:
    """Updates a second of the experiment in a file."""
    run = open_session(load(path)).run
    run.advance(run.last_update, 0.3)
    began, first = time.perf_counter(), run.t
    run.advance(run.last_update, seconds)
    return (run.t - first) / (time.perf_counter() - began)


def _played(path: Path, seconds: float) -> tuple[float, float]:
    """Updates a second of a dashboard that plays, and frames a second."""
    with _dashboard(str(path)) as terminal:
        terminal.press(" ")
        began = time.perf_counter()
        painted = terminal.drain(seconds).count(FRAME)
        terminal.press(" ")
        took = time.perf_counter() - began
        terminal.drain(1.0)
        return terminal.update() / took, painted / seconds


def playing(effort: Effort) -> Iterator[Line]:
    """Every pair is a dashboard of its own, so that both sides begin at update 0."""
    seconds, pairs = (3.0, 3) if effort.quick else (8.0, 9)
    for source, outputs in (("iris", 3), ("digits", 10)):
        with _long_run(source, outputs) as path:
            rounds = [(*_played(path, seconds), _headless(path, seconds)) for _ in range(pairs)]
        with_dashboard, frames, headless = np.array(rounds).T
        what = f"updates a second while it plays, {source}"
        notes = f"{np.median(headless):,.0f} headless; {np.median(frames):.1f} frames a second"
        share = spread(100 * with_dashboard / headless)
        yield Line(what, "headless", f"{share} %", "95 %, 10 frames", notes)


def keys(effort: Effort) -> Iterator[Line]:
    """`n` changes what the panel of layers shows: names, then numbers."""
    count = 30 if effort.quick else 200
    generator = np.random.default_rng(0)
    with _long_run("iris", 3) as path, _dashboard(str(path)) as terminal:
        terminal.press(" ")
        terminal.drain(1.0)
        times = []
        for press in range(count):
            terminal.drain(float(generator.uniform(0.1, 0.3)))  # anywhere between two frames
            place, began = len(terminal.raw), time.perf_counter()
            terminal.press("n")
            mark = b"(32,4)" if press % 2 else b"n[1]"
            times.append((terminal.until(mark, place) - began) * 1e3)
    median, late, most = np.percentile(times, [50, 95, 100])
    result = f"{late:.0f} ms at the 95th percentile"
    notes = f"median {median:.0f}, most {most:.0f}, of {count}"
    yield Line("key press to painted screen while training", "", result, "30 ms", notes)


def start(effort: Effort) -> Iterator[Line]:
    """Until the run at update 0 is painted; the other until it has ended."""
    for package in tuiprop.__path__:  # as an installation leaves it
        compileall.compile_dir(package, quiet=2)

    def ours(count: int) -> None:
        for _ in range(count):
            with tempfile.TemporaryDirectory() as folder:
                terminal = Watched(Path(folder))
                terminal.until(b"Overview", 0)
                terminal.child.kill(signal.SIGKILL)  # close has pauses of its own
                terminal.child.wait()
                os.close(terminal.child.child_fd)

    def theirs(count: int) -> None:
        for _ in range(count):
            subprocess.run([sys.executable, "-c", "import textual.app, numpy"], check=True)

    fewer = Effort(9 if effort.quick else 25, 0.0)
    pair = paired(ours, theirs, fewer)
    notes = f"{spread(pair.ours)} s"
    what = "command to first painted screen"
    goal = "at most 2; 0.5 s"
    yield Line(what, "`import textual.app, numpy`", f"{pair.share} times its time", goal, notes)


def processor_seconds(process: int) -> float:
    """That a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def idle(effort: Effort) -> Iterator[Line]:
    seconds = 10.0 if effort.quick else 60.0
    with _dashboard("iris") as terminal:
        terminal.drain(3.0)
        before = sum(map(processor_seconds, terminal.processes()))
        terminal.drain(seconds)
        used = sum(map(processor_seconds, terminal.processes())) - before
    share = f"{100 * used / seconds:.2f} % of a core"
    yield Line("idle dashboard, both processes", "", share, "under 1 %", f"over {seconds:.0f} s")


def memory(effort: Effort) -> Iterator[Line]:
    with _dashboard("iris") as terminal:
        terminal.press(" ")
        terminal.drain(5.0)
        sizes = [proportional_set_size(process) / 1e6 for process in terminal.processes()]
    notes = f"dashboard {sizes[0]:.0f}, engine {sizes[1]:.0f}; after 200 epochs"
    result = f"{sum(sizes):.0f} MB"
    yield Line("memory on iris, proportional set size", "", result, "130 MB", notes)
