"""Every list, matrix and grid is scrolled alike: wheel, scroll bar, page keys, home and end."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.color import Color
from textual.app import App, ComposeResult
from textual.content import Content
from textual.events import MouseScrollDown
from textual.pilot import Pilot
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tests.ui.conftest import MakeApp
from tests.ui.driving import opened, until
from tests.ui.reading import still
from tuiprop.ui.data.column_list import ColumnList
from tuiprop.ui.drawing.grid import CursorGrid
from tuiprop.ui.predictions.confusion import Confusion
from tuiprop.ui.predictions.examples import Examples
from tuiprop.ui.predictions.tiles import Tiles
from tuiprop.ui.run.layers import LayersPanel
from tuiprop.ui.run.matrix import MatrixView
from tuiprop.ui.run.provenance import SourcePanel
from tuiprop.ui.stops.stop_list import StopList
from tuiprop.ui.theme import DARK, LIGHT, register_themes

DEEP = """
[data]
source = "iris"
[network]
layers = [
    {layers}
    {{ units = 3, activation = "softmax" }},
]
""".format(layers='{ units = 3, activation = "tanh" },\n' * 14)
STOPS = "".join(f'[[breakpoint]]\nwhen = "train_loss < 0.{k:02}"\n' for k in range(1, 31))


@dataclass(frozen=True)
class Case:
    """A widget with more than fits: the keys to it, its type and id."""

    keys: tuple[str, ...]
    widget: type[ScrollView]
    selector: str = ""
    size: tuple[int, int] = (80, 24)


CASES = [
    pytest.param(DEEP + STOPS, [Case((), LayersPanel), Case(("w",), StopList)], id="deep"),
    pytest.param(
        "digits",
        [
            Case(("2",), MatrixView, "#matrix"),
            Case(("o", "2"), MatrixView, "#operand1"),
            Case(("1", "2", "enter"), SourcePanel),
            Case(("escape", "1", "4"), Confusion, size=(80, 15)),
            Case(("m",), Tiles, "#weights"),
        ],
        id="digits",
    ),
    pytest.param("iris", [Case(("4",), Examples, "#mistakes")], id="iris"),
    pytest.param("breast_cancer", [Case(("5",), ColumnList)], id="breast_cancer"),
]


async def shown(pilot: Pilot[int], case: Case) -> ScrollView:
    """Press the keys of a case, and focus its widget once there is more in it than fits."""
    await pilot.resize_terminal(*case.size)
    for key in case.keys:
        await pilot.press(key)
        await still(pilot)
    selector = case.selector or case.widget.__name__
    await until(pilot, lambda: bool(pilot.app.screen.query(selector)))
    widget = pilot.app.screen.query_one(selector, case.widget)
    await until(pilot, lambda: widget.is_on_screen and widget.max_scroll_y > 0)
    widget.focus()
    await still(pilot)
    return widget


def opens(what: str, folder: Path) -> str:
    """The argument to open: a name, or the file of an experiment, written first."""
    if "[data]" not in what:
        return what
    path = folder / "deep.toml"
    path.write_text(what)
    return str(path)


def wheel(widget: ScrollView) -> MouseScrollDown:
    """A turn of the wheel over a widget."""
    return MouseScrollDown(widget, 2, 2, 0, 1, 0, False, False, False)


async def scrolled(pilot: Pilot[int], widget: ScrollView) -> None:
    """Scroll to both ends by keys, and on by the wheel."""
    assert widget.show_vertical_scrollbar
    assert widget.scroll_offset.y == 0
    await pilot.press("pagedown", "pagedown")
    await until(pilot, lambda: widget.scroll_offset.y > 0)
    await pilot.press("pageup", "pageup", "pageup")
    await until(pilot, lambda: widget.scroll_offset.y == 0)
    await pilot.press("end", "ctrl+end")
    await until(pilot, lambda: widget.scroll_offset.y == widget.max_scroll_y)
    await pilot.press("home", "ctrl+home")
    await until(pilot, lambda: widget.scroll_offset.y == 0)
    widget.post_message(wheel(widget))
    await until(pilot, lambda: widget.scroll_offset.y > 0)


@pytest.mark.parametrize(("what", "cases"), CASES)
async def test_everything_is_scrolled_alike(
    make_app: MakeApp, tmp_path: Path, what: str, cases: list[Case]
) -> None:
    async with make_app(opens(what, tmp_path)).run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        for case in cases:
            await scrolled(pilot, await shown(pilot, case))


class Numbers(CursorGrid):
    """Rows of numbers that say which of them were drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[int] = []

    def draw_head(self, y: int) -> Strip:
        return self.text_strip(Content.styled("head", "$dim"))

    def draw_row(self, row: int, y: int) -> Strip:
        self.drawn.append(row)
        return self.text_strip(Content.styled(f"row {row}", "$now" if row == self.row else ""))


