"""Runs that are kept: offered at the start, gone on with, quit without a question."""

from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from tests.session.runs import go, tables
from tests.session.runs import opened as engine_on
from tests.ui.conftest import MakeApp
from tests.ui.driving import app_of, at, frame_of, go_to, opened, until
from tuiprop.models.checkpoint import load_checkpoint
from tuiprop.models.weights import load_model
from tuiprop.protocol.inline_client import InlineClient
from tuiprop.protocol.messages.base import Request
from tuiprop.protocol.messages.files import KeepRun
from tuiprop.protocol.messages.moving import Motion
from tuiprop.protocol.messages.opening import KeptRun
from tuiprop.protocol.messages.proof import Proof
from tuiprop.protocol.messages.training import History
from tuiprop.session.session import open_session
from tuiprop.storage.state_folder import kept_runs
from tuiprop.training.experiment import parse
from tuiprop.ui.app import TuipropApp
from tuiprop.ui.dialogs import AskText, Choose
from tuiprop.ui.drawing.line import Line
from tuiprop.ui.run.go_to import kept_words
from tuiprop.ui.settings import Settings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUIPROP_STATE", str(tmp_path / "state"))
    return tmp_path / "state" / "runs"


def leave_a_run(update: int) -> None:
    engine = engine_on(what="iris")
    go(engine, update)
    engine.close()


async def asked(pilot: Pilot[int]) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, Choose))


def title_of(pilot: Pilot[int]) -> str:
    return str(pilot.app.screen.query_one(".title").render())


async def test_quitting_keeps_the_run_without_a_question(make_app: MakeApp, folder: Path) -> None:
    app = make_app("iris")
    async with app.run_test() as pilot:
        await opened(pilot)
        await go_to(pilot, "u7", 7)
        await pilot.press("q")
        await until(pilot, lambda: app.return_code is not None)
    app.link.client.close()
    assert app.return_code == 0
    assert load_checkpoint(kept_runs(folder)[0]).content.position == (7, 0)


async def test_going_on(make_app: MakeApp, folder: Path) -> None:
    leave_a_run(13)
    async with make_app("iris").run_test() as pilot:
        await asked(pilot)
        assert title_of(pilot) == "Resume iris at update 13, epoch 2 of 8 (saved just now)?"
        await pilot.press("enter")
        await opened(pilot)
        await at(pilot, 13)
        assert frame_of(pilot)[History].length == 3
        assert not kept_runs(folder)  # it has it


async def test_not_going_on(make_app: MakeApp, folder: Path) -> None:
    leave_a_run(13)
    for keys, left in ((("down", "enter"), 1), (("escape",), 1), (("down", "down", "enter"), 0)):
        async with make_app("iris").run_test() as pilot:
            await asked(pilot)
            await pilot.press(*keys)
            await opened(pilot)
            await at(pilot, 0)
        assert len(kept_runs(folder)) == left


async def test_whatever_was_left_is_offered_where_nothing_is_named(folder: Path) -> None:
    leave_a_run(13)
    app = TuipropApp(InlineClient(), "xor-table", Settings(), named=False)
    async with app.run_test() as pilot:
        await asked(pilot)
        await pilot.press("enter")
        await opened(pilot)
        await at(pilot, 13)
        assert app.link.what == "iris"


async def test_another_data_set_is_opened_at_once(make_app: MakeApp, folder: Path) -> None:
    leave_a_run(13)
    async with make_app("wine").run_test() as pilot:
        await opened(pilot)
        assert len(pilot.app.screen_stack) == 2


async def test_a_checkpoint_out_and_in(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_app("iris")
    async with app.run_test() as pilot:
        await opened(pilot)
        await go_to(pilot, "u9", 9)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskText))
        pilot.app.screen.query_one(Input).value = "r.tuiprop"
        await pilot.press("enter")
        await until(pilot, lambda: app.run_screen.exported_update == 9)
        state = load_checkpoint("r.tuiprop").content.parameters
    again = make_app("r.tuiprop")
    async with again.run_test() as pilot:
        await opened(pilot)
        await at(pilot, 9)
        await again.run_screen.run_action("app.open")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskText))
        pilot.app.screen.query_one(Input).value = "r.tuiprop"
        await pilot.press("enter")
        await asked(pilot)  # update 9 has not been exported from here
        await pilot.press("enter")
        await until(pilot, lambda: app_of(pilot).link.run == 2)
        await at(pilot, 9)
    assert load_checkpoint("r.tuiprop").content.parameters == state


@pytest.mark.parametrize(("keys", "update"), [(["enter"], 25), (["down", "enter"], 4)])
async def test_which_weights_are_exported(
    tmp_path: Path, keys: list[str], update: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    client = InlineClient()
    app = TuipropApp(client, "xor-table", Settings())
    async with app.run_test() as pilot:
        await opened(pilot)
        assert client.engine.opened is not None
        run = client.engine.opened.session.run
        await go_to(pilot, "u25", 25)
        history = run.history
        history.best = 4
        await pilot.press("x")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskText))
        await pilot.press("enter")
        await asked(pilot)
        await pilot.press(*keys)
        await until(pilot, lambda: Path("xor-table.npz").exists())
    assert load_model("xor-table.npz").update == update


@pytest.mark.parametrize(
    ("age", "words"),
    [(3.0, "just now"), (61.0, "1 minute ago"), (7300.0, "2 hours ago"), (1e6, "11 days ago")],
)
def test_how_long_ago(age: float, words: str) -> None:
    kept = KeptRun(path="p", source="iris", update=1234, epoch=3, epochs=9, age=age)
    assert f"(saved {words})" in kept_words(kept)


