"""Conditions as the screen has them: in force, switched off, refused, and their values."""

import numpy as np
import pytest

from tests.session.runs import ask, finish, go, look_at, opened, refusal, tables
from tuiprop.protocol.messages.conditions import Conditions, SetStops, Stop, StopNote
from tuiprop.protocol.messages.moving import Motion, Move, Position, Seek
from tuiprop.protocol.messages.opening import ListNames
from tuiprop.protocol.messages.training import Layers
from tuiprop.protocol.server import Engine
from tuiprop.training.quantities import QUANTITIES


def stop_at(engine: Engine, *conditions: str) -> None:
    ask(engine, SetStops(stops=[Stop(when=each) for each in conditions]))


def values(engine: Engine) -> dict[str, float | None]:
    return {each.when: each.value for each in ask(engine, look_at())[Conditions].stops}


def test_values_are_those_of_where_the_run_stands() -> None:
    engine = opened()
    stop_at(engine, "train_loss < 0", "epoch > 99", "norm(dW[1]) > 99", "update > 99")
    assert values(engine)["norm(dW[1]) > 99"] is None
    frame = go(engine, 7)
    found = values(engine)
    history = engine.opened.session.history
    assert found["train_loss < 0"] == history.rows[1, 0]
    assert found["epoch > 99"] == 1
    assert found["update > 99"] == 7
    assert found["norm(dW[1]) > 99"] == pytest.approx(frame[Layers].norms[0].dW, rel=1e-15)


def test_values_of_an_update_are_known_after_whole_updates_only() -> None:
    engine = opened()
    stop_at(engine, "absmax(z[1]) > 99", "train_loss < 0")
    go(engine, 3)
    ask(engine, Move(operations=2))
    assert values(engine)["absmax(z[1]) > 99"] is None
    assert values(engine)["train_loss < 0"] is not None
    ask(engine, Seek(update=3))
    assert values(engine)["absmax(z[1]) > 99"] is not None


def test_what_is_dear_or_counts_on_the_way_has_no_value() -> None:
    engine = opened()
    expensive = ["failed_checks > 0", "failed_audits > 0", "rises(batch_loss) > 9"]
    stop_at(engine, *expensive)
    go(engine, 2)
    assert values(engine) == dict.fromkeys(expensive)


def test_a_value_that_is_no_number_crosses() -> None:
    engine = opened(tables(learning_rate=1e200, optimizer="sgd"))
    stop_at(engine, "nonfinite > 99999", "train_loss < 0")
    go(engine, 3)
    assert all(each is None or not np.isnan(each) for each in values(engine).values())


def test_a_refused_list_changes_nothing() -> None:
    engine = opened()
    stop_at(engine, "update == 4")
    for wrong, words in (
        ([Stop(when="upto == 4")], "upto == 4"),
        ([Stop(when="update == 9"), Stop(when="norm(W[9]) > 1", enabled=False)], "got 9"),
    ):
        assert words in refusal(engine, SetStops(stops=wrong)).sentence
    assert [each.when for each in ask(engine, look_at())[Conditions].stops] == ["update == 4"]
    ask(engine, Move(updates=20))
    finish(engine)
    assert ask(engine, look_at())[Position].update == 4


def test_those_of_the_file_are_in_force() -> None:
    conditions = [{"when": "update == 4"}, {"when": "update == 2", "enabled": False}]
    engine = opened({**tables(), "breakpoint": conditions})
    frame = ask(engine, look_at())
    assert frame[Conditions].stops == [
        StopNote(when="update == 4", enabled=True, value=None),
        StopNote(when="update == 2", enabled=False, value=None),
    ]
    ask(engine, Move(updates=20))
    finish(engine)
    assert ask(engine, look_at())[Motion].hit == "update == 4: 4 after update 4"


def test_the_quantities_are_offered() -> None:
    found = ask(Engine(), ListNames()).quantities
    assert [each.pattern for each in found] == [spec.pattern for spec in QUANTITIES]
    assert all(each.description for each in found)
