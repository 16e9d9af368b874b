"""What the settings of columns do: encodings, missing values, scaling, derived inputs."""

import json
from typing import Any

import numpy as np
import pytest

import tuiprop
from tests.refusals import refused
from tuiprop.data.preparation.completion import complete
from tuiprop.data.preparation.encoding import Preparation, apply, encode, unscaled
from tuiprop.data.preparation.examples import Examples, prepare
from tuiprop.data.table import Column, DataError, Table
from tuiprop.training.experiment import ExperimentError, parse

NAN = np.nan
TABLE = Table(
    "t.csv",
    (
        Column("age", np.array([1.0, NAN, 3.0, 8.0, NAN, 4.0])),
        Column("size", ("small", "large", "", "medium", "small", "small")),
        Column("zip", np.array([10.0, 20.0, 10.0, 20.0, 10.0, 20.0])),
        Column("price", np.array([5.0, 7.0, 9.0, 11.0, 13.0, 15.0])),
    ),
    lines=range(2, 8),
)
FILLED = {"age": {"missing": "mean"}, "size": {"missing": "category"}}


def examples(columns: dict[str, Any], **data: Any) -> Examples:
    raw = {"source": "t.csv", "columns": columns, "validation": 0, "standardize": False, **data}
    return prepare(parse({"data": raw, "network": {"loss": "mse"}}), TABLE)


def test_missing_values_are_refused_by_line() -> None:
    places = 'line 3, column "age"; line 4, column "size"; line 6, column "age"'
    with refused(DataError, places, "3 missing values", file="t.csv"):
        examples({})


@pytest.mark.parametrize(
    ("how", "expected"),
    [("mean", [1, 4, 3, 8, 4, 4]), ("median", [1, 3.5, 3, 8, 3.5, 4])],
)
def test_missing_numbers_are_taken_for_the_mean_or_the_median(
    how: str, expected: list[float]
) -> None:
    done = examples({"age": {"missing": how}, "size": {"use": False}})
    assert done.training.inputs[:, 0].tolist() == expected
    assert done.preparation[0] == Preparation("age", fill=expected[1])
    assert (
        f"column age: 2 missing cells, replaced by the {how} of the training examples" in done.notes
    )


def test_rows_with_missing_values_are_dropped() -> None:
    done = examples({"*": {"missing": "drop"}})
    assert done.training.rows.tolist() == [0, 3, 5]
    assert done.inputs == ("age", "size=medium", "size=small", "zip")
    assert done.training.targets.ravel().tolist() == [5, 11, 15]
    assert "3 rows of 6 left out" in done.notes


def test_missing_values_are_a_category_of_their_own() -> None:
    done = examples({"*": {"missing": "category"}, "zip": {"use": False}})
    assert done.inputs[:2] == ("age", "age=(missing)")
    assert done.inputs[2:] == ("size=large", "size=medium", "size=small", "size=(missing)")
    assert done.training.inputs[:, :2].tolist() == [[1, 0], [4, 1], [3, 0], [8, 0], [4, 1], [4, 0]]
    assert done.training.inputs[:, 5].tolist() == [0, 0, 1, 0, 0, 0]


def test_mean_for_every_column_is_a_category_for_text() -> None:
    done = examples({"*": {"missing": "median"}})
    assert "size=(missing)" in done.inputs
    assert "age=(missing)" not in done.inputs


def test_text_in_an_order_is_one_number() -> None:
    order = ["small", "medium", "large"]
    ordinal = {"encoding": "ordinal", "missing": "mean"}
    done = examples({**FILLED, "size": {**ordinal, "order": order}})
    assert done.training.inputs[:, 1].tolist() == [0, 2, 0.6, 1, 0, 0]
    by_name = examples({**FILLED, "size": ordinal})
    assert by_name.preparation[1].order == ("large", "medium", "small")
    with refused(DataError, 'line 5, column "size"', '"medium"', "small, large"):
        examples({**FILLED, "size": {**ordinal, "order": ["small", "large"]}})


def test_numbers_are_categories_where_that_is_said() -> None:
    done = examples({**FILLED, "zip": {"encoding": "one-hot"}})
    assert done.inputs[-2:] == ("zip=10", "zip=20")
    assert done.training.inputs[:, -1].tolist() == [0, 1, 0, 1, 0, 1]
    again = encode(done.preparation, Table("o", (*TABLE.columns[:2], Column("zip", ("20",) * 6))))
    assert again[:, -2:].tolist() == [[0, 1]] * 6


