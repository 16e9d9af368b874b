"""The NOW panel: an operation, its equation with shapes, a sentence, the line of NumPy."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from textwrap import wrap

from textual.content import Content

from tuiprop.protocol.messages.arrays import Numbers
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.moving import Position
from tuiprop.protocol.messages.operation import CurrentOperation, OperationNote
from tuiprop.ui.drawing.line import Line
from tuiprop.ui.drawing.numbers import whole


class Told(Line):
    """A panel that is as high as its text."""

    lines = 0
    """The number of lines of text."""

    def show_all(self, lines: list[Content]) -> None:
        """Show these lines, each cut before a number that does not fit."""
        self.lines = len(lines)
        self.styles.height = len(lines) + 2
        self.show([whole(line, max(1, self.size.width)) for line in lines])


class NowPanel(Told):
    """The operation that computed the array on display; titled NOW if it is the newest one."""

    DEFAULT_CSS = """
    NowPanel { height: 8; background: $background; padding: 0 1; border: round $border;
               border-title-color: $foreground; border-subtitle-color: $foreground; }
    NowPanel.-now { border: round $now; border-title-color: $now; }
    """

    _told: object = None

    def tell(self, frame: Frame, *, all_lines: bool, room: int) -> None:
        """Show the operation of a frame, if it has one and it is not shown already.

        Args:
            frame: the newest frame.
            all_lines: show all lines of NumPy, not only the first.
            room: the lines available, border included.
        """
        operation, now = frame[Numbers].shown, frame[CurrentOperation].operation
        position, long_route = frame[Position], frame[Numbers].long_route
        if operation is None and (position.update or now is not None):
            return
        is_current = now is not None and operation is not None and operation.number == now.number
        width = max(20, self.size.width)
        layout = all_lines, width, room
        told = operation, is_current, position.operations, long_route, layout
        if told == self._told:
            return
        self._told = told
        self.set_class(is_current, "-now")
        if operation is None:
            self._tell_of_the_first(position.operations, width)
            return
        which = f"operation {operation.number} of {position.operations}, {operation.phase}"
        title = Content.assemble(("NOW" if is_current else "Computed by", "b"), f"  {which}")
        self.border_title = whole(title, width - 2)
        follows = f"next: {operation.next}" if is_current and operation.next else ""
        self.border_subtitle = whole(Content(follows), width - 2)
        parts = _parts(operation, long_route, width, is_current=is_current, all_lines=all_lines)
        self.show_all(_fitted(parts, max(1, room - 2)))

    def _tell_of_the_first(self, operations: int, width: int) -> None:
        """Say what o and b do before the first operation."""
        self.border_title, self.border_subtitle = "[b]No operation has been computed yet[/b]", ""
        words = (
            f"Press o to compute z[1], the first of the {operations} operations of an update, "
            "and see it here with its operands. Press b to compute the whole update."
        )
        self.show_all(_styled(wrap(words, width)))


@dataclass(frozen=True)
class _Parts:
    """The lines of text about an operation, by kind."""

    rule: list[Content]
    equation: list[Content]
    sentence: list[Content]
    code: list[Content]

    def __iter__(self) -> Iterator[Content]:
        return chain(self.rule, self.equation, self.sentence, self.code)


def _parts(
    operation: OperationNote, long_route: str, width: int, *, is_current: bool, all_lines: bool
) -> _Parts:
    sentence = " ".join(filter(None, (operation.sentence, long_route)))
    code = wrap("; ".join(operation.numpy), width - 7, break_on_hyphens=False)
    if not all_lines:
        code = code[:1] if len(code) == 1 else [f"{code[0]} …"]
    return _Parts(
        _styled(wrap("; ".join(operation.rule), width)),
        _equation(operation, width, is_current=is_current),
        _styled(wrap(sentence, width)),
        [
            Content.assemble(("       " if i else "NumPy  ", "$dim"), (line, "$success"))
            for i, line in enumerate(code)
        ],
    )


def _fitted(parts: _Parts, room: int) -> list[Content]:
    """Return as many lines as fit; the equation is dropped last."""
    for lines, least in (
        (parts.code, 1),
        (parts.rule, 0),
        (parts.sentence, 1),
        (parts.code, 0),
        (parts.sentence, 0),
        (parts.equation, 1),
    ):
        kept = max(least, len(lines) - max(0, len([*parts]) - room))
        if kept < len(lines):
            del lines[kept:]
            if lines and lines is not parts.equation:
                lines[-1] += " …"
    return [*parts]


def _styled(lines: list[str]) -> list[Content]:
    return [Content.styled(line, "$foreground") for line in lines]


def _equation(
    operation: OperationNote, room: int, *, is_current: bool, named: bool = True
) -> list[Content]:
    """Return the equation, the shapes under its arrays, and their names if they fit."""
    result = "bold $now" if is_current else "bold $foreground"
    texts, shapes, names = [], [], []
    for i, part in enumerate(operation.equation):
        width = max(len(part.text), len(part.shape), len(part.names) if named else 0) + 2
        plain = "bold $foreground" if part.names else "$foreground"
        texts.append((part.text.ljust(width), plain if i else result))
        shapes.append((part.shape.ljust(width), "$foreground"))
        names.append((part.names.ljust(width), "$dim"))
    if operation.summed_over:
        names.append((f"summed over {operation.summed_over}", "$foreground"))
    lines = [Content.assemble(*parts).rstrip() for parts in (texts, shapes, names)]
    if named and lines[0].cell_length > room:
        return _equation(operation, room, is_current=is_current, named=False)
    return lines if named else lines[:2]
