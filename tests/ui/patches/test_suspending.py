"""Ctrl+Z and fg, under a shell in a real pseudo-terminal."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.test_terminal import COMMAND, PATIENCE, Terminal, assert_restored, is_alive

BASH = shutil.which("bash")

pytestmark = pytest.mark.skipif(BASH is None, reason="bash has to be there")


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Terminal]:
    """A shell that has started the dashboard."""
    started = Terminal(tmp_path, command=(BASH or "", "--norc", "-i"), variables={"PS1": "ready> "})
    started.shows("ready>")
    started.press(f"{COMMAND} iris\r")
    started.shows("update 0")
    yield started
    started.child.close(force=True)


def dashboard(shell: Terminal) -> int:
    (pid,) = children(shell.child.pid)
    return pid


def children(parent: int) -> list[int]:
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(each) for each in text.split()]


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def until_taken(shell: Terminal, seen: int) -> None:
    """Wait until the dashboard has taken the terminal again, after so many bytes."""
    started = time.monotonic()
    while not all(mode in shell.raw[seen:] for mode in (b"\x1b[?1049h", b"\x1b[?1003h")):
        assert time.monotonic() - started < PATIENCE
        shell.read()


def assert_shell_works(shell: Terminal) -> None:
    """It takes lines, shows them, and the terminal is its own."""
    shell.press("echo $((6 * 7))-\r")
    shell.shows("42-")
    assert_restored(shell)


def hides(shell: Terminal, words: str) -> None:
    """Wait until the screen has these words no more."""
    started = time.monotonic()
    while words in shell.text:
        assert time.monotonic() - started < PATIENCE
        shell.read()


def assert_quits(shell: Terminal) -> None:
    shell.press("q")
    shell.shows("ready>")
    shell.press("echo status $?-\r")
    shell.shows("status 0-")


@pytest.mark.parametrize(
    "keys", ["", *(pytest.param(key, marks=pytest.mark.slow) for key in "gs:")]
)
def test_suspend_and_go_on(shell: Terminal, keys: str) -> None:
    shell.press("bb" + keys)
    words = {"": "update 2:", "g": "Go to", "s": "Set-up  Tab", ":": "Search for commands"}[keys]
    shell.shows(words)
    pid = dashboard(shell)
    (engine,) = children(pid)
    for _ in range(2):
        shell.press("\x1a")
        shell.shows("Stopped")
        assert state(pid) == "T"
        assert state(engine) != "T"
        assert_shell_works(shell)
        seen = len(shell.raw)
        shell.press("clear; fg\r")
        until_taken(shell, seen)
        shell.shows(words)
    if keys:
        shell.press("\x1b")
        hides(shell, words)
    shell.press("b")
    shell.shows("update 3:")
    assert is_alive(engine)
    assert_quits(shell)
    assert not is_alive(pid)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTSTP, signal.SIGSTOP])
def test_stopped_from_outside(shell: Terminal, number: int) -> None:
    pid = dashboard(shell)
    os.kill(pid, number)
    shell.shows("Stopped")
    seen = len(shell.raw)
    shell.press("clear; fg\r")
    until_taken(shell, seen)  # else the key is dropped with what was typed
    shell.shows("update 0: ")
    shell.press("b")
    shell.shows("update 1:")
    assert_quits(shell)


@pytest.mark.slow
def test_without_a_shell_it_goes_on(tmp_path: Path) -> None:
    """Nobody could let it go on."""
    terminal = Terminal(tmp_path, "iris")
    terminal.shows("update 0")
    terminal.press("\x1a")
    terminal.press("b")
    terminal.shows("update 1:")
    os.kill(terminal.child.pid, signal.SIGTSTP)
    terminal.press("b")
    terminal.shows("update 2:")
    terminal.press("q")
    assert terminal.ends() == 0
    assert_restored(terminal)
