"""Handlers about tables and experiments without a run."""

from tuiprop.models.weights import parameters_for
from tuiprop.protocol.handlers.table import handler
from tuiprop.protocol.messages.data import Check, Describe, Described, Outline
from tuiprop.protocol.state import State
from tuiprop.training.experiment import parse
from tuiprop.training.network import network_of


@handler
def describe(engine: State, request: Describe) -> Described:
    """Describe a table."""
    return engine.tables.describe(request)


@handler
def check(engine: State, request: Check) -> Outline:
    """Check an experiment, and whether its initial weights fit."""
    outline = engine.tables.outline(parse(request.experiment))
    if request.weights is not None:
        experiment = parse(outline.experiment)
        network = network_of(experiment, outline.sizes[0])
        parameters_for(request.weights, network, experiment.training.dtype)
    return outline
