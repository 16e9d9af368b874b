"""Each patch of Textual is still needed: stock Textual has the fault that the patch mends.

A test here fails with the first release of Textual that has the fault no more: then the patch and
its tests can go.
"""

import gc
import io
import os
import runpy
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.app import App, ComposeResult
from textual.color import Color
from textual.command import CommandPalette
from textual.css.query import NoMatches
from textual.drivers import linux_driver
from textual.drivers._writer_thread import WriterThread
from textual.errors import NoWidget
from textual.filter import ANSIToTruecolor
from textual.geometry import Offset, Region, Size
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, Label, OptionList, Static
from textual.worker import WorkerFailed

from tests.ui.driving import until
from tuiprop.ui.drawing.line import LineWidget
from tuiprop.ui.patches import environment, memory
from tuiprop.ui.patches.guarded import GuardedApp, Palette
from tuiprop.ui.patches.hidden import HIDDEN_SHOWN
from tuiprop.ui.patches.keyboard import LONGEST_TEXT, Dropped, Keyboard
from tuiprop.ui.patches.options import List
from tuiprop.ui.patches.selecting import Selecting
from tuiprop.ui.patches.shown import Fitting, LeftOnce
from tuiprop.ui.patches.terminal import LARGEST, UntilGone, driver_class, limited
from tuiprop.ui.patches.text_field import TextField


class Stock(App[int]):
    """Textual's application."""


class Patched(GuardedApp):
    """The dashboard's application, without the dashboard."""


class LeftAlone(Screen[None]):
    """A screen of Textual's."""


class Mended(LeftOnce, Screen[None]):
    """A screen of the dashboard's."""


class Drawn(LineWidget):
    """A widget that draws line by line."""

    def render_line(self, y: int) -> Strip:
        return Strip([Segment("0123456789")])


# environment


@pytest.mark.parametrize(
    ("name", "value", "constant", "kept"),
    [
        ("TEXTUAL_FPS", "99999", "MAX_FPS", 99999),
        ("TEXTUAL_DIM_FACTOR", "900", "DIM_FACTOR", 9.0),
        ("ESCDELAY", "9999999", "ESCAPE_DELAY", 9999.999),
        ("TEXTUAL_COLOR_SYSTEM", "garbage", "COLOR_SYSTEM", "garbage"),
    ],
)
def test_a_variable_out_of_range_is_used(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, constant: str, kept: object
) -> None:
    monkeypatch.setenv(name, value)
    assert runpy.run_path(constants.__file__)[constant] == kept
    (sentence,) = environment.checked()
    assert sentence.startswith(name)
    assert name not in os.environ


def test_an_unknown_colour_system_ends_the_start() -> None:
    with pytest.raises(KeyError):
        Console(color_system="garbage")  # type: ignore[arg-type]


# keyboard, terminal


class Reading:
    """A driver that reads from a pipe."""

    def __init__(self, driver: type[Any], app: App[int]) -> None:
        self.driver = driver(app, size=(80, 24))
        self.driver.fileno, self._into = os.pipe()

    def read(self, data: bytes) -> None:
        """Read some bytes, then the end of the input."""
        os.write(self._into, data)
        os.close(self._into)
        try:
            self.driver.run_input_thread()
        finally:
            os.close(self.driver.fileno)


async def test_bytes_that_are_not_utf8_end_the_input() -> None:
    async with Stock().run_test() as pilot:
        with pytest.raises(UnicodeDecodeError):
            Reading(linux_driver.LinuxDriver, pilot.app).read(b"\xff")
    (key,) = Keyboard().feed(b"\xff")
    assert isinstance(key, events.Key)
    assert key.character == "\ufffd"


