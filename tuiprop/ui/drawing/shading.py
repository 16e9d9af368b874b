"""Maps and pictures as characters: half blocks in two colours, or shades without colour."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.style import Style as VisualStyle

from tuiprop.protocol.messages.pictures import SHADES, Grid
from tuiprop.ui.theme import LEVELS, Palette, mix

Cell = tuple[str, Style]
"""A character and how it is painted."""

OF_CLASSES = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#a08a00",
    "#3f8fc0",
    "#7a5195",
    "#555d69",
)
"""The colours of classes, after Okabe and Ito; they repeat from the ninth class on."""

_BLOCKS, _DASHES = " ░▒▓█", " ·-=≡"
_TEXTURES = "░·▒-▓="
"""The characters of the classes where colours are off."""


@lru_cache(maxsize=8)
def by_sign(palette: Palette) -> tuple[str, ...]:
    """Return the colour of each shade: orange below the middle, blue above it."""
    return tuple(
        palette.shade(round(level * LEVELS / SHADES)) for level in range(-SHADES, SHADES + 1)
    )


@lru_cache(maxsize=8)
def by_light(palette: Palette) -> tuple[str, ...]:
    """Return the colour of each shade: from the background to the colour of text."""
    steps = 2 * SHADES
    return tuple(mix(palette.background, palette.text, k / steps) for k in range(steps + 1))


@lru_cache(maxsize=256)
def of_class(palette: Palette, number: int) -> tuple[str, ...]:
    """Return the colour of each shade of a class: the more certain, the more saturated."""
    own, steps = OF_CLASSES[number % len(OF_CLASSES)], SHADES
    faint = (palette.background,) * SHADES
    return (*faint, *(mix(palette.background, own, k / steps) for k in range(steps + 1)))


@lru_cache(maxsize=8192)
def half_block(top: str, bottom: str) -> Cell:
    """Draw two colours in one character."""
    return "▀", Style(color=top, bgcolor=bottom)


@lru_cache(maxsize=4096)
def on_ground(character: str, colour: str, ground: str | None) -> Cell:
    """Draw a character on a map, or without colour."""
    return character, Style(color=colour, bgcolor=ground, bold=True)


_PLAIN = Style()


def shaded(top: int, bottom: int, *, signed: bool) -> Cell:
    """Draw two shades as one colourless character: blocks above the middle, dashes below it."""
    level = ((top + bottom) / 2 - SHADES) / SHADES
    if not signed:
        return _BLOCKS[round((level + 1) / 2 * 4)], _PLAIN
    strength = min(4, round(abs(level) * 4 + 0.3))
    return (_BLOCKS if level > 0 else _DASHES)[strength], _PLAIN


def textured(number: int, shade: int) -> Cell:
    """Draw a place of a class without colour; blank where its probability is low."""
    return _TEXTURES[number % len(_TEXTURES)] if 2 * shade > 3 * SHADES else " ", _PLAIN


def line_of(
    grid: Grid, line: int, colours: tuple[str, ...], *, plain: bool, signed: bool = True
) -> list[Cell]:
    """Draw two rows of a grid as the cells of one line.

    Args:
        grid: the shades.
        line: the line, counted from 0.
        colours: the colour of each shade.
        plain: draw without colour.
        signed: the middle shade represents 0.
    """
    columns, shades = grid.columns, grid.shades
    start = 2 * line * columns
    top = shades[start : start + columns]
    bottom = shades[start + columns : start + 2 * columns] or bytes([SHADES]) * columns
    if plain:
        return [shaded(a, b, signed=signed) for a, b in zip(top, bottom, strict=True)]
    return [half_block(colours[a], colours[b]) for a, b in zip(top, bottom, strict=True)]


def segments(cells: Iterable[Cell]) -> list[Segment]:
    """Join neighbouring cells of the same style."""
    return [Segment(*run) for run in runs(cells)]


def text_of(cells: Iterable[Cell]) -> Content:
    """Return cells as a line of text."""
    return Content.assemble(*((text, visual(style)) for text, style in runs(cells)))


@lru_cache(maxsize=8192)
def visual(style: Style) -> VisualStyle:
    """Convert the style of a cell to a style of text."""
    return VisualStyle.from_rich_style(style)


def runs(cells: Iterable[Cell]) -> Iterator[Cell]:
    """Join neighbours whose style is the same object: comparing styles would cost more."""
    joined, last = "", _PLAIN
    for character, style in cells:
        if style is not last and joined:
            yield joined, last
            joined = ""
        joined, last = joined + character, style
    if joined:
        yield joined, last
