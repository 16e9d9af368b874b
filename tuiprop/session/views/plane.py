"""The plane of two inputs, with the examples in it."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.array import Array
from tuiprop.data.preparation.encoding import DERIVATIONS, Preparation
from tuiprop.data.preparation.examples import Examples
from tuiprop.data.table import Numbers
from tuiprop.session.scores import evenly
from tuiprop.training.metrics import Classes, predicted_classes

MARGIN = 0.15
"""The margin on each side, as a share of the range of the examples."""

MOST_MARKED = 20_000
"""The most examples that are marked; of more, an evenly spaced selection is."""

Range: TypeAlias = tuple[float, float]
"""Lower and upper edge."""


@dataclass(frozen=True, eq=False)
class Plane:
    """Two inputs and the preparation that derives all other inputs from them."""

    preparation: tuple[Preparation, ...]
    x: int
    y: int
    """The indices of the two inputs."""

    @classmethod
    def of(cls, preparation: tuple[Preparation, ...]) -> "Plane | None":
        """Build the plane; None unless the inputs are two numbers and values derived from them."""
        own = [i for i, each in enumerate(preparation) if each.derived is None]
        columns = {preparation[i].column for i in own}
        if len(own) != 2 or any(preparation[i].category is not None for i in own):
            return None
        made_of_them = all(
            {each.column, each.other or each.column} <= columns for each in preparation
        )
        return cls(preparation, *own) if made_of_them else None

    def places(self, inputs: Array) -> tuple[Numbers, Numbers]:
        """Compute x₁ and x₂, in the units of the table, from prepared inputs, (m, n[0])."""
        x, y = (
            np.asarray(inputs[:, i], np.float64) * each.deviation + each.mean
            for i, each in ((self.x, self.preparation[self.x]), (self.y, self.preparation[self.y]))
        )
        return x, y

    def inputs(self, x: Numbers, y: Numbers) -> Numbers:
        """Compute raw inputs, (m, n[0]), from x₁ and x₂, (m,) each."""
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
    """The range of the examples of a run; computed once, because that takes a while."""

    inputs: Array
    """The smallest and the largest value of each input, (2, n[0])."""
    targets: Array
    """The smallest and the largest value of each target in the unit of the table, (2, n[L])."""

    @classmethod
    def of(cls, examples: Examples) -> "Extent":
        """Compute the range over training and validation examples together."""
        parts = [part for part in (examples.training, examples.validation) if len(part)]
        return cls(
            _extremes([part.inputs for part in parts]), _extremes([part.actual for part in parts])
        )


@dataclass(frozen=True, eq=False)
class MapArea:
    """The area of a map: its ranges, the marked examples and the scale of its shades."""

    plane: Plane
    examples: Examples
    across: Range
    up: Range
    """The visible ranges of x₁ and x₂: all examples and a margin."""
    x: Numbers
    y: Numbers
    """The coordinates of the marked examples, (m,) each."""
    kinds: Classes
    """The `Mark.kind` of each marked example, (m,)."""
    held_out: NDArray[np.bool_]
    """True for validation examples, (m,)."""
    middle: float
    """The prediction that has the middle shade."""
    reach: float
    """The difference from `middle` to the first and to the last shade."""

    @classmethod
    def of(
        cls, plane: Plane, examples: Examples, extent: Extent, training_inputs: Array
    ) -> "MapArea":
        """Build it from the examples of a run, whose training inputs may have been changed."""
        inputs = training_inputs, examples.validation.inputs
        targets = examples.training.actual, examples.validation.actual
        marked = evenly(len(examples.training) + len(examples.validation), MOST_MARKED)
        x, y = plane.places(_taken(inputs, marked))
        kinds_of = _taken(targets, marked).astype(np.float64)
        edge_x, edge_y = plane.places(extent.inputs)
        if examples.classes:
            kinds, middle, reach = predicted_classes(kinds_of.T), 0.5, 0.5
        else:
            low, high = extent.targets[:, 0].tolist()
            middle = 0.0 if low < 0 < high else (low + high) / 2
            reach = max(high - middle, middle - low) or 1.0
            kinds = np.asarray(kinds_of[:, 0] > middle, np.intp)
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
    """Take rows of the concatenation of two arrays."""
    first, second = parts
    of_first = places < len(first)
    return np.concatenate((first[places[of_first]], second[places[~of_first] - len(first)]))


def _extremes(parts: list[Array]) -> Array:
    """The smallest and the largest value of each column over some arrays, (2, n)."""
    lowest = np.min([part.min(axis=0) for part in parts], axis=0)
    highest = np.max([part.max(axis=0) for part in parts], axis=0)
    return np.stack((lowest, highest)).astype(np.float64)


def _range(values: Numbers) -> Range:
    """The range of the values with a margin on each side."""
    low, high = float(values.min()), float(values.max())
    margin = MARGIN * (high - low) or 1.0
    return low - margin, high + margin