async def test_the_end_of_the_input_is_read_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reads, read = [0], os.read

    async def count(app: App[int], driver: type[Any]) -> int:
        async with app.run_test() as pilot:
            reading = Reading(driver, pilot.app)

            def counted(descriptor: int, size: int) -> bytes:
                reads[0] += 1
                if reads[0] == 50:
                    reading.driver.exit_event.set()
                return read(descriptor, size)

            reads[0] = 0
            with monkeypatch.context() as patch:
                patch.setattr(os, "read", counted)
                reading.read(b"")
            await pilot.pause()
        return reads[0]

    patched = driver_class()
    assert patched is not None
    assert await count(Stock(), linux_driver.LinuxDriver) == 50
    assert await count(Patched(), patched) < 5


@pytest.mark.parametrize("sequence", ["\x1b[99999999999u", "\x1b[48;24;80;0;0t\x1b[<0;1;1M"])
def test_a_strange_sequence_ends_the_parser(sequence: str) -> None:
    parser = XTermParser()
    with pytest.raises((ValueError, OverflowError, ZeroDivisionError)):
        list(parser.feed(sequence))
    assert isinstance(list(Keyboard().feed(f"{sequence}q".encode()))[-1], events.Key)


def test_half_of_a_surrogate_pair_is_a_key() -> None:
    (key,) = XTermParser().feed("\x1b[55296u")
    assert isinstance(key, events.Key)
    assert key.character == "\ud800"
    assert not list(Keyboard().feed(b"\x1b[55296u"))


def test_a_terminal_that_is_gone_ends_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError

    ended: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda each: ended.append(each.exc_type))
    for file in (Gone(), UntilGone(Gone())):
        thread = WriterThread(file)  # type: ignore[arg-type]
        thread.start()
        thread.write("x")
        thread.stop()
    assert ended == [OSError]


async def test_a_terminal_may_have_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "1000000")
    monkeypatch.setenv("LINES", "1000000")
    async with Stock().run_test() as pilot:
        stock = linux_driver.LinuxDriver(pilot.app)
        assert stock._get_terminal_size() == (1000000, 1000000)
    assert limited(1000000, 1000000) == LARGEST


# inbox


async def test_every_movement_of_the_mouse_is_dealt_with() -> None:
    class Counting(Stock):
        moves = 0

        async def on_event(self, event: events.Event) -> None:
            self.moves += isinstance(event, events.MouseMove) and not event.is_forwarded
            await super().on_event(event)

    app = Counting()
    async with app.run_test() as pilot:
        assert app._driver is not None
        for report in XTermParser().feed("\x1b[<35;9;9M" * 200):
            app._driver.send_message(report)
        await until(pilot, lambda: app.moves >= 200)  # the inbox hands one over


# hidden


def test_a_control_character_is_painted() -> None:
    segments = [Segment("a\x1bb ")]
    assert "\x1b" in Strip(segments).text
    shown = HIDDEN_SHOWN.apply(segments, Color(0, 0, 0))
    assert "\x1b" not in "".join(each.text for each in shown)
    assert HIDDEN_SHOWN not in Stock().get_line_filters()
    assert HIDDEN_SHOWN in Patched().get_line_filters()


# memory


async def test_lines_of_widgets_that_are_gone_are_kept() -> None:
    async with Stock().run_test() as pilot:
        screen = pilot.app.screen
        label = Label("x")
        await screen.mount(label)
        await pilot.pause()
        gone, lines = weakref.ref(label), weakref.ref(label._styles_cache)
        del label
        await screen.remove_children(Label)
        await screen.mount(Label("y"))  # the layout keeps the last widgets
        await until(pilot, lambda: gc.collect() >= 0 and gone() is None)
        assert lines() is not None
        memory.forget_gone_widgets(screen)
        gc.collect()
        assert lines() is None


async def test_regions_of_sizes_that_are_gone_are_kept() -> None:
    async def kept(app: App[int]) -> int:
        async with app.run_test(size=(100, 30)) as pilot:
            await app.screen.mount(*(Label(str(number)) for number in range(20)))
            memory.forget_sizes()
            for columns in range(80, 100):
                await pilot.resize_terminal(columns, 30)
                await pilot.pause()
            return Region.intersection.cache_info().currsize

    assert await kept(Stock()) > 5 * await kept(Patched())


# options, selecting, shown, text_field


