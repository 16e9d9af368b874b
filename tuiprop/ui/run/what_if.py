"""The what-if panel: a changed number, J before and after, and the arrays that change."""

from textual.content import Content

from tuiprop.protocol.messages.what_if import Pair, WhatIf, WhatIfChange
from tuiprop.ui.drawing.numbers import exact, short, whole
from tuiprop.ui.run.operation import Told

MOST_LINES = 6
"""The most lines of text, the number and J first; the matrix must stay visible."""


class WhatIfPanel(Told):
    """The consequences of a number that is tried."""

    DEFAULT_CSS = """
    WhatIfPanel { height: 8; background: $background; padding: 0 1; border: double $foreground;
                  border-title-color: $foreground; border-subtitle-color: $foreground; }
    """

    def tell(self, what_if: WhatIf, room: int) -> None:
        """Show a what-if in at most `room` lines, border included."""
        self.border_title = "[b]What if[/b]"
        keys = "Enter: keep as a branch  Escape: revert  + -: adjust  c: other value"
        self.border_subtitle = whole(Content(keys), self.size.width - 2)
        most = max(1, min(MOST_LINES, room - 2))
        dim, bold = "$dim", "bold $foreground"
        cell = Content.assemble(
            (what_if.name, bold),
            f"  {exact(what_if.before)} ",
            ("→ ", dim),
            (exact(what_if.after), bold),
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
    """Return the cell of an array that changes most, and how many cells change."""
    array = str(change.array)
    return Content.assemble(
        (array, "bold $foreground"),
        (f"{change.name.removeprefix(array)} ", "$dim"),
        (f"{short(change.before)} → {short(change.after)}", "$foreground"),
        (f" ({change.changed} of {change.size})", "$dim"),
    )


def _fits(items: list[Content], width: int, lines: int) -> bool:
    return len(_flowed(items, width)) <= lines


def _flowed(items: list[Content], width: int) -> list[Content]:
    """Put items side by side, as many in a line as fit."""
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
