"""The proof: what it finds, when it works, and that mistakes turn it."""

from pathlib import Path
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
from tuiprop.protocol.messages.base import Request
from tuiprop.protocol.messages.conditions import SetStops, Stop
from tuiprop.protocol.messages.data import Tables
from tuiprop.protocol.messages.files import Export, SaveRecord
from tuiprop.protocol.messages.frame import Look
from tuiprop.protocol.messages.moving import Motion, Move, Pause, Play, Position, Seek
from tuiprop.protocol.messages.proof import Proof, ProofNote, SetMistake, Verify
from tuiprop.protocol.messages.provenance import Provenance, ProvenanceQuery
from tuiprop.protocol.messages.settings import Change
from tuiprop.protocol.messages.training import Branches
from tuiprop.protocol.messages.what_if import Keep, Revert, Try
from tuiprop.protocol.server import Engine
from tuiprop.session import background_proof as proof_module
from tuiprop.session import cursor as cursor_module
from tuiprop.training.trainer import Trainer
from tuiprop.update.arrays import ArrayRef, CellRef
from tuiprop.verify.gradient_check import check_gradient
from tuiprop.verify.mistakes import MISTAKES


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof_module, "REST", 0.0)


def note_of(engine: Engine) -> ProofNote | None:
    return ask(engine, look_at())[Proof].note


def proved(engine: Engine) -> ProofNote:
    """The proof of where it stands, once it has nothing more to do."""
    finish(engine)
    while engine.work() is not None:
        pass
    note = note_of(engine)
    assert note is not None
    assert note.finished
    return note


def wrong(note: ProofNote) -> set[str]:
    found = (*note.checks, *note.operations, *note.audits)
    return {str(each.array) for each in found if each.verdict == "wrong"}


def xor(**training: Any) -> Tables:
    """2-2-1 of sigmoids, for which every mistake has an effect but the missing transpose of W."""
    layers = [{"units": 2, "activation": "sigmoid"}, {"units": 1, "activation": "sigmoid"}]
    return {
        "data": {"source": "xor-table", "validation": 0},
        "network": {"layers": layers, "loss": "binary_cross_entropy"},
        "training": {"batch_size": 4, "epochs": 40, "optimizer": "sgd", **training},
    }


def deep() -> Tables:
    """Two layers of 2 units or more, one after the other."""
    experiment = tables()
    experiment["network"]["layers"].insert(0, {"units": 4, "activation": "tanh"})
    return experiment


# What it finds


def test_where_it_stands_is_proved_when_nothing_else_is_to_be_done() -> None:
    engine = opened()
    do(engine, Seek(update=7))
    assert note_of(engine) is None
    note = proved(engine)
    session = engine.opened.session
    expected = check_gradient(session.parameters, *session.run.trainer.distinct_batches())
    assert note.layers == [expected.layer(l).text for l in (1, 2)]
    assert all(text.startswith("✓ ") for text in note.layers)
    names = ["W[1]", "b[1]", "W[2]", "b[2]"]
    assert [(str(each.array), each.figure, each.bound) for each in note.checks] == [
        (f"d{name}", check.relative_error, check.bound)
        for name, check in zip(names, expected.arrays, strict=True)
    ]
    assert all(each.compared == each.of for each in (*note.checks, *note.operations))
    assert [str(each.array) for each in note.operations] == [
        *("z[1]", "a[1]", "z[2]", "a[2]", "J", "da[2]", "dz[2]", "da[1]", "dz[1]")
    ]
    assert (note.compared, note.parameters) == (43, 43)
    assert (note.examples, note.update, note.passed) == ([25, 20], 7, True)
    of_state = [f"{state_name}({name})" for state_name in "mv" for name in names]
    assert [str(each.array) for each in note.audits] == [*names, *of_state]
    assert {each.verdict for each in note.audits} == {"right"}
    assert all(each.figure <= 1 for each in note.audits)
    assert engine.work() is None


def test_the_initial_weights_are_checked_and_no_update_is_audited() -> None:
    note = proved(opened())
    assert (note.audits, note.passed, len(note.layers)) == ([], True, 2)


def test_inside_an_update_that_one_is_audited() -> None:
    engine = opened()
    do(engine, Seek(update=7))
    do(engine, Move(operations=3))
    assert proved(engine).update == 8


