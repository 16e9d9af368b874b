"""Stop when …: listed, typed, edited, switched, deleted, kept."""

import asyncio

import pytest
from textual.events import Click
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tests.session.runs import look_at
from tests.ui.conftest import MakeApp
from tests.ui.driving import app_of, at, frame_of, opened, until
from tuiprop.protocol.messages.conditions import Conditions, Stop
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.moving import Motion
from tuiprop.protocol.messages.training import Costs, History
from tuiprop.protocol.process_client import ProcessClient
from tuiprop.ui.app import TuipropApp
from tuiprop.ui.settings import Settings
from tuiprop.ui.stops.screen import StopsScreen
from tuiprop.ui.stops.stop_list import StopList

SIZE = (80, 24)


async def stops(pilot: Pilot[int]) -> StopsScreen:
    """Open the view on a run that is open."""
    await opened(pilot)
    pilot.app.push_screen(StopsScreen(app_of(pilot).link))
    await until(pilot, lambda: isinstance(pilot.app.screen, StopsScreen))
    screen = pilot.app.screen
    assert isinstance(screen, StopsScreen)
    await until(pilot, lambda: screen.query_one("#offers", OptionList).option_count > 0)
    await until(pilot, lambda: screen.frame is not None)
    return screen


async def type_text(pilot: Pilot[int], text: str) -> None:
    for character in text:
        await pilot.press({" ": "space"}.get(character, character))


async def add(pilot: Pilot[int], when: str) -> None:
    before = len(in_force(pilot))
    field = pilot.app.screen.query_one(Input)
    field.focus()
    field.value = when
    await pilot.press("enter")
    await until(pilot, lambda: len(in_force(pilot)) == before + 1)


def in_force(pilot: Pilot[int]) -> list[tuple[str, bool]]:
    screen = pilot.app.screen
    assert isinstance(screen, StopsScreen)
    assert screen.frame is not None
    return [(each.when, each.enabled) for each in screen.frame[Conditions].stops]


def error(pilot: Pilot[int]) -> str:
    line = pilot.app.screen.query_one(".error", Static)
    return str(line.render()) if line.display else ""


async def test_one_types_and_the_run_stops(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=SIZE) as pilot:
        screen = await stops(pilot)
        assert isinstance(pilot.app.focused, Input)
        await type_text(pilot, "update == 6")
        await pilot.press("enter")
        await until(pilot, lambda: in_force(pilot) == [("update == 6", True)])
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is app_of(pilot).run_screen)
        await pilot.press("space")
        await at(pilot, 6)
        assert frame_of(pilot)[Motion].hit == "update == 6: 6 after update 6"
        await stops(pilot)
        hit = pilot.app.screen.query_one("#hit", Static)
        await until(pilot, lambda: hit.display)
        assert "update == 6: 6 after update 6" in str(hit.render())
        assert screen is not pilot.app.screen


async def test_what_cannot_be_is_said_in_the_engines_words(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=SIZE) as pilot:
        await stops(pilot)
        await type_text(pilot, "norm(W9) > 3")
        await pilot.press("enter")
        await until(pilot, lambda: bool(error(pilot)))
        assert "norm(W[9]): expected a layer from 1 to 2, got 9" in error(pilot)
        assert in_force(pilot) == []
        assert pilot.app.screen.query_one(Input).value == "norm(W9) > 3"
        await pilot.press("backspace")
        assert error(pilot) == ""


async def test_a_condition_from_the_offers_alone(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=SIZE) as pilot:
        screen = await stops(pilot)
        field = screen.query_one(Input)
        await type_text(pilot, "absm")
        await pilot.press("down", "enter")
        await until(pilot, lambda: field.value == "absmax(" and field.has_focus)
        await type_text(pilot, "z[2")
        await until(pilot, lambda: screen.query_one("#offers", OptionList).option_count == 1)
        await pilot.press("right")
        await until(pilot, lambda: field.value == "absmax(z[2]) ")
        await pilot.press("down", "down", "down", "enter")
        await until(pilot, lambda: field.value == "absmax(z[2]) > ")
        await pilot.press("2", "0", "enter")
        await until(pilot, lambda: in_force(pilot) == [("absmax(z[2]) > 20", True)])
        assert field.value == ""


async def test_edited_switched_and_deleted_by_keys(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=SIZE) as pilot:
        screen = await stops(pilot)
        await add(pilot, "update == 6")
        await add(pilot, "epoch > 3")
        panel = screen.query_one(StopList)
        await pilot.press("up")
        assert panel.has_focus
        await pilot.press("space")
        await until(pilot, lambda: in_force(pilot)[1] == ("epoch > 3", False))
        await pilot.press("space")
        await until(pilot, lambda: in_force(pilot)[1] == ("epoch > 3", True))
        await pilot.press("up", "enter")
        field = screen.query_one(Input)
        await until(pilot, lambda: field.value == "update == 6" and field.has_focus)
        await pilot.press("end", "backspace", "9", "enter")
        await until(pilot, lambda: in_force(pilot) == [("update == 9", True), ("epoch > 3", True)])
        assert panel.has_focus
        await pilot.press("d")
        await until(pilot, lambda: in_force(pilot) == [("epoch > 3", True)])
        await pilot.press("delete")
        await until(pilot, lambda: in_force(pilot) == [])
        await pilot.press("d", "space")
        assert in_force(pilot) == []


