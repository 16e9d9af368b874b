"""Screens that are left while they wait for an answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widget import MountError


@contextmanager
def while_shown(screen: Screen[Any]) -> Iterator[None]:
    """What is not found on a screen that has been left meanwhile need not be found."""
    try:
        yield
    except (NoMatches, MountError):
        if screen.is_attached and screen in screen.app.screen_stack:
            raise
