"""Pictures of panels as text: what is painted, and in which styles."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain, count, repeat
from string import ascii_letters, digits

from rich.style import Style
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widget import Widget

FIRST_OF_MANY = 0x100
"""The first letter for the styles of a heat map, which has hundreds."""


def picture(pilot: Pilot[int], panel: str | type[Widget]) -> str:
    """The lines of a panel, then a letter for the style of each cell, then the styles."""
    widget = pilot.app.screen.query_one(panel)
    x, y, width, height = widget.region
    if not (width and height):
        return "not on the screen"
    strips = pilot.app.screen._compositor.render_strips()[y : y + height]
    lines = [strip.crop(x, x + width) for strip in strips]
    unused = chain(ascii_letters, digits, map(chr, count(FIRST_OF_MANY)))
    styles: dict[str, str] = defaultdict(lambda: next(unused))
    letters = ["".join(map(styles.__getitem__, _styles(line))) for line in lines]
    return "\n".join(
        [
            *(line.text.rstrip() for line in lines),
            "─" * width,
            *letters,
            "─" * width,
            *(f"{letter} {style}" for style, letter in styles.items()),
        ]
    )


def _styles(line: Strip) -> Iterator[str]:
    """The style of each cell."""
    for segment in line:
        yield from repeat(_words(segment.style), segment.cell_length)


def _words(style: Style | None) -> str:
    """The style without what is not seen, such as links to actions."""
    return str((style or Style()).clear_meta_and_links())
