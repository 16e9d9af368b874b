"""Screens that are left are gone."""

import asyncio
import gc
import weakref

import pytest
from textual.css.query import NoMatches
from textual.events import Resize
from textual.geometry import Size
from textual.pilot import Pilot
from textual.widgets._select import SelectCurrent
from textual.worker import WorkerFailed

from tests.ui.conftest import MakeApp
from tests.ui.driving import PATIENCE, opened, until
from tuiprop.ui.stops.screen import StopsScreen


def painted() -> int:
    """How many widgets have painted lines that are kept."""
    gc.collect()
    return sum(type(each).__name__ == "StylesCache" for each in gc.get_objects())


async def look_and_leave(pilot: Pilot[int], times: int) -> None:
    for _ in range(times):
        await pilot.press("w")
        await until(pilot, lambda: isinstance(pilot.app.screen, StopsScreen))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, StopsScreen))


async def test_the_lines_of_what_was_left_are_let_go(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=(100, 30)) as pilot:
        await opened(pilot)
        await look_and_leave(pilot, 2)
        before = painted()
        await look_and_leave(pilot, 4)  # of nine widgets
        assert painted() < before + 15


async def test_a_screen_that_was_left_is_gone_soon(make_app: MakeApp) -> None:
    """Without waiting until the collector looks at all there is."""
    app = make_app("iris")
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot)
        await pilot.press("s")
        await until(pilot, lambda: bool(app.screen.query("#data-name")))
        screen = weakref.ref(app.screen)
        await pilot.press("escape")
        await until(pilot, lambda: screen() is None)


@pytest.mark.parametrize("key", [""])
async def test_two_sizes_at_once(make_app: MakeApp, key: str) -> None:
    """Of which a screen took one after the other, without end."""
    app = make_app("iris")
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot)
        if key:
            await pilot.press(key)
            await until(pilot, lambda: app.screen is not app.run_screen)
        for screen in app.screen_stack:
            for size in (Size(1, 5), Size(49, 31), Size(1, 5), Size(100, 30)):
                screen.post_message(Resize(size, size))
                screen.call_after_refresh(lambda: None)  # else the next would take its place
        await pilot.pause()
        assert app.screen.size == app.size == Size(100, 30)
        await pilot.resize_terminal(49, 31)
        await until(pilot, lambda: app.screen.size == Size(49, 31))


async def test_quitting_while_the_set_up_is_built(make_app: MakeApp) -> None:
    """A signal may come while Textual mounts the parts of its lists."""
    for _ in range(2):
        app = make_app("iris")
        async with app.run_test(size=(100, 30)) as pilot:
            await opened(pilot)
            app.action_setup()
            while all(each.is_mounted for each in app.screen.query(SelectCurrent)):
                await asyncio.sleep(0)
            app.exit(return_code=130)
        assert app.return_code == 130
        assert not app.farewell


@pytest.mark.parametrize("kind", [ValueError, NoMatches])
async def test_a_fault_is_told_whole(make_app: MakeApp, kind: type[Exception]) -> None:
    """However narrow the terminal is, and also where widgets may be missed."""

    def fail() -> None:
        raise kind("which nobody expected in so narrow a terminal")

    async def run() -> None:
        async with app.run_test(size=(6, 4)):
            app.call_later(fail)
            await asyncio.wait_for(app._exception_event.wait(), PATIENCE)

    app = make_app()
    with pytest.raises(kind, match="nobody expected"):
        await run()
    assert app.return_code == 1
    assert "Traceback (most recent call last)" in app.farewell
    assert f"{kind.__name__}: which nobody expected in so narrow a terminal" in app.farewell


@pytest.mark.parametrize("action", ["go_to", "export", "change", "leave"])
async def test_a_key_pressed_again_before_its_dialog_is_there(
    make_app: MakeApp, action: str
) -> None:
    """Opens one dialog, however long the engine takes."""
    app = make_app("iris")
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot)
        await pilot.press("b")
        depth = len(app.screen_stack)
        for _ in range(5):
            getattr(app, f"action_{action}")()
        await until(pilot, lambda: len(app.screen_stack) > depth)
        await pilot.pause(0.1)
        assert len(app.screen_stack) == depth + 1
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == depth)
        getattr(app, f"action_{action}")()
        await until(pilot, lambda: len(app.screen_stack) > depth)


async def test_a_fault_of_a_worker_says_where(make_app: MakeApp) -> None:
    async def fail() -> None:
        raise ValueError("in a worker")

    async def run() -> None:
        async with app.run_test(size=(60, 20)):
            app.run_worker(fail())
            await asyncio.wait_for(app._exception_event.wait(), PATIENCE)

    app = make_app()
    with pytest.raises(WorkerFailed):
        await run()
    assert "in fail\n" in app.farewell
    assert "ValueError: in a worker" in app.farewell
