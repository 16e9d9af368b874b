"""`train --break`: conditions from the command line, and those of the file."""

import re
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from tests.cli.command import experiment, sentence, tuiprop
from tuiprop.models.weights import load_model
from tuiprop.session.session import Session, open_session
from tuiprop.training.experiment import load


def straight(path: Path, update: int) -> Session:
    session = open_session(load(path))
    session.run.advance(update)
    return session


def with_stops(folder: Path, *stops: dict[str, Any]) -> Path:
    path = experiment(folder)
    tables = [f"[[breakpoint]]\n{tomli_w.dumps(stop)}" for stop in stops]
    path.write_text("\n".join([path.read_text(), *tables]))
    return path


def stopped(out: str) -> list[str]:
    return [line for line in out.splitlines() if line.startswith("stopped: ")]


@pytest.mark.parametrize(
    ("conditions", "update", "line"),
    [
        (["update == 5"], 5, "stopped: update == 5: 5 after update 5"),
        (["epoch >= 2"], 6, "stopped: epoch >= 2: 2 after epoch 2, update 6"),
        (["update == 7", "epoch == 1"], 3, "stopped: epoch == 1: 1 after epoch 1, update 3"),
        (["norm( dW2 )>0"], 1, "stopped: norm(dW[2]) > 0: "),
        (["update > 1", "batch_loss < 100"], 1, "stopped: batch_loss < 100: "),
        (["train_loss < 1e9"], 0, "stopped: train_loss < 1000000000: "),
        (["update > 3", "epoch < 1"], 0, "stopped: epoch < 1: 0 after epoch 0, update 0"),
        (["failed_checks == 0"], 1, "stopped: failed_checks == 0: 0 at update 1, operation 13 of"),
    ],
)
def test_it_stops_and_all_is_written(
    conditions: list[str], update: int, line: str, tmp_path: Path
) -> None:
    path, w, h = experiment(tmp_path), tmp_path / "w.npz", tmp_path / "h.csv"
    options = [each for condition in conditions for each in ("--break", condition)]
    ended = tuiprop("train", path, *options, "--export", w, "--history", h)
    assert (ended.status, ended.err) == (0, "")
    assert len(stopped(ended.out)) == 1
    assert stopped(ended.out)[0].startswith(line)
    session = straight(path, update)
    model = load_model(w)
    assert model.update == update
    assert model.parameters.vector.tobytes() == session.parameters.vector.tobytes()
    assert h.read_text() == session.history.to_csv()
    assert f"{w}: update {update}, read back and compared" in ended.out


def test_what_never_becomes_true_stops_nothing(tmp_path: Path) -> None:
    path, w = experiment(tmp_path), tmp_path / "w.npz"
    ended = tuiprop("train", path, "--break", "epoch > 4", "--export", w)
    assert (ended.status, stopped(ended.out), load_model(w).update) == (0, [], 12)


def test_those_of_the_file_stop_it_too_and_switched_off_ones_do_not(tmp_path: Path) -> None:
    path = with_stops(tmp_path, {"when": "update == 8"}, {"when": "update == 2", "enabled": False})
    ended = tuiprop("train", path)
    assert (ended.status, stopped(ended.out)) == (0, ["stopped: update == 8: 8 after update 8"])
    ended = tuiprop("train", path, "--break", "update == 4")
    assert stopped(ended.out) == ["stopped: update == 4: 4 after update 4"]
    ended = tuiprop("train", path, "--break", "update == 10")
    assert stopped(ended.out) == ["stopped: update == 8: 8 after update 8"]


@pytest.mark.parametrize(
    ("condition", "found", "allowed"),
    [
        ("train_loss", '"train_loss"', "OP one of"),
        ("loss < 1", '"loss < 1"', "QUANTITY one of"),
        ("train_loss < much", '"train_loss < much"', "NUMBER"),
        ("", '""', "QUANTITY OP NUMBER"),
        ("norm(W[3]) > 1", "3", "a layer from 1 to 2"),
        ("dead(2) > 0.5", "softmax", "one of the activations"),
    ],
)
def test_what_is_no_condition_is_refused_before_the_training(
    condition: str, found: str, allowed: str, tmp_path: Path
) -> None:
    w = tmp_path / "w.npz"
    path = experiment(tmp_path)
    ended = tuiprop("train", path, "--break", "epoch > 1", "--break", condition, "--export", w)
    text = sentence(ended)
    assert text.startswith("--break")
    assert allowed in text
    assert re.search(rf"(--break: |got ){re.escape(found)}", text)
    assert (ended.out, w.exists()) == ("", False)


@pytest.mark.parametrize(
    ("when", "found"),
    [
        ("norm(W[3]) > 1", "a layer from 1 to 2, got 3"),
        ("loss < 1", "QUANTITY one of"),
    ],
)
@pytest.mark.parametrize("enabled", [True, False])
def test_those_of_the_file_are_refused_by_the_name_of_the_file(
    when: str, found: str, enabled: bool, tmp_path: Path
) -> None:
    path = with_stops(tmp_path, {"when": "epoch > 1"}, {"when": when, "enabled": enabled})
    text = sentence(tuiprop("train", path, "--break", "epoch > 1"))
    assert text.startswith(f"{path}: breakpoint[1].when")
    assert found in text
    assert "--break" not in text


def test_held_out_examples_that_are_not_there(tmp_path: Path) -> None:
    path = experiment(tmp_path, data={"validation": 0})
    text = sentence(tuiprop("train", path, "--break", "validation_loss < 1"))
    assert text.startswith("--break, validation_loss: there are no validation examples")


def test_a_run_that_diverges_before_it_stops_fails(tmp_path: Path) -> None:
    layers = [{"units": 3, "activation": "relu"}, {"units": 1, "activation": "linear"}]
    path = experiment(
        tmp_path,
        data={"source": "plane", "points": 40},
        network={"layers": layers},
        training={"learning_rate": 50.0, "batch_size": 8, "epochs": 100},
    )
    ended = tuiprop("train", path, "--break", "epoch >= 90")
    assert sentence(ended, status=1).startswith("diverged at update ")
    assert stopped(ended.out) == []
    ended = tuiprop("train", path, "--break", "absmax(W[1]) > 1e100")
    assert (ended.status, len(stopped(ended.out))) == (0, 1)
