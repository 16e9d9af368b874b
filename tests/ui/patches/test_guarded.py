"""What the dashboard keeps from Textual: words told in a corner, and clicks out of place."""

from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Static

from tests.ui.conftest import MakeApp
from tests.ui.driving import opened, until


def told(pilot: Pilot[int]) -> list[str]:
    """What stands in the corner."""
    shown = [each.render() for each in pilot.app.screen.query("Toast").results(Static)]
    return [each.plain for each in shown if isinstance(each, Content)]


async def test_brackets_are_told_as_they_are(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=(80, 24), notifications=True) as pilot:
        await opened(pilot)
        for words in ("[/b]x.npz is written.", "[b]x.npz is written."):
            pilot.app.notify(words)
            await until(pilot, lambda words=words: words in told(pilot))  # type: ignore[misc]


async def test_what_is_told_no_more_leaves_nothing(make_app: MakeApp) -> None:
    """Textual leaves an empty widget where its time is over when something else is told."""
    async with make_app("iris").run_test(size=(80, 24), notifications=True) as pilot:
        await opened(pilot)
        for number in range(4):
            pilot.app.notify(f"number {number}", timeout=60)
            await until(pilot, lambda number=number: told(pilot) == [f"number {number}"])  # type: ignore[misc]
            pilot.app.clear_notifications()
            await until(pilot, lambda: not told(pilot))
        pilot.app.notify("the last")
        await until(pilot, lambda: len(pilot.app.screen.query("ToastHolder")) == 1)
