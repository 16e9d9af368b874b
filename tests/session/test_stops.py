"""Conditions and divergence: where a walk stops, what it says, and that the run is the same."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from tests.session.runs import (
    ask,
    do,
    finish,
    go,
    look_at,
    opened,
    place_of,
    refusal,
    state_of,
    tables,
)
from tuiprop.protocol.messages.arrays import Numbers, Window
from tuiprop.protocol.messages.base import Request
from tuiprop.protocol.messages.conditions import Conditions, SetStops, Stop
from tuiprop.protocol.messages.data import Tables
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.moving import Motion, Move, Pause, Play, Position, Seek, Speed
from tuiprop.protocol.messages.operation import CurrentOperation
from tuiprop.protocol.messages.settings import Change
from tuiprop.protocol.messages.training import Costs, History
from tuiprop.protocol.server import Engine
from tuiprop.session import cursor as cursor_module
from tuiprop.session import motion as motion_module
from tuiprop.session.session import Session, open_session
from tuiprop.training.experiment import parse
from tuiprop.update.arrays import ArrayRef
from tuiprop.update.record import Record

COUNT = 17
"""Operations of an update of the network in `tables`."""


def listed(frame: Frame) -> list[Stop]:
    """The conditions of a frame, without their values."""
    return [Stop(when=each.when, enabled=each.enabled) for each in frame[Conditions].stops]


def stops(*texts: str) -> SetStops:
    return SetStops(stops=[Stop(when=text) for text in texts])


def watching(*texts: str, **training: Any) -> Engine:
    engine = opened(tables(**training))
    ask(engine, stops(*texts))
    return engine


def session_of(experiment: Tables | None = None) -> Session:
    return open_session(parse(experiment or tables()))


@pytest.fixture(scope="module")
def records() -> list[Record]:
    """Of updates 1 to 20, of a run of its own."""
    session = session_of()
    return [session.run.record(t) for t in range(1, 21)]


def first_beyond(records: list[Record], array: str, l: int) -> tuple[int, str]:
    """An update t ≥ 3, and a condition that it makes true first: a norm beyond all before it."""
    norms = [float(np.linalg.norm(getattr(record, array)[l])) for record in records]
    for t, norm in enumerate(norms[2:], start=3):
        least, most = min(norms[: t - 1]), max(norms[: t - 1])
        if norm < least:
            return t, f"norm({array}[{l}]) < {(norm + least) / 2!r}"
        if norm > most:
            return t, f"norm({array}[{l}]) > {(norm + most) / 2!r}"
    raise AssertionError("no such update")


WAYS: dict[str, list[Request[None]]] = {
    "flat out": [Play()],
    "by updates": [Play(speed=Speed(rate=1e6))],
    "by operations": [Play(speed=Speed(rate=1e7, operations=True))],
    "e": [Move(epochs=1)] * 4,
    "b": [Move(updates=1)] * 20,
    "p": [Move(phases=1)] * 80,
    "l": [Move(layers=1)] * 140,
    "o": [Move(operations=1)] * 340,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("array", ["z", "a", "da", "dz", "dW", "db"])
def test_it_stops_at_the_operation_that_made_it_true(
    records: list[Record], way: str, array: str
) -> None:
    t, condition = first_beyond(records, array, 1)
    engine = watching(condition)
    for request in WAYS[way]:
        frame = do(engine, request)
        if frame[Motion].hit:
            break
    k = 1 + [f"{op.result}" for op in session_of().run.trainer.operations()].index(f"{array}[1]")
    assert place_of(frame) == (t - 1, k)
    assert frame[Motion].status == "paused"
    assert frame[Motion].hit.startswith(condition.split("]) ")[0])
    assert frame[Motion].hit.endswith(f"at update {t}, operation {k} of {COUNT}, {array}[1]")


@pytest.mark.parametrize("way", ["flat out", "by updates", "by operations", "e", "b", "p"])
@pytest.mark.parametrize(
    ("condition", "place"),
    [
        ("update == 7", (7, 0)),
        ("epoch >= 2", (10, 0)),
        ("norm(W[1]) > 0", (0, 14)),
        ("norm(W[2]) > 0", (0, 16)),
        ("norm(b[2]) > 0", (1, 0)),
        ("batch_loss > 0", (0, 5)),
        ("train_loss > 0", (5, 0)),
        ("validation_accuracy >= 0", (5, 0)),
        ("absmax(a[0]) > 0", (0, 1)),
        ("saturated(1) >= 0", (0, 1)),
        ("dead(1) == 0", (0, 1)),
        ("nonfinite == 0", (1, 0)),
        ("failed_checks == 0", (0, 13)),
        ("failed_audits == 0", (1, 0)),
        ("rises(batch_loss) == 0", (0, 5)),
        ("rises(train_loss) == 0", (5, 0)),
    ],
)
def test_every_kind_stops_where_it_is_known(
    condition: str, place: tuple[int, int], way: str
) -> None:
    engine = watching(condition)
    for request in WAYS[way]:
        frame = do(engine, request)
        if frame[Motion].hit:
            break
    assert (place_of(frame), frame[Motion].hit.split(":")[0]) == (place, condition)


def test_seek_does_not_stop() -> None:
    engine = watching("batch_loss > 0", "epoch >= 1", "update > 0")
    for request in (Seek(update=13), Seek(epoch=3), Seek(place="end"), Seek(update=2)):
        frame = do(engine, request)
        assert (frame[Motion].hit, frame[CurrentOperation].now) == ("", None)
    assert frame[Position].update == 2


def hits(engine: Engine, request: Any, most: int = 100) -> list[tuple[int, int]]:
    """Every place where it stops on the way to the end."""
    places: list[tuple[int, int]] = []
    for _ in range(most):
        frame = do(engine, request)
        if not frame[Motion].hit:
            return places
        places.append(place_of(frame))
    raise AssertionError("it does not come to an end")


def expected_falls(records: list[Record], bound: float) -> list[tuple[int, int]]:
    below = [False, *(bound > record.J for record in records)]
    pairs = enumerate(pairwise(below))
    return [(t, 5) for t, (before, now) in pairs if now and not before]


@pytest.mark.parametrize("way", ["flat out", "by updates", "by operations"])
def test_having_hit_it_goes_on_and_hits_when_it_becomes_true_again(
    records: list[Record], way: str
) -> None:
    bound = sorted(record.J for record in records)[10]
    expected = expected_falls(records, bound)
    assert len(expected) >= 3
    engine = watching(f"batch_loss < {bound!r}", epochs=4)
    straight = opened(tables(epochs=4))
    assert hits(engine, WAYS[way][0]) == expected
    assert ask(engine, look_at())[Position].update == go(straight, 20)[Position].update
    assert state_of(engine) == state_of(straight), "stops do not change the run"


@pytest.mark.parametrize("way", WAYS)
def test_after_going_back_it_hits_again_at_the_same_place(records: list[Record], way: str) -> None:
    t, condition = first_beyond(records, "dz", 2)
    engine = watching(condition)
    hit = do(engine, Play())
    place = place_of(hit)
    assert place == (t - 1, 7)
    for back in (Move(operations=-1), Move(phases=-1), Move(updates=-1), Move(epochs=-1)):
        before = do(engine, back)
        assert (before[Motion].hit, place_of(before) < place) == ("", True)
        for request in WAYS[way]:
            frame = do(engine, request)
            if frame[Motion].hit or place_of(frame) > place:
                break
        assert (place_of(frame), frame[Motion].hit) == (place, hit[Motion].hit), back


def test_the_operation_before_is_one_key_back() -> None:
    engine = watching("batch_loss > 0")
    assert place_of(do(engine, Play())) == (0, 5)
    frame = do(engine, Move(operations=-1))
    assert (place_of(frame), frame[Motion].hit, frame[Costs].batch) == ((0, 4), "", None)


def test_on_the_way_back_nothing_stops_it() -> None:
    engine = watching("norm(W[1]) > 0", "update >= 1", "epoch >= 1")
    for request, place in (
        (Seek(update=18), (18, 0)),
        (Move(operations=4), (18, 4)),
        (Move(operations=-10), (17, 11)),
        (Move(layers=-1), (17, 9)),
        (Move(updates=-2), (16, 0)),
        (Move(epochs=-1), (15, 0)),
        (Move(epochs=-1), (10, 0)),
        (Move(operations=-1), (9, 16)),
    ):
        frame = do(engine, request)
        assert (place_of(frame), frame[Motion].hit) == (place, ""), request


def test_a_move_back_while_another_is_under_way_does_not_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = watching("rises(batch_loss) == 0")
    do(engine, Seek(update=40))
    monkeypatch.setattr(cursor_module, "PATIENCE", 0.0)
    monkeypatch.setattr(cursor_module, "MOMENT", 0.0)
    for _ in range(3):
        ask(engine, Move(updates=-1))
    finish(engine)
    frame = ask(engine, look_at())
    assert (place_of(frame), frame[Motion].hit) == ((37, 0), "")


def test_several_stop_one_after_the_other_in_the_order_of_the_operations() -> None:
    engine = watching("norm(b[2]) > 0", "norm(dW[2]) > 0", "batch_loss > 0", epochs=1)
    first = do(engine, Play())
    assert first[Motion].hit.endswith("J; also norm(dW[2]) > 0, norm(b[2]) > 0")
    assert place_of(first) == (0, 5)
    assert hits(engine, Play()) == [(0, 8), (1, 0)]
    again = watching("norm(b[2]) > 0", "norm(dW[2]) > 0", "batch_loss > 0", epochs=1)
    assert hits(again, Play(speed=Speed(rate=1e7, operations=True))) == [(0, 5), (0, 8), (1, 0)]


def test_a_condition_of_a_passed_operation_does_not_take_the_place_of_a_later_one() -> None:
    engine = opened()
    do(engine, Seek(update=3))
    do(engine, Move(operations=7))
    ask(engine, stops("batch_loss > 0", "norm(db[1]) > 0"))
    assert place_of(do(engine, Play())) == (3, 13)


def test_conditions_of_the_experiment_file() -> None:
    experiment = tables()
    experiment["breakpoint"] = [
        {"when": "update == 4"},
        {"when": "update == 2", "enabled": False},
    ]
    engine = opened(experiment)
    frame = do(engine, Play())
    assert (place_of(frame), frame[Motion].hit) == ((4, 0), "update == 4: 4 after update 4")
    assert listed(frame) == [Stop(when="update == 4"), Stop(when="update == 2", enabled=False)]


def test_switched_off_and_deleted_ones_do_not_stop() -> None:
    engine = watching("update == 4", "update == 6")
    one, other = Stop(when="update == 4", enabled=False), Stop(when="update == 6")
    ask(engine, SetStops(stops=[one, other]))
    frame = do(engine, Play())
    assert (place_of(frame), listed(frame)) == ((6, 0), [one, other])
    do(engine, Seek(update=0))
    ask(engine, SetStops(stops=[]))
    assert do(engine, Play())[Position].update == 40


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (Stop(when="update <"), "QUANTITY OP NUMBER"),
        (Stop(when="norm(W[9]) > 1"), "norm(W[9]): expected a layer from 1 to 2, got 9"),
        (
            Stop(when="norm(W[9]) > 1", enabled=False),
            "norm(W[9]): expected a layer from 1 to 2, got 9",
        ),
    ],
)
def test_refused_ones_leave_the_old_ones_in_force(bad: Stop, words: str) -> None:
    engine = watching("update == 4")
    sentence = refusal(engine, SetStops(stops=[Stop(when="update == 2"), bad])).sentence
    assert words in sentence
    frame = do(engine, Play())
    assert (place_of(frame), listed(frame)) == ((4, 0), [Stop(when="update == 4")])


def test_conditions_set_while_it_walks_by_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    for module in (cursor_module, motion_module):
        monkeypatch.setattr(module, "perf_counter", lambda: now[0])
    engine = opened()
    ask(engine, Play(speed=Speed(rate=1.0, operations=True)))
    now[0] = 2.5
    engine.work()
    ask(engine, stops("batch_loss > 0"))
    now[0] = 4.5
    engine.work()
    assert place_of(ask(engine, look_at())) == (0, 4)
    now[0] = 9.5
    engine.work()
    frame = ask(engine, look_at())
    assert (place_of(frame), frame[Motion].status, frame[Motion].hit != "") == (
        (0, 5),
        "paused",
        True,
    )


def test_an_update_after_which_settings_were_changed_is_looked_at_too() -> None:
    engine = watching("update == 7", "norm(dW[1]) < 0")
    do(engine, Seek(update=7))
    ask(engine, Change(learning_rate=0.05))
    do(engine, Seek(update=0))
    frame = do(engine, Play())
    assert (place_of(frame), frame[Motion].hit) == ((7, 0), "update == 7: 7 after update 7")


def test_another_branch_is_looked_at_anew() -> None:
    engine = watching("update >= 3")
    assert place_of(do(engine, Play())) == (3, 0)
    do(engine, Seek(update=1))
    ask(engine, Change(learning_rate=0.05))
    assert place_of(do(engine, Play())) == (3, 0)
    do(engine, Seek(branch=0))
    assert place_of(do(engine, Move(updates=1))) == (4, 0)
    assert ask(engine, look_at())[Motion].hit.startswith("update >= 3: 4")


# Playing by operations


def test_operation_after_operation_across_updates_and_epochs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    for module in (cursor_module, motion_module):
        monkeypatch.setattr(module, "perf_counter", lambda: now[0])
    engine = opened(tables(batch_size=60, epochs=2))  # two updates an epoch
    speed = Speed(rate=2.0, operations=True)
    ask(engine, Play(speed=speed))
    places = []
    for _ in range(4 * COUNT):
        now[0] += 0.5
        engine.work()
        frame = ask(engine, look_at())
        places.append(place_of(frame))
        if len(places) == 30:
            ask(engine, Pause())
            now[0] += 60.0
            assert engine.work() is None or ask(engine, look_at())[Motion].status == "paused"
            assert place_of(ask(engine, look_at())) == places[-1]
            ask(engine, Play(speed=speed))
    assert places == [divmod(k, COUNT) for k in range(1, 4 * COUNT + 1)]
    assert (frame[Motion].status, frame[Position].epochs_done, frame[History].length) == (
        "paused",
        2,
        3,
    )
    straight = opened(tables(batch_size=60, epochs=2))
    go(straight, 4)
    assert state_of(engine) == state_of(straight)


# Divergence


def diverging(**training: Any) -> Tables:
    """Numbers grow from update to update."""
    layers = [{"units": 3, "activation": "relu"}, {"units": 1, "activation": "linear"}]
    return {
        "data": {"source": "plane", "points": 40, "validation": 0},
        "network": {"layers": layers, "loss": "mse"},
        "training": {"batch_size": 20, "learning_rate": 1e60, "optimizer": "sgd", **training},
    }


def first_bad(experiment: Tables) -> tuple[int, int, str]:
    """Found by walking and looking: t, k and the array of the first number that is not finite."""
    session = session_of(experiment)
    with np.errstate(all="ignore"):
        session.run.advance(1000)
        t = session.run.diverged_at
        assert t is not None
        record = session.run.record(t)
        for k, operation in enumerate(session.run.trainer.operations(), start=1):
            if not np.isfinite(record.result(operation)).all():
                return t, k, str(operation.result)
    raise AssertionError("all results are finite")


@pytest.mark.parametrize("way", ["flat out", "by updates", "by operations", "b", "p", "l", "o"])
def test_divergence_stops_at_the_first_number_that_is_not_finite(way: str) -> None:
    t, k, name = first_bad(diverging())
    engine = opened(diverging())
    for request in WAYS[way]:
        frame = do(engine, request)
        if frame[Motion].diverged:
            break
    assert place_of(frame) == (t - 1, k)
    bad = frame[Motion].bad
    assert bad is not None
    assert f"), operation {k} of 17: {name}[" in frame[Motion].diverged
    window = Window(array=bad.array, rows=99, columns=99)
    matrix = ask(engine, look_at(window=window))[Numbers].matrix
    assert matrix is not None
    assert not np.isfinite(matrix.values[bad.row][bad.column])
    # one operation back all is finite and nothing is said; on again it is said again
    before = do(engine, Move(operations=-1))
    assert (place_of(before), before[Motion].diverged, before[Motion].bad) == (
        (t - 1, k - 1),
        "",
        None,
    )
    again = do(engine, Move(operations=1))
    assert (place_of(again), again[Motion].diverged, again[Motion].bad) == (
        (t - 1, k),
        frame[Motion].diverged,
        frame[Motion].bad,
    )
    # what is beyond can be looked at, the next update cannot be reached
    beyond = do(engine, Move(operations=1))
    assert (place_of(beyond), beyond[Motion].diverged) == ((t - 1, k + 1), frame[Motion].diverged)
    for request in (Play(), Move(updates=1)):
        stuck = do(engine, request)
        assert (place_of(stuck), stuck[Motion].diverged) == ((t - 1, k), frame[Motion].diverged)


def test_a_condition_before_the_divergence_in_the_same_update_stops_first() -> None:
    t, k, _ = first_bad(diverging())
    engine = opened(diverging())
    ask(engine, stops("nonfinite > 0", f"update == {t}", "absmax(z[1]) > 1e200"))
    frame = do(engine, Play())
    assert frame[Motion].hit.startswith("absmax(z[1])")
    while frame[Motion].hit.startswith("absmax(z[1])") and not frame[Motion].diverged:
        frame = do(engine, Play())
    assert place_of(frame) == (t - 1, k)
    assert frame[Motion].diverged


def slot_only() -> Tables:
    """The square of a gradient of 1e25 overflows float32; the change of Adam is 0 then."""
    experiment = diverging(optimizer="adam", dtype="float32", learning_rate=0.01)
    experiment["data"]["standardize"] = False
    experiment["network"]["layers"] = [{"units": 1, "activation": "linear"}]
    return experiment


@pytest.mark.parametrize("way", ["flat out", "by operations", "b", "o"])
def test_a_slot_that_overflows_is_said_as_long_as_one_stands_there(way: str) -> None:
    engine = opened(slot_only())
    trainer = engine.opened.session.run.trainer
    trainer.examples.inputs[...] *= 1e15
    trainer.examples.targets[...] *= 1e15
    for request in WAYS[way]:
        frame = do(engine, request)
        if frame[Motion].diverged:
            break
    assert frame[Motion].diverged.startswith("diverged at update 1 ")
    assert "the optimiser state" in frame[Motion].diverged
    assert (frame[Position].update, frame[Motion].bad) == (0, None)
    window = Window(array=ArrayRef("W", 1, "v"), rows=9, columns=9)
    looked = ask(engine, look_at(window=window, operands=[window]))
    assert looked[Motion].diverged == frame[Motion].diverged
    assert ask(engine, look_at())[Motion].diverged == frame[Motion].diverged
    do(engine, Move(operations=-1))
    assert do(engine, Move(operations=1))[Motion].diverged == frame[Motion].diverged
