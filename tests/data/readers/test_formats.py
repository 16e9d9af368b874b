import csv
import io
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.data import files
from tests.refusals import refused
from tuiprop.data.readers.formats import READERS, read_table
from tuiprop.data.table import DataError, Table
from tuiprop.training.experiment import FORMATS, parse

UTF_8 = st.characters(codec="utf-8", exclude_characters="\0")


def read(
    folder: Path, text: str | bytes, *unchecked: str, name: str = "t.csv", **data: Any
) -> Table:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    columns = {each: {"use": False} for each in unchecked}
    settings = parse({"data": {"source": str(path), "columns": columns, **data}}).data
    return read_table(path, settings)


def cells(table: Table) -> dict[str, list[object]]:
    return {column.name: list(column.values) for column in table.columns}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_found_out(tmp_path: Path, delimiter: str, end: str) -> None:
    text = "a,b,kind\n1,2.5,x y\n-3e2,.5,z\n".replace(",", delimiter).replace("\n", end)
    assert cells(read(tmp_path, text)) == {
        "a": [1.0, -300.0],
        "b": [2.5, 0.5],
        "kind": ["x y", "z"],
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,2\n3,4\n", {"column_1": [1.0, 3.0], "column_2": [2.0, 4.0]}),
        ("5.1,setosa\n4.9,setosa\n", {"column_1": [5.1, 4.9], "column_2": ["setosa"] * 2}),
        ("a,b\nx,y\n", {"a": ["x"], "b": ["y"]}),
        ("label,0,1\n7,1,2\n", {"label": [7.0], "0": [1.0], "1": [2.0]}),
        ("a\n1\n2\n", {"a": [1.0, 2.0]}),
        ("\ufeffa,b\n1,2\n", {"a": [1.0], "b": [2.0]}),
        (' a , b\n 1 ," x "\n', {"a": [1.0], "b": ["x"]}),
        ("a,b\n\n1,2\n\n3,4\n\n", {"a": [1.0, 3.0], "b": [2.0, 4.0]}),
        ('a,b\n1,"x, ""y""\nz"\n', {"a": [1.0], "b": ['x, "y"\nz']}),
        ('a,b\n1,5" pipe\n2,6" pipe\n', {"a": [1.0, 2.0], "b": ['5" pipe', '6" pipe']}),
        ("a,b\n1,true\n2,false\n", {"a": [1.0, 2.0], "b": ["true", "false"]}),
        ("a,b\n1,A1\n2,22\n3,B\n", {"a": [1.0, 2.0, 3.0], "b": ["A1", "22", "B"]}),
        ("a;b\nx, y;1\nz, w;2\n", {"a": ["x, y", "z, w"], "b": [1.0, 2.0]}),
    ],
)
def test_tables_are_read_as_they_are_meant(
    tmp_path: Path, text: str, expected: dict[str, list[object]]
) -> None:
    assert cells(read(tmp_path, text)) == expected


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("", ("", "the file is empty")),
        ("\n \n\n", ("the header, column 1", "no name")),
        ("\n\n", ("", "only blank lines")),
        ("a,b\n", ("", "no rows")),
        ("a,a\n1,2\n", ("the header, column 2", 'a second column is called "a"')),
        ("a,\n1,2\n", ("the header, column 2", "no name")),
        ("a,b\n1,2\n3\n", ("line 3", "1")),
        ("a,b\n1,2\n3,4,5\n", ("line 3", "3")),
        ("a,b\n1,2\n3,4,\n", ("line 3", "3")),
        ("a,b\n1,2\n3,inf\n", ('line 3, column "b"', '"inf"')),
        ("a,b\n1,2\n3,-1e999\n", ('line 3, column "b"', '"-1e999"')),
        (
            "a;b\n1;2,5\n1;3,5\n",
            ('line 2, column "b" and 1 more', '"2,5"'),
        ),
        ('a,b\n1,"x\n', ("line 2, column 2", "a quote is never closed")),
        ('a,b\n"p\nq",2\n"r""\n,\n', ("line 4, column 1", "a quote is never closed")),
        ('a,b\nx,2\n"y, ""z"" "w,3\n', ("line 3, column 1", "text follows a closing quote")),
        ('a;b\nu;"v" \n', ("line 2, column 2", "text follows a closing quote")),
        (f'a,b\n1,2\n3,{"x" * 140_000}y\n4,""\n', ("line 3, column 2", "the cell is longer")),
        (
            b"a,b\n1,\xe9\n",
            ("line 2, column 2", "other bytes"),
        ),
        (b"\xef\xbb\xbf\xe9;b\n1;2\n", ("line 1, column 1", "other bytes")),
        (b"a;b;c\n1;2;3\n4;5\xff;6\n", ("line 3, column 2", "other bytes")),
        (b"a,b\n1,2\n3,\0\n", ("line 3, column 2", "a NUL byte")),
        (b"a,b\r1,2\r3,\0\r", ("line 3, column 2", "a NUL byte")),
        (b'a,b\n"x, ""y",\0\n', ("line 2, column 2", "a NUL byte")),
        (b"a,b\n" + b"x" * 140_000 + b",\0\n", ("line 2, column 2", "a NUL byte")),
        ("a\n1\n".encode("utf-16"), ("line 1", "text in UTF-16")),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(
    tmp_path: Path, text: str | bytes, fields: tuple[str, str]
) -> None:
    with refused(DataError, *fields, file=str(tmp_path / "t.csv")):
        read(tmp_path, text)


