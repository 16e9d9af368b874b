"""The two lines on top: what is trained, where it stands, the views, J."""

from collections.abc import Mapping

from rich.style import Style
from rich.text import Text

from tuiprop.protocol.messages.replies import Frame
from tuiprop.ui import status
from tuiprop.ui.drawing.line import Line, Zone, spread
from tuiprop.ui.keys import KEYS, keymap_of
from tuiprop.ui.link import Link
from tuiprop.ui.theme import Palette

WIDE = 100
"""From so many columns on, there is room for everything."""


class Title(Line):
    """What is always true."""

    DEFAULT_CSS = "Title { height: 2; }"

    def tell(self, frame: Frame, link: Link, palette: Palette, view: str) -> None:
        """Show where the run stands, and which view this is."""
        outline, width = link.outline, self.size.width
        assert outline is not None
        long = width >= WIDE
        words = [
            Text(status.source_name(outline), Style(color=palette.text, bold=True)),
            status.architecture(outline, link.activations, palette, long),
        ]
        if long:
            loss = outline.experiment["network"]["loss"]
            words += [Text(word, palette.dim) for word in (loss, status.optimiser(frame))]
        if link.inline:
            words.append(Text("engine inline", palette.dim))
        flags = status.flags(frame, palette, proof_elsewhere=long)
        state, position = status.state(frame, palette), status.position(frame, outline, palette)
        room = width - len(status.source_name(outline)) - 4
        if flags.cell_len + state.cell_len + position.cell_len + 2 > room:
            position = status.position_in_short(frame, palette)
        right = Text.assemble(flags, state, "  ", position)
        while len(words) > 1 and _length(words) + right.cell_len + 4 > width:
            words.pop()
        left = Text("  ").join(words)
        tabs, zones = _tabs(view, palette, long, keymap_of(self))
        costs = status.costs(frame, palette, width - tabs.cell_len - 3)
        self.show([spread(left, right, width), spread(tabs, costs, width)], [[], zones])


def _length(words: list[Text]) -> int:
    """Columns of words with two blanks between them."""
    return sum(word.cell_len + 2 for word in words) - 2


def _tabs(
    view: str, palette: Palette, long: bool, keymap: Mapping[str, str]
) -> tuple[Text, list[Zone]]:
    """List the views with their keys, the one that is shown underlined."""
    tabs = Text()
    zones = []
    for each, whole, brief in status.VIEWS:
        key, name, at = KEYS[f"view.{each}"], whole if long else brief, each == view
        start = tabs.cell_len + 1  # the line begins with a blank
        tabs.append(key.names(keymap)[-1], Style(color=palette.now, bold=at))
        chosen = Style(color=palette.text, bold=True, underline=True)
        tabs.append(" ").append(name, chosen if at else Style(color=palette.dim))
        zones.append(Zone(start, tabs.cell_len + 1, key.action))
        tabs.append("  " if long else " ")
    return tabs, zones
