"""Going far: progress, and stopping on the way."""

import pytest

from tests.session.runs import ask, finish, go, look_at, opened, refusal, state_of, tables
from tuiprop.protocol.messages.base import Request
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.moving import Motion, Move, Pause, Position, Seek
from tuiprop.protocol.messages.opening import Open
from tuiprop.protocol.server import Engine
from tuiprop.session import cursor as cursor_module
from tuiprop.training import run as run_module


@pytest.fixture
def in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """One update at a time, and no key frame for its age: every way back is a long one."""
    monkeypatch.setattr(run_module, "SLICE", 0.0)
    monkeypatch.setattr(run_module, "REST", 1e12)
    monkeypatch.setattr(cursor_module, "MOMENT", 0.0)
    monkeypatch.setattr(cursor_module, "PATIENCE", 0.0)


def frame(engine: Engine) -> Frame:
    return ask(engine, look_at())


def far() -> Engine:
    """At update 400, with the initial state for its only key frame."""
    engine = opened()
    go(engine, 400)
    timeline = engine.opened.session.run.timeline
    for t in timeline._times[0][1:]:
        timeline._drop(0, t)
    return engine


@pytest.mark.usefixtures("in_small_pieces")
def test_progress_grows_from_where_it_began_to_the_goal() -> None:
    engine = far()
    ask(engine, Seek(update=300))
    seen = []
    while (now := frame(engine))[Motion].status == "seeking":
        assert (now[Motion].target, now[Motion].start) == (300, 0)
        assert now[Motion].progress == now[Position].update / 300
        seen.append(now[Motion].progress)
        engine.work()
    assert seen == sorted(seen)
    assert len(seen) > 50
    assert (now[Motion].progress, now[Motion].target, now[Position].update) == (1.0, None, 300)


@pytest.mark.usefixtures("in_small_pieces")
@pytest.mark.parametrize(
    "request_", [Seek(update=300), Move(updates=-1), Move(operations=-1), Move(epochs=-1)], ids=str
)
def test_a_way_back_can_be_stopped(request_: Request[None]) -> None:
    """It stands where it came to, on a state of the first pass, and goes on from there."""
    engine = far()
    ask(engine, request_)
    for _ in range(20):
        engine.work()
    ask(engine, Pause())
    now = frame(engine)
    assert now[Motion].status == "paused"
    assert 0 < now[Position].update < 100
    assert engine.work() is None or frame(engine)[Position].update == now[Position].update
    straight = opened()
    go(straight, now[Position].update)
    assert state_of(engine) == state_of(straight)
    ask(engine, Seek(place="newest"))
    finish(engine)
    assert frame(engine)[Position].update == 400


def test_memory_for_key_frames_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUIPROP_KEY_FRAMES_MB", "lots")
    refused = refusal(Engine(), Open(experiment=tables()))
    assert (
        "TUIPROP_KEY_FRAMES_MB must be a number of MB greater than 0, got 'lots'"
        in refused.sentence
    )
