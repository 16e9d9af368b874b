from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.refusals import check_fields, refused
from tuiprop.data.catalogue import CATALOGUE, identity, load_table, suggested_experiment
from tuiprop.data.generators import GENERATORS
from tuiprop.data.preparation.completion import complete
from tuiprop.data.preparation.examples import prepare
from tuiprop.data.table import DataError
from tuiprop.training.experiment import ColumnSettings, DataSettings


def test_the_data_sets_stand_in_the_order_in_which_they_are_offered() -> None:
    tables = ["xor-table", "iris", "wine", "breast_cancer", "digits"]
    assert list(CATALOGUE) == [*tables, *GENERATORS]
    assert {name for name, entry in CATALOGUE.items() if entry.kind == "table"} == set(tables)
    assert all(entry.name == name for name, entry in CATALOGUE.items())


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_suggestion_fits_its_table(name: str) -> None:
    experiment = suggested_experiment(name)
    table = load_table(experiment.data)
    assert table.name == name
    assert table.names[-1] == CATALOGUE[name].target
    completed = complete(experiment, table)
    assert completed.network.layers == experiment.network.layers
    assert completed.network.loss == (
        "mse" if name in ("plane", "bumps") else completed.network.loss
    )
    assert len(prepare(experiment, table).training) > 0


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_entry_is_described(name: str) -> None:
    entry = CATALOGUE[name]
    assert entry.description.endswith(".")
    assert entry.title
    assert entry.creators
    assert bool(entry.licence) == bool(entry.doi)


def test_a_generator_obeys_points_noise_and_seed() -> None:
    table = load_table(DataSettings(source="spiral", points=20, noise=0.1, seed=5))
    assert table.rows == 20
    other = load_table(DataSettings(source="spiral", points=20, noise=0.1, seed=6))
    assert not np.array_equal(table["x1"].values, other["x1"].values)


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("irs", "; did you mean iris?"),
        ("Breast Cancer", "; did you mean breast_cancer?"),
        ("zzzz", '"zzzz"'),
    ],
)
def test_an_unknown_name_is_answered_with_those_that_exist(name: str, end: str) -> None:
    with pytest.raises(DataError) as caught:
        load_table(DataSettings(source=name))
    check_fields(caught.value, "data.source", f'"{name}"', "xor-table, iris, ")
    assert str(caught.value).endswith(end)
    with refused(DataError, "data.source", f'"{name}"', "xor-table"):
        suggested_experiment(name)


def test_a_file_without_a_suffix_is_pointed_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("measurements").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"for the file write \./measurements$"):
        load_table(DataSettings(source="measurements"))
    assert load_table(DataSettings(source="./measurements")).names == ("a", "b")


def test_an_absent_file_is_answered_with_the_data_set_it_resembles(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"iris\.csv: there is no such file; did you mean iris\?$"):
        load_table(DataSettings(source=str(tmp_path / "iris.csv")))
    with pytest.raises(DataError, match=r"q\.csv: there is no such file$"):
        load_table(DataSettings(source=str(tmp_path / "q.csv")))
    with pytest.raises(DataError, match="File name too long"):
        load_table(DataSettings(source="x" * 5000 + ".csv"))


def test_a_column_that_is_left_out_may_have_gaps(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,a,y\n,1,0\n4,2,1\n")
    assert np.isnan(load_table(DataSettings(source=str(path)))["id"].values[0])
    path.write_text("id,a,y\n" + "1,1,0\n" * 30 + "inf,2,1\n")
    with refused(DataError, 'line 32, column "id"', '"inf"', "finite"):
        load_table(DataSettings(source=str(path)))
    left_out = {"id": ColumnSettings(use=False)}
    assert load_table(DataSettings(source=str(path), columns=left_out)).rows == 31


def test_a_table_is_the_same_as_long_as_what_it_is_read_from_is(tmp_path: Path) -> None:
    path, other = tmp_path / "t.csv", tmp_path / "v.csv"
    path.write_text("a,y\n1,0\n")
    other.write_text("a,y\n1,0\n")
    data: dict[str, Any] = {"source": str(path), "validation": str(other)}
    first = identity(DataSettings(**data))
    assert identity(DataSettings(**data, target="a", seed=7, standardize=False)) == first
    changes: tuple[dict[str, Any], ...] = (
        {"delimiter": ";"},
        {"columns": {"a": ColumnSettings(use=False)}},
    )
    for change in changes:
        assert identity(DataSettings(**data, **change)) != first
    other.write_text("a,y\n1,0\n2,1\n")
    assert identity(DataSettings(**data)) != first
    other.unlink()
    assert identity(DataSettings(**data)) != identity(DataSettings(**data))
    spiral = DataSettings(source="spiral")
    assert identity(spiral) == identity(DataSettings(source="spiral", target="y"))
    assert identity(spiral) != identity(DataSettings(source="spiral", points=7))


def test_generators_suggest_as_many_points_as_the_playground_draws() -> None:
    points = {
        name: suggested_experiment(name).data.points
        for name, each in CATALOGUE.items()
        if each.kind == "generator"
    }
    assert points == {
        "circle": 500,
        "xor": 500,
        "gauss": 500,
        "spiral": 500,
        "plane": 1200,
        "bumps": 1200,
    }
