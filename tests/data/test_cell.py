"""Tests that a cell has one canonical form, however it is written."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.files import read
from tests.refusals import refused
from tuiprop.cell import canonical, is_missing, matcher, plain
from tuiprop.data.preparation.examples import prepare
from tuiprop.data.table import Column, DataError, Table
from tuiprop.training.experiment import (
    ColumnSettings,
    DataSettings,
    ExperimentError,
    ValidationColumn,
    parse,
)


@pytest.mark.parametrize(
    "spellings",
    [
        ("1", "1.0", "1.00", "+1", "1e0", "01", "001", " 1 ", '"1"', "10E-1"),
        ("true", "True", "TRUE", " tRuE"),
        ("0", "-0", "0.0", "-0.00", "0e5", "+0"),
        ("12345678901234567890", "12345678901234567890.0", "1.2345678901234567890e19"),
        ("0.1", ".1", "1e-1", "0.10"),
        ("é", "e\u0301", " é\t"),
        ("a\nb", "a\r\nb", "a\rb"),
    ],
)
def test_one_cell_in_several_spellings(spellings: tuple[str, ...]) -> None:
    assert len(set(map(canonical, spellings))) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12345678901234567890", "12345678901234567891"),
        ("0.1", "0.10000000000000001"),
        ("1e400", "1e401"),
        ("yes", "Yes"),
        ("1", "true"),
        ("1", "-1"),
        ("1", "１"),
        ("1_0", "10"),
        ("5'0\"", "5'0"),
    ],
)
def test_different_cells_stay_different(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@given(st.decimals(allow_nan=False, allow_infinity=False), st.integers(0, 3))
def test_a_number_is_its_exact_value(number: Decimal, zeros: int) -> None:
    found = canonical(f"{number:f}" + ("." if "." not in f"{number:f}" else "") + "0" * zeros)
    assert Decimal(found) == number
    assert canonical(found) == found


@given(st.text())
def test_the_canonical_form_is_its_own(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)
    assert plain(text) == plain(f" {text}\n")


@pytest.mark.parametrize(
    ("categories", "cells", "places"),
    [
        (("False", "True"), ("0", "1.0", "TRUE", "2"), (0, 1, 1, None)),
        (("", "true"), ("1", "0", ""), (1, None, 0)),
        (("0", "1"), ("false", "True", "1.0"), (0, 1, 1)),
        (("1",), ("true",), (None,)),
        (("false", "maybe", "true"), ("1", "True"), (None, 2)),
        (("0", "1", "2"), ("true",), (None,)),
        (("1", "1.0"), ("1.00",), (0,)),
    ],
)
def test_cells_among_categories(
    categories: tuple[str, ...], cells: tuple[str, ...], places: tuple[int | None, ...]
) -> None:
    assert tuple(map(matcher(categories), cells)) == places


def test_markers_of_missing_cells() -> None:
    assert all(is_missing(cell, None) for cell in ("", " NA", "n/a", "NaN", "?", '""'))
    assert not is_missing("None", None)
    assert all(is_missing(cell, frozenset({"-999", "None"})) for cell in ("-999.0", "None ", ""))
    assert not is_missing("none", frozenset({"None"}))


@pytest.mark.parametrize(
    ("cells", "names"),
    [
        (("True", "False"), ("False", "True")),
        (("True", "TRUE", "False"), ("False", "true")),
        (("10", "2", "1.0"), ("1.0", "2", "10")),
        (("1", "1.0", "2.0"), ("1", "2.0")),
        (("b", "10", "2", ""), ("10", "2", "b")),
        (("False", "Unknown", "true"), ("Unknown", "False", "true")),
    ],
)
def test_categories_are_sorted_and_called_as_in_the_file(
    cells: tuple[str, ...], names: tuple[str, ...]
) -> None:
    found = Column("c", cells).categories
    assert found.names == names
    for cell, code in zip(cells, found.codes.tolist(), strict=True):
        assert canonical(cell) == (canonical(names[code]) if code >= 0 else "")


TWO = ("12345678901234567890", "12345678901234567891")


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.npz", "t.parquet"])
def test_whole_numbers_that_float64_rounds_stay_apart(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    numbers = [int(TWO[i % 2]) for i in range(20)]
    if name == "t.csv":
        path.write_text("x,y\n" + "".join(f"{i},{n}\n" for i, n in enumerate(numbers)))
    elif name == "t.jsonl":
        path.write_text("".join(f'{{"x":{i},"y":{n}}}\n' for i, n in enumerate(numbers)))
    elif name == "t.npz":
        np.savez(path, x=np.arange(20), y=np.array(numbers, np.uint64))
    else:
        import polars as pl

        pl.DataFrame({"x": range(20), "y": pl.Series(numbers, dtype=pl.UInt64)}).write_parquet(path)
    table = read(path, path.read_bytes())
    assert table["y"].categories.names == TWO
    data = {"source": str(path), "validation": 0}
    assert prepare(parse({"data": data}), table).classes == TWO


def test_missing_markers_hold_in_every_format(tmp_path: Path) -> None:
    said: dict[str, Any] = {"missing_values": ["-999.0", "None"]}
    texts = {
        "t.csv": "a,b\n-999,x\n1,None\n2,y\n",
        "t.jsonl": '{"a":-999,"b":"x"}\n{"a":1,"b":"None"}\n{"a":2,"b":"y"}\n',
    }
    tables = [read(tmp_path / name, text, **said) for name, text in texts.items()]
    np.savez(tmp_path / "n.npz", a=np.array([-999, 1, 2]), b=np.array(["x", "None", "y"]))
    tables.append(read(tmp_path / "n.npz", (tmp_path / "n.npz").read_bytes(), **said))
    for table in tables:
        assert table["a"].missing.tolist() == [True, False, False]
        assert table["b"].values == ("x", "", "y")


def test_texts_that_are_numbers_are_numbers_in_every_format(tmp_path: Path) -> None:
    table = read(tmp_path / "t.jsonl", '{"a":"1.0","b":"True"}\n{"a":"2","b":"NA"}\n')
    assert list(table["a"].values) == [1.0, 2.0]
    assert table["b"].values == ("True", "")


def test_an_order_may_be_written_otherwise(tmp_path: Path) -> None:
    table = Table("t", (Column("c", ("1.0", "2", "0", "1.0")), Column("y", np.arange(4.0))))
    order = {"c": {"encoding": "ordinal", "order": ["2.0", "1", "-0"]}}
    raw: dict[str, Any] = {"source": "t", "validation": 0, "standardize": False, "columns": order}
    done = prepare(parse({"data": raw}), table)
    assert done.training.inputs.ravel().tolist() == [1, 0, 2, 1]
    order["c"]["order"] = ["2", "1", "2.0"]
    with refused(ExperimentError, "data.columns.c.order", '"2.0" twice'):
        prepare(parse({"data": raw}), table)


def test_numbers_as_categories_are_in_order_by_value(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    columns = {"c": {"encoding": "ordinal"}}
    table = read(path, "c,y\n" + "".join(f"{i},{i}\n" for i in range(12)), columns=columns)
    raw = {"source": str(path), "validation": 0, "standardize": False, "columns": columns}
    done = prepare(parse({"data": raw}), table)
    assert done.training.inputs.ravel().tolist() == list(range(12))


@pytest.mark.parametrize("said", [{}, {"value": "1.0", "training": "-0"}, {"value": "TRUE"}])
def test_the_column_that_splits_may_be_said_otherwise(said: dict[str, str]) -> None:
    cells = ("True", "False", "False", "True", "False")
    table = Table("t", (Column("x", np.arange(5.0)), Column("s", cells), Column("y", np.ones(5))))
    raw = {"source": "t", "target": "y", "validation": {"column": "s", **said}}
    done = prepare(parse({"data": raw}), table)
    assert done.validation.rows.tolist() == [0, 3]


@pytest.mark.parametrize("own", ["True,False", "TRUE,FALSE", "1,0", "1.0,0.0"])
def test_a_validation_file_may_be_written_otherwise(tmp_path: Path, own: str) -> None:
    yes, no = own.split(",")
    (tmp_path / "v.csv").write_text(f"flag,y\n{yes},{no}\n{no},{yes}\n")
    table = read(
        tmp_path / "t.csv", "flag,y\n" + "True,False\nFalse,True\n" * 5,
        validation=str(tmp_path / "v.csv"),
    )  # fmt: skip
    raw = {"source": "t", "validation": str(tmp_path / "v.csv")}
    done = prepare(parse({"data": raw}), table)
    assert done.classes == ("False", "True")
    assert done.inputs == ("flag=False", "flag=True")
    assert done.validation.inputs.tolist() == [[0, 1], [1, 0]]
    assert done.validation.targets.ravel().tolist() == [0, 1]


def test_a_validation_file_without_any_known_category_is_refused(tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text("c,y\nz,1\n,2\nw,3\n")
    source = tmp_path / "t.csv"
    said = {"validation": str(tmp_path / "v.csv"), "columns": {"c": {"missing": "category"}}}
    table = read(source, "c,y\n" + "a,1\nb,2\n,3\n" * 5, **said)
    file = str(tmp_path / "v.csv")
    with refused(DataError, 'line 2, column "c"', '"w", "z"', "a, b", file):
        prepare(parse({"data": {"source": str(source), **said}}), table)


@pytest.mark.parametrize("text", ["{,b\n1,2\n", "{x},b\n1,2\n", "{\n1\n"])
def test_a_brace_alone_makes_no_json_lines(tmp_path: Path, text: str) -> None:
    table = read(tmp_path / "t.csv", text)
    assert table.names[0].startswith("{")
    assert list(table.columns[0].values) == [1.0]


def test_names_of_columns_are_plain_in_every_format(tmp_path: Path) -> None:
    names = ("a\nb", "é")
    assert read(tmp_path / "t.csv", '" a\r\nb ","e\u0301"\n1,2\n').names == names
    assert read(tmp_path / "t.jsonl", '{" a\\r\\nb ":1,"e\u0301":2}\n').names == names
    with refused(DataError, "", 'two columns are called "a"'):
        read(tmp_path / "t.jsonl", '{"a":1," a":2}\n')


@pytest.mark.parametrize("name", ["e\u0301", " é ", '"é"', "é\r"])
def test_an_experiment_names_a_column_in_any_spelling(name: str) -> None:
    settings = DataSettings(
        source="t.csv",
        target=name,
        columns={name: ColumnSettings(scaling="none")},
        validation=ValidationColumn(column=name),
    )
    assert settings.targets == ("é",)
    assert settings.of_column("é").scaling == "none"
    assert isinstance(settings.validation, ValidationColumn)
    assert settings.validation.column == "é"
