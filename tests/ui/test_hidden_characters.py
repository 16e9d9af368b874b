"""Characters that a terminal obeys or hides, in the dashboard."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.color import Color
from textual.content import Content
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Button, Input, Label, OptionList, RichLog, Select, Static
from textual.widgets.option_list import Option

from tests.hostile import (
    FILE_NAME,
    KINDS,
    MARK,
    NAME,
    SURROGATES,
    assert_harmless,
    is_hidden,
    make_files,
    without_own_sequences,
)
from tests.ui.conftest import MakeApp
from tests.ui.driving import app_of, opened, until
from tuiprop.escaping import printable
from tuiprop.ui.dialogs import AskText
from tuiprop.ui.patches.guarded import GuardedApp
from tuiprop.ui.patches.hidden import HIDDEN_SHOWN

EVERYTHING = NAME + SURROGATES


# The filter


def shown(*segments: Segment) -> list[Segment]:
    return HIDDEN_SHOWN.apply(list(segments), Color(0, 0, 0))


def test_a_line_without_hidden_characters_is_the_same() -> None:
    line = [Segment("W[1] · ŷ 東京 ❤"), Segment("│", Style(bold=True))]
    assert HIDDEN_SHOWN.apply(line, Color(0, 0, 0)) is line


def test_padding_makes_room_for_what_is_shown() -> None:
    bold, dim = Style(bold=True), Style(dim=True)
    line = [Segment("│"), Segment("a\x1b\x07b", bold), Segment("  1.5    ", dim), Segment("│")]
    assert shown(*line) == [
        Segment("│"),
        Segment("a␛␇b", bold),
        Segment("  1.5  ", dim),
        Segment("│"),
    ]


def test_where_there_is_no_padding_the_end_is_cut_but_not_the_border() -> None:
    assert "".join(each.text for each in shown(Segment("a\x1bbcd"), Segment("│"))) == "a␛bc│"
    assert "".join(each.text for each in shown(Segment("a\x1bbcd"))) == "a␛bc"


@pytest.mark.parametrize("kind", [*KINDS.values(), NAME, SURROGATES, "👩\u200d💻\x1b", "\x1b" * 9])
@pytest.mark.parametrize("template", ["{}", "│{}│", "{}    ", "│ {}  1.5      │", "東{}東"])
def test_every_line_is_as_long_as_it_was(kind: str, template: str) -> None:
    line = [Segment(part) for part in template.format(f"\0{kind}\0").split("\0") if part]
    after = shown(*line)
    text = "".join(each.text for each in after)
    assert not list(filter(is_hidden, text))
    assert cell_len(text) == sum(cell_len(each.text) for each in line)


# What Textual paints


class Lines(Widget):
    """Draws line by line."""

    def render_line(self, y: int) -> Strip:
        return Strip([Segment(EVERYTHING, Style(bold=True))])


class Everywhere(GuardedApp):
    """The characters in every kind of widget."""

    CSS = "* { height: auto; max-height: 3; } Lines { height: 1; }"

    def compose(self) -> ComposeResult:
        yield Static(EVERYTHING, markup=False)
        yield Static(Text(EVERYTHING))
        yield Static(Content(EVERYTHING, strip_control_codes=False))
        yield Label(EVERYTHING, markup=False)
        yield Input(EVERYTHING, placeholder=EVERYTHING)
        yield Input(placeholder=EVERYTHING)
        yield OptionList(Option(EVERYTHING), markup=False)
        yield Select([(Text(EVERYTHING), 1)], value=1)
        yield Button(Text(EVERYTHING))
        yield RichLog()
        yield Lines()

    def on_mount(self) -> None:
        self.query_one(RichLog).write(EVERYTHING)
        self.query_one(Static).styles.border = ("round", "red")
        self.query_one(Static).border_title = Content(EVERYTHING)
        self.query_one(Static).border_subtitle = Content(EVERYTHING)
        self.query_one(Select).expanded = True
        self.notify(EVERYTHING, title=EVERYTHING, timeout=60)


def painted(pilot: Pilot[int]) -> bytes:
    """The screen as it is sent to a terminal, every line of it."""
    update = pilot.app.screen._compositor.render_full_update()
    return update.render_segments(pilot.app.console).encode()


def assert_painted_harmlessly(pilot: Pilot[int]) -> None:
    text = without_own_sequences(painted(pilot))
    assert MARK in text
    assert not list(filter(is_hidden, text))


@pytest.mark.parametrize("no_color", [False, True])
async def test_every_widget(no_color: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    app = Everywhere()
    async with app.run_test(size=(100, 60), notifications=True) as pilot:
        await until(pilot, lambda: bool(app.screen.query("Toast")))
        assert_painted_harmlessly(pilot)
        app.theme = "textual-light"
        await pilot.pause()
        assert_painted_harmlessly(pilot)


# What is pasted and copied


async def test_a_paste_leaves_no_hidden_character(make_app: MakeApp) -> None:
    from textual.events import Paste

    async with make_app("iris").run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await pilot.press("g")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskText))
        pilot.app.post_message(Paste(f"12{EVERYTHING}"))
        field = pilot.app.screen.query_one(Input)
        await until(pilot, lambda: field.value != "")
        assert field.value.startswith("12")
        assert not list(filter(is_hidden, field.value))


async def test_the_clipboard_takes_everything_and_gives_a_field_a_line(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        app = app_of(pilot)
        app.copy_to_clipboard(f"12\x1b\x07{SURROGATES}\n34")
        assert app.clipboard == f"12\x1b\x07{printable(SURROGATES)}\n34"
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, AskText))
        await pilot.press("ctrl+v")
        field = app.screen.query_one(Input)
        await until(pilot, lambda: field.value != "")
        assert field.value == f"12{printable(SURROGATES)}"


# A terminal

if sys.platform != "win32":
    from tests.ui.test_terminal import PATIENCE, Terminal

    VIEWS = (
        ("o", "NOW"),
        ("2", "summed over"),
        ("4", "Confusion"),
        ("m", "a[1] tanh"),
        ("\x1b", "NOW"),
        ("5", "read as"),
        ("\x1b", "NOW"),
        ("w", "Stop when"),
        ("\x1b", "NOW"),
        ("s", "derived inputs"),
        ("\x1b", "NOW"),
        ("?", "the letter is the unit"),
        ("\x1b", "NOW"),
        ("x", "Export the weights"),
    )

    def assert_sent_harmlessly(terminal: Terminal) -> str:
        """End it, and look at all that the terminal got."""
        os.kill(terminal.child.pid, signal.SIGTERM)
        assert terminal.ends() == 143
        text = without_own_sequences(terminal.raw)
        assert not list(filter(is_hidden, text))
        return text

    def is_framed(line: str) -> bool:
        """What begins with the left side of a frame ends with its right side."""
        return line[0] not in "╭│╰" or line[-1] in "╮│╯"

    def becomes_framed(terminal: Terminal) -> None:
        """Read until every line of the screen is whole."""
        started = time.monotonic()
        while not all(map(is_framed, terminal.screen.display)):
            assert time.monotonic() - started < PATIENCE, terminal.text
            terminal.read()

    @pytest.mark.slow
    @pytest.mark.parametrize("no_color", [False, True])
    def test_every_view(tmp_path: Path, no_color: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        if no_color:
            monkeypatch.setenv("NO_COLOR", "1")
        files = make_files(tmp_path)
        experiment = files.experiment.rename(tmp_path / f"{FILE_NAME}.toml")
        terminal = Terminal(tmp_path, experiment.name)
        try:
            terminal.shows("update 0")
            for key, words in VIEWS:
                terminal.press(key)
                terminal.shows(words)
                becomes_framed(terminal)
            assert "␛[" in assert_sent_harmlessly(terminal)
        finally:
            terminal.child.close(force=True)

    @pytest.mark.slow
    def test_a_paste_sends_nothing(tmp_path: Path) -> None:
        terminal = Terminal(tmp_path, "iris")
        try:
            terminal.shows("update 0")
            terminal.press("g")
            terminal.shows("Go to")
            for kind in KINDS.values():
                terminal.press(f"\x1b[200~<{kind}>\x1b[201~")
            terminal.press("done")
            terminal.shows("done")
            assert f"]0;{MARK}" in assert_sent_harmlessly(terminal)
        finally:
            terminal.child.close(force=True)

    @pytest.mark.slow
    def test_the_last_words(tmp_path: Path) -> None:
        name = f"{FILE_NAME}.csv"
        terminal = Terminal(tmp_path, name)
        assert terminal.ends() == 2
        last = terminal.raw.split(b"tuiprop: ")[-1]
        assert printable(name) in assert_harmless(last.replace(b"\r\n", b"\n"))
