"""One example: its picture, its outcome, and its way through the network."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace
from rich.style import Style
from rich.text import Text

from tuiprop.protocol.messages.prediction_payloads import LayerOnTheWay, Picture, WayNote
from tuiprop.ui.drawing.diagrams import styled
from tuiprop.ui.drawing.names import told_apart
from tuiprop.ui.drawing.numbers import short, within
from tuiprop.ui.drawing.scaling import fitted
from tuiprop.ui.drawing.shading import by_light, line_of, text_of
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


def outcome(note: WayNote, palette: Palette, width: int, height: int, *, plain: bool) -> list[Text]:
    """What is predicted of an example, beside its picture or above its inputs."""
    if note.picture is None:
        lines = [*_predicted(note, palette, width, height), Text()]
        return lines + _inputs(note.layers[0], palette, width)[: height - len(lines)]
    columns = max(width // 2, min(note.picture.grid.columns, width - BESIDE_PICTURE))
    image = picture(note.picture, palette, columns, height, plain=plain)
    return joined([image, _predicted(note, palette, width - image[0].cell_len - 2, height)])


def _predicted(note: WayNote, palette: Palette, width: int, height: int) -> list[Text]:
    """A bar for the probability of each class, the actual one marked; or numbers.

    Where there are more classes than lines, those that are most probable, and the actual one.
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
        style = Style(color=palette.text, bold=own)
        cut = f"{short_name:<{longest}}"
        if not note.of_classes:
            texts.append(styled(f" {cut} ŷ = {short(value, 4)}", style))
            continue
        bar = _bar(value, 1.0, max(4, width - longest - 9))
        colour = palette.training if own else palette.validation
        text = Text.assemble((f"{'▶' if own else ' '}{cut} {value:.3f} ", style))
        texts.append(text.append(bar, Style(color=colour)))
    if less:
        texts.append(styled(f" and {less} less probable", Style(color=palette.dim)))
    if not note.of_classes:
        texts.append(styled(f" {'actual':<{longest}} {note.actual}", Style(color=palette.dim)))
    return texts


