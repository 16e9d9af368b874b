import pytest

from tests.refusals import refused
from tuiprop.errors import InputError
from tuiprop.session.session import open_session
from tuiprop.training.experiment import parse
from tuiprop.training.memory import VARIABLE, key_frame_budget
from tuiprop.training.timeline import BUDGET


def test_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert key_frame_budget() == BUDGET == 64 * 2**20


@pytest.mark.parametrize(("text", "bytes_"), [("1", 2**20), ("256", 2**28), ("0.5", 2**19)])
def test_what_the_user_says(text: str, bytes_: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, text)
    assert key_frame_budget() == bytes_


@pytest.mark.parametrize("text", ["", "much", "0", "-1", "nan", "inf", "64 MB"])
def test_what_is_no_number_of_megabytes(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with refused(InputError, "TUIPROP_KEY_FRAMES_MB", repr(text)):
        key_frame_budget()


def test_a_session_keeps_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "0.001")
    run = open_session(parse({"data": {"source": "iris"}})).run
    assert run.trainer.state.nbytes * 3 > 0.001 * 2**20
    for t in range(1, 100):
        run.timeline.save(t, run.trainer.state)
    assert len(run.timeline) == 2
