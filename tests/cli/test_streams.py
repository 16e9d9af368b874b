"""Streams that fail: a full disk, a reader or a terminal that is gone, closed descriptors."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.command import SECONDS, experiment
from tests.hostile import command, environment, run, run_here
from tuiprop.cli.train import save_while_training
from tuiprop.models.checkpoint import load_checkpoint
from tuiprop.models.weights import load_model
from tuiprop.session.session import open_session
from tuiprop.training.experiment import load

FULL = Path("/dev/full")

pytestmark = pytest.mark.skipif(not FULL.exists(), reason="a device that is always full")

RESULTS = ("w.npz", "v.json", "h.csv", "c.tuiprop")


def arguments(folder: Path, epochs: int = 4) -> list[object]:
    """A training with every result."""
    path = experiment(folder, training={"epochs": epochs})
    w, v, h, c = (folder / name for name in RESULTS)
    return ["train", path, "--export", w, "--export", v, "--history", h, "--checkpoint", c]


def assert_complete(folder: Path, update: int | None = None) -> None:
    """Every result is there, of one state."""
    w, v, h, c = (folder / name for name in RESULTS)
    model = load_model(w)
    assert update in (None, model.update)
    assert load_model(v).update == model.update
    assert load_checkpoint(c).content.position == (model.update, 0)
    rows = h.read_text().splitlines()[1:]
    assert [int(row.split(",")[0]) for row in rows] == list(range(model.update // 3 + 1))


def closing(*descriptors: int) -> Callable[[], None]:
    def close() -> None:
        for descriptor in descriptors:
            os.close(descriptor)

    return close


# Standard output on a full disk, or closed


COMMANDS = [
    ["--help"],
    ["--version"],
    ["train", "--help"],
    ["datasets"],
    ["datasets", "iris"],
    ["datasets", "iris", "--out", "-"],
    ["check", "a.toml"],
    ["explain", "a.toml"],
    ["inspect", "w.npz"],
    ["inspect", "c.tuiprop"],
    ["predict", "w.npz", "iris"],
    ["export", "w.npz", "u.npz"],
    ["train", "a.toml"],
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an experiment and its results."""
    folder = tmp_path_factory.mktemp("trained")
    assert run_here(*arguments(folder)).returncode == 0
    return folder


NO_ROOM = "tuiprop: standard output: cannot be written: No space left on device"


@pytest.mark.parametrize("words", COMMANDS)
def test_standard_output_on_a_full_disk(
    trained: Path, words: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    with FULL.open("w") as full:
        done = run_here(*words, cwd=trained, stdout=full)
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[-1] == NO_ROOM
    assert b"Traceback" not in done.stderr
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [["--help"], ["datasets", "iris", "--out", "-"], ["train", "a.toml"]]
)
def test_a_process_whose_standard_output_is_on_a_full_disk(trained: Path, words: list[str]) -> None:
    with FULL.open("w") as full:
        done = run(*words, cwd=trained, stdout=full)
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[-1] == NO_ROOM
    assert b"Traceback" not in done.stderr
    assert b"ignored" not in done.stderr  # what Python says of a stream that fails as it ends


@pytest.mark.parametrize("words", [["--help"], ["predict", "w.npz", "iris"]])
def test_standard_output_closed(trained: Path, words: list[str]) -> None:
    done = run(*words, cwd=trained, stdout=None, preexec_fn=closing(1))
    assert done.returncode == 1
    last = done.stderr.decode().splitlines()[-1]
    assert last == "tuiprop: standard output: cannot be written: Bad file descriptor"
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("words", [["check", "a.toml"], ["inspect", "w.npz"], ["train", "a.toml"]])
def test_standard_error_on_a_full_disk_is_not_needed(trained: Path, words: list[str]) -> None:
    right = run_here(*words, cwd=trained)
    with FULL.open("w") as full:
        done = run_here(*words, cwd=trained, stderr=full)
    assert (done.returncode, done.stdout) == (0, right.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["full", "closed"])
def test_standard_error_of_a_process_is_not_needed(trained: Path, where: str) -> None:
    words = ["train", "a.toml"]
    if where == "closed":
        done = run(*words, cwd=trained, stderr=None, preexec_fn=closing(2))
    else:
        with FULL.open("w") as full:
            done = run(*words, cwd=trained, stderr=full)
    assert (done.returncode, done.stdout) == (0, run_here(*words, cwd=trained).stdout)


@pytest.mark.parametrize("where", ["full", "closed"])
def test_a_refusal_that_cannot_be_said(tmp_path: Path, where: str) -> None:
    if where == "closed":
        done = run("inspect", tmp_path / "no.npz", stderr=None, preexec_fn=closing(2))
    else:
        with FULL.open("w") as full:
            done = run_here("inspect", tmp_path / "no.npz", stderr=full)
    assert (done.returncode, done.stdout) == (2, b"")


