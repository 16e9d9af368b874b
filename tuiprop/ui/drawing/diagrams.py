"""Diagrams as lines of text: ROC, predicted against actual, residuals."""

from collections.abc import Sequence
from itertools import pairwise

from rich.style import Style
from rich.text import Text

from tuiprop.protocol.messages.prediction_payloads import ClassesNote, NumberScore
from tuiprop.ui.drawing.numbers import short
from tuiprop.ui.drawing.shading import Cell, text_of
from tuiprop.ui.theme import Palette

_COLUMN = " ▁▂▃▄▅▆▇█"


def roc(note: ClassesNote, palette: Palette, width: int, height: int) -> list[Text]:
    """The curve in half blocks, the diagonal of chance, and where the threshold stands."""
    lines = max(1, height - 1)
    if note.roc is None or note.roc.area is None:
        return [styled("one class has no example here", Style(color=palette.dim))]
    dim, ink = Style(color=palette.dim), Style(color=palette.training)
    rows = 2 * lines
    curve = _steps(note.roc.points, width, rows)
    (tn, fp), (fn, tp) = note.counts
    here = (
        round(fp / (fp + tn) * (width - 1)),
        lines - 1 - round(tp / (tp + fn) * (lines - 1)),
    )
    cells = {
        (round((1 - y / max(1, lines - 1)) * (width - 1)), y): ("·", dim) for y in range(lines)
    }
    for column, row in curve:
        both = (column, row ^ 1) in curve
        cells[column, row // 2] = "█" if both else "▄" if row % 2 else "▀", ink
    cells[here] = "◉", Style(color=palette.now, bold=True)
    drawn = [_line(cells, line, width, dim) for line in range(lines)]
    words = "0  → false, ↑ true positive rate"
    drawn.append(styled(words.ljust(width - 1) + "1", dim))
    return drawn


def _line(cells: dict[tuple[int, int], Cell], line: int, columns: int, style: Style) -> Text:
    """Some cells of a line, and blanks between them, which need no style of their own."""
    drawn = []
    for column in range(columns):
        character, style = cells.get((column, line), (" ", style))
        drawn.append((character, style))
    return text_of(drawn)


def _steps(points: Sequence[tuple[float, float]], columns: int, rows: int) -> set[tuple[int, int]]:
    """The cells that a curve in the unit square passes."""
    cells: set[tuple[int, int]] = set()
    places = [(x * (columns - 1), (1 - y) * (rows - 1)) for x, y in points]
    for (x, y), (to_x, to_y) in pairwise(places):
        count = max(1, round(max(abs(to_x - x), abs(to_y - y)) * 2))
        for k in range(count + 1):
            cells.add((round(x + (to_x - x) * k / count), round(y + (to_y - y) * k / count)))
    return cells


def scatter(score: NumberScore, palette: Palette, width: int, height: int) -> list[Text]:
    """Predicted against actual: ● training, ◆ validation; on the diagonal they are equal."""
    margin, lines = 8, max(2, height - 1)
    columns = max(2, width - margin)
    low, span = score.lowest, (score.highest - score.lowest) or 1.0
    dim = Style(color=palette.dim)
    inks = Style(color=palette.training), Style(color=palette.validation, bold=True)
    cells = {
        (x, lines - 1 - round(x / (columns - 1) * (lines - 1))): ("·", dim) for x in range(columns)
    }
    for actual, predicted, held_out in sorted(score.points, key=lambda point: point[2]):
        column = round((actual - low) / span * (columns - 1))
        line = lines - 1 - round((predicted - low) / span * (lines - 1))
        cells[column, line] = "●◆"[held_out], inks[held_out]
    drawn = []
    for line in range(lines):
        at_edge = {0: score.highest, lines - 1: score.lowest}.get(line)
        text = styled(f"{'' if at_edge is None else short(at_edge):>{margin - 1}} ", dim)
        drawn.append(text.append_text(_line(cells, line, columns, dim)))
    high = short(score.highest)
    low_words = f"{'':{margin}}{short(score.lowest)} actual →"
    drawn.append(styled(low_words.ljust(width - len(high)) + high, dim))
    return drawn


def number_words(score: NumberScore, palette: Palette, width: int) -> list[Text]:
    """R², MAE, RMSE, and how the residuals spread."""
    dim, plain = Style(color=palette.dim), Style(color=palette.text, bold=True)
    rows = (
        ("R²", r_squared(score), "1 - Σ(y - ŷ)² / Σ(y - mean)²"),
        ("MAE", short(score.mae, 4), "mean of |y - ŷ|"),
        ("RMSE", short(score.rmse, 4), "√ mean of (y - ŷ)²"),
        ("bias", short(score.bias, 4), "mean of y - ŷ"),
    )
    fits = 16 + max(len(words) for _, _, words in rows) <= width
    texts = [
        Text.assemble((f"{name:<6}", dim), (f"{value:<10}", plain), (words if fits else "", dim))
        for name, value, words in rows
    ]
    texts += [Text(""), styled("residuals y - ŷ", dim), *_histogram(score, palette, width)]
    return texts


def r_squared(score: NumberScore) -> str:
    """Where there is one."""
    return "-" if score.r2 is None else short(score.r2, 4)


def _histogram(score: NumberScore, palette: Palette, width: int) -> list[Text]:
    """How many residuals lie where; bins are joined by threes where there is little room."""
    bins, wide, lines = score.residuals, 1, 4
    if len(bins) > width:
        bins, wide = [sum(bins[k : k + 3]) for k in range(0, len(bins), 3)], 2
    most, ink = max(bins) or 1, Style(color=palette.training)
    drawn = []
    for line in range(lines - 1, -1, -1):
        eighths = (round(count / most * lines * 8) - 8 * line for count in bins)
        columns = (_COLUMN[max(0, min(8, each))] * wide for each in eighths)
        drawn.append(styled("".join(columns), ink))
    edge, across = short(score.widest), wide * len(bins)
    axis = f"-{edge}".ljust(across // 2) + "0" + edge.rjust(across - across // 2 - 1)
    return [*drawn, styled(axis, Style(color=palette.dim))]


def styled(words: str, style: Style) -> Text:
    """A line in one style, which a panel keeps."""
    return Text().append(words, style)
