"""What is selected with the mouse is copied by Ctrl+C, which quits where nothing is."""

import base64
import time
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widget import Widget

from tests.ui.conftest import MakeApp
from tests.ui.driving import app_of, bench_of, opened
from tests.ui.test_terminal import Terminal, assert_restored
from tuiprop.ui.run.layers import LayersPanel

Cell = tuple[int, int]


async def drag(pilot: Pilot[int], widget: Widget, start: Cell, stop: Cell) -> None:
    """From one cell of what a widget contains to another."""
    corner = widget.content_region.offset
    await pilot.mouse_down(offset=corner + start)
    await pilot.hover(offset=corner + stop)
    await pilot.mouse_up(offset=corner + stop)
    await pilot.pause()


def line(widget: Widget, y: int) -> str:
    return widget.render_line(y).text


async def test_a_part_of_a_panel(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        panel = pilot.app.screen.query_one(LayersPanel)
        await drag(pilot, panel, (2, 1), (40, 2))
        await pilot.press("ctrl+c")
        lines = line(panel, 1)[2:], line(panel, 2)[:41]
        assert pilot.app.clipboard == "\n".join(each.rstrip() for each in lines)
        assert app_of(pilot).return_code is None
        assert not pilot.app.screen.selections


async def test_what_is_selected_is_marked_and_nothing_else(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        matrix = bench_of(pilot).matrix
        ground = pilot.app.screen.get_component_rich_style("screen--selection").bgcolor
        await drag(pilot, matrix, (4, 2), (9, 2))
        left, top = matrix.gutter.left, matrix.gutter.top
        strips = matrix.render_lines(matrix.outer_size.region)
        marked = [
            (x, y - top)
            for y, strip in enumerate(strips)
            for x in range(strip.cell_length)
            if (style := next(iter(strip.crop(x, x + 1))).style) is not None
            and style.bgcolor == ground
        ]
        assert marked == [(left + x, 2) for x in range(4, 10)]


async def test_ctrl_c_quits_where_nothing_is_selected(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("ctrl+c")
    assert pilot.app.return_code == 130


@pytest.mark.parametrize("keys", ["?", "g"])
def test_in_a_dialog(tmp_path: Path, keys: str) -> None:
    words = {"?": "play, pause", "g": "lowest validation loss"}[keys]
    terminal = Terminal(tmp_path, "iris")
    terminal.shows("update 0")
    terminal.press(keys)
    terminal.shows(words)
    y, shown = next((y, each) for y, each in enumerate(terminal.screen.display) if words in each)
    x = shown.index(words)
    terminal.press(f"\x1b[<0;{x + 1};{y + 1}M")
    terminal.press(f"\x1b[<32;{x + len(words)};{y + 1}M\x1b[<0;{x + len(words)};{y + 1}m")
    terminal.press("\x03")
    terminal.shows("Copied 1 line.")
    copied = terminal.raw.split(b"\x1b]52;c;")[1].split(b"\x07")[0]
    assert base64.b64decode(copied).decode() == words
    time.sleep(0.1)
    terminal.press("\x03")
    assert terminal.ends() == 130
    assert_restored(terminal)
