"""NOW: the operation at hand, its equation, the shapes under it, a sentence, the NumPy line."""

from rich.style import Style
from rich.text import Text
from textual.content import Content

from tuiprop.engine.protocol import Now
from tuiprop.ui.palette import Palette
from tuiprop.ui.widgets.bars import Line


class NowPanel(Line):
    """The equation of the last operation that was done, with what it reads."""

    DEFAULT_CSS = """
    NowPanel { height: 8; background: $background; padding: 0 1; border: round $now;
               border-title-color: $now; border-subtitle-color: $foreground; }
    """

    def tell(self, now: Now, operations: int, palette: Palette) -> None:
        """Show an operation.

        Args:
            now: the operation.
            operations: how many there are in one update.
            palette: colours.
        """
        self.border_title = f"[b]NOW[/b]  operation {now.number} of {operations}, {now.phase}"
        self.border_subtitle = Content(f"next: {now.next}") if now.next else ""
        dim, plain = Style(color=palette.dim), Style(color=palette.text)
        numpy = Text("NumPy  ", dim).append("; ".join(now.numpy), Style(color=palette.good))
        lines = [*_equation(now, palette), Text(now.sentence, plain), numpy]
        if now.rule:
            lines.insert(0, Text("; ".join(now.rule), plain))
        width = self.size.width
        for line in lines:
            line.truncate(max(1, width), overflow="ellipsis")
        self.show(lines)


def _equation(now: Now, palette: Palette) -> list[Text]:
    """The equation, the shapes under its arrays, and their names."""
    dim, plain = Style(color=palette.dim), Style(color=palette.text)
    result = Style(color=palette.now, bold=True)
    texts, shapes, names = Text(), Text(), Text()
    for i, part in enumerate(now.equation):
        width = max(len(part.text), len(part.shape), len(part.names)) + 2
        bold = plain + Style(bold=bool(part.names))
        texts.append(part.text.ljust(width), result if i == 0 else bold)
        shapes.append(part.shape.ljust(width), plain)
        names.append(part.names.ljust(width), dim)
    if now.sums_away:
        names.append(f"  inner {now.sums_away} sums away", plain)
    return [texts, shapes, names]
