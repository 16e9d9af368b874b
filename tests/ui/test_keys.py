"""The one table of keys: bindings, bars, tabs, help page, keymap."""

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import cast

import pytest
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.dom import DOMNode
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import HelpPanel, Input, Static

import tuiprop.ui
from tests.ui.conftest import MakeApp
from tests.ui.driving import app_of, at, opened, until
from tuiprop.protocol.messages.conditions import Conditions
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.training import Layers, LayersQuery
from tuiprop.ui.app import TuipropApp
from tuiprop.ui.bindings import key_name
from tuiprop.ui.data.screen import DataScreen
from tuiprop.ui.dialogs import AskText
from tuiprop.ui.drawing.key_bar import Item, KeyBar, KeyLine
from tuiprop.ui.drawing.line import Line
from tuiprop.ui.help import HelpScreen
from tuiprop.ui.keys import KEYS, PLACES, unknown
from tuiprop.ui.live import LiveScreen
from tuiprop.ui.predictions.screen import ProblemScreen
from tuiprop.ui.run.layers import LayersPanel
from tuiprop.ui.setup.screen import SetupScreen
from tuiprop.ui.stops.screen import StopsScreen
from tuiprop.ui.verify.screen import ProofScreen


def nodes() -> Iterator[type[DOMNode]]:
    """Find the classes of the dashboard that have bindings."""
    for module in pkgutil.walk_packages(tuiprop.ui.__path__, "tuiprop.ui."):
        for each in vars(importlib.import_module(module.name)).values():
            is_own = getattr(each, "__module__", "") == module.name and "BINDINGS" in vars(each)
            if is_own and isinstance(each, type) and issubclass(each, DOMNode):
                yield each


def text_of(widget: Widget) -> str:
    return widget.render_line(0).text


async def remapped(pilot: Pilot[int], keymap: dict[str, str]) -> None:
    pilot.app.set_keymap(keymap)
    await pilot.pause()


async def comes(pilot: Pilot[int], screen: type[object]) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, screen))


def test_no_id_is_there_twice() -> None:
    assert sum(len(place.keys) for place in PLACES) == len(KEYS)


def test_all_bindings_are_those_of_the_table() -> None:
    found = set()
    for node in nodes():
        for binding in cast("list[Binding]", node.BINDINGS):
            key = KEYS[binding.id or ""]
            assert (binding.key, binding.show) in ((key.keys, bool(key.bar)), (key.keys, False))
            assert binding.description
            found.add(key.id)
    assert found == set(KEYS)


def test_all_actions_are_there() -> None:
    for node in nodes():
        for binding in cast("list[Binding]", node.BINDINGS):
            owner, _, name = binding.action.partition("(")[0].rpartition(".")
            owners = {"app": TuipropApp, "screen": StopsScreen, "": node}
            assert hasattr(owners[owner], f"action_{name}"), (node, binding.action)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        *(("o", "o"), ("O", "O"), ("ctrl+p", "Ctrl+P"), ("shift+tab", "Shift+Tab")),
        *(("question_mark", "?"), ("pageup", "PgUp"), ("f1", "F1"), ("plus", "+"), ("+", "+")),
        *(("up", "↑"), ("f", "f"), ("space", "space")),
    ],
)
def test_a_key_is_written_as_people_do(key: str, name: str) -> None:
    assert key_name(key) == name


def test_an_unknown_id_is_told() -> None:
    assert unknown({"run.batch": "k"}) == []
    (sentence,) = unknown({"run.batch": "k", "run.bach": "k"})
    assert "run.bach" in sentence


class LengthsScreen(LiveScreen):
    """A view of the run, as docs/extending.md describes it."""

    NAME = "Lengths"
    QUERIES = (*LiveScreen.QUERIES, LayersQuery())

    def compose(self) -> ComposeResult:
        yield Line(id="title")
        yield Line(id="lengths")
        yield KeyBar(id="footer")

    def paint(self, frame: Frame) -> None:
        lines = [
            Content(f"‖W[{l}]‖ = {each.W:.3g}") for l, each in enumerate(frame[Layers].norms, 1)
        ]
        self.query_one("#lengths", Line).show(lines)


async def test_a_view_is_a_screen_and_a_key(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("tuiprop.ui.lengths")
    module.LengthsScreen = LengthsScreen  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    async with make_app().run_test(size=(80, 24)) as pilot:
        app = app_of(pilot)
        await opened(pilot)
        await app.run_action("show('lengths', 'LengthsScreen')")
        await comes(pilot, LengthsScreen)
        lengths = pilot.app.screen.query_one("#lengths")
        await until(pilot, lambda: "‖W[1]‖ = " in text_of(lengths))
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is app.run_screen)


class Bar(App[None]):
    """A line of keys, without anything else."""

    CSS = "KeyLine { width: 1fr; }"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"now": "#ffc24a"}

    def compose(self) -> ComposeResult:
        yield KeyLine()


async def test_a_bar_leaves_out_what_matters_least() -> None:
    async with Bar().run_test(size=(40, 1)) as pilot:
        line = pilot.app.query_one(KeyLine)
        ids = ("run.play", "view.setup", "run.commands")
        line.show_keys(Item(id_[4], "x" * 10, "", id=id_) for id_ in ids)
        assert text_of(line).split() == ["p", "x" * 10, ".", "x" * 10]
        await pilot.resize_terminal(60, 1)
        await until(cast("Pilot[int]", pilot), lambda: text_of(line).count("x") == 30)
        await pilot.resize_terminal(20, 1)
        await until(cast("Pilot[int]", pilot), lambda: text_of(line).split() == ["p", "x" * 10])