def test_the_gradient_of_float32_is_checked_in_float32() -> None:
    engine = opened(tables(dtype="float32"))
    do(engine, Seek(update=7))
    note = proved(engine)
    assert note.passed
    assert all(0 < each.figure <= each.bound < 1e-3 for each in note.checks)
    assert note.audits


# When it works


def test_never_while_it_walks(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = opened(tables(epochs=100_000))
    proof = engine.opened.proof
    calls: list[int] = []
    work = proof.work

    def counted() -> float | None:
        calls.append(1)
        return work()

    monkeypatch.setattr(proof, "work", counted)
    ask(engine, Play())
    ask(engine, Verify())
    for _ in range(20):
        assert engine.work() is not None
    assert calls == []
    assert note_of(engine) is None
    ask(engine, Pause())
    assert proved(engine).passed
    assert calls


def test_it_rests_first_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [50.0]
    monkeypatch.setattr(proof_module, "perf_counter", lambda: now[0])
    monkeypatch.setattr(proof_module, "REST", 0.2)
    engine = opened()
    assert engine.work() == pytest.approx(0.2)
    now[0] += 0.15
    assert engine.work() == pytest.approx(0.05)
    assert note_of(engine) is None
    now[0] += 0.06
    assert engine.work() == 0.0
    assert note_of(engine) is not None
    do(engine, Move(updates=1))
    assert engine.work() == pytest.approx(0.2)
    ask(engine, Verify())
    assert engine.work() == 0.0
    assert note_of(engine) is not None


def test_on_its_way_it_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof_module, "MOMENT", 0.0)  # one slice at a time
    engine = opened()
    do(engine, Seek(update=3))
    counts = []
    while engine.work() is not None:
        note = note_of(engine)
        assert note is not None
        counts.append(note.compared)
        if not note.finished:
            assert (note.layers, note.checks, note.passed) == ([], [], None)
            assert note.audits
    assert counts == sorted(counts)
    assert {0, 43} < set(counts)
    assert proved(engine).passed


@pytest.mark.parametrize(
    "request_",
    [
        Move(updates=1),
        Move(updates=-1),
        Move(operations=2),
        Seek(update=0),
        Change(learning_rate=0.2),
        SetMistake(name="no_mean"),
        Try(cell=CellRef(ArrayRef("W", 1), 0, 0), value=0.5),
        Verify(),
    ],
    ids=lambda request: type(request).__name__,
)
def test_it_begins_anew_elsewhere_and_when_asked(request_: Request[None]) -> None:
    engine = opened()
    do(engine, Seek(update=3))
    proved(engine)
    ask(engine, request_)
    finish(engine)
    assert note_of(engine) is None
    proved(engine)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_state_of_the_run_is_audited_and_traced(
    monkeypatch: pytest.MonkeyPatch, optimizer: str
) -> None:
    """Every update of the run changes θ by 1 % too much, and so does a replay."""
    advance = Trainer.advance

    def overshoot(trainer: Trainer, updates: int) -> None:
        for _ in range(updates):
            before = trainer.state.copy()
            advance(trainer, 1)
            trainer.state[0] = before[0] + 1.01 * (trainer.state[0] - before[0])

    monkeypatch.setattr(Trainer, "advance", overshoot)
    engine = opened(tables(optimizer=optimizer))
    go(engine, 3)
    note = proved(engine)
    assert wrong(note) == {"W[1]", "b[1]", "W[2]", "b[2]"}
    assert not note.passed
    query = ProvenanceQuery(cell=CellRef(ArrayRef("W", 1), 0, 0), terms=3)
    origin = ask(engine, Look(queries=[query]))[Provenance].note
    assert origin is not None
    assert origin.shown == engine.opened.session.parameters.W[1][0, 0]
    assert not origin.matches


def test_moves_inside_the_update_leave_it() -> None:
    engine = opened()
    do(engine, Move(operations=2))
    note = proved(engine)
    assert do(engine, Move(operations=3))[Proof].note == note


