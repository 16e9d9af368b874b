"""The wording of the Data screen: how a table is read, its columns, first rows, and result."""

from collections.abc import Iterable, Sequence

from textual.content import Content

from tuiprop.protocol.messages.data import ColumnNote, Outline, ReadingNote, Tables
from tuiprop.ui.bindings import Key
from tuiprop.ui.data.column_changes import POSSIBLE
from tuiprop.ui.drawing.names import told_apart
from tuiprop.ui.drawing.numbers import short, within
from tuiprop.ui.keys import KEYS

WIDEST = 14
"""Columns of the screen that a cell of the first rows takes at most."""

MOST_PARTS = 5
"""Distinct values, at most, of a text column that is offered as the validation split."""

_FORMATS = {
    "csv": "CSV",
    "jsonl": "JSON lines",
    "parquet": "Parquet",
    "numpy": "NumPy arrays",
    "idx": "IDX",
}
_DELIMITERS = {"\t": "tab", " ": "space", "": "?"}
_HEADERS = {
    "columns": "the first line names the columns",
    "classes": "the first line names the classes",
    "nothing": "no header",
}
_SETTINGS = {"encoding": "as", "missing": "missing:", "scaling": "scaling:"}
"""The word before the value of a setting."""

_FLAGS = {
    "identifier": "looks like an identifier",
    "gives away": "leaks the target",
    "constant": "always the same",
    "missing": "has no values",
    "mostly numbers": "mixes numbers and text",
    "oddly written": "see the notes",
}


def reading_words(reading: ReadingNote | None, data: Tables) -> str:
    """Describe the reading: CSV, semicolon, decimal comma, the first line names the columns."""
    if reading is None:
        return "built-in data set"
    words = [f"read as {_FORMATS[reading.format]}"]
    if reading.format == "csv":
        words.append(f"delimiter {_DELIMITERS.get(reading.delimiter, reading.delimiter)}")
        words.append("decimal comma" if data.get("decimal") == "," else "decimal point")
        words.append(_HEADERS.get(reading.header, ""))
    if data.get("examples"):
        words.append(f"examples as {data['examples']}")
    if data.get("missing_values"):
        words.append(f"missing: {', '.join(map(repr, data['missing_values']))}")
    return " · ".join(filter(None, words))


def facts(note: ColumnNote, width: int) -> Content:
    """Describe what a column holds and what is odd about it, as far as there is room."""
    flags = "".join(f"  ! {_FLAGS[flag]}" for flag in note.flags)
    text = Content.assemble(" ", (note.name, "bold $foreground"), (flags, "bold $error"))
    words = []
    if note.low is not None and note.low != note.high:
        words += [f"mean {short(note.mean, 4)}", f"deviation {short(note.deviation, 4)}"]
    words.append(f"{note.distinct:,} distinct")
    words.append(f"{note.missing:,} missing" if note.missing else "none missing")
    while len(words) > 1 and text.cell_length + 2 + len(", ".join(words)) > width:
        words.pop()
    return text.append_text("  " + ", ".join(words), "$foreground")


def possible_keys(note: ColumnNote) -> list[tuple[Key, str]]:
    """List the keys that can change a column, each with what it would change."""
    found: list[tuple[str, str]] = []
    if note.role in ("input", "left out"):
        found.append(("use", "used" if note.role == "input" else note.role))
    if note.role != "target":
        found.append(("target", "target"))
    if note.role == "split":
        found.append(("hold_out", "marks validation rows"))
    elif note.role != "target" and note.kind == "text" and note.distinct <= MOST_PARTS:
        found.append(("hold_out", "validation rows"))
    for setting, words in _SETTINGS.items():
        possible, now = POSSIBLE[setting](note)
        if possible:
            found.append((setting, f"{words} {now}".rstrip()))
    if note.encoding == "ordinal":
        found.append(("order", "order"))
    return [(KEYS[f"data.{name}"], words) for name, words in found]


def first_rows(notes: Sequence[ColumnNote], at: int, width: int) -> Content:
    """Show the first cells of the visible columns side by side, the current column among them.

    Args:
        notes: the visible columns.
        at: the place of the current column among them.
        width: the width of the panel.
    """
    widths = [min(WIDEST, max(map(len, [note.name, *note.cells]))) + 2 for note in notes]
    first = 0
    while first < at and sum(widths[first : at + 1]) > width - 8:
        first += 1
    last = first
    while last < len(notes) and sum(widths[first : last + 1]) <= width - 8:
        last += 1
    last = max(last, first + 1)
    shown = list(zip(notes, widths, strict=True))[first:last]
    names = told_apart([note.name for note in notes], WIDEST)
    more = len(notes) - last

    def line(cells: Iterable[str], style: str) -> list[tuple[str, str]]:
        return [
            (_cell(cell, room, note), "bold $foreground" if place == at else style)
            for place, (cell, (note, room)) in enumerate(zip(cells, shown, strict=True), first)
        ]

    lines = [[*line(names[first:last], "$dim"), (f"{more} more →" if more else "", "$dim")]]
    lines += [
        line((note.cells[row] or "·" for note, _ in shown), "$foreground")
        for row in range(max(len(note.cells) for note in notes))
    ]
    return Content("\n").join(Content.assemble(*each) for each in lines)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _cell(text: str, room: int, note: ColumnNote) -> str:
    """Pad a cell to its width: numbers are right-aligned."""
    if len(text) > room - 2 and (number := _number(text)) is not None:
        text = within(number, room - 2, room)
    shown = text if len(text) <= room - 2 else text[: room - 3] + "…"
    return f"{shown:<{room}}" if note.kind == "text" else f"{shown:>{room - 2}}  "


def examples_words(outline: Outline) -> str:
    """Return the result in numbers: 150 rows → 120 + 30 examples · 4 inputs → 3 outputs: …"""
    held_out = f" + {outline.validation:,}" if outline.validation else ""
    words = f"{outline.rows:,} rows → {outline.training:,}{held_out} examples · "
    words += f"{_counted(outline.sizes[0], 'input')} → {_counted(outline.sizes[-1], 'output')}"
    if outline.classes:
        names = outline.classes
        one = outline.sizes[-1] == 1
        listed = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
        words += f": 0 = {names[0]}, 1 = {names[1]}" if one else f": {listed}"
    return words


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"
