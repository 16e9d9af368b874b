"""Where to go and where to write, as users type it."""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """Where the run is, and what it could go to."""

    update: int
    per_epoch: int
    epochs: int
    newest: int
    """The end of the last epoch that has been walked."""


def typed_path(text: str) -> str:
    """A path as it is typed: ~ is the home folder, as in a shell."""
    return str(Path(text.strip()).expanduser())


_EPOCH = re.compile(r"(?:e|epoch)?\s*(\d+)")
_RELATIVE = re.compile(r"([+-])\s*(\d+)")
_UPDATE = re.compile(r"(?:u|update)\s*(\d+)")


def parse_place(text: str, here: Place) -> int | str:
    """The update that is meant, or a sentence on what is allowed."""
    text = text.strip().lower()
    named = {"start": 0, "newest": here.newest, "end": here.epochs * here.per_epoch}
    if text in named:
        return named[text]
    if match := _UPDATE.fullmatch(text):
        return int(match[1])
    if match := _RELATIVE.fullmatch(text):
        done = here.update // here.per_epoch
        epoch = done + int(match[1] + match[2])
        return max(0, epoch) * here.per_epoch
    if match := _EPOCH.fullmatch(text):
        return int(match[1]) * here.per_epoch
    return f"found {text or 'nothing'}, allowed: 47, +10, -2, u187, start, newest, end"
