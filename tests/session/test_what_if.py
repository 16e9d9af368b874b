"""What if: a number changed, all that follows, kept or reverted; and settings changed."""

from pathlib import Path

import numpy as np
import pytest

from tests.session.runs import ask, finish, go, look, look_at, opened, refusal, state_of, tables
from tuiprop.protocol.messages.arrays import Numbers
from tuiprop.protocol.messages.files import Export, SaveRecord
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.moving import Move, Play, Position, Seek
from tuiprop.protocol.messages.provenance import Provenance
from tuiprop.protocol.messages.settings import Change, EffectiveSettings
from tuiprop.protocol.messages.training import Branches, Costs, History
from tuiprop.protocol.messages.what_if import Keep, Revert, Trial, Try, WhatIf
from tuiprop.protocol.server import Engine
from tuiprop.training.edit import InputEdit, ParameterEdit, SettingsEdit
from tuiprop.training.experiment import NetworkSettings, TrainingSettings
from tuiprop.training.run import Run
from tuiprop.update.arrays import ArrayRef, CellRef


def run_of(engine: Engine) -> Run:
    return engine.opened.session.run


def frame_of(engine: Engine) -> Frame:
    return ask(engine, look_at())


def what_if(engine: Engine) -> WhatIf:
    found = frame_of(engine)[Trial].what_if
    assert found is not None
    return found


def place(engine: Engine) -> tuple[int, int]:
    frame = frame_of(engine)
    return frame[Position].update, frame[Position].done


WEIGHT = Try(cell=CellRef(ArrayRef("W", 1), 2, 3), value=1.5)


def test_before_and_after_are_those_of_runs_of_their_own() -> None:
    engine = opened()
    go(engine, 7)
    ask(engine, WEIGHT)
    found = what_if(engine)
    plain, edited = run_of(opened()), run_of(opened())
    plain.seek(7)
    before = plain.next_record()
    edited.seek(7)
    edited.edit(ParameterEdit(at=7, symbol="W", layer=1, row=2, column=3, value=1.5))
    after = edited.next_record()
    assert found.before == before.W[1][2, 3]
    assert found.after == 1.5
    assert found.name == "W[1][u2,petal_width]"
    assert found.J_batch == (before.J, after.J)
    assert found.J_training == (plain.evaluate()[0].loss, edited.evaluate()[0].loss)
    assert found.J_validation == (plain.evaluate()[1].loss, edited.evaluate()[1].loss)
    of_array = {str(change.array): change for change in found.changes}
    assert list(of_array)[:4] == ["z[1]", "a[1]", "z[2]", "a[2]"]
    difference = np.abs(after.z[2] - before.z[2])
    i, j = np.unravel_index(int(difference.argmax()), difference.shape)
    assert of_array["z[2]"].before == before.z[2][i, j]
    assert of_array["z[2]"].after == after.z[2][i, j]
    assert of_array["z[1]"].changed == 25, "one unit of five, for every example"
    shown = look(engine, "a", 2)[Numbers].matrix
    assert shown is not None
    assert shown.values == after.a[2].tolist()
    assert shown.before == before.a[2].tolist()


def test_of_an_update_that_is_not_begun_all_that_is_computed_is_shown() -> None:
    engine = opened()
    go(engine, 7)
    ask(engine, WEIGHT)
    assert place(engine) == (7, 13)
    ask(engine, Revert())
    assert place(engine) == (7, 0)


@pytest.mark.parametrize("operations", [1, 4, 9, 13])
def test_within_an_update_the_place_stays(operations: int) -> None:
    engine = opened()
    go(engine, 7)
    ask(engine, Move(operations=operations))
    state = state_of(engine)
    shown = look(engine, "z", 1)[Numbers].matrix
    ask(engine, WEIGHT)
    assert place(engine) == (7, operations)
    assert look(engine, "z", 1)[Numbers].matrix != shown
    ask(engine, Revert())
    assert place(engine) == (7, operations)
    assert state_of(engine) == state
    assert look(engine, "z", 1)[Numbers].matrix == shown
    assert len(frame_of(engine)[Branches].branches) == 1


def test_keep_is_a_branch_and_the_first_course_is_there_to_return_to() -> None:
    engine = opened()
    go(engine, 20)
    newest = state_of(engine)
    go(engine, 7)
    ask(engine, WEIGHT)
    ask(engine, Keep())
    frame = frame_of(engine)
    assert frame[Trial].what_if is None
    assert frame[Branches].current == 1
    assert [(each.number, each.parent, each.fork) for each in frame[Branches].branches] == [
        (0, None, 0),
        (1, 0, 7),
    ]
    assert frame[Branches].branches[1].edits == ["W[1][2,3] = 1.5"]
    ask(engine, Move(epochs=1))
    finish(engine)
    assert frame_of(engine)[Position].update == 10
    ask(engine, Seek(branch=0))
    finish(engine)
    assert frame_of(engine)[Position].update == 20
    assert state_of(engine) == newest
    assert "the branches are 0, 1" in refusal(engine, Seek(branch=7)).sentence


