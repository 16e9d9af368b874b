"""Moving the dashboard in tests, without waiting longer than needed."""

import asyncio
from collections.abc import Callable
from time import monotonic

from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tuiprop.protocol.messages.arrays import Numbers
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.moving import Motion, Position
from tuiprop.protocol.messages.proof import Proof
from tuiprop.protocol.messages.provenance import Provenance
from tuiprop.protocol.messages.what_if import Trial
from tuiprop.ui.app import TuipropApp
from tuiprop.ui.dialogs import AskText, Choose
from tuiprop.ui.run.bench import Bench

PATIENCE = 60.0


async def until(pilot: Pilot[int], true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    started = monotonic()
    while not true():
        assert monotonic() - started < PATIENCE, "it did not become so"
        await asyncio.sleep(0.005)
    await pilot.pause()


def app_of(pilot: Pilot[int]) -> TuipropApp:
    app = pilot.app
    assert isinstance(app, TuipropApp)
    return app


def frame_of(pilot: Pilot[int]) -> Frame:
    frame = app_of(pilot).run_screen.frame
    assert frame is not None
    return frame


async def opened(pilot: Pilot[int]) -> None:
    """Wait for the first frame with its matrix."""
    await until(
        pilot,
        lambda: (
            (frame := app_of(pilot).run_screen.frame) is not None
            and frame[Numbers].matrix is not None
        ),
    )


def bench_of(pilot: Pilot[int]) -> Bench:
    return app_of(pilot).run_screen.bench


async def originates(pilot: Pilot[int], name: str) -> None:
    """Wait for the origin of a number."""
    await until(
        pilot,
        lambda: (origin := frame_of(pilot)[Provenance].note) is not None and origin.name == name,
    )


def told(pilot: Pilot[int]) -> list[str]:
    """Read the notifications on the screen, if the test shows them."""
    shown = [each.render() for each in pilot.app.screen.query("Toast").results(Static)]
    return [each.plain for each in shown if isinstance(each, Content)]


async def try_out(pilot: Pilot[int], value: str) -> None:
    """Change the number under the cursor to this, and wait for what follows."""
    await pilot.press("c")
    await until(pilot, lambda: isinstance(pilot.app.screen, Choose))
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, AskText))
    field = pilot.app.screen.query_one(Input)
    field.value = value
    await pilot.press("enter")
    await until(pilot, lambda: frame_of(pilot)[Trial].what_if is not None)


async def settled(pilot: Pilot[int]) -> None:
    """Wait until the run stands still and is proved, and its frame has been painted."""
    await until(
        pilot,
        lambda: (proof := frame_of(pilot)[Proof].note) is not None and proof.finished,
    )


async def at(pilot: Pilot[int], update: int) -> None:
    """Wait until the run stands still at an update."""
    await until(
        pilot,
        lambda: (
            frame_of(pilot)[Position].update == update
            and frame_of(pilot)[Motion].status == "paused"
        ),
    )


async def go_to(pilot: Pilot[int], text: str, update: int) -> None:
    """Enter a place in the go-to dialog."""
    await pilot.press("g")
    await until(pilot, lambda: isinstance(pilot.app.screen, AskText))
    pilot.app.screen.query_one(Input).value = text
    await pilot.press("enter")
    await at(pilot, update)
