"""The installed command in a real pseudo-terminal."""

import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pexpect
import pyte
import pytest

import tuiprop
from tuiprop.data.catalogue import suggested_experiment
from tuiprop.models.checkpoint import load_checkpoint

if sys.platform == "win32":
    pytest.skip("pseudo-terminals", allow_module_level=True)

COMMAND = str(Path(sys.executable).with_name("tuiprop"))
PATIENCE = 60


class Terminal:
    """The command under a terminal of 80x24 that remembers what it shows."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        columns: int = 80,
        lines: int = 24,
        command: Sequence[str] = (COMMAND,),
        variables: Mapping[str, str | None] = MappingProxyType({}),
    ) -> None:
        environment = {
            **os.environ,
            "TERM": "xterm-256color",
            "XDG_CONFIG_HOME": str(folder / "config"),
            "TUIPROP_STATE": str(folder / "state"),
            "HOME": str(folder),
            **variables,
        }
        self.screen = pyte.Screen(columns, lines)
        self.read_from_here()
        self.raw = b""
        self.child = pexpect.spawn(
            command[0],
            [*command[1:], *arguments],
            cwd=str(folder),
            env={name: value for name, value in environment.items() if value is not None},
            dimensions=(lines, columns),
            timeout=PATIENCE,
        )
        self.modes = termios.tcgetattr(self.child.child_fd)

    @property
    def text(self) -> str:
        # not `display`: it fails where the first half of a wide character has been overwritten
        rows = (self.screen.buffer[y] for y in range(self.screen.lines))
        return "\n".join("".join(row[x].data for x in range(self.screen.columns)) for row in rows)

    def read_from_here(self) -> None:
        """Forget a sequence that was begun: its end may have been skipped."""
        self._stream = pyte.ByteStream(self.screen)

    def read(self) -> None:
        try:
            part = self.child.read_nonblocking(65536, timeout=0.1)
        except pexpect.TIMEOUT:
            return
        self.raw += part
        # pyte does not know the private sequences by which Textual asks the terminal
        self._stream.feed(part.replace(b"\x1b[?2048$p", b"").replace(b"\x1b[>1u", b""))

    def shows(self, words: str) -> None:
        """Wait until the screen has these words."""
        started = time.monotonic()
        while words not in self.text:
            assert time.monotonic() - started < PATIENCE, f"no {words!r} in\n{self.text}"
            self.read()

    def reads(self, words: bytes) -> None:
        """Wait until these words have been written, on the screen or after it."""
        started = time.monotonic()
        while words not in self.raw:
            assert time.monotonic() - started < PATIENCE, f"no {words!r}"
            self.read()

    def press(self, keys: str) -> None:
        self.child.send(keys)

    def ends(self) -> int:
        """Wait for the end; the exit status."""
        started = time.monotonic()
        while True:
            try:
                self.read()
            except pexpect.EOF:
                break
            assert time.monotonic() - started < PATIENCE, f"it does not end\n{self.text}"
        self.child.close()
        assert self.child.exitstatus is not None, self.child.signalstatus
        return int(self.child.exitstatus)

    def ends_somehow(self) -> None:
        """Wait for the end, of the engine too."""
        engines = self.engines()
        self.child.close(force=True)
        started = time.monotonic()
        while any(map(is_alive, engines)):
            assert time.monotonic() - started < PATIENCE
            time.sleep(0.02)

    def engines(self) -> list[int]:
        """The processes of the engine that belong to this command."""
        found = subprocess.run(
            ["ps", "-A", "-ww", "-o", "pid=,ppid=,args="],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        rows = [line.split(maxsplit=2) for line in found]
        return [
            int(pid)
            for pid, parent, *arguments in rows
            if int(parent) == self.child.pid and arguments and "tuiprop.protocol" in arguments[0]
        ]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def assert_restored(terminal: Terminal) -> None:
    """The screen, the cursor and the mouse are as they were."""
    end = terminal.raw[-4000:]
    assert b"\x1b[?1049l" in end
    assert b"\x1b[?25h" in end
    assert b"\x1b[?1000l" in end


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    started = Terminal(tmp_path, "iris")
    yield started
    started.child.close(force=True)


def test_start_move_play_export_quit(terminal: Terminal, tmp_path: Path) -> None:
    terminal.shows("update 0: epoch 0/200, batch 0/4")
    terminal.press("b")
    terminal.shows("update 1: epoch 1/200, batch 1/4")
    terminal.press("e")
    terminal.shows("update 4: epoch 1/200, batch 4/4")
    terminal.press("B")
    terminal.shows("update 3: epoch 1/200, batch 3/4")
    terminal.press(" ")
    terminal.shows("update 800: epoch 200/200")
    terminal.press("x")
    terminal.shows("Export the weights")
    terminal.press("\r")
    terminal.shows("Which weights?")
    terminal.press("\r")
    terminal.shows("read back")
    (engine,) = terminal.engines()
    terminal.press("q")
    assert terminal.ends() == 0
    assert_restored(terminal)
    assert not is_alive(engine)
    assert not [name for name in tmp_path.iterdir() if name.name.startswith(".tuiprop-")]
    exported = tuiprop.open(tmp_path / "iris.npz").parameters.vector
    trained = tuiprop.train(suggested_experiment("iris")).parameters.vector
    assert np.array_equal(exported, trained)


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (signal.SIGTERM, 143),
        pytest.param(signal.SIGHUP, 129, marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow),
    ],
)
def test_signals_give_the_terminal_back(terminal: Terminal, number: int, status: int) -> None:
    terminal.shows("update 0")
    terminal.press(" ")
    (engine,) = terminal.engines()
    os.kill(terminal.child.pid, number)
    assert terminal.ends() == status
    assert_restored(terminal)
    assert not is_alive(engine)


@pytest.mark.slow
def test_an_engine_that_dies_is_replaced(terminal: Terminal) -> None:
    terminal.shows("update 0")
    terminal.press("eee")
    terminal.shows("update 12:")
    (engine,) = terminal.engines()
    os.kill(engine, signal.SIGKILL)
    terminal.shows("The training engine crashed")
    terminal.shows("SIGKILL")
    terminal.shows("update 12:")
    assert terminal.engines() != [engine]
    terminal.press("b")
    terminal.shows("update 13:")
    terminal.press("q")
    assert terminal.ends() == 0
    assert_restored(terminal)


@pytest.mark.slow
def test_left_and_gone_on_with(tmp_path: Path) -> None:
    first = Terminal(tmp_path, "iris")
    first.shows("update 0")
    first.press("eebo")
    first.shows("update 10")
    os.kill(first.child.pid, signal.SIGKILL)  # nothing of the dashboard has a say
    first.ends_somehow()
    again = Terminal(tmp_path)
    again.shows("Resume iris at update 9")
    again.press("\r")
    again.shows("update 10")
    again.press("bb")
    again.shows("update 11: epoch 3/200, batch 3/4")
    os.kill(again.engines()[0], signal.SIGKILL)
    again.shows("The training engine crashed")
    again.press("q")
    assert again.ends() == 0
    other = Terminal(tmp_path, "wine")
    other.shows("update 0")
    other.press("q")
    assert other.ends() == 0
    declined = Terminal(tmp_path, "iris")
    declined.shows("Resume iris at update 11")
    declined.press("\x1b[B\x1b[B\r")
    declined.shows("update 0")
    declined.press("q")
    assert declined.ends() == 0
    assert not list((tmp_path / "state" / "runs").glob("*.tuiprop"))


@pytest.mark.slow
def test_leaving_at_once(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.press("q")  # before anything is painted
    assert terminal.ends() == 0
    assert not terminal.engines()


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, "nothing.csv")
    assert terminal.ends() == 2
    assert b"tuiprop: " in terminal.raw
    assert b"nothing.csv" in terminal.raw.split(b"tuiprop: ")[-1]
    assert b"Traceback" not in terminal.raw


@pytest.mark.slow
def test_quitting_after_the_engine_has_died(terminal: Terminal, tmp_path: Path) -> None:
    terminal.shows("update 0")
    terminal.press("bo")
    terminal.shows("update 2")
    os.kill(terminal.engines()[0], signal.SIGKILL)
    terminal.press("q")
    assert terminal.ends() == 0
    (path,) = (tmp_path / "state" / "runs").glob("*.tuiprop")
    assert load_checkpoint(path).content.position == (1, 1)


@pytest.mark.slow
@pytest.mark.parametrize("keys", ["s", "y", "x\r"])
def test_keys_after_the_engine_has_died(terminal: Terminal, keys: str) -> None:
    terminal.shows("update 0")
    terminal.press("b")
    terminal.shows("update 1:")
    (engine,) = terminal.engines()
    os.kill(engine, signal.SIGKILL)
    terminal.press(keys)
    terminal.shows("The training engine crashed")
    os.kill(terminal.child.pid, signal.SIGTERM)
    assert terminal.ends() == 143
    assert b"Traceback" not in terminal.raw


@pytest.mark.slow
def test_an_engine_that_dies_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import tuiprop.protocol.server as e\n"
        "def broken(self, request):\n"
        "    raise MemoryError('no room for W[1]')\n"
        "e.Engine.handle = broken\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, sys.path)]))
    terminal = Terminal(tmp_path, "iris")
    assert terminal.ends() == 1
    last = terminal.raw.decode().split("tuiprop: ")[-1]
    assert "crashed 4 times within 30 s" in last
    assert "no room for W[1]" in last
    assert "Traceback" not in last


@pytest.mark.slow
@pytest.mark.parametrize("threads", [0, 1, 2])
def test_where_too_few_threads_can_be_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, threading\n"
        "start, started = threading.Thread.start, []\n"
        "def limited(self):\n"
        "    started.append(self)\n"
        f"    if len(started) > {threads}:\n"
        '        raise RuntimeError("can\'t start new thread")\n'
        "    start(self)\n"
        "if 'tuiprop.protocol' not in sys.orig_argv:\n"
        "    threading.Thread.start = limited\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, sys.path)]))
    terminal = Terminal(tmp_path, "iris")
    assert terminal.ends() == 1
    assert terminal.raw.decode().startswith("tuiprop: ")
    assert "can't start new thread" in terminal.raw.decode()
    assert "Traceback" not in terminal.raw.decode()


@pytest.mark.slow
def test_quitting_does_not_wait_for_a_busy_engine(terminal: Terminal) -> None:
    terminal.shows("update 0")
    (engine,) = terminal.engines()
    os.kill(engine, signal.SIGSTOP)
    terminal.press("q")
    assert terminal.ends() == 0
    assert not is_alive(engine)


@pytest.mark.slow
def test_files_of_the_folder_do_not_stand_for_modules(tmp_path: Path) -> None:
    (tmp_path / "queue.py").write_text("raise SystemExit('shadowed')")
    terminal = Terminal(tmp_path)
    terminal.shows("update 0")
    terminal.press("q")
    assert terminal.ends() == 0