def test_another_value_replaces_what_is_tried() -> None:
    engine = opened()
    go(engine, 3)
    ask(engine, WEIGHT)
    first = what_if(engine)
    ask(engine, Try(cell=CellRef(ArrayRef("W", 1), 2, 3), value=-1.0))
    again = what_if(engine)
    assert again.before == first.before
    assert again.J_batch[0] == first.J_batch[0]
    assert again.J_batch[1] != first.J_batch[1]
    assert len(frame_of(engine)[Branches].branches) == 2


def test_nothing_moves_until_it_is_kept_or_reverted() -> None:
    engine = opened()
    go(engine, 3)
    ask(engine, WEIGHT)
    for request in (Play(), Move(updates=1), Seek(update=0), Change(l2=1.0), Export(path="a.npz")):
        assert "Enter keeps" in refusal(engine, request).sentence
    ask(engine, Revert())
    ask(engine, Move(updates=1))
    assert frame_of(engine)[Position].update == 4


@pytest.mark.parametrize("update", [0, 7])
def test_an_input_of_an_example_of_the_batch_at_hand(update: int) -> None:
    engine = opened()
    go(engine, update)
    shown = look(engine, "a", 0)[Numbers].matrix
    assert shown is not None
    ask(engine, Try(cell=CellRef(ArrayRef("a", 0), 1, 4), value=3.0))
    found = what_if(engine)
    assert found.before == shown.values[1][4]
    assert found.name == f"a[0][sepal_width,{shown.column_names[4]}]"
    changed = look(engine, "a", 0)[Numbers].matrix
    assert changed is not None
    assert changed.column_names == shown.column_names
    assert changed.values[1][4] == 3.0
    of_array = {str(change.array): change for change in found.changes}
    assert of_array["z[1]"].changed == 5, "one example, for every unit"
    edit = engine.opened.at.run.branch.edits[-1]
    assert isinstance(edit, InputEdit)
    assert edit.at == max(update - 1, 0)
    ask(engine, Revert())
    assert place(engine) == (update, 0)
    assert look(engine, "a", 0)[Numbers].matrix == shown


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Try(cell=CellRef(ArrayRef("z", 1), 0, 0), value=1.0), "z[1] is computed"),
        (Try(cell=CellRef(ArrayRef("a", 1), 0, 0), value=1.0), "a[1] is computed"),
        (Try(cell=CellRef(ArrayRef("W", 1), 0, 0), value=float("inf")), "got inf"),
    ],
)
def test_what_cannot_be_changed(request_: Try, words: str) -> None:
    engine = opened()
    go(engine, 2)
    assert words in refusal(engine, request_).sentence
    assert len(frame_of(engine)[Branches].branches) == 1


def test_a_parameter_that_this_update_has_changed_already() -> None:
    engine = opened()
    ask(engine, Move(operations=14))
    assert "already changed W[1]" in refusal(engine, WEIGHT).sentence
    ask(engine, Try(cell=CellRef(ArrayRef("W", 2), 0, 0), value=1.0))


def test_settings_are_changed_and_the_curve_says_where() -> None:
    engine = opened()
    go(engine, 12)
    ask(engine, Change(learning_rate=0.5, l2=0.1))
    frame = frame_of(engine)
    assert (frame[Position].update, frame[Branches].current) == (12, 0)
    assert (frame[EffectiveSettings].learning_rate, frame[EffectiveSettings].l2) == (0.5, 0.1)
    assert frame[History].settings_changed == [2]
    weights = (engine.opened.session.parameters.W[l] for l in (1, 2))
    assert frame[Costs].penalty == pytest.approx(0.05 * sum(float((W**2).sum()) for W in weights))
    assert frame[Costs].training == frame[Costs].training_loss + frame[Costs].penalty
    ask(engine, Move(updates=1))
    go(engine, 3)
    assert frame_of(engine)[EffectiveSettings].learning_rate == 0.1
    ask(engine, Change(optimizer="sgd"))
    frame = frame_of(engine)
    assert (frame[Branches].current, frame[EffectiveSettings].optimizer) == (1, "sgd")
    assert frame[EffectiveSettings].learning_rate == 0.1


def test_settings_have_the_same_names_from_the_request_to_the_experiment() -> None:
    changed = set(SettingsEdit.__struct_fields__) - {"at"}
    assert changed == set(Change.__struct_fields__) == set(EffectiveSettings.__struct_fields__)
    of_file = {*TrainingSettings.__struct_fields__, *NetworkSettings.__struct_fields__}
    assert changed <= of_file
    assert not changed & set(NetworkSettings.__struct_fields__) - {"l2"}


