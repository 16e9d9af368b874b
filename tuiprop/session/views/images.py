"""Data that are images: examples and first-layer weights as pictures."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.array import Array
from tuiprop.data.preparation.encoding import Preparation
from tuiprop.protocol.messages.pictures import Grid, Picture
from tuiprop.session.views.shades import shades

_PIXEL = re.compile(r"(?P<stem>.+)_(?P<row>\d+)_(?P<column>\d+)")

SMALLEST = 3
"""The least number of rows and columns of an image."""


@dataclass(frozen=True, eq=False)
class Images:
    """The arrangement of the inputs in an image."""

    preparation: tuple[Preparation, ...]
    rows: NDArray[np.intp]
    """The row of each input, (n[0],)."""
    columns: NDArray[np.intp]
    """Its column, (n[0],)."""

    @classmethod
    def of(cls, preparation: tuple[Preparation, ...]) -> "Images | None":
        """Arrange inputs whose names, such as pixel_7_0, are those of pixels; None for others.

        Pixels that are not inputs are dark.
        """
        found = [_PIXEL.fullmatch(each.name) for each in preparation]
        pixels = [match for match in found if match is not None]
        if len(pixels) < len(found) or len({match["stem"] for match in pixels}) > 1:
            return None
        rows = np.array([int(match["row"]) for match in pixels], np.intp)
        columns = np.array([int(match["column"]) for match in pixels], np.intp)
        size = (int(rows.max()) + 1) * (int(columns.max()) + 1)
        if min(rows.max(), columns.max()) + 1 < SMALLEST or size > 4 * len(pixels):
            return None
        return cls(preparation, rows, columns)

    def example(self, row: int, inputs: Array) -> Picture:
        """Draw an example with the values of the table, from dark to bright.

        Args:
            row: its row in the table.
            inputs: the prepared inputs, (n[0],).
        """
        mean = np.array([each.mean for each in self.preparation])
        deviation = np.array([each.deviation for each in self.preparation])
        raw = inputs * deviation + mean
        low, high = float(raw.min()), float(raw.max())
        return self._picture(f"#{row}", raw, (low + high) / 2, (high - low) / 2 or 1.0, low)

    def weights(self, name: str, W: Array) -> Picture:
        """Draw the weights of one unit of the first layer, (n[0],), by sign."""
        return self._picture(name, W, 0.0, float(np.abs(W).max()) or 1.0, 0.0)

    def _picture(
        self, name: str, values: Array, middle: float, reach: float, empty: float
    ) -> Picture:
        image = np.full((int(self.rows.max()) + 1, int(self.columns.max()) + 1), empty)
        image[self.rows, self.columns] = values
        grid = Grid(columns=image.shape[1], rows=len(image), shades=shades(image, middle, reach))
        return Picture(name=name, grid=grid)
