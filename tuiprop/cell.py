"""The canonical form of a cell of a table, which does not depend on its spelling.

Training, validation, prediction and the exported scripts, which hold a copy of these functions,
compare cells by their canonical form alone.
"""

import re
from collections.abc import Callable, Sequence, Set
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from unicodedata import normalize

MISSING_CELLS = ("", "?", "na", "n/a", "#n/a", "<na>", "nan", "-nan", "+nan", "null")
"""The cells that count as missing, in lower case, unless `data.missing_values` lists others."""

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,15})?")

EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)

BOOLEANS = {"true": "1", "false": "0"}
"""The canonical words, and the numbers that other programs write for them."""


def plain(text: str) -> str:
    """Return a cell or a name of a column in NFC, without surrounding blanks and quotes."""
    text = normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").strip()
    quoted = len(text) > 1 and text[0] == text[-1] == '"' and '"' not in text[1:-1]
    return text[1:-1].strip() if quoted else text


def is_number(text: str, decimal: str = ".") -> bool:
    """Return True if a plain text is a number with that decimal sign."""
    if decimal == ",":
        if "." in text:
            return False
        text = text.replace(",", ".")
    return NUMBER.fullmatch(text) is not None


def with_point(text: str, decimal: str) -> str:
    """Return a plain text; if it is a number, its decimal sign is a point."""
    return text.replace(",", ".") if decimal == "," and is_number(text, decimal) else text


def canonical(cell: str) -> str:
    """Return the canonical spelling of a cell, which is equal for cells that mean the same.

    A number is its exact value without needless signs, zeros and exponents (007 is 7), true and
    false are in lower case, and any other text is unchanged.
    """
    text = plain(cell)
    if text.lower() in BOOLEANS:
        return text.lower()
    if not NUMBER.fullmatch(text):
        return text
    number = EXACT.normalize(Decimal(text))
    if not number:
        return "0"
    return f"{number:f}" if -8 < number.adjusted() < 40 else str(number)


def is_missing(cell: str, markers: Set[str] | None) -> bool:
    """Return True if a cell counts as missing.

    Args:
        cell: the cell.
        markers: the canonical forms of `data.missing_values`; None: `MISSING_CELLS`.
    """
    if markers is None:
        return plain(cell).lower() in MISSING_CELLS
    return canonical(cell) in markers or not plain(cell)


def matcher(categories: Sequence[str]) -> Callable[[str], int | None]:
    """Return a function that returns the index of a cell among categories, or None.

    If the categories are true and false, 1 and 0 stand for them; if they are 0 and 1, false and
    true do.
    """
    places: dict[str, int] = {}
    for place, category in enumerate(categories):
        places.setdefault(canonical(category), place)
    keys = set(places) - {""}
    for word, digit in BOOLEANS.items():
        if word in keys and keys <= set(BOOLEANS):
            places[digit] = places[word]
        elif keys == set(BOOLEANS.values()):
            places[word] = places[digit]
    return lambda cell: places.get(canonical(cell))
