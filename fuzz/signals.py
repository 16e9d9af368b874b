"""Every way to leave the dashboard, from every state it can be in.

    python -m fuzz.signals [WAY …]

leaves the installed command in a real pseudo-terminal and prints a table: the exit status, and
what was found wrong, which must be nothing: the terminal is as it was, no process is left behind,
and the run is kept where it stood.
"""

import os
import signal
import sys
import tempfile
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.ui.test_terminal import COMMAND, Terminal, is_alive
from tuiprop.models.checkpoint import load_checkpoint

SECONDS = 20.0
"""Within which everything is over."""


def _begin(terminal: Terminal) -> None:
    terminal.shows("update 0: epoch 0/200, batch 0/4")
    terminal.press("bbb")
    terminal.shows("update 3: epoch 1/200, batch 3/4")


def _starting(terminal: Terminal) -> None:
    terminal.shows("Layers")


def _training(terminal: Terminal) -> None:
    _begin(terminal)
    terminal.press("---- ")  # 20 updates a second: it does not come to its end
    terminal.shows("updates/s")


def _stepping(terminal: Terminal) -> None:
    _begin(terminal)
    terminal.press("oooo")
    terminal.shows("operation 4 of 17")


def _exporting(terminal: Terminal) -> None:
    _begin(terminal)
    terminal.press("x")
    terminal.shows("Export the weights")
    terminal.press("\r")
    terminal.shows("Which weights?")
    terminal.press("\r")


def _dialog(terminal: Terminal) -> None:
    _begin(terminal)
    terminal.press("g")
    terminal.shows("Go to")


STATES: dict[str, tuple[Callable[[Terminal], None], tuple[int, int] | None]] = {
    "starting": (_starting, None),
    "idle": (_begin, (3, 0)),
    "training": (_training, (4, 0)),
    "stepping": (_stepping, (3, 4)),
    "exporting": (_exporting, (3, 0)),
    "a dialog open": (_dialog, (3, 0)),
}
"""How each is brought about, and the position that is kept: that one, or a later one when
training; None where nothing was done that could be."""


def _signal(number: int) -> Callable[[Terminal], None]:
    return lambda terminal: os.kill(terminal.child.pid, number)


def _hang_up(terminal: Terminal) -> None:
    terminal.child.ptyproc.fileobj.close()
    terminal.child.closed = terminal.child.ptyproc.closed = True


FAULT = "an exception"
FAULTY = (sys.executable, str(Path(__file__).with_name("faulty.py")))

WAYS: dict[str, tuple[Callable[[Terminal], None], int]] = {
    "q": (lambda terminal: terminal.press("q"), 0),
    "Ctrl+C": (lambda terminal: terminal.press("\x03"), 130),
    "SIGINT": (_signal(signal.SIGINT), 130),
    "SIGTERM": (_signal(signal.SIGTERM), 143),
    "SIGHUP": (_signal(signal.SIGHUP), 129),
    "terminal gone": (_hang_up, 129),
    FAULT: (_signal(signal.SIGUSR1), 1),
    "SIGKILL": (_signal(signal.SIGKILL), 128 + signal.SIGKILL),
}
"""What is done, and the exit status that it ends with."""


def applies(way: str, state: str) -> bool:
    """In a dialog, q is a letter."""
    return (way, state) != ("q", "a dialog open")


def leave(way: str, state: str, folder: Path) -> tuple[int | None, list[str]]:
    """The exit status, and what is wrong."""
    command = FAULTY if way == FAULT else (COMMAND,)
    terminal = Terminal(folder, "iris", command=command)
    reach, position = STATES[state]
    act, expected = WAYS[way]
    try:
        reach(terminal)
        engines = terminal.engines()
        act(terminal)
        status = _status(terminal, watched=way != "terminal gone")
        wrong = [] if status == expected else [f"status {status}, expected {expected}"]
        wrong += left_over(engines)
        if way not in ("terminal gone", "SIGKILL"):
            wrong += restored(terminal)
        wrong += traced(terminal, way)
        return status, wrong + _kept(folder / "state" / "runs", position, state)
    finally:
        with suppress(OSError, ValueError):
            terminal.child.close(force=True)


def _status(terminal: Terminal, *, watched: bool) -> int | None:
    """Of the command when it has ended, as a shell gives it; None where it has not."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if watched:
            with suppress(Exception):  # the end of the terminal
                terminal.read()
        if not terminal.child.isalive():
            while watched:
                try:
                    terminal.raw += terminal.child.read_nonblocking(65536, timeout=0.1)
                except Exception:  # all of it has been read
                    break
            code = terminal.child.exitstatus
            return 128 + int(terminal.child.signalstatus) if code is None else int(code)
        time.sleep(0.01)
    return None


def left_over(engines: list[int]) -> list[str]:
    """Whether an engine lives on; it may take its time to end."""
    until = time.monotonic() + SECONDS
    while any(map(is_alive, engines)):
        if time.monotonic() > until:
            return ["an engine is left"]
        time.sleep(0.01)
    return []


def restored(terminal: Terminal) -> list[str]:
    """What of the terminal is not as it was."""
    raw = terminal.raw
    wrong = []
    if b"\x1b[?1049h" in raw and raw.rfind(b"\x1b[?1049l") < raw.rfind(b"\x1b[?1049h"):
        wrong.append("the screen is not given back")
    if raw.rfind(b"\x1b[?25h") < raw.rfind(b"\x1b[?25l"):
        wrong.append("no cursor")
    with suppress(termios.error):
        if termios.tcgetattr(terminal.child.child_fd)[:4] != terminal.modes[:4]:
            wrong.append("the modes are others")
    return wrong


def traced(terminal: Terminal, way: str = "") -> list[str]:
    """A traceback where there was no fault, or none, or not a whole one, where there was."""
    if way == FAULT:
        whole = (
            b"Traceback (most recent" in terminal.raw and b"UnexpectedError: of the" in terminal.raw
        )
        return [] if whole else ["no traceback"]
    return ["a traceback"] if b"Traceback" in terminal.raw else []


def _kept(folder: Path, position: tuple[int, int] | None, state: str) -> list[str]:
    files = list(folder.glob("*.tuiprop"))
    if position is None:
        return ["something is kept"] if files else []
    if len(files) != 1:
        return [f"{len(files)} files are kept"]
    found = load_checkpoint(files[0]).content.position
    if found == position or (state == "training" and found > position):
        return []
    return [f"kept at {found}, not at {position}"]


def main() -> None:
    """Leave in every way from every state, and print the table."""
    ways = sys.argv[1:] or list(WAYS)
    print("| | " + " | ".join(STATES) + " |")
    print("|---" * (len(STATES) + 1) + "|")
    for way in ways:
        cells = []
        for state in STATES:
            if not applies(way, state):
                cells.append("a letter")
                continue
            with tempfile.TemporaryDirectory() as folder:
                status, wrong = leave(way, state, Path(folder))
            cells.append(f"{status}{': ' if wrong else ''}{'; '.join(wrong)}")
        print(f"| {way} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
