"""Handlers of the views of the open run."""

from msgspec.structs import replace

from tuiprop.protocol.handlers.table import HANDLERS, handler
from tuiprop.protocol.messages.arrays import Numbers, NumbersQuery
from tuiprop.protocol.messages.conditions import Conditions, ConditionsQuery
from tuiprop.protocol.messages.frame import Frame, Look
from tuiprop.protocol.messages.moving import Motion, MotionQuery, Position, PositionQuery
from tuiprop.protocol.messages.operation import AtHand, AtHandQuery
from tuiprop.protocol.messages.predictions import Studied, Study
from tuiprop.protocol.messages.proof import Proof, ProofQuery
from tuiprop.protocol.messages.provenance import Provenance, ProvenanceQuery
from tuiprop.protocol.messages.settings import SettingsInForce, SettingsQuery
from tuiprop.protocol.messages.training import (
    Branches,
    BranchesQuery,
    Costs,
    CostsQuery,
    History,
    HistoryQuery,
    Layers,
    LayersQuery,
)
from tuiprop.protocol.messages.what_if import Trial, TrialQuery
from tuiprop.protocol.state import State


@handler
def look(engine: State, request: Look) -> Frame:
    """Answer several queries about the same moment."""
    views = [HANDLERS[type(query)](engine, query) for query in request.queries]
    return Frame(run=engine.opened.number, views=views)


@handler
def position(engine: State, request: PositionQuery) -> Position:
    """Return the position of the run."""
    return engine.opened.view.position()


@handler
def motion(engine: State, request: MotionQuery) -> Motion:
    """Return the motion of the run, and what went wrong."""
    found = engine.opened.view.motion()
    return replace(found, unkept=engine.opened.autosave.sentence, fault=engine.fault)


@handler
def at_hand(engine: State, request: AtHandQuery) -> AtHand:
    """Describe the current operation."""
    return engine.opened.view.at_hand()


@handler
def costs(engine: State, request: CostsQuery) -> Costs:
    """Return J and the accuracy."""
    return engine.opened.view.costs()


@handler
def layers(engine: State, request: LayersQuery) -> Layers:
    """Compute the norms of each layer."""
    return engine.opened.view.layers()


@handler
def numbers(engine: State, request: NumbersQuery) -> Numbers:
    """Return parts of arrays."""
    return engine.opened.view.numbers(request)


@handler
def provenance(engine: State, request: ProvenanceQuery) -> Provenance:
    """Return the provenance of a number."""
    return engine.opened.view.provenance(request)


@handler
def history(engine: State, request: HistoryQuery) -> History:
    """Hand over the history from an epoch on."""
    return engine.opened.view.history(request.first)


@handler
def branches(engine: State, request: BranchesQuery) -> Branches:
    """List the branches."""
    return engine.opened.view.branches()


@handler
def proof(engine: State, request: ProofQuery) -> Proof:
    """Return the results of the proof."""
    return Proof(note=engine.opened.proof.note, mistake=engine.opened.view.mistake())


@handler
def trial(engine: State, request: TrialQuery) -> Trial:
    """Describe the tried change."""
    tried = engine.opened.at.what_if
    return Trial(what_if=None if tried is None else tried.note)


@handler
def conditions(engine: State, request: ConditionsQuery) -> Conditions:
    """List the conditions with their values."""
    return engine.opened.view.conditions()


@handler
def settings(engine: State, request: SettingsQuery) -> SettingsInForce:
    """Return the settings of the next update."""
    return engine.opened.view.settings()


@handler
def study(engine: State, request: Study) -> Studied:
    """Score the predictions."""
    return engine.opened.problem.study(request, engine.opened.number)
