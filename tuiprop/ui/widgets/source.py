"""Where a number came from: its equation with the numbers in it, its terms, and their sum."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from textwrap import wrap
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tuiprop.engine.notes import OriginNote, Place, TermNote
from tuiprop.ui.numbers import Scale, scale_of, short
from tuiprop.ui.palette import Palette, cursor_style

MOST_TERMS = 200
"""Terms that are asked for: the largest ones."""

WIDEST_BAR = 12
"""Columns of a bar, at most."""

ROOMY = 60
"""From so many columns on numbers have room for what paper and pencil need."""


class SourcePanel(Widget, can_focus=True):
    """The terms of the number under the cursor, the largest first. Enter follows one of them."""

    DEFAULT_CSS = """
    SourcePanel { border: round $border; border-title-color: $foreground; padding: 0 1;
                  border-subtitle-color: $foreground; }
    SourcePanel:focus { border: round $foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "term before", show=False),
        Binding("down", "move(1)", "next term", show=False),
        Binding("left", "factor(-1)", "factor before", show=False),
        Binding("right", "factor(1)", "next factor", show=False),
        Binding("pageup", "move(-10)", "ten terms up", show=False),
        Binding("pagedown", "move(10)", "ten terms down", show=False),
        Binding("home", "move(-1000)", "first term", show=False),
        Binding("end", "move(1000)", "last term", show=False),
        Binding("enter", "follow", "to the number that this term names", show=False),
    ]

    @dataclass
    class Followed(Message):
        """A number in a term is to be looked at."""

        place: Place

    def __init__(self, palette: Palette, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.palette = palette
        self.origin: OriginNote | None = None
        self._term = self._factor = 0
        self._top = 0
        self._words = ""
        self._headings: list[str] = []
        self._version = 0
        self._drawn: tuple[object, tuple[list[Text], int]] | None = None

    @property
    def line_width(self) -> int:
        """Columns that a line of a formula may have."""
        return max(30, self.size.width)

    def show(self, origin: OriginNote | None, words: str) -> None:
        """Paint an origin.

        Args:
            origin: of the number under the cursor.
            words: why there is none.
        """
        if origin == self.origin and words == self._words:
            return
        if origin is None or self.origin is None or origin.place != self.origin.place:
            self._term = self._factor = self._top = 0
        self.origin, self._words = origin, words
        self._version += 1
        if origin is not None:
            self._headings = _headings(origin, self._factors)
            self._term = min(self._term, max(0, len(origin.terms) - 1))
        self.border_title = "[b]Where does this number come from?[/b]"
        if origin is not None:
            self.border_title = f"[b]Where {short(origin.shown, 4)} comes from[/b]"
        self.border_subtitle = self._hint()
        self.refresh()

    def _hint(self) -> str:
        origin = self.origin
        if origin is None or not origin.terms:
            return ""
        wide = self.size.width >= 50
        return "Enter: follow a term  ←→ its factors" if wide else "Enter follows a term"

    def action_move(self, terms: int) -> None:
        """Another term."""
        if self.origin is None:
            return
        last = len(self.origin.terms) - 1
        if not 0 <= self._term + terms <= last:  # beyond the terms, the rest is scrolled to
            self._scroll(terms)
        self._term = max(0, min(last, self._term + terms))
        self._factor = 0
        self._reveal()

    def action_factor(self, factors: int) -> None:
        """Another number of the term."""
        if self.origin is None or not self.origin.terms:
            return
        count = len(self.origin.terms[self._term].factors)
        self._factor = max(0, min(count - 1, self._factor + factors))
        self.refresh()

    def action_follow(self) -> None:
        """To the number that the term names."""
        if self.origin is None or not self.origin.terms:
            return
        factors = self.origin.terms[self._term].factors
        if factors:
            self.post_message(self.Followed(factors[min(self._factor, len(factors) - 1)].place))

    def on_click(self, event: Click) -> None:
        """Choose the term under the mouse; the chosen one is followed."""
        offset = event.get_content_offset(self)
        if offset is None or self.origin is None:
            return
        _, first = self._lines()
        term = offset.y + self._top - first
        if 0 <= term < len(self.origin.terms):
            if term == self._term:
                self.action_follow()
            self._term, self._factor = term, 0
            self.refresh()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Down."""
        self._scroll(1)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Up."""
        self._scroll(-1)

    def _scroll(self, lines: int) -> None:
        beyond = len(self._lines()[0]) - self.size.height
        self._top = max(0, min(beyond, self._top + lines))
        self.refresh()

    def _reveal(self) -> None:
        """Scroll so that the chosen term is to be seen, and the sum where it fits."""
        lines, first = self._lines()
        at = first + self._term
        height = self.size.height
        self._top = max(min(self._top, at), at - height + 1, 0)
        self._top = min(self._top, max(0, len(lines) - height))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """A line of the origin."""
        lines, _ = self._lines()
        at = y + self._top
        width = self.size.width
        if at >= len(lines):
            return Strip.blank(width, self.rich_style)
        line = lines[at].copy()
        line.truncate(width, overflow="ellipsis")
        segments = [s for s in line.render(self.app.console) if s.text != "\n"]
        strip = Strip(segments).apply_style(self.rich_style)
        return strip.adjust_cell_length(width, self.rich_style)

    def _lines(self) -> tuple[list[Text], int]:
        """All lines, and which of them is the first term; drawn when something has changed."""
        focus = self._term, self._factor, self.has_focus
        state = self._version, self.size, self.palette.name, focus
        if self._drawn is None or self._drawn[0] != state:
            self._drawn = state, self._draw()
        return self._drawn[1]

    def _draw(self) -> tuple[list[Text], int]:
        palette, origin = self.palette, self.origin
        dim, plain = Style(color=palette.dim), Style(color=palette.text)
        width = max(1, self.size.width)
        if origin is None:
            return [Text(line, dim) for line in wrap(self._words, width)], 0
        lines = [
            Text.assemble((origin.name, plain + Style(bold=True)), f" = {origin.shown!r}"),
        ]
        if origin.sentence:
            lines += [Text(line, plain) for line in wrap(origin.sentence, width)]
            return lines, len(lines)
        if origin.slip:
            words = f"{origin.slip} Below is the right equation: it need not close."
            lines += [Text(line, Style(color=palette.bad)) for line in wrap(words, width)]
        equation = wrap(origin.equation, width, subsequent_indent="  ", break_on_hyphens=False)
        lines += [Text(line, plain) for line in equation]
        lines += [Text(line, Style(color=palette.good)) for line in origin.lines]
        scale = self._scale(origin)
        lines.append(self._heading(scale))
        first = len(lines)
        lines += [self._term_line(i, scale) for i in range(len(origin.terms))]
        names = self._name_width
        if origin.more:
            text = f"{origin.more} more".ljust(names)
            lines.append(Text(text + self._gap() + self._written(origin.rest, scale), dim))
        if len(origin.terms) + origin.more > 1:
            total = "sum".ljust(names) + self._gap() + self._written(origin.total, scale)
            lines.append(Text(total, plain + Style(bold=True)))
            lines += [Text(line, dim) for line in wrap(_as_printed(origin, scale), width)]
        lines.append(self._verdict())
        return lines, first

    def _verdict(self) -> Text:
        """Whether it closes."""
        origin, palette = self.origin, self.palette
        assert origin is not None
        if origin.closes:
            words = (
                "✓ to the last bit"
                if origin.difference == 0
                else (f"✓ but for rounding, {origin.difference:.1e}")
            )
            return Text(words, Style(color=palette.good))
        return Text(
            f"✗ the equation gives {origin.value!r}: it differs by {origin.difference:.1e}",
            Style(color=palette.bad, bold=True),
        )

    @property
    def _column(self) -> int:
        """Columns of a number."""
        return 13 if self.size.width >= ROOMY else 10

    @property
    def _figures(self) -> int:
        """Figures of a factor."""
        return self._column - 6

    def _scale(self, origin: OriginNote) -> Scale:
        """One power of ten for the terms, with about as many figures as their factors have."""
        numbers = [abs(term.value) for term in origin.terms]
        scale = scale_of(max([*numbers, abs(origin.total), abs(origin.rest)]))
        return Scale(scale.exponent, scale.places + self._figures - 3)

    def _written(self, value: float, scale: Scale) -> str:
        return f"{scale.write(value):>{self._column}}"

    @property
    def _name_width(self) -> int:
        assert self.origin is not None
        names = [self._label(term) for term in self.origin.terms]
        names += [f"{self.origin.more} more", "sum"]
        room = self.size.width - self._column * (self._factors + 1) - 2
        return max(4, min(max(map(len, names)) + 1, room, 24))

    @property
    def _factors(self) -> int:
        """How many numbers of a term have columns of their own."""
        assert self.origin is not None
        most = 2 if self.origin.place.symbol == "J" else 3  # of J: the class of the example
        return min(most, max((len(term.factors) for term in self.origin.terms), default=0))

    def _label(self, term: TermNote) -> str:
        """With its arrays where the headings name others."""
        own = [factor.array for factor in term.factors[: self._factors]]
        if all(array == heading for array, heading in zip(own, self._headings, strict=False)):
            return term.name
        return " ".join([term.name, *own])

    def _gap(self) -> str:
        return " " * (self._column * self._factors)

    def _heading(self, scale: Scale) -> Text:
        origin = self.origin
        assert origin is not None
        text = " " * self._name_width
        width = self._column
        text += "".join(f"{_cut(column, width - 1):>{width}}" for column in self._headings)
        text += f"{'term' + scale.title.replace(' ', ''):>{width}}"
        return Text(text, Style(color=self.palette.dim))

    def _term_line(self, i: int, scale: Scale) -> Text:
        origin, palette = self.origin, self.palette
        assert origin is not None
        term = origin.terms[i]
        chosen = i == self._term and self.has_focus
        plain = Style(color=palette.text)
        names = self._name_width
        line = Text(_fitted(self._label(term), names), plain + Style(bold=chosen))
        for column in range(self._factors):
            if column >= len(term.factors):
                line.append(" " * self._column)
                continue
            written = short(term.factors[column].value, self._figures)
            if chosen and column == min(self._factor, len(term.factors) - 1):
                line.append(" " * max(0, self._column - len(written) - 2))
                line.append(f"[{written}]", cursor_style(palette))
            else:
                line.append(f"{written:>{self._column}}", plain)
        line.append(self._written(term.value, scale), plain)
        largest = max(abs(each.value) for each in origin.terms)
        room = min(WIDEST_BAR, self.size.width - line.cell_len - 1)
        share = abs(term.value) / largest if largest else 0.0
        if room > 0 and share == share and share != float("inf"):
            positive = term.value > 0
            bar = ("█" if positive else "▒") * round(share * room)
            colour = palette.training if positive else palette.validation
            line.append(" ").append(bar, Style(color=colour))
        return line


def _headings(origin: OriginNote, columns: int) -> list[str]:
    """The arrays that most factors in a column are of; empty where each is of another."""
    headings = []
    for i in range(columns):
        arrays = [term.factors[i].array for term in origin.terms if i < len(term.factors)]
        array, count = Counter(arrays).most_common(1)[0]
        headings.append(array if count > 1 or len(arrays) == 1 else "")
    return headings


def _as_printed(origin: OriginNote, scale: Scale) -> str:
    """What the terms add up to as they are printed, where rounding them makes that another sum."""
    numbers = [*(term.value for term in origin.terms), origin.rest]
    if not all(map(isfinite, (*numbers, origin.total))):
        return ""
    printed = sum((Decimal(scale.write(number)) for number in numbers), Decimal(0))
    if printed == Decimal(scale.write(origin.total)):
        return ""
    return f"rounded as they are printed, they add up to {printed}"


def _cut(name: str, width: int) -> str:
    """A name in so many columns, at most."""
    return name if len(name) <= width else name[: width - 1] + "…"


def _fitted(name: str, width: int) -> str:
    """A name in so many columns, with a blank after it."""
    return _cut(name, width - 1).ljust(width)
