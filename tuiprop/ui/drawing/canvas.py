"""A line of characters that is written in any order."""

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip


class Canvas:
    """A line of characters with styles."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._cells: list[tuple[str, Style | None]] = [(" ", None)] * width

    def put(self, x: int, text: str, style: Style) -> None:
        """Write text from column x on."""
        for i, character in enumerate(text, start=x):
            if 0 <= i < self._width:
                self._cells[i] = character, style

    def put_right(self, stop: int, text: str, style: Style) -> None:
        """Write text that ends before column `stop`."""
        self.put(stop - len(text), text, style)

    def strip(self) -> Strip:
        """Return the line as segments."""
        segments: list[Segment] = []
        for character, style in self._cells:
            if segments and segments[-1].style is style:
                segments[-1] = Segment(segments[-1].text + character, style)
            else:
                segments.append(Segment(character, style))
        return Strip(segments, self._width)
