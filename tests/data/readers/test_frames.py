import datetime
import io
import json
import os
import zlib
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.data.files import (
    COMPRESSIONS,
    cells,
    convert_in_this_process,
    read,
    table_or_sentence,
)
from tests.refusals import refused
from tuiprop.data.readers import frames
from tuiprop.data.table import DataError

FRAME = pl.DataFrame(
    {
        "x": [1.5, None, 3.0],
        "n": [1, 2, 3],
        "t": [" a", None, "b "],
        "flag": [True, False, True],
        "day": [datetime.date(2024, 1, day) for day in (1, 2, 3)],
        "none": [None, None, None],
    }
)
EXPECTED = {
    "x": [1.5, None, 3.0],
    "n": [1.0, 2.0, 3.0],
    "t": ["a", "", "b"],
    "flag": ["true", "false", "true"],
    "day": ["2024-01-01", "2024-01-02", "2024-01-03"],
    "none": [None, None, None],
}


def parquet(frame: pl.DataFrame) -> bytes:
    stream = io.BytesIO()
    frame.write_parquet(stream)
    return stream.getvalue()


PARQUET = parquet(FRAME.select("x", "n", "t"))


@pytest.mark.parametrize("suffix", COMPRESSIONS)
def test_parquet_is_read_as_it_is_typed(tmp_path: Path, suffix: str) -> None:
    table = read(tmp_path / f"t.bin{suffix}", COMPRESSIONS[suffix](parquet(FRAME)))
    assert cells(table) == EXPECTED
    assert table.place(1) == "row 2"


@pytest.mark.parametrize("name", ["t.jsonl", "t.dat"])
@pytest.mark.parametrize("suffix", COMPRESSIONS)
def test_json_lines_are_read_as_they_are_typed(tmp_path: Path, suffix: str, name: str) -> None:
    text = (
        '{"x": 1.5, "t": " a", "flag": true}\n\n{"t": null, "x": null, "flag": false}\n'
        '{"x": 3, "t": "b ", "flag": true}'
    )
    table = read(tmp_path / f"{name}{suffix}", COMPRESSIONS[suffix](text.encode()))
    assert cells(table) == {key: EXPECTED[key] for key in ("x", "t", "flag")}
    assert table.place(1) == "line 3"


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ('{"a": 1}\nnope\n', ("line 2, character 1", "Expecting value")),
        ('{"a": 1}\n[1]\n', ("line 2", '"[1]"')),
        ('{"a": 1}\n{"a": NaN}\n', ("line 2", "NaN is not JSON")),
        ('{"a": 1}\n{"a": 2\n', ("line 2, character 8", "Expecting ',' delimiter")),
        ('{"a": {"b": 1}}\n', ('column "a"', "cells of type struct")),
        ('{"a": [1]}\n', ('column "a"', "cells of type list")),
        ("{}\n", ("", "1 row and 0 columns")),
        ("\n\n", ("", "only blank lines")),
        ('{"a": 1}\n{"a": "\xff"}\n'.encode("latin-1"), ("line 2", "bytes that are not UTF-8")),
        (b"x\x01\0\0\0\0\0\0\0", ("line 1, character 1", "not JSON")),
        (zlib.compress(b'{"a": 1}\n'), ("line 1", "bytes that are not UTF-8")),
        ("7\n", ("line 1", '"7"')),
    ],
)
def test_what_is_not_json_lines_is_one_sentence(
    tmp_path: Path, text: str | bytes, fields: tuple[str, str]
) -> None:
    path = tmp_path / "t.jsonl"
    with refused(DataError, *fields, file=str(path)):
        read(path, text)


def test_what_is_not_parquet_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    convert_in_this_process(monkeypatch)
    path = tmp_path / "t.parquet"
    for content, words in (
        (b"", "not a Parquet file"),
        (b"a,b\n1,2\n", "not a Parquet file"),
        (PARQUET[:-1], "ends too early"),
        (PARQUET[:40], "ends too early"),
    ):
        with refused(DataError, "", words, file=str(path)):
            read(path, content)
    for frame, fields in (
        (pl.DataFrame({"a": [1.0, np.inf]}), ('row 2, column "a"', '"inf"')),
        (pl.DataFrame({"a": [[1]]}), ('column "a"', "cells of type list")),
        (pl.DataFrame({"a": [b"x"]}), ('column "a"', "cells of type binary")),
        (pl.DataFrame({"a": pl.Series([], dtype=pl.Float64)}), ("", "0 rows and 1 column")),
        (pl.DataFrame({"": [1]}), ("", "a column has no name")),
    ):
        with refused(DataError, *fields):
            read(path, parquet(frame))
    unused = {"a": {"use": False}}
    table = read(path, parquet(pl.DataFrame({"a": [[1]], "b": [2]})), columns=unused)
    assert cells(table) == {"a": [""], "b": [2.0]}


def test_numbers_that_are_categories_are_text(tmp_path: Path) -> None:
    coded = {"n": {"encoding": "one-hot"}}
    assert cells(read(tmp_path / "t.parquet", PARQUET, columns=coded))["n"] == ["1", "2", "3"]


def test_a_reader_that_is_aborted_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "aborted.py"
    script.write_text(
        "import os, resource\nresource.setrlimit(resource.RLIMIT_CORE, (0, 0))\nos.abort()"
    )
    monkeypatch.setattr(frames, "_PROCESS", script)
    with refused(DataError, "", "its reader crashed", file="t.parquet"):
        read(tmp_path / "t.parquet", PARQUET)


def test_a_panic_within_polars_writes_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with frames._silent():
        os.write(2, b"thread panicked")
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


@given(st.integers(4, len(PARQUET) - 5), st.integers(1, 255))
@settings(max_examples=4)
def test_a_changed_parquet_file_gives_a_table_or_one_sentence(place: int, change: int) -> None:
    content = bytearray(PARQUET)
    content[place] ^= change
    table_or_sentence(bytes(content), format="parquet")


@given(
    st.binary(max_size=60)
    | st.text('{}[]":,ab1.5eE-\n truefalsn').map(str.encode)
    | st.lists(
        st.dictionaries(
            st.sampled_from("abc"), st.none() | st.booleans() | st.floats() | st.text(max_size=3)
        ),
        max_size=4,
    ).map(lambda rows: "\n".join(map(json.dumps, rows)).encode())
)
@example(b"{}")
@example(b'{"a":1}{"a":2}')
@example(b'{"a":1,"a":2}')
@settings(max_examples=50)
def test_any_bytes_as_json_lines_give_a_table_or_one_sentence(content: bytes) -> None:
    table_or_sentence(content, format="jsonl")
