import dataclasses
import json
import re
import resource
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import tuiprop as package
from tests.cli.command import Ended, experiment, in_a_process, sentence, tuiprop
from tests.session.runs import finish, opened
from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.array import Array
from tuiprop.data.catalogue import CATALOGUE, suggested_experiment
from tuiprop.models.weights import load_model
from tuiprop.protocol.messages.moving import Play
from tuiprop.session import session as session_module
from tuiprop.session.session import Session, open_session
from tuiprop.training.experiment import load, to_tables

COMPARED = "read back and compared, largest difference 0"

NUMBERS: dict[str, Any] = {
    "data": {"source": "plane", "points": 40},
    "network": {"layers": [{"units": 1, "activation": "linear"}]},
}

DIVERGING: dict[str, Any] = {
    "data": {"source": "plane", "points": 40},
    "network": {
        "layers": [{"units": 3, "activation": "relu"}, {"units": 1, "activation": "linear"}]
    },
    "training": {"learning_rate": 50.0, "batch_size": 8, "epochs": 100},
}


def trained(path: Path, updates: int | None = None) -> Session:
    session = open_session(load(path))
    session.run.advance(session.run.last_update if updates is None else updates)
    return session


# The history


def test_the_history_of_classes(tmp_path: Path) -> None:
    path, history = experiment(tmp_path), tmp_path / "h.csv"
    ended = tuiprop("train", path, "--history", history)
    assert (ended.status, ended.err) == (0, "")
    session = trained(path)
    lines = history.read_bytes().decode().split("\n")
    assert lines[0] == "epoch,train_loss,validation_loss,train_accuracy,validation_accuracy"
    assert lines[-1] == ""
    rows = [line.split(",") for line in lines[1:-1]]
    assert [row[0] for row in rows] == ["0", "1", "2", "3", "4"]
    expected = session.history.rows[:, :4].tolist()
    assert [[float(cell) for cell in row[1:]] for row in rows] == expected
    assert all(cell == repr(float(cell)) for row in rows for cell in row[1:])


def test_the_history_of_classes_with_nothing_held_out(tmp_path: Path) -> None:
    path, history = experiment(tmp_path, data={"validation": 0.0}), tmp_path / "h.csv"
    assert tuiprop("train", path, "--history", history).status == 0
    lines = history.read_text().splitlines()
    assert lines[0] == "epoch,train_loss,validation_loss,train_accuracy,validation_accuracy"
    assert len(lines) == 6
    for line, row in zip(lines[1:], trained(path).history.rows.tolist(), strict=True):
        assert line.split(",")[1:] == [repr(row[0]), "", repr(row[2]), ""]


@pytest.mark.parametrize("validation", [0.0, 0.2])
def test_the_history_of_numbers(tmp_path: Path, validation: float) -> None:
    data = {**NUMBERS["data"], "validation": validation}
    path = experiment(tmp_path, data=data, network=NUMBERS["network"])
    assert tuiprop("train", path, "--history", tmp_path / "h.csv").status == 0
    lines = (tmp_path / "h.csv").read_text().splitlines()
    assert lines[0] == "epoch,train_loss,validation_loss"
    for epoch, (line, row) in enumerate(
        zip(lines[1:], trained(path).history.rows.tolist(), strict=True)
    ):
        assert line.split(",") == [str(epoch), repr(row[0]), repr(row[1]) if validation else ""]


def test_the_history_is_without_the_penalty(tmp_path: Path) -> None:
    path = experiment(tmp_path, network={"l2": 2.0})
    plain = experiment(tmp_path, "plain.toml")
    for each in (path, plain):
        tuiprop("train", each, "--epochs", 0, "--history", each.with_suffix(".csv"))
    assert path.with_suffix(".csv").read_text() == plain.with_suffix(".csv").read_text()


# Training


def test_plain_lines(tmp_path: Path) -> None:
    path = experiment(tmp_path)
    ended = tuiprop("train", path)
    row = trained(path).history[4]
    lines = ended.out.splitlines()
    assert len(lines) == 5
    assert lines[4] == (
        f"epoch 4/4  training loss {row['train_loss']:.6g}  "
        f"validation loss {row['validation_loss']:.6g}  "
        f"accuracy training {row['train_accuracy']:.2%}  "
        f"accuracy validation {row['validation_accuracy']:.2%}"
    )


