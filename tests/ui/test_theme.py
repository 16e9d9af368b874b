"""Another theme is painted at once, wherever one is."""

from textual.pilot import Pilot

from tests.ui.conftest import MakeApp
from tests.ui.driving import app_of, at, frame_of, opened, settled, until
from tests.ui.reading import still
from tuiprop.protocol.messages.moving import Motion
from tuiprop.ui.theme import DARK, LIGHT


def painted(pilot: Pilot[int]) -> set[str]:
    """The colours of everything on the screen."""
    styles = {
        segment.style
        for strip in pilot.app.screen._compositor.render_strips()
        for segment in strip
        if segment.style is not None
    }
    both = {each for style in styles for each in (style.color, style.bgcolor)}
    return {colour.name for colour in both if colour is not None}


async def test_another_theme_repaints_every_panel(make_app: MakeApp) -> None:
    async with make_app("circle").run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("b")
        await at(pilot, 1)
        await settled(pilot)
        for key in ("o", "2", "4", "m"):
            await pilot.press(key)
            await until(pilot, lambda: frame_of(pilot)[Motion].status == "paused")
            await still(pilot)
            assert {DARK.text, DARK.dim, DARK.background} <= painted(pilot), key
            app_of(pilot).action_switch_theme()
            await still(pilot)
            assert {LIGHT.text, LIGHT.dim, LIGHT.background} <= painted(pilot), key
            own = {DARK.text, DARK.dim, DARK.background, DARK.now, DARK.border, DARK.training}
            assert not own & painted(pilot), key
            app_of(pilot).action_switch_theme()
            await still(pilot)
