"""Every screen once a size as an image, and every panel as text, in `__snapshots__`."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input

from tests.protocol.test_adopt import written
from tests.ui.conftest import MakeApp
from tests.ui.driving import (
    app_of,
    at,
    bench_of,
    frame_of,
    opened,
    originates,
    settled,
    try_out,
    until,
)
from tests.ui.picture import picture
from tests.ui.reading import still
from tests.ui.test_adopt_screen import complains, say
from tests.ui.test_data_screen import data, outcome, untidy
from tests.ui.test_problem_screen import problem
from tests.ui.test_proof_screen import choose, proof, report
from tests.ui.test_proof_screen import says as proof_says
from tests.ui.test_setup_screen import says, set_up
from tests.ui.test_stops_screen import add, error, in_force, stops, type_text
from tuiprop.protocol.messages.moving import Motion, Seek
from tuiprop.protocol.messages.operation import CurrentOperation
from tuiprop.protocol.messages.what_if import Trial
from tuiprop.ui.data.column_list import ColumnList
from tuiprop.ui.dialogs import AskText, Choose
from tuiprop.ui.help import HelpScreen
from tuiprop.ui.run.layers import LayersPanel
from tuiprop.ui.run.matrix import MatrixView
from tuiprop.ui.run.provenance import SourcePanel
from tuiprop.ui.run.screen import RunScreen
from tuiprop.ui.stops.stop_list import StopList
from tuiprop.update.arrays import ArrayRef

pytestmark = pytest.mark.slow

SIZES = ((120, 36), (80, 24))

PETALS = """
[data]
source = "iris"
columns = { sepal_length = { use = false }, sepal_width = { use = false } }
"""

WILD = """
[data]
source = "plane"
[network]
layers = [{ units = 4, activation = "relu" }, { units = 1, activation = "linear" }]
[training]
learning_rate = 1e9
"""

Before = Callable[[Pilot[int]], Awaitable[object]]


class Case(NamedTuple):
    """One state of the dashboard, and the panels to picture.

    Args:
        source: what the dashboard is opened on.
        before: what is done then.
        panels: those that are pictured; none: the whole screen is.
        sizes: of the terminal.
    """

    source: str
    before: Before
    panels: Sequence[str | type[Widget]] = ()
    sizes: Sequence[tuple[int, int]] = SIZES


# The run


async def seek(pilot: Pilot[int], there: Seek, update: int) -> None:
    """Go to an update as the go-to dialog does, without typing."""
    app_of(pilot).run_screen.seek(there)
    await at(pilot, update)


async def in_the_middle(pilot: Pilot[int]) -> None:
    """Iris in epoch 48, with its history to epoch 60."""
    await opened(pilot)
    await seek(pilot, Seek(epoch=60), 240)
    await seek(pilot, Seek(update=190), 190)


async def shows(pilot: Pilot[int], symbol: str, l: int) -> None:
    """Choose an array and wait for its numbers."""
    view = pilot.app.screen.query_one("#matrix", MatrixView)
    array = ArrayRef(symbol, l)
    pilot.app.screen.query_one(LayersPanel).choose(array)
    await until(pilot, lambda: view.matrix is not None and view.matrix.window.array == array)


async def first_update(pilot: Pilot[int]) -> None:
    await opened(pilot)
    await pilot.press("b")
    await at(pilot, 1)
    await shows(pilot, "dW", 1)


async def inside_the_first(pilot: Pilot[int]) -> None:
    """At z[1] of update 1: every number is on the screen."""
    await opened(pilot)
    await pilot.press("o")
    await until(pilot, lambda: frame_of(pilot)[CurrentOperation].now is not None)
    view = pilot.app.screen.query_one("#matrix", MatrixView)
    await until(pilot, lambda: view.matrix is not None and view.matrix.window.array.symbol == "z")


async def overview(pilot: Pilot[int]) -> None:
    await in_the_middle(pilot)
    await shows(pilot, "dz", 2)


async def inside(pilot: Pilot[int]) -> None:
    """At dW[2] of update 191."""
    await in_the_middle(pilot)
    await pilot.press(*"pplOO")
    await until(
        pilot,
        lambda: (now := frame_of(pilot)[CurrentOperation].now) is not None and now.number == 7,
    )
    await pilot.press("o")
    await until(
        pilot,
        lambda: (now := frame_of(pilot)[CurrentOperation].now) is not None and now.number == 8,
    )
    view = pilot.app.screen.query_one("#matrix", MatrixView)
    await until(pilot, lambda: view.matrix is not None and view.matrix.window.array.symbol == "dW")


async def names(pilot: Pilot[int]) -> None:
    await in_the_middle(pilot)
    await pilot.press("n")


async def matrix(pilot: Pilot[int]) -> None:
    """The last columns of a[1], alone on the screen."""
    await in_the_middle(pilot)
    await shows(pilot, "a", 1)
    await pilot.press("2", "end", "down", "down")
    view = pilot.app.screen.query_one("#matrix", MatrixView)
    await until(
        pilot,
        lambda: (
            view.matrix is not None and view.matrix.window.column + view.matrix.window.columns == 32
        ),
    )


async def operation(pilot: Pilot[int]) -> None:
    """At dW[2] of update 191, with its operands and the terms of a number."""
    await inside(pilot)
    await pilot.press("2", "right", "down")
    await until(pilot, lambda: len(bench_of(pilot).operands.views) == 2)
    await originates(pilot, "dW[2][versicolor,u1]")


async def operand(pilot: Pilot[int]) -> None:
    await operation(pilot)
    await pilot.press("tab")
    view = bench_of(pilot).operands.views[0]
    await until(pilot, lambda: view.matrix is not None and view.matrix.made)


async def terms(pilot: Pilot[int]) -> None:
    """Open the provenance of a number, and choose one of its terms."""
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
    await seek(pilot, Seek(update=198), 198)


async def diverged(pilot: Pilot[int]) -> None:
    await opened(pilot)
    await pilot.press("space")
    await until(pilot, lambda: bool(frame_of(pilot)[Motion].diverged))


async def cost(pilot: Pilot[int]) -> None:
    await in_the_middle(pilot)
    await pilot.press("3")


async def log_cost(pilot: Pilot[int]) -> None:
    await cost(pilot)
    await pilot.press("up")


async def light(pilot: Pilot[int]) -> None:
    await overview(pilot)
    await pilot.app.run_action("app.switch_theme")


def dialog(before: Before, *keys: str) -> Before:
    """The question that these keys lead to."""

    async def asked(pilot: Pilot[int]) -> None:
        await before(pilot)
        first, *others = keys
        await pilot.press(first)
        await until(pilot, lambda: isinstance(pilot.app.screen, AskText | Choose | HelpScreen))
        await pilot.press(*others)

    return asked


DIALOG = "Screen > Vertical"
SOURCE = (SourcePanel,)

RUN = {
    "fresh": Case("xor-table", opened, ("#title", "#layers", "#hint", "#footer")),
    "fresh digits": Case("digits", opened, ("#layers", "#bench")),
    "first update": Case("xor-table", first_update, ("#title", "#layers", "#bench", "#hint")),
    "overview": Case("iris", overview),
    "overview in light colours": Case("iris", light, ("#layers", "#bench")),
    "inside": Case("iris", inside, ("#title", "#layers", "#bench", "#hint")),
    "inside the first": Case("xor-table", inside_the_first, ("#bench",)),
    "names": Case("iris", names, ("#layers",)),
    "operation": Case("iris", operation),
    "operand": Case("iris", operand, ("#bench",)),
    "terms": Case("iris", terms, SOURCE),
    "rule of adam": Case("spiral", rule_of_adam, SOURCE),
    "what if": Case("xor-table", what_if, ("#title", "#bench")),
    "branched": Case("iris", branched, ("#title", "#bottom")),
    "matrix": Case("iris", matrix, ("#matrix",)),
    "cost": Case("iris", cost),
    "log cost": Case("iris", log_cost, ("#cost",)),
    "diverged": Case("wild.toml", diverged, ("#title", "#layers", "#bench", "#hint")),
    "changing": Case("iris", dialog(in_the_middle, "c"), (DIALOG,)),
    "copying": Case("iris", dialog(inside, "y"), (DIALOG,)),
    "keys": Case("iris", dialog(opened, "question_mark")),
    "going": Case("iris", dialog(opened, "g", "x", "enter"), (DIALOG,)),
    "export": Case("iris", dialog(in_the_middle, "x"), (DIALOG,)),
    "leaving": Case("iris", dialog(in_the_middle, "q"), (DIALOG,)),
}


# The set-up


async def set_up_with_error(pilot: Pilot[int]) -> None:
    screen = await set_up(pilot)
    screen.query_one("#network-l2", Input).value = "much"
    await says(pilot, "network.l2")


async def adopting(pilot: Pilot[int]) -> None:
    """Weights of another program, for which wine has too many columns."""
    await say(pilot, "wine", "relu", "tanh", "softmax")
    await complains(pilot, "W1 is (8, 4), expected (8, 13)")


SET_UP = {
    "set-up": Case("iris", set_up),
    "set-up of numbers": Case("bumps", set_up, ("#form", "#outcome")),
    "set-up with an error": Case("iris", set_up_with_error, ("#form", "#outcome")),
    "adopting": Case("theirs.npz", adopting, (DIALOG,)),
}


# The data


async def data_of_iris(pilot: Pilot[int]) -> None:
    screen, _ = await data(pilot, "iris")
    await pilot.press("down", "down")
    await until(pilot, lambda: screen.query_one(ColumnList).row == 2)


async def data_refused(pilot: Pilot[int]) -> None:
    screen, _ = await data(pilot, "iris")
    await pilot.press(*"u", "down", *"u", "down", *"u", "down", *"u")
    await until(pilot, lambda: "✗" in outcome(screen))


async def data_unread(pilot: Pilot[int]) -> None:
    screen, _ = await data(pilot, f"./{untidy(Path())}")
    await until(pilot, lambda: screen.query_one("#outcome").has_focus)


async def data_untidy(pilot: Pilot[int]) -> None:
    path = untidy(Path())
    path.write_text(path.read_text().replace(",5", ".5"))
    await data(pilot, f"./{path}")


async def data_wide(pilot: Pilot[int]) -> None:
    await data(pilot, "breast_cancer")


DATA = {
    "data": Case("xor-table", data_of_iris),
    "data refused": Case("xor-table", data_refused, ("#columns", "#outcome")),
    "data unread": Case("xor-table", data_unread, ("#reading", "#outcome")),
    "data untidy": Case("xor-table", data_untidy, ("#reading", "#columns", "#detail")),
    "data wide": Case("xor-table", data_wide, ("#columns", "#outcome")),
}


# Predictions


def predictions(epoch: int, *keys: str) -> Before:
    async def before(pilot: Pilot[int]) -> None:
        await problem(pilot, epoch, *keys)

    return before


BODY = ("#body",)
LARGE, SMALL = SIZES[:1], SIZES[1:]

PREDICTIONS = {
    "map": Case("spiral", predictions(60, "right", "up"), BODY),
    "map of three classes": Case("petals.toml", predictions(20), BODY, LARGE),
    "roc": Case("spiral", predictions(20, "m"), BODY, LARGE),
    "surface": Case("bumps", predictions(30), BODY, SMALL),
    "numbers": Case("bumps", predictions(30, "m"), BODY),
    "classes": Case("iris", predictions(20, "down", "right")),
    "one example": Case("iris", predictions(20, "m"), BODY),
    "ten classes": Case("digits", predictions(3), BODY, SMALL),
    "pictures": Case("digits", predictions(3, "m", "down"), BODY),
}


# Stops and proof


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


async def stop_refused(pilot: Pilot[int]) -> None:
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
    await proof_says(pilot, "dW")


async def wrong_update(pilot: Pilot[int]) -> None:
    await proof(pilot)
    await choose(pilot, "bias_twice")
    await proof_says(pilot, "wrong")


async def no_such_mistake(pilot: Pilot[int]) -> None:
    await proof(pilot)
    await choose(pilot, "loss")
    await until(pilot, lambda: bool(pilot.app.screen.query_one(".error").display))


STOPS_AND_PROOF = {
    "stops": Case("iris", some_stops),
    "stop typed": Case("iris", typing, ("#field", "#offers")),
    "stop refused": Case("iris", stop_refused, ("#field",)),
    "stop hit": Case("iris", hit, ("#hit",)),
    "proof": Case("iris", right),
    "proof of a wrong gradient": Case("iris", wrong_gradient, ("#flag", "#found", "#about")),
    "proof of a wrong update": Case("spiral", wrong_update, ("#flag", "#found", "#about")),
    "proof of no mistake": Case("iris", no_such_mistake, ("#about",)),
}

CASES = RUN | SET_UP | DATA | PREDICTIONS | STOPS_AND_PROOF


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter a folder in which files have the same names in every picture."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "petals.toml").write_text(PETALS)
    (tmp_path / "wild.toml").write_text(WILD)
    written(tmp_path / "theirs.npz", (4, 8, 8, 3))
    return tmp_path


async def at_rest(pilot: Pilot[int]) -> None:
    """Wait until a proof is done and nothing moves, a cursor that blinks least of all."""
    screen = pilot.app.screen
    if isinstance(screen, RunScreen) and frame_of(pilot)[Motion].status == "paused":
        await settled(pilot)
    for field in screen.query(Input):
        field.cursor_blink = False
    await still(pilot)


@pytest.mark.parametrize("name", CASES)
async def test_picture(
    make_picture: MakeApp, folder: Path, snapshot: SnapshotAssertion, name: str
) -> None:
    case = CASES[name]
    async with make_picture(case.source).run_test(size=case.sizes[0]) as pilot:
        await case.before(pilot)
        for width, height in case.sizes:
            await pilot.resize_terminal(width, height)
            await at_rest(pilot)
            size = f"{width}x{height}"
            if not case.panels:
                image = snapshot.use_extension(SVGImageExtension)(name=size)
                assert pilot.app.export_screenshot() == image
            for panel in case.panels:
                title = panel if isinstance(panel, str) else panel.__name__
                assert picture(pilot, panel) == snapshot(name=f"{size} {title}")


@pytest.mark.parametrize(
    ("source", "before", "panels"),
    [
        ("iris", overview, ("#layers", "#bench")),
        ("spiral", predictions(60), BODY),
        ("petals.toml", predictions(20), BODY),
    ],
    ids=["overview", "map", "map of three classes"],
)
async def test_without_colour(
    make_picture: MakeApp,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    snapshot: SnapshotAssertion,
    source: str,
    before: Before,
    panels: Sequence[str],
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with make_picture(source).run_test(size=(80, 24)) as pilot:
        await before(pilot)
        await at_rest(pilot)
        for panel in panels:
            assert picture(pilot, panel) == snapshot(name=panel)
