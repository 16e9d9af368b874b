"""Files of runs that are kept: bounded, and each of one process at a time."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tuiprop.errors import FileError
from tuiprop.storage import state_folder as state
from tuiprop.storage.state_folder import (
    Slot,
    earlier_runs,
    kept_runs,
    make_room,
    state_folder,
    temporary_of,
)

HOLDER = """
import sys
from pathlib import Path
from tuiprop.storage.state_folder import Slot
slot = Slot(Path(sys.argv[1]))
print(slot.claim(), flush=True)
sys.stdin.read()
"""


def run_file(folder: Path, number: int) -> Path:
    """A file with the name of a kept run."""
    return folder / f"20240101-120000-{number:08x}.tuiprop"


def kept(folder: Path, number: int, age: float = 0.0, size: int = 100) -> Path:
    """A kept run."""
    path = run_file(folder, number)
    path.write_bytes(f"tuiprop checkpoint 1 {path.name}\n".encode().ljust(size, b"."))
    return aged(path, age)


def aged(path: Path, age: float) -> Path:
    os.utime(path, (1e9 - age, 1e9 - age))
    return path


def checkpoint(path: Path, age: float = 0.0) -> Path:
    """A checkpoint of the user's."""
    path.write_bytes(b"tuiprop checkpoint 1\n".ljust(100, b"."))
    return aged(path, age)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_where_runs_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert state_folder() is None  # in all tests
    monkeypatch.setenv("TUIPROP_STATE", str(tmp_path))
    assert state_folder() == tmp_path / "runs"
    monkeypatch.delenv("TUIPROP_STATE")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    found = state_folder()
    assert found is not None
    assert found.name == "runs"
    assert tmp_path in found.parents


def test_the_newest_first(tmp_path: Path) -> None:
    old, new = kept(tmp_path, 1, age=10), kept(tmp_path, 2)
    assert kept_runs(tmp_path) == [new, old]
    assert kept_runs(tmp_path / "none") == []


def test_every_slot_is_another_file(tmp_path: Path) -> None:
    assert len({Slot.fresh(tmp_path).path for _ in range(50)}) == 50


def test_a_slot_is_of_one_process_until_that_ends(tmp_path: Path) -> None:
    path = kept(tmp_path, 1)
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
    paths = [kept(tmp_path, i, age=i) for i in range(8)]
    killed = Slot(run_file(tmp_path, 9))
    assert killed.claim()
    os.close(killed._lock)  # type: ignore[arg-type]  # as when its process is killed
    half = temporary_of(killed.path)
    half.write_bytes(b"half of it")
    held = Slot(paths[7])
    assert held.claim()
    make_room(paths[2])
    assert kept_runs(tmp_path) == paths[:5]
    assert paths[7].exists()
    assert not half.exists()
    assert not killed.path.with_suffix(".lock").exists()
    monkeypatch.setattr(state, "MOST_BYTES", 350)
    make_room(paths[2])
    assert kept_runs(tmp_path) == paths[:3]
    assert not paths[3].with_suffix(".lock").exists()


def test_what_is_not_a_kept_run_is_never_removed(tmp_path: Path) -> None:
    """Whatever it is called, in the folder of the runs and in the one around it."""
    runs = tmp_path / "runs"
    runs.mkdir()
    for folder in (tmp_path, runs):
        for name in ("poetry.lock", "uv.lock", ".tuiprop-old.tmp", "20240101-120000-0000abcd.lock"):
            (folder / name).write_bytes(b"")
            aged(folder / name, 1e6)
        (folder / "20240101-120000-0000abce.lock").write_text("of somebody else")
        (folder / "20240101-120000-0000abcd.tmp").write_text("of somebody else")
        for i in range(12):
            checkpoint(folder / f"mine{i}.tuiprop", age=1e5 + i)
            checkpoint(run_file(folder, 100 + i), age=1e5 + i)
        shutil.copy(kept(folder, 200), folder / "copy.tuiprop")
        shutil.copy(kept(folder, 200), run_file(folder, 201))
        run_file(folder, 200).unlink()
        (folder / "target").write_text("the user's")
        run_file(folder, 300).symlink_to(folder / "target")
        run_file(folder, 301).mkdir()
    before = contents(tmp_path)
    own = kept(runs, 1)
    make_room(own)
    after = contents(tmp_path)
    assert {name: after.get(name) for name in before} == before
    assert kept_runs(runs) == [own]
    for path in (runs / "mine0.tuiprop", run_file(runs, 100), run_file(runs, 301), runs / "target"):
        with pytest.raises(ValueError, match="not a run that is kept here"):
            Slot.claimed(path)
    Slot(run_file(runs, 100)).remove()
    assert {name: contents(tmp_path).get(name) for name in before} == before


def test_a_slot_outside_of_the_folder_cannot_be_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    inside, outside = kept(runs, 1), kept(tmp_path, 2)
    with pytest.raises(ValueError, match="not a run that is kept here"):
        Slot.claimed(inside)  # no runs are kept in tests
    monkeypatch.setenv("TUIPROP_STATE", str(tmp_path))
    with pytest.raises(ValueError, match="not a run that is kept here"):
        Slot.claimed(outside)
    slot = Slot.claimed(inside)
    with pytest.raises(ValueError, match="open in another dashboard"):
        Slot.claimed(inside)
    slot.remove()
    assert not list(runs.iterdir())
    Slot.claimed(inside).let_go()  # an engine that died had not written it yet


def test_a_lock_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    slot = Slot.fresh(tmp_path)
    lock = slot.path.with_suffix(".lock")
    lock.write_text("of somebody else")
    with pytest.raises(FileError, match="no lock of this program"):
        slot.claim()
    assert lock.read_text() == "of somebody else"


def test_runs_of_earlier_versions_are_found(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    assert earlier_runs(runs) == []
    runs.mkdir()
    own = kept(runs, 1)
    found = [checkpoint(run_file(folder, 2), age=i) for i, folder in enumerate((runs, tmp_path))]
    checkpoint(tmp_path / "mine.tuiprop")
    assert earlier_runs(runs) == found
    assert kept_runs(runs) == [own]
