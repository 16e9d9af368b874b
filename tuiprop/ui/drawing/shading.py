"""Maps and pictures as characters: half blocks in two colours, or shades where there are none."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.style import Style as VisualStyle

from tuiprop.protocol.messages.prediction_payloads import SHADES, Grid
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
"""Colours of classes, after Okabe and Ito; from the ninth class on they begin again."""

_BLOCKS, _DASHES = " ░▒▓█", " ·-=≡"
_TEXTURES = "░·▒-▓="
"""Of classes, where there are no colours."""


@lru_cache(maxsize=8)
def by_sign(palette: Palette) -> tuple[str, ...]:
    """The colour of each shade: orange below the middle, blue above it."""
    return tuple(
        palette.shade(round(level * LEVELS / SHADES)) for level in range(-SHADES, SHADES + 1)
    )


@lru_cache(maxsize=8)
def by_light(palette: Palette) -> tuple[str, ...]:
    """The colour of each shade: from the background to the colour of text."""
    steps = 2 * SHADES
    return tuple(mix(palette.background, palette.text, k / steps) for k in range(steps + 1))


@lru_cache(maxsize=256)
def of_class(palette: Palette, number: int) -> tuple[str, ...]:
    """The colour of each shade of a class: the surer, the more of its own."""
    own, steps = OF_CLASSES[number % len(OF_CLASSES)], SHADES
    faint = (palette.background,) * SHADES
    return (*faint, *(mix(palette.background, own, k / steps) for k in range(steps + 1)))


@lru_cache(maxsize=8192)
def half_block(top: str, bottom: str) -> Cell:
    """Two colours in one character."""
    return "▀", Style(color=top, bgcolor=bottom)


@lru_cache(maxsize=4096)
def on_ground(character: str, colour: str, ground: str | None) -> Cell:
    """A character on a map, or without colour."""
    return character, Style(color=colour, bgcolor=ground, bold=True)


_PLAIN = Style()


def shaded(top: int, bottom: int, *, signed: bool) -> Cell:
    """Two shades as one character without colour: blocks above the middle, dashes below it."""
    level = ((top + bottom) / 2 - SHADES) / SHADES
    if not signed:
        return _BLOCKS[round((level + 1) / 2 * 4)], _PLAIN
    strength = min(4, round(abs(level) * 4 + 0.3))
    return (_BLOCKS if level > 0 else _DASHES)[strength], _PLAIN


def textured(number: int, shade: int) -> Cell:
    """A place of a class without colour; blank where it is less probable than the others."""
    return _TEXTURES[number % len(_TEXTURES)] if 2 * shade > 3 * SHADES else " ", _PLAIN


def line_of(
    grid: Grid, line: int, colours: tuple[str, ...], *, plain: bool, signed: bool = True
) -> list[Cell]:
    """Two rows of a grid as the cells of one line.

    Args:
        grid: its shades.
        line: counted from 0.
        colours: of each shade.
        plain: without colour.
        signed: the middle stands for 0.
    """
    columns, shades = grid.columns, grid.shades
    start = 2 * line * columns
    top = shades[start : start + columns]
    bottom = shades[start + columns : start + 2 * columns] or bytes([SHADES]) * columns
    if plain:
        return [shaded(a, b, signed=signed) for a, b in zip(top, bottom, strict=True)]
    return [half_block(colours[a], colours[b]) for a, b in zip(top, bottom, strict=True)]


def segments(cells: Iterable[Cell]) -> list[Segment]:
    """Cells painted alike are joined."""
    return [Segment(*run) for run in runs(cells)]


def text_of(cells: Iterable[Cell]) -> Content:
    """Cells as a line of text."""
    return Content.assemble(*((text, visual(style)) for text, style in runs(cells)))


@lru_cache(maxsize=8192)
def visual(style: Style) -> VisualStyle:
    """A style of a cell as text has it."""
    return VisualStyle.from_rich_style(style)


def runs(cells: Iterable[Cell]) -> Iterator[Cell]:
    """Neighbours with one and the same style, joined: comparing styles would cost more."""
    joined, last = "", _PLAIN
    for character, style in cells:
        if style is not last and joined:
            yield joined, last
            joined = ""
        joined, last = joined + character, style
    if joined:
        yield joined, last
