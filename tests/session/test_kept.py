"""Which kept run belongs to what is named, and how it differs from an experiment file."""

import os
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from tests.session.runs import ask, do, go, look_at, opened, tables
from tuiprop.models.checkpoint import load_checkpoint
from tuiprop.protocol.messages.conditions import Conditions, SetStops, Stop
from tuiprop.protocol.messages.data import Tables
from tuiprop.protocol.messages.files import SaveExperiment
from tuiprop.protocol.messages.moving import Move, Position, Seek
from tuiprop.protocol.messages.opening import Difference, KeptRun, Locate, Located, Open
from tuiprop.protocol.server import Engine
from tuiprop.session.session import open_session
from tuiprop.storage.state_folder import kept_runs
from tuiprop.training.experiment import parse


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUIPROP_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "state" / "runs"


def located(what: str) -> Located:
    return ask(Engine(), Locate(what=what))


def kept(what: str) -> KeptRun:
    found = located(what).kept
    assert found is not None
    return found


def left(experiment: Tables, what: str, update: int = 4) -> Path:
    """The file of a run that was left at an update."""
    engine = opened(experiment, what=what)
    path = Path(engine.opened.autosave.path)
    go(engine, update)
    engine.close()
    now = len(kept_runs(path.parent))
    os.utime(path, (1e9 + now, 1e9 + now))
    return path


def written(path: str, experiment: Tables) -> str:
    Path(path).write_text(tomli_w.dumps(experiment))
    return path


def with_units(units: int, activation: str = "sigmoid", **training: Any) -> Tables:
    experiment = tables(**training)
    experiment["network"]["layers"][0] = {"units": units, "activation": activation}
    return experiment


def gone_on(what: str) -> Engine:
    """An engine on the run that is offered, as the dashboard goes on with it."""
    found = located(what)
    assert found.kept is not None
    engine = Engine()
    request = Open(
        checkpoint=found.kept.path,
        kept_in=found.kept.path if found.kept.is_own else None,
        experiment=found.experiment if found.kept.adopts else {},
        what=what,
    )
    ask(engine, request)
    return engine


def test_an_edited_file_differs_from_its_run(folder: Path) -> None:
    file = written("exp.toml", with_units(4))
    left(with_units(4), os.path.realpath(file))
    assert kept(file).adopts
    assert kept(file).differing == []
    written(file, with_units(5, "relu", learning_rate=0.25))
    found = kept(file)
    assert not found.adopts
    assert found.differing == [
        Difference(key="network.layers[0].units", file="5", run="4"),
        Difference(key="network.layers[0].activation", file='"relu"', run='"sigmoid"'),
        Difference(key="training.learning_rate", file="0.25", run="0.1"),
    ]


@pytest.mark.parametrize(
    ("section", "change", "key", "file", "run"),
    [
        ("data", {"validation": 0.5}, "data.validation", "0.5", "0.2"),
        ("data", {"target": "petal_width"}, "data.target", '"petal_width"', '"species"'),
        ("network", {"seed": 3}, "network.seed", "3", "0"),
        ("training", {"optimizer": "sgd"}, "training.optimizer", '"sgd"', '"adam"'),
        ("training", {"options": {"eps": 0.5}}, "training.options.eps", "0.5", "nothing"),
        ("network", {"loss": "mse"}, "network.loss", '"mse"', '"cross_entropy"'),
    ],
)
def test_every_key_is_compared(
    folder: Path, section: str, change: Tables, key: str, file: str, run: str
) -> None:
    left(tables(), os.path.realpath("exp.toml"))
    experiment = tables()
    experiment[section] = {**experiment[section], **change}
    if change.keys() & {"target", "loss"}:
        experiment["network"]["layers"][-1]["activation"] = "linear"
        experiment["network"]["layers"][-1]["units"] = 1
        experiment["data"]["target"] = "petal_width"
    found = kept(written("exp.toml", experiment)).differing
    assert Difference(key=key, file=file, run=run) in found


def test_another_number_of_layers_differs(folder: Path) -> None:
    left(tables(), os.path.realpath("exp.toml"))
    experiment = tables()
    experiment["network"]["layers"].insert(1, {"units": 7, "activation": "tanh"})
    keys = [each.key for each in kept(written("exp.toml", experiment)).differing]
    assert "network.layers[1].units" in keys
    assert "network.layers[2].units" in keys


