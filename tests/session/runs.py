"""Experiments as the dashboard sends them, and an engine to ask."""

from typing import Any, TypeVar

from tuiprop.protocol.codec import decode_reply, decode_request, encode
from tuiprop.protocol.messages.arrays import NumbersQuery, Window
from tuiprop.protocol.messages.base import Query, Refused, Request, Saving, Unsaved, kinds_of
from tuiprop.protocol.messages.data import Tables
from tuiprop.protocol.messages.decision_map import DecisionMapQuery
from tuiprop.protocol.messages.example_trace import ExampleTraceQuery
from tuiprop.protocol.messages.frame import Frame, Look
from tuiprop.protocol.messages.moving import Position, Seek
from tuiprop.protocol.messages.opening import Open
from tuiprop.protocol.messages.pictures import WeightPicturesQuery
from tuiprop.protocol.messages.provenance import ProvenanceQuery
from tuiprop.protocol.messages.scores import ScoresQuery
from tuiprop.protocol.messages.training import HistoryQuery
from tuiprop.protocol.server import Engine
from tuiprop.update.arrays import ArrayRef, CellRef

R = TypeVar("R")

LAST = 40

PREDICTIONS = {ScoresQuery, DecisionMapQuery, ExampleTraceQuery, WeightPicturesQuery}


def tables(**training: Any) -> Tables:
    """Iris in batches of 25, five an epoch, the last of 20."""
    layers = [{"units": 5, "activation": "tanh"}, {"units": 3, "activation": "softmax"}]
    settings = {"batch_size": 25, "epochs": 8, "learning_rate": 0.1, "optimizer": "adam"}
    return {
        "data": {"source": "iris"},
        "network": {"layers": layers},
        "training": {**settings, **training},
    }


def ask(engine: Engine, request: Request[R]) -> R:
    """Return the reply to a request; both cross as bytes."""
    reply = crossed(engine, request)
    assert not isinstance(reply, Refused | Saving | Unsaved), reply
    return reply


def crossed(engine: Engine, request: Request[R]) -> R | Refused | Saving | Unsaved:
    answer = encode(engine.handle(decode_request(encode(request))))
    return decode_reply(answer, type(request))


def refusal(engine: Engine, request: Request[Any]) -> Refused:
    refused = crossed(engine, request)
    assert isinstance(refused, Refused)
    assert refused.sentence
    assert "\n" not in refused.sentence
    return refused


def look_at(
    *,
    window: Window | None = None,
    operands: tuple[Window, ...] | list[Window] = (),
    cell: CellRef | None = None,
    terms: int = 0,
    line_width: int = 74,
    first: int = 0,
) -> Look:
    """Ask for every view of a run but those of its predictions."""
    queries: list[Query[Any]] = [
        NumbersQuery(window=window, operands=[*operands]),
        ProvenanceQuery(cell=cell, terms=terms, line_width=line_width),
        HistoryQuery(first=first),
    ]
    others = set(kinds_of(Query)) - set(map(type, queries)) - PREDICTIONS
    return Look(queries=[*queries, *(kind() for kind in others)])


def opened(experiment: Tables | None = None, **options: Any) -> Engine:
    engine = Engine()
    ask(engine, Open(experiment=experiment or tables(), **options))
    return engine


def finish(engine: Engine) -> None:
    """Let it walk to where it is going; what it would prove there is left alone."""
    while engine.opened.cursor.target is not None:
        engine.work()


def go(engine: Engine, update: int) -> Frame:
    return do(engine, Seek(update=update))


def look(engine: Engine, symbol: str, layer: int, **window: int) -> Frame:
    whole = {"rows": 10_000, "columns": 10_000}
    window = {**whole, **window}
    whole_window = Window(array=ArrayRef(symbol, layer), **window)  # type: ignore[arg-type]
    return ask(engine, look_at(window=whole_window))


def state_of(engine: Engine) -> bytes:
    return engine.opened.session.run.trainer.state.tobytes()


def do(engine: Engine, request: Request[None]) -> Frame:
    """Return what there is to see after it was done."""
    ask(engine, request)
    finish(engine)
    return ask(engine, look_at())


def place_of(frame: Frame) -> tuple[int, int]:
    """(t, k): updates done, and operations of the next."""
    return frame[Position].update, frame[Position].done