class Bare(App[None]):
    """Nothing but a grid."""

    CSS = "Numbers { width: 20; height: 8; }"

    def __init__(self, rows: int, columns: int = 1) -> None:
        super().__init__()
        register_themes(self)
        self.theme = DARK.name
        self.grid, self.rows, self.columns = Numbers(), rows, columns
        self.moved: list[int] = []

    def compose(self) -> ComposeResult:
        yield self.grid

    def on_mount(self) -> None:
        self.grid.resize_to(self.rows, self.columns)

    def on_cursor_grid_moved(self, event: CursorGrid.Moved) -> None:
        self.moved.append(event.grid.row)


@pytest.mark.parametrize(("rows", "has_bar"), [(5, False), (6, True)])
async def test_a_scroll_bar_takes_no_room_of_its_own(rows: int, has_bar: bool) -> None:
    app = Bare(rows)
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.grid.show_vertical_scrollbar is has_bar
        assert app.grid.area == (16, 6)


async def test_only_rows_that_changed_are_drawn() -> None:
    app = Bare(100)
    async with app.run_test() as pilot:
        await pilot.pause()
        app.grid.drawn.clear()
        await pilot.press("down")
        assert sorted(set(app.grid.drawn)) == [0, 1]
        app.grid.drawn.clear()
        await pilot.press(*["down"] * 4)
        assert set(app.grid.drawn) == {1, 2, 3, 4, 5}
        assert app.moved == [1, 2, 3, 4, 5]


async def test_the_corners_are_reached() -> None:
    app = Bare(100, 50)
    async with app.run_test() as pilot:
        await pilot.pause()
        for key, cell in (("ctrl+end", (99, 49)), ("ctrl+home", (0, 0)), ("end", (0, 49))):
            await pilot.press(key)
            await pilot.pause()
            assert (app.grid.row, app.grid.column) == cell
            assert app.grid.top <= cell[0] < app.grid.top + app.grid.rows_in_sight
            assert app.grid.left <= cell[1] < app.grid.left + app.grid.columns_in_sight


async def test_a_click_moves_the_cursor() -> None:
    app = Bare(100)
    async with app.run_test() as pilot:
        await pilot.press("end")
        await pilot.click(Numbers, offset=(3, 3))
        await pilot.pause()
        assert app.grid.row == 96
        await pilot.click(Numbers, offset=(3, 1))
        await pilot.pause()
        assert app.grid.row == 96, "the head is no row"


async def test_a_scrolled_cursor_stays_in_sight() -> None:
    app = Bare(100)
    async with app.run_test() as pilot:
        await pilot.pause()
        app.grid.scroll_to(y=50, animate=False)
        await pilot.pause()
        assert app.grid.row == 50
        app.grid.scroll_to(y=10, animate=False)
        await pilot.pause()
        assert app.grid.row == 10 + app.grid.rows_in_sight - 1


async def test_another_theme_repaints() -> None:
    app = Bare(100)
    async with app.run_test() as pilot:
        await pilot.pause()
        for palette in (DARK, LIGHT):
            app.theme = palette.name
            await pilot.pause()
            head, first = (app.grid.render_line(y) for y in (0, 1))
            for strip, colour in (head, palette.dim), (first, palette.now):
                (segment, *_) = strip
                assert segment.style is not None
                assert segment.style.color == Color.parse(colour)
