"""Sequences of requests drawn at random: the state is that of a straight run, the frames fit."""

import random
from types import NoneType
from typing import Any

import numpy as np
import pytest
from msgspec.structs import asdict

from tests.session.runs import finish, look_at, tables
from tuiprop.protocol.messages.arrays import Numbers, Window
from tuiprop.protocol.messages.base import Refused, Request
from tuiprop.protocol.messages.conditions import SetStops, Stop
from tuiprop.protocol.messages.data import Tables
from tuiprop.protocol.messages.frame import Frame, Look
from tuiprop.protocol.messages.moving import (
    Motion,
    Move,
    Pause,
    Play,
    Position,
    Seek,
    SetSpeed,
    Speed,
    Toggle,
)
from tuiprop.protocol.messages.opening import Open, Opened
from tuiprop.protocol.messages.operation import CurrentOperation
from tuiprop.protocol.messages.proof import Proof, SetMistake, Verify
from tuiprop.protocol.messages.provenance import Provenance
from tuiprop.protocol.messages.settings import Change
from tuiprop.protocol.messages.training import History
from tuiprop.protocol.messages.what_if import Keep, Revert, Trial, Try
from tuiprop.protocol.server import Engine
from tuiprop.session.session import Session, open_session
from tuiprop.training.experiment import parse
from tuiprop.update.arrays import ArrayRef, CellRef
from tuiprop.update.record import Record
from tuiprop.verify.mistakes import MISTAKES

SIZES = (4, 3, 3)
COUNT = 17

SYMBOLS = ("W", "b", "z", "a", "da", "dz", "dW", "db", "y", "J")
CONDITIONS = (
    *("update == 9", "update >= 4", "epoch >= 2", "batch_loss < 0.9", "norm(dW[1]) > 0.1"),
    *("rises(batch_loss) >= 2", "norm(b[2]) > 0.2", "dead(1) > 0.3", "failed_audits > 0"),
    *("train_loss < 0.8", "nonfinite > 0"),
)
SOME_MISTAKES = ("weight_gradient", "bias_gradient", "no_mean", "mean_twice", "bias_twice")


def experiment() -> Tables:
    layers = [{"units": 3, "activation": "relu"}, {"units": 3, "activation": "softmax"}]
    return {
        **tables(batch_size=40, epochs=6, optimizer="momentum"),  # three updates an epoch
        "network": {"layers": layers, "l2": 0.01},
    }


