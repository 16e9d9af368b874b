"""Places of a run, paths, and kept runs, as users type and read them."""

import os
import re
from pathlib import Path

from tuiprop.protocol.messages.moving import Seek
from tuiprop.protocol.messages.opening import KeptRun
from tuiprop.protocol.messages.training import Branches, BranchNote
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
    "epoch 47: 47 · epochs on or back: +10, -2 · update 187: u187 · start · newest · "
    "best (lowest validation loss) · end (of the last epoch) · branch 1"
)
"""The places that can be typed."""

MOST_BRANCHES = 8
"""The most branches that are listed."""


def typed_path(text: str) -> str:
    """Expand ~ and ~NAME, the home folder of a user, in a path that was typed.

    Args:
        text: the path, perhaps with spaces around it.

    Returns:
        The path, unchanged if there is no such user.
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
    """List the branches, the newest first; "" if there is only one."""
    if len(view.branches) < 2:
        return ""
    newest = view.branches[::-1][:MOST_BRANCHES]
    lines = [_branch_line(branch, here=branch.number == view.current) for branch in newest]
    if len(newest) < len(view.branches):
        lines.append(f"and {len(view.branches) - len(newest)} older ones")
    return "\n".join(lines)


def _branch_line(branch: BranchNote, *, here: bool) -> str:
    """Describe a branch in one line of the dialog."""
    fork = "" if branch.parent is None else f"from {branch.parent} at update {branch.fork}, "
    return f"branch {branch.number}: {fork}reaches {branch.reached}{' (here)' * here}"


def parse_place(text: str) -> Seek | str:
    """Return the place that a text names, or a sentence on what is allowed."""
    text = text.strip().lower()
    if text in _NAMED:
        return _NAMED[text]
    for pattern, name in _NUMBERED:
        if match := pattern.fullmatch(text):
            number = int(match[1].replace(" ", ""))
            return Seek(**{name: number})  # type: ignore[arg-type]
    return f"Enter 47, +10, -2, u187, start, newest, best, end or branch 1, not {text[:40]}."


MOST_DIFFERENCES = 3
"""The most differences that are listed."""

_SPANS = ((86400, "day"), (3600, "hour"), (60, "minute"))


def kept_words(kept: KeptRun) -> str:
    """Describe a kept run, and ask whether to resume it."""
    ago = "just now"
    for seconds, name in _SPANS:
        if count := int(kept.age // seconds):
            ago = f"{count} {name}{'s' * (count > 1)} ago"
            break
    return (
        f"Resume {kept.source} at update {kept.update:,}, "
        f"epoch {kept.epoch} of {kept.epochs} (saved {ago})?"
    )


def differing_words(kept: KeptRun) -> str:
    """List the settings in which the experiment file and a kept run differ."""
    lines = [
        f"{each.key}: {each.file} in the file, {each.run} in the run"
        for each in kept.differing[:MOST_DIFFERENCES]
    ]
    if len(lines) < len(kept.differing):
        lines.append(f"and {len(kept.differing) - len(lines)} more")
    return "\n".join(lines)
