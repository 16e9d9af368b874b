"""Generators of two-dimensional problems with inputs x1 and x2 and target y.

They follow TensorFlow Playground (Apache 2.0). U(a, b) is the uniform distribution, N(μ, v) the
normal distribution with *variance* v, and n the noise, from 0 to 0.5.
"""

from collections.abc import Callable
from math import pi, sqrt
from typing import TypeAlias

import numpy as np

from tuiprop.data.table import Column, Numbers, Table

_Generator: TypeAlias = Callable[[np.random.Generator, int, float], tuple[Numbers, Numbers]]
"""A function (generator, points, n) → x (points, 2), y (points,)."""


def _circle(generator: np.random.Generator, points: int, noise: float) -> tuple[Numbers, Numbers]:
    """Generate a disc inside a ring; noise moves the point that decides the label."""
    inner = points // 2
    r = np.concatenate(
        [generator.uniform(0.0, 2.5, inner), generator.uniform(3.5, 5.0, points - inner)]
    )
    angle = generator.uniform(0.0, 2 * pi, points)
    x = _polar(r, angle)
    noisy = x + generator.uniform(-5.0, 5.0, x.shape) * noise
    return x, _label(np.hypot(noisy[:, 0], noisy[:, 1]) < 2.5)


def _xor(generator: np.random.Generator, points: int, noise: float) -> tuple[Numbers, Numbers]:
    """Generate four squares, 0.3 from the axes; noise moves the point that decides the label."""
    x = generator.uniform(-5.0, 5.0, (points, 2))
    x += np.where(x > 0, 0.3, -0.3)
    noisy = x + generator.uniform(-5.0, 5.0, x.shape) * noise
    return x, _label(noisy[:, 0] * noisy[:, 1] >= 0)


def _gauss(generator: np.random.Generator, points: int, noise: float) -> tuple[Numbers, Numbers]:
    """Generate two clouds around (2, 2) and (−2, −2); noise widens them."""
    first = np.arange(points) < points // 2
    centre = np.where(first, 2.0, -2.0)
    x = centre[:, None] + generator.normal(0.0, sqrt(0.5 + 7 * noise), (points, 2))
    return x, _label(first)


def _spiral(generator: np.random.Generator, points: int, noise: float) -> tuple[Numbers, Numbers]:
    """Generate two spiral arms of one and three quarter turns; noise moves the points."""
    arms = (points // 2, points - points // 2)
    share = np.concatenate([np.arange(k) / k for k in arms])
    first = np.arange(points) < arms[0]
    angle = 1.75 * share * 2 * pi + np.where(first, 0.0, pi)
    x = _polar(5 * share, angle)
    x += generator.uniform(-1.0, 1.0, x.shape) * noise
    return x, _label(first)


def _plane(generator: np.random.Generator, points: int, noise: float) -> tuple[Numbers, Numbers]:
    """Generate y = (x1 + x2) / 10; noise moves the point that decides y."""
    x = generator.uniform(-6.0, 6.0, (points, 2))
    noisy = x + generator.uniform(-6.0, 6.0, x.shape) * noise
    return x, noisy.sum(axis=1) / 10


_BUMPS = np.array(
    [(-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1), (-4, -2.5, -1), (0, -2.5, 1), (4, -2.5, -1)]
)
"""The centre and the sign of each bump, (6, 3)."""


def _bumps(generator: np.random.Generator, points: int, noise: float) -> tuple[Numbers, Numbers]:
    """Generate six cones of radius 2, up and down; noise moves the point that decides y."""
    x = generator.uniform(-6.0, 6.0, (points, 2))
    noisy = x + generator.uniform(-6.0, 6.0, x.shape) * noise
    away = noisy[:, None, :] - _BUMPS[None, :, :2]
    distance = np.hypot(away[..., 0], away[..., 1])
    height = _BUMPS[:, 2] * np.clip(1 - distance / 2, 0.0, 1.0)
    largest = np.abs(height).argmax(axis=1)
    # + 0.0 turns −0.0 into 0.0, as y is 0 far from a falling cone
    return x, height[np.arange(points), largest] + 0.0


def _polar(r: Numbers, angle: Numbers) -> Numbers:
    return np.stack([r * np.sin(angle), r * np.cos(angle)], axis=1)


def _label(positive: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Numbers:
    return np.where(positive, 1.0, -1.0)


_GENERATORS: dict[str, _Generator] = {
    "circle": _circle,
    "xor": _xor,
    "gauss": _gauss,
    "spiral": _spiral,
    "plane": _plane,
    "bumps": _bumps,
}

GENERATORS = tuple(_GENERATORS)
"""The names of the generators, in the order in which they are offered."""


def generate(name: str, points: int, noise: float, seed: int) -> Table:
    """Return a table of x1, x2 and y, which depends on nothing but the arguments.

    Args:
        name: one of `GENERATORS`.
        points: the number of rows, 2 or more.
        noise: n, from 0 to 0.5.
        seed: the seed of the random generator.
    """
    x, y = _GENERATORS[name](np.random.default_rng(seed), points, noise)
    return Table(name, (Column("x1", x[:, 0].copy()), Column("x2", x[:, 1].copy()), Column("y", y)))
