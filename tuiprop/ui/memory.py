"""What Textual and Rich keep for later, let go of when it is of no use any more."""

import gc
from typing import Any

from rich import cells
from rich.segment import Segment
from textual.css.scalar import Scalar
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip


def forget_gone_widgets(screen: Screen[Any]) -> None:
    """Let go of the lines that Textual keeps of up to 1,024 widgets that are gone: 30 MB."""
    styles = getattr(getattr(screen, "_styles_cache", None), "get_inner_outer", None)
    _clear(styles)


def forget_sizes() -> None:
    """Let go of regions and lines of a size that the terminal had: 15 MB after a hundred sizes."""
    for owner in (Region, Scalar, Segment, Strip):
        for each in vars(owner).values():
            _clear(getattr(each, "__func__", each))
    _clear(cells.cached_cell_len)


def collect() -> None:
    """What is left of a screen goes before another one is built: 10 MB for the set-up."""
    gc.collect()


def _clear(kept: Any) -> None:
    """Empty what `functools.lru_cache` keeps, if it is that."""
    if (clear := getattr(kept, "cache_clear", None)) is not None:
        clear()
