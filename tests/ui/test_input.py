"""Input that no keyboard sends, to the installed command in a real pseudo-terminal."""

import os
import random
import select
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.test_terminal import PATIENCE, Terminal, assert_restored

pytestmark = pytest.mark.slow

HELP = "the letter is the unit"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    started = Terminal(tmp_path, "iris", columns=100, lines=30)
    started.shows("update 0")
    yield started
    started.child.close(force=True)


def pour(terminal: Terminal, data: bytes) -> None:
    """Send much, taking what is painted meanwhile without looking at it."""
    file = terminal.child.child_fd
    os.set_blocking(file, False)
    started = time.monotonic()
    while data:
        assert time.monotonic() - started < 2 * PATIENCE, "it does not take its input"
        readable, writable, _ = select.select([file], [file], [], 1.0)
        if readable:
            terminal.raw += os.read(file, 1 << 16)
        if writable:
            data = data[os.write(file, data[:4096]) :]
    terminal.read_from_here()


def leave(terminal: Terminal, times: int = 4) -> None:
    """Leave what is open, which may be several dialogs."""
    for _ in range(times):
        terminal.press("\x1b")
        time.sleep(0.3)  # else the terminal sends Alt and a key


def answers(terminal: Terminal) -> None:
    """A key is answered, and the dashboard ends by a signal."""
    leave(terminal)
    terminal.press("?")
    terminal.shows(HELP)
    os.kill(terminal.child.pid, signal.SIGTERM)
    assert terminal.ends() == 143
    assert b"Traceback" not in terminal.raw
    assert_restored(terminal)


STRANGE = (
    b"\xe9",
    b"\xff",
    b"\x1b\xe9",
    b"\xc3",
    b"\x1b[M" + bytes((35, 32 + 120, 33)),
    b"\x1b[99999999999u",
    b"\x1b[55296u",
    b"\x1b[48;0;0;0;0t\x1b[<35;5;5M",
)


def test_strange_bytes_do_not_end_the_input(terminal: Terminal) -> None:
    for data in STRANGE:
        terminal.press("g")
        terminal.shows("Go to")
        pour(terminal, data * 3)
        leave(terminal)
        terminal.press("?")
        terminal.shows(HELP)
        leave(terminal, 1)
    answers(terminal)


def unseen(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody look at the screen: megabytes of it take pyte a minute."""
    monkeypatch.setattr(terminal._stream, "feed", lambda part: None)


def test_a_size_that_no_terminal_has(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    unseen(terminal, monkeypatch)
    seen = len(terminal.raw)
    terminal.press("\x1b[48;99999;99999;99999;99999t")
    started = time.monotonic()
    while b"\x1b[500;" not in terminal.raw[seen:]:  # the last line is painted
        assert time.monotonic() - started < 2 * PATIENCE
        terminal.read()
    terminal.press("\x1b[48;99999;99999;99999;99999t" * 5 + "q")
    assert terminal.ends() == 0
    assert b"\x1b[501;" not in terminal.raw
    assert b"Traceback" not in terminal.raw


def test_random_bytes_do_not_end_the_input(terminal: Terminal) -> None:
    """But for those keys that quit, suspend, or write where the test does not want it."""
    generator = random.Random(7)
    forbidden = b"qQxXyY\x03\x11\x1a\r\n"
    data = bytes(each for each in generator.randbytes(20_000) if each not in forbidden)
    pour(terminal, data)
    answers(terminal)


def mouse(generator: random.Random) -> str:
    button = generator.choice([35, 35, 35, 64, 65, 0, 32, 2])
    place = f"{generator.randint(1, 100)};{generator.randint(1, 30)}"
    press = f"\x1b[<{button};{place}M"
    return press + f"\x1b[<{button};{place}m" if button in (0, 2) else press


@pytest.mark.parametrize("key", ["", ":", "s", "?", "4", "w"])
def test_a_storm_of_the_mouse(terminal: Terminal, key: str) -> None:
    terminal.press(key)
    generator = random.Random(key)
    pour(terminal, "".join(mouse(generator) for _ in range(14_000)).encode())
    answers(terminal)


@pytest.mark.parametrize("key", ["g", "x", ":", ""])
def test_much_text_without_brackets(terminal: Terminal, key: str) -> None:
    terminal.press(key)
    if key in ("g", "x"):
        terminal.shows("Go to" if key == "g" else "Export the weights")
    pour(terminal, b"n" * (1 << 18))
    answers(terminal)


def test_a_large_paste(terminal: Terminal) -> None:
    terminal.press("g")
    terminal.shows("Go to")
    pour(terminal, b"\x1b[200~" + b"7" * (1 << 21) + b"\x1b[201~")
    terminal.shows("777777")
    terminal.shows("characters were pasted")
    answers(terminal)


def test_a_paste_that_is_never_closed(terminal: Terminal) -> None:
    terminal.press("g")
    terminal.shows("Go to")
    terminal.press("\x1b[200~u13")
    terminal.shows("u13")
    terminal.press("\r")
    terminal.shows("update 13:")
    answers(terminal)


@pytest.mark.parametrize(
    "size",
    ["100000", "abc", "-1", "0", "9" * 30],
)
def test_variables_with_sizes_that_no_terminal_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: str
) -> None:
    terminal = Terminal(tmp_path, "iris", variables={"COLUMNS": size, "LINES": size})
    unseen(terminal, monkeypatch)
    started = time.monotonic()
    while b"update" not in terminal.raw:
        assert time.monotonic() - started < 2 * PATIENCE
        terminal.read()
    terminal.press("q")
    assert terminal.ends() == 0
    assert_restored(terminal)
    assert b"Traceback" not in terminal.raw