def test_epochs_and_conditions_of_the_file_are_taken(folder: Path) -> None:
    file = written("exp.toml", tables(epochs=8))
    left(tables(epochs=8), os.path.realpath(file))
    edited = tables(epochs=12) | {"breakpoint": [{"when": "train_loss < 0.05"}]}
    written(file, edited)
    assert (kept(file).adopts, kept(file).epochs) == (True, 12)
    engine = gone_on(file)
    experiment = engine.opened.session.experiment
    assert experiment.training.epochs == 12
    assert [each.when for each in ask(engine, look_at())[Conditions].stops] == ["train_loss < 0.05"]
    assert do(engine, Seek(epoch=12))[Position].update == 60


def test_what_the_run_has_gone_beyond_or_the_file_does_not_say_stays(folder: Path) -> None:
    file = written("exp.toml", tables(epochs=8))
    engine = opened(tables(epochs=8), what=os.path.realpath(file))
    ask(engine, SetStops(stops=[Stop(when="epoch > 7", enabled=False)]))
    go(engine, 12)
    go(engine, 2)
    engine.close()
    written(file, tables(epochs=1))  # 5 updates; the run has reached 12
    assert (kept(file).adopts, kept(file).epochs) == (True, 8)
    again = gone_on(file)
    assert again.opened.session.experiment.training.epochs == 8
    stops = ask(again, look_at())[Conditions].stops
    assert [(each.when, each.enabled) for each in stops] == [("epoch > 7", False)]


def test_a_saved_experiment_and_its_data_lead_to_the_same_run(folder: Path) -> None:
    Path("other").mkdir()
    path = left(tables(), "iris")
    save = SaveExperiment(experiment=tables(), path="other/my.toml")
    ask(Engine(), save)
    found = kept("other/my.toml")
    assert (found.path, found.differing, found.adopts) == (str(path), [], True)
    path.unlink()
    again = left(tables(), os.path.realpath("other/my.toml"))
    assert kept("iris").path == str(again)
    assert kept("iris").differing == []
    assert located("wine").kept is None


def test_a_table_and_an_experiment_on_it_lead_to_the_same_run(folder: Path) -> None:
    Path("d.csv").write_text("x,y\n1,0\n2,1\n3,0\n4,1\n5,0\n6,1\n7,1\n8,0\n")
    Path("sub").mkdir()
    experiment = {"data": {"source": "./d.csv"}, "training": {"batch_size": 2}}
    path = left(experiment, os.path.realpath("d.csv"))
    ask(Engine(), SaveExperiment(experiment=experiment, path="sub/my.toml"))
    Path("sub/link.csv").symlink_to("../d.csv")
    for what in ("d.csv", "./d.csv", "sub/link.csv", os.path.realpath("d.csv"), "sub/my.toml"):
        assert kept(what).path == str(path)
    Path("e.csv").write_text(Path("d.csv").read_text())
    assert located("e.csv").kept is None


def test_which_of_several_runs_is_offered(folder: Path) -> None:
    file = written("exp.toml", with_units(4))
    same = left(with_units(4), "iris")
    named = left(with_units(6), os.path.realpath(file))
    data = left(with_units(7), "iris")
    assert kept("iris").path == str(data)  # the newest
    for path, units in ((same, "4"), (named, "6"), (data, "7")):
        found = kept(file)
        assert found.path == str(path)
        assert [each.run for each in found.differing] == ([] if units == "4" else [units])
        path.unlink()
    assert located(file).kept is None


def test_where_nothing_was_done_there_is_no_run(folder: Path) -> None:
    done = left(tables(), "iris", update=10)
    engine = opened(what="iris")
    do(engine, Move(operations=5))
    engine.close()
    assert kept_runs(folder) == [done]
    assert kept("iris").update == 10
    back = left(tables(), "iris", update=10)
    engine = gone_on("iris")
    go(engine, 0)
    engine.close()
    assert load_checkpoint(back).content.position == (0, 0)  # updates have been made
    assert (kept("iris").path, kept("iris").update) == (str(back), 0)


@pytest.mark.parametrize("inside", [True, False])
def test_a_run_of_an_earlier_version_is_gone_on_with_in_a_new_file(
    folder: Path, inside: bool
) -> None:
    place = folder if inside else folder.parent
    place.mkdir(parents=True)
    session = open_session(parse(tables()))
    session.run.advance(7)
    path = place / "20250101-120000-0123abcd.tuiprop"
    session.save_checkpoint(path, opened="iris")
    before = path.read_bytes()
    found = kept("iris")
    assert (found.path, found.update, found.is_own) == (str(path), 7, False)
    engine = gone_on("iris")
    go(engine, 9)
    engine.close()
    assert path.read_bytes() == before
    assert sorted(each.name for each in place.iterdir() if each.suffix == ".lock") == (
        [each.with_suffix(".lock").name for each in kept_runs(folder)] if inside else []
    )
    newer = kept("iris")
    assert (newer.update, newer.is_own) == (9, True)
