"""The dialect of a text file: delimiter, decimal sign and header, given or detected."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from tuiprop.cell import canonical, is_missing, is_number, plain, with_point
from tuiprop.data.readers.source import Source
from tuiprop.data.table import DataError
from tuiprop.wording import counted, listed, quote

MOST_COLUMNS = 100_000
"""The largest number of units in a layer; a wider table is a mistake."""

_DELIMITERS = "\t;,|"


@dataclass(frozen=True)
class ReadOptions:
    """How cells are read, as the experiment says; None means that it is detected."""

    delimiter: str | None = None
    decimal: str = "."
    header: bool | None = None
    missing: tuple[str, ...] | None = None
    unchecked: frozenset[str] = frozenset()
    """Unused columns: a faulty cell makes them text instead of an error."""
    text: frozenset[str] = frozenset()
    """Categorical columns: numbers in them are text."""

    @cached_property
    def markers(self) -> frozenset[str] | None:
        """The canonical forms of the cells that count as missing."""
        if self.missing is None:
            return None
        return frozenset(canonical(with_point(each, self.decimal)) for each in self.missing)

    def is_missing(self, cell: str) -> bool:
        """Return True if the cell counts as missing."""
        return is_missing(with_point(cell, self.decimal), self.markers)

    def is_number(self, cell: str) -> bool:
        """Return True if the cell, without blanks around it, is a number."""
        return is_number(cell, self.decimal)


@dataclass(frozen=True)
class Dialect:
    """How a table is written, and the information in its first record."""

    delimiter: str
    names: tuple[str, ...]
    """The names of the columns."""
    skipped: int
    """The number of records before the first row: 1 for a header."""
    classes: tuple[str, ...] = ()
    """The names of the whole numbers from 0 in the last column, if the first record has them."""
    announced: int | None = None
    """The number of rows, if the first record has it."""


def guess(source: Source, text: str, options: ReadOptions) -> Dialect:
    """Detect the dialect of a text.

    Args:
        source: the file, which errors name.
        text: the text, or its first lines; lines end in a line feed.
        options: what is given and need not be detected.

    Raises:
        DataError: there are no records, the header lacks a name, or there are too many columns.
    """
    delimiter = delimiter_of(source, text, options)
    first = [list(map(plain, record)) for _, record in islice(records(source, text, delimiter), 2)]
    if not first:
        raise source.error("there are only blank lines")
    widest = max(map(len, first))
    if widest > MOST_COLUMNS:
        raise source.invalid("line 1", f"{widest:,}", f"at most {MOST_COLUMNS:,} columns")
    if options.header is None and (counts := _counts(first, options)) is not None:
        rows, inputs = counts
        names = (*_numbered(inputs), "target")
        return Dialect(delimiter, names, 1, tuple(first[0][2:]), rows)
    header = _has_header(first, options) if options.header is None else options.header
    names = _names(source, first[0]) if header else _numbered(len(first[0]))
    return Dialect(delimiter, names, int(header))


def records(source: Source, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the records of a text, each with the line it begins at; blank lines are skipped.

    Raises:
        DataError: a quote is not closed, or a cell is too long.
    """
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader, None)
        except csv.Error:
            start = sum(map(len, islice(_lines(text), line - 1)))
            number, reason = _fault(text, start, delimiter)
            raise source.error(reason, f"line {line}, column {number}") from None
        if record is None:
            return
        if record:
            yield line, [cell.strip() for cell in record]


def _fault(text: str, start: int, delimiter: str) -> tuple[int, str]:
    """Return the number of the cell that is not CSV in the record at `start`, and the reason."""
    advice = 'quotes enclose whole cells, and "" is a quote inside'
    ends = re.compile(f"[{re.escape(delimiter)}\n]")
    number, place = 1, start
    while place < len(text):
        begin = place
        if text[place] == '"':
            end = _closing(text, place)
            if end is None:
                return number, f"a quote is never closed; {advice}"
            place = end + 1
            if text[place : place + 1] not in (delimiter, "\n", ""):
                return number, f"text follows a closing quote; {advice}"
        else:
            end_of_cell = ends.search(text, place)
            place = end_of_cell.start() if end_of_cell else len(text)
        if place - begin > csv.field_size_limit() or text[place : place + 1] != delimiter:
            break
        number, place = number + 1, place + 1
    return number, f"the cell is longer than {counted(csv.field_size_limit(), 'character')}"