@pytest.mark.parametrize(
    ("scaling", "mean", "deviation"),
    [("standardize", 15, 5), ("range", 10, 10), ("none", 0, 1)],
)
def test_inputs_are_scaled_for_all_or_one_by_one(
    scaling: str, mean: float, deviation: float
) -> None:
    for columns in ({"zip": {"scaling": scaling}}, {"*": {"scaling": scaling}}):
        done = examples({**FILLED, **columns})
        zip_ = done.preparation[done.inputs.index("zip")]
        assert (zip_.mean, zip_.deviation) == (mean, deviation)
        np.testing.assert_array_equal(
            done.training.inputs[:, -1], (np.array([10, 20] * 3) - mean) / deviation
        )
        assert all(each.deviation == 1 for each in done.preparation if each.category is not None)
    assert examples(FILLED, standardize=True).preparation[-1].mean == 15


@pytest.mark.parametrize("scaling", ["standardize", "range"])
def test_targets_are_scaled_and_predictions_are_not(scaling: str) -> None:
    scaled = {**FILLED, "price": {"scaling": scaling}}
    done = examples(scaled)
    assert done.targets[0].column == "price"
    assert done.training.targets.min() < 1
    prices = np.asarray(TABLE["price"].values, np.float64)
    targets = np.asarray(done.training.targets, np.float64)
    again = unscaled(done.targets, targets)
    np.testing.assert_allclose(again.ravel(), prices, rtol=1e-15, atol=0)
    np.testing.assert_array_equal(apply(done.targets, prices[:, None]), targets)
    assert examples(FILLED).targets == (Preparation("price"),)


def test_a_model_predicts_in_the_unit_of_its_targets(tmp_path: Any) -> None:
    path = tmp_path / "t.csv"
    x = np.linspace(0, 1, 40)
    path.write_text("x,y\n" + "".join(f"{v},{1000 + 300 * v}\n" for v in x))
    raw = {
        "data": {"source": str(path), "columns": {"y": {"scaling": "range"}}},
        "network": {"layers": [{"units": 1, "activation": "linear"}]},
        "training": {"learning_rate": 0.5, "batch_size": 0, "epochs": 400},
    }
    run = tuiprop.train(tuiprop.Experiment(**raw))  # type: ignore[arg-type]
    np.testing.assert_allclose(run.predict(x[:, None]).ravel(), 1000 + 300 * x, rtol=1e-6)
    tuiprop.save(run, tmp_path / "w.npz")
    model = tuiprop.open(tmp_path / "w.npz")
    assert model.targets == run.examples.targets
    np.testing.assert_array_equal(model.predict(x[:, None]), run.predict(x[:, None]))


PLANE = Table(
    "n",
    (
        Column("a", np.array([1.0, 2.0, -3.0])),
        Column("b", np.array([0.5, -1.0, 2.0])),
        Column("y", np.array([0.1, 0.2, 0.3])),
    ),
)
EVERY_DERIVED = ["x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)"]


def test_inputs_are_derived_of_two(tmp_path: Any) -> None:
    a, b = (PLANE[name].values for name in "ab")
    data = {"source": "n", "validation": 0, "standardize": False, "derived": EVERY_DERIVED}
    done = prepare(parse({"data": data}), PLANE)
    assert done.inputs == ("a", "b", "a²", "b²", "a·b", "sin a", "sin b")
    expected = np.column_stack(
        [a, b, np.square(a), np.square(b), np.multiply(a, b), np.sin(a), np.sin(b)]
    )
    np.testing.assert_array_equal(done.training.inputs, expected)
    np.testing.assert_array_equal(encode(done.preparation, PLANE), expected)
    scaled = prepare(parse({"data": {**data, "standardize": True}}), PLANE)
    np.testing.assert_allclose(scaled.training.inputs.std(axis=0), 1, rtol=1e-12)
    kept = [
        Preparation.from_builtins(json.loads(json.dumps(e.to_builtins())))
        for e in scaled.preparation
    ]
    assert tuple(kept) == scaled.preparation


@pytest.mark.parametrize(
    "each",
    [
        Preparation("x", 1.0, 2.0, fill=0.5),
        Preparation("x", category=""),
        Preparation("x", order=("a", "b"), fill=0.25),
        Preparation("x", derived="product", other="y"),
    ],
)
def test_every_preparation_survives_its_json(each: Preparation) -> None:
    assert Preparation.from_builtins(json.loads(json.dumps(each.to_builtins()))) == each


@pytest.mark.parametrize(
    "entry",
    [
        {"derived": "cube"},
        {"derived": "product"},
        {"derived": "square", "other": "y"},
        {"fill": float("nan")},
        {"fill": "1"},
        {"order": "ab"},
    ],
)
def test_a_preparation_that_cannot_be_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=r"^preparation: "):
        Preparation.from_builtins({"column": "x", "mean": 0.0, "deviation": 1.0, **entry})


