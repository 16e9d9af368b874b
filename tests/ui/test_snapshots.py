"""Every screen at 80x24 and at 120x36, as pictures in `__snapshots__`."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.ui.conftest import MakeApp
from tests.ui.driving import (
    at,
    bench_of,
    frame_of,
    go_to,
    opened,
    originates,
    settled,
    try_out,
    until,
)
from tests.ui.test_setup_screen import says, set_up
from tuiprop.protocol.messages.views import AtHand, Motion, Trial
from tuiprop.ui.dialogs import AskText, Choose
from tuiprop.ui.help import HelpScreen
from tuiprop.ui.run.layers import LayersPanel
from tuiprop.ui.run.matrix import MatrixView
from tuiprop.update.arrays import ArrayRef

Before = Callable[[Pilot[int]], Awaitable[None]]
Compare = Callable[..., bool]


def then_settled(before: Before) -> Before:
    """A proof on its way would look otherwise each time."""

    async def both(pilot: Pilot[int]) -> None:
        await before(pilot)
        if frame_of(pilot)[Motion].status == "paused":
            await settled(pilot)

    return both


both_sizes = pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])


async def in_the_middle(pilot: Pilot[int]) -> None:
    """Iris in epoch 48, with its history to epoch 60."""
    await opened(pilot)
    await go_to(pilot, "60", 240)
    await go_to(pilot, "u190", 190)


async def shows(pilot: Pilot[int], symbol: str, l: int) -> None:
    """Choose an array and wait for its numbers."""
    view = pilot.app.screen.query_one("#matrix", MatrixView)
    pilot.app.screen.query_one(LayersPanel).choose(ArrayRef(symbol, l))
    await until(
        pilot, lambda: view.matrix is not None and view.matrix.window.array.symbol == symbol
    )


async def fresh(pilot: Pilot[int]) -> None:
    await opened(pilot)


async def first_update(pilot: Pilot[int]) -> None:
    await opened(pilot)
    await pilot.press("b")
    await at(pilot, 1)
    await shows(pilot, "dW", 1)


async def inside_the_first(pilot: Pilot[int]) -> None:
    """At z[1] of update 1: every number is on the screen."""
    await opened(pilot)
    await pilot.press("o")
    await until(pilot, lambda: frame_of(pilot)[AtHand].now is not None)
    view = pilot.app.screen.query_one("#matrix", MatrixView)
    await until(pilot, lambda: view.matrix is not None and view.matrix.window.array.symbol == "z")


async def overview(pilot: Pilot[int]) -> None:
    await in_the_middle(pilot)
    await shows(pilot, "dz", 2)


async def inside(pilot: Pilot[int]) -> None:
    """At dW[2] of update 191."""
    await in_the_middle(pilot)
    await pilot.press(*"pplOO")
    await until(pilot, lambda: (now := frame_of(pilot)[AtHand].now) is not None and now.number == 7)
    await pilot.press("o")
    await until(pilot, lambda: (now := frame_of(pilot)[AtHand].now) is not None and now.number == 8)
    view = pilot.app.screen.query_one("#matrix", MatrixView)
    await until(pilot, lambda: view.matrix is not None and view.matrix.window.array.symbol == "dW")


async def names(pilot: Pilot[int]) -> None:
    await in_the_middle(pilot)
    await pilot.press("n")


async def matrix(pilot: Pilot[int]) -> None:
    await in_the_middle(pilot)
    await shows(pilot, "a", 1)
    await pilot.press("2", "end", "down", "down")
    view = pilot.app.screen.query_one("#matrix", MatrixView)
    await until(
        pilot,
        lambda: (
            view.matrix is not None
            and view.matrix.window.column + view.matrix.window.columns == 32
            and view.matrix.window.rows == min(8, view.window.rows)
        ),
    )


async def operation(pilot: Pilot[int]) -> None:
    """At dW[2] of update 191, with its operands and the terms of a number."""
    await inside(pilot)
    await pilot.press("2", "right", "down")
    await until(pilot, lambda: len(bench_of(pilot).operands.views) == 2)
    if pilot.app.size.width >= 100:  # else it is a key away
        await originates(pilot, "dW[2][versicolor,u1]")


async def operand(pilot: Pilot[int]) -> None:
    await operation(pilot)
    await pilot.press("tab")
    view = bench_of(pilot).operands.views[0]
    await until(pilot, lambda: view.matrix is not None and view.matrix.made)


async def terms(pilot: Pilot[int]) -> None:
    """Where a number comes from, and a term of it chosen."""
    await operation(pilot)
    await pilot.press("enter")
    await until(pilot, lambda: bench_of(pilot).source.has_focus)
    await originates(pilot, "dW[2][versicolor,u1]")
    await pilot.press("down", "right")


async def rule_of_adam(pilot: Pilot[int]) -> None:
    """At W[1] of update 1 of spiral: the rule in full."""
    await opened(pilot)
    await pilot.press("p", "p", "p", "o", "2", "enter")
    await originates(pilot, "W[1][u0,x1]")


async def what_if(pilot: Pilot[int]) -> None:
    """A weight changed after the first update, not yet kept."""
    await first_update(pilot)
    await shows(pilot, "W", 1)
    await try_out(pilot, "0.5")


async def branched(pilot: Pilot[int]) -> None:
    """Iris: a weight changed at update 190, kept, and two epochs on."""
    await in_the_middle(pilot)
    await shows(pilot, "W", 2)
    await try_out(pilot, "3")
    await pilot.press("enter")
    await until(pilot, lambda: frame_of(pilot)[Trial].what_if is None)
    await go_to(pilot, "u198", 198)


async def changing(pilot: Pilot[int]) -> None:
    await in_the_middle(pilot)
    await pilot.press("c")
    await until(pilot, lambda: isinstance(pilot.app.screen, Choose))


async def copying(pilot: Pilot[int]) -> None:
    await inside(pilot)
    await pilot.press("y")
    await until(pilot, lambda: isinstance(pilot.app.screen, Choose))


async def cost(pilot: Pilot[int]) -> None:
    await in_the_middle(pilot)
    await pilot.press("3")


async def log_cost(pilot: Pilot[int]) -> None:
    await cost(pilot)
    await pilot.press("up")


async def set_up_of_iris(pilot: Pilot[int]) -> None:
    await set_up(pilot)


async def set_up_with_error(pilot: Pilot[int]) -> None:
    screen = await set_up(pilot)
    from textual.widgets import Input

    screen.query_one("#network-l2", Input).value = "much"
    await says(pilot, "network.l2")


async def keys(pilot: Pilot[int]) -> None:
    await opened(pilot)
    await pilot.press("question_mark")
    await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))


async def going(pilot: Pilot[int]) -> None:
    await opened(pilot)
    await pilot.press("g")
    await until(pilot, lambda: isinstance(pilot.app.screen, AskText))
    await pilot.press("x", "enter")


async def export(pilot: Pilot[int]) -> None:
    await in_the_middle(pilot)
    await pilot.press("x")
    await until(pilot, lambda: isinstance(pilot.app.screen, AskText))


async def leaving(pilot: Pilot[int]) -> None:
    await in_the_middle(pilot)
    await pilot.press("q")
    await until(pilot, lambda: isinstance(pilot.app.screen, Choose))


async def light(pilot: Pilot[int]) -> None:
    await overview(pilot)
    await pilot.app.run_action("app.switch_theme")


@both_sizes
@pytest.mark.parametrize(
    ("what", "before"),
    [
        ("xor-table", fresh),
        ("xor-table", first_update),
        ("iris", overview),
        ("iris", inside),
        ("xor-table", inside_the_first),
        ("iris", names),
        ("iris", operation),
        ("iris", operand),
        ("iris", terms),
        ("spiral", rule_of_adam),
        ("xor-table", what_if),
        ("iris", branched),
        ("iris", changing),
        ("iris", copying),
        ("iris", matrix),
        ("iris", cost),
        ("iris", log_cost),
        ("iris", set_up_of_iris),
        ("iris", set_up_with_error),
        ("iris", keys),
        ("iris", going),
        ("iris", export),
        ("iris", leaving),
        ("iris", light),
        ("digits", fresh),
        ("bumps", set_up_of_iris),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_screen(
    snap_compare: Any, make_picture: MakeApp, what: str, before: Before, size: tuple[int, int]
) -> None:
    assert snap_compare(make_picture(what), terminal_size=size, run_before=then_settled(before))


def test_without_colours(
    snap_compare: Any, make_picture: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(
        make_picture("iris"), terminal_size=(80, 24), run_before=then_settled(overview)
    )


@both_sizes
def test_divergence(
    snap_compare: Any, make_picture: MakeApp, tmp_path: Path, size: tuple[int, int]
) -> None:
    (tmp_path / "wild.toml").write_text(
        '[data]\nsource = "plane"\n[network]\nlayers = [{ units = 4, activation = "relu" },'
        ' { units = 1, activation = "linear" }]\n[training]\nlearning_rate = 1e9\n'
    )

    async def diverged(pilot: Pilot[int]) -> None:
        await opened(pilot)
        await pilot.press("space")
        await until(pilot, lambda: bool(frame_of(pilot)[Motion].diverged))

    app = make_picture(str(tmp_path / "wild.toml"))
    assert snap_compare(app, terminal_size=size, run_before=then_settled(diverged))
