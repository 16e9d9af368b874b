"""Views of the network on the data: predictions, scores, maps and pictures."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tuiprop.core.array import Array, Rows
from tuiprop.core.network import Parameters
from tuiprop.core.propagation import Workspace
from tuiprop.data.preparation.encoding import unscaled
from tuiprop.protocol.messages.prediction_payloads import (
    ClassesNote,
    ExampleNote,
    LayerOnTheWay,
    MapNote,
    NumberScore,
    Picture,
    Subset,
    WayNote,
)
from tuiprop.protocol.messages.predictions import Studied, Study
from tuiprop.session.cursor import Cursor
from tuiprop.session.scores import class_scores, confusion, evenly, number_score, roc
from tuiprop.session.session import Session
from tuiprop.session.viewpoint import Viewpoint
from tuiprop.session.views import decision_map as maps
from tuiprop.session.views.frame import View
from tuiprop.session.views.images import Images
from tuiprop.session.views.plane import Extent, Plane, Surroundings
from tuiprop.training.metrics import accuracy, predicted_classes, probabilities
from tuiprop.training.run import Run
from tuiprop.training.threads import blas_threads, limited_to
from tuiprop.update.arrays import parameter_refs
from tuiprop.update.record import parameter_of

WHILE_WALKING, AT_A_STOP = (2e7, 20_000), (2e9, 200_000)
"""The most multiplications and examples of a prediction; beyond, a selection is predicted."""

CHUNK = 4096
"""The number of examples that are predicted at a time."""

MOST_ON_THE_WAY = 64
"""The most units of a layer that are shown for one example."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """The predictions for a subset."""

    places: NDArray[np.intp]
    """The indices of the examples, (m,), with validation examples after training examples."""
    outputs: Array
    """The output ŷ of the network, (m, n[L])."""
    of: int
    """The number of examples in the subset."""


class Problem:
    """Computes the requested views of the predictions at the present position.

    Args:
        at: the viewpoint, whose run is shown.
        view: the view of that run.
    """

    def __init__(self, at: Viewpoint, view: View) -> None:
        self._at, self._view = at, view
        examples = at.session.examples
        self._count = len(examples.training)
        self._rows: Rows = np.concatenate((examples.training.rows, examples.validation.rows))
        self._plane = Plane.of(examples.preparation)
        self._images = Images.of(examples.preparation)
        self._predicted: tuple[object, Predictions] | None = None

    @property
    def _session(self) -> Session:
        return self._at.session

    @property
    def _cursor(self) -> Cursor:
        return self._at.cursor

    @property
    def _run(self) -> Run:
        return self._at.run

    def study(self, request: Study, number: int) -> Studied:
        """Compute the requested views; one that does not exist for these data is None.

        Args:
            request: the views.
            number: the number of the run.
        """
        run, session = self._run, self._session
        with limited_to(blas_threads(run.network)):
            parameters = self._parameters()
            predictions = self._predictions(parameters, request.subset)
            of_classes = bool(session.examples.classes)
            return Studied(
                run=number,
                update=run.t,
                studied=len(predictions.places),
                of=predictions.of,
                held_out=len(session.examples.validation),
                classes=list(session.examples.classes),
                has_map=self._plane is not None,
                has_pictures=self._images is not None,
                map=self._map(request, parameters),
                scores=self._classes(request, predictions) if of_classes else None,
                numbers=[] if of_classes else self._numbers(predictions),
                way=self._way(request, parameters),
                pictures=self._pictures(request, parameters),
            )

    @cached_property
    def _extent(self) -> Extent:
        return Extent.of(self._session.examples)

    def _parameters(self) -> Parameters:
        """W and b at the present position, some of which an incomplete update may have changed."""
        run, view = self._run, self._view
        if self._cursor.partial.record is None:
            return run.trainer.parameters
        now = Parameters.zeros(run.network, run.trainer.parameters.vector.dtype)
        for reference in parameter_refs(run.network.L):
            array = view.array(reference)
            assert array is not None
            parameter_of(now, reference)[...] = array
        return now

    # Predictions

    def _inputs(self, places: NDArray[np.intp]) -> Array:
        """The prepared inputs, (m, n[0]), with the changes of training inputs."""
        validation = self._session.examples.validation.inputs
        in_training = places < self._count
        inputs = np.empty((len(places), self._run.network.inputs), validation.dtype)
        inputs[in_training] = self._run.trainer.examples.inputs_of(places[in_training])
        inputs[~in_training] = validation[places[~in_training] - self._count]
        return inputs

    def _targets(self, places: NDArray[np.intp]) -> Array:
        """The prepared targets, (m, n[L])."""
        examples = self._session.examples
        training = places < self._count
        targets = np.empty((len(places), self._run.network.sizes[-1]))
        targets[training] = examples.training.targets[places[training]]
        targets[~training] = examples.validation.targets[places[~training] - self._count]
        return targets

    def _predictions(self, parameters: Parameters, subset: Subset) -> Predictions:
        """Predict a subset, or an evenly spaced selection of it if all would take too long."""
        run, cursor = self._run, self._cursor
        first = self._count if subset == "validation" else 0
        last = self._count if subset == "training" else len(self._rows)
        multiplications, examples = AT_A_STOP if cursor.goal is None else WHILE_WALKING
        most = min(examples, max(100, int(multiplications / run.network.parameter_count)))
        state = run.branch.number, run.branch.edits, cursor.here, subset, min(most, last - first)
        if self._predicted is None or self._predicted[0] != state:
            places = first + evenly(last - first, most)
            outputs = np.empty((len(places), run.network.sizes[-1]))
            for start in range(0, len(places), CHUNK):
                block = self._inputs(places[start : start + CHUNK])
                outputs[start : start + CHUNK] = _forward(parameters, block).a[run.network.L].T
            self._predicted = state, Predictions(places, outputs, last - first)
        return self._predicted[1]

    # Classes

    def _classes(self, request: Study, predictions: Predictions) -> ClassesNote | None:
        places, outputs = predictions.places, predictions.outputs
        if not len(places):
            return None
        classes = len(self._session.examples.classes)
        actual = predicted_classes(self._targets(places).T)
        shares = probabilities(outputs)
        loss = self._run.network.loss
        two = outputs.shape[1] == 1 or (classes == 2 and loss == "cross_entropy")
        if two and not (outputs.shape[1] == 2 and request.threshold == 0.5):
            predicted = np.asarray(shares[:, 1] > request.threshold, np.intp)
        else:
            predicted = predicted_classes(outputs.T)
        counts = confusion(actual, predicted, classes)
        if request.cell is None:
            wrong = np.flatnonzero(actual != predicted)
            found = wrong if len(wrong) else np.arange(len(actual))
        else:
            found = np.flatnonzero((actual == request.cell[0]) & (predicted == request.cell[1]))
        of_actual = shares[np.arange(len(actual)), actual]
        worst = found[np.argsort(of_actual[found], kind="stable")]
        return ClassesNote(
            counts=counts.tolist(),
            scores=class_scores(counts),
            accuracy=accuracy(actual, predicted),
            threshold=request.threshold if two else None,
            roc=roc(actual == 1, shares[:, 1]) if two else None,
            examples=[
                self._example(places[i], actual[i], predicted[i], shares[i])
                for i in worst[request.first : request.first + request.count].tolist()
            ],
            found=len(found),
        )

    def _example(self, place: int, actual: int, predicted: int, p: Array) -> ExampleNote:
        return ExampleNote(
            row=int(self._rows[place]),
            held_out=bool(place >= self._count),
            actual=int(actual),
            predicted=int(predicted),
            p_actual=float(p[actual]),
            p_predicted=float(p[predicted]),
        )

    # Numbers

    def _numbers(self, predictions: Predictions) -> list[NumberScore]:
        places, targets = predictions.places, self._session.examples.targets
        if not len(places):
            return []
        actual = unscaled(targets, self._targets(places))
        predicted = unscaled(targets, predictions.outputs)
        rows, held_out = self._rows[places], places >= self._count
        return [
            number_score(name, actual[:, k], predicted[:, k], rows, held_out)
            for k, name in enumerate(self._session.examples.outputs)
        ]

    # Maps, pictures, ways

    def _map(self, request: Study, parameters: Parameters) -> MapNote | None:
        if request.map is None or self._plane is None:
            return None
        session = self._session
        around = Surroundings.of(
            self._plane, session.examples, self._extent, self._run.trainer.examples.all_inputs()
        )
        names = [session.unit_names(l) for l in range(self._run.network.L + 1)]
        return maps.draw(around, parameters, request.map, names)

    def _pictures(self, request: Study, parameters: Parameters) -> list[Picture]:
        """Draw the first-layer weights of some units."""
        if self._images is None or not request.weights:
            return []
        first, W = request.first_unit, parameters.W[1]
        names = self._session.unit_names(1)
        return [
            self._images.weights(f"W[1][{names[unit]}]", W[unit])
            for unit in range(first, min(first + request.weights, len(W)))
        ]

    def _way(self, request: Study, parameters: Parameters) -> WayNote | None:
        if request.example is None:
            return None
        found = np.flatnonzero(self._rows == request.example)
        if not len(found):
            return None
        session, network = self._session, self._run.network
        places = found[:1]
        inputs = self._inputs(places)
        workspace = _forward(parameters, inputs)
        targets, outputs = self._targets(places), workspace.a[network.L].T.astype(np.float64)
        preparation, classes = session.examples.targets, session.examples.classes
        shown, wanted = (unscaled(preparation, each)[0] for each in (outputs, targets))
        names = list(session.examples.outputs)
        if classes:
            actual, predicted = session.class_of(targets[0]), session.class_of(outputs[0])
            if len(shown) == 1:
                shown, names = np.append(1 - shown, shown), list(classes)
        else:
            actual, predicted = (", ".join(f"{v:.6g}" for v in each) for each in (wanted, shown))
        return WayNote(
            row=request.example,
            held_out=bool(places[0] >= self._count),
            actual=actual,
            predicted=predicted,
            layers=self._layers(workspace, inputs[0]),
            outputs=shown.tolist(),
            output_names=names,
            of_classes=bool(classes),
            picture=None
            if self._images is None
            else self._images.example(request.example, inputs[0]),
        )

    def _layers(self, workspace: Workspace, inputs: Array) -> list[LayerOnTheWay]:
        """The first units of each layer; the inputs also in the units of the table."""
        network, preparation = self._run.network, self._session.examples.preparation
        mean = np.array([each.mean for each in preparation])
        deviation = np.array([each.deviation for each in preparation])
        scaled = bool(mean.any() or (deviation != 1).any())
        raw = (inputs * deviation + mean)[:MOST_ON_THE_WAY].tolist() if scaled else []
        return [
            LayerOnTheWay(
                title=f"a[{l}] {network.layers[l - 1].activation if l else 'input'}",
                names=self._session.unit_names(l)[:MOST_ON_THE_WAY],
                values=workspace.a[l][:MOST_ON_THE_WAY, 0].tolist(),
                raw=[] if l else raw,
                size=size,
            )
            for l, size in enumerate(network.sizes)
        ]


def _forward(parameters: Parameters, inputs: Array) -> Workspace:
    """Propagate prepared inputs, (m, n[0]), forward."""
    workspace = Workspace(parameters.network, len(inputs), parameters.vector.dtype)
    workspace.inputs[...] = inputs
    workspace.forward(parameters)
    return workspace
