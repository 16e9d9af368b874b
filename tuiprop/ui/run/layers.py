"""The Layers panel: for every layer the shapes of its eight arrays, and one of them chosen."""

from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tuiprop.ui import keys
from tuiprop.ui.drawing.line import Grounded
from tuiprop.ui.drawing.numbers import within
from tuiprop.ui.drawing.scrolling import first_in_sight
from tuiprop.ui.theme import Palette, cursor_style
from tuiprop.ui.verify.words import verdict_style
from tuiprop.update.arrays import SYMBOLS, ArrayRef

NORMS, PROOF = 18, 11
"""Columns of both norms, and of the proof with a gap before it."""
WIDE = 100
"""Columns of a screen from which on shapes stand closer to make room for these."""
FORWARD = SYMBOLS.index("da")
"""The number of arrays of the forward pass, which come first."""


@dataclass(frozen=True)
class LayerRow:
    """What is shown of one layer."""

    units: int
    activation: str
    shapes: tuple[tuple[int, int] | None, ...]
    """Of each of `SYMBOLS`; None where the layer has no such array."""
    norm_W: float | None
    norm_dW: float | None
    proof: str = ""
    """What was proved: ✓ 3e-10, ✗ dW[2], or why it is unchecked; empty: nothing yet."""


@dataclass(frozen=True)
class Marks:
    """The arrays that stand out."""

    now: ArrayRef | None = None
    reads: frozenset[ArrayRef] = frozenset()
    unmade: frozenset[ArrayRef] = frozenset()
    made_nothing: bool = False
    """Whether nothing has been computed yet: the parameters and the inputs are there."""

    def is_made(self, array: ArrayRef) -> bool:
        """Whether the array has its numbers."""
        return array.is_given if self.made_nothing else array not in self.unmade


