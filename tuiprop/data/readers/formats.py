"""Reading of data files in any supported format, and of standard input, into tables."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np

from tuiprop.cell import matcher
from tuiprop.data.readers.arrays import read_idx, read_numpy
from tuiprop.data.readers.csv_strict import read_delimited
from tuiprop.data.readers.dialect import ReadOptions
from tuiprop.data.readers.frames import begins_with_object, read_json_lines, read_parquet
from tuiprop.data.readers.source import Source
from tuiprop.data.table import MISSING, Column, DataError, Origin, Table
from tuiprop.training.experiment import DataSettings
from tuiprop.wording import quote


@dataclass(frozen=True)
class Format:
    """A format of data files."""

    words: str
    read: Callable[[Source, ReadOptions, DataSettings], Table]
    suffixes: tuple[str, ...]
    beginnings: tuple[bytes, ...] = ()
    """The bytes at the beginning of files of this format, whatever their suffix."""
    confirms: Callable[[bytes], bool] = lambda _: True
    """The test whether the first bytes of such a file are really of this format."""


READERS: dict[str, Format] = {
    "parquet": Format(
        "Parquet",
        lambda source, options, _: read_parquet(source, options),
        (".parquet", ".pq"),
        (b"PAR1",),
    ),
    "numpy": Format(
        "NumPy arrays",
        lambda source, options, settings: read_numpy(source, settings.examples, options),
        (".npy", ".npz"),
        (b"\x93NUMPY", b"PK\x03\x04", b"PK\x05\x06"),
    ),
    "idx": Format(
        "IDX, the format of the MNIST files",
        lambda source, _, settings: read_idx(source, settings.labels),
        (".idx", ".ubyte"),
        (b"\0\0\x08", b"\0\0\x09", b"\0\0\x0b", b"\0\0\x0c", b"\0\0\x0d", b"\0\0\x0e"),
    ),
    "jsonl": Format(
        "JSON lines",
        lambda source, options, _: read_json_lines(source, options),
        (".jsonl", ".ndjson", ".json"),
        (b"{",),
        begins_with_object,
    ),
    "csv": Format(
        "CSV and TSV",
        lambda source, options, _: read_delimited(source, options),
        (".csv", ".tsv", ".tab", ".txt", ".data"),
    ),
}
"""The readers by the value of `data.format`."""


def read_table(path: str | Path, settings: DataSettings | None = None) -> Table:
    """Read a file, or standard input if the path is "-"; gzip and zstd are decompressed.

    Args:
        path: the file.
        settings: the settings of the experiment. What they leave open is detected: the format by
            the first bytes, else by the suffix, else CSV.

    Raises:
        DataError: the file cannot be read, or is not a table.
    """
    settings = settings or DataSettings(source=str(path))
    table = _read(Source(str(path)), settings)
    validation = settings.validation_file
    if validation is None:
        return table
    others = msgspec.structs.replace(settings, labels=None)
    return with_validation(table, _read(Source(validation), others))


def _read(source: Source, settings: DataSettings) -> Table:
    return READERS[settings.format or format_of(source)].read(
        source, read_options(settings), settings
    )


def with_validation(table: Table, validation: Table) -> Table:
    """Return a table with the rows of validation examples after its own.

    Args:
        table: the training examples.
        validation: a table with the same columns, in any order; others are ignored.

    Raises:
        DataError: a column is absent, or is text where the table has numbers.
    """
    columns = tuple(_joined(column, validation) for column in table.columns)
    origin = Origin(validation.name, validation.rows, validation.lines)
    return Table(table.name, columns, table.lines, origin)


def _joined(column: Column, validation: Table) -> Column:
    other = validation[column.name]
    if isinstance(column.values, tuple):
        return replace(column, values=column.values + _respelled(column, other))
    if not isinstance(other.values, tuple):
        values = np.concatenate([column.values, other.values])
        exact = None
        if column.exact or other.exact:
            exact = column.as_text() + other.as_text()
        return replace(column, values=values, exact=exact, notes=column.notes + other.notes)
    if column.missing.all():
        return replace(column, values=column.as_text() + other.values)
    row, text = next((i, cell) for i, cell in enumerate(other.values) if cell != MISSING)
    if other.refusal:
        raise DataError(other.refusal)
    raise DataError.invalid(
        quote(text),
        "numbers, as among the training examples",
        file=validation.name,
        place=f"{validation.place(row)}, column {quote(column.name)}",
    )


def _respelled(column: Column, other: Column) -> tuple[str, ...]:
    """Return the cells of `other` as `column` spells them, if it has them."""
    names = column.categories.names
    match = matcher(names)
    found = {cell: match(cell) for cell in set(other.as_text()) - {MISSING}}
    spelled = {cell: cell if place is None else names[place] for cell, place in found.items()}
    return tuple(spelled.get(cell, cell) for cell in other.as_text())


def read_options(settings: DataSettings) -> ReadOptions:
    """Return the options for cells in these settings."""
    columns = settings.columns.items()
    return ReadOptions(
        settings.delimiter,
        settings.decimal or ".",
        settings.header,
        settings.missing_values,
        frozenset(name for name, column in columns if not column.use),
        frozenset(name for name, column in columns if column.encoding in ("one-hot", "ordinal")),
    )


def format_of(source: Source) -> str:
    """Return the format of a file: by its first bytes, else by its suffix, else CSV."""
    head = source.head
    for name, each in READERS.items():
        if head.startswith(each.beginnings) and each.confirms(head):
            return name
    for name, each in READERS.items():
        if source.suffix in each.suffixes:
            return name
    return "csv"
