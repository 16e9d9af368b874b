"""Stops and the proof at 80x24 and at 120x36, as pictures in `__snapshots__`."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.ui.conftest import MakeApp
from tests.ui.driving import at, opened, until
from tests.ui.test_proof_screen import choose, proof, report, says
from tests.ui.test_stops_screen import add, error, in_force, stops, type_text
from tuiprop.ui.stops.stop_list import StopList

Before = Callable[[Pilot[int]], Awaitable[None]]

both_sizes = pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])


async def no_stops(pilot: Pilot[int]) -> None:
    await stops(pilot)


async def some_stops(pilot: Pilot[int]) -> None:
    """Three, one of them off, after an epoch."""
    await opened(pilot)
    await pilot.press("e")
    await at(pilot, 4)
    await stops(pilot)
    for when in ("train_loss < 0.05", "norm(dW[1]) > 5", "failed_audits > 0"):
        await add(pilot, when)
    await pilot.press("up", "up", "space")
    await until(pilot, lambda: in_force(pilot)[1] == ("norm(dW[1]) > 5", False))
    assert pilot.app.screen.query_one(StopList).has_focus


async def typing(pilot: Pilot[int]) -> None:
    await stops(pilot)
    await type_text(pilot, "norm(d")


async def refused(pilot: Pilot[int]) -> None:
    await stops(pilot)
    await type_text(pilot, "loss < 0.05")
    await pilot.press("enter")
    await until(pilot, lambda: bool(error(pilot)))


async def hit(pilot: Pilot[int]) -> None:
    await stops(pilot)
    await add(pilot, "norm(dW[2]) > 0.1")
    await pilot.press("escape", "e")
    await until(pilot, lambda: len(pilot.app.screen_stack) == 2)
    await at(pilot, 0)
    await stops(pilot)
    await until(pilot, lambda: bool(pilot.app.screen.query_one("#hit").display))


async def right(pilot: Pilot[int]) -> None:
    await proof(pilot)
    await pilot.press("b")
    await until(pilot, lambda: "✓ update 1" in report(pilot))


async def wrong_gradient(pilot: Pilot[int]) -> None:
    await proof(pilot)
    await choose(pilot, "weight_gradient")
    await says(pilot, "dW")


async def wrong_update(pilot: Pilot[int]) -> None:
    await proof(pilot)
    await choose(pilot, "bias_twice")
    await says(pilot, "wrong")


async def no_such_slip(pilot: Pilot[int]) -> None:
    await proof(pilot)
    await choose(pilot, "loss")
    await until(pilot, lambda: bool(pilot.app.screen.query_one(".error").display))


@both_sizes
@pytest.mark.parametrize(
    ("what", "before"),
    [
        ("xor-table", no_stops),
        ("iris", some_stops),
        ("iris", typing),
        ("iris", refused),
        ("iris", hit),
        ("iris", right),
        ("iris", wrong_gradient),
        ("spiral", wrong_update),
        ("iris", no_such_slip),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_screen(
    snap_compare: Any, make_picture: MakeApp, what: str, before: Before, size: tuple[int, int]
) -> None:
    async def still(pilot: Pilot[int]) -> None:
        """There, with a cursor that does not blink."""
        await before(pilot)
        for field in pilot.app.screen.query(Input):
            field.cursor_blink = False

    assert snap_compare(make_picture(what), terminal_size=size, run_before=still)
