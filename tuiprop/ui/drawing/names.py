"""Shortens names so that neighbours remain distinct."""

from collections import Counter
from collections.abc import Sequence


def cut(name: str, width: int) -> str:
    """Return the beginning of a name that fits, with … where it was cut."""
    return name if len(name) <= width else f"{name[: max(0, width - 1)]}…"


def told_apart(names: Sequence[str], width: int) -> list[str]:
    """Shorten names to at most `width` columns each.

    Names that would become equal lose their common beginning, or else their middle.
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
            # as much of the beginning as fits
            ends = [f"{name[:spare]}…{name[prefix:]}" for name in alike]
        for place, name in zip(places, ends, strict=True):
            short[place] = name
    return short


def _begin_alike(names: Sequence[str]) -> int:
    """Return the length of the common beginning; each name is longer by one or more."""
    for place, characters in enumerate(zip(*names, strict=False)):
        if len(set(characters)) > 1:
            return place
    return min(map(len, names)) - 1


def without_middle(name: str, width: int) -> str:
    """Shorten a name to at most `width` columns by removing its middle."""
    end = (width - 1) // 2
    return name if len(name) <= width else f"{name[: width - 1 - end]}…{name[len(name) - end :]}"
