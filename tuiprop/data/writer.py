"""Tables as files for other programs."""

import csv
import io
from collections.abc import Mapping

from tuiprop.core.array import Array
from tuiprop.data.table import Table

SUFFIXES = (".csv", ".parquet", ".jsonl")
"""The suffixes of the formats that columns are written in: CSV, Parquet, JSON lines."""


def to_csv(table: Table) -> str:
    """Return the table as CSV with a header, commas, decimal points and full precision."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.names)
    writer.writerows(zip(*(column.as_text() for column in table.columns), strict=True))
    return text.getvalue()


def encoded(columns: Mapping[str, Array | tuple[str, ...]], suffix: str) -> bytes:
    """Return columns as the content of a file, numbers in full precision.

    Args:
        columns: columns of equal length, by name.
        suffix: one of `SUFFIXES`, which decides the format.
    """
    import polars as pl

    frame = pl.DataFrame({name: pl.Series(cells) for name, cells in columns.items()})
    stream = io.BytesIO()
    if suffix == ".parquet":
        frame.write_parquet(stream)
    elif suffix == ".jsonl":
        frame.write_ndjson(stream)
    else:
        frame.write_csv(stream)
    return stream.getvalue()
