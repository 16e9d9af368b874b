"""Reads numbers back from the panels as they are on the screen."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import isfinite

from textual.pilot import Pilot
from textual.widget import Widget

from tuiprop.ui.run.matrix import MatrixView
from tuiprop.ui.run.provenance import SourcePanel

_MARK = re.compile(r"e-?\d+$")


@dataclass(frozen=True)
class Shown:
    """A number as it is written, its power of ten beside it included."""

    written: str
    exponent: int

    def is_of(self, value: float) -> bool:
        """It is this number to its last digit."""
        if not isfinite(value):
            return self.written in (str(value), {"inf": "∞", "-inf": "-∞"}.get(str(value)))
        number = Decimal(self.written)
        last = number.as_tuple().exponent
        if not isinstance(last, int):
            return False
        off = abs(number.scaleb(self.exponent) - Decimal(value))
        return off <= Decimal("0.5000001") * Decimal(10) ** (last + self.exponent)


@dataclass(frozen=True)
class ShownMatrix:
    """The numbers of a matrix on the screen."""

    columns: int
    rows: list[list[Shown]]
    exponent: int


def screen_lines(pilot: Pilot[int]) -> list[str]:
    """The screen as text."""
    return [strip.text for strip in pilot.app.screen._compositor.render_strips()]


async def still(pilot: Pilot[int]) -> None:
    """Wait until the screen stays as it is."""
    same, last = 0, [""]
    while same < 2:
        await pilot.pause()
        await asyncio.sleep(0.02)
        lines = screen_lines(pilot)
        same, last = (same + 1 if lines == last else 0), lines


def panel_lines(pilot: Pilot[int], panel: Widget) -> list[str]:
    """The lines within the frame of a panel, as they are on the screen."""
    region = panel.scrollable_content_region
    lines = screen_lines(pilot)[region.y : region.bottom]
    return [line[region.x : region.right] for line in lines]


def matrix_on(pilot: Pilot[int], view: MatrixView) -> ShownMatrix:
    """The numbers of a matrix as they are read."""
    assert view.matrix is not None
    head, *lines = panel_lines(pilot, view)
    names = head.split()
    mark = names[0] if head[:1] == "e" and _MARK.match(names[0]) else ""
    columns = len(names) - bool(mark)
    exponent = int(mark[1:] or 0)
    rows = []
    for line, name in zip(lines, view.matrix.row_names, strict=False):
        tokens = re.sub(r"[\[\]]", " ", line).split()
        numbers = tokens[1:] if name else tokens
        assert len(numbers) == columns, line
        rows.append([Shown(each, exponent) for each in numbers])
    return ShownMatrix(columns, rows, exponent)


def terms_on(pilot: Pilot[int], panel: SourcePanel) -> Iterator[tuple[list[str], Shown]]:
    """The lines of terms and of their sum: the words before the number, and the number."""
    lines = iter(panel_lines(pilot, panel))
    head = next((line.split() for line in lines if re.search(r"\bterm\b|\be-?\d+\s*$", line)), [])
    exponent = int(head[-1][1:]) if head and _MARK.match(head[-1]) else 0
    for line in lines:
        tokens = re.sub(r"[\[\]█▒]+(?=\s|$)", " ", line).split()
        if not {"✓", "✗"} & set(tokens) and tokens and _is_number(tokens[-1]):
            yield tokens[:-1], Shown(tokens[-1], exponent)


def _is_number(text: str) -> bool:
    try:
        Decimal(text)
    except InvalidOperation:
        return False
    return True
