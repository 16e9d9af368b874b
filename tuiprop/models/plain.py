"""A model as plain numbers, for formats that know nothing of tuiprop.

Only this module translates the preparation into numbers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.array import Array
from tuiprop.data.preparation.encoding import Preparation
from tuiprop.models.model import Model
from tuiprop.wording import listed


@dataclass(frozen=True, eq=False)
class Plain:
    """The numbers in a[0] = (x − mean) / deviation, for raw inputs x, and in ŷ in its unit."""

    mean: NDArray[np.float64]
    """(n[0],)."""
    deviation: NDArray[np.float64]
    """(n[0],)."""
    fill: NDArray[np.float64] | None
    """The replacement of a missing x, (n[0],), NaN for inputs without one; None if none has one."""
    unit: tuple[NDArray[np.float64], NDArray[np.float64]] | None
    """Mean and deviation of the targets, (n[L],) each; None if they are not scaled."""
    outputs: tuple[str, ...]
    """The names of the n[L] outputs: classes or targets."""


def plain(model: Model) -> Plain:
    """Convert a model to plain numbers."""
    mean, deviation = _scale(model.preparation)
    fill = np.array([np.nan if one.fill is None else one.fill for one in model.preparation])
    scaled = any(each.mean != 0.0 or each.deviation != 1.0 for each in model.targets)
    return Plain(
        mean,
        deviation,
        None if np.isnan(fill).all() else fill,
        _scale(model.targets) if scaled else None,
        _outputs(model),
    )


def _scale(
    preparation: tuple[Preparation, ...],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means and deviations."""
    return (
        np.array([each.mean for each in preparation]),
        np.array([each.deviation for each in preparation]),
    )


def _outputs(model: Model) -> tuple[str, ...]:
    """The names of the outputs; a single output for two classes has the name of the second."""
    K = model.network.sizes[-1]
    for names in (model.classes, model.classes[1:], model.experiment.data.targets):
        if len(names) == K:
            return names
    return tuple(f"y{k}" for k in range(1, K + 1))


def encoded(model: Model) -> str:
    """The remark on encoded inputs, for a format that accepts numbers only."""
    names = [
        each.name
        for each in model.preparation
        if each.category is not None or each.order is not None or each.derived is not None
    ]
    return f"inputs are numbers: {listed(names, 4)} are to be encoded by the caller" * bool(names)


def examples(model: Model) -> Array:
    """Raw inputs for the comparison of predictions, (m, n[0]), near the mean and far from it."""
    generator = np.random.default_rng(0)
    prepared = generator.normal(size=(48, model.network.inputs))
    prepared *= generator.choice([0.3, 1.0, 3.0], (48, 1))
    numbers = plain(model)
    with np.errstate(all="ignore"):
        rows = prepared * numbers.deviation + numbers.mean
        # so that a format with float32 inputs gets the same numbers
        rows = rows.astype(model.parameters.vector.dtype).astype(np.float64)
    for i, each in enumerate(model.preparation):
        if each.category is not None:
            rows[:, i] = generator.integers(0, 2, 48)
        elif each.fill is not None:
            rows[generator.random(48) < 0.1, i] = np.nan
    return rows
