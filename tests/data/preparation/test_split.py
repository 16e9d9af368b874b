from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.refusals import refused
from tuiprop.data.catalogue import load_table
from tuiprop.data.preparation.examples import Examples, prepare
from tuiprop.data.table import Column, DataError, Table
from tuiprop.training.experiment import ExperimentError, load, parse, to_toml


def table(split: tuple[str, ...] | list[float]) -> Table:
    rows = len(split)
    cells = split if isinstance(split, tuple) else np.array(split)
    return Table(
        "t",
        (
            Column("x", np.linspace(0, 1, rows) ** 2),
            Column("split", cells),
            Column("y", np.linspace(3, 7, rows) ** 3),
        ),
    )


def examples(data: Table, **validation: Any) -> Examples:
    return prepare(
        parse({"data": {"source": "t", "validation": {"column": "split", **validation}}}), data
    )


@pytest.mark.parametrize(
    ("cells", "validation", "training", "held_out"),
    [
        (("train", "val", "train"), {}, [0, 2], [1]),
        (("Training", "Test", "Training"), {}, [0, 2], [1]),
        ([0.0, 1.0, 0.0], {}, [0, 2], [1]),
        (("fit", "valid", "fit"), {}, [0, 2], [1]),
        (("train", "val", "test"), {"value": "val"}, [0], [1]),
        ([1.0, 2.0, 3.0], {"value": "3", "training": "1"}, [0], [2]),
        (("a", "b", ""), {"value": "b"}, [0], [1]),
    ],
)
def test_a_column_says_which_row_is_which(
    cells: Any, validation: Any, training: list[int], held_out: list[int]
) -> None:
    done = examples(table(cells), **validation)
    assert done.inputs == ("x",)
    assert (done.training.rows.tolist(), done.validation.rows.tolist()) == (training, held_out)
    left_out = len(cells) - len(training) - len(held_out)
    assert (f"{left_out} row of {len(cells)} left out" in done.notes) == bool(left_out)


@pytest.mark.parametrize(
    ("cells", "validation", "key", "found", "allowed"),
    [
        (("train", "val", "test"), {}, "value", "nothing", "test, train, val"),
        (("a", "b", "c"), {"value": "b"}, "training", "nothing", "a, b, c"),
        (("a", "b", "c"), {"value": "d"}, "value", '"d"', "a, b, c"),
        (("a", "b", "c"), {"value": "b", "training": "b"}, "training", '"b"', "another value"),
        (("val", "val"), {}, "training", "nothing", "val"),
    ],
)
def test_a_column_that_does_not_say_it(
    cells: Any, validation: Any, key: str, found: str, allowed: str
) -> None:
    with refused(ExperimentError, f"data.validation.{key}", found, allowed):
        examples(table(cells), **validation)


def test_a_column_that_is_not_there_or_a_target() -> None:
    for column, allowed in (("fold", "x, split, y"), ("y", "not a target")):
        with refused(ExperimentError, "data.validation.column", f'"{column}"', allowed):
            examples(table(("train", "val")), column=column)


TRAINING = "x,colour,y\n1,red,0.5\n2,blue,1.5\n4,red,2.5\n"


def files(folder: Path, validation: str, **columns: Any) -> Path:
    (folder / "train.csv").write_text(TRAINING)
    (folder / "held-out.csv").write_text(validation)
    path = folder / "e.toml"
    raw = {"source": "train.csv", "validation": "./held-out.csv", "columns": columns}
    path.write_text(to_toml(parse({"data": raw, "network": {"loss": "mse"}})))
    return path


def test_validation_examples_have_a_file_of_their_own(tmp_path: Path) -> None:
    experiment = load(files(tmp_path, "colour,more,y,x\nred,7,3.5,10\ngreen,7,4.5,20\n"))
    assert experiment.data.validation_file == (tmp_path / "held-out.csv").as_posix()
    data = load_table(experiment.data)
    done = prepare(experiment, data)
    assert (data.rows, data.own_rows) == (5, 3)
    assert (done.training.rows.tolist(), done.validation.rows.tolist()) == ([0, 1, 2], [3, 4])
    assert done.preparation[0].mean == pytest.approx(7 / 3)
    assert done.validation.inputs[:, 1:].tolist() == [[0, 1], [0, 0]]
    assert done.validation.targets.ravel().tolist() == [3.5, 4.5]
    assert done.notes[0] == (
        f'{tmp_path}/held-out.csv, line 3, column "colour": "green" does not occur among the '
        "training examples; the inputs of colour are all 0 there"
    )


@pytest.mark.parametrize(
    ("validation", "fields"),
    [
        ("x,y\n1,2\n", ("", 'no column "colour"')),
        ("x,colour,y\na,red,1\n", ('line 2, column "x"', '"a"')),
        (
            "x,colour,y\n1,red,\n2,red,3\n",
            ('line 2, column "y"', "a missing value"),
        ),
        ("x,colour,y\n1,red\n", ("line 2", "2")),
    ],
)
def test_a_file_of_validation_examples_that_does_not_fit(
    tmp_path: Path, validation: str, fields: tuple[str, str]
) -> None:
    experiment = load(files(tmp_path, validation))
    with refused(DataError, *fields, file="held-out.csv"):
        prepare(experiment, load_table(experiment.data))


def test_a_class_that_is_only_held_out_is_refused() -> None:
    cells = ("a", "b", "a", "c")
    data = Table(
        "t",
        (Column("x", np.arange(4.0)), Column("s", np.array([0.0, 0, 0, 1])), Column("y", cells)),
    )
    raw = {"source": "t", "validation": {"column": "s"}}
    with refused(DataError, "", 'class "c" occurs only among the validation examples'):
        prepare(parse({"data": raw}), data)


def test_no_row_to_train_on_is_refused() -> None:
    x = Column("x", np.array([np.nan, 1.0]))
    data = Table("t", (x, Column("s", np.array([0.0, 1.0])), Column("y", np.array([0.3, 0.4]))))
    raw = {"source": "t", "validation": {"column": "s"}, "columns": {"x": {"missing": "drop"}}}
    with refused(ExperimentError, "data.validation", "no row to train on"):
        prepare(parse({"data": raw}), data)
