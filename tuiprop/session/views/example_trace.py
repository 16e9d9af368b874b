"""The view of the trace of one example through the network."""

import numpy as np

from tuiprop.core.array import Array
from tuiprop.core.propagation import Workspace
from tuiprop.data.preparation.encoding import unscaled
from tuiprop.protocol.messages.example_trace import (
    ExampleTrace,
    ExampleTraceQuery,
    LayerActivations,
    TraceNote,
)
from tuiprop.session.session import Session
from tuiprop.session.views.predictions import Predictor, forward

MOST_UNITS = 64
"""The most units of a layer that are shown for one example."""


def example_trace(predictor: Predictor, query: ExampleTraceQuery) -> ExampleTrace:
    """Trace an example through the network."""
    return ExampleTrace(trace=_trace(predictor, query.row))


def _trace(predictor: Predictor, row: int) -> TraceNote | None:
    places = np.flatnonzero(predictor.rows == row)[:1]
    if not len(places):
        return None
    session = predictor.at.session
    inputs = predictor.inputs(places)
    workspace = forward(predictor.parameters, inputs)
    wanted = predictor.actual(places)[0]
    outputs = workspace.a[workspace.network.L].T.astype(np.float64)
    classes = session.examples.classes
    shown = unscaled(session.examples.targets, outputs)[0]
    names = list(session.examples.outputs)
    if classes:
        actual, predicted = session.class_of(wanted), session.class_of(outputs[0])
        if len(shown) == 1:
            shown, names = np.append(1 - shown, shown), list(classes)
    else:
        actual, predicted = (", ".join(f"{v:.6g}" for v in each) for each in (wanted, shown))
    images = predictor.images
    return TraceNote(
        row=row,
        held_out=bool(predictor.is_held_out(places)[0]),
        actual=actual,
        predicted=predicted,
        layers=_layers(session, workspace, inputs[0]),
        outputs=shown.tolist(),
        output_names=names,
        of_classes=bool(classes),
        picture=None if images is None else images.example(row, inputs[0]),
    )


def _layers(session: Session, workspace: Workspace, inputs: Array) -> list[LayerActivations]:
    """The first units of each layer; the inputs also in the units of the table."""
    network, preparation = workspace.network, session.examples.preparation
    mean = np.array([each.mean for each in preparation])
    deviation = np.array([each.deviation for each in preparation])
    scaled = bool(mean.any() or (deviation != 1).any())
    raw = (inputs * deviation + mean)[:MOST_UNITS].tolist() if scaled else []
    return [
        LayerActivations(
            title=f"a[{l}] {network.layers[l - 1].activation if l else 'input'}",
            names=session.unit_names(l)[:MOST_UNITS],
            values=workspace.a[l][:MOST_UNITS, 0].tolist(),
            raw=[] if l else raw,
            size=size,
        )
        for l, size in enumerate(network.sizes)
    ]