@pytest.mark.parametrize("epochs", [1, 99, 1000])
def test_not_a_line_for_every_epoch(tmp_path: Path, epochs: int) -> None:
    path = experiment(tmp_path, training={"batch_size": 0})
    lines = tuiprop("train", path, "--epochs", epochs).out.splitlines()
    assert 2 <= len(lines) <= 30
    assert lines[0].startswith(f"epoch 0/{epochs}  ")
    assert lines[-1].startswith(f"epoch {epochs}/{epochs}  ")


@pytest.mark.parametrize("epochs", [0, 1, 7])
def test_epochs_instead_of_those_of_the_file(tmp_path: Path, epochs: int) -> None:
    path, w, h = experiment(tmp_path), tmp_path / "w.npz", tmp_path / "h.csv"
    ended = tuiprop("train", path, "--epochs", epochs, "--export", w, "--history", h)
    assert ended.status == 0
    model, session = load_model(w), trained(path, 3 * epochs)
    assert model.update == 3 * epochs
    assert model.parameters.vector.tobytes() == session.parameters.vector.tobytes()
    assert len(h.read_text().splitlines()) == epochs + 2


def test_several_exports(tmp_path: Path) -> None:
    path, exports = experiment(tmp_path), [tmp_path / "a.npz", tmp_path / "b.npz"]
    ended = tuiprop("train", path, "--export", exports[0], "--export", exports[1])
    assert ended.out.splitlines()[-2:] == [f"{each}: update 12, {COMPARED}" for each in exports]
    vector = trained(path).parameters.vector.tobytes()
    assert [load_model(each).parameters.vector.tobytes() for each in exports] == [vector] * 2
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.npz", "a.toml", "b.npz"]


def test_init_from_another_program(tmp_path: Path) -> None:
    path, w, out = experiment(tmp_path), tmp_path / "w.npz", tmp_path / "out.npz"
    generator = np.random.default_rng(0)
    shapes = {"W1": (4, 4), "b1": (4, 1), "W2": (3, 4), "b2": (3, 1)}
    arrays: dict[str, Any] = {name: generator.normal(size=shapes[name]) for name in shapes}
    np.savez(w, **arrays)
    assert tuiprop("train", path, "--init", w, "--epochs", 0, "--export", out).status == 0
    for name, array in load_model(out).parameters:
        np.testing.assert_array_equal(array, arrays[name])
    assert tuiprop("train", path, "--init", out, "--export", out).status == 0
    session = open_session(load(path), weights=w)
    session.run.advance(12)
    assert load_model(out).parameters.vector.tobytes() == session.parameters.vector.tobytes()


def test_init_ignores_the_preparation_of_the_file(tmp_path: Path) -> None:
    raw = experiment(tmp_path, "raw.toml", data={"standardize": False})
    path, w, out = experiment(tmp_path), tmp_path / "w.npz", tmp_path / "out.npz"
    assert tuiprop("train", raw, "--epochs", 0, "--export", w).status == 0
    assert tuiprop("train", path, "--init", w, "--export", out).status == 0
    assert load_model(w).preparation != load_model(out).preparation
    assert load_model(out).preparation == trained(path).examples.preparation
    expected = trained(path).parameters.vector
    assert load_model(out).parameters.vector.tobytes() == expected.tobytes()


def test_large_initial_weights_warn_of_nothing(tmp_path: Path) -> None:
    path = experiment(tmp_path, data=NUMBERS["data"], network=NUMBERS["network"])
    w = tmp_path / "w.npz"
    np.savez(w, W1=np.full((1, 2), 1e200), b1=np.zeros((1, 1)))
    ended = tuiprop("train", path, "--init", w, "--epochs", 0, "--set", "training.batch_size=0")
    assert (ended.status, ended.err) == (0, "")
    assert "training loss inf" in ended.out
    assert tuiprop("check", path, "--init", w).err.count("\n") <= 1


