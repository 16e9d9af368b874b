import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.refusals import refused
from tuiprop.data.catalogue import load_table
from tuiprop.data.preparation.encoding import Preparation, apply, encode
from tuiprop.data.preparation.examples import Examples, prepare
from tuiprop.data.table import Column, DataError, Table
from tuiprop.training.experiment import parse


def examples(
    table: Table, loss: str | None = None, dtype: str = "float64", **data: Any
) -> Examples:
    network = {"loss": loss} if loss else {}
    raw = {"data": {"source": "n", **data}, "network": network, "training": {"dtype": dtype}}
    return prepare(parse(raw), table)


SMALL = Table(
    "n",
    (
        Column("x", np.array([1.0, 2.0, 3.0, 6.0])),
        Column("colour", ("red", "blue", "red", "red")),
        Column("same", np.full(4, 0.1)),
        Column("y", np.array([10.0, 9.0, 10.0, 9.0])),
    ),
)


def test_inputs_are_encoded_and_standardised_by_hand() -> None:
    done = examples(SMALL, validation=0)
    assert done.inputs == ("x", "colour=blue", "colour=red", "same")
    deviation = np.sqrt(14 / 4)
    assert done.preparation == (
        Preparation("x", 3.0, float(deviation)),
        Preparation("colour", category="blue"),
        Preparation("colour", category="red"),
        Preparation("same", 0.1, 1.0),
    )
    expected = [[-2, 0, 1, 0], [-1, 1, 0, 0], [0, 0, 1, 0], [3, 0, 1, 0]] / np.array(
        [deviation, 1, 1, 1]
    )
    np.testing.assert_allclose(done.training.inputs, expected, rtol=1e-15)
    assert (done.classes, done.outputs) == (("9", "10"), ("10",))
    assert done.labels is not None
    assert done.labels.tolist() == [1, 0, 1, 0]
    assert done.training.targets.tolist() == [[1.0], [0.0], [1.0], [0.0]]
    assert done.validation.inputs.shape == (0, 4)
    assert done.validation.targets.shape == (0, 1)


def test_without_standardisation_inputs_are_what_the_table_holds() -> None:
    done = examples(SMALL, validation=0, standardize=False)
    assert {(each.mean, each.deviation) for each in done.preparation} == {(0.0, 1.0)}
    assert done.training.inputs[:, 0].tolist() == [1.0, 2.0, 3.0, 6.0]


def test_one_hot_targets_have_a_row_for_each_class() -> None:
    done = examples(SMALL, "cross_entropy", validation=0, target="colour")
    assert done.classes == done.outputs == ("blue", "red")
    assert done.training.targets.tolist() == [[0, 1], [1, 0], [0, 1], [0, 1]]


def test_targets_that_are_numbers_keep_their_order() -> None:
    done = examples(SMALL, "mse", validation=0, target=["y", "x"])
    assert done.outputs == ("y", "x")
    assert (done.classes, done.labels) == ((), None)
    assert done.training.targets.tolist() == [[10, 1], [9, 2], [10, 3], [9, 6]]


def test_numbers_are_classes_by_value_and_text_by_code_point() -> None:
    x = Column("x", np.arange(4.0))
    numbers = Table("n", (x, Column("y", np.array([10.0, 9.0, -1.0, 2.5]))))
    assert examples(numbers, "cross_entropy").classes == ("-1", "2.5", "9", "10")
    text = Table("n", (x, Column("y", ("10", "9", "b", "Ä"))))
    assert examples(text, "cross_entropy").classes == ("10", "9", "b", "Ä")


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits"])
def test_standardisation_is_scikit_learns(name: str) -> None:
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    table = load_table(parse({"data": {"source": name}}).data)
    done = examples(table)
    raw = np.column_stack([column.values for column in table.columns[:-1]]).astype(np.float64)
    scaler = preprocessing.StandardScaler().fit(raw[done.training.rows])
    for split in (done.training, done.validation):
        expected = scaler.transform(raw[split.rows])
        np.testing.assert_allclose(split.inputs, expected, rtol=1e-9, atol=1e-10)


def test_the_held_out_are_drawn_from_each_class_in_turn() -> None:
    table = load_table(parse({"data": {"source": "wine"}}).data)
    done = examples(table, validation=0.3, seed=7)
    generator = np.random.default_rng(7)
    expected: list[int] = []
    for name, count in (("cultivar_1", 18), ("cultivar_2", 21), ("cultivar_3", 14)):
        rows = [i for i, value in enumerate(table["cultivar"].values) if value == name]
        assert count == round(0.3 * len(rows))
        expected += generator.permutation(rows)[:count].tolist()
    assert done.validation.rows.tolist() == sorted(expected)
    assert done.training.rows.tolist() == sorted(set(range(178)) - set(expected))


