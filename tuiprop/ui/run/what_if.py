"""What if: the number that is another, J before and after, and what changes with it."""

from textual.content import Content

from tuiprop.protocol.messages.payloads import Pair, WhatIf, WhatIfChange
from tuiprop.ui.drawing.numbers import short, whole
from tuiprop.ui.run.operation import Told

MOST_LINES = 6
"""Lines of it, at most, the number and J first: the matrix is to be seen too."""


class WhatIfPanel(Told):
    """What follows from a number that is tried."""

    DEFAULT_CSS = """
    WhatIfPanel { height: 8; background: $background; padding: 0 1; border: double $foreground;
                  border-title-color: $foreground; border-subtitle-color: $foreground; }
    """

    def tell(self, what_if: WhatIf, room: int) -> None:
        """Show it in so many lines of the screen, the border included, if they are that many."""
        self.border_title = "[b]What if[/b]"
        keys = "Enter keeps it as a branch  Escape reverts  + - nudge  c another"
        self.border_subtitle = whole(Content(keys), self.size.width - 2)
        most = max(1, min(MOST_LINES, room - 2))
        dim, bold = "$dim", "bold $foreground"
        cell = Content.assemble(
            (what_if.name, bold),
            f"  {what_if.before!r} ",
            ("→ ", dim),
            (f"{what_if.after!r}", bold),
        )
        costs = [
            Content.assemble(("J ", dim), (f"{name} ", dim), (_pair(pair), bold))
            for name, pair in (
                ("batch", what_if.J_batch),
                ("training", what_if.J_training),
                ("validation", what_if.J_validation),
            )
            if pair[0] is not None
        ]
        changes = [_change(each) for each in what_if.changes if each.changed]
        width = max(20, self.size.width)
        lines = [cell, *_flowed(costs, width)]
        shown = _flowed(changes, width)
        if len(lines) + len(shown) > most:
            left = max(0, most - len(lines) - 1)
            kept = next(n for n in range(len(changes), -1, -1) if _fits(changes[:n], width, left))
            left_out = Content.styled(f"… and {len(changes) - kept} more arrays", dim)
            shown = [*_flowed(changes[:kept], width), left_out]
        lines += shown or [Content.styled("Nothing else changes.", dim)]
        self.show_all(lines[:most])


def _change(change: WhatIfChange) -> Content:
    """The number of an array that changes most, and how many of them change."""
    array = str(change.array)
    return Content.assemble(
        (array, "bold $foreground"),
        (f"{change.name.removeprefix(array)} ", "$dim"),
        (f"{short(change.before)} → {short(change.after)}", "$foreground"),
        (f" {change.changed}/{change.size}", "$dim"),
    )


def _fits(items: list[Content], width: int, lines: int) -> bool:
    return len(_flowed(items, width)) <= lines


def _flowed(items: list[Content], width: int) -> list[Content]:
    """Items side by side, as many in a line as fit."""
    lines: list[Content] = []
    for item in items:
        if lines and lines[-1].cell_length + 3 + item.cell_length <= width:
            lines[-1] = Content.assemble(lines[-1], "   ", item)
        else:
            lines.append(item)
    return lines


def _pair(pair: Pair) -> str:
    before, after = pair
    figures = 3
    while figures < 9 and before != after and short(before, figures) == short(after, figures):
        figures += 1
    return f"{short(before, figures)} → {short(after, figures)}"