def click(widget: Widget, x: int, y: int, **meta: object) -> events.Click:
    event = events.Click(widget, x, y, 0, 0, 1, False, False, False, x, y, Style(meta=meta))
    return event.set_sender(widget) or event


class Lists(App[int]):
    def compose(self) -> ComposeResult:
        yield OptionList("one", id="OptionList")
        yield List("one", id="List")


async def test_a_click_on_an_option_that_is_gone_ends_the_dashboard() -> None:
    async def clicked(kind: type[OptionList]) -> None:
        app = Lists()
        async with app.run_test() as pilot:
            options = app.query_exactly_one(f"#{kind.__name__}", kind)
            options.post_message(click(options, 0, 0, option=3))
            await pilot.pause()

    with pytest.raises(IndexError):
        await clicked(OptionList)
    await clicked(List)


async def test_a_widget_of_drawn_lines_cannot_be_selected_from() -> None:
    class Selectable(Selecting, Screen[None]):
        def compose(self) -> ComposeResult:
            yield Drawn()

    class Unselectable(Screen[None]):
        def compose(self) -> ComposeResult:
            yield Drawn()

    async with Stock().run_test() as pilot:
        await pilot.app.push_screen(Unselectable())
        await pilot.pause()
        assert pilot.app.screen.get_widget_and_offset_at(4, 0)[1] is None
        await pilot.app.push_screen(Selectable())
        await pilot.pause()
        assert pilot.app.screen.get_widget_and_offset_at(4, 0)[1] == Offset(4, 0)


ENOUGH = 100
"""Sizes after which it is without end."""


class Resized(Screen[None]):
    """A screen that counts its sizes, and does something when it has been painted in them."""

    count = 0

    def on_resize(self) -> None:
        self.count += 1
        if self.count < ENOUGH:
            self.call_after_refresh(lambda: None)


class FittedResized(Fitting, Resized):
    """A screen that takes the size of the terminal alone."""


async def test_a_screen_takes_two_sizes_by_turns_without_end() -> None:
    async def resized(screen: Resized, count: int) -> None:
        async with Stock().run_test(size=(80, 24)) as pilot:
            await pilot.app.push_screen(screen)
            await pilot.pause()
            for size in (Size(1, 5), Size(49, 31), Size(1, 5), Size(80, 24)):
                screen.post_message(events.Resize(size, size))
                screen.call_after_refresh(lambda: None)  # else the next would take its place
            await until(pilot, lambda: screen.count >= count)
            await pilot.pause()

    await resized(Resized(), ENOUGH)
    fitted = FittedResized()
    await resized(fitted, 1)
    assert fitted.count < 10


def missing(screen: Screen[Any]) -> Callable[[], None]:
    """Look for a widget that is not there."""

    def look() -> None:
        screen.query_one("#nothing")

    return look


@pytest.mark.parametrize("is_worker", [False, True])
async def test_an_answer_after_a_screen_was_left_ends_the_dashboard(is_worker: bool) -> None:
    async def leave(screen: Screen[None]) -> None:
        async def work() -> None:
            missing(screen)()

        app = Stock()
        async with app.run_test() as pilot:
            await app.push_screen(screen)
            await pilot.pause()
            if is_worker:
                await screen.dismiss()
                screen.run_worker(work())
            else:
                screen.call_after_refresh(missing(screen))
                await screen.dismiss()
            await pilot.pause()

    with pytest.raises((NoMatches, WorkerFailed)):
        await leave(LeftAlone())
    await leave(Mended())


async def test_a_screen_that_is_left_twice_closes_the_one_below() -> None:
    async def leave(screen: Screen[None]) -> bool:
        below = Screen[None]()
        async with Stock().run_test() as pilot:
            await pilot.app.push_screen(below)
            await pilot.app.push_screen(screen)
            screen.dismiss()
            screen.dismiss()
            await pilot.pause()
            return below in pilot.app.screen_stack

    assert not await leave(LeftAlone())
    assert await leave(Mended())


