"""Random keys, mouse events and sizes against the real dashboard, with its engine training.

    python -m fuzz.keys [EVENTS] [RESIZES] [SEED] [QUITTING]

sends EVENTS (100000) keys, texts and mouse events and RESIZES (1000) sizes from 1x1 up to the
installed command in a pseudo-terminal. Prints the memory of both processes every 1,000 events,
and what was found wrong, which must be nothing: no traceback, no engine that died, no end but by
the key or the command that quits, no standstill, and the terminal given back. Where it quits,
another one is started; QUITTING (2) in a thousand events are q.
"""

import os
import select
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fuzz.signals import left_over, restored, traced
from tests.ui.test_terminal import Terminal

RATE = 100.0
"""Events a second, which the dashboard keeps up with."""

SECONDS = 20.0
"""Within which the dashboard ends, and paints something when its size changes."""

REMEMBERED = 500
"""Events, the last of which are told where something is wrong."""

TAIL = 20_000
"""Bytes of output that are remembered."""

KEYS: list[str] = [
    *"ooooolLpPbbbbBeeE+-g0G1234567sfncvwyx:?td mruT.,'()^<>=_#%&@!*\"[]{}|;$`\\",
    *("\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D") * 3,  # the cursor keys
    *("\x1b[H", "\x1b[F", "\x1b[5~", "\x1b[6~", "\x1b[3~", "\x1b[Z", "\x1bOP", "\x1b[15~"),
    *("\r", "\r", "\r", "\t", "\t", "\x7f", "\x7f", " ", " ", " "),
    *("\x1b",) * 8,
    *("\x01", "\x05", "\x0b", "\x10", "\x15", "\x17", "\x18", "\x19"),  # Ctrl+A, E, K, P, …
    *"éñ漢🙂\u0301\u200d",
]
"""Without Ctrl+C and Ctrl+Q, which quit, and without / and ~, which lead out of the folder."""

TEXTS = (
    *("u7", "12", "+3", "-2", "best", "end", "iris", "circle", "xor-table", "spiral", "absent.csv"),
    *("0.5", "-1e9", "1e400", "nan", "0", "99999999999999999999", "x1^2, sin(x1)", "softmax"),
    *("train_loss < 0.05", "epoch > 3", "max(W1) >", "w.npz", "w.json", "w.safetensors", "w.py"),
    *(
        "run.tuiprop",
        "e.toml",
        "w.onnx",
        "w.pt",
        "open",
        "theme",
        "new seed",
        "log",
        "漢字",
        "[b]x",
    ),
)


def keys_of(generator: np.random.Generator, columns: int, lines: int, quitting: float) -> str:
    """One event, as a terminal sends it."""
    kind = generator.random()
    if kind < quitting:
        return "q"
    if kind < 0.72:
        return KEYS[int(generator.integers(len(KEYS)))]
    if kind < 0.78:
        end = ("\r", "\t", "")[int(generator.integers(3))]
        return TEXTS[int(generator.integers(len(TEXTS)))] + end
    x, y = int(generator.integers(1, columns + 2)), int(generator.integers(1, lines + 2))
    if kind < 0.92:
        return f"\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m"
    button = (64, 65, 35, 32, 2)[int(generator.integers(5))]  # wheel, moved, dragged, right
    return f"\x1b[<{button};{x};{y}M"


def size_of(generator: np.random.Generator) -> tuple[int, int]:
    """Columns and lines: small ones as often as large ones."""
    columns = int(2 ** generator.uniform(0.0, 7.7))
    return columns, int(2 ** generator.uniform(0.0, 6.0))


@dataclass
class Outcome:
    """What became of it."""

    events: int = 0
    resizes: int = 0
    starts: int = 1
    wrong: list[str] = field(default_factory=list)
    memory: list[tuple[int, int]] = field(default_factory=list)
    """MB of the dashboard and of its engine, every 1,000 events."""


