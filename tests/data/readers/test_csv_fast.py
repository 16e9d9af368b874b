from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.data.files import cells
from tuiprop.data.readers import csv_fast, csv_strict
from tuiprop.data.readers.csv_fast import read_fast
from tuiprop.data.readers.dialect import ReadOptions
from tuiprop.data.readers.source import Source
from tuiprop.data.table import Table


def plainly(folder: Path, content: bytes, options: ReadOptions = ReadOptions()) -> Table | None:  # noqa: B008
    path = folder / "t.csv"
    path.write_bytes(content)
    found = read_fast(Source(str(path)), options)
    return None if found is None else found[1]


def carefully(folder: Path, options: ReadOptions = ReadOptions()) -> Table:  # noqa: B008
    return csv_strict._StrictReader(Source(str(folder / "t.csv")), options).read()[1]


CELLS = st.sampled_from(
    ["1", "-2.5", "3e4", "", " 7", "NA", "x", "y z", "inf", "1e999", "1,5", "0x1", ".", "5.", "nan"]
)


@given(
    st.integers(1, 3).flatmap(
        lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=6)
    ),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([".", ","]),
    st.booleans(),
)
@settings(max_examples=100)
@example([["1", "x"], ["2", "y z"]], ",", "\n", ".", True)
def test_what_is_read_quickly_is_what_is_read_carefully(
    rows: list[list[str]], delimiter: str, end: str, decimal: str, header: bool
) -> None:
    names = [["a", "b", "c"][: len(rows[0])]] if header else []
    text = "".join(delimiter.join(row) + end for row in [*names, *rows])
    options = ReadOptions(decimal=decimal)
    with TemporaryDirectory() as folder:
        quick = plainly(Path(folder), text.encode(), options)
        if quick is None:
            return
        careful = carefully(Path(folder), options)
    assert cells(quick) == cells(careful)
    assert list(quick.lines or ()) == list(careful.lines or ())


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n1,x\n2,y\n",
        b"1;2;3\n4;5;6",
        b"a\tb\r\n1\t\xc3\xa4\r\n2\tb\r\n",
        b"a,b,c\n1,,3\n,5,6\n",
    ],
)
def test_plain_tables_are_read_quickly(tmp_path: Path, content: bytes) -> None:
    table = plainly(tmp_path, content)
    assert table is not None
    assert cells(table) == cells(carefully(tmp_path))


@pytest.mark.parametrize(
    "content",
    [
        b'a,b\n1,"2"\n',
        b"a,b\n1,2\n3,4,\n",
        b"a,b\n1,2\n3\n",
        b"a,b\n1,2\n\n3,4\n",
        b"a,b\n1,2\n3,inf\n",
        b"a,b\n1,2\n3,x\n",
        b"a,b\n1,x\n2,3\n",
        b"a,b\n1,\xff\n",
        b"a,b\n1,2\r3,4\n",
        b"\xef\xbb\xbfa,b\n1,2\n",
        b"a,b\n",
        b"a;b\n1,5;2\n1,6;3\n",
    ],
)
def test_what_calls_for_a_second_look_is_left_alone(tmp_path: Path, content: bytes) -> None:
    assert plainly(tmp_path, content) is None


@pytest.mark.parametrize("block", [1, 7, 64, 1000])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_blocks_end_with_lines(
    tmp_path: Path, block: int, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_fast, "BLOCK", block)
    numbers = np.random.default_rng(0).normal(size=(50, 3))
    lines = [",".join([*map(repr, row.tolist()), f"t{i}"]) for i, row in enumerate(numbers)]
    for last in ("", end):
        table = plainly(tmp_path, (end.join(["a,b,c,d", *lines]) + last).encode())
        assert table is not None
        read = np.column_stack([column.values for column in table.columns[:3]])
        np.testing.assert_array_equal(read, numbers)
        assert table["d"].values == tuple(f"t{i}" for i in range(50))
        assert table.place(49) == "line 51"