def assert_one_refusal(done: "subprocess.CompletedProcess[bytes]") -> None:
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"tuiprop: ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("words", [[], ["iris"], ["predict", "w.npz", "-"]])
def test_no_standard_input(
    trained: Path, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert_one_refusal(run_here(*words, cwd=trained))


@pytest.mark.slow
@pytest.mark.parametrize("words", [["iris"], ["predict", "w.npz", "-"]])
def test_standard_input_closed(trained: Path, words: list[str]) -> None:
    assert_one_refusal(run(*words, cwd=trained, stdin=None, preexec_fn=closing(0)))


def test_a_dashboard_without_standard_error(tmp_path: Path) -> None:
    """The dashboard paints on standard error, and refuses to open where that is no terminal."""
    master, slave = pty.openpty()
    done = run("iris", cwd=tmp_path, stdin=slave, stdout=slave)
    os.close(slave)
    os.close(master)
    assert done.returncode == 2
    assert b"needs a terminal" in done.stderr


# Readers that leave


def assert_no_failure(done: "subprocess.CompletedProcess[bytes]") -> None:
    assert done.returncode == 0
    assert b"roken pipe" not in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.fixture
def unread() -> Iterator[int]:
    """The end of a pipe that nobody reads, whatever is written first."""
    read, write = os.pipe()
    os.close(read)
    yield write
    os.close(write)


@pytest.mark.parametrize("words", [["explain", "a.toml"], ["predict", "w.npz", "iris"]])
def test_a_reader_that_leaves_is_no_failure(trained: Path, words: list[str], unread: int) -> None:
    with open(unread, "w", closefd=False) as pipe:
        assert_no_failure(run_here(*words, cwd=trained, stdout=pipe))


@pytest.mark.slow
def test_a_reader_that_leaves_a_process(trained: Path, unread: int) -> None:
    assert_no_failure(run("datasets", "digits", "--out", "-", cwd=trained, stdout=unread))


# Trainings


@pytest.mark.slow
def test_a_training_with_every_descriptor_closed(tmp_path: Path) -> None:
    done = run(
        *arguments(tmp_path), stdin=None, stdout=None, stderr=None, preexec_fn=closing(0, 1, 2)
    )
    assert done.returncode == 1  # its lines could not be written
    assert_complete(tmp_path, 12)
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([*RESULTS, "a.toml"])


def test_a_training_on_a_full_disk_writes_its_results(tmp_path: Path) -> None:
    with FULL.open("w") as full:
        done = run_here(*arguments(tmp_path), stdout=full, stderr=full)
    assert done.returncode == 1
    assert_complete(tmp_path, 12)


def test_a_training_that_nobody_reads_writes_its_results(tmp_path: Path, unread: int) -> None:
    with open(unread, "w", closefd=False) as pipe:
        done = run_here(*arguments(tmp_path), stdout=pipe, stderr=pipe)
    assert done.returncode == 0
    assert_complete(tmp_path, 12)


def in_a_terminal_that_closes(words: list[object], *, ignoring: bool) -> int:
    """The exit status of a training whose terminal is gone once it shows its progress."""
    pid, master = pty.fork()
    if pid == 0:
        if ignoring:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        line = command(*words)
        os.execve(line[0], line, environment(TERM="xterm-256color"))
    shown = b""
    while b"updates/s" not in shown:
        shown += os.read(master, 65536)
    os.close(master)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


@pytest.mark.slow
def test_a_terminal_that_closes_takes_no_result(tmp_path: Path) -> None:
    assert in_a_terminal_that_closes(arguments(tmp_path, 10**6), ignoring=False) == 129
    assert_complete(tmp_path)


@pytest.mark.slow
def test_a_terminal_that_closes_with_its_signal_ignored(tmp_path: Path) -> None:
    assert in_a_terminal_that_closes(arguments(tmp_path, 1000), ignoring=True) == 0
    assert_complete(tmp_path, 3000)


def training(folder: Path) -> "subprocess.Popen[bytes]":
    """A training without end, once it has begun; one of its results goes to a folder."""
    (folder / "other").mkdir()
    process = subprocess.Popen(
        command(*arguments(folder, 10**6), "--export", folder / "other" / "w.npz"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"epoch 0/")  # signals are noted from here on
    return process


@pytest.mark.slow
def test_several_hangups_are_one(tmp_path: Path) -> None:
    """A shell sends another one to its jobs when it gets one."""
    with training(tmp_path) as process:
        for _ in range(5):
            process.send_signal(signal.SIGHUP)
        _, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, err) == (129, b"")
    assert_complete(tmp_path)


@pytest.mark.slow
def test_a_result_that_cannot_be_written_takes_no_other(tmp_path: Path) -> None:
    with training(tmp_path) as process:
        (tmp_path / "other").rmdir()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 2
    (line,) = err.decode().splitlines()
    assert line.startswith(f"tuiprop: {tmp_path / 'other' / 'w.npz'}: cannot be written: ")
    assert_complete(tmp_path)


def test_a_checkpoint_that_fails_does_not_end_the_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session = open_session(load(experiment(tmp_path)))
    save_while_training(session, str(tmp_path / "no" / "c.tuiprop"))
    assert "c.tuiprop: cannot be written" in capsys.readouterr().err
