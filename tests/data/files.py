"""Files with data to test with, and what was read from them."""

import gzip
import io
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from numpy.typing import NDArray

from tuiprop.data.readers import frames, parquet_process
from tuiprop.data.readers.formats import read_table
from tuiprop.data.readers.source import _zstd
from tuiprop.data.table import DataError, Table
from tuiprop.training.experiment import DataSettings, parse


def settings(path: str | Path, **data: Any) -> DataSettings:
    """`[data]` for a file."""
    return parse({"data": {"source": str(path), **data}}).data


def read(path: Path, content: bytes | str, **data: Any) -> Table:
    """The table of a file that is written first."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(path, settings(path, **data))


def cells(table: Table) -> dict[str, list[object]]:
    """The cells of each column; None for a missing number."""
    return {
        column.name: [None if cell != cell else cell for cell in column.values]
        for column in table.columns
    }


def table_or_sentence(content: bytes, **data: Any) -> None:
    """Read it: there comes a table of which every column has all rows, or one sentence."""
    sentence = ""
    with TemporaryDirectory() as folder:
        try:
            table = read(Path(folder) / "t", content, **data)
        except DataError as error:
            sentence = str(error)
    if sentence:
        assert "\n" not in sentence
        return
    assert table.rows > 0
    assert {len(column.values) for column in table.columns} == {table.rows}


def convert_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Parquet files that are whole be converted here, where polars is imported already."""

    def run(command: list[str], *, input: bytes, **_: Any) -> "subprocess.CompletedProcess[bytes]":  # noqa: A002
        stdin, stdout = (SimpleNamespace(buffer=io.BytesIO(each)) for each in (input, b""))
        with patch("sys.stdin", stdin), patch("sys.stdout", stdout):
            parquet_process.main()
        return subprocess.CompletedProcess(command, 0, stdout.buffer.getvalue())

    monkeypatch.setattr(frames, "subprocess", SimpleNamespace(**vars(subprocess) | {"run": run}))


def idx(array: NDArray[Any]) -> bytes:
    """The array as an IDX file, after the description of the format."""
    kinds = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}
    kind = kinds[array.dtype.str[1:]]
    header = struct.pack(f">HBB{array.ndim}I", 0, kind, array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".zst": _zstd().compress,
}
"""By suffix."""
