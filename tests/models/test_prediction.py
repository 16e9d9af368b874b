"""Predictions for tables: what a session predicts, for every way that a column is prepared."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tuiprop
from tests.models.models import library
from tests.refusals import refused
from tuiprop.data.catalogue import load_table
from tuiprop.data.preparation.encoding import encode
from tuiprop.data.table import Column, DataError, Table
from tuiprop.data.writer import to_csv
from tuiprop.models.model import Model
from tuiprop.models.predict import BLOCK, Predictions, predict, table_for
from tuiprop.session.session import Session
from tuiprop.training.experiment import parse

ROWS = 60


def table(rows: int = ROWS) -> Table:
    """Numbers, texts, codes and sizes, some of them missing, and three kinds of target."""
    generator = np.random.default_rng(2)
    x, y = generator.normal(3.0, 2.0, (2, rows))
    gaps = np.where(generator.random(rows) < 0.1, np.nan, generator.normal(size=rows))
    colours = np.array(["red", "green", "blue", ""])[np.arange(rows) % 4]
    sizes = np.array(["small", "large", "medium"])[generator.integers(0, 3, rows)]
    codes = generator.integers(1, 4, rows).astype(np.float64)
    kind = np.where(x + y > 6.0, "yes", "no")
    return Table(
        "t",
        (
            Column("x", x),
            Column("y", y),
            Column("gaps", gaps),
            Column("colour", tuple(map(str, colours))),
            Column("size", tuple(map(str, sizes))),
            Column("code", codes),
            Column("price", 100.0 * x - 40.0 * y + 7.0),
            Column("cost", 0.001 * x * y),
            Column("grade", np.clip(np.rint(x), 1.0, 4.0)),
            Column("kind", tuple(map(str, kind))),
        ),
    )


NAMES = table().names


def only(*names: str, **columns: dict[str, Any]) -> dict[str, Any]:
    """`data.columns` that uses these columns, some of them in a certain way."""
    return {name: {"use": False} for name in NAMES if name not in names} | columns


KINDS: dict[str, dict[str, Any]] = {
    "standardised": {"target": "kind", "columns": only("x", "y", "kind")},
    "as it is": {"target": "kind", "standardize": False, "columns": only("x", "y", "kind")},
    "by range": {"target": "kind", "columns": only("y", "kind", x={"scaling": "range"})},
    "mean": {"target": "kind", "columns": only("x", "kind", gaps={"missing": "mean"})},
    "median": {"target": "kind", "columns": only("x", "kind", gaps={"missing": "median"})},
    "own category": {
        "target": "kind",
        "columns": only("x", "kind", gaps={"missing": "category"}, colour={"missing": "category"}),
    },
    "one-hot": {"target": "kind", "columns": only("size", "kind", code={"encoding": "one-hot"})},
    "ordinal": {
        "target": "kind",
        "columns": only(
            "x",
            "kind",
            size={"encoding": "ordinal", "order": ["small", "medium", "large"]},
        ),
    },
    "ordinal, missing": {
        "target": "kind",
        "columns": only("x", "kind", colour={"encoding": "ordinal", "missing": "median"}),
    },
    "derived": {
        "target": "kind",
        "derived": ["x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)"],
        "columns": only("x", "y", "kind"),
    },
    "classes of numbers": {"target": "grade", "columns": only("x", "y", "grade")},
    "numbers": {"target": "price", "columns": only("x", "y", "price")},
    "scaled": {"target": "price", "columns": only("x", "y", price={"scaling": "standardize"})},
    "several": {
        "target": ["price", "cost"],
        "columns": only("x", "y", "cost", price={"scaling": "range"}),
    },
}


def trained(folder: Path, data: dict[str, Any], **tables: Any) -> Session:
    path = folder / "t.csv"
    path.write_text(to_csv(table()))
    training = {"epochs": 3, "learning_rate": 0.05, **tables.pop("training", {})}
    return tuiprop.train(
        parse({"data": {"source": str(path), **data}, "training": training, **tables})
    )


def exported(session: Session, folder: Path) -> Model:
    tuiprop.save(session, folder / "w.npz")
    return tuiprop.open(folder / "w.npz")


def predicted(model: Model, source: str | Path, *assignments: str) -> Predictions:
    return predict(model, table_for(model, str(source), assignments))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_exported_predicts_what_the_session_did(tmp_path: Path, kind: str) -> None:
    session = trained(tmp_path, KINDS[kind])
    model = exported(session, tmp_path)
    found = predicted(model, tmp_path / "t.csv")
    whole = load_table(session.experiment.data)
    raw = encode(session.examples.preparation, whole)
    np.testing.assert_array_equal(found.outputs, session.predict(raw))
    # and what the session was trained on is what the raw inputs become
    split, L = session.examples.training, session.run.network.L
    workspace = model.forward(raw[split.rows])
    np.testing.assert_array_equal(workspace.inputs, split.inputs)
    assert workspace.a[L].shape[1] == len(split)


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_those_of_the_history(tmp_path: Path, kind: str) -> None:
    session = trained(tmp_path, KINDS[kind] | {"validation": 0.0})
    scores = predicted(exported(session, tmp_path), tmp_path / "t.csv").scores
    assert scores is not None
    row = session.history[-1]
    assert scores.rows == ROWS
    assert scores.loss == pytest.approx(row["train_loss"], rel=1e-12)
    assert (scores.accuracy, len(scores.targets)) == (
        (row["train_accuracy"], 0)
        if session.examples.classes
        else (None, len(session.experiment.data.targets))
    )


def test_columns_say_class_and_probabilities(tmp_path: Path) -> None:
    model = exported(trained(tmp_path, KINDS["classes of numbers"]), tmp_path)
    found = predicted(model, tmp_path / "t.csv")
    assert list(found.columns) == ["prediction", "p_1", "p_2", "p_3", "p_4"]
    shares = np.stack([found.columns[f"p_{k}"] for k in range(1, 5)], axis=1)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-12)
    classes = np.array(["1", "2", "3", "4"])
    np.testing.assert_array_equal(found.columns["prediction"], classes[shares.argmax(axis=1)])


def test_one_output_is_the_second_class(tmp_path: Path) -> None:
    model = exported(trained(tmp_path, KINDS["standardised"]), tmp_path)
    found = predicted(model, tmp_path / "t.csv")
    assert list(found.columns) == ["prediction", "p_no", "p_yes"]
    np.testing.assert_array_equal(found.columns["p_yes"], found.outputs[:, 0])
    np.testing.assert_array_equal(found.columns["p_no"], 1.0 - found.outputs[:, 0])
    expected = np.where(found.outputs[:, 0] > 0.5, "yes", "no")
    np.testing.assert_array_equal(found.columns["prediction"], expected)


def test_numbers_have_a_column_for_each_target(tmp_path: Path) -> None:
    model = exported(trained(tmp_path, KINDS["several"]), tmp_path)
    found = predicted(model, tmp_path / "t.csv")
    assert list(found.columns) == ["prediction_price", "prediction_cost"]
    assert found.outputs[:, 0].std() > 1.0  # in its unit, not from 0 to 1
    one = predicted(exported(trained(tmp_path, KINDS["scaled"]), tmp_path), tmp_path / "t.csv")
    assert list(one.columns) == ["prediction"]


@pytest.mark.oracle
def test_scores_of_numbers_are_scikit_learns(tmp_path: Path) -> None:
    metrics = library("sklearn.metrics")
    found = predicted(exported(trained(tmp_path, KINDS["several"]), tmp_path), tmp_path / "t.csv")
    assert found.scores is not None
    for target, each in found.scores.targets.items():
        right = table()[target].values
        ours = found.columns[f"prediction_{target}"]
        expected = (
            metrics.r2_score(right, ours),
            metrics.mean_absolute_error(right, ours),
            metrics.root_mean_squared_error(right, ours),
        )
        assert each.r2 is not None
        np.testing.assert_allclose((each.r2, each.mae, each.rmse), expected, rtol=1e-12)


@pytest.mark.oracle
def test_another_implementation_fed_with_what_was_stored(tmp_path: Path) -> None:
    """scikit-learn's encoders and PyTorch's network, from the file alone."""
    torch, preprocessing = library("torch"), library("sklearn.preprocessing")
    data = {"target": "kind", "columns": only("x", "size", "kind", gaps={"missing": "median"})}
    model = exported(trained(tmp_path, data), tmp_path)
    found = predicted(model, tmp_path / "t.csv")
    stored = {each.column: each for each in model.preparation}
    sizes = [[cell] for cell in table()["size"].values]
    encoder = preprocessing.OneHotEncoder(
        categories=[[each.category for each in model.preparation if each.column == "size"]],
        sparse_output=False,
    )
    gaps = np.nan_to_num(table()["gaps"].values, nan=stored["gaps"].fill or 0.0)
    numbers = [
        (np.asarray(values) - stored[name].mean) / stored[name].deviation
        for name, values in (("x", table()["x"].values), ("gaps", gaps))
    ]
    inputs = torch.tensor(np.column_stack([*numbers, encoder.fit_transform(sizes)]))
    with np.load(tmp_path / "w.npz") as arrays:
        W1, b1, W2, b2 = (torch.tensor(arrays[name]) for name in ("W1", "b1", "W2", "b2"))
    expected = torch.sigmoid(W2 @ torch.tanh(W1 @ inputs.T + b1) + b2).T.numpy()
    np.testing.assert_allclose(found.outputs, expected, rtol=0, atol=1e-12)


# Tables that differ from those trained on


def test_order_and_further_columns_do_not_matter(tmp_path: Path) -> None:
    model = exported(trained(tmp_path, KINDS["ordinal"]), tmp_path)
    expected = predicted(model, tmp_path / "t.csv")
    turned = Table("t", (*table().columns[::-1], Column("more", ("?",) * ROWS)))
    (tmp_path / "turned.csv").write_text(to_csv(turned))
    found = predicted(model, tmp_path / "turned.csv")
    np.testing.assert_array_equal(found.outputs, expected.outputs)


def test_without_the_target_there_are_no_scores(tmp_path: Path) -> None:
    model = exported(trained(tmp_path, KINDS["standardised"]), tmp_path)
    path = tmp_path / "new.csv"
    path.write_text("y,x\n1,2\n3,4\n")
    assert predicted(model, path).scores is None
    path.write_text("y,x,kind\n1,2,\n3,4,NA\n")
    assert predicted(model, path).scores is None
    path.write_text("y,x,kind\n1,2,yes\n3,4,\n3,4,perhaps\n")
    found = predicted(model, path)
    assert found.scores is not None
    assert found.scores.rows == 1
    assert found.notes == (
        "column kind: perhaps is no class of the model; the scores leave such rows out",
    )
    several = exported(trained(tmp_path, KINDS["several"]), tmp_path)
    path.write_text("y,x,cost\n1,2,1\n3,4,1\n")
    assert predicted(several, path).scores is None
    path.write_text("y,x,cost,price\n1,2,1,\n3,4,1,5\n")
    found = predicted(several, path)
    assert found.scores is not None
    assert found.scores.rows == 1
    assert [each.r2 for each in found.scores.targets.values()] == [None, None]


@pytest.mark.parametrize(
    ("kind", "text", "subject", "found", "allowed"),
    [
        ("standardised", "x,z\n1,2\n", "", "x, z without y", ""),
        ("standardised", "a,b\n1,2\n", "", "a, b without x, y", "inputs of the model, x, y"),
        ("standardised", "x,y\n1,red\n", 'column "y"', 'text such as "red"', "numbers"),
        ("standardised", "x,y\n1,2\n3,\n", 'line 3, column "y"', "a missing value", ""),
        ("one-hot", "size,code\nsmall,\n", 'line 2, column "code"', "a missing value", ""),
        (
            "ordinal",
            "x,size\n1,small\n2,huge\n",
            'line 3, column "size"',
            '"huge"',
            "small, medium, large",
        ),
        ("numbers", "x,y,price\n1,2,dear\n", 'column "price"', 'text such as "dear"', ""),
    ],
)
def test_a_table_that_does_not_fit(
    tmp_path: Path, kind: str, text: str, subject: str, found: str, allowed: str
) -> None:
    model = exported(trained(tmp_path, KINDS[kind]), tmp_path)
    path = tmp_path / "new.csv"
    path.write_text(text)
    with refused(DataError, subject, found, allowed, str(path)):
        predicted(model, path)


def test_a_number_beyond_the_network(tmp_path: Path) -> None:
    data = {**KINDS["numbers"], "standardize": False}
    layers = {"layers": [{"units": 1, "activation": "linear"}]}
    session = trained(tmp_path, data, network=layers, training={"dtype": "float32", "epochs": 0})
    model = exported(session, tmp_path)
    path = tmp_path / "new.csv"
    path.write_text("x,y\n1,2\n1e200,2\n")
    with refused(DataError, "line 3", "numbers so large that they are not", "float32"):
        predicted(model, path)


def test_an_unknown_category_is_no_category_and_a_note(tmp_path: Path) -> None:
    model = exported(trained(tmp_path, KINDS["one-hot"]), tmp_path)
    path = tmp_path / "new.csv"
    path.write_text("size,code\nsmall,1\nhuge,2\n")
    found = predicted(model, path)
    assert len(found.notes) == 1
    assert 'line 3, column "size": "huge" does not occur among the training' in found.notes[0]
    raw = np.array([[each.category == "2" for each in model.preparation]], np.float64)
    np.testing.assert_array_equal(found.outputs[1:], model.predict(raw))


def test_categories_that_all_look_like_numbers_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("code,y\n" + "01,a\n7,b\nx,c\n" * 10)
    session = tuiprop.train(parse({"data": {"source": str(path)}, "training": {"epochs": 2}}))
    model = exported(session, tmp_path)
    path.write_text("code\n01\n7\n")
    found = predicted(model, path)
    assert not found.notes
    np.testing.assert_array_equal(
        found.outputs, model.predict(np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]))
    )


def test_it_is_read_as_the_training_data_were(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_text("1,5;0,5;a\n2,5;-9;b\n" * 12)
    data = {
        "source": str(path),
        "decimal": ",",
        "header": False,
        "missing_values": ["-9"],
        "columns": {"*": {"missing": "mean"}},
    }
    session = tuiprop.train(parse({"data": data, "training": {"epochs": 1}}))
    model = exported(session, tmp_path)
    path.write_text("1,5;-9\n")
    expected = model.predict(np.array([[1.5, np.nan]]))
    np.testing.assert_array_equal(predicted(model, path).outputs, expected)
    path.write_text("1.5|-9\n")
    found = predicted(model, path, "data.decimal=.", "data.delimiter=|")
    np.testing.assert_array_equal(found.outputs, expected)
    # the format is that of the file at hand
    cells = {"column_1": [1.5, 2.0], "column_2": [None, 1.0]}
    pl.DataFrame(cells).write_parquet(tmp_path / "t.parquet")
    np.testing.assert_allclose(
        predicted(model, tmp_path / "t.parquet").outputs[:1], expected, rtol=1e-14
    )


def test_an_array_is_not_known_by_the_name_of_its_file(tmp_path: Path) -> None:
    array = np.random.default_rng(1).normal(size=(40, 3))
    np.save(tmp_path / "before.npy", array)
    data = {"source": str(tmp_path / "before.npy"), "examples": "rows"}
    session = tuiprop.train(parse({"data": data, "training": {"epochs": 1}}))
    model = exported(session, tmp_path)
    assert model.inputs == ("before_0", "before_1")
    expected = session.predict(array[:, :2])
    for columns, scored in ((3, True), (2, False)):
        np.save(tmp_path / "after_all.npy", array[:, :columns])
        found = predicted(model, tmp_path / "after_all.npy")
        np.testing.assert_array_equal(found.outputs, expected)
        assert (found.scores is not None) == scored


def test_a_data_set_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = tuiprop.train(parse({"data": {"source": "iris"}, "training": {"epochs": 1}}))
    model = exported(session, tmp_path)
    found = predicted(model, "iris")
    assert found.scores is not None
    assert found.scores.rows == 150
    monkeypatch.chdir(tmp_path)
    Path("own").write_text("sepal_length,sepal_width,petal_length,petal_width\n1,2,3,4\n")
    assert len(predicted(model, "own").outputs) == 1


def test_blocks_are_no_seams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = exported(trained(tmp_path, KINDS["own category"]), tmp_path)
    whole = predicted(model, tmp_path / "t.csv")
    assert ROWS * max(model.network.sizes) < BLOCK
    monkeypatch.setattr("tuiprop.models.predict.BLOCK", 7 * max(model.network.sizes))
    blocks = predicted(model, tmp_path / "t.csv")
    np.testing.assert_allclose(blocks.outputs, whole.outputs, rtol=1e-14)
    assert blocks.scores is not None
    assert whole.scores is not None
    assert blocks.scores.loss == pytest.approx(whole.scores.loss, rel=1e-12)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text('x,y\n01."e-;', max_size=12), max_size=5))
def test_any_text_gives_predictions_or_a_sentence(tmp_path: Path, lines: list[str]) -> None:
    from tests.models.models import model

    path = tmp_path / "any.csv"
    path.write_text("\n".join(["x0,x1", *lines]))
    sentence = ""
    try:
        assert np.isfinite(predicted(model(), path).outputs).all()
    except ValueError as error:
        sentence = str(error)
    assert "\n" not in sentence
