"""Empties the caches of Textual and Rich that hold what is of no use any more.

Upstream: https://github.com/Textualize/textual/issues/6665 "Memory leak:
StylesCache.get_inner_outer retains whole StylesCache objects via lru_cache". No upstream issue is
known of the caches of sizes and colours, seen in Textual 8.2.8.
"""

import ctypes
import gc
from contextlib import suppress
from functools import cache
from typing import Any

from rich import cells
from rich import color as rich_color
from rich import style as rich_style
from rich.segment import Segment
from textual import color, style
from textual.css.scalar import Scalar
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip

_OF_SIZES = (Region, Scalar, Segment, Strip)
_OF_COLOURS = (rich_color.Color, rich_style.Style, color.Color, style.Style)


def forget_gone_widgets(screen: Screen[Any]) -> None:
    """Let go of the lines that Textual keeps of up to 1,024 widgets that are gone: 30 MB."""
    styles = getattr(getattr(screen, "_styles_cache", None), "get_inner_outer", None)
    _clear(styles)


def forget_sizes() -> None:
    """Let go of regions and lines of a size that the terminal had: 15 MB after a hundred sizes."""
    _forget(*_OF_SIZES)
    _clear(cells.cached_cell_len)


def forget_screen() -> None:
    """Let go of what is left of a screen, before another one is built: 10 MB of the set-up.

    What was kept while it was shown lies between its parts, and would hold their memory.
    """
    forget_sizes()
    _forget(*_OF_COLOURS)
    gc.collect()
    _give_back()


def _forget(*owners: type) -> None:
    """Empty what their methods keep."""
    for owner in owners:
        for each in vars(owner).values():
            _clear(getattr(each, "__func__", each))


def _clear(kept: Any) -> None:
    """Empty what `functools.lru_cache` keeps, if it is that."""
    if (clear := getattr(kept, "cache_clear", None)) is not None:
        clear()


def _give_back() -> None:
    """To the system, what the C library has free in pages of their own; glibc alone does."""
    if (trim := _trim()) is not None:
        trim(0)


@cache
def _trim() -> Any:
    with suppress(OSError, AttributeError, TypeError):
        return ctypes.CDLL(None).malloc_trim
    return None
