"""Real, untidy tables train without preparation by hand."""

import importlib.resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tuiprop
from tests.data.files import COMPRESSIONS, cells, idx
from tests.refusals import refused
from tuiprop.data.catalogue import load_table
from tuiprop.data.readers.formats import read_table
from tuiprop.data.table import DataError
from tuiprop.session.session import Session
from tuiprop.training.experiment import parse


def trained(path: Path, **tables: Any) -> Session:
    data = {"source": str(path), **tables.pop("data", {})}
    return tuiprop.train(parse({"data": data, **tables}))


PSEUDO = "4,2,no,yes\n0.5,1.5,0\n2.5,3.5,1\n4.5,5.5,0\n6.5,7.5,1\n"


def test_the_first_line_of_scikit_learns_files_names_the_classes(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(PSEUDO)
    table = read_table(path)
    assert cells(table) == {
        "column_1": [0.5, 2.5, 4.5, 6.5],
        "column_2": [1.5, 3.5, 5.5, 7.5],
        "target": ["no", "yes", "no", "yes"],
    }
    assert table.place(0) == "line 2"
    path.write_text(PSEUDO.replace("2.5", '"2.5"'))
    assert cells(read_table(path)) == cells(table)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (
            PSEUDO.replace("4,2,", "5,2,"),
            ("line 1", "5 rows are announced, 4 follow"),
        ),
        (PSEUDO.replace("5,1\n", "5,2\n", 1), ("row 2, the last column", "2")),
        (PSEUDO.replace("2.5,3.5", "2.5"), ("line 3", "2")),
    ],
)
def test_a_first_line_that_is_not_true_is_refused(
    tmp_path: Path, text: str, fields: tuple[str, str]
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    with refused(DataError, *fields):
        read_table(path)


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["breast_cancer", "iris", "wine_data"])
def test_scikit_learns_own_files_train(name: str) -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    folder = importlib.resources.files("sklearn.datasets.data")
    with importlib.resources.as_file(folder / f"{name}.csv") as path:
        run = trained(
            path,
            network={"initializer": "xavier_normal"},
            training={"optimizer": "adam", "epochs": 120},
        )
        table = read_table(path)
    theirs = getattr(datasets, f"load_{name.removesuffix('_data')}")()
    inputs = np.column_stack([column.values for column in table.columns[:-1]])
    np.testing.assert_array_equal(inputs, theirs.data)
    expected = tuple(str(theirs.target_names[k]) for k in theirs.target)
    assert table["target"].values == expected
    assert run.examples.classes == tuple(sorted(set(expected)))
    assert run.history[-1]["validation_accuracy"] > 0.85


PRICES = (
    "Fläche;Zimmer;Lage;Preis\r\n"
    + "".join(
        f"{30 + 5 * i},5;{1 + i % 5};{('Stadt', 'Land')[i % 2]};{100 + 20 * i},25\r\n"
        for i in range(40)
    )
).encode()


@pytest.mark.parametrize("suffix", COMPRESSIONS)
def test_semicolons_and_decimal_commas_that_are_said_to_be_so_train(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"prices.csv{suffix}"
    path.write_bytes(COMPRESSIONS[suffix](PRICES))
    run = trained(
        path,
        data={"decimal": ",", "columns": {"Preis": {"scaling": "standardize"}}},
        training={"optimizer": "adam", "epochs": 100},
    )
    assert run.examples.inputs == ("Fläche", "Zimmer", "Lage=Land", "Lage=Stadt")
    assert run.history[-1]["validation_loss"] < 0.05
    predicted = run.predict(np.array([[30.5, 1, 0, 1], [225.5, 5, 1, 0]]))
    assert np.abs(predicted.ravel() - [100.25, 880.25]).max() < 150
    with refused(DataError, 'line 2, column "Fläche" and 39 more', '"30,5"'):
        read_table(path)


UNTIDY = (
    "id,age,town,member,bought\n"
    + "".join(
        f"{i},{'' if i % 7 == 0 else 20 + i % 40},"
        f"{('Oslo', 'Rome', 'NA', 'Bonn')[i % 4]},{('yes', 'no')[i % 3 == 0]},"
        f"{('yes', 'no')[(20 + i % 40 > 38)]}\n"
        for i in range(1, 161)
    )
)  # fmt: skip


def test_text_categories_and_missing_cells_train(tmp_path: Path) -> None:
    path = tmp_path / "untidy.csv"
    path.write_text(UNTIDY)
    with pytest.raises(DataError, match='line 3, column "town"; line 7, column "town"; line 8'):
        trained(path)
    columns = {"*": {"missing": "median"}, "id": {"use": False}}
    run = trained(path, data={"columns": columns}, training={"optimizer": "adam", "epochs": 100})
    assert run.examples.inputs == (
        "age", "town=Bonn", "town=Oslo", "town=Rome", "town=(missing)", "member=no", "member=yes",
    )  # fmt: skip
    assert run.examples.classes == ("no", "yes")
    assert run.examples.outputs == ("yes",)
    assert run.history[-1]["train_accuracy"] > 0.85


def test_mnists_own_names_are_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    images = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    for name, array in (("images-idx3", images), ("labels-idx1", np.array([7, 2], np.uint8))):
        Path(f"t10k-{name}-ubyte").write_bytes(idx(array))
    table = load_table(parse({"data": {"source": "t10k-images-idx3-ubyte"}}).data)
    assert cells(table)["label"] == [7.0, 2.0]
    assert cells(table)["pixel_0_1"] == [1.0, 10.0]


def test_idx_files_train(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 4, 200).astype(np.uint8)
    images = generator.integers(0, 60, (200, 7, 5)).astype(np.uint8)
    images[np.arange(200), labels, :] += 150  # a bright row says which class
    for part, suffix in (("train", ".gz"), ("t10k", "")):
        ends = slice(0, 150) if part == "train" else slice(150, 200)
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            path = tmp_path / f"{part}-{kind}-ubyte{suffix}"
            path.write_bytes(COMPRESSIONS[suffix](idx(array[ends])))
    run = trained(
        tmp_path / "train-images-idx3-ubyte.gz",
        data={
            "validation": str(tmp_path / "t10k-images-idx3-ubyte"),
            "columns": {"*": {"scaling": "range"}},
        },
        training={"optimizer": "adam", "epochs": 60},
    )
    assert (len(run.examples.training), len(run.examples.validation)) == (150, 50)
    assert run.examples.classes == ("0", "1", "2", "3")
    assert run.examples.training.inputs.min() == 0
    assert run.examples.training.inputs.max() == 1
    assert run.history[-1]["validation_accuracy"] == 1.0
