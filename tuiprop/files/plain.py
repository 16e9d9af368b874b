"""A model as plain numbers: what formats need that know nothing of tuiprop.

What the preparation is to them stands here and nowhere else.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.array import Array
from tuiprop.data.table import listed
from tuiprop.files.model import Model


@dataclass(frozen=True, eq=False)
class Plain:
    """ŷ from raw inputs x: a[0] = (x − mean) / deviation, then layer by layer."""

    columns: tuple[tuple[str, str | None], ...]
    """Of each input: its column in a table, and the text that makes it 1, if it is a category."""
    mean: NDArray[np.float64]
    """(n[0],)."""
    deviation: NDArray[np.float64]
    """(n[0],)."""
    outputs: tuple[str, ...]
    """Names of the outputs, n[L] of them: classes or targets."""


def plain(model: Model) -> Plain:
    """The model as plain numbers."""
    return Plain(
        tuple((each.column, each.category) for each in model.preparation),
        np.array([each.mean for each in model.preparation]),
        np.array([each.deviation for each in model.preparation]),
        _outputs(model),
    )


def _outputs(model: Model) -> tuple[str, ...]:
    """What the outputs are called; one output that tells two classes apart is the second."""
    K = model.network.sizes[-1]
    for names in (model.classes, model.classes[1:], model.experiment.data.targets):
        if len(names) == K:
            return names
    return tuple(f"y{k}" for k in range(1, K + 1))


def categories(model: Model) -> str:
    """What is said of inputs that stand for texts, where a format takes numbers only."""
    names = [each.name for each in model.preparation if each.category is not None]
    return f"text is not encoded in it: {listed(names, 4)} are to be given as 0 or 1" * bool(names)


def examples(model: Model) -> Array:
    """Raw inputs on which predictions are compared, (m, n[0]): around the mean and far from it."""
    generator = np.random.default_rng(0)
    prepared = generator.normal(size=(48, model.network.inputs))
    prepared *= generator.choice([0.3, 1.0, 3.0], (48, 1))
    numbers = plain(model)
    for i, (_, category) in enumerate(numbers.columns):
        if category is not None:
            prepared[:, i] = generator.integers(0, 2, 48)
    with np.errstate(all="ignore"):
        rows = prepared * numbers.deviation + numbers.mean
        # so that a format whose inputs are float32 is given the same numbers
        return rows.astype(model.parameters.vector.dtype).astype(np.float64)
