import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w

import tuiprop
from tests.models.models import compare_in_this_process
from tests.refusals import refused
from tuiprop.core.array import Array
from tuiprop.data.table import DataError
from tuiprop.errors import FileError, InputError
from tuiprop.models.model import Model
from tuiprop.session.session import Session, open_session
from tuiprop.training.edit import MistakeEdit
from tuiprop.training.experiment import ExperimentError, load, parse
from tuiprop.update.record import Record

LAYERS = [{"units": 5, "activation": "tanh"}, {"units": 3, "activation": "softmax"}]

CODE = """
import tuiprop
experiment = tuiprop.load("iris.toml")                     # or tuiprop.Experiment(...): same names as the TOML
run = tuiprop.train(experiment, epochs=50)                 # .parameters (W[l], b[l]), .history, .predict(inputs)
record = tuiprop.record(experiment, update=1)              # .W[l] .b[l] (before the update) .z[l] .a[l] .da[l] .dz[l] .dW[l] .db[l] .J .examples: as in the table above, l counted as there
tuiprop.save(run, "weights.npz"); model = tuiprop.open("weights.npz")
"""  # noqa: E501
"""Of contracts.md, "Python"."""


def iris(**training: Any) -> tuiprop.Experiment:
    sections: dict[str, Any] = {
        "data": {"source": "iris"},
        "network": {"layers": LAYERS},
        "training": {"learning_rate": 0.1, "epochs": 3, **training},
    }
    return tuiprop.Experiment(**sections)


def test_the_code_of_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("iris.toml").write_text('[data]\nsource = "iris"\n')
    names: dict[str, Any] = {}
    exec(CODE, names)
    run, record, model = names["run"], names["record"], names["model"]
    assert len(run.history) == 51
    assert run.history[-1]["train_loss"] < run.history[0]["train_loss"]
    assert {l: W.shape for l, W in run.parameters.W.items()} == {1: (8, 4), 2: (3, 8)}
    assert {l: b.shape for l, b in run.parameters.b.items()} == {1: (8, 1), 2: (3, 1)}
    assert isinstance(record, Record)
    for symbol in ("W", "b", "z", "a", "da", "dz", "dW", "db"):
        assert getattr(record, symbol)[1].shape[0] == 8
        assert getattr(record, symbol)[2].shape[0] == 3
    assert record.a[0].shape == (4, 32)
    assert record.examples.shape == (32,)
    assert isinstance(record.J, float)
    rows = np.array([[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]])
    assert run.predict(rows).tobytes() == model.predict(rows).tobytes()
    assert model.parameters.vector.tobytes() == run.parameters.vector.tobytes()
    assert model.classes == ("setosa", "versicolor", "virginica")
    assert model.experiment == run.experiment


