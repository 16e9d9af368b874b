"""Shows control characters and invisible characters as visible ones.

No upstream issue known. Textual 8.2.8 writes control characters of a text to the terminal.
"""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from tuiprop.escaping import in_cells

_FIRST_OF_FRAME, _LAST_OF_FRAME = "\u2500", "\u259f"
"""The box-drawing and block characters with which Textual draws borders."""


class HiddenShown(LineFilter):
    """Shows each hidden character as one visible cell, without changing the length of a line.

    Rich counts these characters as zero cells, and pads the line to its width: the added cells
    are taken from that padding at the end of the line, but not from its border.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments, unchanged if no character in them is hidden."""
        if "".join([segment.text for segment in segments]).isprintable():
            return segments
        shown = [Segment(in_cells(text), style) for text, style, _ in segments]
        border = shown[-1:] if _is_border(shown[-1].text) else []
        room = _cells(segments) - _cells(border)
        return Segment.adjust_line_length(shown[: len(shown) - len(border)], room) + border


HIDDEN_SHOWN = HiddenShown()


def _cells(segments: Sequence[Segment]) -> int:
    return sum(cell_len(text) for text, _, _ in segments)


def _is_border(text: str) -> bool:
    return len(text) == 1 and _FIRST_OF_FRAME <= text <= _LAST_OF_FRAME