def test_columns_that_are_not_used_may_hold_anything(tmp_path: Path) -> None:
    text = "id,note,a\n7,,1\n8,NA,2\n"
    table = read(tmp_path, text, "note", "id")
    assert cells(table)["a"] == [1.0, 2.0]
    assert cells(read(tmp_path, "a,b\n1,inf\n2,3\n", "b"))["b"] == ["inf", "3"]
    mostly = "a\n" + "1\n" * 30 + "x1\n"
    for unchecked in ((), ("a",)):
        column = read(tmp_path, mostly, *unchecked)["a"]
        assert column.values[-1] == "x1"
        assert 'line 32, column "a"' in column.refusal
        assert '"x1", text among numbers' in column.refusal


def test_a_million_columns_are_refused(tmp_path: Path) -> None:
    for text in ("1," * 999_999 + "1\n", "x;" * 999_999 + "x\n" + "1;" * 999_999 + "1\n"):
        with refused(DataError, "line 1", "1,000,000", "100,000 columns"):
            read(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "data", "expected"),
    [
        ("1,2\n3,4\n", {"header": True}, {"1": [3.0], "2": [4.0]}),
        ("a,b\nc,d\n", {"header": False}, {"column_1": ["a", "c"], "column_2": ["b", "d"]}),
        ("1,5 2\n3,0 4\n", {"delimiter": " ", "decimal": ","},
         {"column_1": [1.5, 3.0], "column_2": [2.0, 4.0]}),
        ("a,b\n1;2,3\n", {"delimiter": ","}, {"a": ["1;2"], "b": [3.0]}),
        ("a\n-999\n1\nNA\n", {"missing_values": ["-999", "NA"]}, {"a": [None, 1.0, None]}),
        ("a,b\n-,1\nNA,2\n", {"missing_values": ["-"]}, {"a": ["", "NA"], "b": [1.0, 2.0]}),
        ("z\n1\n2\nx\n1\n2\n", {"columns": {"z": {"encoding": "one-hot"}}},
         {"z": ["1", "2", "x", "1", "2"]}),
        ("4,2,no,yes\n1,2,3,4\n", {"header": False},
         {"column_1": [4.0, 1.0], "column_2": [2.0, 2.0], "column_3": ["no", "3"],
          "column_4": ["yes", "4"]}),
    ],
)  # fmt: skip
def test_what_is_said_is_not_guessed(
    tmp_path: Path, text: str, data: dict[str, Any], expected: dict[str, list[object]]
) -> None:
    assert files.cells(read(tmp_path, text, **data)) == expected


def test_the_format_is_known_by_content_suffix_or_word(tmp_path: Path) -> None:
    line = '{"a": 1}\n'
    assert cells(read(tmp_path, line, name="t.csv")) == {"a": [1.0]}
    assert cells(read(tmp_path, line, name="t.csv", format="csv", header=False)) == {
        "column_1": ['{"a": 1}']
    }
    with refused(DataError, "", "not a Parquet file"):
        read(tmp_path, "a,b\n1,2\n", name="t.parquet")
    assert read(tmp_path, "a,b\n1,2\n", name="t.parquet", format="csv").rows == 1


def test_every_format_of_the_experiment_has_a_reader() -> None:
    assert set(READERS) == set(FORMATS)


def test_a_folder_and_an_absent_file_and_an_impossible_name_are_refused(tmp_path: Path) -> None:
    with refused(DataError, "", "Is a directory"):
        read_table(tmp_path)
    with refused(DataError, "", "No such file", file="no.csv"):
        read_table(tmp_path / "no.csv")
    with refused(DataError, "", "cannot be read"):
        read_table("a\0b.csv")
    with refused(DataError, "", "File name too long"):
        read_table("x" * 5000 + ".csv")


def test_a_file_without_permission_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with refused(DataError, "", "Permission denied", file="t.csv"):
        read_table(tmp_path / "t.csv")


def test_polars_is_imported_when_a_table_is_read_and_not_before() -> None:
    modules = "tuiprop.data.catalogue, tuiprop.data.preparation.examples"
    code = f"import sys, {modules}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "polars" not in done.stdout.split()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
@settings(max_examples=40)
def test_numbers_are_read_exactly(numbers: list[float]) -> None:
    with TemporaryDirectory() as folder:
        table = read(Path(folder), "a\n" + "".join(f"{number!r}\n" for number in numbers))
    np.testing.assert_array_equal(table["a"].values, numbers)


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
            min_size=3,
            max_size=3,
        ),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=40)
def test_text_is_read_as_the_standard_library_reads_it(records: list[list[str]]) -> None:
    # a letter in front: neither missing, nor a number, nor trimmed away
    records = [[f"t{cell}t" for cell in record] for record in records]
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *records])
    with TemporaryDirectory() as folder:
        table = read(Path(folder), written.getvalue())
    ends = [[c.replace("\r\n", "\n").replace("\r", "\n") for c in record] for record in records]
    assert [list(row) for row in zip(*(c.as_text() for c in table.columns), strict=True)] == ends


@given(st.binary(max_size=300) | st.text('01.5ax",;\t\n \r-eNA?').map(str.encode))
@example(b"0\n,")
@example(b'"')
@example(b"\xef\xbb\xbf")
@example(b"a\0b\n1,2")
@example(b"PK\x03\x04")
def test_any_bytes_give_a_table_or_one_sentence(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        try:
            table = read(Path(folder), data)
        except DataError as error:
            sentence = str(error)
            table = None
    if table is None:
        assert "\n" not in sentence
        return
    assert table.rows > 0
    assert len(set(table.names)) == len(table.names)
    for column in table.columns:
        assert len(column.values) == table.rows
        assert column.is_text or not np.isinf(np.asarray(column.values)).any()
