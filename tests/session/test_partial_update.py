"""Inside an update: operations on and back, by one, by layer, by phase."""

import random

import numpy as np
import pytest

import tuiprop
from tests.session.runs import finish, look_at
from tuiprop.data.catalogue import suggested_experiment
from tuiprop.protocol.messages.arrays import Matrix, Numbers, Window
from tuiprop.protocol.messages.data import Tables
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.moving import Move, Play, Position, Seek
from tuiprop.protocol.messages.opening import Open
from tuiprop.protocol.messages.operation import CurrentOperation
from tuiprop.protocol.messages.training import Costs
from tuiprop.protocol.server import Engine
from tuiprop.training.experiment import to_tables
from tuiprop.update.arrays import ArrayRef


def tables(name: str = "iris", **training: object) -> Tables:
    experiment = to_tables(suggested_experiment(name))
    experiment["training"].update(training)
    return experiment


def opened(experiment: Tables | None = None) -> Engine:
    engine = Engine()
    engine.handle(Open(experiment=experiment or tables()))
    return engine


def look(engine: Engine, symbol: str = "W", layer: int = 1) -> Frame:
    window = Window(array=ArrayRef(symbol, layer), rows=100, columns=100)
    frame = engine.handle(look_at(window=window))
    assert isinstance(frame, Frame)
    return frame


def place(engine: Engine) -> tuple[int, int]:
    """Whole updates done, and operations of the next."""
    frame = look(engine)
    return frame[Position].update, frame[Position].done


def matrix(engine: Engine, symbol: str, layer: int) -> Matrix:
    found = look(engine, symbol, layer)[Numbers].matrix
    assert found is not None
    return found


def test_the_operations_of_the_first_update_in_order() -> None:
    engine = opened()
    names = []
    for number in range(1, 17):
        engine.handle(Move(operations=1))
        frame = look(engine)
        now = frame[CurrentOperation].now
        assert now is not None
        assert now.number == number
        assert (frame[Position].update, frame[Position].epoch, frame[Position].batch) == (0, 1, 1)
        names.append(f"{now.result.symbol}{now.result.layer}")
    assert names[:9] == ["z1", "a1", "z2", "a2", "J2", "da2", "dz2", "dW2", "db2"]
    engine.handle(Move(operations=1))
    assert place(engine) == (1, 0)


def test_what_is_not_made_yet_is_not_shown() -> None:
    engine = opened()
    engine.handle(Seek(update=3))
    engine.handle(Move(operations=4))
    assert matrix(engine, "a", 2).made
    assert not matrix(engine, "da", 2).made
    assert look(engine)[Costs].batch is None
    assert ArrayRef("dW", 1) in look(engine)[CurrentOperation].uncomputed
    engine.handle(Move(operations=1))
    record = tuiprop.record(suggested_experiment("iris"), update=4)
    assert look(engine)[Costs].batch == record.J
    assert matrix(engine, "a", 2).column_names == [f"#{row}" for row in record.examples]


def test_every_array_at_its_operation_is_that_of_the_record() -> None:
    engine = opened()
    engine.handle(Seek(update=6))
    record = tuiprop.record(suggested_experiment("iris"), update=7)
    for _ in range(16):
        engine.handle(Move(operations=1))
        now = look(engine)[CurrentOperation].now
        assert now is not None
        expected = record.array(now.result, after=now.phase == "update")
        assert np.array_equal(matrix(engine, now.result.symbol, now.result.layer).values, expected)


def test_parameters_change_at_their_operation_only() -> None:
    engine = opened()
    before = matrix(engine, "W", 2).values
    engine.handle(Move(operations=15))  # W[1] and b[1] are new, W[2] is not
    assert matrix(engine, "W", 2).values == before
    engine.handle(Move(operations=1))
    assert matrix(engine, "W", 2).values != before
    engine.handle(Move(operations=-1))
    assert matrix(engine, "W", 2).values == before


