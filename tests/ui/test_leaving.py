"""Some cells of the table that fuzz/signals.py makes whole."""

import io
import os
import signal
from pathlib import Path

import pytest

from fuzz.full import fill, small_file_system
from fuzz.signals import STATES, WAYS, leave, left_over, traced
from tests.session.disks import slow_disk
from tests.ui.test_terminal import Terminal, assert_restored
from tuiprop.protocol.process_client import GRACE
from tuiprop.storage.state_folder import kept_runs
from tuiprop.ui.patches.terminal import UntilGone

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("way", "state"),
    [
        ("Ctrl+C", "a dialog open"),
        ("SIGHUP", "starting"),
        ("terminal gone", "stepping"),
        ("an exception", "training"),
    ],
)
def test_the_run_is_kept_and_the_terminal_given_back(tmp_path: Path, way: str, state: str) -> None:
    assert way in WAYS
    assert state in STATES
    assert leave(way, state, tmp_path) == (WAYS[way][1], [])


@pytest.mark.parametrize("way", ["SIGTERM", "terminal gone"])
def test_a_slow_disk_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    slow_disk(tmp_path, monkeypatch, GRACE + 1)
    assert leave(way, "idle", tmp_path) == (WAYS[way][1], [])
    assert not list((tmp_path / "state" / "runs").glob("*.tmp"))


def test_a_second_signal_ends_at_once_and_the_engine_saves_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_disk(tmp_path, monkeypatch, GRACE + 1)
    terminal = Terminal(tmp_path, "iris")
    terminal.shows("update 0")
    terminal.press("b")
    terminal.shows("update 1:")
    engines = terminal.engines()
    os.kill(terminal.child.pid, signal.SIGINT)
    terminal.reads(b"saving the run")
    os.kill(terminal.child.pid, signal.SIGINT)
    assert terminal.ends() == 130
    assert not traced(terminal)
    assert not left_over(engines)
    assert len(kept_runs(tmp_path / "state" / "runs")) == 1


def assert_it_says_that_nothing_is_saved(terminal: Terminal) -> None:
    """As the last line, after the terminal has been given back."""
    terminal.shows("update 0")
    terminal.press("b")
    terminal.shows("update 1:")
    os.kill(terminal.child.pid, signal.SIGTERM)
    assert terminal.ends() == 143
    assert_restored(terminal)
    assert not traced(terminal)
    last = terminal.raw.strip().splitlines()[-1]
    assert b" is not saved: " in last
    assert b"\x1b" not in last.split(b"tuiprop: ")[-1]


def test_a_state_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    assert_it_says_that_nothing_is_saved(Terminal(tmp_path, "iris"))


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    try:
        with small_file_system() as folder:
            fill(folder, 0)
            (tmp_path / "state").symlink_to(folder)
            assert_it_says_that_nothing_is_saved(Terminal(tmp_path, "iris"))
            assert [path.name for path in folder.rglob("*") if path.is_file()] == ["filler"]
    except PermissionError as error:
        pytest.skip(f"no file system can be mounted: {error}")


class Broken(io.StringIO):
    """A terminal that goes away at the second write."""

    def write(self, text: str) -> int:
        if self.getvalue():
            raise OSError(5, "Input/output error")
        return super().write(text)


def test_nothing_is_written_once_the_terminal_is_gone() -> None:
    broken = Broken()
    file = UntilGone(broken)
    file.write("a")
    file.flush()
    file.write("b")
    file.write("c")
    file.flush()
    assert broken.getvalue() == "a"
    assert not file.isatty()