async def test_the_time_until_a_run_is_kept_does_not_hold_it_up(
    make_app: MakeApp, folder: Path
) -> None:
    async with make_app("xor-table").run_test() as pilot:
        await opened(pilot)
        await go_to(pilot, "u7", 7)
        await until(pilot, lambda: frame_of(pilot)[Proof].note is not None)
        await pilot.press("space")
        await at(pilot, 500)
        app_of(pilot).link.client.close()
    assert len(kept_runs(folder)) == 1


async def test_a_save_that_fails_is_shown_until_it_does_not(
    make_app: MakeApp, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuiprop.session.autosave.EVERY", 0.2)
    monkeypatch.setattr("tuiprop.ui.run.polling.SAVES_EVERY", 0.2)
    folder.parent.mkdir()
    folder.write_text("a file where the folder should be")
    app = make_app("iris", hint=False)
    async with app.run_test() as pilot:
        await opened(pilot)
        await go_to(pilot, "u7", 7)
        await until(
            pilot, lambda: bool(frame_of(pilot)[Motion].unkept)
        )  # while the run stands still
        assert "NOT SAVED" in shown(app.run_screen.query_one("#title", Line))
        assert "File exists" in shown(app.run_screen.query_one("#hint", Line))
        assert not app.run_screen.has_class("-hidden-hint")
        await pilot.press("q")
        await asked(pilot)
        assert "File exists" in str(pilot.app.screen.query_one(".words").render())
        await pilot.press("escape")
        folder.unlink()
        await until(pilot, lambda: not frame_of(pilot)[Motion].unkept)
        assert "NOT SAVED" not in shown(app.run_screen.query_one("#title", Line))
        assert app.run_screen.has_class("-hidden-hint")
        await pilot.press("q")
        await until(pilot, lambda: app.return_code is not None)
    assert app.end_engine(lambda: None) == ""


async def test_quitting_waits_for_an_engine_that_saves(
    make_app: MakeApp, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that takes long over it, but gives signs of life."""
    app = make_app("iris")
    answer, answers = app.link.client.ask, list[Future[None]]()

    def late(request: Request[Any]) -> "Future[Any]":
        if not isinstance(request, KeepRun):
            return answer(request)
        answers.append(Future())
        return answers[0]

    monkeypatch.setattr("tuiprop.ui.runs.QUIT_PATIENCE", 0.01)
    async with app.run_test() as pilot:
        await opened(pilot)
        await go_to(pilot, "u7", 7)
        monkeypatch.setattr(app.link.client, "ask", late)
        monkeypatch.setattr(InlineClient, "is_saving", True)
        await pilot.press("q")
        await until(pilot, lambda: bool(app._notifications))
        assert not isinstance(app.screen, Choose)
        answers[0].set_result(None)
        await until(pilot, lambda: app.return_code is not None)
    assert app.return_code == 0


def shown(line: Line) -> str:
    return "\n".join(strip.text for strip in (line.render_line(y) for y in range(line.size.height)))


@pytest.fixture
def edited(tmp_path: Path, folder: Path) -> str:
    """An experiment file that says something else than its kept run, of five units."""
    path = tmp_path / "exp.toml"
    engine = engine_on(what=str(path))
    go(engine, 4)
    engine.close()
    experiment = tables(learning_rate=0.25, batch_size=16, optimizer="sgd")
    experiment["network"]["layers"][0]["units"] = 6
    path.write_text(tomli_w.dumps(experiment))
    return str(path)


async def test_an_edited_file_is_opened_unless_its_run_is_wanted(
    make_app: MakeApp, folder: Path, edited: str
) -> None:
    for keys, units, update in (("enter",), 6, 0), (("escape",), 6, 0), (("down", "enter"), 5, 4):
        app = make_app(edited)
        async with app.run_test(size=(80, 24)) as pilot:
            await asked(pilot)
            words = str(app.screen.query_one(".words").render())
            assert "network.layers[0].units: 6 in the file, 5 in the run" in words
            assert "and 1 more" in words
            dialog = app.screen.query_one("Vertical").region
            assert dialog.height <= 16
            await pilot.press(*keys)
            await opened(pilot)
            await at(pilot, update)
            assert app.link.outline is not None
            assert app.link.outline.sizes == [4, units, 3]
            if update == 0:
                assert len(kept_runs(folder)) == 1


async def test_the_run_of_an_edited_file_can_be_deleted(
    make_app: MakeApp, folder: Path, edited: str
) -> None:
    async with make_app(edited).run_test() as pilot:
        await asked(pilot)
        await pilot.press("down", "down", "enter")
        await opened(pilot)
        await at(pilot, 0)
    assert not kept_runs(folder)


async def test_a_run_goes_on_with_the_epochs_of_its_file(
    make_app: MakeApp, folder: Path, tmp_path: Path
) -> None:
    leave_a_run(13)
    path = tmp_path / "my.toml"
    path.write_text(tomli_w.dumps(tables(epochs=11)))
    app = make_app(str(path))
    async with app.run_test() as pilot:
        await asked(pilot)
        assert title_of(pilot) == "Resume iris at update 13, epoch 2 of 11 (saved just now)?"
        await pilot.press("enter")
        await opened(pilot)
        await at(pilot, 13)
        await go_to(pilot, "end", 55)


async def test_the_file_of_an_earlier_version_is_not_deleted(
    make_app: MakeApp, folder: Path
) -> None:
    folder.mkdir(parents=True)
    session = open_session(parse(tables()))
    session.run.advance(13)
    session.save_checkpoint(folder / "20250101-120000-0123abcd.tuiprop", opened="iris")
    async with make_app("iris").run_test() as pilot:
        await asked(pilot)
        assert pilot.app.screen.query_one(OptionList).option_count == 2