async def test_the_same_condition_is_there_once(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=SIZE) as pilot:
        await stops(pilot)
        await add(pilot, "update == 6")
        await add(pilot, "epoch > 3")
        await type_text(pilot, "update == 6")
        await pilot.press("enter")
        await until(pilot, lambda: in_force(pilot) == [("epoch > 3", True), ("update == 6", True)])


async def test_with_the_mouse(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=SIZE) as pilot:
        screen = await stops(pilot)
        await add(pilot, "update == 6")
        await pilot.click(StopList, offset=(2, 1))
        await until(pilot, lambda: in_force(pilot) == [("update == 6", False)])
        await pilot.click(StopList, offset=(12, 1))
        await until(pilot, lambda: screen.query_one(Input).value == "update == 6")
        await pilot.press("escape")
        assert screen.query_one(Input).value == ""
        bar = screen.query_one("#footer")
        await until(pilot, lambda: "delete" in bar.render_line(0).text)
        await pilot.click(bar, offset=(bar.render_line(0).text.index("delete"), 0))
        await until(pilot, lambda: in_force(pilot) == [])


async def test_escape_leads_back_by_steps(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=SIZE) as pilot:
        screen = await stops(pilot)
        await pilot.press("u", "down")
        assert screen.query_one("#offers").has_focus
        await pilot.press("escape")
        assert screen.query_one(Input).has_focus
        await pilot.press("escape")
        assert screen.query_one(Input).value == ""
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is app_of(pilot).run_screen)


async def test_values_are_shown(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press("e")
        await at(pilot, 4)
        loss = frame_of(pilot)[History].rows[1:]  # of this frame; its J is that of epoch 1
        assert loss or frame_of(pilot)[Costs].training
        screen = await stops(pilot)
        await add(pilot, "train_loss < 0.05")
        panel = screen.query_one(StopList)
        text = "".join(panel.render_line(y).text for y in range(panel.size.height))
        assert f"now {frame_of(pilot)[Costs].training:.3f}" in text


@pytest.mark.slow
async def test_they_are_in_the_experiment_and_in_the_next_engine() -> None:
    """What is kept of the stops is what an experiment file and a new engine begin with."""
    app = TuipropApp(ProcessClient(), "iris", Settings())
    async with app.run_test(size=SIZE) as pilot:
        await stops(pilot)
        await add(pilot, "update == 6")
        await add(pilot, "epoch > 3")
        await app.link.set_stops([Stop(when="update == 6"), Stop(when="epoch > 3", enabled=False)])
        assert app.link.outline is not None
        kept = [{"when": "update == 6", "enabled": True}, {"when": "epoch > 3", "enabled": False}]
        assert app.link.outline.experiment["breakpoint"] == kept
        await asyncio.to_thread(app.link.client.close)
        await app.link.revive(0)
        reply = await app.link.ask(look_at())
        assert isinstance(reply, Frame)
        assert [(each.when, each.enabled) for each in reply[Conditions].stops] == [
            ("update == 6", True),
            ("epoch > 3", False),
        ]
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is app.run_screen)
        await pilot.press("space")
        await at(pilot, 6)
    await asyncio.to_thread(app.link.client.close)


@pytest.mark.parametrize("name", ["#offers", "#stops"])
async def test_a_click_on_an_option_that_has_gone(make_app: MakeApp, name: str) -> None:
    async with make_app("iris").run_test(size=(120, 36)) as pilot:
        await stops(pilot)
        await add(pilot, "train_loss < 0.05")
        panel = pilot.app.screen.query_one(name, OptionList)
        where = panel.content_region
        style = pilot.app.screen.get_style_at(where.x + 6, where.y)
        assert style.meta["option"] == 0
        panel.clear_options()
        click = Click(panel, 6, 0, 0, 0, 1, False, False, False, where.x + 6, where.y, style)
        panel.post_message(click)
        await pilot.pause()
        await pilot.pause()
        assert pilot.app.is_running
        assert pilot.app.return_code is None


async def test_a_condition_chosen_that_has_just_been_deleted(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=(100, 30)) as pilot:
        screen = await stops(pilot)
        listed = screen.query_one(StopList)
        screen.post_message(StopList.OptionSelected(listed, Option("gone"), 3))
        await pilot.pause()
        assert screen.query_one(Input).value == ""
        assert screen.is_current