def test_another_size_of_batches_shows_in_the_frame() -> None:
    engine = opened()
    go(engine, 12)
    ask(engine, Change(batch_size=60))
    position = frame_of(engine)[Position]
    assert (position.per_epoch, position.batch_size) == (5, 25)  # until the epoch ends
    ask(engine, Move(epochs=1))
    assert frame_of(engine)[Position].update == 15
    ask(engine, Move(updates=1))
    frame = frame_of(engine)
    assert (
        frame[Position].epoch,
        frame[Position].batch,
        frame[Position].per_epoch,
        frame[Position].batch_size,
        frame[Position].examples,
    ) == (4, 1, 2, 60, 60)
    ask(engine, Seek(epoch=4))
    assert frame_of(engine)[Position].update == 17


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Change(), "no setting is changed"),
        (
            Change(learning_rate=-1.0),
            "training.learning_rate must be a number greater than 0, got -1.0",
        ),
        (Change(optimizer="nadam"), 'got "nadam"'),
        (Change(options={"momentum": 0.5}), "training.options.momentum"),
        (Change(l2=-1.0), "network.l2 must be a number, 0 or more, got -1.0"),
        (Change(batch_size=-1), "got -1"),
    ],
)
def test_settings_that_cannot_be(request_: Change, words: str) -> None:
    engine = opened()
    assert words in refusal(engine, request_).sentence
    assert frame_of(engine)[History].settings_changed == []


@pytest.mark.parametrize("operations", [0, 6])
def test_the_record_of_the_update_at_hand_as_a_file(operations: int, tmp_path: Path) -> None:
    engine = opened()
    go(engine, 7)
    ask(engine, Move(operations=operations))
    update = 8 if operations else 7
    state = state_of(engine)
    path = tmp_path / "record.npz"
    done = ask(engine, SaveRecord(path=str(path)))
    assert done.update == update
    assert state_of(engine) == state
    record = engine.opened.session
    expected = run_of(opened()).record(update)
    with np.load(path) as arrays:
        assert np.array_equal(arrays["W1"], expected.W[1])
        assert np.array_equal(arrays["dz2"], expected.dz[2])
        assert np.array_equal(arrays["v_b2"], expected.optimizer_state["v"].b[2])
        assert np.array_equal(arrays["W2_after"], expected.after.W[2])
        rows = record.examples.training.rows[expected.examples]
        assert arrays["examples"].tolist() == rows.tolist()
        assert float(arrays["J"]) == expected.J
        assert int(arrays["t"]) == update
    assert place(engine) == (7, operations)


def test_no_record_before_the_first_update(tmp_path: Path) -> None:
    sentence = refusal(opened(), SaveRecord(path=str(tmp_path / "a.npz"))).sentence
    assert "No update yet" in sentence


def test_float32_values_are_those_of_the_network() -> None:
    engine = opened(tables(dtype="float32"))
    go(engine, 4)
    ask(engine, Try(cell=CellRef(ArrayRef("b", 2), 1, 0), value=0.1))
    shown = look(engine, "b", 2)[Numbers].matrix
    assert shown is not None
    assert shown.values[1][0] == float(np.float32(0.1))


def test_a_number_that_overflows_the_dtype_of_the_run_is_none() -> None:
    engine = opened(tables(dtype="float32"))
    sentence = refusal(engine, Try(cell=CellRef(ArrayRef("W", 1), 0, 0), value=1e39)).sentence
    assert sentence == "expected a finite number of float32, got 1e+39"
    ask(engine, Try(cell=CellRef(ArrayRef("W", 1), 0, 0), value=1e38))


@pytest.mark.parametrize(
    ("symbol", "layer", "row", "column", "words"),
    [
        ("W", 1, 999, 0, "got row 999 and column 0"),
        ("W", 1, 0, 4, "got row 0 and column 4"),
        ("b", 2, 0, 1, "got row 0 and column 1"),
        ("W", 0, 0, 0, "a layer from 1 to 2, got 0"),
        ("a", 3, 0, 0, "a layer from 0 to 2, got 3"),
        ("a", 0, 0, -1, "of a[0], got row 0 and column -1"),
    ],
)
def test_beyond_an_array(symbol: str, layer: int, row: int, column: int, words: str) -> None:
    engine = opened()
    request = Try(cell=CellRef(ArrayRef(symbol, layer), row, column), value=1.0)
    assert words in refusal(engine, request).sentence


def test_the_same_value_is_no_change() -> None:
    engine = opened()
    engine.handle(Seek(update=3))
    engine.handle(Move(operations=2))
    refused = refusal(engine, Try(cell=CellRef(ArrayRef("b", 1), 0, 0), value=_b(engine)))
    assert " already " in refused.sentence
    frame = frame_of(engine)
    assert (frame[Position].update, frame[Position].done) == (3, 2)
    assert len(frame_of(engine)[Branches].branches) == 1


def _b(engine: Engine) -> float:
    return float(run_of(engine).trainer.parameters.b[1][0, 0])


def test_what_an_update_starts_from_says_where_it_is_from() -> None:
    engine = opened()
    b = CellRef(ArrayRef("b", 1), 0, 0, before=True)

    def sentence() -> str:
        origin = ask(engine, look_at(cell=b))[Provenance].note
        assert origin is not None
        return origin.sentence

    engine.handle(Move(operations=1))
    assert sentence() == "Initial value: no update has changed it."
    engine.handle(Seek(update=3))
    assert sentence() == "Computed by update 2."
    engine.handle(Move(operations=1))
    assert sentence() == "Computed by update 3."
    engine.handle(Try(cell=CellRef(ArrayRef("b", 1), 0, 0), value=0.5))
    engine.handle(Keep())
    assert sentence() == "Changed by hand after update 3."
