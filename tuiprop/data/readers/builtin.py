"""Reader of the built-in tables, with the standard library alone.

They are small: importing a library for large tables would take longer than reading them.
"""

import csv
from pathlib import Path

import numpy as np

from tuiprop.data.table import Column, DataError, Table


def folder() -> Path:
    """Return the folder of the data files, in the installed package or in the checkout."""
    package = Path(__file__).resolve().parents[2]
    installed = package / "datasets"
    return installed if installed.is_dir() else package.parent / "datasets"


def read_builtin(name: str) -> Table:
    """Return the table in `name`.csv in the data folder.

    Raises:
        DataError: the file cannot be read, so the installation is incomplete.
    """
    path = folder() / f"{name}.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *records = csv.reader(file)
    except OSError as error:
        reason = f"cannot be read: {error.strerror}; install tuiprop again"
        raise DataError(reason, file=str(path)) from None
    columns = zip(*records, strict=True)
    return Table(name, tuple(map(_column, header, columns)))


def _column(name: str, cells: tuple[str, ...]) -> Column:
    try:
        return Column(name, np.array([float(cell) for cell in cells]))
    except ValueError:
        return Column(name, cells)
