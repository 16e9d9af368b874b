import csv
from pathlib import Path

import numpy as np
import pytest

from tests.refusals import refused
from tuiprop.data.readers import builtin
from tuiprop.data.readers.builtin import folder, read_builtin
from tuiprop.data.readers.formats import read_table
from tuiprop.data.table import DataError

SHAPES = {
    "xor-table": (4, 3, "y"),
    "iris": (150, 5, "species"),
    "wine": (178, 14, "cultivar"),
    "breast_cancer": (569, 31, "diagnosis"),
    "digits": (1797, 65, "digit"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_table_is_whole_and_its_target_is_last(name: str) -> None:
    table = read_builtin(name)
    assert (table.rows, len(table.names), table.names[-1]) == SHAPES[name]
    assert all(not column.is_text for column in table.columns[:-1])


@pytest.mark.parametrize("name", SHAPES)
def test_both_readers_read_the_same(name: str) -> None:
    table, other = read_builtin(name), read_table(folder() / f"{name}.csv")
    assert table.names == other.names
    for column, twin in zip(table.columns, other.columns, strict=True):
        assert column.is_text == twin.is_text
        np.testing.assert_array_equal(column.values, twin.values)


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits"])
def test_a_table_holds_what_scikit_learn_holds(name: str) -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    theirs = getattr(datasets, f"load_{name}")()
    *inputs, target = read_builtin(name).columns
    np.testing.assert_array_equal(np.column_stack([c.values for c in inputs]), theirs.data)
    names = {"wine": ["cultivar_1", "cultivar_2", "cultivar_3"]}.get(
        name, [str(each) for each in theirs.target_names]
    )
    assert list(target.as_text()) == [names[k] for k in theirs.target]


def test_iris_is_fishers() -> None:
    with (folder() / "iris.csv").open(newline="") as file:
        lines = list(csv.reader(file))
    assert lines[35] == ["4.9", "3.1", "1.5", "0.2", "setosa"]
    assert lines[38] == ["4.9", "3.6", "1.4", "0.1", "setosa"]


def test_every_file_is_described_and_in_plain_text() -> None:
    described = (folder() / "README.md").read_text(encoding="utf-8")
    for path in folder().glob("*.csv"):
        assert f"`{path.name}`" in described
        data = path.read_bytes()
        assert data.isascii()
        assert b"\r" not in data
        assert data.endswith(b"\n")
        header = data.decode().splitlines()[0].split(",")
        assert all(name == name.lower() and " " not in name for name in header)


def test_the_truth_table_is_exclusive_or() -> None:
    data = (folder() / "xor-table.csv").read_bytes()
    assert data == b"x1,x2,y\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n"


def test_an_installed_package_has_its_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "tuiprop" / "data" / "readers" / "builtin.py"
    monkeypatch.setattr(builtin, "__file__", str(module))
    assert folder() == tmp_path / "datasets"
    (tmp_path / "tuiprop" / "datasets").mkdir(parents=True)
    assert folder() == tmp_path / "tuiprop" / "datasets"
    with refused(DataError, "", "No such file", file="iris.csv"):
        read_builtin("iris")
