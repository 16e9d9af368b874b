"""Diagrams as lines of text: ROC, predicted against actual, residuals."""

from collections.abc import Sequence
from itertools import pairwise

from textual.content import Content

from tuiprop.protocol.messages.scores import ClassesNote, NumberScore
from tuiprop.ui.drawing.numbers import short

_COLUMN = " ▁▂▃▄▅▆▇█"

Mark = tuple[str, str]
"""A character and its style."""


def roc(note: ClassesNote, width: int, height: int) -> list[Content]:
    """Draw the curve in half blocks, the diagonal of chance, and the threshold."""
    lines = max(1, height - 1)
    if note.roc is None or note.roc.area is None:
        return [Content.styled("one class has no example here", "$dim")]
    rows = 2 * lines
    curve = _steps(note.roc.points, width, rows)
    (tn, fp), (fn, tp) = note.counts
    here = (
        round(fp / (fp + tn) * (width - 1)),
        lines - 1 - round(tp / (tp + fn) * (lines - 1)),
    )
    cells = {
        (round((1 - y / max(1, lines - 1)) * (width - 1)), y): ("·", "$dim") for y in range(lines)
    }
    for column, row in curve:
        both = (column, row ^ 1) in curve
        cells[column, row // 2] = "█" if both else "▄" if row % 2 else "▀", "$training"
    cells[here] = "◉", "bold $now"
    drawn = [_line(cells, line, width) for line in range(lines)]
    words = "0  → false  ↑ true positive rate"
    drawn.append(Content.styled(words.ljust(width - 1) + "1", "$dim"))
    return drawn


def _line(marks: dict[tuple[int, int], Mark], line: int, columns: int) -> Content:
    """Draw the marks of a line with spaces between them."""
    return Content.assemble(*(marks.get((column, line), " ") for column in range(columns)))


def _steps(points: Sequence[tuple[float, float]], columns: int, rows: int) -> set[tuple[int, int]]:
    """Return the cells that a curve in the unit square passes through."""
    cells: set[tuple[int, int]] = set()
    places = [(x * (columns - 1), (1 - y) * (rows - 1)) for x, y in points]
    for (x, y), (to_x, to_y) in pairwise(places):
        count = max(1, round(max(abs(to_x - x), abs(to_y - y)) * 2))
        for k in range(count + 1):
            cells.add((round(x + (to_x - x) * k / count), round(y + (to_y - y) * k / count)))
    return cells


def scatter(score: NumberScore, width: int, height: int) -> list[Content]:
    """Plot predicted against actual: ● training, ◆ validation; equal on the diagonal."""
    margin, lines = 8, max(2, height - 1)
    columns = max(2, width - margin)
    low, span = score.lowest, (score.highest - score.lowest) or 1.0
    inks = "$training", "bold $validation"
    cells = {
        (x, lines - 1 - round(x / (columns - 1) * (lines - 1))): ("·", "$dim")
        for x in range(columns)
    }
    for actual, predicted, held_out in sorted(score.points, key=lambda point: point[2]):
        column = round((actual - low) / span * (columns - 1))
        line = lines - 1 - round((predicted - low) / span * (lines - 1))
        cells[column, line] = "●◆"[held_out], inks[held_out]
    drawn = []
    for line in range(lines):
        at_edge = {0: score.highest, lines - 1: score.lowest}.get(line)
        label = f"{'' if at_edge is None else short(at_edge):>{margin - 1}} "
        drawn.append(Content.assemble((label, "$dim"), _line(cells, line, columns)))
    high = short(score.highest)
    low_words = f"{'':{margin}}{short(score.lowest)} actual →"
    drawn.append(Content.styled(low_words.ljust(width - len(high)) + high, "$dim"))
    return drawn


def number_words(score: NumberScore, width: int) -> list[Content]:
    """Write R², MAE, RMSE, the bias, and a histogram of the residuals."""
    rows = (
        ("R²", r_squared(score), "1 - Σ(y - ŷ)² / Σ(y - mean)²"),
        ("MAE", short(score.mae, 4), "mean of |y - ŷ|"),
        ("RMSE", short(score.rmse, 4), "√ mean of (y - ŷ)²"),
        ("bias", short(score.bias, 4), "mean of y - ŷ"),
    )
    fits = 16 + max(len(words) for _, _, words in rows) <= width
    texts = [
        Content.assemble(
            (f"{name:<6}", "$dim"), (f"{value:<10}", "bold $foreground"), (words * fits, "$dim")
        )
        for name, value, words in rows
    ]
    return [*texts, Content(), Content.styled("residuals y - ŷ", "$dim"), *_histogram(score, width)]


def r_squared(score: NumberScore) -> str:
    """Write R², or "-" where it is not defined."""
    return "-" if score.r2 is None else short(score.r2, 4)


def _histogram(score: NumberScore, width: int) -> list[Content]:
    """Draw a histogram of the residuals; three bins become one where they do not fit."""
    bins, wide, lines = score.residuals, 1, 4
    if len(bins) > width:
        bins, wide = [sum(bins[k : k + 3]) for k in range(0, len(bins), 3)], 2
    most = max(bins) or 1
    drawn = []
    for line in range(lines - 1, -1, -1):
        eighths = (round(count / most * lines * 8) - 8 * line for count in bins)
        columns = (_COLUMN[max(0, min(8, each))] * wide for each in eighths)
        drawn.append(Content.styled("".join(columns), "$training"))
    edge, across = short(score.widest), wide * len(bins)
    axis = f"-{edge}".ljust(across // 2) + "0" + edge.rjust(across - across // 2 - 1)
    return [*drawn, Content.styled(axis, "$dim")]