@pytest.mark.parametrize(
    ("columns", "data", "key", "detail", "allowed"),
    [
        ({"size": {"encoding": "number"}}, {}, "size.encoding", "number", "one-hot or ordinal"),
        ({"size": {"missing": "mean"}}, {}, "size.missing", "mean", "refuse, drop or category"),
        ({"price": {"missing": "mean"}}, {}, "price.missing", "mean", "refuse or drop"),
        (
            {"price": {"encoding": "ordinal"}},
            {},
            "price.encoding",
            "ordinal",
            "left out for a target",
        ),
        ({"*": {"use": False}}, {}, '"*".use', "missing and scaling can", ""),
        ({"*": {"encoding": "ordinal"}}, {}, '"*".encoding', "missing and scaling can", ""),
        ({}, {"derived": ["x1^2"]}, "data.derived", "the inputs are age, size, zip", ""),
    ],
)
def test_what_cannot_be_done_with_a_column(
    columns: Any, data: Any, key: str, detail: str, allowed: str
) -> None:
    key = key if key.startswith("data.") else f"data.columns.{key}"
    with refused(ExperimentError, key, detail, allowed):
        examples(columns, **data)


def test_classes_are_not_scaled() -> None:
    raw = {"source": "t", "target": "zip", "columns": {**FILLED, "zip": {"scaling": "range"}}}
    with refused(ExperimentError, "data.columns.zip.scaling", "range", "none"):
        complete(parse({"data": raw}), TABLE)


@pytest.mark.parametrize("place", [1, 4])
def test_nothing_is_learnt_from_validation_examples(place: int) -> None:
    columns = {**FILLED, "size": {"encoding": "ordinal", "order": ["small", "medium", "large", "x"],
                                  "missing": "mean"}}  # fmt: skip
    data: dict[str, Any] = {"columns": columns, "validation": 0.34, "standardize": True}
    done = examples(**data)
    changed = []
    for column in TABLE.columns:
        values: Any = list(column.values)
        for row in done.validation.rows:
            values[row] = "x" if column.is_text else 1000.0 * place
        changed.append(Column(column.name, tuple(values) if column.is_text else np.array(values)))
    other = Table("t.csv", tuple(changed))
    raw = {"source": "t.csv", **data}
    again = prepare(parse({"data": raw, "network": {"loss": "mse"}}), other)
    assert len(done.validation) == 2
    assert again.preparation == done.preparation
    np.testing.assert_array_equal(again.training.inputs, done.training.inputs)


@pytest.mark.oracle
@pytest.mark.parametrize("strategy", ["mean", "median"])
@pytest.mark.parametrize("scaler", ["standardize", "range"])
def test_filling_and_scaling_are_scikit_learns(strategy: str, scaler: str) -> None:
    impute = pytest.importorskip("sklearn.impute")
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    generator = np.random.default_rng(4)
    raw = generator.normal(3, 5, (200, 4))
    raw[generator.random(raw.shape) < 0.2] = NAN
    y = generator.normal(size=200)
    columns = tuple(Column(f"x{i}", raw[:, i].copy()) for i in range(4))
    table = Table("n", (*columns, Column("y", y)))
    every = {"*": {"missing": strategy, "scaling": scaler}}
    done = prepare(parse({"data": {"source": "n", "columns": every}}), table)
    kinds = {"standardize": preprocessing.StandardScaler, "range": preprocessing.MinMaxScaler}
    imputer = impute.SimpleImputer(strategy=strategy).fit(raw[done.training.rows])
    fitted = kinds[scaler]().fit(imputer.transform(raw[done.training.rows]))
    for split in (done.training, done.validation):
        expected = fitted.transform(imputer.transform(raw[split.rows]))
        np.testing.assert_allclose(split.inputs, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(
        apply(done.preparation, raw[done.validation.rows]), done.validation.inputs
    )


@pytest.mark.oracle
def test_one_hot_is_scikit_learns() -> None:
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    generator = np.random.default_rng(4)
    texts = generator.choice(["a", "b", "ü", "zz"], (60, 2))
    columns = tuple(Column(f"t{i}", tuple(map(str, texts[:, i]))) for i in range(2))
    table = Table("n", (*columns, Column("y", generator.normal(size=60))))
    done = prepare(parse({"data": {"source": "n"}}), table)
    encoder = preprocessing.OneHotEncoder(sparse_output=False, handle_unknown="ignore")
    encoder.fit(texts[done.training.rows])
    for split in (done.training, done.validation):
        np.testing.assert_array_equal(split.inputs, encoder.transform(texts[split.rows]))