def test_what_is_tried_is_proved_and_so_is_what_comes_back() -> None:
    engine = opened()
    do(engine, Seek(update=3))
    first = proved(engine)
    ask(engine, Try(cell=CellRef(ArrayRef("W", 1), 0, 0), value=2.5))
    tried = proved(engine)
    assert tried.passed
    assert [each.figure for each in tried.checks] != [each.figure for each in first.checks]
    ask(engine, Revert())
    finish(engine)
    assert proved(engine) == first


def test_where_it_diverged_the_state_that_is_kept_is_proved() -> None:
    layers = [{"units": 3, "activation": "relu"}, {"units": 1, "activation": "linear"}]
    engine = opened(
        {
            "data": {"source": "plane", "points": 40},
            "network": {"layers": layers},
            "training": {"learning_rate": 50.0, "batch_size": 8},
        }
    )
    frame = do(engine, Play())
    assert frame[Motion].diverged
    proved(engine)
    assert ask(engine, look_at())[Motion].diverged == frame[Motion].diverged


# A large network


@pytest.fixture
def large(tmp_path: Path) -> Tables:
    """784-256-128-10."""
    generator = np.random.default_rng(3)
    rows = generator.integers(0, 256, (60, 784))
    lines = (",".join(map(str, row)) + f",c{row[0] % 10}" for row in rows)
    path = tmp_path / "large.csv"
    path.write_text("\n".join([",".join(f"x{i}" for i in range(784)) + ",y", *lines]))
    sizes = {256: "relu", 128: "relu", 10: "softmax"}
    return {
        "data": {"source": str(path), "target": "y"},
        "network": {"layers": [{"units": n, "activation": g} for n, g in sizes.items()]},
        "training": {"batch_size": 32, "dtype": "float32", "optimizer": "adam"},
    }


def test_every_parameter_of_a_large_network_is_checked(
    large: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof_module, "MOMENT", 0.0)
    engine = opened(large)
    do(engine, Seek(update=1))
    slices = 0
    while engine.work() is not None:
        slices += 1
    assert slices > 10
    note = note_of(engine)
    assert note is not None
    assert (note.finished, note.compared, note.parameters) == (True, 235_146, 235_146)
    assert sum(each.compared for each in note.checks) == 235_146
    assert {each.verdict for each in note.checks} == {"right"}
    assert note.audits == [], "an audit of so many is made when asked for"
    ask(engine, Verify())
    asked = proved(engine)
    assert len(asked.audits) == 18
    assert asked.passed


# Mistakes

FIRST = {
    "loss": "J",
    "output_gradient": "da[2]",
    "weight_gradient": "dW[2]",
    "bias_gradient": "db[2]",
    "back_transpose": "da[1]",
    "no_mean": "dW[2]",
    "mean_twice": "dW[2]",
    "transpose": "dW[2]",
    "bias_twice": "b[1]",
}
"""The first array of an update that a mistake changes."""


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_turns_the_proof_until_it_is_taken_out(name: str, tmp_path: Path) -> None:
    engine = opened(deep() if name == "back_transpose" else xor())
    do(engine, Seek(update=5))
    right = proved(engine)
    assert right.passed
    state = state_of(engine)

    frame = do(engine, SetMistake(name=name))
    assert (place_of(frame), frame[Branches].current, len(frame[Branches].branches)) == (
        (5, 0),
        1,
        2,
    )
    mistake = frame[Proof].mistake
    assert mistake is not None
    assert (mistake.name, mistake.title) == (name, MISTAKES[name].title)
    assert frame[Branches].branches[1].edits == [f"mistake {name}"]
    assert state_of(engine) == state, "it acts from the next update on"
    do(engine, Move(updates=1))
    note = proved(engine)
    assert note.passed is False
    found = wrong(note)
    assert FIRST[name] in found
    explained = [f"{MISTAKES[name].title}: {MISTAKES[name].sentence}"]
    assert note.mistakes == ([] if name == "bias_twice" else explained)
    assert right.mistakes == []
    if name == "bias_twice":
        assert found == {"b[1]", "b[2]"}
        assert all(text.startswith("✓") for text in note.layers)
    else:
        assert not {str(each.array) for each in note.audits} & found
        for l, text in enumerate(note.layers, start=1):
            of_layer = {array for array in found if array.endswith(f"[{l}]")}
            of_layer |= {"J"} & found if l == len(note.layers) else set()
            if of_layer:
                assert set(text.removeprefix("✗ ").split(", ")) == of_layer
            else:
                assert text.startswith("✓")

    path = str(tmp_path / "a.npz")
    for request in (Export(path=path), SaveRecord(path=path)):
        sentence = refusal(engine, request).sentence
        assert sentence.startswith(f"{path}: not exported: ")
        assert MISTAKES[name].title in sentence
        assert "go back to update" in sentence
    assert not Path(path).exists()

    # before it came all is right, and the weights can be taken
    do(engine, Seek(update=4))
    frame = ask(engine, look_at())
    assert (frame[Proof].mistake, frame[Branches].current) == (None, 1)
    assert proved(engine).passed
    ask(engine, Export(path=path))
    # on again it is wrong again
    do(engine, Seek(update=6))
    assert wrong(proved(engine)) == found

    frame = do(engine, SetMistake(name=None))
    assert (frame[Proof].mistake, frame[Branches].current) == (None, 2)
    do(engine, Move(updates=1))
    assert proved(engine).passed
    refusal(engine, Export(path=path))
    refusal(engine, SaveRecord(path=path))
    ask(engine, Export(path=str(tmp_path / "a.tuiprop")))

    do(engine, Seek(branch=0))
    assert state_of(engine) == state
    assert proved(engine) == right


