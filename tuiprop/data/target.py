"""What a target column can be: classes or numbers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuiprop.data.table import Column, format_number

MOST_CLASSES = 1000
"""More are taken for a mistake: a column of names or of measurements."""

_MOST_GUESSED = 20


@dataclass(frozen=True, eq=False)
class Classes:
    """The distinct values of a target column, sorted: numbers by value, text by code point."""

    names: tuple[str, ...]
    labels: NDArray[np.int64]
    """The class of each row, (rows,), an index into `names`."""


def classes_of(column: Column) -> Classes:
    """Every distinct value as a class."""
    if isinstance(column.values, tuple):
        names = tuple(sorted(set(column.values)))
        index = {name: k for k, name in enumerate(names)}
        labels = np.array([index[value] for value in column.values], dtype=np.int64)
        return Classes(names, labels)
    values, labels = np.unique(column.values, return_inverse=True)
    return Classes(tuple(map(format_number, values.tolist())), labels.astype(np.int64))


def class_count(column: Column) -> int:
    """How many distinct values there are."""
    if isinstance(column.values, tuple):
        return len(set(column.values))
    return len(np.unique(column.values))


def looks_like_classes(column: Column) -> bool:
    """Text, or from 2 to 20 whole numbers each of which occurs twice on average."""
    if isinstance(column.values, tuple):
        return True
    count = class_count(column)
    whole = bool((column.values == np.rint(column.values)).all())
    return whole and 2 <= count <= _MOST_GUESSED and 2 * count <= len(column.values)
