"""A map over two inputs, with the examples on it and a cursor that reads it."""

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.events import Click, Resize
from textual.message import Message
from textual.strip import Strip

from tuiprop.protocol.messages.decision_map import DecisionMapQuery, MapNote, Mark
from tuiprop.ui import keys
from tuiprop.ui.drawing.line import CURSOR, LineWidget
from tuiprop.ui.drawing.numbers import short, whole
from tuiprop.ui.drawing.shading import (
    Cell,
    by_sign,
    half_block,
    line_of,
    of_class,
    on_ground,
    segments,
    textured,
)
from tuiprop.ui.theme import palette_of

FILLED, HOLLOW = ("●", "◆"), ("○", "◇")
"""Training, validation: of the second class or above the middle; of the first or below."""


class HeatMap(LineWidget, can_focus=True):
    """The output of the network at each place of the input plane."""

    DEFAULT_CSS = """
    HeatMap { border: round $border; border-title-color: $foreground;
              border-subtitle-color: $foreground; }
    HeatMap:focus { border: round $foreground; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"line--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = keys.MAP.bindings

    @dataclass
    class Changed(Message):
        """The user asks for another map."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.note: MapNote | None = None
        self.unit: tuple[int, int] | None = None
        """The layer and unit that is shown; None: the prediction."""
        self._names: list[str] = []
        self._cursor: tuple[int, int] | None = None
        self._marks: dict[tuple[int, int], Mark] = {}

    @property
    def cursor(self) -> tuple[int, int]:
        """Return the column and line of the cursor, which starts in the middle."""
        width, height = self.size
        column, line = self._cursor or (width // 2, height // 2)
        return max(0, min(column, width - 1)), max(0, min(line, height - 1))

    @property
    def wanted(self) -> DecisionMapQuery | None:
        """Return a request for the map that fits; None for an empty widget."""
        width, height = self.size
        if not width * height:
            return None
        return DecisionMapQuery(columns=width, lines=height, unit=self.unit, cursor=self.cursor)

    def show(self, note: MapNote) -> None:
        """Paint a map."""
        if note != self.note:
            self.note, self._names = note, note.classes
            ordered = sorted(note.marks, key=lambda mark: mark.held_out)
            self._marks = {(mark.column, mark.line): mark for mark in ordered}
            self._entitle(note)
            self.refresh()

    def on_resize(self, event: Resize) -> None:
        """Ask for a map of the new size."""
        self.post_message(self.Changed())

    def action_move(self, columns: int, lines: int) -> None:
        """Move the cursor."""
        column, line = self.cursor
        self._cursor = column + columns, line + lines
        self._cursor = self.cursor
        self.post_message(self.Changed())
        self.refresh()

    def action_whole(self) -> None:
        """Show the prediction instead of one unit."""
        self.unit = None
        self.post_message(self.Changed())

    def on_click(self, event: Click) -> None:
        """Move the cursor to the mouse."""
        offset = event.get_content_offset(self)
        if offset is not None:
            self._cursor = offset.x, offset.y
            self.action_move(0, 0)

    def _entitle(self, note: MapNote) -> None:
        """Name the quantity and its axes, and give the value under the cursor."""
        low, high = (f"{value:.3g}" for value in (note.lowest, note.highest))
        self.border_title = Content.assemble(
            (note.name, "b"),
            f" over {note.axes[0]}, {note.axes[1]}",
            (f"  {low} … {high} ", "$dim"),
        )
        outputs = ", ".join(short(value, 4) for value in note.outputs[:4])
        if note.name != "ŷ":
            outputs = short(note.shown, 4)
        elif self._names and len(note.outputs) == 1:
            outputs += f" → {self._names[note.outputs[0] > 0.5]}"
        elif self._names:
            best = max(range(len(note.outputs)), key=note.outputs.__getitem__)
            outputs = f"{self._names[best]} {short(note.outputs[best], 4)}"
        x, y = (short(value) for value in note.cursor)
        legend, room = self._legend(), self.size.width - 4
        reading = f"{note.axes[0]} {x}, {note.axes[1]} {y}: {note.name} = {outputs}"
        if len(reading) > room:
            reading = f"[{x}, {y}]: {note.name} = {outputs}"
        if len(legend) + len(reading) + 3 <= room:
            reading = f"{legend}   {reading}"
        else:
            legend = (
                legend if len(legend) + len(note.name) + 4 <= room else legend.partition(" (")[0]
            )
            self.border_title = Content.assemble((note.name, "b"), f"  {legend}")
        self.border_subtitle = whole(Content(reading), self.size.width - 2)

    def _legend(self) -> str:
        held_out = any(mark.held_out for mark in self._marks.values())
        if len(self._names) > 2:
            names = " ".join(f"{letter(k)} {name}" for k, name in enumerate(self._names))
            return names + (" (capitals: validation)" if held_out else "")
        second, first = self._names[::-1] if self._names else ("high", "low")
        return f"● {second} ○ {first}" + ("  ◆ ◇ validation" if held_out else "")

    def render_line(self, y: int) -> Strip:
        """Draw one line of the map."""
        note, width = self.note, self.size.width
        if note is None or y >= note.grid.rows // 2:
            return Strip.blank(width, self.ground)
        cells = self._cells(note, y)
        self._draw_marks(cells, y)
        if self.has_focus and y == self.cursor[1]:
            self._draw_cursor(cells)
        return Strip(segments(cells)).adjust_cell_length(width, self.ground)

    def _cells(self, note: MapNote, y: int) -> list[Cell]:
        """Draw the map with the border between classes."""
        line_colour, cells = palette_of(self.app).text, self._shaded(note, y)
        above, below = (_row(note.border, 2 * y + k, note.grid.columns) for k in (0, 1))
        for column, of_border in enumerate(zip(above, below, strict=True)):
            if not any(of_border) or (column, y) in self._marks:
                continue
            style = cells[column][1]
            if style.color is None or style.bgcolor is None:
                cells[column] = "#", style
            else:
                colours = style.color.name, style.bgcolor.name
                cells[column] = half_block(
                    *(
                        line_colour if crossed else colour
                        for crossed, colour in zip(of_border, colours, strict=True)
                    )
                )
        return cells

    def _shaded(self, note: MapNote, y: int) -> list[Cell]:
        """Shade by sign, or by the predicted class if there are more than two."""
        plain, palette, grid = self.app.no_color, palette_of(self.app), note.grid
        if not note.winners:
            return line_of(grid, y, by_sign(palette), plain=plain)
        rows = (
            _row(each, 2 * y + k, grid.columns)
            for each in (note.winners, grid.shades)
            for k in (0, 1)
        )
        return [
            textured(a, min(p, q))
            if plain
            else half_block(of_class(palette, a)[p], of_class(palette, b)[q])
            for a, b, p, q in zip(*rows, strict=True)
        ]

    def _draw_marks(self, cells: list[Cell], y: int) -> None:
        palette, several = palette_of(self.app), len(self._names) > 2
        for column in range(len(cells)):
            mark = self._marks.get((column, y))
            if mark is None:
                continue
            if several:
                character = letter(mark.kind)
                character = character.upper() if mark.held_out else character
                colour = palette.text
            else:
                character = (FILLED if mark.kind else HOLLOW)[mark.held_out]
                colour = palette.mark(positive=bool(mark.kind))
            ground = cells[column][1].bgcolor
            cells[column] = on_ground(character, colour, ground and ground.name)

    def _draw_cursor(self, cells: list[Cell]) -> None:
        column, style = self.cursor[0], self.ink(CURSOR)
        for at, character in ((column - 1, "["), (column, cells[column][0]), (column + 1, "]")):
            if 0 <= at < len(cells):
                cells[at] = ("+" if character == "▀" else character), style


def _row(cells: bytes, row: int, columns: int) -> bytes:
    return cells[row * columns : (row + 1) * columns]


def letter(number: int) -> str:
    """Return the letter that marks a class: a, b, c, …"""
    return chr(ord("a") + number % 26)
