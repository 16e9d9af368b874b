"""The plane of two inputs, with the examples that lie in it."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.array import Array
from tuiprop.data.preparation.encoding import DERIVATIONS, Preparation, unscaled
from tuiprop.data.preparation.examples import Examples
from tuiprop.data.table import Numbers
from tuiprop.session.scores import evenly
from tuiprop.training.metrics import Classes, predicted_classes

MARGIN = 0.15
"""Of the range of the examples, on each side."""

MOST_MARKED = 20_000
"""Examples that are marked; of more, so many are chosen evenly."""

Range: TypeAlias = tuple[float, float]
"""Lower and upper edge."""


@dataclass(frozen=True, eq=False)
class Plane:
    """The two inputs that all others are made of, and how."""

    preparation: tuple[Preparation, ...]
    x: int
    y: int
    """Which inputs they are."""

    @classmethod
    def of(cls, preparation: tuple[Preparation, ...]) -> "Plane | None":
        """None where the inputs are not two numbers and what is derived from them."""
        own = [i for i, each in enumerate(preparation) if each.derived is None]
        columns = {preparation[i].column for i in own}
        if len(own) != 2 or any(preparation[i].category is not None for i in own):
            return None
        made_of_them = all(
            {each.column, each.other or each.column} <= columns for each in preparation
        )
        return cls(preparation, *own) if made_of_them else None

    def places(self, inputs: Array) -> tuple[Numbers, Numbers]:
        """x₁ and x₂ of prepared inputs, (m, n[0]), in the unit of the table."""
        x, y = (
            np.asarray(inputs[:, i], np.float64) * each.deviation + each.mean
            for i, each in ((self.x, self.preparation[self.x]), (self.y, self.preparation[self.y]))
        )
        return x, y

    def inputs(self, x: Numbers, y: Numbers) -> Numbers:
        """Raw inputs, (m, n[0]), for x₁ and x₂, (m,)."""
        of_column = {self.preparation[self.x].column: x, self.preparation[self.y].column: y}
        columns = []
        for each in self.preparation:
            if each.derived is None:
                columns.append(of_column[each.column])
            else:
                names = [each.column] + ([each.other] if each.other is not None else [])
                derive = DERIVATIONS[each.derived].function
                columns.append(derive(*(of_column[name] for name in names)))
        return np.stack(columns, axis=1)


@dataclass(frozen=True, eq=False)
class Extent:
    """How far the examples of a run reach; worked out once, as it takes a while."""

    inputs: Array
    """The smallest and the largest number of each, (2, n[0])."""
    targets: Array
    """The same, (2, n[L])."""

    @classmethod
    def of(cls, examples: Examples) -> "Extent":
        """Of training and validation examples together."""
        parts = [part for part in (examples.training, examples.validation) if len(part)]
        return cls(
            _extremes([part.inputs for part in parts]), _extremes([part.targets for part in parts])
        )


@dataclass(frozen=True, eq=False)
class Surroundings:
    """A plane with its examples, as maps show them."""

    plane: Plane
    examples: Examples
    across: Range
    up: Range
    """What of x₁ and x₂ is shown: all examples and a margin."""
    x: Numbers
    y: Numbers
    """The places of the examples that are marked, (m,)."""
    kinds: Classes
    """As `Mark.kind`, (m,)."""
    held_out: NDArray[np.bool_]
    """(m,)."""
    middle: float
    """The number that the map of what is predicted has in its middle."""
    reach: float
    """How far its first and its last shade are from there."""

    @classmethod
    def of(
        cls, plane: Plane, examples: Examples, extent: Extent, training_inputs: Array
    ) -> "Surroundings":
        """Of the examples of a run; inputs of training examples may have been changed."""
        inputs = training_inputs, examples.validation.inputs
        targets = examples.training.targets, examples.validation.targets
        marked = evenly(len(examples.training) + len(examples.validation), MOST_MARKED)
        x, y = plane.places(_taken(inputs, marked))
        kinds_of = _taken(targets, marked).astype(np.float64)
        edge_x, edge_y = plane.places(extent.inputs)
        if examples.classes:
            kinds, middle, reach = predicted_classes(kinds_of.T), 0.5, 0.5
        else:
            low, high = unscaled(examples.targets, extent.targets)[:, 0].tolist()
            middle = 0.0 if low < 0 < high else (low + high) / 2
            reach = max(high - middle, middle - low) or 1.0
            kinds = np.asarray(unscaled(examples.targets, kinds_of)[:, 0] > middle, np.intp)
        return cls(
            plane=plane,
            examples=examples,
            across=_range(np.append(edge_x, x)),
            up=_range(np.append(edge_y, y)),
            x=x,
            y=y,
            kinds=kinds,
            held_out=marked >= len(examples.training),
            middle=middle,
            reach=reach,
        )


def _taken(parts: tuple[Array, Array], places: NDArray[np.intp]) -> Array:
    """Some rows of two arrays, counted through both."""
    first, second = parts
    of_first = places < len(first)
    return np.concatenate((first[places[of_first]], second[places[~of_first] - len(first)]))


def _extremes(parts: list[Array]) -> Array:
    """The smallest and the largest number of each column of some arrays, (2, n)."""
    lowest = np.min([part.min(axis=0) for part in parts], axis=0)
    highest = np.max([part.max(axis=0) for part in parts], axis=0)
    return np.stack((lowest, highest)).astype(np.float64)


def _range(values: Numbers) -> Range:
    """Left to right edge: all examples and a margin."""
    low, high = float(values.min()), float(values.max())
    margin = MARGIN * (high - low) or 1.0
    return low - margin, high + margin