@pytest.mark.parametrize(
    ("experiment", "name", "words"),
    [
        (tables(), "loss", "this mistake is one of binary_cross_entropy"),
        (tables(), "nonsense", "got 'nonsense'"),
        (tables(), None, "no mistake is injected"),
        (tables(batch_size=1), "no_mean", "it needs a batch size of 2 or more"),
        (xor(), "back_transpose", "it needs two consecutive layers"),
    ],
)
def test_mistakes_that_cannot_be(experiment: Tables, name: str | None, words: str) -> None:
    engine = opened(experiment)
    do(engine, Seek(update=3))
    do(engine, Move(operations=2))
    assert words in refusal(engine, SetMistake(name=name)).sentence
    frame = ask(engine, look_at())
    assert (place_of(frame), frame[Proof].mistake, len(frame[Branches].branches)) == (
        (3, 2),
        None,
        1,
    )


def test_a_mistake_that_is_on_is_not_put_in_again() -> None:
    engine = opened()
    do(engine, SetMistake(name="no_mean"))
    assert "no_mean is already injected" in refusal(engine, SetMistake(name="no_mean")).sentence
    do(engine, SetMistake(name="mean_twice"))
    assert "mean_twice" in str(ask(engine, look_at())[Branches].branches[-1].edits)


def test_conditions_find_mistakes() -> None:
    engine = opened(xor())
    stops = [Stop(when="failed_checks > 0"), Stop(when="failed_audits > 0")]
    ask(engine, SetStops(stops=stops))
    assert do(engine, Move(updates=3))[Motion].hit == ""
    do(engine, SetMistake(name="no_mean"))
    frame = do(engine, Play())
    assert (place_of(frame), frame[Motion].hit.split(":")[0]) == ((3, 13), "failed_checks > 0")
    do(engine, SetMistake(name="bias_twice"))
    frame = do(engine, Play())
    assert (place_of(frame), frame[Motion].hit.split(":")[0]) == ((4, 0), "failed_audits > 0")


def test_a_mistake_is_not_put_in_while_something_is_tried() -> None:
    engine = opened()
    do(engine, Seek(update=3))
    ask(engine, Try(cell=CellRef(ArrayRef("W", 1), 0, 0), value=2.5))
    assert "Enter keeps the change" in refusal(engine, SetMistake(name="no_mean")).sentence
    ask(engine, Keep())
    assert do(engine, SetMistake(name="no_mean"))[Proof].mistake is not None


def test_a_mistake_stops_what_walks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursor_module, "MOMENT", 0.0)
    engine = opened()
    ask(engine, Play())
    engine.work()
    frame = do(engine, SetMistake(name="no_mean"))
    assert (frame[Motion].status, frame[Proof].mistake is not None) == ("paused", True)
    assert frame[Position].update == frame[Branches].branches[-1].fork
    straight = opened()
    go(straight, frame[Position].update)
    assert state_of(engine) == state_of(straight)