async def test_a_field_drops_all_of_a_text_that_is_too_long() -> None:
    class Fields(App[int]):
        dropped = 0

        def compose(self) -> ComposeResult:
            yield Input("ab", max_length=LONGEST_TEXT, id="stock")
            yield TextField("ab", id="mended")

        def on_event(self, event: events.Event) -> Any:
            self.dropped += isinstance(event, Dropped)
            return super().on_event(event)

    async with Fields().run_test() as pilot:
        for field in pilot.app.query(Input):
            field.insert("c" * LONGEST_TEXT, 2)
        await pilot.pause()
        lengths = [len(field.value) for field in pilot.app.query(Input)]
        assert lengths == [2, LONGEST_TEXT]


# guarded


async def test_half_of_a_surrogate_pair_cannot_be_copied() -> None:
    async with Stock().run_test() as pilot:
        with pytest.raises(UnicodeEncodeError):
            pilot.app.copy_to_clipboard("\ud800")
    async with Patched().run_test() as pilot:
        pilot.app.copy_to_clipboard("\ud800")
        assert pilot.app.clipboard == "\\ud800"


def test_every_part_of_a_line_is_searched_for_named_colours() -> None:
    assert any(isinstance(each, ANSIToTruecolor) for each in Stock().get_line_filters())
    assert not any(isinstance(each, ANSIToTruecolor) for each in Patched().get_line_filters())


async def test_words_that_are_told_are_markup() -> None:
    told = []
    for app in (Stock(), Patched()):
        async with app.run_test(notifications=True) as pilot:
            app.notify("[b]x[/b].npz")
            await until(pilot, lambda app=app: bool(app.screen.query("Toast")))  # type: ignore[misc]
            told.append(str(app.screen.query_one("Toast", Static).render()))
    assert told == ["x.npz", "[b]x[/b].npz"]


async def test_what_is_told_no_more_leaves_its_holder() -> None:
    async def held(app: App[int]) -> int:
        async with app.run_test(notifications=True) as pilot:
            for number in range(3):
                app.notify(str(number))
                await until(pilot, lambda: bool(app.screen.query("Toast")))
                app.clear_notifications()
                await until(pilot, lambda: not app.screen.query("Toast"))
            app.notify("the last")
            await pilot.pause()
            await pilot.pause()
            return len(app.screen.query("ToastHolder"))

    assert await held(Stock()) > 1
    assert await held(Patched()) == 1


async def test_a_page_of_a_list_without_a_place_ends_the_dashboard() -> None:
    async def paged(app: App[int]) -> Exception | None:
        async with app.run_test(size=(20, 1)) as pilot:
            options = OptionList(*map(str, range(9)))
            options.styles.height = 0
            await app.screen.mount(options)
            options.highlighted = 0
            await pilot.pause()
            try:
                await app.run_action("page_down", options)
            except Exception as error:
                return error
        return None

    assert await paged(Stock()) is not None
    assert await paged(Patched()) is None


async def test_a_fault_shows_every_local_value(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        secret = "a local value"
        raise ValueError(secret[:1])

    async def words(app: App[int]) -> str:
        async def run() -> None:
            async with app.run_test(size=(60, 20)) as pilot:
                app.call_later(fail)
                await pilot.pause()

        with pytest.raises(ValueError, match="a"):
            await run()
        return capfd.readouterr().err

    assert "a local value" in await words(Stock())
    patched = Patched()
    assert not await words(patched)
    assert "ValueError" in patched.farewell


async def test_a_click_outside_the_palette_ends_the_dashboard() -> None:
    class Commands(Stock):
        """Has Textual's palette, which it is given."""

    palettes: list[CommandPalette] = [CommandPalette(), Palette()]
    faults: list[type[Exception] | None] = []
    for palette in palettes:
        app = Commands()
        try:
            async with app.run_test(size=(40, 12)) as pilot:
                await app.push_screen(palette)
                await pilot.pause()
                palette.post_message(click(palette, 90, 40))
                await pilot.pause()
        except NoWidget as error:
            faults.append(type(error))
        else:
            faults.append(None)
    assert faults == [NoWidget, None]
