"""Weights of another program, opened in the dashboard."""

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, Label, Select

from tests.protocol.test_adopt import written
from tests.ui.conftest import MakeApp
from tests.ui.driving import app_of, opened, until
from tuiprop.ui.data.screen import DataScreen
from tuiprop.ui.dialogs import AskText
from tuiprop.ui.setup.adopt import AdoptScreen
from tuiprop.ui.setup.screen import SetupScreen


async def asked(pilot: Pilot[int]) -> AdoptScreen:
    await until(pilot, lambda: isinstance(pilot.app.screen, AdoptScreen))
    screen = pilot.app.screen
    assert isinstance(screen, AdoptScreen)
    return screen


async def say(pilot: Pilot[int], source: str, *activations: str) -> None:
    """Fill in the dialog and press its button."""
    screen = await asked(pilot)
    for select, name in zip(screen.query(Select), activations, strict=True):
        select.value = name
    screen.query_one(Input).value = source
    await pilot.pause()
    button = screen.query_one(Button)
    button.active_effect_duration = 0  # it would look pressed for a while
    button.press()


def complaint(screen: AdoptScreen) -> str:
    return str(screen.query_one(".error", Label).render())


async def complains(pilot: Pilot[int], words: str) -> None:
    screen = await asked(pilot)
    await until(pilot, lambda: words in complaint(screen))


async def looked_at(pilot: Pilot[int]) -> DataScreen:
    """Wait until a table is shown."""
    await until(
        pilot,
        lambda: (
            isinstance(screen := pilot.app.screen, DataScreen)
            and screen.described is not None
            and screen.idle
        ),
    )
    assert isinstance(pilot.app.screen, DataScreen)
    return pilot.app.screen


async def test_opened_from_the_command_line(make_app: MakeApp, tmp_path: Path) -> None:
    path = written(tmp_path / "w.json")
    async with make_app(path).run_test() as pilot:
        screen = await asked(pilot)
        assert [select.value for select in screen.query(Select)] == [Select.NULL] * 2
        screen.query_one(Button).press()
        await complains(pilot, "choose the activation of layer 1")
        await say(pilot, "", "relu", "softmax")
        await complains(pilot, "name the data")
        assert "cross_entropy" in str(screen.query_one(".loss", Label).render())
        await say(pilot, "wine", "relu", "softmax")
        await complains(pilot, "W1 is (5, 4), expected (5, 13)")
        await say(pilot, "iris", "relu", "softmax")
        await opened(pilot)
        link = app_of(pilot).link
        assert link.activations == ["relu", "softmax"]
        assert link.weights == path


async def test_left_at_the_start_says_what_is_missing(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(written(tmp_path / "w.npz"))
    async with app.run_test() as pilot:
        await asked(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: app.return_code is not None)
    assert app.return_code == 2
    assert "weights of 4 → 5 → 3 in it, but not the activations" in app.farewell


async def test_a_table_is_looked_at_until_it_fits(make_app: MakeApp, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("p,q,y\n" + "".join(f"{i},{i * i},{3 * i}\n" for i in range(20)))
    app = make_app(written(tmp_path / "w.npz", (1, 3, 1)))
    async with app.run_test() as pilot:
        await say(pilot, str(table), "tanh", "linear")
        first = await looked_at(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen not in (first, app.run_screen))
        again = await looked_at(pilot)
        await pilot.press("u")
        await until(pilot, lambda: again.idle)
        await pilot.press("enter")
        await opened(pilot)
        assert app.link.outline is not None
        assert app.link.outline.sizes == [1, 3, 1]


@pytest.mark.parametrize("begin", [True, False])
async def test_opened_from_the_palette(make_app: MakeApp, tmp_path: Path, begin: bool) -> None:
    path = written(tmp_path / "w.npz")
    app = make_app("iris")
    async with app.run_test() as pilot:
        await opened(pilot)
        run = app.link.run
        await app.run_screen.run_action("app.open")
        await typed(pilot, lambda: isinstance(pilot.app.screen, AskText), path)
        if begin:
            await say(pilot, "iris", "tanh", "softmax")
            await until(pilot, lambda: app.link.run != run)
            assert app.link.weights == path
        else:
            await asked(pilot)
            await pilot.press("escape")
            await until(pilot, lambda: pilot.app.screen is app.run_screen)
            assert app.link.run == run


async def test_opened_into_the_set_up(make_app: MakeApp, tmp_path: Path) -> None:
    path = written(tmp_path / "w.npz")
    async with make_app("iris").run_test(size=(100, 40)) as pilot:
        await opened(pilot)
        await pilot.press("s")
        await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))
        setup = pilot.app.screen
        await until(pilot, lambda: bool(setup.query("#open")))
        setup.query_one("#open", Button).press()
        await typed(pilot, lambda: isinstance(pilot.app.screen, AskText), path)
        assert (await asked(pilot)).query_one(Input).value == "iris"
        await say(pilot, "iris", "relu", "softmax")
        name = setup.query_one("#weights-name", Label)
        await until(pilot, lambda: str(name.render()) == path)


async def test_a_pickle_is_refused_where_it_is_opened(make_app: MakeApp) -> None:
    app = make_app("theirs.pt")
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.return_code is not None)
    assert "this converts it: python -c" in app.farewell


async def typed(pilot: Pilot[int], ready: Callable[[], bool], text: str) -> None:
    """Type into the line of text that is asked for, and press Enter."""
    await until(pilot, ready)
    pilot.app.screen.query_one(Input).value = text
    await pilot.press("enter")
