"""How a file is read, and what suits a table by itself."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from tuiprop.data.preview import LINES, Reading, reading_of, suggested_columns
from tuiprop.data.table import Column, Table
from tuiprop.training.experiment import ColumnSettings, DataSettings


def reading(path: Path, content: bytes, **settings: object) -> Reading:
    path.write_bytes(content)
    return reading_of(DataSettings(source=str(path), **settings))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "delimiter", "header"),
    [
        (b"a,b\n1,2\n", ",", "columns"),
        (b"1;2\n3;4\n", ";", "nothing"),
        (b"a\tb\r\n1\t2", "\t", "columns"),
        (b"\xef\xbb\xbf2,1,no,yes\n1,0\n2,1\n", ",", "classes"),
        (b'"a|b"|c\n1|2\n', "|", "columns"),
    ],
)
def test_dialects(tmp_path: Path, content: bytes, delimiter: str, header: str) -> None:
    found = reading(tmp_path / "t.csv", content)
    assert (found.format, found.delimiter, found.header) == ("csv", delimiter, header)


def test_what_is_said_is_not_guessed(tmp_path: Path) -> None:
    found = reading(tmp_path / "t.csv", b"a,b\n1,2\n", delimiter=";", header=False)
    assert (found.delimiter, found.header) == (";", "nothing")


def test_first_lines(tmp_path: Path) -> None:
    many = b"".join(b"%d,%d\n" % (i, i) for i in range(100_000))
    found = reading(tmp_path / "t.csv.gz", gzip.compress(many))
    assert found.lines == tuple(f"{i},{i}" for i in range(LINES))
    assert reading(tmp_path / "u.csv", b"only, one").lines == ("only, one",)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"a\0b\n", b"\n\n"])
def test_no_text(tmp_path: Path, content: bytes) -> None:
    assert reading(tmp_path / "t.csv", content).lines == ()


def test_other_formats(tmp_path: Path) -> None:
    assert reading(tmp_path / "t.jsonl", b'{"a": 1}\n') == Reading("jsonl", lines=('{"a": 1}',))
    assert reading(tmp_path / "t.bin", b"PAR1...").format == "parquet"
    assert reading(tmp_path / "t.csv", b"a\n", format="jsonl").format == "jsonl"


def table(**columns: object) -> Table:
    return Table("t", tuple(Column(name, values) for name, values in columns.items()))  # type: ignore[arg-type]


def test_a_tidy_table_needs_nothing() -> None:
    tidy = table(x=np.arange(12.0), colour=("red", "blue") * 6, y=np.arange(12.0) % 2)
    assert suggested_columns(tidy, ("y",)) == {}


def test_targets_of_numbers_are_standardised() -> None:
    numbers = table(x=np.arange(12.0), y=np.arange(12.0) * 1e5)
    assert suggested_columns(numbers, ("y",)) == {"y": ColumnSettings(scaling="standardize")}


def test_what_would_be_refused_is_settled() -> None:
    names = tuple(f"n{i}" for i in range(12))
    gaps = np.where(np.arange(12) % 5 == 0, np.nan, np.arange(12) / 7)
    found = suggested_columns(
        table(name=names, nothing=np.full(12, np.nan), x=gaps, y=gaps), ("y",)
    )
    assert found == {
        "name": ColumnSettings(use=False),
        "nothing": ColumnSettings(use=False),
        "y": ColumnSettings(missing="drop", scaling="standardize"),
        "*": ColumnSettings(missing="median"),
    }


def test_only_missing_inputs_that_are_used_count() -> None:
    nothing = table(nothing=np.full(12, np.nan), x=np.arange(12.0), y=("a", "b") * 6)
    assert suggested_columns(nothing, ("y",)) == {"nothing": ColumnSettings(use=False)}
