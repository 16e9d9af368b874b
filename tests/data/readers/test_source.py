import gzip
import io
import os
import threading
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.files import COMPRESSIONS, cells, read, table_or_sentence
from tests.refusals import refused
from tuiprop.data.readers.formats import read_table
from tuiprop.data.readers.source import Source
from tuiprop.data.table import DataError

CSV = b"a,b\n" + b"1,2\n" * 500


@pytest.mark.parametrize("suffix", COMPRESSIONS)
@pytest.mark.parametrize("named", [True, False])
def test_compression_is_known_by_its_first_bytes(tmp_path: Path, suffix: str, named: bool) -> None:
    path = tmp_path / ("t.csv" + (suffix if named else ""))
    table = read(path, COMPRESSIONS[suffix](CSV))
    assert cells(table) == {"a": [1.0] * 500, "b": [2.0] * 500}
    assert Source(str(path)).suffix == ".csv"
    assert Source(str(path)).size == (None if suffix else len(CSV))


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@given(st.data())
@settings(max_examples=20)
def test_a_damaged_compression_is_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, data: st.DataObject
) -> None:
    whole = COMPRESSIONS[suffix](CSV)
    path = tmp_path_factory.mktemp("d") / f"t.csv{suffix}"
    cut = data.draw(st.integers(5, len(whole) - 1))
    with pytest.raises(DataError) as caught:
        read(path, whole[:cut])
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    place = data.draw(st.integers(4, len(whole) - 1))
    changed = bytearray(whole)
    changed[place] ^= data.draw(st.integers(1, 255))
    table_or_sentence(bytes(changed))


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_what_decompresses_to_too_much_is_refused(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"a.jsonl{suffix}"
    path.write_bytes(COMPRESSIONS[suffix](bytes(20_000_000)))
    monkeypatch.setattr("tuiprop.data.readers.source.LARGEST", 2**22)
    tracemalloc.start()
    with refused(DataError, "", "decompresses to more than 4,194,304 bytes", file=str(path)):
        read_table(str(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**23


def test_what_follows_in_a_gzip_file_of_several_parts_is_read(tmp_path: Path) -> None:
    table = read(tmp_path / "t.csv.gz", gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n"))
    assert cells(table) == {"a": [1.0, 3.0], "b": [2.0, 4.0]}


@pytest.mark.parametrize(
    "content",
    [CSV, gzip.compress(CSV), b'a,b\n"x, y",1\nz,2\n'],
    ids=["plain", "compressed", "quoted"],
)
def test_standard_input_is_a_file(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    table = read_table("-")
    assert table.names == ("a", "b")
    assert table.name == "standard input"


def test_errors_in_standard_input_name_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"a,b\n1\n")))
    with refused(DataError, "line 2", "1", "2 cells", file="standard input"):
        read_table("-")
    monkeypatch.setattr("sys.stdin", None)
    with refused(DataError, "", "cannot be read here", file="standard input"):
        read_table("-")


def test_a_named_pipe_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(CSV,))
    writer.start()
    table = read_table(path)
    writer.join()
    assert table.rows == 500
