"""The user's own tables: CSV and TSV, read with polars and doubted cell by cell.

polars reads quickly; whatever it stumbles over is read again, slowly, with the standard
library, to name the line and the column.
"""

import csv
import re
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tuiprop.data.table import Column, DataError, Table, quote

if TYPE_CHECKING:
    import polars as pl

MISSING = ("", "?", "na", "n/a", "#n/a", "<na>", "nan", "-nan", "+nan", "null")
"""Cells that count as missing, in small letters."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DECIMAL_COMMA = r"^[+-]?\d+(,\d+)+$"


def read_table(path: str | Path, unchecked: Collection[str] = ()) -> Table:
    """Read a CSV or TSV file in UTF-8, with a header or without.

    The delimiter (comma, semicolon, tab) and the header are guessed from the first lines; without
    a header the columns are column_1, column_2, … Blanks around a cell do not count, blank lines
    are skipped. A column is numbers where every cell is one, and text otherwise.

    Args:
        path: the file.
        unchecked: columns that will not be used; what is wrong in their cells makes them text.

    Raises:
        DataError: the file cannot be read, is no table, or holds a cell that is missing,
            infinite, or text in a column of numbers.
    """
    return _Reader(path, unchecked).table()


class _Reader:
    """One file on its way to a table."""

    def __init__(self, path: str | Path, unchecked: Collection[str]) -> None:
        self.path = path
        self.unchecked = unchecked
        self.text = self._decoded()
        self.delimiter = self._guessed_delimiter()
        first = [record for _, record in islice(self._records(), 2)]
        if not first:
            raise self._error("", "nothing but blank lines", "a header and rows, or rows")
        self.header = _has_header(first)
        self.names = self._names(first[0])

    def table(self) -> Table:
        frame = self._frame()[int(self.header) :]
        if not frame.height:
            raise self._error("", "a header and no rows", "1 row or more")
        self._refuse_missing(frame)
        columns = map(self._column, self.names, frame.get_columns())
        return Table(str(self.path), tuple(columns))

    def _error(self, place: str, found: str, allowed: str) -> DataError:
        place = place and f"{place}: "
        return DataError(f"{self.path}: {place}found {found}, allowed: {allowed}")

    def _decoded(self) -> str:
        """The text of the file without its byte-order mark, lines ending in a line feed."""
        try:
            data = Path(self.path).read_bytes()
        except OSError as error:
            raise DataError(f"{self.path}: cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise DataError(f"{quote(str(self.path))}: cannot be read: {error}") from None
        if not data:
            raise self._error("", "an empty file", "a table, CSV or TSV")
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise self._error(
                f"line {line}", "bytes that are not UTF-8", "a text file in UTF-8, CSV or TSV"
            ) from None
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def _guessed_delimiter(self) -> str:
        """The one that cuts the first lines into the most fields, the same number in each."""

        def score(delimiter: str) -> tuple[bool, int]:
            try:
                widths = [len(record) for _, record in islice(self._records(delimiter), 20)]
            except DataError:
                return False, 0
            fields = widths[0] if widths else 0
            return fields > 1 and len(set(widths)) == 1, fields

        # on a tie the first: a comma may be part of a number, and a blank of a text
        best = max("\t;,", key=score)
        return best if score(best)[1] > 1 else ","

    def _records(self, delimiter: str = "") -> Iterator[tuple[int, list[str]]]:
        """The records of the file with the line each begins at, blank lines left out.

        Raises:
            DataError: quotes that do not close, or a cell beyond all bounds.
        """
        reader = csv.reader(_lines(self.text), delimiter=delimiter or self.delimiter, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                record = next(reader, None)
            except csv.Error as error:
                raise self._error(
                    f"line {line}",
                    f"a cell that is not CSV ({error})",
                    'quotes around whole cells, "" for a quote in them',
                ) from None
            if record is None:
                return
            if record:
                yield line, [cell.strip() for cell in record]

    def _names(self, first: list[str]) -> list[str]:
        if not self.header:
            return [f"column_{number}" for number in range(1, len(first) + 1)]
        seen = set()
        for number, name in enumerate(first, start=1):
            place = f"the header, column {number}"
            if not name:
                raise self._error(place, "no name", "a name for every column")
            if name in seen:
                raise self._error(place, f"a second column {quote(name)}", "different names")
            seen.add(name)
        return first

    def _frame(self) -> "pl.DataFrame":
        """Every record, the header too, as text without the blanks around it; null for nothing.

        Raises:
            DataError: a record with more or fewer cells than the first, or broken quotes.
        """
        import polars as pl

        frame = self._quick_frame()
        if frame is None or not self._plainly_right(frame):
            records = (self._whole(line, record) for line, record in self._records())
            if frame is None or frame.height != sum(1 for _ in records):
                frame = self._slow_frame()
        return frame.select(pl.all().str.strip_chars().fill_null(""))

    def _quick_frame(self) -> "pl.DataFrame | None":
        import polars as pl

        try:
            frame = pl.read_csv(
                self.text.encode(), has_header=False, separator=self.delimiter, infer_schema=False
            )
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            return None
        return frame if frame.width == len(self.names) else None

    def _plainly_right(self, frame: "pl.DataFrame") -> bool:
        """No cell is quoted and none is null, which a short or a blank line would also give."""
        return (
            '"' not in self.text
            and self.text.count(self.delimiter) == (frame.width - 1) * frame.height
            and not any(frame.null_count().row(0))
        )

    def _slow_frame(self) -> "pl.DataFrame":
        import polars as pl

        records = [self._whole(line, record) for line, record in self._records()]
        schema = {f"column_{number}": pl.String for number in range(1, len(self.names) + 1)}
        return pl.DataFrame(records, schema=schema, orient="row")

    def _whole(self, line: int, record: list[str]) -> list[str]:
        width = len(self.names)
        if len(record) != width:
            cells = "1 cell" if len(record) == 1 else f"{len(record)} cells"
            raise self._error(f"line {line}", cells, f"{width}, as in the first line")
        return record

    def _refuse_missing(self, frame: "pl.DataFrame") -> None:
        import polars as pl

        missing = frame.select(pl.all().str.to_lowercase().is_in(MISSING))
        places: list[tuple[int, int]] = []
        count = 0
        for number, column in enumerate(missing.get_columns()):
            if self.names[number] not in self.unchecked and column.any():
                rows = column.arg_true()
                count += len(rows)
                places += [(row, number) for row in rows.head(3)]
        if not count:
            return
        cells = {quote(frame[row, number]) for row, number in sorted(places)[:3]}
        found = "a missing value" if count == 1 else f"{count} missing values"
        found += f" ({'nothing' if cells == {quote('')} else ' '.join(sorted(cells))})"
        place = self._places(sorted(places)[:3], count)
        raise self._error(
            place, found, "a value in every cell; fill them in or leave out the row or the column"
        )

    def _places(self, cells: list[tuple[int, int]], count: int) -> str:
        """`cells`, (row, column) from 0, the first of `count`, as lines and columns in words."""
        wanted = {row + self.header for row, _ in cells}
        records = enumerate(line for line, _ in self._records())
        lines = {row: line for row, line in islice(records, max(wanted) + 1) if row in wanted}
        places = [
            f"line {lines[row + self.header]}, column {quote(self.names[number])}"
            for row, number in cells
        ]
        more = f" and {count - len(cells)} more" if count > len(cells) else ""
        return "; ".join(places) + more

    def _column(self, name: str, cells: "pl.Series") -> Column:
        import polars as pl

        numbers = cells.cast(pl.Float64, strict=False)
        texts = cells.filter(numbers.is_null())
        try:
            if not len(texts):
                self._refuse_infinite(name, cells, numbers)
                if not numbers.is_nan().any():
                    return Column(name, numbers.to_numpy().copy())
            else:
                self._refuse_text_among_numbers(name, cells, numbers)
        except DataError:
            if name not in self.unchecked:
                raise
        return Column(name, tuple(cells))

    def _refuse_infinite(self, name: str, cells: "pl.Series", numbers: "pl.Series") -> None:
        rows = numbers.is_infinite().arg_true()
        if len(rows):
            place = self._places([(rows[0], self.names.index(name))], len(rows))
            raise self._error(place, quote(cells[rows[0]]), "finite numbers")

    def _refuse_text_among_numbers(
        self, name: str, cells: "pl.Series", numbers: "pl.Series"
    ) -> None:
        rows = numbers.is_null().arg_true()
        texts = cells.filter(numbers.is_null())
        place_of = [(rows[0], self.names.index(name))]
        found = quote(texts[0])
        if texts.str.contains(_DECIMAL_COMMA).all():
            raise self._error(
                self._places(place_of, len(rows)), found, "numbers with a decimal point"
            )
        # a tenth at most: more than that is a column of codes, of which some are digits
        if len(rows) <= max(1, len(cells) // 10) and 2 * len(rows) < len(cells):
            raise self._error(
                self._places(place_of, len(rows)),
                f"{found}, text among numbers",
                "a column of numbers, or of text",
            )


def _lines(text: str) -> Iterator[str]:
    """The lines of a text one by one, so that the first few of many cost little."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _has_header(first: list[list[str]]) -> bool:
    """Whether the first record names the columns.

    It does where it has no number, or text above a number; a first row all numbers is no header,
    nor is one with numbers like the row below it.
    """
    head = first[0]
    if not any(map(_NUMBER.fullmatch, head)):
        return True
    below = first[1] if len(first) > 1 else []
    return any(
        not _NUMBER.fullmatch(name) and name.lower() not in MISSING and _NUMBER.fullmatch(cell)
        for name, cell in zip(head, below, strict=False)
    )
