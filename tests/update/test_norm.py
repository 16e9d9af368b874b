"""The norm of an array: of any finite numbers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import DTypeLike

from tuiprop.update.norm import norm


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@given(data=st.data())
def test_the_norm_is_that_of_its_numbers(dtype: DTypeLike, data: st.DataObject) -> None:
    width = 8 * np.dtype(dtype).itemsize
    of_any_size = st.floats(allow_nan=False, allow_infinity=False, width=width)  # type: ignore[arg-type]
    numbers = data.draw(st.lists(of_any_size, min_size=1, max_size=9))
    expected = math.hypot(*numbers)
    found = norm(np.array([numbers], dtype))
    if math.isfinite(expected):
        assert found == pytest.approx(expected, rel=1e-6 if width == 32 else 1e-14, abs=1e-320)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([1e200, 1e200], math.sqrt(2) * 1e200),
        ([-3e-200, 4e-200], 5e-200),
        ([0.0, -0.0], 0.0),
        ([1.0, math.inf], math.inf),
    ],
)
def test_squares_neither_overflow_nor_vanish(numbers: list[float], expected: float) -> None:
    assert norm(np.array(numbers)) == pytest.approx(expected, rel=1e-15)
    assert math.isnan(norm(np.array([*numbers, math.nan])))


def test_squares_of_float32_are_not_lost() -> None:
    assert norm(np.array([3e-27, 4e-27], np.float32)) == pytest.approx(5e-27, rel=1e-6)
    assert norm(np.array([3e30, 4e30], np.float32)) == pytest.approx(5e30, rel=1e-6)
