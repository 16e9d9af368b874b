"""Columns of numbers with a few texts among them: what the texts are, and what helps."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuiprop.data.preparation.target import MOST_GUESSED
from tuiprop.data.readers.dialect import ReadOptions

if TYPE_CHECKING:
    import polars as pl

_UNSIGNED = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_COMMA = "[0-9]*,[0-9]+"
_BLANK = "[ \u00a0\u2009\u202f]?"
_GROUPED = (
    r"[0-9]{1,3}(?:(?:,[0-9]{3})+(?:\.[0-9]*)?"
    r"|(?:\.[0-9]{3}){2,}(?:,[0-9]*)?|(?:\.[0-9]{3})+,[0-9]*"
    "|(?:[ '_\u2019\u00a0\u2009\u202f][0-9]{3})+(?:[.,][0-9]*)?)"
)
_ANY = f"(?:{_GROUPED}|{_COMMA}|{_UNSIGNED})"
_DASH = "[\u2010-\u2015\u2212\ufe63\uff0d]"
_SIGN = f"(?:[+-]|{_DASH})?"
_CURRENCY = "[A-Z]{0,2}[$¢£¥\u20a0-\u20c0]"


@dataclass(frozen=True)
class Kind:
    """A way of writing numbers that is not supported."""

    words: str
    """A description of such a cell."""
    allowed: str
    """The supported way."""
    pattern: str
    """The pattern of a whole cell, in the syntax shared by Python's `re` and Rust's `regex`."""

    def fits(self, text: str) -> bool:
        """Return True if the text is written in this way."""
        return re.fullmatch(self.pattern, text) is not None


_THOUSANDS = Kind(
    "a number with thousands separators, which are not read",
    "numbers without thousands separators",
    f"[+-]?{_GROUPED}",
)
_DECIMAL_COMMA = Kind(
    "a number with a comma",
    "numbers with a decimal point",
    f"[+-]?{_COMMA}(?:[eE][+-]?[0-9]+)?",
)
_DECIMAL_POINT = Kind(
    "a number with a point",
    'numbers with a decimal comma, as data.decimal = "," says',
    f"[+-]?{_UNSIGNED}",
)
_KINDS = (
    Kind("a hexadecimal number", "decimal numbers", "[+-]?0[xX][0-9a-fA-F]+"),
    Kind("a percentage", "numbers without a percent sign", f"{_SIGN}{_ANY}{_BLANK}[%‰]"),
    Kind(
        "an amount with a currency sign",
        "numbers without a currency sign",
        f"{_SIGN}(?:{_CURRENCY}{_BLANK}{_SIGN}{_ANY}|{_ANY}{_BLANK}{_CURRENCY})",
    ),
    Kind(
        "a number with a Unicode minus or dash for its sign",
        'numbers with the ASCII minus "-"',
        f"{_DASH}{_BLANK}{_ANY}",
    ),
    Kind(
        "an amount in parentheses",
        'numbers with the sign "-"',
        rf"\((?:{_CURRENCY})?{_BLANK}{_ANY}\)",
    ),
    Kind("a number in single quotes", "numbers without quotes", f"'[+-]?{_ANY}'"),
    _THOUSANDS,
    _DECIMAL_COMMA,
)
"""The unsupported ways; the first that fits a cell describes it."""

_UNIT = Kind("a number with a unit", "numbers without units", "")
_SUFFIX = f"^[+-]?{_ANY}{_BLANK}([A-Za-z\u00b5\u03bc\u00b0\u03a9\u00b2\u00b3/]{{1,6}})$"

_BETWEEN_THOUSANDS = "[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+"
"""The pattern of numbers whose commas may be thousands separators."""

_PLACEHOLDERS = (
    "none", "nil", "n/k", "n.a.", "n.k.", "k.a.", "nd", "n/d", "missing", "unknown", "undefined",
    "void", "tbd", "inf", "(null)", "not available", "not given", "no data", "no answer", "error",
    "#ref!", "#value!", "#div/0!", "#name?", "#num!", "blank", "empty",
)  # fmt: skip
"""Texts that commonly stand for a missing number, in lower case."""

_MOST_LISTED = 5


@dataclass(frozen=True)
class StrayTexts:
    """The texts in a column that is mostly numbers."""

    row: int
    """The row of the first text."""
    count: int
    """The number of texts."""
    found: str
    """The first text."""
    what: str
    """A description of it; empty if the column can be read with a decimal comma."""
    allowed: str
    """The cells that are read."""
    advice: str = ""
    """How the column can be read as it is."""


def written_as_number(cells: "pl.Series") -> "pl.Series":
    """Return which texts are numbers written in an unsupported way."""
    return cells.str.contains(f"^(?:{'|'.join(kind.pattern for kind in _KINDS)})$")


def between_thousands(cells: "pl.Series") -> bool:
    """Return True if some numbers have commas, and every comma may separate thousands."""
    commas = cells.filter(cells.str.contains(",", literal=True))
    return len(commas) > 0 and bool(commas.str.contains(f"^{_BETWEEN_THOUSANDS}$").all())


def stray_texts(
    cells: "pl.Series", numbers: "pl.Series", options: ReadOptions, markers: Sequence[str]
) -> StrayTexts | None:
    """Return the texts that keep a column from being numeric, and how to read it.

    Args:
        cells: plain texts, null if missing.
        numbers: the cells as numbers, null if they are not.
        options: how cells are read, with the delimiter if the file has one.
        markers: the cells that count as missing.

    Returns:
        None if fewer than half of the cells are numbers, however written, or if the cells are
        levels such as 0, 1, 2, 3+.
    """
    is_text = cells.is_not_null() & numbers.is_null()
    texts, present = cells.filter(is_text), len(cells) - cells.null_count()
    distinct = texts.unique(maintain_order=True).to_list()
    written = int(written_as_number(texts).sum())
    if options.decimal == ",":
        written += int(texts.str.contains(f"^{_DECIMAL_POINT.pattern}$").sum())
    united = _share_a_unit(texts)
    if 2 * (present - len(texts) + (len(texts) if united else written)) < present:
        return None
    stray = len(texts) <= max(1, present // 10)
    if not (written or united or stray) and _are_levels(numbers.drop_nulls(), distinct):
        return None
    row, found = int(is_text.arg_true()[0]), texts[0]
    kinds = _KINDS if options.decimal == "." else (*_KINDS, _DECIMAL_POINT)
    kind_of = {text: next((k for k in kinds if k.fits(text)), None) for text in distinct}
    kind = _UNIT if united else kind_of[found]
    if kind is None:
        unknown = [text for text, kind in kind_of.items() if kind is None]
        advice = _as_missing(unknown, markers)
        return StrayTexts(row, len(texts), found, "text among numbers", "numbers", advice)
    what, allowed, advice = kind.words, kind.allowed, ""
    comma = _DECIMAL_COMMA.fits(found) and options.decimal == "."
    if comma and _proves_decimal_comma(kind_of, cells.filter(numbers.is_not_null())):
        what, allowed = _DECIMAL_COMMA.words, _DECIMAL_COMMA.allowed
        advice = 'data.decimal = "," reads decimal commas'
        if options.delimiter == ",":
            advice = "decimal commas need another delimiter than the comma"
        elif all(map(_DECIMAL_COMMA.fits, distinct)):
            what = ""
    return StrayTexts(row, len(texts), found, what, allowed, advice)


def _proves_decimal_comma(texts: Iterable[str], numbers: "pl.Series") -> bool:
    """Return True if a comma cannot separate thousands, and no cell contradicts a decimal comma."""
    proof = False
    for text in texts:
        if _DECIMAL_COMMA.fits(text):
            proof |= re.fullmatch(_BETWEEN_THOUSANDS, text) is None
        elif _THOUSANDS.fits(text):
            return False
    return proof and not numbers.str.contains(".", literal=True).any()


def _share_a_unit(texts: "pl.Series") -> bool:
    """Return True if all are numbers with one unit, and too many for levels such as "2 doors"."""
    units = texts.str.extract(_SUFFIX)
    count = texts.n_unique()
    few = count <= MOST_GUESSED and 2 * count <= len(texts)
    return not few and not units.null_count() and units.n_unique() == 1


def _are_levels(numbers: "pl.Series", texts: Sequence[str]) -> bool:
    """Return True if a few whole numbers repeat, and some text does not mean a missing number."""
    count = numbers.n_unique()
    few = count <= MOST_GUESSED and 2 * count <= len(numbers)
    if not few or not (numbers == numbers.round()).all():
        return False
    return not all(map(_stands_for_missing, texts))


def _stands_for_missing(text: str) -> bool:
    return text.lower() in _PLACEHOLDERS or not any(map(str.isalnum, text))


def _as_missing(texts: Sequence[str], markers: Sequence[str]) -> str:
    """Return the setting that makes the texts missing cells."""
    if len(texts) > _MOST_LISTED or any(len(text) > 40 for text in texts):
        return "data.missing_values lists cells that count as missing"
    which = json.dumps([*markers, *texts], ensure_ascii=False)
    cells = "it as a missing cell" if len(texts) == 1 else "them as missing cells"
    return f"data.missing_values = {which} treats {cells}"
