"""The proof of where the run stands: on its way, finished, and with a slip."""

import pytest

from tests.engine.runs import ask, finish, go, opened, tables
from tuiprop.engine.engine import Engine
from tuiprop.engine.proof import SAMPLE
from tuiprop.engine.protocol import Done, Frame, Look, Move, ProofNote, SetSlip, Verify


def proof_of(engine: Engine) -> ProofNote | None:
    return ask(engine, Look(), Frame).proof


def verified(engine: Engine) -> ProofNote:
    ask(engine, Verify(), Done)
    finish(engine)
    note = proof_of(engine)
    assert note is not None
    return note


def test_it_can_be_looked_at_on_its_way() -> None:
    layers = [{"units": 60, "activation": "tanh"}, {"units": 3, "activation": "softmax"}]
    engine = opened({**tables(), "network": {"layers": layers}})
    go(engine, 3)
    ask(engine, Verify(), Done)
    counts = []
    while engine.work() is not None:
        note = proof_of(engine)
        assert note is not None
        assert (note.parameters, note.sample) == (60 * 5 + 3 * 61, SAMPLE)
        assert (note.passed is None) == (not note.finished) == (not note.checks)
        counts.append(note.compared)
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert counts[-1] == SAMPLE


def test_what_is_right() -> None:
    engine = opened()
    go(engine, 3)
    note = verified(engine)
    assert note.passed
    assert [each.array for each in note.checks] == ["dW[1]", "db[1]", "dW[2]", "db[2]"]
    assert {each.verdict for each in [*note.checks, *note.audits]} == {"right"}
    assert "v of W[2]" in [each.array for each in note.audits]
    assert (note.update, note.compared) == (3, 43)


@pytest.mark.parametrize(
    ("slip", "wrong"), [("no_mean", {"dW[1]", "db[1]", "dW[2]", "db[2]"}), ("bias_twice", set())]
)
def test_a_slip_is_found(slip: str, wrong: set[str]) -> None:
    engine = opened()
    go(engine, 3)
    ask(engine, SetSlip(name=slip), Done)
    ask(engine, Move(updates=1), Done)
    note = verified(engine)
    assert note.passed is False
    assert {each.array for each in note.checks if each.verdict == "wrong"} == wrong
    audited = {each.array for each in note.audits if each.verdict == "wrong"}
    assert {"b[1]", "b[2]"} <= audited if slip == "bias_twice" else not audited
