"""A preview of how a file is read, and settings that suit its table."""

from dataclasses import dataclass

import msgspec

from tuiprop.data.data_warnings import looks_like_identifier
from tuiprop.data.preparation.choices import MOST_CATEGORIES
from tuiprop.data.preparation.target import looks_like_classes
from tuiprop.data.readers.dialect import guess
from tuiprop.data.readers.formats import format_of, read_options
from tuiprop.data.readers.source import Source
from tuiprop.data.table import Column, DataError, Table
from tuiprop.training.experiment import EVERY_COLUMN, ColumnSettings, DataSettings

LINES = 20
"""The number of lines of a text file that are shown if it is not a table."""

TEXT = ("csv", "jsonl")
"""The formats that people can read."""


@dataclass(frozen=True)
class Reading:
    """How a file is read: as the settings say, and as detected where they say nothing."""

    format: str
    """One of `FORMATS`."""
    delimiter: str = ""
    """The delimiter of a CSV file; empty if it cannot be detected."""
    header: str = ""
    """The meaning of the first line of a CSV file: "columns", "classes" or "nothing"."""
    lines: tuple[str, ...] = ()
    """The first lines of a text file."""


def reading_of(settings: DataSettings) -> Reading:
    """Return how the file of these settings is read.

    Raises:
        DataError: there is no such file, or it cannot be opened or decompressed.
    """
    source = Source(settings.source)
    name = settings.format or format_of(source)
    text = _beginning(source) if name in TEXT else ""
    lines = tuple(text.splitlines()[:LINES])
    if name != "csv" or not text:
        return Reading(name, lines=lines)
    try:
        dialect = guess(source, text, read_options(settings))
    except DataError:
        return Reading(name, settings.delimiter or "", lines=lines)
    header = "classes" if dialect.classes else "columns" if dialect.skipped else "nothing"
    return Reading(name, dialect.delimiter, header, lines)


def _beginning(source: Source) -> str:
    """Return the first whole lines; "" if the file is not text."""
    head = source.head
    if len(head) == head.rfind(b"\n") + 1 or source.size == len(head):
        whole = head
    else:
        whole = head[: head.rfind(b"\n") + 1] or head
    try:
        text = whole.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""
    return "" if "\0" in text else text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\n")


def suggested_columns(table: Table, targets: tuple[str, ...]) -> dict[str, ColumnSettings]:
    """Return settings that make a table usable of whose columns nothing is known.

    They leave out columns that would be refused: text that identifies rows, columns without a
    value, and columns of numbers mixed with text. Missing numbers are replaced by the median,
    missing text is a category of its own, and rows without a target are dropped. Numeric targets
    are standardised, as networks learn targets far from 1 badly.

    Args:
        table: the data.
        targets: the names of the target columns.
    """
    columns = {}
    for column in table.columns:
        if column.name in targets:
            own = ColumnSettings(
                missing="drop" if column.missing.any() else None,
                scaling=None if looks_like_classes(column) else "standardize",
            )
            if own != ColumnSettings():
                columns[column.name] = own
        elif _is_useless(column):
            columns[column.name] = ColumnSettings(use=False)
    inputs = [each for each in table.columns if each.name not in (*targets, *columns)]
    if any(column.missing.any() for column in inputs):
        columns[EVERY_COLUMN] = ColumnSettings(missing="median")
    return columns


def _is_useless(column: Column) -> bool:
    if column.missing.all() or column.refusal:
        return True
    if not column.is_text:
        return False
    return looks_like_identifier(column) or len(column.categories.names) > MOST_CATEGORIES


def with_suggestions(settings: DataSettings, table: Table) -> DataSettings:
    """Return the settings, completed by suggestions if they say nothing about columns."""
    if settings.columns:
        return settings
    targets = settings.targets or table.names[-1:]
    return msgspec.structs.replace(settings, columns=suggested_columns(table, targets))
