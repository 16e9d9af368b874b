"""Experiments as the dashboard sends them, and an engine to ask."""

from typing import Any, TypeVar

from tuiprop.protocol.codec import decode_reply, decode_request, encode
from tuiprop.protocol.messages.payloads import Message, Tables, Window
from tuiprop.protocol.messages.replies import Done, Frame, Opened, Refused, Reply
from tuiprop.protocol.messages.requests import Look, Open, Seek
from tuiprop.protocol.server import Engine
from tuiprop.update.arrays import ArrayRef

A = TypeVar("A")

LAST = 40


def tables(**training: Any) -> Tables:
    """Iris in batches of 25, five an epoch, the last of 20."""
    layers = [{"units": 5, "activation": "tanh"}, {"units": 3, "activation": "softmax"}]
    settings = {"batch_size": 25, "epochs": 8, "learning_rate": 0.1, "optimizer": "adam"}
    return {
        "data": {"source": "iris"},
        "network": {"layers": layers},
        "training": {**settings, **training},
    }


def ask(engine: Engine, request: Message, answer: type[A]) -> A:
    """The answer to a request; both cross as bytes."""
    reply: Reply = decode_reply(encode(engine.handle(decode_request(encode(request)))))
    assert isinstance(reply, answer), reply
    return reply


def refusal(engine: Engine, request: Message) -> Refused:
    refused = ask(engine, request, Refused)
    assert refused.sentence
    assert "\n" not in refused.sentence
    return refused


def opened(experiment: Tables | None = None, **options: Any) -> Engine:
    engine = Engine()
    ask(engine, Open(experiment=experiment or tables(), **options), Opened)
    return engine


def finish(engine: Engine) -> None:
    """Let it walk to where it is going; what it would prove there is left alone."""
    while engine._opened().cursor.goal is not None:
        engine.work()


def go(engine: Engine, update: int) -> Frame:
    ask(engine, Seek(update=update), Done)
    finish(engine)
    return ask(engine, Look(), Frame)


def look(engine: Engine, symbol: str, layer: int, **window: int) -> Frame:
    whole = {"rows": 10_000, "columns": 10_000}
    window = {**whole, **window}
    request = Look(window=Window(array=ArrayRef(symbol, layer), **window))  # type: ignore[arg-type]
    return ask(engine, request, Frame)


def state_of(engine: Engine) -> bytes:
    return engine._opened().session.run.trainer.state.tobytes()


def do(engine: Engine, request: Message) -> Frame:
    """What there is to see after it was done."""
    ask(engine, request, Done)
    finish(engine)
    return ask(engine, Look(), Frame)


def place_of(frame: Frame) -> tuple[int, int]:
    """(t, k): updates done, and operations of the next."""
    return frame.update, frame.now.number if frame.now else 0
