import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.command import SECONDS, experiment, started
from tuiprop.models.weights import load_model
from tuiprop.session.session import open_session
from tuiprop.training.experiment import load


def training(folder: Path, **options: object) -> "subprocess.Popen[str]":
    """A training without end, once it has begun."""
    process = started(
        "train", experiment(folder, training={"epochs": 10**6}),
        "--export", folder / "w.npz", "--history", folder / "h.csv", **options,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().startswith("epoch 0/1000000  ")
    time.sleep(0.1)
    return process


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (signal.SIGTERM, 143),
        pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, 129, marks=pytest.mark.slow),
    ],
)
def test_a_signal_ends_the_training_with_its_exports(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    with training(tmp_path) as process:
        process.send_signal(number)
        out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == status
    assert err == ""
    model = load_model(tmp_path / "w.npz")
    assert 0 < model.update < 10**9
    assert f"w.npz: update {model.update}, read back and compared" in out
    session = open_session(load(tmp_path / "a.toml"))
    session.run.advance(model.update)
    assert model.parameters.vector.tobytes() == session.parameters.vector.tobytes()
    assert (tmp_path / "h.csv").read_text() == session.history.to_csv()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.toml", "h.csv", "w.npz"]


@pytest.mark.slow
def test_an_ignored_signal_stays_ignored(tmp_path: Path) -> None:
    def nohup() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with training(tmp_path, preexec_fn=nohup) as process:
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.terminate()
        assert process.wait(SECONDS) == 143
    assert (tmp_path / "w.npz").exists()


def opened_by_reader(path: Path) -> int:
    """The other end of a pipe, once somebody reads it."""
    until = time.monotonic() + SECONDS
    while True:
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.01)


@pytest.mark.slow
def test_an_interrupt_before_the_training(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    os.mkfifo(path)
    with started("train", experiment(tmp_path, data={"source": str(path)})) as process:
        pipe = opened_by_reader(path)
        time.sleep(0.2)  # it waits for the data now
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=SECONDS)
        os.close(pipe)
    assert process.returncode == 130
    assert "Traceback" not in err
