"""The formulas of TensorFlow Playground, checked point by point."""

import math

import numpy as np
import pytest

from tuiprop.data.generators import GENERATORS, generate
from tuiprop.data.table import Numbers


def points(name: str, count: int = 500, noise: float = 0.0) -> tuple[Numbers, Numbers, Numbers]:
    columns = generate(name, count, noise, seed=3).columns
    x1, x2, y = (np.asarray(column.values, dtype=np.float64) for column in columns)
    return x1, x2, y


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize("count", [2, 3, 500, 501])
@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_every_problem_has_the_points_asked_for(name: str, count: int, noise: float) -> None:
    table = generate(name, count, noise, seed=1)
    assert (table.name, table.rows, table.names) == (name, count, ("x1", "x2", "y"))
    assert all(np.isfinite(np.asarray(c.values, dtype=np.float64)).all() for c in table.columns)
    again, other = generate(name, count, noise, seed=1), generate(name, count, noise, seed=2)
    np.testing.assert_array_equal(table["x1"].values, again["x1"].values)
    if count > 3 and (name, noise) != ("spiral", 0.0):
        assert not np.array_equal(table["x2"].values, other["x2"].values)


@pytest.mark.parametrize("name", ["circle", "xor", "gauss", "spiral"])
def test_labels_are_minus_one_and_one(name: str) -> None:
    assert set(points(name, noise=0.3)[2]) == {-1.0, 1.0}


def test_circle_is_a_disc_in_a_ring() -> None:
    x1, x2, y = points("circle")
    radii = [math.hypot(*point) for point in zip(x1, x2, strict=True)]
    assert all(r < 2.5 for r in radii[:250])
    assert all(3.5 <= r <= 5 for r in radii[250:])
    assert list(y) == [1.0] * 250 + [-1.0] * 250


def test_xor_leaves_the_axes_free() -> None:
    x1, x2, y = points("xor")
    assert all(0.3 <= abs(x) <= 5.3 for x in [*x1, *x2])
    assert list(y) == [1.0 if a * b >= 0 else -1.0 for a, b in zip(x1, x2, strict=True)]


@pytest.mark.parametrize(("noise", "variance"), [(0.0, 0.5), (0.5, 4.0)])
def test_gauss_has_two_centres_and_the_variance_of_its_noise(noise: float, variance: float) -> None:
    x1, x2, y = points("gauss", 40_000, noise)
    assert list(y) == [1.0] * 20_000 + [-1.0] * 20_000
    for x in (x1, x2):
        for cloud, centre in ((x[:20_000], 2), (x[20_000:], -2)):
            assert cloud.mean() == pytest.approx(centre, abs=0.06)
            assert cloud.var() == pytest.approx(variance, rel=0.05)


def test_spiral_is_two_arms() -> None:
    x1, x2, y = points("spiral")
    for i in range(500):
        k, delta = i % 250, 0.0 if i < 250 else math.pi
        r, t = 5 * k / 250, 1.75 * k / 250 * 2 * math.pi + delta
        assert (x1[i], x2[i]) == pytest.approx((r * math.sin(t), r * math.cos(t)), abs=1e-12)
    assert list(y) == [1.0] * 250 + [-1.0] * 250


def test_noise_moves_the_spiral_by_no_more_than_itself() -> None:
    still, moved = points("spiral"), points("spiral", noise=0.2)
    for axis in (0, 1):
        shift = np.abs(moved[axis] - still[axis])
        assert 0.15 < shift.max() <= 0.2


def test_plane_is_a_tenth_of_the_sum() -> None:
    x1, x2, y = points("plane", 1200)
    assert np.abs([x1, x2]).max() <= 6
    assert y == pytest.approx((x1 + x2) / 10)


def test_noise_of_the_plane_is_in_y_alone() -> None:
    x1, x2, y = points("plane", 1200, noise=0.5)
    assert np.abs([x1, x2]).max() <= 6
    assert 0.3 < np.abs(y - (x1 + x2) / 10).max() <= 0.6


def test_bumps_are_six_cones() -> None:
    x1, x2, y = points("bumps", 1200)
    centres = {(-4, 2.5): 1, (0, 2.5): -1, (4, 2.5): 1, (-4, -2.5): -1, (0, -2.5): 1, (4, -2.5): -1}
    for a, b, height in zip(x1, x2, y, strict=True):
        expected = 0.0
        for (c1, c2), sign in centres.items():
            cone = sign * min(max(1 - math.hypot(a - c1, b - c2) / 2, 0), 1)
            expected = cone if abs(cone) > abs(expected) else expected
        assert height == pytest.approx(expected, abs=1e-12)
    assert y.min() < -0.8
    assert y.max() > 0.8
    assert not np.signbit(y[y == 0]).any()


@pytest.mark.parametrize("name", ["circle", "xor"])
def test_noise_changes_some_labels_and_no_place(name: str) -> None:
    still, noisy = points(name), points(name, noise=0.5)
    assert {-1.0, 1.0} == set(noisy[2])
    assert 0 < (still[2] != noisy[2]).sum() < 300
    if name == "circle":
        assert list(np.hypot(noisy[0], noisy[1]) < 2.5) == [True] * 250 + [False] * 250