def _inputs(layer: LayerOnTheWay, palette: Palette, width: int) -> list[Text]:
    """The inputs in the unit of the table, as many beside each other as fit."""
    names, values = told_apart(layer.names, LONGEST), layer.raw or layer.values
    widest = max(map(len, names))
    pairs = list(zip(names, values, strict=True))
    across = max(1, width // (widest + 11))
    lines = -(-len(pairs) // across)
    texts = []
    for line in range(lines):
        text = Text()
        for name, value in pairs[line::lines]:
            text.append(f" {name:<{widest}}", Style(color=palette.dim))
            text.append(f"{within(value, 9, 4):>9} ", Style(color=palette.text))
        texts.append(text)
    return texts


def _bar(value: float, largest: float, room: int) -> str:
    """As long as the number is large in size."""
    if value != value or not largest:
        return ""
    eighths = round(min(1.0, abs(value) / largest) * room * 8)
    return "█" * (eighths // 8) + (_BAR[eighths % 8 - 1] if eighths % 8 else "")


def picture(
    image: Picture, palette: Palette, columns: int, lines: int, *, plain: bool
) -> list[Text]:
    """An image in half blocks, as large as there is room for."""
    grid = fitted(image.grid, columns, lines)
    return [
        text_of(line_of(grid, line, by_light(palette), plain=plain, signed=False))
        for line in range(-(-grid.rows // 2))
    ]


def way(note: WayNote, palette: Palette, width: int, height: int, *, plain: bool) -> list[Text]:
    """All layers side by side where they fit, else one below another."""
    blocks = _side_by_side(note, palette, width, height, plain=plain)
    return blocks if blocks is not None else _in_turn(note, palette, width, plain=plain)


def _side_by_side(
    note: WayNote, palette: Palette, width: int, height: int, *, plain: bool
) -> list[Text] | None:
    """A column for each layer, a line for each unit; None where they do not fit.

    The inputs stand in the unit of the table too, where there is room.
    """
    return _columns(note, palette, width, height, plain=plain) or _columns(
        replace(note, layers=[replace(layer, raw=[]) for layer in note.layers]),
        palette,
        width,
        height,
        plain=plain,
    )


def _columns(
    note: WayNote, palette: Palette, width: int, height: int, *, plain: bool
) -> list[Text] | None:
    """As `_side_by_side`, with the inputs in the unit of the table where the note has them."""
    layers = note.layers
    image = None
    if note.picture is not None:
        columns = max(width // 3, min(note.picture.grid.columns, width // 2))
        image = picture(note.picture, palette, columns, height - 1, plain=plain)
    fixed = [
        image[0].cell_len if image is not None and not l else _width(layer)
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
        head = Text.assemble(
            (layer.title, Style(color=palette.text, bold=True)),
            (f" {layer.size}{ahead}", Style(color=palette.dim)),
        )
        if layer.raw and image is None:
            # above the numbers of the table
            raw = min(LONGEST, max(map(len, layer.names))) + 9 - head.cell_len
            head.append(f"{'raw':>{raw}}" if raw > len("raw") else "", Style(color=palette.dim))
        body = image if image is not None and not l else _units(note, l, palette, bar)
        blocks.append([head, *body])
    return joined(blocks, GAP)


def _width(layer: LayerOnTheWay) -> int:
    """Columns of its names and numbers, or of its head."""
    numbers = 9 if not layer.raw else 18
    return max(min(LONGEST, max(map(len, layer.names))) + numbers + 1, len(layer.title) + 7)


def _units(note: WayNote, l: int, palette: Palette, room: int) -> list[Text]:
    """A line for each unit: its name, its number, a bar with the colour of its sign."""
    layer, names = note.layers[l], told_apart(note.layers[l].names, LONGEST)
    widest, largest = max(map(len, names)), _largest(layer.values)
    raw: Sequence[float | None] = layer.raw or [None] * len(names)
    texts = []
    for whole, name, own, value in zip(layer.names, names, raw, layer.values, strict=True):
        is_actual = l == len(note.layers) - 1 and whole == note.actual
        text = styled(f"{name:<{widest}}", Style(color=palette.text, bold=is_actual))
        if own is not None:
            text.append(f" {within(own, 8):>8}", Style(color=palette.dim))
        text.append(f" {within(value, 8):>8} ", Style(color=palette.text))
        colour = palette.training if value >= 0 else palette.validation
        texts.append(text.append(_bar(value, largest, room), Style(color=colour)))
    return texts


def _largest(values: Sequence[float]) -> float:
    return max((abs(value) for value in values), default=0.0)


def _in_turn(note: WayNote, palette: Palette, width: int, *, plain: bool) -> list[Text]:
    """Layer by layer: every activation, shaded by its size in the layer; an image as itself."""
    dim, bold = Style(color=palette.dim), Style(color=palette.text, bold=True)
    texts: list[Text] = []
    for l, layer in enumerate(note.layers):
        if l:
            texts.append(styled("  ▼ W · a + b, then g", dim))
        more = layer.size - len(layer.values)
        rest = f"  and {more} more" if more else ""
        units = "1 unit" if layer.size == 1 else f"{layer.size} units"
        texts.append(Text.assemble((layer.title, bold), (f"  {units}{rest}", dim)))
        if not l and note.picture is not None:
            grid = note.picture.grid
            columns = min(2 * grid.columns, width)
            texts += picture(note.picture, palette, columns, grid.rows, plain=plain)
        else:
            texts += _shaded(layer, palette, width)
    return texts


def _shaded(layer: LayerOnTheWay, palette: Palette, width: int) -> list[Text]:
    """Units beside each other, with the colour of their number."""
    names, largest = told_apart(layer.names, LONGEST), _largest(layer.values)
    widest = max(map(len, names))
    across = max(1, width // (widest + 11))
    pairs = list(zip(names, layer.values, strict=True))
    texts = []
    for start in range(0, len(pairs), across):
        text = Text()
        for name, value in pairs[start : start + across]:
            text.append(f" {name:>{widest}} ", Style(color=palette.dim))
            text.append(f"{within(value, 8):>8}", heat(palette, heat_level(value, largest)))
            text.append(" ")
        texts.append(text)
    return texts


def joined(columns: Iterable[Sequence[Text]], gap: int = 2) -> list[Text]:
    """Blocks of lines side by side."""
    blocks = [list(block) for block in columns]
    height = max(map(len, blocks), default=0)
    texts = [Text() for _ in range(height)]
    for block in blocks:
        width = max((text.cell_len for text in block), default=0) + gap
        for y, text in enumerate(texts):
            piece = block[y] if y < len(block) else Text()
            text.append_text(piece).append(" " * (width - piece.cell_len))
    return texts