def test_the_same_weights_from_the_command_line_python_and_the_engine(tmp_path: Path) -> None:
    path = experiment(tmp_path, training={"optimizer": "adam", "epochs": 30})
    w = tmp_path / "w.npz"
    assert tuiprop("train", path, "--export", w).status == 0
    apart = tmp_path / "apart.npz"
    assert in_a_process("train", path, "--export", apart).status == 0
    run = package.train(package.load(path))
    engine = opened(to_tables(load(path)))
    engine.handle(Play())
    finish(engine)
    vectors = [
        load_model(w).parameters.vector,
        load_model(apart).parameters.vector,
        run.parameters.vector,
        engine.opened.session.parameters.vector,
    ]
    assert len({vector.tobytes() for vector in vectors}) == 1
    assert w.read_bytes()[:2] == b"PK"


# Bad usage and bad input


@pytest.mark.parametrize(
    "arguments",
    [
        ["train"],
        ["train", "a.toml", "--epochs", "-1"],
        ["train", "a.toml", "--epochs", "1000001"],
        ["train", "a.toml", "--epochs", "many"],
        ["train", "a.toml", "--nothing"],
        ["train", "a.toml", "b.toml"],
        ["check"],
        ["inspect"],
        ["datasets", "iris", "wine"],
        ["--nothing"],
    ],
)
def test_bad_usage(arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    experiment(tmp_path)
    ended = tuiprop(*arguments)
    assert ended.status == 2
    assert ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        (
            {"training": {"epochs": -1}},
            "training.epochs must be a whole number from 0 to 1,000,000, got -1",
        ),
        ({"training": {"optimizer": "SGD"}}, ', got "SGD"'),
        ({"data": {"source": "irish"}}, ', got "irish"'),
        ({"data": {"source": "none.csv"}}, "none.csv: there is no such file"),
        ({"data": {"target": "none"}}, ', got "none"'),
        (
            {"network": {"layers": [{"units": 4, "activation": "softmax"}]}},
            "network.layers[0].units must be 3",
        ),
    ],
)
@pytest.mark.parametrize("command", ["train", "check"])
def test_experiments_that_cannot_be(
    tmp_path: Path, tables: dict[str, Any], words: str, command: str
) -> None:
    assert words in sentence(tuiprop(command, experiment(tmp_path, **tables)))


@pytest.mark.parametrize("command", ["train", "check"])
def test_no_experiment(tmp_path: Path, command: str) -> None:
    path = tmp_path / "none.toml"
    expected = f"{path}: cannot be read: No such file or directory"
    assert sentence(tuiprop(command, path)) == expected


@pytest.mark.parametrize("command", ["train", "check"])
def test_initial_weights_that_do_not_fit(tmp_path: Path, command: str) -> None:
    path, w = experiment(tmp_path), tmp_path / "w.npz"
    assert sentence(tuiprop(command, path, "--init", w)).startswith(f"{w}: cannot be read: ")
    np.savez(w, W1=np.zeros((5, 4)), b1=np.zeros((4, 1)))
    expected = f"{w}: W1 is (5, 4), expected (4, 4)"
    assert sentence(tuiprop(command, path, "--init", w)) == expected


