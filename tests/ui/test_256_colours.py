"""With 256 colours, as in every SSH session: what Rich makes of each cell is still told apart."""

from collections.abc import Iterator

import pytest
from rich.color import Color, ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.pilot import Pilot

from tests.ui.conftest import MakeApp
from tests.ui.driving import app_of, frame_of, opened, until
from tests.ui.reading import still
from tuiprop.protocol.messages.moving import Motion
from tuiprop.ui.theme import LEVELS, Palette, heat, palette_of, palettes

THEMES = palettes("256")
LEAST_CONTRAST = 4.5
"""Of text, after the Web Content Accessibility Guidelines 2.1."""

DIALOGS = ("escape question_mark", "escape colon", "escape x", "escape s")
"""Keys that leave a screen and open the help, the palette, the export, and the set-up."""

both_themes = pytest.mark.parametrize("palette", THEMES.values(), ids=THEMES)
Rgb = tuple[int, int, int]


@pytest.fixture
def of_256_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that has no more."""
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", "256")


def number_of(colour: Color) -> int:
    """Of the 256 colours the one that Rich sends."""
    number = colour.downgrade(ColorSystem.EIGHT_BIT).number
    assert number is not None
    return number


def quantised(colour: Color) -> Rgb:
    """What a terminal of 256 colours shows."""
    number = number_of(colour)
    if number >= 232:
        return (8 + 10 * (number - 232),) * 3
    steps = (0, 95, 135, 175, 215, 255)
    red, rest = divmod(number - 16, 36)
    return steps[red], steps[rest // 6], steps[rest % 6]


def luminance(colour: Rgb) -> float:
    """Relative luminance in sRGB."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in map(_unit, colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _unit(part: int) -> float:
    return part / 255


def contrast(one: Rgb, other: Rgb) -> float:
    """From 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def colours(style: Style) -> tuple[Color, Color]:
    """Text and ground of a cell."""
    assert style.color is not None
    assert style.bgcolor is not None
    return (style.bgcolor, style.color) if style.reverse else (style.color, style.bgcolor)


def segments_of(pilot: Pilot[int]) -> Iterator[Segment]:
    """What is painted, without the dimmed screen below a dialog."""
    screen = pilot.app.screen
    region = screen.children[0].region if screen.is_modal else screen.region
    strips = screen._compositor.render_strips()
    for strip in strips[region.y : region.bottom]:
        yield from strip.crop(region.x, region.right)


def is_text(text: str) -> bool:
    """Letters and figures, not lines and blocks."""
    return any(c.isalnum() for c in text)


def hue(colour: Rgb) -> str:
    red, _, blue = colour
    return "red" if red > blue else "blue" if blue > red else "none"


@both_themes
def test_heat_levels_are_monotone_and_keep_their_hue(palette: Palette) -> None:
    for sign, expected in ((-1, "red"), (1, "blue")):
        grounds = [
            quantised(colours(heat(palette, sign * level))[1]) for level in range(LEVELS + 1)
        ]
        lights = [luminance(each) for each in grounds]
        assert lights == sorted(lights, reverse=not palette.dark)
        shades = list(dict.fromkeys(grounds))
        assert len(shades) == 4
        assert [hue(each) for each in shades[1:]] == [expected] * 3


@both_themes
def test_every_colour_is_that_of_the_palette(palette: Palette) -> None:
    """None falls onto another: the ground, the bar and fields, what is good, bad, validation."""
    grounds = {number_of(Color.parse(c)) for c in (palette.background, palette.bar, palette.field)}
    assert len(grounds) == 3
    assert 16 not in grounds
    inks = [palette.training, palette.validation, palette.good, palette.bad, palette.now]
    assert len({number_of(Color.parse(c)) for c in inks}) == len(inks)
    on_bar = [palette.good, palette.bad, palette.now, palette.text, palette.dim]
    for ground, on_it in (palette.background, [*inks, *on_bar]), (palette.bar, on_bar):
        for ink in on_it:
            found = contrast(quantised(Color.parse(ink)), quantised(Color.parse(ground)))
            assert found >= LEAST_CONTRAST, (ink, ground)


def test_the_console_decides(make_app: MakeApp, of_256_colours: None) -> None:
    assert palette_of(make_app()) is THEMES["tuiprop-dark"]
    assert palette_of(make_app(theme="tuiprop-light")) is THEMES["tuiprop-light"]


@pytest.mark.parametrize("system", ["truecolor", "standard"])
def test_other_terminals_have_the_other_palettes(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", system)
    assert palette_of(make_app()) is palettes(None)["tuiprop-dark"]


def faint_text(pilot: Pilot[int]) -> dict[str, tuple[str, int, int]]:
    """Return the text whose contrast with its background is too low."""
    faint = {}
    for text, style, _ in segments_of(pilot):
        if style is not None and is_text(text):
            ink, ground = colours(style)
            found = contrast(quantised(ink), quantised(ground))
            if found < LEAST_CONTRAST:
                faint[text] = (f"{found:.1f}", number_of(ink), number_of(ground))
    return faint


@pytest.mark.parametrize(
    ("what", "visits"),
    [
        ("iris", ("b p p o", "2", "1 e 3", "4", "escape 5", "escape w", "escape v", *DIALOGS)),
        ("circle", ("e 4",)),
    ],
    ids=["all screens", "map"],
)
async def test_all_text_is_read(
    make_app: MakeApp, of_256_colours: None, what: str, visits: tuple[str, ...]
) -> None:
    async with make_app(what).run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        for keys in visits:
            for key in keys.split():
                await pilot.press(key)
                await until(pilot, lambda: frame_of(pilot)[Motion].status == "paused")
            pilot.app.clear_notifications()
            for palette in THEMES.values():
                pilot.app.theme = palette.name
                await still(pilot)
                assert not faint_text(pilot), (keys, palette.name)
                assert palette_of(app_of(pilot)) is palette
