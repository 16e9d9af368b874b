"""The provenance of a number as lines: its equation with values, its terms, their sum."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from math import isfinite
from textwrap import wrap

from textual.content import Content

from tuiprop.protocol.messages.provenance import ProvenanceNote, TermNote
from tuiprop.ui.drawing.line import CURSOR
from tuiprop.ui.drawing.numbers import Scale, exact, largest_of, scale_of, within

WIDEST_BAR = 12
"""The most columns of a bar."""

ROOMY = 60
"""The width from which numbers have enough digits to follow the sum on paper."""

NUMBERS = (13, 10, 8)
"""The possible columns of a number, with a space."""

SHORTEST_NAME = 6
"""The fewest columns of the name of a term, with a space."""

LEAST_FOOT = 3
"""Lines below the terms: the hidden terms, the sum, the verdict."""

SHORT = 10
"""The height from which these lines stay in sight while the terms scroll."""


@dataclass(frozen=True, eq=False)
class Page:
    """The lines of a provenance."""

    lines: list[Content]
    """The equation and the terms, which scroll."""
    first: int
    """The index of the first term among them."""
    room: int
    """How many of them are visible at a time."""
    foot: list[Content]
    """The lines below them, which do not scroll."""


@dataclass(frozen=True, eq=False)
class Terms:
    """The layout of a provenance."""

    origin: ProvenanceNote
    width: int
    height: int
    top: int
    """How many lines are scrolled out of sight."""
    chosen: tuple[int, int] | None
    """The selected term and factor; None without the focus."""

    @cached_property
    def headings(self) -> list[str]:
        """The arrays of the columns of factors."""
        return _headings(self.origin, self._factors)

    def page(self) -> Page:
        """Return the lines to paint."""
        origin, height = self.origin, self.height
        lines = self._head(origin.lines)
        rows = len(lines) + 1 + len(origin.terms) + LEAST_FOOT
        if origin.lines and rows > height:
            lines = self._head(_joined(origin.lines, self.width))
        if origin.sentence:
            return Page(lines, len(lines), height, [])
        first = len(lines) + 1
        lines.append(self._heading)
        lines += [self._term_line(i) for i in range(len(origin.terms))]
        foot = self._foot(range(len(origin.terms)))
        if len(lines) + len(foot) <= height:
            return Page(lines, first, len(lines), foot)
        if height < SHORT:  # the sum is scrolled to
            return Page([*lines, *foot], first, height, [])
        room = height - LEAST_FOOT
        foot = self._foot(self._in_sight(first, room))
        if len(foot) > LEAST_FOOT:
            room = height - len(foot)
            foot = self._foot(self._in_sight(first, room))
        return Page(lines, first, room, foot)

    def _in_sight(self, first: int, room: int) -> range:
        """Return the indices of the visible terms."""
        count = len(self.origin.terms)
        begin = max(0, self.top - first)
        return range(begin, max(begin, min(count, self.top + room - first)))

    def _head(self, steps: list[str]) -> list[Content]:
        """Return the number, its equation and the steps to it, or the sentence about it."""
        origin, width = self.origin, self.width
        room = width - len(origin.name) - 3
        shown = exact(origin.shown)
        if len(shown) > room:
            shown = within(origin.shown, room, 12) or "…"
        lines = [Content.assemble((origin.name, "bold $foreground"), f" = {shown}")]
        if origin.sentence:
            return lines + _styled(wrap(origin.sentence, width), "$foreground")
        if origin.mistake:
            words = f"{origin.mistake} The correct equation is below; its sum may not match."
            lines += _styled(wrap(words, width), "$error")
        equation = wrap(origin.equation, width, subsequent_indent="  ", break_on_hyphens=False)
        return [*lines, *_styled(equation, "$foreground"), *_styled(steps, "$success")]

    def _foot(self, seen: range) -> list[Content]:
        """Return the sum of the hidden terms, the whole sum, and the verdict.

        Args:
            seen: the indices of the visible terms.
        """
        origin = self.origin
        hidden = [term.value for i, term in enumerate(origin.terms) if i not in seen]
        rest, more = sum(hidden, origin.rest), origin.more + len(hidden)
        lines = []
        if more:
            lines.append(Content.styled(self._row(f"{more} more", self._written(rest)), "$dim"))
        if len(origin.terms) + origin.more > 1:
            total = self._row("sum", self._written(origin.total))
            lines.append(Content.styled(total, "bold $foreground"))
            printed = _as_printed([*(origin.terms[i].value for i in seen), rest], self.scale)
            if printed is not None and printed != Decimal(self.scale.write(origin.total)):
                lines.append(Content.styled(self._row("rounded terms", str(printed)), "$dim"))
        return [*lines, *self._verdict()]

    def _row(self, name: str, written: str) -> str:
        """Return a line with a number under the terms."""
        return f"{name:<{self._name_width + len(self._gap())}}{written:>{self._column}}"

    def _verdict(self) -> list[Content]:
        """Say if the sum matches the number."""
        origin = self.origin
        if origin.matches:
            off = f"✓ adds up (rounding error {origin.difference:.1e})"
            words = (
                off if origin.difference and isfinite(origin.difference) else "✓ adds up exactly"
            )
            return [Content.styled(words, "$success")]
        words = (
            f"✗ mismatch: the equation gives {exact(origin.value)} (off by {origin.difference:.1e})"
        )
        return _styled(wrap(words, self.width), "bold $error")

    @cached_property
    def _column(self) -> int:
        """The columns of a number: fewer if more factors then fit."""
        widths = NUMBERS if self.width >= ROOMY else NUMBERS[1:]
        return max(widths, key=self._factors_at)

    def _factors_at(self, column: int) -> int:
        """Return how many factors fit beside the term itself at `column` columns each."""
        most = 2 if self.origin.cell.array.symbol == "J" else 3  # for J, the third is the class
        there = max((len(term.factors) for term in self.origin.terms), default=0)
        return max(0, min(most, there, (self.width - self._shortest_name) // column - 1))

    @property
    def _shortest_name(self) -> int:
        """The fewest columns for the names of the rows below the terms."""
        more = self.origin.more + len(self.origin.terms)
        return max(SHORTEST_NAME, len(f"{more} more") + 1)

    @property
    def figures(self) -> int:
        """The digits of a factor."""
        return max(3, self._column - 6)

    @cached_property
    def scale(self) -> Scale:
        """One power of ten for the terms, with about as many digits as their factors."""
        origin = self.origin
        numbers = [*(term.value for term in origin.terms), origin.total, origin.rest]
        return scale_of(largest_of(numbers), self._column - 1, figures=self.figures)

    def _written(self, value: float) -> str:
        return f"{self.scale.write(value):>{self._column}}"

    @property
    def _name_width(self) -> int:
        names = [len(self._label(term)) + 1 for term in self.origin.terms]
        room = self.width - self._column * (self._factors + 1)
        return max(0, min(max([*names, self._shortest_name]), room, 24))

    @property
    def _factors(self) -> int:
        """How many factors of a term have a column."""
        return self._factors_at(self._column)

    def _label(self, term: TermNote) -> str:
        """Return the name of a term, with its arrays if the headings name others."""
        own = [factor.array for factor in term.factors[: self._factors]]
        if all(array == heading for array, heading in zip(own, self.headings, strict=False)):
            return term.name
        return " ".join([term.name, *own])

    def _gap(self) -> str:
        return " " * (self._column * self._factors)

    @property
    def _heading(self) -> Content:
        text = " " * self._name_width
        width = self._column
        text += "".join(f"{_cut(column, width - 1):>{width}}" for column in self.headings)
        mark = self.scale.mark
        term = f"term {mark}".rstrip()
        text += f"{term if len(term) < width else mark:>{width}}"
        return Content.styled(text, "$dim")

    def _term_line(self, i: int) -> Content:
        origin = self.origin
        term = origin.terms[i]
        chosen = self.chosen is not None and i == self.chosen[0]
        names = self._name_width
        style = "bold $foreground" if chosen else "$foreground"
        parts = [(_fitted(self._label(term), names), style)]
        for column in range(self._factors):
            if column >= len(term.factors):
                parts.append((" " * self._column, ""))
                continue
            written = within(term.factors[column].value, self._column - 1, self.figures)
            if self.chosen == (i, column):
                written = within(term.factors[column].value, self._column - 2, self.figures)
                parts.append((" " * (self._column - len(written) - 2), style))
                parts.append((f"[{written}]", CURSOR))
            else:
                parts.append((f"{written:>{self._column}}", "$foreground"))
        line = Content.assemble(*parts, (self._written(term.value), "$foreground"))
        largest = largest_of(each.value for each in origin.terms)
        room = min(WIDEST_BAR, self.width - line.cell_length - 1)
        share = min(1.0, abs(term.value) / largest) if largest else 0.0
        if room > 0 and share == share:
            positive = term.value > 0
            bar = ("█" if positive else "▒") * round(share * room)
            colour = "$training" if positive else "$validation"
            line = Content.assemble(line, " ", (bar, colour))
        return line


def _styled(lines: list[str], style: str) -> list[Content]:
    return [Content.styled(line, style) for line in lines]


def _joined(steps: list[str], width: int) -> list[str]:
    """Join steps that begin with "=" to the line before, where they fit."""
    lines: list[str] = []
    for step in steps:
        more = step.strip()
        if lines and more.startswith("=") and len(lines[-1]) + 1 + len(more) <= width:
            lines[-1] += f" {more}"
        else:
            lines.append(step)
    return lines


def _headings(origin: ProvenanceNote, columns: int) -> list[str]:
    """Return the array of most factors in each column; "" if all factors differ."""
    headings = []
    for i in range(columns):
        arrays = [term.factors[i].array for term in origin.terms if i < len(term.factors)]
        array, count = Counter(arrays).most_common(1)[0]
        headings.append(array if count > 1 or len(arrays) == 1 else "")
    return headings


def _as_printed(numbers: list[float], scale: Scale) -> Decimal | None:
    """Return the sum of numbers as they are printed; None if one is not finite."""
    if not all(map(isfinite, numbers)):
        return None
    return sum((Decimal(scale.write(number)) for number in numbers), Decimal(0))


def _cut(name: str, width: int) -> str:
    """Cut a name to `width` columns, without a part of a number at its end."""
    return name if len(name) <= width else name[: max(0, width - 1)].rstrip("0123456789") + "…"


def _fitted(name: str, width: int) -> str:
    """Cut or pad a name to `width` columns, with a space at its end."""
    return _cut(name, width - 1).ljust(width)[:width]
