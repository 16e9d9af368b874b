"""The user's own data: a file of any format that is known, or standard input, as a table."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np

from tuiprop.cell import matcher
from tuiprop.data.readers.arrays import read_idx, read_numpy
from tuiprop.data.readers.csv_strict import read_delimited
from tuiprop.data.readers.dialect import Asked
from tuiprop.data.readers.frames import begins_with_object, read_json_lines, read_parquet
from tuiprop.data.readers.source import Source
from tuiprop.data.table import MISSING, Column, DataError, Origin, Table
from tuiprop.training.experiment import DataSettings
from tuiprop.wording import quote


@dataclass(frozen=True)
class Format:
    """One format of files with data."""

    words: str
    read: Callable[[Source, Asked, DataSettings], Table]
    suffixes: tuple[str, ...]
    beginnings: tuple[bytes, ...] = ()
    """Bytes at which a file of this format is known whatever it is called."""
    confirms: Callable[[bytes], bool] = lambda _: True
    """Whether the first bytes of such a file are those of this format indeed."""


READERS: dict[str, Format] = {
    "parquet": Format(
        "Parquet",
        lambda source, asked, _: read_parquet(source, asked),
        (".parquet", ".pq"),
        (b"PAR1",),
    ),
    "numpy": Format(
        "NumPy arrays",
        lambda source, asked, settings: read_numpy(source, settings.examples, asked),
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
        lambda source, asked, _: read_json_lines(source, asked),
        (".jsonl", ".ndjson", ".json"),
        (b"{",),
        begins_with_object,
    ),
    "csv": Format(
        "CSV and TSV",
        lambda source, asked, _: read_delimited(source, asked),
        (".csv", ".tsv", ".tab", ".txt", ".data"),
    ),
}
"""By the names that `data.format` has."""


def read_table(path: str | Path, settings: DataSettings | None = None) -> Table:
    """Read a file or, where the path is "-", standard input; decompressed, if gzip or zstd.

    Args:
        path: the file.
        settings: what the experiment says about it; the rest is guessed: the format by the first
            bytes, else by the suffix, else CSV.

    Raises:
        DataError: the file cannot be read, or is no table; one sentence with file and place.
    """
    settings = settings or DataSettings(source=str(path))
    table = _read(Source(str(path)), settings)
    validation = settings.validation_file
    if validation is None:
        return table
    others = msgspec.structs.replace(settings, labels=None)
    return appended(table, _read(Source(validation), others))


def _read(source: Source, settings: DataSettings) -> Table:
    return READERS[settings.format or format_of(source)].read(source, asked_of(settings), settings)


def appended(table: Table, validation: Table) -> Table:
    """A table with the rows of validation examples after its own.

    Args:
        table: the training examples.
        validation: with the same columns, in any order, and others, which are left out.

    Raises:
        DataError: a column is not there, or is text where the other one is numbers.
    """
    columns = tuple(_joined(column, validation) for column in table.columns)
    origin = Origin(validation.name, validation.rows, validation.lines)
    return Table(table.name, columns, table.lines, origin)


def _joined(column: Column, validation: Table) -> Column:
    other = validation[column.name]
    if isinstance(column.values, tuple):
        return replace(column, values=column.values + _as_in(column, other))
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


def _as_in(column: Column, other: Column) -> tuple[str, ...]:
    """The cells of the other column; those that the column has too as it writes them."""
    names = column.categories.names
    match = matcher(names)
    found = {cell: match(cell) for cell in set(other.as_text()) - {MISSING}}
    spelled = {cell: cell if place is None else names[place] for cell, place in found.items()}
    return tuple(spelled.get(cell, cell) for cell in other.as_text())


def asked_of(settings: DataSettings) -> Asked:
    """What the settings say about a file."""
    columns = settings.columns.items()
    return Asked(
        settings.delimiter,
        settings.decimal or ".",
        settings.header,
        settings.missing_values,
        frozenset(name for name, column in columns if not column.use),
        frozenset(name for name, column in columns if column.encoding in ("one-hot", "ordinal")),
    )


def format_of(source: Source) -> str:
    """The format of a file: by its first bytes, else by its suffix, else CSV."""
    head = source.head
    for name, each in READERS.items():
        if head.startswith(each.beginnings) and each.confirms(head):
            return name
    for name, each in READERS.items():
        if source.suffix in each.suffixes:
            return name
    return "csv"
