"""Readers of Parquet and JSON lines, whose columns polars types by itself."""

import json
import os
import subprocess
import sys
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tuiprop.cell import plain
from tuiprop.data.readers.dialect import MOST_COLUMNS, ReadOptions
from tuiprop.data.readers.source import HEAD, Source
from tuiprop.data.readers.text_columns import column_of, exact_texts, missing_numbers
from tuiprop.data.table import MISSING, Column, DataError, Origin, Table
from tuiprop.wording import counted, one_line, quote

if TYPE_CHECKING:
    import polars as pl

_PARQUET = b"PAR1"
_PROCESS = Path(__file__).with_name("parquet_process.py")


def read_parquet(source: Source, options: ReadOptions) -> Table:
    """Read a Parquet file.

    Raises:
        DataError: it is not Parquet, or a column is neither numbers nor text; see `column_of`.
    """
    import polars as pl

    content = source.content
    if len(content) < 12 or not content.startswith(_PARQUET) or not content.endswith(_PARQUET):
        cut = content.startswith(_PARQUET)
        raise source.error("the file ends too early" if cut else "this is not a Parquet file")
    command = [sys.executable, "-P", str(_PROCESS)]
    done = subprocess.run(
        command, input=content, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
    )
    if done.returncode:
        why = one_line(done.stdout.decode("utf-8", "replace")) if done.returncode == 1 else ""
        raise source.error(f"the Parquet file is damaged: {why or 'its reader crashed'}")
    return _table(source, pl.read_ipc_stream(BytesIO(done.stdout)), options, None)


def read_json_lines(source: Source, options: ReadOptions) -> Table:
    """Read a file with one JSON object per line; an absent key is a missing value.

    Raises:
        DataError: a line is no object, or a column neither numbers nor text; see `column_of`.
    """
    import polars as pl

    content = source.content
    lines = [n for n, line in enumerate(content.split(b"\n"), start=1) if line.strip()]
    if not lines:
        raise source.error("there are only blank lines")
    if not content.removeprefix(BOM_UTF8).lstrip().startswith(b"{"):  # polars would decompress it
        raise _line_at_fault(source, content, "it does not begin with an object")
    try:
        with _silent():
            frame = pl.read_ndjson(BytesIO(content), infer_schema_length=None)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise _line_at_fault(source, content, str(error)) from None
    if frame.height > len(lines):  # polars turns a blank line into an empty row
        blank = [not line.strip() for line in content.split(b"\n")]
        kept = [row for row in range(frame.height) if row < len(blank) and not blank[row]]
        frame = frame[kept]
    if frame.height != len(lines):
        raise _line_at_fault(source, content, "a line that is not one object")
    return _table(source, frame, options, lines)


def begins_with_object(head: bytes) -> bool:
    """Return True if the first line is a JSON object, or too long to tell."""
    line, end, _ = head.partition(b"\n")
    if not end and len(head) >= HEAD:
        return True
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _line_at_fault(source: Source, content: bytes, otherwise: str) -> DataError:
    """Return the error of the first line that is not a JSON object, else polars' message."""
    allowed = "one JSON object per line"
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(
                line.decode("utf-8-sig" if number == 1 else "utf-8"), parse_constant=_no
            )
        except UnicodeDecodeError:
            return source.invalid(f"line {number}", "bytes that are not UTF-8", allowed)
        except json.JSONDecodeError as error:
            place = f"line {number}, character {error.colno}"
            return source.error(f"this is not JSON: {one_line(error.msg)}", place)
        except (ValueError, RecursionError) as error:
            return source.error(f"this is not JSON: {one_line(error)}", f"line {number}")
        if not isinstance(value, dict):
            return source.invalid(f"line {number}", quote(line.decode("utf-8")), allowed)
    return source.error(f"this is not {allowed}: {one_line(otherwise)}")


def _no(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


@contextmanager
def _silent() -> Iterator[None]:
    """Suppress standard error, where polars writes a panic before it can be caught."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _table(
    source: Source, frame: "pl.DataFrame", options: ReadOptions, lines: list[int] | None
) -> Table:
    if not frame.width or not frame.height:
        raise source.error(
            f"the table has {counted(frame.height, 'row')} and {counted(frame.width, 'column')}"
        )
    if frame.width > MOST_COLUMNS:
        raise source.invalid("", f"{frame.width:,}", f"at most {MOST_COLUMNS:,} columns")
    names = [plain(name) for name in frame.columns]
    if "" in names:
        raise source.error("a column has no name")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise source.error(f"two columns are called {quote(twice)}")
    frame.columns = names
    origin = Origin(source.name, frame.height, lines)
    columns = (_column(source, origin, cells, options) for cells in frame.get_columns())
    return Table(source.name, tuple(columns), lines)


def _column(source: Source, origin: Origin, cells: "pl.Series", options: ReadOptions) -> Column:
    import polars as pl

    name = cells.name
    if cells.dtype.is_numeric() and name not in options.text:
        cells = missing_numbers(cells, options)
        values = cells.cast(pl.Float64).to_numpy().copy()
        infinite = np.isinf(values)
        if not infinite.any():
            whole = not cells.dtype.is_float()
            texts = exact_texts(cells.cast(pl.String), values) if whole else None
            return Column(name, values, texts)
        if name not in options.unchecked:
            row = int(infinite.argmax())
            place = f"{origin.place(row)}, column {quote(name)}"
            raise source.invalid(place, f'"{cells[row]}"', "finite numbers")
    if cells.dtype == pl.Null:
        return Column(name, np.full(len(cells), np.nan))
    if cells.dtype.is_nested() or cells.dtype in (pl.Binary, pl.Object):
        if name not in options.unchecked:
            place, kind = f"column {quote(name)}", str(cells.dtype).split("(")[0].lower()
            raise source.invalid(place, f"cells of type {kind}", "numbers, text, true or false")
        return Column(name, (MISSING,) * len(cells))
    texts_of = cells.cast(pl.String, strict=False)
    return column_of(source, name, texts_of, options, origin.place)