def test_every_class_and_every_table_keeps_a_training_example() -> None:
    x = Column("x", np.arange(5.0))
    classes = Table("n", (x, Column("y", ("a", "a", "a", "b", "c"))))
    done = examples(classes, validation=0.99)
    assert done.training.targets.sum(axis=0).tolist() == [1, 1, 1]
    assert len(done.validation) == 2
    numbers = Table("n", (x, Column("y", np.array([0.1, 0.2, 0.3, 0.4, 0.7]))))
    assert len(examples(numbers, validation=0.99).training) == 1


@given(
    st.lists(st.sampled_from("abc"), min_size=6, max_size=60),
    st.floats(0, 0.99),
    st.integers(0, 2**63 - 1),
)
def test_a_split_is_a_partition_of_the_promised_size(
    values: list[str], share: float, seed: int
) -> None:
    values = ["a", "b", "c", *values]
    table = Table("n", (Column("x", np.arange(float(len(values)))), Column("y", tuple(values))))
    done = examples(table, validation=share, seed=seed)
    together = np.concatenate([done.training.rows, done.validation.rows])
    assert sorted(together.tolist()) == list(range(len(values)))
    for split in (done.training, done.validation):
        assert (np.diff(split.rows) > 0).all()
        assert split.inputs.flags.c_contiguous
        assert split.targets.flags.c_contiguous
    for name in "abc":
        count = values.count(name)
        held_out = sum(values[row] == name for row in done.validation.rows)
        assert held_out == min(round(share * count), count - 1)
    again = examples(table, validation=share, seed=seed)
    np.testing.assert_array_equal(again.training.inputs, done.training.inputs)


def test_float32_is_float64_rounded_at_the_end() -> None:
    table = load_table(parse({"data": {"source": "iris"}}).data)
    double, single = examples(table), examples(table, dtype="float32")
    assert single.training.inputs.dtype == single.training.targets.dtype == np.float32
    assert double.training.inputs.dtype == np.float64
    np.testing.assert_array_equal(single.training.inputs, double.training.inputs.astype("f4"))
    assert single.preparation == double.preparation


@pytest.mark.parametrize("scale", [5e-324, 1e-170, 1e-150, 1.0, 1e200, 1e307])
def test_very_small_and_very_large_numbers_are_standardised(scale: float) -> None:
    x = np.array([1.0, 2.0, 3.0, 6.0]) * scale
    table = Table("n", (Column("x", x), Column("y", np.array([0.5, 1.5, 2.5, 3.5]))))
    prepared = examples(table, validation=0).training.inputs.ravel()
    rtol = 0.2 if scale == 5e-324 else 1e-14  # such a deviation has one digit
    np.testing.assert_allclose(sorted(prepared), np.array([-2, -1, 0, 3]) / 3.5**0.5, rtol=rtol)


def test_numbers_without_a_range_or_a_place_in_float32_are_refused() -> None:
    y = Column("y", np.array([0.5, 1.5, 2.5]))
    huge = Table("n", (Column("x", np.array([1e308, -1e308, 0.0])), y))
    with refused(DataError, 'column "x"', "numbers whose range overflows"):
        examples(huge, validation=0)
    with refused(DataError, "", "numbers too large for float32"):
        examples(huge, validation=0, standardize=False, dtype="float32")


def test_other_tables_are_encoded_in_the_same_way() -> None:
    done = examples(SMALL, validation=0)
    same = apply(done.preparation, encode(done.preparation, SMALL))
    np.testing.assert_array_equal(same, done.training.inputs)
    for columns, fields in (
        (SMALL.columns[:1], ("", 'no column "same"')),
        ((*SMALL.columns[1:], Column("x", ("a",) * 4)), ('column "x"', 'text such as "a"')),
        (
            (*SMALL.columns[:1], *SMALL.columns[2:], Column("colour", ("red", "") * 2)),
            ('row 2, column "colour"', "a missing value"),
        ),
        (
            (Column("x", np.array([1, np.nan, 2, 3])), *SMALL.columns[1:]),
            ('row 2, column "x"', "a missing value"),
        ),
    ):
        with refused(DataError, *fields, file="other.csv"):
            encode(done.preparation, Table("other.csv", columns))


def test_a_preparation_survives_its_json() -> None:
    numbers, text = Preparation("x", 0.1, 0.3), Preparation("colour", category="red")
    assert numbers.to_builtins() == {"column": "x", "mean": 0.1, "deviation": 0.3}
    assert text.to_builtins()["category"] == "red"
    for each in (numbers, text):
        assert Preparation.from_builtins(json.loads(json.dumps(each.to_builtins()))) == each


@pytest.mark.parametrize(
    "entry",
    [
        {},
        [],
        {"column": "x", "mean": 0.0},
        {"column": 1, "mean": 0.0, "deviation": 1.0},
        {"column": "x", "mean": float("nan"), "deviation": 1.0},
        {"column": "x", "mean": 0.0, "deviation": 0.0},
        {"column": "x", "mean": 10**400, "deviation": 1.0},
        {"column": "x", "mean": 0.0, "deviation": 1.0, "category": 0},
    ],
)
def test_a_preparation_that_cannot_be_is_refused(entry: Any) -> None:
    with pytest.raises(DataError, match=r"^preparation: "):
        Preparation.from_builtins(entry)
