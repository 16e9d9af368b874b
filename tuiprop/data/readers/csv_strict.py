"""Strict reader of CSV and TSV, which names every faulty cell by its line and column.

Plain files are read by the fast reader (`csv_fast`); all others are read as text, cell by cell.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tuiprop.cell import is_number
from tuiprop.data.readers.csv_fast import read_fast
from tuiprop.data.readers.dialect import (
    Dialect,
    ReadOptions,
    delimiter_of,
    guess,
    named_classes,
    records,
)
from tuiprop.data.readers.source import HEAD, Source
from tuiprop.data.readers.text_columns import column_of
from tuiprop.data.table import Column, Table
from tuiprop.wording import counted

if TYPE_CHECKING:
    import polars as pl


def read_delimited(source: Source, options: ReadOptions) -> Table:
    """Read a text file in UTF-8.

    Blanks around cells and blank lines are ignored. A column is numeric if every cell that is not
    missing is a number, and text otherwise.

    Raises:
        DataError: the file is not a table, a cell is infinite, or a column has decimal commas
            although `data.decimal` does not say so.
    """
    dialect, table = read_fast(source, options) or _StrictReader(source, options).read()
    if dialect.announced not in (None, table.rows):
        raise source.error(f"{dialect.announced} rows are announced, {table.rows} follow", "line 1")
    if not dialect.classes:
        return table
    *columns, target = table.columns
    codes = target.values
    if isinstance(codes, tuple):  # also if the column is categorical
        if not all(map(is_number, codes)):
            raise source.invalid("the last column", "text", "the numbers of the classes in line 1")
        codes = np.array(codes, np.float64)
    names = named_classes(source, dialect, codes.tolist())
    target = Column(target.name, names, classes=dialect.classes)
    return Table(table.name, (*columns, target), table.lines)


class _StrictReader:
    """The reader of one file."""

    def __init__(self, source: Source, options: ReadOptions) -> None:
        self.source = source
        self.options = options
        self.text = self._decoded()
        self.dialect = guess(source, self.text, options)
        self.names = self.dialect.names

    def read(self) -> tuple[Dialect, Table]:
        """Return the table and its dialect."""
        frame = self._frame()[self.dialect.skipped :]
        if not frame.height:
            raise self.source.error("there is a header, but no rows")
        columns = tuple(map(self._column, self.names, frame.get_columns()))
        return self.dialect, Table(self.source.name, columns, self.lines)

    @cached_property
    def lines(self) -> range | list[int]:
        """The line at which each row begins."""
        skipped = self.dialect.skipped
        if '"' not in self.text and "\n\n" not in self.text and not self.text.startswith("\n"):
            count = self.text.count("\n") + (not self.text.endswith("\n"))
            return range(1 + skipped, count + 1)
        return [line for line, _ in self._records()][skipped:]

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        return records(self.source, self.text, self.dialect.delimiter)

    def _decoded(self) -> str:
        """Return the text of the file without byte-order mark, with line feeds as line ends."""
        data = self.source.content
        if not data:
            raise self.source.error("the file is empty")
        allowed = "text in UTF-8"
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise self.source.invalid("line 1", "text in UTF-16", allowed)
        if b"\0" in data:
            place = self._place_of(data, data.index(b"\0"))
            raise self.source.invalid(place, "a NUL byte", "text")
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            place = self._place_of(data, len(data) - len(error.object) + error.start)
            raise self.source.invalid(place, "other bytes", allowed) from None
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def _place_of(self, data: bytes, position: int) -> str:
        """Return the line and the column of a byte, as errors show them."""
        before = data[:position].decode("utf-8-sig", "replace")
        lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        head = data[:HEAD].decode("utf-8", "replace")
        cut = re.escape(delimiter_of(self.source, head, self.options))
        quoted = rf'(?:^|(?<={cut}))"(?:[^"]|"")*"?'
        column = len(re.findall(cut, re.sub(quoted, "", lines[-1]))) + 1
        return f"line {len(lines)}, column {column}"

    def _frame(self) -> "pl.DataFrame":
        """Return all records, the header included, as text.

        Raises:
            DataError: a record has more or fewer cells than the first, or its quotes are broken.
        """
        frame = self._quick_frame()
        if frame is None or not self._plainly_right(frame):
            count = 0
            for number, (line, record) in enumerate(self._records()):
                self._check_width(number, line, record)
                count += 1
            if frame is None or frame.height != count:
                frame = self._slow_frame()
        return frame

    def _quick_frame(self) -> "pl.DataFrame | None":
        import polars as pl

        try:
            frame = pl.read_csv(
                self.text.encode(),
                has_header=False,
                separator=self.dialect.delimiter,
                infer_schema=False,
            )
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            return None
        return frame if frame.width == len(self.names) else None

    def _plainly_right(self, frame: "pl.DataFrame") -> bool:
        """Return True if no cell is quoted, and none is null as in a short or a blank line."""
        return (
            '"' not in self.text
            and self.text.count(self.dialect.delimiter) == (frame.width - 1) * frame.height
            and not any(frame.null_count().row(0))
        )

    def _slow_frame(self) -> "pl.DataFrame":
        import polars as pl

        rows = [record for _, record in self._records()]
        if self.dialect.classes:
            rows[0] = [""] * len(self.names)
        schema = {f"column_{number}": pl.String for number in range(1, len(self.names) + 1)}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def _check_width(self, number: int, line: int, record: list[str]) -> None:
        width = len(self.names)
        if len(record) != width and not (number == 0 and self.dialect.classes):
            allowed = f"{counted(width, 'cell')}, as in the first line"
            raise self.source.invalid(f"line {line}", str(len(record)), allowed)

    def _column(self, name: str, cells: "pl.Series") -> Column:
        options = replace(self.options, delimiter=self.dialect.delimiter)
        return column_of(self.source, name, cells, options, lambda row: f"line {self.lines[row]}")