def test_layers_and_phases() -> None:
    engine = opened()
    stops = []
    for _ in range(7):
        engine.handle(Move(layers=1))
        stops.append(place(engine))
    assert stops == [(0, 2), (0, 4), (0, 5), (0, 9), (0, 13), (0, 15), (1, 0)]
    for expected in [(0, 15), (0, 13), (0, 9)]:
        engine.handle(Move(layers=-1))
        assert place(engine) == expected
    engine.handle(Move(operations=-2))
    engine.handle(Move(layers=-1))
    assert place(engine) == (0, 5)
    engine = opened()
    stops = []
    for _ in range(5):
        engine.handle(Move(phases=1))
        stops.append(place(engine))
    assert stops == [(0, 4), (0, 5), (0, 13), (1, 0), (1, 4)]
    engine.handle(Move(phases=-1))
    engine.handle(Move(phases=-1))
    assert place(engine) == (0, 13)


def test_batches_and_epochs_from_inside_an_update() -> None:
    engine = opened()
    engine.handle(Seek(update=5))
    for request, expected in (
        (Move(operations=3), (5, 3)),
        (Move(updates=1), (6, 0)),
        (Move(operations=3), (6, 3)),
        (Move(updates=-1), (6, 0)),
        (Move(operations=1), (6, 1)),
        (Move(epochs=1), (8, 0)),
        (Move(operations=1), (8, 1)),
        (Move(epochs=-1), (8, 0)),
        (Move(operations=-1), (7, 16)),
    ):
        engine.handle(request)
        assert place(engine) == expected


def test_nothing_lies_before_the_beginning() -> None:
    engine = opened()
    for request in (Move(operations=-1), Move(layers=-1), Move(phases=-1), Move(updates=-1)):
        engine.handle(request)
        assert place(engine) == (0, 0)


def test_playing_leaves_the_update_and_goes_on() -> None:
    engine = opened(tables(epochs=3))
    engine.handle(Move(operations=5))
    engine.handle(Play())
    finish(engine)
    assert place(engine) == (12, 0)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_random_walks_land_where_a_straight_run_does(optimizer: str) -> None:
    experiment = tables(optimizer=optimizer)
    engine, count = opened(experiment), 17
    straight = opened(experiment)
    states = {}
    for update in range(12):
        straight.handle(Seek(update=update))
        states[update] = matrix(straight, "W", 1).values
    chance = random.Random(7)
    at = 0
    for _ in range(150):
        to = at + chance.choice([-40, -17, -5, -2, -1, 1, 1, 2, 5, 17, 40])
        to = max(0, min(to, 11 * count - 1))
        if to != at:
            engine.handle(Move(operations=to - at))
        finish(engine)
        at = to
        update, done = place(engine)
        assert update * count + done == at
        expected = states[update if done < 14 else update + 1]  # W[1] is the 14th
        assert matrix(engine, "W", 1).values == expected


def test_the_last_operation_of_an_update_is_shown_when_it_has_just_been_done() -> None:
    engine = opened()
    engine.handle(Move(operations=17))
    last = look(engine)[CurrentOperation].completed
    assert last is not None
    assert (last.number, last.result, last.next) == (17, ArrayRef("b", 2), "")
    engine.handle(Move(phases=1))
    assert look(engine)[CurrentOperation].completed is None
    engine.handle(Move(phases=-1))
    assert look(engine)[CurrentOperation].completed == last
    engine.handle(Move(updates=1))
    assert look(engine)[CurrentOperation].completed is None
    engine.handle(Move(layers=-3))
    engine.handle(Seek(update=1))
    assert look(engine)[CurrentOperation].completed is None


def test_what_takes_long_to_make_again_is_not_made_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = opened()
    engine.handle(Seek(update=40))
    finish(engine)
    monkeypatch.setattr("tuiprop.session.viewpoint.PATIENCE", 0.0)
    monkeypatch.setattr("tuiprop.training.run.Run.replay_cost", lambda self, update: (39, 60.0))
    before = Window(array=ArrayRef("W", 1), rows=9, columns=9, before=True)
    frame = engine.handle(look_at(operands=[before]))
    assert isinstance(frame, Frame)
    assert frame[CurrentOperation].updates_to_replay == 39
    assert frame[Numbers].operands[0].absent.startswith("It needs 39 updates")
    assert matrix(engine, "W", 1).made
    engine.handle(Move(operations=1))
    assert look(engine)[CurrentOperation].updates_to_replay == 0
