"""Handlers of the views of the open run."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from msgspec.structs import replace

from tuiprop.protocol.handlers.table import HANDLERS, handler
from tuiprop.protocol.messages.base import Query, View
from tuiprop.protocol.messages.conditions import Conditions, ConditionsQuery
from tuiprop.protocol.messages.frame import Frame, Look
from tuiprop.protocol.messages.moving import Motion, MotionQuery
from tuiprop.protocol.messages.proof import Proof, ProofQuery
from tuiprop.protocol.messages.what_if import Trial, TrialQuery
from tuiprop.protocol.state import OpenRun, State
from tuiprop.session.viewpoint import Viewpoint
from tuiprop.session.views import position
from tuiprop.session.views.arrays import ArrayView
from tuiprop.session.views.current_operation import current_operation
from tuiprop.session.views.decision_map import decision_map
from tuiprop.session.views.example_trace import example_trace
from tuiprop.session.views.operation import mistake_note
from tuiprop.session.views.pictures import weight_pictures
from tuiprop.session.views.predictions import Predictor
from tuiprop.session.views.provenance import provenance
from tuiprop.session.views.scores import scores
from tuiprop.session.views.training import CostView, branches, history, layers, settings

P = TypeVar("P")
Q = TypeVar("Q", bound=Query[Any])
V = TypeVar("V", bound=View)


@handler
def look(engine: State, request: Look) -> Frame:
    """Answer several queries about the same moment."""
    views = [HANDLERS[type(query)](engine, query) for query in request.queries]
    return Frame(run=engine.opened.number, views=views)


def register(function: Callable[[P, Q], V], part: Callable[[OpenRun], P]) -> None:
    """Register a function that computes a view.

    Args:
        function: computes the view that a query asks for.
        part: returns the part of the open run that it computes the view from.
    """

    @wraps(function)
    def answer(engine: State, request: Q) -> V:
        return function(part(engine.opened), request)

    handler(answer)


OF_POSITION: tuple[Callable[[Viewpoint, Any], View], ...] = (
    position.position,
    current_operation,
    layers,
    provenance,
    history,
    branches,
    settings,
)
OF_PREDICTIONS: tuple[Callable[[Predictor, Any], View], ...] = (
    scores,
    decision_map,
    example_trace,
    weight_pictures,
)
for view in OF_POSITION:
    register(view, lambda run: run.at)
for prediction in OF_PREDICTIONS:
    register(prediction, lambda run: run.predictor)
register(ArrayView.numbers, lambda run: run.arrays)
register(CostView.costs, lambda run: run.costs)


@handler
def motion(engine: State, request: MotionQuery) -> Motion:
    """Return the motion of the run, and what went wrong."""
    found = position.motion(engine.opened.at)
    return replace(found, unkept=engine.opened.autosave.sentence, fault=engine.fault)


@handler
def proof(engine: State, request: ProofQuery) -> Proof:
    """Return the results of the proof."""
    mistake = engine.opened.at.run.trainer.config.mistake
    return Proof(
        note=engine.opened.proof.note,
        mistake=None if mistake is None else mistake_note(mistake),
    )


@handler
def trial(engine: State, request: TrialQuery) -> Trial:
    """Describe the tried change."""
    tried = engine.opened.at.what_if
    return Trial(what_if=None if tried is None else tried.note)


@handler
def conditions(engine: State, request: ConditionsQuery) -> Conditions:
    """List the conditions with the present values of their quantities."""
    return Conditions(stops=engine.opened.stops.notes(at_rest=engine.opened.at.is_at_rest))