class Requests:
    """Draws what may be asked next; most of it can be done."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def cell(self) -> CellRef:
        chance = self.chance
        state_name = chance.choice(("", "", "", "v", "m"))
        array = ArrayRef(chance.choice(SYMBOLS), chance.randrange(0, 4), state_name)
        row, column = chance.randrange(5), chance.randrange(50)
        return CellRef(array, row, column, before=chance.random() < 0.3)

    def look(self) -> Look:
        chance = self.chance
        size: dict[str, Any] = {"rows": chance.randrange(6), "columns": chance.randrange(50)}
        windows = [Window(**asdict(self.cell()), **size) for _ in range(3)]
        return look_at(
            window=chance.choice((windows[0], None)),
            operands=windows[1:],
            cell=chance.choice((self.cell(), CellRef(ArrayRef("dW", 1)), None)),
            terms=chance.randrange(9),
            first=chance.randrange(3),
        )

    def number(self) -> Try:
        chance = self.chance
        symbol, layer = chance.choice((("W", 1), ("W", 2), ("b", 1), ("b", 2), ("a", 0), ("z", 1)))
        column = 0 if symbol == "b" else chance.randrange(3)
        return Try(
            cell=CellRef(ArrayRef(symbol, layer), chance.randrange(3), column),
            value=chance.choice((0.0, -0.5, 1.25)),
        )

    def change(self) -> Change:
        return Change(
            **self.chance.choice(
                (
                    {"learning_rate": 0.3},
                    {"l2": 0.0},
                    {"l2": 0.2, "learning_rate": 0.05},
                    {"batch_size": 25},
                    {"optimizer": "adam"},
                    {"optimizer": "sgd"},
                    {},
                )
            )
        )

    def stops(self) -> SetStops:
        chosen = self.chance.sample(CONDITIONS, self.chance.randrange(4))
        return SetStops(
            stops=[Stop(when=when, enabled=self.chance.random() < 0.8) for when in chosen]
        )

    def next(self, branches: int) -> Request[Any]:
        chance = self.chance
        sign = chance.choice((1, 1, -1))
        speed = chance.choice((None, Speed(rate=1e5), Speed(rate=1e5, operations=True)))
        draws = (
            (6, lambda: Move(operations=sign * chance.choice((1, 1, 2, 5, 20, 60)))),
            (3, lambda: Move(layers=sign * chance.randrange(4))),
            (3, lambda: Move(phases=sign * chance.randrange(4))),
            (4, lambda: Move(updates=sign * chance.randrange(4))),
            (3, lambda: Move(epochs=sign * chance.randrange(3))),
            (3, lambda: Seek(update=chance.randrange(25))),
            (1, lambda: Seek(epoch=chance.randrange(8))),
            (1, lambda: Seek(ahead=chance.randrange(-2, 3))),
            (2, lambda: Seek(place=chance.choice(("newest", "end", "best")))),
            (3, lambda: Seek(branch=chance.randrange(branches + 1))),
            (3, lambda: Play(speed=speed)),
            (1, lambda: Toggle(speed=speed)),
            (1, lambda: SetSpeed(speed=speed)),
            (2, lambda: Pause()),
            (3, self.number),
            (2, lambda: Keep()),
            (3, lambda: Revert()),
            (2, self.change),
            (2, lambda: SetMistake(name=chance.choice((None, *SOME_MISTAKES, "transpose")))),
            (2, self.stops),
            (1, lambda: Verify()),
            (6, self.look),
        )
        weights, makers = zip(*draws, strict=True)
        message: Request[Any] = chance.choices(makers, weights)[0]()
        return message


REFUSED = (
    "Enter keeps the change",
    "no setting is changed",
    "no mistake is injected",
    "all 6 epochs are done",
    "does not exist; the branches are",
    "is computed; W, b and the inputs a[0] can be changed",
    " already",
)


class Straight:
    """Runs of their own, by their edits; each walks on and never back."""

    def __init__(self) -> None:
        self._sessions: dict[object, Session] = {}

    def at(self, edits: object, t: int) -> Session:
        session = self._sessions.get(edits)
        if session is None or session.run.trainer.t > t:
            session = self._sessions[edits] = open_session(parse(experiment()))
            trainer = session.run.trainer
            plan = trainer.plan.with_edits(edits)  # type: ignore[arg-type]
            trainer.restore(trainer.state.copy(), 0, plan)
        session.run.trainer.advance(t - session.run.trainer.t)
        session.run.trainer.apply_pending_edits()
        return session


def assert_fits(engine: Engine, straight: Straight) -> None:
    """Where it stands is where a straight run with the edits of the branch comes to."""
    at = engine.opened.at
    run = at.run
    alone = straight.at(run.branch.edits, run.t)
    assert np.array_equal(run.trainer.state, alone.run.trainer.state)
    frame = engine.handle(look_at(operands=[whole(s, l) for s in SYMBOLS for l in range(3)]))
    assert isinstance(frame, Frame), frame
    assert (frame[Motion].status, frame[Motion].target) == ("paused", None)
    assert frame[Position].update == run.t
    assert frame[History].length >= frame[Position].epochs_done + 1
    mistake = frame[Proof].mistake
    assert (mistake.name if mistake else None) == (
        alone.run.trainer.config.mistake.name if alone.run.trainer.config.mistake else None
    )
    now = frame[CurrentOperation].now
    assert (now is None) == (at.cursor.partial.record is None)
    if now is None:
        assert frame[CurrentOperation].uncomputed == []
        return
    assert 1 <= now.number <= COUNT
    record = alone.run.next_record()
    operations = alone.run.trainer.operations()
    made = {operation.result for operation in operations[: now.number]}
    for matrix in frame[Numbers].operands:
        assert_is_recorded(matrix.window, matrix.made, matrix.values, record, made)
    assert (frame[Trial].what_if is None) == (at.what_if is None)


def whole(symbol: str, layer: int) -> Window:
    return Window(array=ArrayRef(symbol, layer), rows=99, columns=99)


def assert_is_recorded(
    window: Window, made: bool, values: list[list[float]], record: Record, done: set[ArrayRef]
) -> None:
    reference = window.array
    start = reference.symbol in ("W", "b", "y") or reference == ArrayRef("a", 0)
    assert made == (start or reference in done), window
    if made:
        expected = record.array(reference, after=reference in done)
        assert np.array_equal(values, expected, equal_nan=True)
    else:
        assert values == []


@pytest.mark.parametrize("seed", range(10))
def test_any_sequence_of_requests(seed: int) -> None:
    engine, requests, straight = Engine(), Requests(seed), Straight()
    assert isinstance(engine.handle(Open(experiment=experiment())), Opened)
    chance = requests.chance
    for _ in range(60):
        branches = engine.opened.session.run.branches
        request = requests.next(len(branches))
        reply: object = engine.handle(request)
        if isinstance(reply, Refused):
            assert any(words in reply.sentence for words in REFUSED), (request, reply)
        else:
            assert isinstance(reply, Frame if isinstance(request, Look) else NoneType)
        origin = reply[Provenance].note if isinstance(reply, Frame) else None
        if origin is not None and not origin.mistake:
            assert origin.matches, origin
        for _ in range(chance.randrange(3)):
            engine.work()
        if chance.random() < 0.7:
            finish(engine)
            assert_fits(engine, straight)


def test_the_sequences_reach_what_they_are_to_reach() -> None:
    """Every request is among them, and every mistake that is drawn has an effect here."""
    requests = Requests(0)
    drawn = {type(requests.next(3)) for _ in range(500)}
    assert len(drawn) == 14
    network = open_session(parse(experiment())).run.network
    assert network.sizes == SIZES
    assert all(not MISTAKES[name].refusal(network, 40) for name in (*SOME_MISTAKES, "transpose"))
