"""Pictures that are made to fit."""

import numpy as np
import pytest

from tuiprop.protocol.messages.pictures import SHADES, Grid
from tuiprop.ui.drawing.scaling import fitted

RANDOM = np.random.default_rng(0).integers(0, 2 * SHADES + 1, (28, 28)).astype(np.uint8)


def grid_of(image: np.ndarray) -> Grid:
    rows, columns = image.shape
    return Grid(columns=columns, rows=rows, shades=image.astype(np.uint8).tobytes())


def image_of(grid: Grid) -> np.ndarray:
    return np.frombuffer(grid.shades, np.uint8).reshape(grid.rows, grid.columns)


def test_what_fits_is_left_or_enlarged_by_a_whole_number() -> None:
    grid = grid_of(RANDOM[:4, :6])
    assert fitted(grid, 11, 20) is grid
    assert fitted(grid, 60, 20, enlarge=False) is grid
    np.testing.assert_array_equal(
        image_of(fitted(grid, 19, 20)), RANDOM[:4, :6].repeat(3, 0).repeat(3, 1)
    )


@pytest.mark.parametrize("parts", [2, 4])
def test_what_does_not_fit_is_the_mean_of_what_it_covers(parts: int) -> None:
    small = image_of(fitted(grid_of(RANDOM), 28 // parts, 100))
    means = RANDOM.reshape(28 // parts, parts, 28 // parts, parts).mean(axis=(1, 3))
    assert np.abs(small - means).max() <= 0.5


@pytest.mark.parametrize(
    ("columns", "lines", "shape"),
    [(100, 13, (26, 26)), (21, 100, (21, 21)), (100, 1, (2, 2)), (1, 1, (1, 1))],
)
def test_sides_stay_in_proportion_and_light_stays(
    columns: int, lines: int, shape: tuple[int, int]
) -> None:
    small = image_of(fitted(grid_of(RANDOM), columns, lines))
    assert small.shape == shape
    assert abs(small.mean() - RANDOM.mean()) < 0.5
    even = np.full((28, 20), 7)
    assert set(fitted(grid_of(even), columns, lines).shades) == {7}