@pytest.mark.parametrize(
    ("option", "file", "words"),
    [
        ("--export", "none/w.npz", "there is no folder none"),
        ("--export", "folder.npz", "this is a folder"),
        ("--export", "w.doc", ", got .doc"),
        ("--export", "w", ", got no suffix"),
        ("--export", "a" * 300 + ".npz", "File name too long"),
        ("--history", "none/h.csv", "there is no folder none"),
        ("--history", "h.txt", ".csv, got .txt"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, file: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.npz").mkdir()
    path = experiment(tmp_path)
    monkeypatch.setattr(session_module, "open_session", None)
    ended = tuiprop("train", path, "--export", "good.npz", option, file)
    assert words in sentence(ended)
    assert sentence(ended).startswith(f"{file}: ")
    assert ended.out == ""
    assert not (tmp_path / "good.npz").exists()


def test_what_could_not_be_written_after_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no(**options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", no)
    w = tmp_path / "w.npz"
    ended = tuiprop("train", experiment(tmp_path), "--export", w)
    assert sentence(ended) == f"{w}: cannot be written: No space left on device"


def test_a_network_larger_than_the_memory(tmp_path: Path) -> None:
    layers = [{"units": 100_000, "activation": "tanh"}] * 2
    layers.append({"units": 3, "activation": "softmax"})
    path = experiment(tmp_path, network={"layers": layers})

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (16 * 2**30, 16 * 2**30))

    assert "memory" in sentence(in_a_process("train", path, preexec_fn=limit))


# Divergence


def test_divergence(tmp_path: Path) -> None:
    path, w, h = experiment(tmp_path, **DIVERGING), tmp_path / "w.npz", tmp_path / "h.csv"
    session = trained(path)
    update = session.run.diverged_at
    assert update is not None
    ended = tuiprop("train", path, "--export", w, "--history", h)
    text = sentence(ended, status=1)
    assert text.startswith(f"diverged at update {update} (epoch {session.run.epoch + 1}, batch ")
    assert re.search(r"\), operation \d+ of \d+: \S+ is not finite; ", text)
    assert f"the state after update {update - 1} is kept" in text
    last_line = ended.out.splitlines()[-1]
    assert last_line == f"{w}: the last finite state, update {update - 1}, {COMPARED}"
    model = load_model(w)
    assert model.update == update - 1
    assert model.parameters.vector.tobytes() == session.parameters.vector.tobytes()
    assert np.isfinite(model.parameters.vector).all()
    rows = [line.split(",") for line in h.read_text().splitlines()[1:]]
    assert len(rows) == (update - 1) // session.run.batches.per_epoch(1) + 1 < 20
    assert [float(row[1]) for row in rows] == session.history.column("train_loss").tolist()


def test_divergence_in_a_process_of_its_own(tmp_path: Path) -> None:
    ended = in_a_process("train", experiment(tmp_path, **DIVERGING))
    assert sentence(ended, status=1).startswith("diverged at update ")


# Check


def table_of(ended: Ended) -> dict[str, list[str]]:
    lines = [line.split() for line in ended.out.splitlines()[1:-1]]
    return {line[0]: line[1:] for line in lines}


def test_check(tmp_path: Path) -> None:
    path = experiment(tmp_path, network={"l2": 0.1}, training={"dtype": "float32"})
    ended = tuiprop("check", path)
    assert (ended.status, ended.err) == (0, "")
    arrays = table_of(ended)
    assert list(arrays) == ["dW1", "db1", "dW2", "db2"]
    assert [int(cells[0]) for cells in arrays.values()] == [16, 4, 12, 3]
    assert all(cells[3] == "right" for cells in arrays.values())
    assert all(float(cells[1]) <= float(cells[2]) < 1e-3 for cells in arrays.values())
    found = "z, a, J, da, dz: 9 of 9 arrays right; update: 4 of 4 arrays right"
    assert ended.out.splitlines()[-1] == found


def test_check_of_a_wrong_derivative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(z: Array, a: Array, out: Array, scratch: Array) -> None:
        np.multiply(1.0 - a, a, out)

    tanh = dataclasses.replace(ACTIVATIONS["tanh"], derivative=wrong)
    monkeypatch.setitem(ACTIVATIONS, "tanh", tanh)
    ended = tuiprop("check", experiment(tmp_path))
    assert sentence(ended, status=1) == "wrong: dz1, dW1, db1"
    assert [cells[3] for cells in table_of(ended).values()] == ["wrong", "wrong", "right", "right"]


RIGHT_BUT_HARD: dict[str, dict[str, Any]] = {
    "raw inputs": {
        "data": {"source": "breast_cancer", "standardize": False},
        "network": {
            "layers": [{"units": 8, "activation": "tanh"}, {"units": 1, "activation": "sigmoid"}],
            "seed": 2,
        },
        "training": {"batch_size": 0},
    },
    "converged": {
        "data": {"source": "xor-table", "validation": 0.0},
        "network": {
            "layers": [{"units": 3, "activation": "tanh"}, {"units": 1, "activation": "linear"}],
            "loss": "mse",
        },
        "training": {"learning_rate": 0.3, "batch_size": 0, "epochs": 200},
    },
    "converged, linear": {
        "data": {"source": "plane"},
        "network": {"layers": [{"units": 1, "activation": "linear"}], "loss": "mse"},
        "training": {"learning_rate": 0.1, "batch_size": 32, "epochs": 20},
    },
}


@pytest.mark.parametrize("name", RIGHT_BUT_HARD)
def test_check_does_not_call_a_right_gradient_wrong(tmp_path: Path, name: str) -> None:
    tables = RIGHT_BUT_HARD[name]
    path, w = experiment(tmp_path, **tables), tmp_path / "w.npz"
    given: tuple[object, ...] = ()
    if name != "raw inputs":
        # nor does a condition on failed checks stop such a run
        ended = tuiprop("train", path, "--export", w, "--break", "failed_checks > 0")
        assert (ended.status, "stopped" in ended.out) == (0, False)
        given = "--init", w
    ended = tuiprop("check", path, *given)
    assert (ended.status, ended.err) == (0, "")
    assert "wrong" not in ended.out


CANCELLING = "x,y\n1,0\n1,0.6\n"
"""Targets whose errors cancel at W = 0.1, b = 0.2, up to their rounding."""


def test_check_says_why_nothing_can_be_said(tmp_path: Path) -> None:
    table, w = tmp_path / "t.csv", tmp_path / "w.npz"
    table.write_text(CANCELLING)
    np.savez(w, W1=np.array([[0.1]]), b1=np.array([[0.2]]))
    data = {"source": str(table), "target": "y", "standardize": False, "validation": 0.0}
    network = {"layers": [{"units": 1, "activation": "linear"}], "loss": "mse"}
    path = experiment(tmp_path, data=data, network=network, training={"batch_size": 0})
    ended = tuiprop("check", path, "--init", w)
    assert ended.status == 0
    words = ["cannot", "be", "checked:", "rounding", "dominates"]
    assert table_of(ended) == {name: ["1", "-", "-", *words] for name in ("dW1", "db1")}
    assert "2 of 2 gradients cannot be checked" in ended.out
    found = json.loads(tuiprop("check", path, "--init", w, "--json").out)
    assert found["verdict"] == "unchecked"
    assert [each["why"] for each in found["arrays"]] == ["rounding dominates"] * 2


@pytest.mark.parametrize("update", [1, 4, 9])
def test_check_of_an_update_as_json(tmp_path: Path, update: int) -> None:
    ended = tuiprop("check", experiment(tmp_path), "--update", update, "--json")
    assert (ended.status, ended.err) == (0, "")
    found = json.loads(ended.out)
    assert found["verdict"] == "right"
    names = ["dW[1]", "db[1]", "dW[2]", "db[2]"]
    assert [each["array"] for each in found["arrays"]] == names
    assert [each["of"] for each in found["arrays"]] == [16, 4, 12, 3]
    for each in (*found["arrays"], *found["operations"]):
        assert each["verdict"] == "right"
        assert each["error"] <= each["bound"]
        assert each["compared"] == each["of"]
    assert [each["array"] for each in found["update"][:4]] == ["W[1]", "b[1]", "W[2]", "b[2]"]
    assert {each["verdict"] for each in found["update"]} == {"right"}


def test_check_of_an_update_that_diverges(tmp_path: Path) -> None:
    path = experiment(tmp_path, **DIVERGING)
    diverged_at = int(sentence(tuiprop("train", path), status=1).split()[3])
    ended = tuiprop("check", path, "--update", diverged_at, "--json")
    assert json.loads(ended.out)["update"] == []
    ended = tuiprop("check", path, "--update", diverged_at + 1)
    assert sentence(ended, status=1).startswith(f"diverged at update {diverged_at} ")


def test_check_of_given_weights(tmp_path: Path) -> None:
    path, w = experiment(tmp_path), tmp_path / "w.npz"
    tuiprop("train", path, "--export", w)
    ended = tuiprop("check", path, "--init", w)
    assert ended.status == 0
    assert table_of(ended) != table_of(tuiprop("check", path))


# Inspect


def test_inspect_our_own(tmp_path: Path) -> None:
    path, w = experiment(tmp_path), tmp_path / "w.npz"
    tuiprop("train", path, "--export", w)
    ended = tuiprop("inspect", w)
    assert (ended.status, ended.err) == (0, "")
    assert [re.split(r"\s{2,}", line) for line in ended.out.splitlines()] == [
        ["network", "4 → 4 tanh → 3 softmax, cross_entropy"],
        ["data", "iris"],
        ["inputs", "sepal_length, sepal_width, petal_length, petal_width"],
        ["classes", "setosa, versicolor, virginica"],
        ["update", "12"],
        ["W1", "(4, 4)", "float64"],
        ["b1", "(4, 1)", "float64"],
        ["W2", "(3, 4)", "float64"],
        ["b2", "(3, 1)", "float64"],
    ]


def test_inspect_another_programs(tmp_path: Path) -> None:
    w = tmp_path / "w.npz"
    np.savez(w, W1=np.zeros((2, 3), np.float32), b1=np.zeros(2))
    lines = tuiprop("inspect", w).out.splitlines()
    assert lines[0] == "written by another program: weights whose shapes do not match"
    assert lines[1].startswith(f"{w}: b1 is (2,), expected (2, 1): one axis is missing")
    assert [line.split() for line in lines[2:]] == [
        ["W1", "(2,", "3)", "float32"],
        ["b1", "(2)", "float64"],
    ]
    w = tmp_path / "w.safetensors"
    save_file({"net.0.weight": np.zeros((8, 4)), "net.0.bias": np.zeros(8)}, w)
    lines = tuiprop("inspect", w).out.splitlines()
    assert lines[:2] == [
        "written by another program: weights without activations",
        "network   4 → 8",
    ]
    assert [line.split()[0] for line in lines[2:]] == ["net.0.weight", "net.0.bias"]


def test_inspect_what_is_no_model(tmp_path: Path) -> None:
    path = experiment(tmp_path)
    expected = f"{path}: expected a suffix of .npz, .safetensors, .json, got .toml"
    assert sentence(tuiprop("inspect", path)) == expected
    text = tmp_path / "text.npz"
    text.write_bytes(path.read_bytes())
    assert sentence(tuiprop("inspect", text)).startswith(f"{text}: this is not an .npz file: ")
    none, folder = tmp_path / "none.npz", tmp_path / "folder.npz"
    folder.mkdir()
    assert sentence(tuiprop("inspect", none)).startswith(f"{none}: cannot be read: ")
    assert sentence(tuiprop("inspect", folder)).startswith(f"{folder}: cannot be read: ")


# Data sets


def test_datasets() -> None:
    lines = tuiprop("datasets").out.splitlines()
    assert [line.split()[0] for line in lines] == list(CATALOGUE)
    assert all(each.title in line for each, line in zip(CATALOGUE.values(), lines, strict=True))


@pytest.mark.parametrize("name", ["iris", "xor-table", "bumps"])
def test_a_data_set_described(name: str, tmp_path: Path) -> None:
    ended = tuiprop("datasets", name)
    assert ended.status == 0
    assert CATALOGUE[name].title in ended.out
    assert f"target: {CATALOGUE[name].target}" in ended.out
    assert CATALOGUE[name].creators in ended.out
    text = ended.out.split("A suitable experiment:\n\n")[1]
    (tmp_path / "a.toml").write_text(text)
    assert load(tmp_path / "a.toml") == suggested_experiment(name)


def test_no_such_data_set() -> None:
    text = sentence(tuiprop("datasets", "irish"))
    assert ', got "irish"' in text
    assert "did you mean iris?" in text


# The rest


def test_version_and_help() -> None:
    assert tuiprop("--version").out == f"tuiprop, version {package.__version__}\n"
    for option in ("--help", "-h"):
        out = tuiprop(option).out
        assert all(
            f"\n  {command} " in out for command in ("train", "check", "inspect", "datasets")
        )
        assert "\n  dashboard " not in out
    for command in ("train", "check", "inspect", "datasets"):
        ended = tuiprop(command, "--help")
        assert ended.status == 0
        assert ended.out.startswith("Usage: ")


@pytest.mark.parametrize("arguments", [[], ["iris"], ["none.csv"], ["a.toml"]])
def test_the_dashboard_needs_a_terminal(arguments: list[str]) -> None:
    assert "the dashboard needs a terminal" in sentence(tuiprop(*arguments))


def test_the_dashboard_needs_a_terminal_in_a_process_of_its_own() -> None:
    assert "the dashboard needs a terminal" in sentence(in_a_process("iris"))


def test_a_module_and_a_command(tmp_path: Path) -> None:
    ended = in_a_process("train", experiment(tmp_path), cwd=tmp_path)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == tuiprop("train", tmp_path / "a.toml").out


@pytest.mark.parametrize("command", [[], ["iris"], ["train"]])
def test_memory_for_key_frames_that_is_none(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUIPROP_KEY_FRAMES_MB", "lots")
    files = [experiment(tmp_path)] if command == ["train"] else []
    found = sentence(tuiprop(*command, *files))
    assert found == "TUIPROP_KEY_FRAMES_MB must be a number of MB greater than 0, got 'lots'"