class Hammer:
    """The dashboard, and what is sent to it.

    Args:
        folder: in which everything is written.
        seed: of the events.
        quitting: the share of q among them.
    """

    def __init__(self, folder: Path, seed: int, quitting: float = 0.002) -> None:
        self._quitting = quitting
        self._folder = folder
        self._generator = np.random.default_rng(seed)
        self.outcome = Outcome()
        self._sent: deque[str] = deque(maxlen=REMEMBERED)
        self._heard = time.monotonic()
        self._start()

    def _start(self) -> None:
        self._columns, self._lines = 80, 24
        self._terminal = Terminal(self._folder, "iris")
        self._terminal.shows("Layers")
        self._engines = self._terminal.engines()
        self._terminal.raw = self._terminal.raw[-TAIL:]

    def run(self, events: int, resizes: int) -> Outcome:
        """Send them all, and leave."""
        every = max(events // max(resizes, 1), 1)
        started = time.monotonic()
        for i in range(1, events + 1):
            if i % every == 0 and self.outcome.resizes < resizes:
                self._resize()
            keys = keys_of(self._generator, self._columns, self._lines, self._quitting)
            self._sent.append(keys)
            if not self._send(keys.encode()):
                self._ended()
            self.outcome.events = i
            self._read(max(started + i / RATE - time.monotonic(), 0.0))
            if i % 1000 == 0:
                self._measure()
            if self.outcome.wrong:
                break
        if not self.outcome.wrong:
            self._leave()
        return self.outcome

    def _resize(self) -> None:
        if time.monotonic() - self._heard > SECONDS:
            self._fault("it paints nothing any more, whatever its size")
        self._columns, self._lines = size_of(self._generator)
        self._sent.append(f"{self._columns}x{self._lines}")
        self._terminal.child.setwinsize(self._lines, self._columns)
        self.outcome.resizes += 1

    def _send(self, keys: bytes) -> bool:
        """Whether there is still somebody to send to."""
        with suppress(OSError):
            os.write(self._terminal.child.child_fd, keys)
        return bool(self._terminal.child.isalive())

    def _read(self, seconds: float) -> None:
        """What is written within so many seconds."""
        until, descriptor = time.monotonic() + seconds, self._terminal.child.child_fd
        while select.select([descriptor], [], [], max(until - time.monotonic(), 0.0))[0]:
            try:
                part = os.read(descriptor, 65536)
            except OSError:  # it has ended
                return
            self._heard = time.monotonic()
            self._terminal.raw = (self._terminal.raw + part)[-TAIL:]
            if b"Traceback" in self._terminal.raw[-len(part) - 16 :]:
                self._read_rest()
                self._fault("a traceback")
                return

    def _read_rest(self) -> None:
        descriptor = self._terminal.child.child_fd
        with suppress(OSError):
            while select.select([descriptor], [], [], 0.5)[0]:
                self._terminal.raw += os.read(descriptor, 65536)
                if len(self._terminal.raw) > 4 * TAIL:
                    return

    def _fault(self, words: str) -> None:
        self.outcome.wrong.append(
            f"after {self.outcome.events} events: {words}; the last were {list(self._sent)[-40:]!r}"
        )

    def _ended(self) -> None:
        """It has ended: as q does, and the command of the palette, or for another reason."""
        self._read_rest()
        status = self._terminal.child.exitstatus
        if status != 0:
            self._fault(f"it ended with {status}, {self._terminal.child.signalstatus}")
            return
        self._check_end()
        self.outcome.starts += 1
        self._start()

    def _check_end(self) -> None:
        for words in (
            *left_over(self._engines),
            *restored(self._terminal),
            *traced(self._terminal),
        ):
            self._fault(words)

    def _measure(self) -> None:
        engines = self._terminal.engines()
        if not engines:  # it is ending; where it is not, there will be another engine next time
            return
        if engines != self._engines:
            self._fault(f"the engine is another one: {engines}, not {self._engines}")
        with suppress(OSError):
            sizes = [_memory(self._terminal.child.pid), *map(_memory, engines)]
            self.outcome.memory.append((sizes[0], sum(sizes[1:])))
            print(f"{self.outcome.events}: {sizes} MB", flush=True)

    def _leave(self) -> None:
        self._terminal.child.setwinsize(24, 80)
        until = time.monotonic() + SECONDS
        for keys in _leaving():
            if not self._send(keys) or time.monotonic() > until:
                break
            self._read(0.2)
        self._read_rest()
        if self._terminal.child.isalive():
            self._fault("it does not end")
        else:
            self._check_end()

    def close(self) -> None:
        """End it, whatever it does."""
        self._terminal.child.close(force=True)

    @property
    def last_words(self) -> str:
        """The end of what was written."""
        return self._terminal.raw.decode(errors="replace")


def _leaving() -> Iterator[bytes]:
    """Out of every dialog, dropping what was begun, then q."""
    while True:
        yield from (b"\x1b", b"\x1b", b"q", b"\x1b", b"\r")
        yield from (b"\x1b", b"\x1b", b"\r", b"q", b"\r")  # dropped by Enter, where asked


def _memory(pid: int) -> int:
    """MB that a process has to itself, with its share of what it shares."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(text.split("Pss:")[1].split()[0]) // 1024


def main() -> None:
    """Send events, and print what became of it."""
    numbers = [*map(int, sys.argv[1:]), *(100_000, 1000, 0, 2)[len(sys.argv) - 1 :]]
    with tempfile.TemporaryDirectory() as folder:
        hammer = Hammer(Path(folder), numbers[2], numbers[3] / 1000)
        try:
            outcome = hammer.run(numbers[0], numbers[1])
        finally:
            hammer.close()
        print(f"{outcome.events} events, {outcome.resizes} sizes, {outcome.starts} starts")
        for words in outcome.wrong:
            print(words)
            print(hammer.last_words)


if __name__ == "__main__":
    main()
