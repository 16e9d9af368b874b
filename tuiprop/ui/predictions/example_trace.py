"""One example: its picture, its prediction, and its trace through the network."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace
from textual.content import Content
from textual.style import Style

from tuiprop.protocol.messages.example_trace import LayerActivations, TraceNote
from tuiprop.protocol.messages.pictures import Picture
from tuiprop.ui.drawing.names import told_apart
from tuiprop.ui.drawing.numbers import short, within
from tuiprop.ui.drawing.scaling import fitted
from tuiprop.ui.drawing.shading import by_light, line_of, text_of, visual
from tuiprop.ui.theme import Palette, heat, heat_level

_BAR = "▏▎▍▌▋▊▉█"

LONGEST = 14
"""Columns of a name."""

SHORTEST_BAR, WIDEST_BAR = 4, 16
"""Columns of the longest bar of a layer beside others."""

BESIDE_PICTURE = 16
"""Columns that the probabilities beside a picture need."""

GAP = 3
"""Columns between them."""


def outcome(
    note: TraceNote, palette: Palette, width: int, height: int, *, plain: bool
) -> list[Content]:
    """Show the prediction for an example beside its picture or above its inputs."""
    if note.picture is None:
        lines = [*_predicted(note, width, height), Content()]
        return lines + _inputs(note.layers[0], width)[: height - len(lines)]
    columns = max(width // 2, min(note.picture.grid.columns, width - BESIDE_PICTURE))
    image = picture(note.picture, palette, columns, height, plain=plain)
    return joined([image, _predicted(note, width - image[0].cell_length - 2, height)])


def _predicted(note: TraceNote, width: int, height: int) -> list[Content]:
    """Draw a bar for the probability of each class, the actual one marked; or write numbers.

    If the classes do not fit, the most probable ones and the actual one are shown.
    """
    longest = min(LONGEST, max(map(len, note.output_names)))
    short_names = told_apart(note.output_names, LONGEST)
    outputs = list(zip(note.output_names, short_names, note.outputs, strict=True))
    less = 0
    if note.of_classes and len(outputs) > max(2, height):
        room = max(2, height) - 1
        ranked = sorted(outputs, key=lambda each: (each[0] != note.actual, -each[2]))[:room]
        outputs, less = [each for each in outputs if each in ranked], len(outputs) - room
    texts = []
    for name, short_name, value in outputs:
        own = name == note.actual
        style = "bold $foreground" if own else "$foreground"
        cut = f"{short_name:<{longest}}"
        if not note.of_classes:
            texts.append(Content.styled(f" {cut} ŷ = {short(value, 4)}", style))
            continue
        bar = _bar(value, 1.0, max(4, width - longest - 9))
        colour = "$training" if own else "$validation"
        words = f"{'▶' if own else ' '}{cut} {value:.3f} "
        texts.append(Content.assemble((words, style), (bar, colour)))
    if less:
        texts.append(Content.styled(f" and {less} less probable", "$dim"))
    if not note.of_classes:
        texts.append(Content.styled(f" {'actual':<{longest}} {note.actual}", "$dim"))
    return texts


def _inputs(layer: LayerActivations, width: int) -> list[Content]:
    """Write the inputs in original units, as many beside each other as fit."""
    names, values = told_apart(layer.names, LONGEST), layer.raw or layer.values
    widest = max(map(len, names))
    pairs = list(zip(names, values, strict=True))
    across = max(1, width // (widest + 11))
    lines = -(-len(pairs) // across)
    texts = []
    for line in range(lines):
        parts = []
        for name, value in pairs[line::lines]:
            parts.append((f" {name:<{widest}}", "$dim"))
            parts.append((f"{within(value, 9, 4):>9} ", "$foreground"))
        texts.append(Content.assemble(*parts))
    return texts


def _bar(value: float, largest: float, room: int) -> str:
    """Return a bar whose length is proportional to |value|."""
    if value != value or not largest:
        return ""
    eighths = round(min(1.0, abs(value) / largest) * room * 8)
    return "█" * (eighths // 8) + (_BAR[eighths % 8 - 1] if eighths % 8 else "")


def picture(
    image: Picture, palette: Palette, columns: int, lines: int, *, plain: bool
) -> list[Content]:
    """Draw an image in half blocks, as large as fits."""
    grid = fitted(image.grid, columns, lines)
    return [
        text_of(line_of(grid, line, by_light(palette), plain=plain, signed=False))
        for line in range(-(-grid.rows // 2))
    ]


def trace(
    note: TraceNote, palette: Palette, width: int, height: int, *, plain: bool
) -> list[Content]:
    """Draw all layers side by side where they fit, else one below another."""
    blocks = _side_by_side(note, palette, width, height, plain=plain)
    return blocks if blocks is not None else _in_turn(note, palette, width, plain=plain)


def _side_by_side(
    note: TraceNote, palette: Palette, width: int, height: int, *, plain: bool
) -> list[Content] | None:
    """Draw a column for each layer, a line for each unit; None where they do not fit.

    The inputs are shown in original units too, where that fits.
    """
    return _columns(note, palette, width, height, plain=plain) or _columns(
        replace(note, layers=[replace(layer, raw=[]) for layer in note.layers]),
        palette,
        width,
        height,
        plain=plain,
    )


def _columns(
    note: TraceNote, palette: Palette, width: int, height: int, *, plain: bool
) -> list[Content] | None:
    """Lay out the columns, with the inputs in original units where the note has them."""
    layers = note.layers
    image = None
    if note.picture is not None:
        columns = max(width // 3, min(note.picture.grid.columns, width // 2))
        image = picture(note.picture, palette, columns, height - 1, plain=plain)
    fixed = [
        image[0].cell_length if image is not None and not l else _width(layer)
        for l, layer in enumerate(layers)
    ]
    with_bars = len(layers) - (image is not None)
    bar = min(WIDEST_BAR, (width - sum(fixed) - GAP * (len(layers) - 1)) // with_bars)
    heights = [
        len(image) if image is not None and not l else layer.size for l, layer in enumerate(layers)
    ]
    if bar < SHORTEST_BAR or max(heights) > height - 1:
        return None
    blocks = []
    for l, layer in enumerate(layers):
        ahead = "  ▶" if l < len(layers) - 1 else ""
        head = Content.assemble(
            (layer.title, "bold $foreground"), (f" {layer.size}{ahead}", "$dim")
        )
        if layer.raw and image is None:
            # above the numbers of the table
            raw = min(LONGEST, max(map(len, layer.names))) + 9 - head.cell_length
            head = head.append_text(f"{'raw':>{raw}}" if raw > len("raw") else "", "$dim")
        body = image if image is not None and not l else _units(note, l, bar)
        blocks.append([head, *body])
    return joined(blocks, GAP)


def _width(layer: LayerActivations) -> int:
    """Return the width of the names and numbers of a layer, or of its head."""
    numbers = 9 if not layer.raw else 18
    return max(min(LONGEST, max(map(len, layer.names))) + numbers + 1, len(layer.title) + 7)


def _units(note: TraceNote, l: int, room: int) -> list[Content]:
    """Draw a line for each unit: its name, its number, a bar in the colour of its sign."""
    layer, names = note.layers[l], told_apart(note.layers[l].names, LONGEST)
    widest, largest = max(map(len, names)), _largest(layer.values)
    raw: Sequence[float | None] = layer.raw or [None] * len(names)
    texts = []
    for whole, name, own, value in zip(layer.names, names, raw, layer.values, strict=True):
        is_actual = l == len(note.layers) - 1 and whole == note.actual
        style = "bold $foreground" if is_actual else "$foreground"
        texts.append(
            Content.assemble(
                (f"{name:<{widest}}", style),
                ("" if own is None else f" {within(own, 8):>8}", "$dim"),
                (f" {within(value, 8):>8} ", "$foreground"),
                (_bar(value, largest, room), "$training" if value >= 0 else "$validation"),
            )
        )
    return texts


def _largest(values: Sequence[float]) -> float:
    return max((abs(value) for value in values), default=0.0)


def _in_turn(note: TraceNote, palette: Palette, width: int, *, plain: bool) -> list[Content]:
    """Draw the layers in turn: each activation shaded by its size, or the image."""
    texts: list[Content] = []
    for l, layer in enumerate(note.layers):
        if l:
            texts.append(Content.styled("  ▼ W · a + b, then g", "$dim"))
        more = layer.size - len(layer.values)
        rest = f"  and {more} more" if more else ""
        units = "1 unit" if layer.size == 1 else f"{layer.size} units"
        texts.append(
            Content.assemble((layer.title, "bold $foreground"), (f"  {units}{rest}", "$dim"))
        )
        if not l and note.picture is not None:
            grid = note.picture.grid
            columns = min(2 * grid.columns, width)
            texts += picture(note.picture, palette, columns, grid.rows, plain=plain)
        else:
            texts += _shaded(layer, palette, width)
    return texts


def _shaded(layer: LayerActivations, palette: Palette, width: int) -> list[Content]:
    """Draw units beside each other, each in the colour of its number."""
    names, largest = told_apart(layer.names, LONGEST), _largest(layer.values)
    widest = max(map(len, names))
    across = max(1, width // (widest + 11))
    pairs = list(zip(names, layer.values, strict=True))
    texts = []
    for start in range(0, len(pairs), across):
        parts: list[str | tuple[str, str | Style]] = []
        for name, value in pairs[start : start + across]:
            shade = visual(heat(palette, heat_level(value, largest)))
            parts += [(f" {name:>{widest}} ", "$dim"), (f"{within(value, 8):>8}", shade), " "]
        texts.append(Content.assemble(*parts))
    return texts


def joined(columns: Iterable[Sequence[Content]], gap: int = 2) -> list[Content]:
    """Join blocks of lines side by side."""
    blocks = [list(block) for block in columns]
    height = max(map(len, blocks), default=0)
    padded = []
    for block in blocks:
        width = max((line.cell_length for line in block), default=0) + gap
        block += [Content()] * (height - len(block))
        padded.append([line.pad_right(width - line.cell_length) for line in block])
    return [Content.assemble(*line) for line in zip(*padded, strict=True)]