async def test_bar_and_tabs_answer_to_the_mouse(make_app: MakeApp) -> None:
    async with make_app("xor-table").run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        bar = pilot.app.screen.query_one(KeyBar)
        await pilot.click(KeyBar, offset=(text_of(bar).index("batch"), 0))
        await at(pilot, 1)
        title = pilot.app.screen.query_one("#title", Line)
        await pilot.click(title, offset=(title.render_line(1).text.index("Cost"), 1))
        await until(pilot, lambda: pilot.app.screen.has_class("-cost"))


async def test_help_shows_every_key(make_app: MakeApp) -> None:
    async with make_app("xor-table").run_test(size=(80, 60)) as pilot:
        await opened(pilot)
        await remapped(pilot, {"run.batch": "k"})
        await pilot.press("question_mark")
        await comes(pilot, HelpScreen)
        content = pilot.app.screen.query_one("#keys", Static).content
        assert isinstance(content, Content)
        lines = content.plain.splitlines()
        for place in PLACES:
            here = lines[lines.index(place.title) :]
            for _, names, words in place.rows({"run.batch": "k"}):
                starts = "  ".join(names), words[:20]
                assert any(each.startswith(starts[0]) and starts[1] in each for each in here)
        assert any(each.startswith("k ") and "one batch" in each for each in lines)
        assert not any(each.startswith("b ") and "one batch" in each for each in lines)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, HelpScreen))


async def test_textual_lists_the_keys_too(make_app: MakeApp) -> None:
    async with make_app("xor-table").run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        pilot.app.action_show_help_panel()
        await until(pilot, lambda: bool(pilot.app.screen.query(HelpPanel)))
        listed = {each.binding.id for each in pilot.app.screen.active_bindings.values()}
        assert {key for key in KEYS if key.split(".")[0] in ("run", "view", "grid")} <= listed


async def test_keys_of_the_run_are_remapped(make_app: MakeApp) -> None:
    async with make_app("xor-table").run_test(size=(160, 40)) as pilot:
        await opened(pilot)
        await remapped(pilot, {"run.batch": "k", "view.cost": "j", "grid.right": "u,f9"})
        assert "k batch" in text_of(pilot.app.screen.query_one(KeyBar))
        await pilot.press("b", "3", "right")
        await pilot.press("k")
        await at(pilot, 1)
        layers = pilot.app.screen.query_one(LayersPanel)
        assert (layers.array.symbol, pilot.app.screen.has_class("-cost")) == ("W", False)
        title = pilot.app.screen.query_one("#title", Line)
        assert "j Cost" in title.render_line(1).text
        await pilot.press("u", "f9")
        await until(pilot, lambda: layers.array.symbol == "z")
        await pilot.press("j")
        await until(pilot, lambda: pilot.app.screen.has_class("-cost"))
        await remapped(pilot, {})
        assert "b batch" in text_of(pilot.app.screen.query_one(KeyBar))
        await pilot.press("b")
        await at(pilot, 2)


async def test_every_screen_is_left_by_another_key(make_app: MakeApp) -> None:
    leaving = "problem.escape data.leave stops.escape verify.leave setup.leave dialog.leave"
    screens: dict[str, type[object]] = {
        "4": ProblemScreen,
        "5": DataScreen,
        "w": StopsScreen,
        "v": ProofScreen,
        "s": SetupScreen,
        "g": AskText,
        "question_mark": HelpScreen,
    }
    async with make_app("xor-table").run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await remapped(pilot, {**dict.fromkeys(leaving.split(), "f9"), "help.close": "f9"})
        for opens, screen in screens.items():
            await pilot.press(opens)
            await comes(pilot, screen)
            for bar in pilot.app.screen.query(KeyBar):
                await until(pilot, lambda bar=bar: "F9 back" in text_of(bar))  # type: ignore[misc]
            await pilot.press("escape")
            assert isinstance(pilot.app.screen, screen)
            await pilot.press("f9")
            await until(pilot, lambda: pilot.app.screen is app_of(pilot).run_screen)


async def test_keys_of_other_screens_are_remapped(make_app: MakeApp) -> None:
    async with make_app("xor-table").run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        keymap = {"run.batch": "k", "data.use": "z", "stops.submit": "f9", "verify.switch": "f8"}
        await remapped(pilot, keymap)
        await pilot.press("4")  # moves the run too
        await comes(pilot, ProblemScreen)
        await pilot.press("b", "k")
        await at(pilot, 1)
        await pilot.press("escape", "5")
        await comes(pilot, DataScreen)
        keys = pilot.app.screen.query_one("#column-keys", KeyLine)
        await until(pilot, lambda: "z used" in text_of(keys))
        await pilot.press("z")
        await until(pilot, lambda: "z left out" in text_of(keys))
        await pilot.press("z")
        await until(pilot, lambda: "z used" in text_of(keys))
        await pilot.press("escape", "w")
        await comes(pilot, StopsScreen)
        stops = pilot.app.screen
        assert isinstance(stops, StopsScreen)
        await until(pilot, lambda: stops.focused is stops.query_one(Input))
        stops.query_one(Input).value = "train_loss < 0.05"
        await pilot.press("enter", "f9")
        await until(
            pilot, lambda: stops.frame is not None and len(stops.frame[Conditions].stops) == 1
        )


async def test_settings_have_a_keymap(make_app: MakeApp) -> None:
    app = make_app("xor-table", keymap={"run.batch": "k"})
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        assert "k batch" in text_of(app.screen.query_one(KeyBar))
        await pilot.press("k")
        await at(pilot, 1)