def _closing(text: str, opening: int) -> int | None:
    """Return the index of the quote that closes the one at `opening`; a doubled one is text."""
    place = opening + 1
    while (place := text.find('"', place)) >= 0:
        if text[place + 1 : place + 2] != '"':
            return place
        place += 2
    return None


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a text lazily, so that the first few of many cost little."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def delimiter_of(source: Source, text: str, options: ReadOptions) -> str:
    """Return the given delimiter, else the one that cuts the first lines into most equal fields."""
    if options.delimiter is not None:
        return options.delimiter

    def score(delimiter: str) -> tuple[bool, int]:
        widths: list[int] = []
        whole = True
        try:
            for _, record in islice(records(source, text, delimiter), 20):
                widths.append(len(record))
                if widths[0] > MOST_COLUMNS:
                    break
        except DataError:
            whole = False
        fields = widths[0] if widths else 0
        return whole and fields > 1 and len(set(widths)) == 1, fields

    # the first wins a tie: a comma may be part of a number, and a blank part of a text
    best = max((each for each in _DELIMITERS if each != options.decimal), key=score)
    fallback = ";" if options.decimal == "," else ","
    return best if score(best)[1] > 1 else fallback


def _counts(first: Sequence[Sequence[str]], options: ReadOptions) -> tuple[int, int] | None:
    """Return the numbers of rows and inputs if the first record gives them before class names.

    The files of scikit-learn begin so: "569,30,malignant,benign".
    """
    if len(first) < 2 or len(first[0]) < 4:
        return None
    head, below = first
    if not all(cell.isascii() and cell.isdigit() and len(cell) < 10 for cell in head[:2]):
        return None
    rows, inputs = map(int, head[:2])
    names = head[2:]
    plausible = inputs == len(below) - 1 and all(map(options.is_number, below))
    named = len(set(names)) == len(names) and not any(
        options.is_number(name) or options.is_missing(name) for name in names
    )
    return (rows, inputs) if plausible and named else None


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"column_{number}" for number in range(1, count + 1))


def _names(source: Source, first: list[str]) -> tuple[str, ...]:
    seen = set()
    for number, name in enumerate(first, start=1):
        place = f"the header, column {number}"
        if not name:
            raise source.error("the column has no name", place)
        if name in seen:
            raise source.error(f"a second column is called {quote(name)}", place)
        seen.add(name)
    return tuple(first)


def _has_header(first: Sequence[Sequence[str]], options: ReadOptions) -> bool:
    """Return True if the first record names the columns.

    It does if it holds no number, or text above a number. A first record of numbers only is not a
    header, nor is one with numbers where the record below has them.
    """
    head = first[0]
    if not any(map(options.is_number, head)):
        return True
    below = first[1] if len(first) > 1 else []
    return any(
        not options.is_number(name) and not options.is_missing(name) and options.is_number(cell)
        for name, cell in zip(head, below, strict=False)
    )


def named_classes(source: Source, dialect: Dialect, codes: Sequence[float]) -> tuple[str, ...]:
    """Return the cells of the last column as names of classes.

    Raises:
        DataError: a cell is not the number of a class.
    """
    names = dict(enumerate(dialect.classes))
    for row, code in enumerate(codes):
        if code not in names:
            raise source.invalid(
                f"row {row + 1}, the last column",
                f"{code:g}",
                f"0 to {len(names) - 1}, which the first line names {listed(dialect.classes)}",
            )
    return tuple(names[int(code)] for code in codes)
