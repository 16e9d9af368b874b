"""Rows: what an epoch costs as examples and parameters grow, and what a frame costs."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.cases import Case, OurEpochs
from benchmarks.pairing import Effort, Line, Spread, enough, seconds, spread
from tuiprop.protocol.codec import encode
from tuiprop.protocol.messages.arrays import NumbersQuery, Window
from tuiprop.protocol.messages.base import Refused, Request
from tuiprop.protocol.messages.frame import Look
from tuiprop.protocol.messages.moving import Seek
from tuiprop.protocol.messages.opening import Open
from tuiprop.protocol.messages.training import HistoryQuery, LayersQuery
from tuiprop.protocol.server import Engine
from tuiprop.ui.title import Title
from tuiprop.update.arrays import ArrayRef

ROUNDS = 7


def _exponent(sizes: list[int], times: list[float]) -> float:
    """p where time grows as size to the power of p: 1 is linear."""
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


def _epochs(cases: list[Case], sizes: list[int], of: str, effort: Effort) -> Iterator[Line]:
    """All in turn, round by round."""
    epochs = [OurEpochs(case) for case in cases]
    pieces = [enough(each, effort.seconds) for each in epochs]
    rounds = [
        [seconds(each, n) for each, n in zip(epochs, pieces, strict=True)] for _ in range(ROUNDS)
    ]
    times = np.median(rounds, axis=0).tolist()
    for size, took in zip(sizes, times, strict=True):
        what = f"an epoch, {size:,} {of}"
        yield Line(what, "", f"{took * 1e3:,.2f} ms", "", f"{took / size * 1e9:,.1f} ns for each")
    grown: Spread = spread(np.array([_exponent(sizes, each) for each in rounds]))
    yield Line(f"an epoch grows as {of} to the power of", "", str(grown), "1 or less")


def examples(effort: Effort) -> Iterator[Line]:
    counts = [100, 1_000, 10_000, 100_000]
    cases = [Case((64, 64, 32, 10), 32, count) for count in counts]
    yield from _epochs(cases, counts, "examples", effort)


def parameters(effort: Effort) -> Iterator[Line]:
    """One hidden layer, so that the parameters are as good as the multiplications."""
    cases = [Case((64, units, 10), 128, 1280, "float32") for units in (13, 134, 1_334, 13_334)]
    sizes = [case.network.parameter_count for case in cases]
    yield from _epochs(cases, sizes, "parameters", effort)


def _ask(engine: Engine, request: Request[Any]) -> None:
    reply = engine.handle(request)
    if isinstance(reply, Refused):
        raise SystemExit(reply.sentence)


def _engine(units: int, epochs: int) -> Engine:
    """Digits, after so many epochs; what is proved where it stands is left alone."""
    layers = [{"units": units, "activation": "relu"}, {"units": 10, "activation": "softmax"}]
    training = {"batch_size": 0, "epochs": epochs, "learning_rate": 0.01}
    engine = Engine()
    tables = {"data": {"source": "digits"}, "network": {"layers": layers}, "training": training}
    _ask(engine, Open(experiment=tables))
    _ask(engine, Seek(update=epochs))
    while engine.opened.cursor.target is not None:
        engine.work()
    return engine


def frames(effort: Effort) -> Iterator[Line]:
    """Asked for as the dashboard does: one more epoch of the history, a window of a matrix."""
    longest = 3_000 if effort.quick else 30_000
    variants = [(2, 30), (2, longest // 10), (2, longest), (200, 30), (2_000, 30)]
    engines = [_engine(units, epochs) for units, epochs in variants]
    looks = [
        Look(
            queries=[
                *Title.QUERIES,
                LayersQuery(),
                HistoryQuery(first=epochs),
                NumbersQuery(window=Window(array=ArrayRef("W", 1), rows=10, columns=10)),
            ]
        )
        for _, epochs in variants
    ]

    def work(engine: Engine, look: Look) -> Any:
        def some(count: int) -> None:
            for _ in range(count):
                encode(engine.handle(look))

        return some

    works = [work(engine, look) for engine, look in zip(engines, looks, strict=True)]
    pieces = [enough(each, effort.seconds) for each in works]
    rounds = [
        [seconds(each, n) for each, n in zip(works, pieces, strict=True)]
        for _ in range(replace(effort, pairs=max(effort.pairs, ROUNDS)).pairs)
    ]
    for number, (units, epochs) in enumerate(variants):
        took = spread(np.array([each[number] for each in rounds]) * 1e6)
        beside = spread(np.array([each[number] / each[0] for each in rounds]))
        what = f"a frame, 64-{units}-10, {epochs:,} epochs of history"
        yield Line(what, "the first of these", f"{beside} times its time", "1", f"{took} µs")
