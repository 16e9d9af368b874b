"""Empties caches of Textual and Rich that keep objects which are not needed again.

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
    """Free the lines that Textual caches of up to 1,024 removed widgets: 30 MB."""
    styles = getattr(getattr(screen, "_styles_cache", None), "get_inner_outer", None)
    _clear(styles)


def forget_sizes() -> None:
    """Free regions and lines of earlier sizes of the terminal: 15 MB after a hundred sizes."""
    _forget(*_OF_SIZES)
    _clear(cells.cached_cell_len)


def forget_screen() -> None:
    """Free the remains of a screen before another one is built: 10 MB of the set-up.

    Cached objects lie in memory between the parts of the screen, and would keep its pages in use.
    """
    forget_sizes()
    _forget(*_OF_COLOURS)
    gc.collect()
    _give_back()


def _forget(*owners: type) -> None:
    """Empty the caches of the methods of some classes."""
    for owner in owners:
        for each in vars(owner).values():
            _clear(getattr(each, "__func__", each))


def _clear(kept: Any) -> None:
    """Empty the cache of a function, if `functools.lru_cache` gave it one."""
    if (clear := getattr(kept, "cache_clear", None)) is not None:
        clear()


def _give_back() -> None:
    """Return free pages of the C library to the system; only glibc can."""
    if (trim := _trim()) is not None:
        trim(0)


@cache
def _trim() -> Any:
    with suppress(OSError, AttributeError, TypeError):
        return ctypes.CDLL(None).malloc_trim
    return None
