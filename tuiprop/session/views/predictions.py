"""The predictions of a network for the data, at the position that views show."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.array import Array, Rows
from tuiprop.core.network import Parameters
from tuiprop.core.propagation import Workspace
from tuiprop.protocol.messages.scores import Subset
from tuiprop.session.latest import Latest
from tuiprop.session.scores import evenly
from tuiprop.session.viewpoint import Viewpoint
from tuiprop.session.views.images import Images
from tuiprop.session.views.plane import Extent, Plane
from tuiprop.training.threads import blas_threads, limited_to
from tuiprop.update.arrays import parameter_refs
from tuiprop.update.record import parameter_of

WHILE_MOVING, WHILE_PAUSED = (2e7, 20_000), (2e9, 200_000)
"""The most multiplications and examples of a prediction; beyond, a selection is predicted."""

CHUNK = 4096
"""The number of examples that are predicted at a time."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """The predictions for a subset."""

    places: NDArray[np.intp]
    """The indices of the examples, (m,), with validation examples after training examples."""
    outputs: Array
    """The output ŷ of the network, (m, n[L])."""
    of: int
    """The number of examples in the subset."""


class Predictor:
    """Predicts the examples of a run with the parameters at the position that is shown.

    Args:
        at: the viewpoint, whose run is shown.
    """

    def __init__(self, at: Viewpoint) -> None:
        self.at = at
        examples = at.session.examples
        self._count = len(examples.training)
        self.rows: Rows = np.concatenate((examples.training.rows, examples.validation.rows))
        """The row of each example in the table, with validation examples last."""
        self.plane = Plane.of(examples.preparation)
        """The plane of the two inputs, if there are two."""
        self.images = Images.of(examples.preparation)
        """The arrangement of the inputs in an image, if they are pixels."""
        self._predicted = Latest[Predictions]()

    @cached_property
    def extent(self) -> Extent:
        """The range of the examples."""
        return Extent.of(self.at.session.examples)

    @property
    def parameters(self) -> Parameters:
        """W and b at the present position, some of which an incomplete update may have changed."""
        at, run = self.at, self.at.run
        if at.cursor.partial.record is None:
            return run.trainer.parameters
        now = Parameters.zeros(run.network, run.trainer.parameters.vector.dtype)
        for reference in parameter_refs(run.network.L):
            array = at.array(reference)
            assert array is not None
            parameter_of(now, reference)[...] = array
        return now

    def is_held_out(self, places: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return True for validation examples, (m,)."""
        return places >= self._count

    def inputs(self, places: NDArray[np.intp]) -> Array:
        """The prepared inputs, (m, n[0]), with the changes of training inputs."""
        validation = self.at.session.examples.validation.inputs
        in_training = places < self._count
        inputs = np.empty((len(places), self.at.run.network.inputs), validation.dtype)
        inputs[in_training] = self.at.run.trainer.examples.inputs_of(places[in_training])
        inputs[~in_training] = validation[places[~in_training] - self._count]
        return inputs

    def actual(self, places: NDArray[np.intp]) -> Array:
        """The targets in the unit of the table, (m, n[L]); one-hot for classes."""
        examples = self.at.session.examples
        training = places < self._count
        actual = np.empty((len(places), self.at.run.network.sizes[-1]))
        actual[training] = examples.training.actual[places[training]]
        actual[~training] = examples.validation.actual[places[~training] - self._count]
        return actual

    def predictions(self, subset: Subset) -> Predictions:
        """Predict a subset, or an evenly spaced selection of it if all would take too long."""
        at, run = self.at, self.at.run
        first = self._count if subset == "validation" else 0
        last = self._count if subset == "training" else len(self.rows)
        multiplications, examples = WHILE_MOVING if at.is_moving else WHILE_PAUSED
        most = min(examples, max(100, int(multiplications / run.network.parameter_count)))
        most = min(most, last - first)
        state = run.branch.number, run.branch.edits, at.cursor.here, subset, most
        return self._predicted.get(state, lambda: self._predict(first, last, most))

    def _predict(self, first: int, last: int, most: int) -> Predictions:
        parameters, L = self.parameters, self.at.run.network.L
        places = first + evenly(last - first, most)
        outputs = np.empty((len(places), parameters.network.sizes[-1]))
        for start in range(0, len(places), CHUNK):
            block = self.inputs(places[start : start + CHUNK])
            outputs[start : start + CHUNK] = forward(parameters, block).a[L].T
        return Predictions(places, outputs, last - first)


def forward(parameters: Parameters, inputs: Array) -> Workspace:
    """Propagate prepared inputs, (m, n[0]), forward."""
    workspace = Workspace(parameters.network, len(inputs), parameters.vector.dtype)
    workspace.inputs[...] = inputs
    with limited_to(blas_threads(parameters.network)):
        workspace.forward(parameters)
    return workspace
