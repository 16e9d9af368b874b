"""Names in little room, so that those beside each other are still told apart."""

from collections import Counter
from collections.abc import Sequence


def cut(name: str, width: int) -> str:
    """The beginning of a name, and … for what there is no room for."""
    return name if len(name) <= width else f"{name[: max(0, width - 1)]}…"


def told_apart(names: Sequence[str], width: int) -> list[str]:
    """Names of at most so many columns each.

    Those that would be the same lose what all of them begin with, or else their middle.
    """
    short = [cut(name, width) for name in names]
    same = {name for name, count in Counter(short).items() if count > 1}
    for which in same:
        places = [k for k, name in enumerate(short) if name == which]
        alike = [names[k] for k in places]
        prefix = _begin_alike(alike)
        ends = [f"…{name[prefix:]}" for name in alike]
        if max(map(len, ends)) > width:
            ends = [without_middle(name, width) for name in alike]
        elif spare := width - max(map(len, ends)):
            # as much of the beginning as there is room for
            ends = [f"{name[:spare]}…{name[prefix:]}" for name in alike]
        for place, name in zip(places, ends, strict=True):
            short[place] = name
    return short


def _begin_alike(names: Sequence[str]) -> int:
    """Characters that all begin with; each has one more."""
    for place, characters in enumerate(zip(*names, strict=False)):
        if len(set(characters)) > 1:
            return place
    return min(map(len, names)) - 1


def without_middle(name: str, width: int) -> str:
    """A name in at most so many columns: its beginning and its end tell it from others."""
    end = (width - 1) // 2
    return name if len(name) <= width else f"{name[: width - 1 - end]}…{name[len(name) - end :]}"
