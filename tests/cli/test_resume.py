"""Trainings that are interrupted and go on."""

import signal
from pathlib import Path

import pytest

from tests.cli.command import SECONDS, experiment, sentence, started, tuiprop
from tuiprop.models.checkpoint import load_checkpoint
from tuiprop.models.weights import load_model
from tuiprop.session.session import open_session
from tuiprop.training.edit import MistakeEdit
from tuiprop.training.experiment import load


def straight(path: Path, epochs: int) -> bytes:
    session = open_session(load(path))
    session.run.advance(session.run.batches.end(epochs))
    return session.parameters.vector.tobytes()


def trained(folder: Path, *arguments: object) -> tuple[Path, Path]:
    """An experiment, and the checkpoint of its training."""
    path, saved = experiment(folder), folder / "r.tuiprop"
    ended = tuiprop("train", path, "--checkpoint", saved, *arguments)
    assert (ended.status, ended.err) == (0, "")
    return path, saved


def test_a_training_goes_on(tmp_path: Path) -> None:
    path, saved = trained(tmp_path, "--epochs", 2)
    w, h = tmp_path / "w.npz", tmp_path / "h.csv"
    ended = tuiprop(
        "train", "--resume", saved, "--epochs", 5, "--export", w, "--history", h,
        "--checkpoint", saved,
    )  # fmt: skip
    assert (ended.status, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0] == f"{saved}: resumed at update 6, epoch 2"
    assert [line.split()[1] for line in lines[1:5]] == ["2/5", "3/5", "4/5", "5/5"]
    assert load_model(w).parameters.vector.tobytes() == straight(path, 5)
    whole = tuiprop("train", path, "--epochs", 5, "--history", tmp_path / "whole.csv")
    assert whole.status == 0
    assert h.read_text() == (tmp_path / "whole.csv").read_text()
    assert load_checkpoint(saved).content.position == (15, 0)


def test_epochs_are_those_of_the_file_and_may_be_more(tmp_path: Path) -> None:
    path, saved = trained(tmp_path, "--epochs", 1)
    w = tmp_path / "w.npz"
    assert tuiprop("train", path, "--resume", saved, "--export", w).status == 0
    assert load_model(w).parameters.vector.tobytes() == straight(path, 4)
    longer = experiment(tmp_path, training={"epochs": 6})
    assert tuiprop("train", longer, "--resume", saved, "--export", w).status == 0
    assert load_model(w).parameters.vector.tobytes() == straight(path, 6)
    options = ("--set", "training.epochs=3")
    assert tuiprop("train", "--resume", saved, *options, "--export", w).status == 0
    assert load_model(w).parameters.vector.tobytes() == straight(path, 3)


def test_a_condition_that_stopped_it_does_not_stop_it_again(tmp_path: Path) -> None:
    path, saved = trained(tmp_path, "--break", "train_loss < 1.05")
    stopped = load_checkpoint(saved).content.position[0]
    assert 0 < stopped < 12
    ended = tuiprop("train", path, "--resume", saved, "--break", "train_loss < 1.05")
    assert ended.status == 0
    assert "epoch 4/4" in ended.out


def test_an_interrupted_training_goes_on_from_the_update(tmp_path: Path) -> None:
    path, saved = experiment(tmp_path, training={"epochs": 10**6}), tmp_path / "r.tuiprop"
    with started("train", path, "--checkpoint", saved) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SECONDS)
    assert process.returncode == 143
    t = load_checkpoint(saved).content.position[0]
    w = tmp_path / "w.npz"
    epochs = t // 3 + 2
    assert tuiprop("train", "--resume", saved, "--epochs", epochs, "--export", w).status == 0
    assert load_model(w).parameters.vector.tobytes() == straight(path, epochs)


