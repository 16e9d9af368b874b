"""Looking never moves the run, wherever it is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.session.runs import ask, do, finish, go, look_at, opened, tables
from tests.training.runs import observable
from tuiprop.protocol.messages.arrays import Window
from tuiprop.protocol.messages.base import Request
from tuiprop.protocol.messages.conditions import SetStops, Stop
from tuiprop.protocol.messages.decision_map import DecisionMapQuery
from tuiprop.protocol.messages.example_trace import ExampleTraceQuery
from tuiprop.protocol.messages.files import Export, Save, SaveRecord
from tuiprop.protocol.messages.frame import Look
from tuiprop.protocol.messages.moving import Move, Play, Seek
from tuiprop.protocol.messages.opening import Open
from tuiprop.protocol.messages.pictures import WeightPicturesQuery
from tuiprop.protocol.messages.proof import Proof, Verify
from tuiprop.protocol.messages.scores import ScoresQuery
from tuiprop.protocol.messages.settings import Change
from tuiprop.protocol.messages.what_if import Keep, Revert, Trial, Try
from tuiprop.protocol.server import Engine
from tuiprop.session import background_proof as proof_module
from tuiprop.session.cursor import Cursor
from tuiprop.session.divergence import record_of
from tuiprop.session.markdown import explain
from tuiprop.session.session import Session
from tuiprop.update.arrays import ArrayRef, CellRef, of_layer


def seen(engine: Engine) -> dict[str, Any]:
    """All that can be told of a session and its cursor."""
    session, cursor = engine.opened.session, engine.opened.cursor
    return {
        **observable(session.run),
        "motion": cursor.motion,
        "partial": cursor.partial,
        "stopped at": (cursor.hit, cursor.bad, cursor.completed),
        "preview": cursor._preview,
        "prepared": session.examples.training.inputs.tobytes(),
        "fingerprint": session.fingerprint,
    }


# Positions


def at_the_beginning() -> Engine:
    return opened()


def after_an_update() -> Engine:
    engine = opened()
    go(engine, 13)
    return engine


def inside_an_update() -> Engine:
    engine = after_an_update()
    do(engine, Move(operations=6))
    return engine


def in_the_past() -> Engine:
    """On a branch that begins before its best epoch, whose parameters are not kept."""
    engine = opened(tables(learning_rate=0.02))
    go(engine, 40)
    do(engine, Seek(update=17))
    do(engine, Try(cell=CellRef(ArrayRef("W", 2), 0, 0), value=30.0))
    do(engine, Keep())
    do(engine, Seek(update=23))
    run = engine.opened.session.run
    assert run.branch.kept_best is None
    assert run.history.best < run.epoch
    return engine


def where_edits_act() -> Engine:
    engine = after_an_update()
    do(engine, Change(learning_rate=0.3, optimizer="momentum"))
    do(engine, Try(cell=CellRef(ArrayRef("a", 0), 1, 4), value=3.0))
    do(engine, Keep())
    return engine


def where_a_condition_stopped_it() -> Engine:
    engine = opened()
    ask(engine, SetStops(stops=[Stop(when="norm(dW[1]) > 0"), Stop(when="train_loss < 9")]))
    do(engine, Play())
    assert engine.opened.cursor.hit
    return engine


def diverged() -> Engine:
    layers = [{"units": 3, "activation": "relu"}, {"units": 1, "activation": "linear"}]
    engine = Engine()
    experiment = {
        "data": {"source": "plane", "points": 40},
        "network": {"layers": layers},
        "training": {"learning_rate": 50.0, "batch_size": 8},
    }
    ask(engine, Open(experiment=experiment))
    do(engine, Play())
    assert engine.opened.session.run.diverged_at is not None
    return engine


def playing() -> Engine:
    engine = opened(tables(epochs=100_000))
    ask(engine, Play())
    engine.work()
    return engine


POSITIONS: list[Callable[[], Engine]] = [
    at_the_beginning,
    after_an_update,
    inside_an_update,
    in_the_past,
    where_edits_act,
    where_a_condition_stopped_it,
    diverged,
    playing,
]


# Ways to look


def windows(before: bool = False) -> list[Window]:
    arrays = [ArrayRef("a", 0), *of_layer(1), *of_layer(2), ArrayRef("y", 2), ArrayRef("J", 2)]
    return [Window(array=each, rows=99, columns=99, before=before) for each in arrays]


FRAMES: list[Request[Any]] = [
    look_at(window=Window(array=ArrayRef("W", 1, "m"), rows=9, columns=9), operands=windows()),
    look_at(operands=windows(before=True)),
    look_at(window=Window(array=ArrayRef("dz", 2), rows=9, columns=9)),
    look_at(cell=CellRef(ArrayRef("dW", 1), 0, 1), terms=5),
    look_at(cell=CellRef(ArrayRef("W", 2)), terms=5),
    Look(
        queries=[
            ScoresQuery(count=5),
            DecisionMapQuery(columns=9, lines=5),
            ExampleTraceQuery(row=3),
            WeightPicturesQuery(count=2),
        ]
    ),
    Save(),
]


def looks(engine: Engine, folder: Path) -> dict[str, Callable[[], object]]:
    session, cursor = engine.opened.session, engine.opened.cursor
    found: dict[str, Callable[[], object]] = {
        "frames": lambda: [engine.handle(each) for each in FRAMES],
        "records": lambda: records(session),
        "explain": lambda: explain(session, 2),
        "best": session.best_model,
        "model": lambda: session.model,
        "check": session.check,
        "checkpoint": lambda: session.save_checkpoint(folder / "a.tuiprop"),
        "keeping": engine.keep,
    }
    if cursor.motion is None:
        found["export"] = lambda: engine.handle(Export(path=str(folder / "a.npz"), best=True))
        found["a record as a file"] = lambda: engine.handle(SaveRecord(path=str(folder / "b.npz")))
        found["proof"] = lambda: prove(engine)
        found["what if"] = lambda: what_if(engine)
    return found


def records(session: Session) -> None:
    for update in (1, session.run.t + 1, 3, 44):
        try:
            assert record_of(session, update).update == update
        except ArithmeticError:
            assert session.run.diverged_at is not None
            assert update > session.run.diverged_at


def prove(engine: Engine) -> None:
    ask(engine, Verify())
    while engine.work() is not None:
        pass
    note = ask(engine, look_at())[Proof].note
    assert note is not None
    assert note.finished


def what_if(engine: Engine) -> None:
    before = seen(engine)
    W, X = ArrayRef("W", 1), ArrayRef("a", 0)
    for array, value in ((W, 0.125), (W, 0.25), (X, 0.5)):
        ask(engine, Try(cell=CellRef(array, 0, 1), value=value))
        assert seen(engine) == before
        for each in FRAMES:
            engine.handle(each)
        prove(engine)
        assert ask(engine, look_at())[Trial].what_if is not None
    ask(engine, Revert())
    assert ask(engine, look_at())[Trial].what_if is None


@pytest.mark.parametrize("position", POSITIONS, ids=lambda each: each.__name__)
def test_looking_leaves_everything_as_it_is(
    position: Callable[[], Engine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof_module, "REST", 0.0)
    engine = position()
    before = seen(engine)
    for name, look in looks(engine, tmp_path).items():
        look()
        assert seen(engine) == before, name


def test_what_was_looked_at_on_the_way_changes_no_result(tmp_path: Path) -> None:
    looked, straight = opened(), opened()
    for t in (1, 2, 9, 10, 31):
        for engine in (looked, straight):
            go(engine, t)
        for look in looks(looked, tmp_path).values():
            look()
        do(looked, Move(operations=3))
        do(looked, Move(operations=-3))
    mine, theirs = looked.opened.session.run, straight.opened.session.run
    finish(looked)
    assert mine.trainer.state.tobytes() == theirs.trainer.state.tobytes()
    assert mine.history.rows.tobytes() == theirs.history.rows.tobytes()
    assert mine.logs == theirs.logs


def test_a_replay_past_a_divergence_names_it_and_does_not_move() -> None:
    engine = diverged()
    session = engine.opened.session
    update = session.run.diverged_at
    assert update is not None
    go(engine, 0)
    before = seen(engine)
    with pytest.raises(ArithmeticError, match=f"diverged at update {update} "):
        record_of(session, update + 50)
    assert seen(engine) == before
    assert record_of(session, update).update == update


def test_a_cursor_is_idle_where_it_arrived() -> None:
    engine = opened()
    cursor: Cursor = engine.opened.cursor
    assert cursor.motion is None
    ask(engine, Play())
    assert cursor.motion is not None
    assert (cursor.status, cursor.motion.target) == ("playing", cursor.run.last_update)
    finish(engine)
    assert (cursor.motion, cursor.status, cursor.target) == (None, "paused", None)
