"""Files of runs that are kept: bounded, and each of one process at a time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tuiprop.files import state
from tuiprop.files.state import Slot, kept_runs, make_room, state_folder

HOLDER = """
import sys
from pathlib import Path
from tuiprop.files.state import Slot
slot = Slot(Path(sys.argv[1]))
print(slot.claim(), flush=True)
sys.stdin.read()
"""


def kept(folder: Path, name: str, size: int = 10, age: float = 0.0) -> Path:
    path = folder / f"{name}.tuiprop"
    path.write_bytes(bytes(size))
    os.utime(path, (1e9 - age, 1e9 - age))
    return path


def test_where_runs_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert state_folder() is None  # in all tests
    monkeypatch.setenv("TUIPROP_STATE", str(tmp_path))
    assert state_folder() == tmp_path
    monkeypatch.delenv("TUIPROP_STATE")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    found = state_folder()
    assert found is not None
    assert found.name == "runs"
    assert tmp_path in found.parents


def test_the_newest_first(tmp_path: Path) -> None:
    old, new = kept(tmp_path, "a", age=10), kept(tmp_path, "b")
    assert kept_runs(tmp_path) == [new, old]
    assert kept_runs(tmp_path / "none") == []


def test_every_slot_is_another_file(tmp_path: Path) -> None:
    assert len({Slot.fresh(tmp_path).path for _ in range(50)}) == 50


def test_a_slot_is_of_one_process_until_that_ends(tmp_path: Path) -> None:
    path = kept(tmp_path, "a")
    slot = Slot(path)
    assert slot.claim()
    assert slot.claim()
    assert kept_runs(tmp_path) == []
    command = [sys.executable, "-c", HOLDER, str(path)]
    other = subprocess.run(command, input="", capture_output=True, text=True, check=True)
    assert other.stdout == "False\n"
    slot.let_go()
    assert kept_runs(tmp_path) == [path]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        assert not Slot(path).claim()
        process.kill()
    assert kept_runs(tmp_path) == [path]


def test_a_slot_that_was_not_used_leaves_nothing(tmp_path: Path) -> None:
    slot = Slot.fresh(tmp_path / "runs")
    assert slot.claim()
    slot.let_go()
    assert list((tmp_path / "runs").iterdir()) == []


def test_bounded_in_number_and_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [kept(tmp_path, f"r{i}", age=i) for i in range(8)]
    (tmp_path / "killed.lock").touch()
    held = Slot(paths[7])
    assert held.claim()
    make_room(paths[2])
    assert "".join(path.stem for path in kept_runs(tmp_path)) == "r0r1r2r3r4"
    assert paths[7].exists()
    monkeypatch.setattr(state, "MOST_BYTES", 35)
    make_room(paths[2])
    assert "".join(path.stem for path in kept_runs(tmp_path)) == "r0r1r2"
    assert not (tmp_path / "r3.lock").exists()
    assert not (tmp_path / "killed.lock").exists()
