"""What a target column can be: classes or numbers."""

import numpy as np

from tuiprop.data.table import Column

MOST_CLASSES = 1000
"""More are taken for a mistake: a column of names or of measurements."""

MOST_GUESSED = 20
"""Whole numbers of more different values are no classes, unless it is said."""


def looks_like_classes(column: Column) -> bool:
    """Text, or from 2 to 20 whole numbers each of which occurs twice on average."""
    if isinstance(column.values, tuple):
        return True
    values = column.values[~column.missing]
    if not (values == np.rint(values)).all():
        return False
    count = len(column.categories.names)
    return 2 <= count <= MOST_GUESSED and 2 * count <= len(values)
