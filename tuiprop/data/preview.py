"""How a file is read, for someone who is to say it otherwise; and what suits a table by itself."""

from dataclasses import dataclass

import msgspec

from tuiprop.data.data_warnings import looks_like_identifier
from tuiprop.data.preparation.choices import MOST_CATEGORIES
from tuiprop.data.preparation.target import looks_like_classes
from tuiprop.data.readers.dialect import guess
from tuiprop.data.readers.formats import asked_of, format_of
from tuiprop.data.readers.source import Source
from tuiprop.data.table import Column, DataError, Table
from tuiprop.training.experiment import EVERY_COLUMN, ColumnSettings, DataSettings

LINES = 20
"""Of a text file that are shown where it is no table."""

TEXT = ("csv", "jsonl")
"""Formats that a person can read."""


@dataclass(frozen=True)
class Reading:
    """How a file is read: as the settings say, else as it is guessed."""

    format: str
    """One of `FORMATS`."""
    delimiter: str = ""
    """Of CSV; empty where it cannot be told."""
    header: str = ""
    """Of CSV: what the first line names, "columns", "classes" or "nothing"."""
    lines: tuple[str, ...] = ()
    """The first of a text."""


def reading_of(settings: DataSettings) -> Reading:
    """How the file of these settings is read.

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
        dialect = guess(source, text, asked_of(settings))
    except DataError:
        return Reading(name, settings.delimiter or "", lines=lines)
    header = "classes" if dialect.classes else "columns" if dialect.skipped else "nothing"
    return Reading(name, dialect.delimiter, header, lines)


def _beginning(source: Source) -> str:
    """The first whole lines; empty where the file is no text."""
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
    """What is done with the columns of a table of which nobody has said anything yet.

    What would be refused otherwise is settled: text that names the rows, columns without a value
    and columns of numbers with other text are left out, missing numbers are taken for the median
    and missing text for a category of its own, and rows without a target are left out. Targets
    that are numbers are standardised, as those far from 1 are learnt badly or not at all.

    Args:
        table: of the columns.
        targets: names of the columns to be predicted.
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
    """The settings with what suits the table, where they say nothing of its columns."""
    if settings.columns:
        return settings
    targets = settings.targets or table.names[-1:]
    return msgspec.structs.replace(settings, columns=suggested_columns(table, targets))
