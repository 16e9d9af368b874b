"""Summaries of columns, for a user who decides how to use them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tuiprop.data.data_warnings import leaks, looks_like_identifier
from tuiprop.data.table import Column, Numbers

BINS = 16
"""The largest number of bars in a histogram of numbers."""

_MOST_LISTED = 16
"""The number of most frequent categories that are counted one by one."""

IDENTIFIER, GIVES_AWAY, CONSTANT, ALL_MISSING = "identifier", "gives away", "constant", "missing"
MOSTLY_NUMBERS, ODDLY_WRITTEN = "mostly numbers", "oddly written"
"""The flags of a column."""


@dataclass(frozen=True)
class Bar:
    """One bar of a histogram."""

    label: str
    """The category, or the lower bound of the bar."""
    count: int


@dataclass(frozen=True)
class Summary:
    """The summary of one column."""

    name: str
    kind: str
    """"number", "whole number" or "text"."""
    missing: int
    """The number of missing cells."""
    distinct: int
    """The number of distinct values, missing cells excluded."""
    low: float | None
    """The smallest number; None for text, or if all cells are missing."""
    high: float | None
    mean: float | None
    deviation: float | None
    """The population standard deviation."""
    bars: tuple[Bar, ...]
    """The histogram of numbers, from low to high; or the categories, the most frequent first."""
    others: int
    """The number of cells whose category has no bar."""
    flags: tuple[str, ...]
    """Some of `IDENTIFIER`, `GIVES_AWAY`, `CONSTANT`, `ALL_MISSING`, `MOSTLY_NUMBERS`,
    `ODDLY_WRITTEN`.
    """


def summary_of(column: Column, targets: Sequence[Column]) -> Summary:
    """Summarise a column; it is flagged if it leaks one of `targets`."""
    missing = int(column.missing.sum())
    present = len(column.values) - missing
    flags = []
    if not present:
        flags.append(ALL_MISSING)
    distinct = _distinct(column)
    if distinct == 1:
        flags.append(CONSTANT)
    if column.refusal:
        flags.append(MOSTLY_NUMBERS)
    if column.notes:
        flags.append(ODDLY_WRITTEN)
    if looks_like_identifier(column):
        flags.append(IDENTIFIER)
    if any(target is not column and leaks(column, target) for target in targets):
        flags.append(GIVES_AWAY)
    if isinstance(column.values, tuple):
        bars = _counted(column)
        others = present - sum(bar.count for bar in bars)
        return Summary(
            column.name, "text", missing, distinct,
            None, None, None, None, bars, others, tuple(flags),
        )  # fmt: skip
    values = column.values[~column.missing] if missing else column.values
    kind = "whole number" if present and (values == np.rint(values)).all() else "number"
    low, high, mean, deviation = _figures(values)
    return Summary(
        column.name, kind, missing, distinct,
        low, high, mean, deviation, _histogram(values), 0, tuple(flags),
    )  # fmt: skip


def _distinct(column: Column) -> int:
    if isinstance(column.values, tuple) or column.exact:
        return len(column.categories.names)
    values = np.unique(column.values)
    return int(np.count_nonzero(~np.isnan(values)))


def _figures(values: Numbers) -> tuple[float | None, float | None, float | None, float | None]:
    if not len(values):
        return None, None, None, None
    with np.errstate(all="ignore"):
        figures = values.min(), values.max(), values.mean(), values.std()
    low, high, mean, deviation = (float(x) if np.isfinite(x) else None for x in figures)
    return low, high, mean, deviation


def _counted(column: Column) -> tuple[Bar, ...]:
    names, codes = column.categories.names, column.categories.codes
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    most = np.argsort(-counts, kind="stable")[:_MOST_LISTED]
    return tuple(Bar(names[k], int(counts[k])) for k in most)


def _histogram(values: Numbers) -> tuple[Bar, ...]:
    if not len(values):
        return ()
    low, high = float(values.min()), float(values.max())
    if low == high:
        return (Bar(f"{low:g}", len(values)),)
    # halved, as the difference of numbers of opposite signs may overflow
    width = (high / 2 - low / 2) / BINS
    places = np.clip(((values / 2 - low / 2) / width) if width else 0 * values, 0, BINS - 1)
    counts = np.bincount(places.astype(np.int64), minlength=BINS)
    starts = (2 * (low / 2 + k * width) for k in range(BINS))
    return tuple(Bar(f"{start:g}", int(count)) for start, count in zip(starts, counts, strict=True))
