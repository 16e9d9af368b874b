"""Where to go and where to write, as users type it."""

import os
import re
from pathlib import Path

from tuiprop.protocol.messages.moving import Seek
from tuiprop.protocol.messages.payloads import BranchNote, KeptRun
from tuiprop.protocol.messages.views import Branches
from tuiprop.storage.state_folder import SUFFIX as CHECKPOINT

__all__ = [
    "CHECKPOINT",
    "PLACES",
    "branch_words",
    "differing_words",
    "kept_words",
    "parse_place",
    "typed_path",
]

PLACES = (
    "an epoch (47), epochs on or back (+10, -2), an update (u187), start, newest, best "
    "(least J validation), end (of the epochs set), a branch (branch 1)"
)
"""What may be typed, in words."""

MOST_BRANCHES = 8
"""Branches that are listed."""


def typed_path(text: str) -> str:
    """Expand a path that was typed: ~ is the home folder, and ~NAME that of a user.

    Args:
        text: the path, with blanks around it.

    Returns:
        The path; as it was typed where there is no such user.
    """
    path = str(Path(text.strip()))
    try:
        return os.path.expanduser(path)  # noqa: PTH111 - that of Path raises where no user is found
    except ValueError:  # a NUL in the name of the user
        return path


_NUMBERED = (
    (re.compile(r"(?:e|epoch)?\s*(\d{1,12})"), "epoch"),
    (re.compile(r"([+-]\s*\d{1,12})"), "ahead"),
    (re.compile(r"(?:u|update)\s*(\d{1,12})"), "update"),
    (re.compile(r"(?:br|branch)\s*(\d{1,12})"), "branch"),
)
_NAMED = {
    "start": Seek(update=0),
    "newest": Seek(place="newest"),
    "best": Seek(place="best"),
    "end": Seek(place="end"),
}


def branch_words(view: Branches) -> str:
    """List the branches that one can go to, the newest first; nothing where there is one."""
    if len(view.branches) < 2:
        return ""
    newest = view.branches[::-1][:MOST_BRANCHES]
    lines = [_branch_line(branch, here=branch.number == view.current) for branch in newest]
    if len(newest) < len(view.branches):
        lines.append(f"and {len(view.branches) - len(newest)} older ones")
    return "\n".join(lines)


def _branch_line(branch: BranchNote, *, here: bool) -> str:
    """Branch 2: left 1 after update 40, reaches 90 (here). It is to fit one line of the dialog."""
    left = "" if branch.parent is None else f"left {branch.parent} after update {branch.fork}, "
    return f"branch {branch.number}: {left}reaches {branch.reached}{' (here)' * here}"


def parse_place(text: str) -> Seek | str:
    """The place that is meant, or a sentence on what is allowed."""
    text = text.strip().lower()
    if text in _NAMED:
        return _NAMED[text]
    for pattern, name in _NUMBERED:
        if match := pattern.fullmatch(text):
            number = int(match[1].replace(" ", ""))
            return Seek(**{name: number})  # type: ignore[arg-type]
    return (
        f"found {text[:40] or 'nothing'}, "
        "allowed: 47, +10, -2, u187, start, newest, best, end, branch 1"
    )


MOST_DIFFERENCES = 3
"""Differences that are listed."""

_SPANS = ((86400, "day"), (3600, "hour"), (60, "minute"))


def kept_words(kept: KeptRun) -> str:
    """What a run that was kept is."""
    ago = "just now"
    for seconds, name in _SPANS:
        if count := int(kept.age // seconds):
            ago = f"{count} {name}{'s' * (count > 1)} ago"
            break
    return (
        f"{kept.source} was left at update {kept.update:,}, "
        f"epoch {kept.epoch} of {kept.epochs}, {ago}."
    )


def differing_words(kept: KeptRun) -> str:
    """Where the experiment file that was named says something else than a kept run."""
    lines = [
        f"{each.key}: the file has {each.file}, the run {each.run}"
        for each in kept.differing[:MOST_DIFFERENCES]
    ]
    if len(lines) < len(kept.differing):
        lines.append(f"and {len(kept.differing) - len(lines)} more")
    return "\n".join(lines)
