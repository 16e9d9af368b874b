"""The Layers panel: the shapes of the eight arrays of every layer, one of them selected."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from textual.binding import BindingType
from textual.geometry import Offset
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tuiprop.protocol.messages.base import Query
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.moving import Position, PositionQuery
from tuiprop.protocol.messages.operation import CurrentOperation, CurrentOperationQuery
from tuiprop.protocol.messages.proof import Proof, ProofQuery
from tuiprop.protocol.messages.training import Layers, LayersQuery
from tuiprop.ui import keys
from tuiprop.ui.drawing.canvas import Canvas
from tuiprop.ui.drawing.grid import CursorGrid
from tuiprop.ui.drawing.line import CURSOR
from tuiprop.ui.drawing.numbers import within
from tuiprop.ui.link import Link
from tuiprop.ui.verify.words import verdict_style
from tuiprop.update.arrays import SYMBOLS, ArrayRef

NORMS, PROOF = 18, 11
"""Columns of both norms; columns of the proof with the gap before it."""
WIDE = 100
"""Columns of the screen from which shapes move together to make room for these."""
FORWARD = SYMBOLS.index("da")
"""The number of arrays of the forward pass, which come first."""


@dataclass(frozen=True)
class LayerRow:
    """One row of the panel: a layer."""

    units: int
    activation: str
    shapes: tuple[tuple[int, int] | None, ...]
    """The shape of each of `SYMBOLS`; None where the layer has no such array."""
    norm_W: float | None
    norm_dW: float | None
    proof: str = ""
    """The verdict: ✓ 3e-10, ✗ dW[2], or why it is unchecked; "" before the first proof."""


@dataclass(frozen=True)
class Marks:
    """The arrays that are marked."""

    now: ArrayRef | None = None
    reads: frozenset[ArrayRef] = frozenset()
    uncomputed: frozenset[ArrayRef] = frozenset()
    nothing_computed: bool = False
    """True before the first operation: only the parameters and the inputs have values."""

    def is_computed(self, array: ArrayRef) -> bool:
        """Return True if the array has values."""
        return array.is_given if self.nothing_computed else array not in self.uncomputed


class LayersPanel(CursorGrid):
    """A table of shapes. Arrows select an array, Enter goes to it."""

    DEFAULT_CSS = """
    LayersPanel { height: auto; padding: 0; scrollbar-gutter: auto; border-subtitle-color: $dim; }
    """
    BINDINGS: ClassVar[list[BindingType]] = keys.LAYERS.bindings

    QUERIES: ClassVar[tuple[Query[Any], ...]] = (
        PositionQuery(),
        CurrentOperationQuery(),
        LayersQuery(),
        ProofQuery(),
    )
    """The views that it shows."""

    names: reactive[bool] = reactive(False)
    """True to show the names of the sizes instead of numbers."""

    class Entered(Message):
        """The user goes to the selected array."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.border_title = "[b]Layers[/b]"
        self.layer_rows: list[LayerRow] = []
        self.marks = Marks(nothing_computed=True)
        self.mark(ArrayRef("W", 1))
        self._version = 0
        self._placed: tuple[object, list[tuple[int, int]]] = (None, [])

    @property
    def array(self) -> ArrayRef:
        """The selected array."""
        return ArrayRef(SYMBOLS[self.column], self.row)

    def show(self, layers: list[LayerRow], marks: Marks) -> None:
        """Paint these layers, if they differ from those on the screen."""
        if layers != self.layer_rows or marks != self.marks:
            self.layer_rows, self.marks = layers, marks
            self._version += 1
            if self.row >= len(layers):
                self.mark(ArrayRef("W", 1))
            self.resize_to(len(layers), len(SYMBOLS))

    def tell(self, frame: Frame, link: Link, *, compact: bool) -> None:
        """Show the layers of a frame.

        Args:
            frame: the newest frame.
            link: knows the network.
            compact: True if the subtitle leaves room for the cost.
        """
        assert link.outline is not None
        current, examples = frame[CurrentOperation], frame[Position].examples
        columns = f"one column per example, m = {examples}"
        if self.is_on_screen:
            if current.operation:
                self.border_subtitle = "▶ computed now  ‹ › its inputs  … not yet"
            elif not current.computed:
                self.border_subtitle = f"… not computed yet   {columns}"
            elif not compact:
                self.border_subtitle = columns
        self.show(_rows(frame, link.outline.sizes, link.activations), _marks_of(current))

    def summarise(self, frame: Frame, cost: Callable[[int], str]) -> None:
        """Show the cost in the subtitle, unless that explains the marks of arrays.

        Args:
            frame: the newest frame.
            cost: writes the cost in a number of columns.
        """
        current = frame[CurrentOperation]
        if self.is_on_screen and current.computed and not current.operation:
            line = cost(min(44, self.screen.size.width // 2))
            self.border_subtitle = f"{line}  m = {frame[Position].examples}"

    def mark(self, array: ArrayRef) -> None:
        """Put the cursor on an array without a message."""
        self.row, self.column = array.layer, SYMBOLS.index(array.symbol)
        self._reveal()
        self.redraw()

    def choose(self, array: ArrayRef) -> None:
        """Select an array that exists."""
        self.mark(array)
        self.post_message(self.Moved(self))

    def _nearest(self, row: int, column: int) -> tuple[int, int]:
        """Return the existing array of a layer that is closest to a column."""
        row, column = super()._nearest(row, column)
        if not self.layer_rows:
            return row, column
        there = [i for i, shape in enumerate(self.layer_rows[row].shapes) if shape is not None]
        return row, min(there, key=lambda i: abs(i - column))

    def action_enter(self) -> None:
        """Go to the selected array."""
        self.post_message(self.Entered())

    def cell_at(self, offset: Offset) -> tuple[int, int] | None:
        """Return the array at a place of the screen, or None."""
        row = self.top + offset.y - self.head
        if offset.y < self.head or row >= self.rows:
            return None
        columns = (i for i, (start, stop) in enumerate(self._places()) if start <= offset.x < stop)
        column = next(columns, None)
        is_there = column is not None and self.layer_rows[row].shapes[column] is not None
        return (row, column) if column is not None and is_there else None

    def click_on(self, row: int, column: int) -> None:
        """Select the array under the mouse."""
        self.choose(ArrayRef(SYMBOLS[column], row))

    def redraw_rows(self, *rows: int) -> None:
        """Redraw some rows, or all where the visible columns may have changed."""
        if all(stop for _, stop in self._places()):
            super().redraw_rows(*rows)
        else:
            self.redraw()

    def watch_names(self) -> None:
        """Redraw the shapes."""
        self.redraw()

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Return the lines of the head and of all layers, the input included."""
        return self.head + max(2, len(self.layer_rows))

    def _cell(self, row: LayerRow, l: int, column: int) -> str:
        shape = row.shapes[column]
        if shape is None:
            return ""
        array = ArrayRef(SYMBOLS[column], l)
        text = array.shape_name if self.names else f"({shape[0]},{shape[1]})"
        return text if self.marks.is_computed(array) else f"…{text}"

    def _widths(self, room: int) -> list[int]:
        """Return the width of each column of shapes, with one or two columns for brackets."""
        longest = [
            max([len(self._cell(row, l, i)) for l, row in enumerate(self.layer_rows)] + [2])
            for i in range(len(SYMBOLS))
        ]
        extras = NORMS + PROOF if self.area.width >= WIDE - 2 else 0
        gap = 2 if sum(longest) + 2 * len(SYMBOLS) + extras <= room else 1
        return [length + gap for length in longest]

    def _head_width(self) -> tuple[int, int]:
        """Return the widths of l with its units, and of g."""
        units = 8 if self.area.width >= 100 else 0
        return 3 + units, max([len(row.activation) for row in self.layer_rows] + [1]) + 1

    def _places(self) -> list[tuple[int, int]]:
        """Return where each column of shapes starts and stops; (0, 0) if it does not fit."""
        state = self.area.width, self.column, self.names, self._version
        if self._placed[0] != state:
            self._placed = state, self._placed_anew()
        return self._placed[1]

    def _placed_anew(self) -> list[tuple[int, int]]:
        x, width = sum(self._head_width()), self.area.width
        room = width - x - 4
        widths = self._widths(room)
        skipped = 0
        while sum(widths[skipped : self.column + 1]) > room and skipped < self.column:
            skipped += 1
        places = [(0, 0)] * skipped
        for i in range(skipped, len(SYMBOLS)):
            if i == FORWARD:
                x += 3
            stop = x + widths[i]
            fits = stop < width
            places.append((x, stop) if fits else (0, 0))
            x = stop if fits else width + 1
        return places

    def _extras(self, x: int) -> tuple[int, int]:
        """Return where the norms and the proof begin; 0 for each that does not fit.

        Args:
            x: where the shapes end; 2 if some of them do not fit.
        """
        room = self.area.width - x if x > 2 else 0
        if room >= NORMS + PROOF:
            return x, x + NORMS + 2
        return (0, x + 2) if room >= PROOF else (0, 0)

    def _canvas(self) -> Canvas:
        """Return a line with only the bar between the forward and the backward pass."""
        canvas, places = Canvas(self.area.width), self._places()
        bar = next((start - 2 for start, stop in places[FORWARD:] if stop), 0)
        if bar > 0 and places[FORWARD - 1][1]:
            canvas.put(bar, "│", self.ink("$border"))
        return canvas

    def draw_head(self, y: int) -> Strip:
        """Draw the symbols of the arrays."""
        canvas, places, dim = self._canvas(), self._places(), self.ink("$dim")
        head_l, _ = self._head_width()
        norms_at, proof_at = self._extras(places[-1][1] + 2)
        canvas.put(1, "l", dim)
        if head_l > 3:
            canvas.put(4, "units", dim)
        canvas.put(head_l, "g", dim)
        for symbol, (_, stop) in zip(SYMBOLS, places, strict=True):
            if stop:
                canvas.put_right(stop, symbol, self.ink("bold $foreground"))
        if not places[-1][1]:
            canvas.put_right(self.area.width, "→", dim)
        if norms_at:
            canvas.put_right(norms_at + 8, "‖W‖", dim)
            canvas.put_right(norms_at + NORMS, "‖dW‖", dim)
        if proof_at:
            canvas.put(proof_at, "proof", dim)
        return canvas.strip().apply_style(self.ground)

    def draw_row(self, row: int, y: int) -> Strip:
        """Draw a layer."""
        canvas = self._canvas()
        if row < self.rows:
            self._draw_layer(canvas, row, self.layer_rows[row])
        return canvas.strip().apply_style(self.ground)

    def _draw_layer(self, canvas: Canvas, l: int, layer: LayerRow) -> None:
        dim, plain, places = self.ink("$dim"), self.ink("$foreground"), self._places()
        head_l, _ = self._head_width()
        canvas.put(1, str(l), plain)
        if head_l > 3:
            canvas.put(4, str(layer.units), plain)
        canvas.put(head_l, layer.activation, self.ink("$function") if l else dim)
        for i, (_, stop) in enumerate(places):
            text = self._cell(layer, l, i)
            if not (stop and text):
                continue
            array = ArrayRef(SYMBOLS[i], l)
            if array == self.marks.now:
                canvas.put_right(stop + 1, f"▶{text}◀", self.ink("bold $background on $now"))
            elif (l, i) == (self.row, self.column):
                canvas.put_right(stop + 1, f"[{text}]", self.ink(CURSOR))
            elif array in self.marks.reads:
                canvas.put_right(stop + 1, f"‹{text}›", self.ink("bold $foreground"))
            else:
                canvas.put_right(stop, text, dim if text[0] == "…" else plain)
        norms_at, proof_at = self._extras(places[-1][1] + 2)
        if norms_at and l:
            canvas.put_right(norms_at + 8, within(layer.norm_W, 8), plain)
            canvas.put_right(norms_at + NORMS, within(layer.norm_dW, 8), plain)
        if proof_at:
            text = layer.proof
            if len(text) > self.area.width - proof_at:
                text = f"{text.split(',')[0]} …" if text.startswith("✗") else "unchecked"
            canvas.put(proof_at, text, self.ink(verdict_style(text)))


def _rows(frame: Frame, sizes: list[int], activations: list[str]) -> list[LayerRow]:
    """Return the rows of the panel, the input first."""
    norms, note = frame[Layers].norms, frame[Proof].note
    shapes = _shapes(tuple(sizes), frame[Position].examples)
    names = ["input", *activations]
    return [
        LayerRow(
            units,
            names[l],
            shapes[l],
            norms[l - 1].W if l else None,
            norms[l - 1].dW if l else None,
            note.layers[l - 1] if l and note and note.finished else "",
        )
        for l, units in enumerate(sizes)
    ]


def _marks_of(current: CurrentOperation) -> Marks:
    """Return the newest result, its inputs, and the arrays not computed yet."""
    now = current.operation
    if now is not None:
        reads = frozenset(operand.array for operand in now.operands)
        return Marks(now.result, reads, frozenset(current.uncomputed))
    return Marks(nothing_computed=not current.computed)


@lru_cache(maxsize=2)
def _shapes(sizes: tuple[int, ...], m: int) -> list[tuple[tuple[int, int] | None, ...]]:
    """Return the shape of each of `SYMBOLS` for each layer; None for arrays that do not exist."""
    L = len(sizes) - 1
    layers = ([ArrayRef(symbol, l) for symbol in SYMBOLS] for l in range(L + 1))
    return [
        tuple(array.shape(sizes, m) if array.exists(L) else None for array in arrays)
        for arrays in layers
    ]
