"""Columns of numbers with other texts are neither text nor gone; what helps is what is said."""

from pathlib import Path
from typing import Any

import pytest

from tests.data.files import read
from tuiprop.data.column_summary import MOSTLY_NUMBERS, summary_of
from tuiprop.data.preparation.examples import prepare
from tuiprop.data.preview import with_suggestions
from tuiprop.data.table import Column, DataError, Table
from tuiprop.protocol.messages.data import Describe, Described
from tuiprop.protocol.server import Engine
from tuiprop.training.experiment import ExperimentError, parse


def table_of(folder: Path, cells: list[str], **data: Any) -> Table:
    rows = "".join(f"{cell}\t{i}\t{'ab'[i % 2]}\n" for i, cell in enumerate(cells))
    return read(folder / "t.tsv", f"c\tx\ty\n{rows}", delimiter="\t", **data)


def column_of(folder: Path, cells: list[str], **data: Any) -> Column:
    return table_of(folder, cells, **data)["c"]


AGES = [str(20 + 7 * i % 61) for i in range(40)]


def among(text: str, every: int = 5) -> list[str]:
    return [text if i % every == 0 else age for i, age in enumerate(AGES)]


@pytest.mark.parametrize("every", [2, 3, 5, 40])
@pytest.mark.parametrize("text", ["None", "-", ".", "nil", "n/k", "unknown"])
def test_a_placeholder_is_to_be_listed_as_missing(tmp_path: Path, text: str, every: int) -> None:
    cells = among(text, every)
    column = column_of(tmp_path, cells)
    assert 'line 2, column "c"' in column.refusal
    assert f'"{text}", text among numbers' in column.refusal
    assert f'data.missing_values = ["{text}"]' in column.refusal
    cured = column_of(tmp_path, cells, missing_values=[text])
    assert not cured.is_text
    assert cured.missing.sum() == cells.count(text)


def test_what_counts_as_missing_already_stays_so(tmp_path: Path) -> None:
    cells = ["NA", "None", *AGES]
    column = column_of(tmp_path, cells)
    assert 'data.missing_values = ["NA", "None"]' in column.refusal
    cured = column_of(tmp_path, cells, missing_values=["NA", "None"])
    assert cured.missing.sum() == 2


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("{}.5%", "percentage"),
        ("{} %", "percentage"),
        ("${}.50", "currency"),
        ("{},40 €", "currency"),
        ("\N{MINUS SIGN}{}", "minus"),
        ("0x{}", "hexadecimal"),
        ("1,{}0", "thousands"),
        ("1 {}0", "thousands"),
        ("1\u202f{}0.5", "thousands"),
        ("1.{}0.000", "thousands"),
        ("1.{}0,50", "thousands"),
        ("1'{}0", "thousands"),
        ("({}.5)", "parentheses"),
        ("{}.5 kg", "unit"),
    ],
)
@pytest.mark.parametrize("share", [1, 2])
def test_numbers_that_are_not_read_are_called_what_they_are(
    tmp_path: Path, written: str, word: str, share: int
) -> None:
    cells = [written.format(age) if i % share == 0 else age for i, age in enumerate(AGES)]
    column = column_of(tmp_path, cells)
    assert column.values == tuple(cells)
    assert word in column.refusal
    assert "data.decimal" not in column.refusal
    assert "missing_values" not in column.refusal


@pytest.mark.parametrize(
    "cells",
    [
        ["1,200", "900", "2,500", "950"],
        ["25,400", "30,200", "900,000"],
        ["1,200,300", "1,25"],
        ["1.5", "1,25", "2.5"],
    ],
)
def test_a_decimal_comma_is_not_advised_without_proof(tmp_path: Path, cells: list[str]) -> None:
    column = column_of(tmp_path, cells)
    assert column.refusal
    assert "data.decimal" not in column.refusal


@pytest.mark.parametrize("cells", [["1,200", "900", "2,55"], ["0,234", "1,234"], ["1234,567", "1"]])
def test_a_decimal_comma_is_advised_where_the_cells_prove_it(
    tmp_path: Path, cells: list[str]
) -> None:
    with pytest.raises(DataError, match=r'data\.decimal = ","'):
        column_of(tmp_path, cells)
    assert not column_of(tmp_path, cells, decimal=",").notes


def test_a_decimal_comma_between_commas_is_not_advised(tmp_path: Path) -> None:
    column = read(tmp_path / "t.csv", 'c,y\n"1,25",1\n"2,5",2\n')["c"]
    assert column.refusal
    assert "data.decimal" not in column.refusal


