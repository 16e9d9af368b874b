"""Bounds of rounding errors: they hold, and they are not larger than they need to be."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiprop.explain.error_bounds import FUNCTIONS, Precision, Rounded

SINGLE = Precision.of(np.float32)
numbers = st.floats(-30, 30, width=32).filter(lambda x: x == 0 or abs(x) > 1e-3)


@given(x=numbers, y=numbers, z=numbers)
def test_what_single_precision_computes_is_within_the_bound(x: float, y: float, z: float) -> None:
    a, b, c = (Rounded.exact(v, SINGLE) for v in (x, y, z))
    p, q, r = (np.float32(v) for v in (x, y, z))
    pairs = [
        (a * b + c, p * q + r),
        (a - b * c, p - q * r),
        ((a + b) * (a - c), (p + q) * (p - r)),
        (a * 0.1 - 0.3, p * np.float32(0.1) - np.float32(0.3)),
        (1 - a**3, np.float32(1) - p * p * p),
        (a / (b * b + 1), p / (q * q + np.float32(1))),
        (1 / (1 + FUNCTIONS["exp"](-a)), np.float32(1) / (np.float32(1) + np.exp(-p))),
    ]
    for found, single in pairs:
        assert isinstance(found, Rounded)
        assert abs(float(single) - found.value) <= found.error
        assert found.error <= 1e-5 * (1 + (abs(x) + abs(y)) * (abs(x) + abs(z))) * (1 + x * x)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=50), st.randoms())
def test_a_sum_in_any_order_is_within_the_bound(values: list[float], random: object) -> None:
    total = Rounded.exact(values, Precision.of(np.float64)).sum()
    random.shuffle(values)  # type: ignore[attr-defined]
    one_by_one = 0.0
    for value in values:
        one_by_one += value
    exact = sum(map(Fraction, values))
    assert abs(Fraction(one_by_one) - exact) <= Fraction(float(total.error))
    assert abs(Fraction(float(total.value)) - exact) <= Fraction(float(total.error))
    sizes = sum(map(abs, values))
    assert total.error <= 2 * len(values) * np.finfo(np.float64).eps * sizes


@pytest.mark.parametrize("name", ["exp", "expm1", "log", "log1p", "tanh", "sqrt"])
def test_an_error_goes_through_a_function(name: str) -> None:
    function = getattr(np, name)
    for x in (0.01, 0.5, 3.0):
        off = 1e-6 * x
        found = FUNCTIONS[name](Rounded(np.array(x), np.array(off), SINGLE))
        moved = max(abs(function(x + off) - function(x)), abs(function(x - off) - function(x)))
        assert moved <= found.error + 1e-15
        assert found.error <= 2 * moved + 1e-6 * abs(function(x))


def test_what_overflows_is_in_doubt_and_what_was_infinite_is_not() -> None:
    with np.errstate(all="ignore"):
        large = Rounded.exact([1e38, 1e38, -1e38], SINGLE)
        assert np.isinf((large * 100.0).error).all()
        assert np.isinf(large.sum().error) or float(large.sum().value) == 1e38
        assert np.isinf(Rounded.exact([3e38, 3e38, -3e38], SINGLE).sum().error)
        infinite = Rounded.exact([np.inf, 1.0], SINGLE)
        assert float(infinite.sum().value) == np.inf
        assert float(infinite.sum().error) == 0
        zero = Rounded.exact(0.0, SINGLE)
        assert float((1 / zero).value) == np.inf
        assert float((1 / zero).error) == 0
        # 1/(1 + exp(100)): exp overflows in single precision, and the quotient is 0 all the same
        share = 1 / (1 + FUNCTIONS["exp"](Rounded.exact(100.0, SINGLE)))
        assert float(share.value) == 0
        assert float(share.error) < 1e-40
