"""NOW: an operation, its equation, the shapes under it, a sentence, the NumPy line."""

from textwrap import wrap

from rich.style import Style
from rich.text import Text
from textual.content import Content

from tuiprop.engine.notes import Now
from tuiprop.engine.replies import Frame
from tuiprop.ui.palette import Palette
from tuiprop.ui.widgets.bars import Line


class NowPanel(Line):
    """The operation that made the array that is looked at: NOW, where it was done last."""

    DEFAULT_CSS = """
    NowPanel { height: 8; background: $background; padding: 0 1; border: round $border;
               border-title-color: $foreground; border-subtitle-color: $foreground; }
    NowPanel.-now { border: round $now; border-title-color: $now; }
    """

    _told: object = None

    def tell(self, frame: Frame, palette: Palette, *, whole: bool) -> None:
        """Show the operation of a frame, if it has one and that is not shown already.

        Args:
            frame: what there is.
            palette: colours.
            whole: all lines of NumPy, not only what fits in one.
        """
        operation, now = frame.shown, frame.now or frame.completed
        if operation is None:
            return
        at_hand = now is not None and operation.number == now.number
        width = max(20, self.size.width)
        told = operation, at_hand, frame.operations, frame.long_route, palette, whole, width
        if told == self._told:
            return
        self._told = told
        self.set_class(at_hand, "-now")
        which = f"operation {operation.number} of {frame.operations}, {operation.phase}"
        self.border_title = f"[b]{'NOW' if at_hand else 'Made by'}[/b]  {which}"
        follows = f"next: {operation.next}" if at_hand and operation.next else ""
        self.border_subtitle = Content(follows)
        dim, plain = Style(color=palette.dim), Style(color=palette.text)
        sentence = " ".join(filter(None, (operation.sentence, frame.long_route)))
        code = wrap("; ".join(operation.numpy), width - 7, break_on_hyphens=False)
        if not whole:
            code = code[:1] if len(code) == 1 else [f"{code[0]} …"]
        lines = [
            *(Text(line, plain) for line in wrap("; ".join(operation.rule), width)),
            *_equation(operation, palette, at_hand=at_hand),
            *(Text(line, plain) for line in wrap(sentence, width)),
            *(
                Text.assemble(("       " if i else "NumPy  ", dim), (line, palette.good))
                for i, line in enumerate(code)
            ),
        ]
        for line in lines:
            line.truncate(width, overflow="ellipsis")
        self.styles.height = len(lines) + 2
        self.show(lines)


def _equation(operation: Now, palette: Palette, *, at_hand: bool) -> list[Text]:
    """The equation, the shapes under its arrays, and their names."""
    dim, plain = Style(color=palette.dim), Style(color=palette.text)
    result = Style(color=palette.now if at_hand else palette.text, bold=True)
    texts, shapes, names = Text(), Text(), Text()
    for i, part in enumerate(operation.equation):
        width = max(len(part.text), len(part.shape), len(part.names)) + 2
        bold = plain + Style(bold=bool(part.names))
        texts.append(part.text.ljust(width), result if i == 0 else bold)
        shapes.append(part.shape.ljust(width), plain)
        names.append(part.names.ljust(width), dim)
    if operation.sums_away:
        names.append(f"{operation.sums_away} sums away", plain)
    return [texts, shapes, names]
