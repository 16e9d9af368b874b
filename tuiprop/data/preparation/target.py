"""The kind of a target column: classes or numbers."""

import numpy as np

from tuiprop.data.table import Column

MOST_CLASSES = 1000
"""The most classes; a column with more is a mistake, such as names or measurements."""

MOST_GUESSED = 20
"""The most distinct whole numbers that are taken as classes by default."""


def looks_like_classes(column: Column) -> bool:
    """Return True for text, or for 2 to 20 whole numbers that occur twice on average."""
    if isinstance(column.values, tuple):
        return True
    values = column.values[~column.missing]
    if not (values == np.rint(values)).all():
        return False
    count = len(column.categories.names)
    return 2 <= count <= MOST_GUESSED and 2 * count <= len(values)
