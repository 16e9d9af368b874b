"""Cells that are not categories of the training examples."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from tuiprop.data.preparation.encoding import Preparation, Rows, places_in
from tuiprop.data.table import DataError, Table
from tuiprop.wording import listed, quote


@dataclass(frozen=True)
class Unseen:
    """Cells of a column, in some rows, that are not known categories."""

    file: str
    """The file of the first such cell."""
    place: str
    """The line and the column of the first such cell."""
    column: str
    cells: tuple[str, ...]
    """The distinct cells."""
    known: tuple[str, ...]
    """The categories known from the training examples."""
    all: bool
    """True if no cell of the column is known."""

    @property
    def note(self) -> str:
        """The warning, if the rows are used nevertheless."""
        cells = listed(map(quote, self.cells), most=3)
        return (
            f"{self.file}, {self.place}: {cells} does not occur among the training examples; "
            f"the inputs of {self.column} are all 0 there"
        )

    @property
    def refusal(self) -> DataError:
        """The error, if no cell of the column is known."""
        return DataError.invalid(
            listed(map(quote, self.cells), most=3),
            f"categories of the training examples, {listed(self.known)}",
            file=self.file,
            place=self.place,
        )


def unseen(preparation: Iterable[Preparation], table: Table, rows: Rows) -> Iterator[Unseen]:
    """Yield each column in which rows hold unknown categories."""
    categories: dict[str, list[str]] = {}
    for each in preparation:
        if each.category:
            categories.setdefault(each.column, []).append(each.category)
    for name, known in categories.items():
        column = table[name]
        names, codes = column.categories.names, column.categories.codes[rows]
        unknown = np.isnan(places_in(known, column))
        found = np.append(unknown, False)[codes]
        if found.any():
            row = int(rows[found.argmax()])
            present = codes[codes >= 0]
            yield Unseen(
                table.file_of(row),
                f"{table.place(row)}, column {quote(name)}",
                name,
                tuple(names[k] for k in np.unique(codes[found])),
                tuple(known),
                bool(unknown[present].all()),
            )
