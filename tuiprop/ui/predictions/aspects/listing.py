"""Examples as lines of a list."""

from textual.content import Content

from tuiprop.protocol.messages.example_trace import ExampleTrace, TraceNote
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.scores import ClassesNote, ExampleNote, NumberScore, Scores
from tuiprop.ui.drawing.names import told_apart
from tuiprop.ui.drawing.numbers import within
from tuiprop.ui.predictions.aspects.aspect import Choice
from tuiprop.ui.predictions.examples import Entry, Examples

LONGEST = 14
"""Columns of a class in a list."""


def list_examples(examples: Examples, scores: Scores, choice: Choice) -> None:
    """List the mistakes, the examples of a cell, or the largest residuals, worst first."""
    if scores.classes is not None:
        _list_classes(examples, scores.classes, choice.cell)
    elif scores.numbers:
        _list_residuals(examples, scores.numbers[choice.target])


def _list_classes(examples: Examples, note: ClassesNote, cell: tuple[int, int] | None) -> None:
    classes = note.classes
    width = max(2, min(LONGEST, max(map(len, classes))))
    what = "Mistakes, worst first" if note.accuracy < 1 else "Correct, least certain"
    if cell is not None:
        what = f"{classes[cell[0]]} → {classes[cell[1]]}, worst first"
    head = f"{'row':<8}{'actual p':<{width + 6}} → predicted"
    names = told_apart(classes, width)
    entries = [Entry(each.row, _words(each, names, width)) for each in note.examples]
    examples.show(entries, note.found, what, head)


def _words(each: ExampleNote, names: list[str], width: int) -> str:
    """Write the row, the set, and the actual and predicted class with their probabilities."""
    actual, predicted = names[each.actual], names[each.predicted]
    mark = "◆" if each.held_out else " "
    words = f"#{each.row:<5}{mark} {actual:<{width}} {each.p_actual:.3f}"
    if each.predicted == each.actual:
        return f"{words} ✓"
    return f"{words} → {predicted:<{width}} {each.p_predicted:.3f}"


def _list_residuals(examples: Examples, score: NumberScore) -> None:
    entries = [
        Entry(row, f"#{row:<5} {within(actual, 9, 4):>9} {within(predicted, 9, 4):>9}")
        for row, actual, predicted in score.worst
    ]
    head = f"{'row':<6} {'y':>9} {'ŷ':>9}"
    examples.show(entries, len(entries), "Largest residuals", head)


def trace_of(frame: Frame) -> TraceNote | None:
    """Return the trace of an example; None if the frame has none."""
    view = frame.get(ExampleTrace)
    return None if view is None else view.trace


def verdict(trace: TraceNote, after: str = "  ") -> Content:
    """Return the row, `after`, and the actual and predicted class, without markup."""
    right = trace.actual == trace.predicted
    words = f"{trace.actual} ✓" if right else f"{trace.actual}, predicted {trace.predicted}"
    return Content.assemble((f"#{trace.row}", "b"), after, words)