def test_what_cannot_be_gone_on_with(tmp_path: Path) -> None:
    path, saved = trained(tmp_path)
    for arguments, words in (
        (
            ("--resume", saved, "--epochs", 2),
            "--epochs must be 4 or more, the epochs that are done, got 2",
        ),
        (("--resume", saved, "--init", saved), "--init and --resume exclude each other"),
        (
            ("--resume", saved, "--set", "training.learning_rate=2"),
            "training.learning_rate must be 0.1, as when the run was saved, got 2.0",
        ),
        (("--resume", tmp_path / "none.tuiprop"), "cannot be read: No such file"),
        (("--resume", path), ".tuiprop, got .toml"),
        ((path, "--checkpoint", tmp_path / "r.npz"), ".tuiprop, got .npz"),
    ):
        assert words in sentence(tuiprop("train", *arguments))
    other = experiment(tmp_path, "b.toml", network={"seed": 5})
    text = sentence(tuiprop("train", other, "--resume", saved))
    assert text.startswith(f"{other}: network.seed must be 0, as when the run was saved, got 5")
    assert "Missing argument" in tuiprop("train").err


def test_the_best_epoch(tmp_path: Path) -> None:
    settings = {"epochs": 30, "learning_rate": 1.5}
    path, saved = experiment(tmp_path, training=settings), tmp_path / "r.tuiprop"
    newest, best = tmp_path / "n.npz", tmp_path / "b.npz"
    ended = tuiprop("train", path, "--checkpoint", saved, "--export", newest)
    session = open_session(load(path))
    session.run.advance(90)
    epoch = session.history.best
    assert 0 < epoch < 30
    assert f"--weights best exports those of epoch {epoch}, the best\n" in ended.out
    ended = tuiprop("train", path, "--export", best, "--weights", "best")
    assert f"{best}: the best epoch, {epoch}, update {3 * epoch}, read back" in ended.out
    assert load_model(newest).parameters.vector.tobytes() == straight(path, 30)
    assert load_model(best).parameters.vector.tobytes() == straight(path, epoch)
    for which, expected in (("newest", newest), ("best", best)):
        out = tmp_path / "o.npz"
        ended = tuiprop("export", saved, out, "--weights", which)
        assert f"{out}: {which} weights of the checkpoint, update " in ended.out
        model = load_model(out)
        assert model.parameters.vector.tobytes() == load_model(expected).parameters.vector.tobytes()
        ended = tuiprop("predict", saved, "iris", "--weights", which)
        assert ended.err.startswith(f"{which} weights of the checkpoint: update {model.update}\n")
        assert ended.out == tuiprop("predict", expected, "iris").out
    text = sentence(tuiprop("export", best, tmp_path / "o.npz", "--weights", "best"))
    assert "only a checkpoint holds weights of the best epoch" in text


def test_inspect(tmp_path: Path) -> None:
    _, saved = trained(tmp_path)
    out = tuiprop("inspect", saved).out
    assert "update    12, epoch 4 of 4\n" in out
    assert "branch    0, to update 12: no edits\n" in out
    assert "NumPy     " in out


def test_a_checkpoint_as_initial_weights(tmp_path: Path) -> None:
    path, saved = trained(tmp_path)
    w = tmp_path / "w.npz"
    assert tuiprop("train", path, "--init", saved, "--epochs", 0, "--export", w).status == 0
    assert load_model(w).parameters.vector.tobytes() == straight(path, 4)


def test_what_a_mistake_made_is_not_exported(tmp_path: Path) -> None:
    path, saved = experiment(tmp_path), tmp_path / "r.tuiprop"
    session = open_session(load(path))
    session.run.edit(MistakeEdit(at=0, mistake="loss"))
    session.run.advance(2)
    session.save_checkpoint(saved)
    assert "go back to update 0" in sentence(tuiprop("export", saved, tmp_path / "w.npz"))
    assert "mistake loss at update 0" in tuiprop("inspect", saved).out
    ended = tuiprop("train", "--resume", saved, "--export", tmp_path / "w.npz")
    assert "go back to update 0" in sentence(ended)


@pytest.mark.parametrize("which", ["newest", "best"])
def test_a_checkpoint_read_from_python(tmp_path: Path, which: str) -> None:
    _, saved = trained(tmp_path)
    model = load_model(saved, (), which)
    assert model.update == (12 if which == "newest" else 3 * load_checkpoint(saved).best.epoch)  # type: ignore[union-attr]
