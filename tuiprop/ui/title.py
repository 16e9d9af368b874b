"""The two lines on top: data and network, state and position, the views, J."""

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.content import Content

from tuiprop.protocol.messages.base import Query
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.moving import MotionQuery, Position, PositionQuery
from tuiprop.protocol.messages.proof import ProofQuery
from tuiprop.protocol.messages.settings import EffectiveSettings, EffectiveSettingsQuery
from tuiprop.protocol.messages.training import BranchesQuery, Costs, CostsQuery
from tuiprop.protocol.messages.what_if import TrialQuery
from tuiprop.ui import status
from tuiprop.ui.bindings import keymap_of
from tuiprop.ui.drawing.line import Line, Zone, spread
from tuiprop.ui.keys import RUN
from tuiprop.ui.link import Link

WIDE = 100
"""The width from which there is room for everything."""


class Title(Line):
    """The title, which every view of the run shows."""

    DEFAULT_CSS = "Title { height: 2; }"
    QUERIES: ClassVar[tuple[Query[Any], ...]] = (
        PositionQuery(),
        MotionQuery(),
        CostsQuery(),
        ProofQuery(),
        TrialQuery(),
        BranchesQuery(),
        EffectiveSettingsQuery(),
    )
    """The views that it shows."""

    def tell(self, frame: Frame, link: Link, view: str) -> None:
        """Show the state of the run, and mark the current view."""
        outline, width = link.outline, self.size.width
        assert outline is not None
        long = width >= WIDE
        words = [
            Content.styled(status.source_name(outline), "bold $foreground"),
            status.architecture(outline, link.activations, long),
        ]
        if long:
            loss = outline.experiment["network"]["loss"]
            words += [
                Content.styled(word, "$dim")
                for word in (loss, status.optimiser(frame[EffectiveSettings]))
            ]
        if link.inline:
            words.append(Content.styled("engine inline", "$dim"))
        flags = status.flags(frame, proof_elsewhere=long)
        state, position = status.state(frame), status.position(frame[Position], outline)
        room = width - len(status.source_name(outline)) - 4
        if flags.cell_length + state.cell_length + position.cell_length + 2 > room:
            position = status.position_in_short(frame[Position])
        right = Content.assemble(flags, state, "  ", position)
        while len(words) > 1 and _length(words) + right.cell_length + 4 > width:
            words.pop()
        left = Content("  ").join(words)
        tabs, zones = _tabs(view, long, keymap_of(self))
        costs = status.costs(frame[Costs], width - tabs.cell_length - 3)
        self.show([spread(left, right, width), spread(tabs, costs, width)], [[], zones])


def _length(words: list[Content]) -> int:
    """Return the columns of words with two spaces between them."""
    return sum(word.cell_length + 2 for word in words) - 2


def _tabs(view: str, long: bool, keymap: Mapping[str, str]) -> tuple[Content, list[Zone]]:
    """List the views with their keys, the current one underlined."""
    tabs = Content()
    zones = []
    for key in filter(lambda each: each.tab, RUN.keys):
        name, at = key.tab[0 if long else 1], key.id == f"view.{view}"
        start = tabs.cell_length + 1  # the line begins with a space
        tab = Content.assemble(
            (key.names(keymap)[-1], "bold $now" if at else "$now"),
            " ",
            (name, "bold underline $foreground" if at else "$dim"),
        )
        zones.append(Zone(start, start + tab.cell_length, key.action))
        tabs = Content.assemble(tabs, tab, "  " if long else " ")
    return tabs, zones
