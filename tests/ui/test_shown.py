"""Screens that are left are gone."""

import gc

from textual.pilot import Pilot

from tests.ui.conftest import MakeApp
from tests.ui.driving import opened, until
from tuiprop.ui.screens.stops import StopsScreen


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
        await look_and_leave(pilot, 10)  # of nine widgets
        assert painted() < before + 30