def test_what_there_is() -> None:
    assert set(tuiprop.__all__) == {"Experiment", "load", "open", "record", "save", "train"}
    assert all(callable(getattr(tuiprop, name)) for name in tuiprop.__all__)
    assert re.fullmatch(r"\d+\.\d+\.\d+", tuiprop.__version__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = tuiprop.nothing


def test_an_experiment_from_mappings_is_that_of_the_file(tmp_path: Path) -> None:
    sections: dict[str, Any] = {
        "data": {"source": "iris"},
        "network": {"layers": LAYERS},
        "training": {"learning_rate": 0.1, "epochs": 3},
    }
    (tmp_path / "a.toml").write_text(tomli_w.dumps(sections))
    assert iris() == tuiprop.load(tmp_path / "a.toml") == tuiprop.load(str(tmp_path / "a.toml"))
    assert iris() == load(tmp_path / "a.toml") == parse(sections)
    one, other = tuiprop.train(iris()), tuiprop.train(tuiprop.load(tmp_path / "a.toml"))
    assert one.parameters.vector.tobytes() == other.parameters.vector.tobytes()


def test_a_wrong_experiment() -> None:
    with refused(ExperimentError, "training.epochs", "-1"):
        iris(epochs=-1)
    assert issubclass(ExperimentError, ValueError)
    with refused(DataError, "data.source", '"irish"'):
        tuiprop.train(tuiprop.Experiment(data={"source": "irish"}))  # type: ignore[arg-type]


# Training


@pytest.mark.parametrize("epochs", [None, 0, 1, 7])
def test_train(epochs: int | None) -> None:
    run = tuiprop.train(iris(), epochs=epochs)
    session = open_session(iris())
    count = 3 if epochs is None else epochs
    session.run.advance(4 * count)
    assert len(run.history) == count + 1
    assert run.history.rows.tobytes() == session.history.rows.tobytes()
    assert run.parameters.vector.tobytes() == session.parameters.vector.tobytes()


def test_train_says_where_it_diverged() -> None:
    layers = [{"units": 3, "activation": "relu"}, {"units": 1, "activation": "linear"}]
    sections: dict[str, Any] = {
        "data": {"source": "plane", "points": 40},
        "network": {"layers": layers},
        "training": {"learning_rate": 50.0, "batch_size": 8},
    }
    experiment = tuiprop.Experiment(**sections)
    with pytest.raises(ArithmeticError, match=r"diverged at update (\d+) \(epoch") as caught:
        tuiprop.train(experiment)
    found = re.search(r"update (\d+)", str(caught.value))
    assert found is not None
    update = int(found[1])
    record = tuiprop.record(experiment, update=update)
    assert all(np.isfinite(W).all() for W in record.W.values())
    with pytest.raises(ArithmeticError, match=f"diverged at update {update} "):
        tuiprop.record(experiment, update=update + 1)


# The record


def raw(rows: Any) -> Array:
    """The inputs of these rows of the table, as its file has them."""
    path = Path(tuiprop.__file__).parents[1] / "datasets" / "iris.csv"
    table = np.loadtxt(path, delimiter=",", skiprows=1, usecols=range(4))
    return np.asarray(table[rows], np.float64)


def test_the_examples_of_a_record_are_rows_of_the_table() -> None:
    experiment = iris()
    preparation = open_session(experiment).examples.preparation
    mean = np.array([each.mean for each in preparation])
    deviation = np.array([each.deviation for each in preparation])
    rows = []
    for update in (1, 2, 3, 4):
        record = tuiprop.record(experiment, update)
        assert record.update == update
        expected = (raw(record.examples) - mean) / deviation
        assert record.a[0].T.tolist() == expected.tolist()
        rows += record.examples.tolist()
    held_out = open_session(experiment).examples.validation.rows.tolist()
    assert sorted(rows + held_out) == list(range(150))


def test_the_arrays_of_a_record_are_those_of_the_equations() -> None:
    record = tuiprop.record(iris(), update=6)
    m = len(record.examples)
    W, b, z, a = record.W, record.b, record.z, record.a
    da, dz, dW, db = record.da, record.dz, record.dW, record.db
    close: dict[str, Any] = {"rtol": 1e-12, "atol": 1e-14}
    np.testing.assert_allclose(z[1], W[1] @ a[0] + b[1], **close)
    np.testing.assert_allclose(a[1], np.tanh(z[1]), **close)
    np.testing.assert_allclose(z[2], W[2] @ a[1] + b[2], **close)
    np.testing.assert_allclose(a[2], np.exp(z[2]) / np.exp(z[2]).sum(axis=0), **close)
    np.testing.assert_allclose(record.J, -(record.y * np.log(a[2])).sum(axis=0).mean(), **close)
    np.testing.assert_allclose(da[2], -record.y / a[2], **close)
    np.testing.assert_allclose(dz[2], a[2] - record.y, **close)
    np.testing.assert_allclose(da[1], W[2].T @ dz[2], **close)
    np.testing.assert_allclose(dz[1], da[1] * (1 - a[1] ** 2), **close)
    for l in (1, 2):
        np.testing.assert_allclose(dW[l], dz[l] @ a[l - 1].T / m, **close)
        np.testing.assert_allclose(db[l], dz[l].sum(axis=1, keepdims=True) / m, **close)
    after = tuiprop.record(iris(), update=7)
    for l in (1, 2):
        np.testing.assert_allclose(after.W[l], W[l] - 0.1 * dW[l], **close)
        np.testing.assert_allclose(after.b[l], b[l] - 0.1 * db[l], **close)


def test_the_first_record_and_those_after_the_end() -> None:
    first = tuiprop.record(iris())
    assert first.update == 1
    assert first.W[1].tobytes() == open_session(iris()).parameters.W[1].tobytes()
    after = tuiprop.record(iris(), update=13)  # of 12 in 3 epochs
    assert after.W[2].tobytes() == tuiprop.train(iris()).parameters.W[2].tobytes()


@pytest.mark.parametrize("update", [0, -1])
def test_no_such_update(update: int) -> None:
    with refused(InputError, "update", str(update), "1 or more"):
        tuiprop.record(iris(), update)


# Predictions and files


def test_predict_takes_raw_rows(tmp_path: Path) -> None:
    run = tuiprop.train(iris(), epochs=20)
    tuiprop.save(run, tmp_path / "w.npz")
    rows = raw(np.arange(150))
    with np.load(tmp_path / "w.npz", allow_pickle=False) as file:
        text, arrays = str(file["tuiprop"]), {name: file[name] for name in ("W1", "b1", "W2", "b2")}
    preparation = re.findall(r'"mean":([-\d.e]+),"deviation":([-\d.e]+)', text)
    mean, deviation = np.array(preparation, np.float64).T
    assert mean.shape == (4,)
    a = ((rows - mean) / deviation).T
    z = arrays["W2"] @ np.tanh(arrays["W1"] @ a + arrays["b1"]) + arrays["b2"]
    expected = (np.exp(z) / np.exp(z).sum(axis=0)).T
    model = tuiprop.open(tmp_path / "w.npz")
    for found in (run.predict(rows), model.predict(rows), model.predict(np.asfortranarray(rows))):
        assert found.shape == (150, 3)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    right = model.predict(rows).argmax(axis=1) == np.repeat([0, 1, 2], 50)
    assert right.mean() > 0.8
    rows_and_lists: Any = rows[:2].tolist()
    assert model.predict(rows_and_lists).tobytes() == model.predict(rows[:2]).tobytes()


def test_predict_says_what_it_takes() -> None:
    run = tuiprop.train(iris(), epochs=0)
    with refused(InputError, "inputs", "(4,)", "(m, 4), examples as rows of sepal_length, sepal_"):
        run.predict(np.zeros(4))
    with refused(InputError, "inputs", "(4, 7)", "(m, 4)"):
        run.predict(np.zeros((4, 7)))


@pytest.mark.filterwarnings("error")
def test_predictions_of_numbers_too_large_warn_of_nothing() -> None:
    run = tuiprop.train(iris(dtype="float32"), epochs=0)
    assert run.predict(np.full((1, 4), 1e300)).shape == (1, 3)


def test_a_model_can_be_saved_again(tmp_path: Path) -> None:
    run = tuiprop.train(iris())
    tuiprop.save(run, tmp_path / "a.npz")
    model = tuiprop.open(str(tmp_path / "a.npz"))
    assert isinstance(model, Model)
    tuiprop.save(model, str(tmp_path / "b.npz"))
    again = tuiprop.open(tmp_path / "b.npz")
    assert again.parameters.vector.tobytes() == run.parameters.vector.tobytes()
    assert (again.update, again.experiment) == (12, run.experiment)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="cannot be read: No such file"):
        tuiprop.open(tmp_path / "none.npz")
    with pytest.raises(FileError, match="cannot be written"):
        tuiprop.save(tuiprop.train(iris(), epochs=0), tmp_path / "none" / "w.npz")


@pytest.mark.parametrize(
    ("what", "suffix"),
    [
        *((lambda run: run, suffix) for suffix in (".npz", ".safetensors", ".json", ".py")),
        (lambda run: run.model, ".npz"),
        (lambda run: run.best_model(), "_torch.py"),
    ],
)
def test_what_a_mistake_computed_is_not_saved(
    tmp_path: Path,
    what: Callable[[Session], Session | Model],
    suffix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compare_in_this_process(monkeypatch)
    run = tuiprop.train(iris(), epochs=1)
    injected = run.run.t
    run.run.edit(MistakeEdit(at=injected, mistake="no_mean"), apart=True)
    run.run.advance(injected + 8)
    path = tmp_path / f"w{suffix}"
    for _ in range(2):  # what was computed with it stays wrong after it is taken out
        with pytest.raises(FileError, match="computed with an injected mistake"):
            tuiprop.save(what(run), path)
        assert not path.exists()
        run.run.edit(MistakeEdit(at=run.run.t, mistake=None))
    run.run.seek(injected)
    tuiprop.save(run, path)
    assert path.exists()
