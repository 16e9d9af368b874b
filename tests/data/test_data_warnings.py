from typing import Any

import numpy as np
import pytest

from tests.refusals import refused
from tuiprop.data.data_warnings import leaks, looks_like_identifier
from tuiprop.data.preparation.examples import prepare
from tuiprop.data.table import Column, DataError, Table
from tuiprop.training.experiment import parse

GENERATOR = np.random.default_rng(8)
NOISE = GENERATOR.normal(size=40)
CLASS = Column("y", tuple("ab"[k] for k in GENERATOR.integers(2, size=40)))


def notes(*columns: Column, batch_size: int = 1, **data: Any) -> tuple[str, ...]:
    raw = {"data": {"source": "t", "validation": 0, **data}, "training": {"batch_size": batch_size}}
    return prepare(parse(raw), Table("t", columns)).notes


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.arange(40.0), True),
        (np.arange(40.0)[::-1] + 7, True),
        (tuple(f"n{i}" for i in range(40)), True),
        (np.arange(40.0) * 2, False),
        (np.arange(40.0)[GENERATOR.permutation(40)], False),
        (np.arange(9.0), False),
        (NOISE, False),
        (("a", "b") * 20, False),
    ],
)
def test_what_numbers_the_rows_is_an_identifier(values: Any, expected: bool) -> None:
    assert looks_like_identifier(Column("x", values)) == expected


def test_an_identifier_is_noted() -> None:
    (note,) = notes(Column("id", np.arange(40.0)), Column("x", NOISE), CLASS)
    assert "column id looks like an identifier" in note
    assert "40" in note


CODES = CLASS.categories.codes.astype(float)


@pytest.mark.parametrize(
    ("values", "target", "expected"),
    [
        (CODES, CLASS, True),
        (tuple("xy"[int(k)] for k in CODES), CLASS, True),
        (CODES * 10 + (np.arange(40) % 3), CLASS, True),
        (np.roll(CODES, 1), CLASS, False),
        (NOISE, CLASS, False),
        (np.ones(40), CLASS, False),
        (3 * NOISE - 7, Column("y", NOISE), True),
        (NOISE**3, Column("y", NOISE), False),
        (CODES, Column("y", CODES + 5), True),
    ],
)
def test_a_column_that_determines_the_target_leaks_it(
    values: Any, target: Column, expected: bool
) -> None:
    assert leaks(Column("x", values), target) == expected


def test_a_column_that_leaks_the_target_is_noted() -> None:
    (note,) = notes(Column("x", CODES), CLASS)
    assert "column x leaks the target y" in note


def test_a_constant_column_is_noted() -> None:
    for constant in (Column("c", np.full(40, 0.1)), Column("t", ("x",) * 40)):
        (note,) = notes(constant, Column("x", NOISE), CLASS)
        assert f"column {constant.name} is constant" in note


def test_a_class_with_a_single_example_is_noted() -> None:
    y = Column("y", (*"ab" * 19, "a", "c"))
    (note,) = notes(Column("x", NOISE), y, validation=0.2)
    assert "class c has a single example" in note


def test_classes_that_are_not_held_out_are_noted() -> None:
    split = Column("s", np.array([0.0] * 38 + [1.0] * 2))
    y = Column("y", (*"abc" * 12, "a", "b", "c", "a"))
    found = notes(Column("x", NOISE), split, y, validation={"column": "s"})
    assert found == ("no validation example of b",)


def test_fewer_examples_than_a_batch_are_noted() -> None:
    (note,) = notes(Column("x", NOISE), CLASS, batch_size=41)
    assert "batch size 41 exceeds the 40 training examples" in note
    assert notes(Column("x", NOISE), CLASS, batch_size=40) == ()


def test_a_category_that_is_only_held_out_is_noted_with_its_place() -> None:
    split = Column("s", np.array([0.0] * 37 + [1.0] * 3))
    colour = Column("colour", ("red", "blue") * 19 + ("green", "pink"))
    found = notes(Column("x", NOISE), colour, split, CLASS, validation={"column": "s"})
    assert found[0] == (
        't, row 39, column "colour": "green", "pink" does not occur among the training examples; '
        "the inputs of colour are all 0 there"
    )


def test_a_column_of_which_no_category_is_known_among_the_validation_examples_is_refused() -> None:
    split = Column("s", np.array([0.0] * 38 + [1.0] * 2))
    colour = Column("colour", ("red", "blue") * 19 + ("green", "pink"))
    with refused(DataError, 'row 39, column "colour"', '"green", "pink"', file="t"):
        notes(Column("x", NOISE), colour, split, CLASS, validation={"column": "s"})


def test_a_column_without_any_value_is_refused() -> None:
    empty = Column("e", np.full(40, np.nan))
    with refused(DataError, 'column "e"', "no training example has a value"):
        notes(empty, Column("x", NOISE), CLASS, columns={"e": {"missing": "mean"}})
    with refused(DataError, "", "every row has a missing value"):
        notes(empty, Column("x", NOISE), CLASS, columns={"e": {"missing": "drop"}})
