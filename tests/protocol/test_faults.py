"""Exceptions that nothing foresaw: what raised stops, the reason is told, the engine goes on."""

import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.session.runs import ask, do, finish, go, look_at, opened, refusal, state_of
from tuiprop.protocol import server as engine_module
from tuiprop.protocol.client import EngineDiedError
from tuiprop.protocol.handlers import opening
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.moving import Motion, Move, Play, Position, Seek, Speed
from tuiprop.protocol.messages.opening import ListNames, Locate
from tuiprop.protocol.messages.proof import Proof, Verify
from tuiprop.protocol.process_client import ProcessClient
from tuiprop.protocol.server import Engine
from tuiprop.session import background_proof as proof_module
from tuiprop.session.autosave import Autosave
from tuiprop.session.fault import fault_words
from tuiprop.training.plan import UpdateConfig
from tuiprop.training.trainer import Trainer
from tuiprop.verify.gradient_check import GradientChecker


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof_module, "REST", 0.0)


def frame_of(engine: Engine) -> Frame:
    return ask(engine, look_at())


def prove(engine: Engine) -> None:
    while engine.work() is not None:
        pass


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (KeyError("lion"), "KeyError: 'lion'"),
        (MemoryError(), "there is not enough memory"),
        (ValueError("one\ntwo"), "ValueError: one two"),
    ],
)
def test_words(error: Exception, words: str) -> None:
    assert fault_words(error) == words


@pytest.mark.parametrize("fault", [ValueError("no"), OSError("no")])
def test_a_fault_is_not_reported_as_bad_input(
    monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def broken(*arguments: Any) -> None:
        raise fault

    monkeypatch.setattr(opening, "is_checkpoint", broken)
    assert fault_words(fault) in refusal(Engine(), Locate(what="iris")).sentence


# While it plays


@pytest.mark.parametrize("error", [KeyError("lion"), MemoryError(), ValueError("no"), OSError("x")])
def test_a_fault_while_it_plays_pauses_the_run(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    engine = opened()
    do(engine, Seek(update=7))
    right = Trainer.advance

    def broken(self: Trainer, *arguments: Any, **options: Any) -> None:
        self.state[0, :5] += 1.0  # half of an update
        raise error

    monkeypatch.setattr(Trainer, "advance", broken)
    ask(engine, Play())
    assert engine.work() is None
    frame = frame_of(engine)
    assert (frame[Motion].status, frame[Motion].updates_per_second) == ("paused", 0)
    assert fault_words(error) in frame[Motion].fault
    assert f"update {frame[Position].update}" in frame[Motion].fault

    monkeypatch.setattr(Trainer, "advance", right)
    assert go(engine, 12)[Motion].fault == ""
    straight = opened()
    go(straight, 12)
    assert state_of(engine) == state_of(straight), "nothing of the half update is left"


def test_a_fault_at_a_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = opened()
    do(engine, Seek(update=7))
    monkeypatch.setattr(engine.opened.cursor, "_work_at", lambda *_: [][0])
    ask(engine, Play(speed=Speed(rate=5, operations=True)))
    assert engine.work() is None
    assert frame_of(engine)[Motion].status == "paused"
    assert "IndexError" in frame_of(engine)[Motion].fault
    assert engine.work() is not None, "the proof begins, as where any run stands"


# The proof


def test_a_proof_that_raises_has_failed_and_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[int] = []

    def broken(self: GradientChecker, seconds: float = 0.0) -> None:
        calls.append(1)
        raise KeyError("lion")

    engine = opened()
    do(engine, Seek(update=3))
    right = GradientChecker.advance
    monkeypatch.setattr(GradientChecker, "advance", broken)
    prove(engine)
    for _ in range(5):
        assert engine.work() is None
    assert len(calls) == 1
    note = frame_of(engine)[Proof].note
    assert note is not None
    assert (note.fault, note.finished, note.passed) == ("KeyError: 'lion'", False, None)
    ask(engine, Verify())
    prove(engine)
    assert len(calls) == 2, "asked for, it is tried once more"

    monkeypatch.setattr(GradientChecker, "advance", right)
    do(engine, Move(updates=1))
    prove(engine)
    note = frame_of(engine)[Proof].note
    assert note is not None
    assert (note.fault, note.passed) == ("", True)


def test_an_audit_that_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: UpdateConfig, *_: object) -> None:
        raise KeyError("lion")

    monkeypatch.setattr(UpdateConfig, "audit", broken)
    engine = opened()
    go(engine, 3)
    prove(engine)
    note = frame_of(engine)[Proof].note
    assert note is not None
    assert (note.fault, note.audits, note.checks) == ("KeyError: 'lion'", [], [])
    assert go(engine, 9)[Position].update == 9


# Keeping the run


def test_a_run_whose_keeping_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def broken(self: Autosave) -> None:
        calls.append(1)
        raise KeyError("lion")

    now = [100.0]
    monkeypatch.setattr(engine_module, "perf_counter", lambda: now[0])
    engine = opened()
    right = Autosave.work
    monkeypatch.setattr(Autosave, "work", broken)
    wait = engine.keep()
    assert wait is not None
    assert wait > 1
    assert frame_of(engine)[Motion].unkept == "KeyError: 'lion'"
    assert engine.keep() == wait
    now[0] += wait
    assert engine.keep() == wait
    assert len(calls) == 2
    now[0] += wait
    monkeypatch.setattr(Autosave, "work", right)
    engine.keep()
    finish(engine)


# A process that ends


def client_with(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> ProcessClient:
    """An engine in a process that executes this code when it is asked for the vocabulary."""
    body = "".join(f"    {line}\n" for line in code.splitlines())
    (folder / "sitecustomize.py").write_text(
        f"import os, sys\nimport tuiprop.protocol.server as e\n"
        f"def broken(self, request):\n{body}"
        "e.Engine.handle = broken\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), *filter(None, sys.path)]))
    return ProcessClient()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise MemoryError", "MemoryError"),
        ("raise KeyError('lion')", "KeyError: 'lion'"),
        ("os._exit(7)", "exit status 7"),
        ("os.kill(os.getpid(), 9)", "ended by SIGKILL"),
        # an earlier line on standard error has nothing to do with it
        (
            "print('KeyError', file=sys.stderr, flush=True)\nos.kill(os.getpid(), 15)",
            "ended by SIGTERM",
        ),
        (
            "print('memory allocation failed', file=sys.stderr, flush=True)\nos.abort()",
            "memory allocation failed (SIGABRT)",
        ),
    ],
)
def test_the_reason_of_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, reason: str
) -> None:
    client = client_with(tmp_path, monkeypatch, code)
    with pytest.raises(EngineDiedError, match=re.escape(reason)):
        client.ask(ListNames()).result(20.0)
    assert client.died
    assert client.reason == reason
    client.close()
