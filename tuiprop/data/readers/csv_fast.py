"""Fast reader of plain CSV: no quotes, no blank lines, nothing ambiguous.

polars parses blocks of whole lines, two at a time, into columns that grow in place, so that the
file is never in memory as a whole. Anything ambiguous is left to the strict reader.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import IO, TYPE_CHECKING, TypeAlias

import numpy as np

from tuiprop.cell import MISSING_CELLS
from tuiprop.data.readers.dialect import Dialect, ReadOptions, guess, records
from tuiprop.data.readers.mixed_columns import written_as_number
from tuiprop.data.readers.source import Source
from tuiprop.data.readers.text_columns import BLANKS, EXACT_BELOW, column_of
from tuiprop.data.table import MISSING, Column, DataError, Numbers, Table

if TYPE_CHECKING:
    import polars as pl

BLOCK = 1 << 20
"""The number of bytes parsed at a time; polars keeps the memory of some blocks."""

_WORKERS = 2
_SAMPLE = 1000
"""The number of records from which the types of columns are inferred."""

_Parsed: TypeAlias = "list[Numbers | pl.Series]"


class _NeedsStrictReaderError(Exception):
    """The file needs the strict reader."""


def read_fast(source: Source, options: ReadOptions) -> tuple[Dialect, Table] | None:
    """Return the table of a CSV file and its dialect; None if it needs the strict reader."""
    try:
        head = _head(source)
        dialect = guess(source, head, options)
        numeric = _numeric(source, head, dialect, options)
        with source.open() as stream:
            columns = _read(source, stream, dialect, numeric, options)
        if options.decimal == ",":
            _check_commas(source, head, columns, dialect)
    except (_NeedsStrictReaderError, DataError):
        return None
    rows = len(columns[0].values)
    first = 1 + dialect.skipped
    return dialect, Table(source.name, tuple(columns), lines=range(first, first + rows))


def _head(source: Source) -> str:
    """Return the first lines."""
    head = source.head
    end = head.rfind(b"\n") + 1
    if not end or b'"' in head or head.startswith((b"\xef\xbb\xbf", b"\n", b"\r")):
        raise _NeedsStrictReaderError
    try:
        text = head[:end].decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise _NeedsStrictReaderError from None
    return text


def _numeric(source: Source, head: str, dialect: Dialect, options: ReadOptions) -> list[bool]:
    """Return which columns hold numbers; the others hold text and not a single number.

    Raises:
        _NeedsStrictReaderError: a record has another width, or a column is mixed or oddly written.
    """
    import polars as pl

    sample = islice(records(source, head, dialect.delimiter), dialect.skipped, _SAMPLE)
    rows = [record for _, record in sample]
    if options.missing is not None or any(len(row) != len(dialect.names) for row in rows):
        raise _NeedsStrictReaderError
    numeric = []
    for name, cells in zip(dialect.names, zip(*rows, strict=True), strict=False):
        present = [cell for cell in cells if not options.is_missing(cell)]
        kinds = {options.is_number(cell) for cell in present}
        if len(kinds) != 1 or (name in options.text and kinds != {False}):
            raise _NeedsStrictReaderError
        column = column_of(source, name, pl.Series(cells, dtype=pl.String), options, str)
        if column.refusal or column.notes:
            raise _NeedsStrictReaderError
        numeric.append(kinds == {True})
    if not numeric:
        raise _NeedsStrictReaderError
    return numeric


def _check_commas(source: Source, head: str, columns: Sequence[Column], dialect: Dialect) -> None:
    """Check that columns without a comma in the sample have none below it either.

    Raises:
        _NeedsStrictReaderError: a column has commas that have not been examined.
    """
    rows = [record for _, record in islice(records(source, head, dialect.delimiter), _SAMPLE)]
    for column, cells in zip(columns, zip(*rows[dialect.skipped :], strict=True), strict=True):
        if isinstance(column.values, tuple) or any("," in cell for cell in cells):
            continue
        values = column.values[~column.missing]
        if (values != np.rint(values)).any():
            raise _NeedsStrictReaderError


def _blocks(stream: IO[bytes], skipped: int) -> Iterator[bytes]:
    """Yield the file in blocks of whole lines, without the first `skipped` lines."""
    for _ in range(skipped):
        stream.readline()
    while block := stream.read(BLOCK):
        yield block if block.endswith(b"\n") else block + stream.readline()


def _read(
    source: Source,
    stream: IO[bytes],
    dialect: Dialect,
    numeric: Sequence[bool],
    options: ReadOptions,
) -> list[Column]:
    import polars as pl

    schema: dict[str, pl.DataType] = {
        f"column_{i}": pl.Float64() if each else pl.String() for i, each in enumerate(numeric)
    }

    def parse(block: bytes) -> "_Parsed":
        return _parse(block, dialect.delimiter, options.decimal == ",", schema)

    growing = _Growing(numeric, source.size)
    with ThreadPoolExecutor(_WORKERS) as pool:
        pending: deque[tuple[int, Future[_Parsed]]] = deque()
        try:
            for block in _blocks(stream, dialect.skipped):
                pending.append((len(block), pool.submit(parse, block)))
                if len(pending) > _WORKERS:
                    growing.add(*_result(pending))
            while pending:
                growing.add(*_result(pending))
        finally:
            for _, future in pending:
                future.cancel()
    return growing.columns(dialect.names)


def _result(pending: "deque[tuple[int, Future[_Parsed]]]") -> "tuple[int, _Parsed]":
    size, future = pending.popleft()
    return size, future.result()


def _parse(
    block: bytes, delimiter: str, comma: bool, schema: "dict[str, pl.DataType]"
) -> "_Parsed":
    """Return the columns of a block.

    Raises:
        _NeedsStrictReaderError: polars may read something in it differently.
    """
    import polars as pl

    if b'"' in block or b"\0" in block or (comma and b"." in block):
        raise _NeedsStrictReaderError
    if b"\r" in block and block.count(b"\r") != block.count(b"\r\n"):
        raise _NeedsStrictReaderError
    try:
        frame = pl.read_csv(
            block,
            has_header=False,
            separator=delimiter,
            quote_char=None,
            schema=schema,
            decimal_comma=comma,
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        raise _NeedsStrictReaderError from None
    signs = np.frombuffer(block, np.uint8)
    delimiters = np.count_nonzero(signs == ord(delimiter))
    # short and blank lines end in null, long ones have more delimiters
    if delimiters != (frame.width - 1) * frame.height or frame[:, -1].null_count():
        raise _NeedsStrictReaderError
    return [_cells(each) for each in frame.get_columns()]


def _cells(column: "pl.Series") -> "Numbers | pl.Series":
    import polars as pl

    if column.dtype == pl.Float64:
        values: Numbers = column.to_numpy()
        if (np.abs(values) >= EXACT_BELOW).any():
            raise _NeedsStrictReaderError
        return values
    cells = column.str.strip_chars(BLANKS).fill_null(MISSING)
    if cells.cast(pl.Float64, strict=False).is_not_null().any() or written_as_number(cells).any():
        raise _NeedsStrictReaderError
    missing = cells.str.to_lowercase().is_in(list(MISSING_CELLS))
    return cells.set(missing, MISSING) if missing.any() else cells


class _Growing:
    """Columns that grow in place: the memory of an array is moved, not copied.

    Args:
        numeric: which columns hold numbers.
        size: the size of the file in bytes; None if unknown.
    """

    def __init__(self, numeric: Sequence[bool], size: int | None) -> None:
        self._size = size
        self._numbers = [np.empty(0) if each else None for each in numeric]
        self._texts: list[list[str]] = [[] for _ in numeric]
        self._rows = 0
        self._capacity = 0

    def add(self, size: int, parsed: "_Parsed") -> None:
        """Add the columns of a block of `size` bytes."""
        count = len(parsed[0])
        start, self._rows = self._rows, self._rows + count
        if self._rows > self._capacity:
            expected = 2 * self._rows if self._size is None else count * self._size // size + count
            self._resize(max(self._rows, expected))
        for into, text, cells in zip(self._numbers, self._texts, parsed, strict=True):
            if into is not None:
                into[start : self._rows] = cells
            else:
                text += list(cells)

    def columns(self, names: Sequence[str]) -> list[Column]:
        """Return the columns added so far."""
        if not self._rows:
            raise _NeedsStrictReaderError
        self._resize(self._rows)
        return [
            Column(name, tuple(text) if values is None else values)
            for name, values, text in zip(names, self._numbers, self._texts, strict=True)
        ]

    def _resize(self, capacity: int) -> None:
        self._capacity = capacity
        for values in self._numbers:
            if values is not None:
                values.resize(capacity, refcheck=False)