@pytest.mark.parametrize("many", [0, 2000])
def test_a_decimal_comma_that_may_part_thousands_is_noted(tmp_path: Path, many: int) -> None:
    column = column_of(tmp_path, [*["900"] * (many + 1), "1,200", "2,500"], decimal=",")
    assert list(column.values[-2:]) == [1.2, 2.5]
    assert len(column.notes) == 1
    assert '1.2 was read from "1,200"' in column.notes[0]
    proven = column_of(tmp_path, [*["900"] * (many + 1), "1,200", "2,5"], decimal=",")
    assert not proven.notes


def test_leading_zeros_are_noted(tmp_path: Path) -> None:
    column = column_of(tmp_path, ["01000", "90210", "7"])
    assert list(column.values) == [1000.0, 90210.0, 7.0]
    assert len(column.notes) == 1


@pytest.mark.parametrize(
    "cells",
    [
        ["A1", "22", "B"] * 9,
        ["0", "1", "2", "3+"] * 9,
        ["1", "7", "x"] * 9,
        ["2 doors", "4 doors"] * 9,
        ["2024-01-01", "2024-01-02"] * 9,
        ["red", "1", "blue", "green"] * 9,
    ],
)
def test_categories_that_look_like_numbers_stay_text(tmp_path: Path, cells: list[str]) -> None:
    column = column_of(tmp_path, cells)
    assert column.values == tuple(cells)
    assert not column.refusal


def test_most_levels_being_numbers_is_noted(tmp_path: Path) -> None:
    assert column_of(tmp_path, ["0", "1", "2", "3+"] * 9).notes
    assert not column_of(tmp_path, ["A1", "22", "B"] * 9).notes


SAID: list[dict[str, Any]] = [{"encoding": "one-hot"}, {"encoding": "ordinal"}]


@pytest.mark.parametrize("settings", SAID)
def test_categories_can_be_made_on_purpose(tmp_path: Path, settings: dict[str, Any]) -> None:
    cells = ["None" if i % 5 == 0 else str(20 + i % 9) for i in range(40)]
    data = {"columns": {"c": settings}}
    table = table_of(tmp_path, cells, **data)
    assert not table["c"].refusal
    raw = {"source": "t.tsv", "validation": 0, **data}
    assert prepare(parse({"data": raw}), table).inputs[0] in ("c", "c=20")


def test_such_a_column_is_refused_by_its_key(tmp_path: Path) -> None:
    table = table_of(tmp_path, among("None"))
    with pytest.raises(ExperimentError) as caught:
        prepare(parse({"data": {"source": "t.tsv"}}), table)
    assert caught.value.key == "data.columns.c"
    for words in (str(tmp_path / "t.tsv"), "missing_values", 'encoding = "one-hot"'):
        assert words in str(caught.value)


def test_such_a_target_is_no_class_unless_it_is_said(tmp_path: Path) -> None:
    table = table_of(tmp_path, [f"{i % 4}%" for i in range(40)])
    data = {"source": "t.tsv", "target": "c", "columns": {"y": {"use": False}}}
    with pytest.raises(ExperimentError, match="percentage") as caught:
        prepare(parse({"data": data}), table)
    assert caught.value.key == "data.target"
    done = prepare(parse({"data": data, "network": {"loss": "cross_entropy"}}), table)
    assert done.classes == ("0%", "1%", "2%", "3%")
    assert any("percentage" in note for note in done.notes)


def test_the_data_view_leaves_it_out_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    table_of(tmp_path, among("-"))
    request = Describe(experiment={"data": {"source": str(path)}}, suggest=True, count=3)
    found = Engine().handle(request)
    assert isinstance(found, Described)
    assert found.experiment["data"]["columns"]["c"] == {"use": False}
    column = found.columns[0]
    assert (column.name, column.role) == ("c", "left out")
    assert MOSTLY_NUMBERS in column.flags
    assert found.outline is not None
    assert any("column c is left out" in note and '"-"' in note for note in found.outline.notes)


@pytest.mark.parametrize("name", ["t.jsonl", "t.parquet"])
def test_texts_among_numbers_of_a_typed_file(tmp_path: Path, name: str) -> None:
    import polars as pl

    cells = among("None")
    frame = pl.DataFrame({"c": cells, "y": list(range(40))})
    path = tmp_path / name
    frame.write_parquet(path) if name == "t.parquet" else frame.write_ndjson(path)
    table = read(path, path.read_bytes())
    assert 'data.missing_values = ["None"]' in table["c"].refusal
    assert summary_of(table["c"], ()).flags == (MOSTLY_NUMBERS,)
    assert with_suggestions(parse({"data": {"source": name}}).data, table).columns