class LayersPanel(Grounded, can_focus=True):
    """A table of shapes. Arrows choose an array, Enter goes to it."""

    DEFAULT_CSS = """
    LayersPanel { height: auto; border: round $border; border-title-color: $foreground;
                  border-subtitle-color: $dim; }
    LayersPanel:focus { border: round $foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = keys.LAYERS.bindings

    names: reactive[bool] = reactive(False)
    """Names of sizes instead of numbers."""

    @dataclass
    class Chosen(Message):
        """Another array was chosen."""

        array: ArrayRef

    class Entered(Message):
        """The chosen array is to be looked at."""

    def __init__(self, palette: Palette, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.palette = palette
        self.rows: list[LayerRow] = []
        self.marks = Marks(made_nothing=True)
        self.array = ArrayRef("W", 1)
        self._first = 0

    def show(self, rows: list[LayerRow], marks: Marks) -> None:
        """Paint these layers, where they differ from those on the screen."""
        if rows != self.rows or marks != self.marks:
            taller = len(rows) != len(self.rows)
            self.rows, self.marks = rows, marks
            if self.array.layer >= len(rows):
                self.array = ArrayRef("W", 1)
            self.refresh(layout=taller)

    def choose(self, array: ArrayRef) -> None:
        """Choose an array that exists."""
        self.array = array
        self.refresh()
        self.post_message(self.Chosen(array))

    def action_move(self, rows: int, columns: int) -> None:
        """To the nearest array in a direction."""
        layer = max(0, min(len(self.rows) - 1, self.array.layer + rows))
        if layer >= len(self.rows):  # there is no network yet
            return
        shapes = self.rows[layer].shapes
        there = [i for i, shape in enumerate(shapes) if shape is not None]
        wanted = SYMBOLS.index(self.array.symbol) + columns
        column = min(there, key=lambda i: abs(i - wanted))
        array = ArrayRef(SYMBOLS[column], layer)
        if array != self.array:
            self.choose(array)

    def action_enter(self) -> None:
        """Look at the chosen array."""
        self.post_message(self.Entered())

    def on_click(self, event: Click) -> None:
        """Choose the array under the mouse."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y < 1:
            return
        layer = self._first + offset.y - 1
        if layer >= len(self.rows):
            return
        for column, (start, stop) in enumerate(self._places()):
            if start <= offset.x < stop and self.rows[layer].shapes[column] is not None:
                self.choose(ArrayRef(SYMBOLS[column], layer))

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """The head and a line for each layer, the input included."""
        return 1 + max(2, len(self.rows))

    def _cell(self, row: LayerRow, l: int, column: int) -> str:
        shape = row.shapes[column]
        if shape is None:
            return ""
        array = ArrayRef(SYMBOLS[column], l)
        text = array.shape_name if self.names else f"({shape[0]},{shape[1]})"
        return text if self.marks.is_made(array) else f"…{text}"

    def _widths(self, room: int) -> list[int]:
        """Of each column of shapes, with a bracket's room on both sides, or one for two."""
        longest = [
            max([len(self._cell(row, l, i)) for l, row in enumerate(self.rows)] + [2])
            for i in range(len(SYMBOLS))
        ]
        extras = NORMS + PROOF if self.size.width >= WIDE - 2 else 0
        gap = 2 if sum(longest) + 2 * len(SYMBOLS) + extras <= room else 1
        return [length + gap for length in longest]

    def _head_width(self) -> tuple[int, int]:
        """Of l with units, and of g."""
        units = 8 if self.size.width >= 100 else 0
        return 3 + units, max([len(row.activation) for row in self.rows] + [1]) + 1

    def _places(self) -> list[tuple[int, int]]:
        """Where each column of shapes starts and stops; those that do not fit are cut left."""
        x = sum(self._head_width())
        room = self.size.width - x - 4
        widths = self._widths(room)
        skipped = 0
        chosen = SYMBOLS.index(self.array.symbol)
        while sum(widths[skipped : chosen + 1]) > room and skipped < chosen:
            skipped += 1
        places = [(0, 0)] * skipped
        for i in range(skipped, len(SYMBOLS)):
            if i == FORWARD:
                x += 3
            stop = x + widths[i]
            fits = stop < self.size.width
            places.append((x, stop) if fits else (0, 0))
            x = stop if fits else self.size.width + 1
        return places

    def _extras(self, x: int) -> tuple[int, int]:
        """Where the norms begin and where the proof does, each 0 where it has no room.

        Args:
            x: where the shapes end; 2 where some of them do not fit.
        """
        room = self.size.width - x if x > 2 else 0
        if room >= NORMS + PROOF:
            return x, x + NORMS + 2
        return (0, x + 2) if room >= PROOF else (0, 0)

    def render_line(self, y: int) -> Strip:
        """The head, or a layer."""
        return self._line(y).apply_style(self.ground)

    def _line(self, y: int) -> Strip:
        height = self.size.height
        lines = height - 1
        self._first = first_in_sight(self._first, self.array.layer, lines, len(self.rows))
        dim, plain = Style(color=self.palette.dim), Style(color=self.palette.text)
        places = self._places()
        head_l, _ = self._head_width()
        canvas = _Canvas(self.size.width)
        l = self._first + y - 1
        bar = next((places[i][0] - 2 for i in range(FORWARD, len(SYMBOLS)) if places[i][1]), 0)
        if bar > 0 and places[FORWARD - 1][1]:
            canvas.put(bar, "│", Style(color=self.palette.border))
        norms_at, proof_at = self._extras(places[-1][1] + 2)
        if y == 0:
            canvas.put(1, "l", dim)
            if head_l > 3:
                canvas.put(4, "units", dim)
            canvas.put(head_l, "g", dim)
            for symbol, (_, stop) in zip(SYMBOLS, places, strict=True):
                if stop:
                    canvas.put_right(stop, symbol, plain + Style(bold=True))
            if not places[-1][1]:
                canvas.put_right(self.size.width, "→", dim)
            if norms_at:
                canvas.put_right(norms_at + 8, "‖W‖", dim)
                canvas.put_right(norms_at + NORMS, "‖dW‖", dim)
            if proof_at:
                canvas.put(proof_at, "proof", dim)
            return canvas.strip()
        if not 0 <= l < len(self.rows):
            return canvas.strip()
        row = self.rows[l]
        canvas.put(1, str(l), plain)
        if head_l > 3:
            canvas.put(4, str(row.units), plain)
        canvas.put(
            head_l, row.activation, Style(color=self.palette.name_of_g if l else self.palette.dim)
        )
        for i, (_, stop) in enumerate(places):
            text = self._cell(row, l, i)
            if not (stop and text):
                continue
            array = ArrayRef(SYMBOLS[i], l)
            if array == self.marks.now:
                style = Style(color=self.palette.background, bgcolor=self.palette.now, bold=True)
                canvas.put_right(stop + 1, f"▶{text}◀", style)
            elif array == self.array:
                style = cursor_style(self.palette)
                canvas.put_right(stop + 1, f"[{text}]", style)
            elif array in self.marks.reads:
                canvas.put_right(stop + 1, f"‹{text}›", plain + Style(bold=True))
            else:
                canvas.put_right(stop, text, dim if text[0] == "…" else plain)
        if norms_at and l:
            canvas.put_right(norms_at + 8, within(row.norm_W, 8), plain)
            canvas.put_right(norms_at + NORMS, within(row.norm_dW, 8), plain)
        if proof_at:
            text = row.proof
            if len(text) > self.size.width - proof_at:
                text = f"{text.split(',')[0]} …" if text.startswith("✗") else "unchecked"
            canvas.put(proof_at, text, verdict_style(text, self.palette))
        return canvas.strip()


class _Canvas:
    """One line that text is put on."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._cells: list[tuple[str, Style | None]] = [(" ", None)] * width

    def put(self, x: int, text: str, style: Style) -> None:
        """Text from column x on."""
        for i, character in enumerate(text, start=x):
            if 0 <= i < self._width:
                self._cells[i] = character, style

    def put_right(self, stop: int, text: str, style: Style) -> None:
        """Text that ends before column `stop`."""
        self.put(stop - len(text), text, style)

    def strip(self) -> Strip:
        """The line."""
        segments: list[Segment] = []
        for character, style in self._cells:
            if segments and segments[-1].style is style:
                segments[-1] = Segment(segments[-1].text + character, style)
            else:
                segments.append(Segment(character, style))
        return Strip(segments, self._width)
