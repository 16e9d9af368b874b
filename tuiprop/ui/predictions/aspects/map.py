"""Two inputs: what is predicted at each place, and what each unit responds to."""

from typing import Any

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal

from tuiprop.protocol.messages.base import Query
from tuiprop.protocol.messages.data import Outline
from tuiprop.protocol.messages.decision_map import DecisionMap
from tuiprop.protocol.messages.frame import Frame
from tuiprop.ui.drawing.grid import CursorGrid
from tuiprop.ui.predictions.aspects.aspect import Aspect, Choice
from tuiprop.ui.predictions.heatmap import HeatMap
from tuiprop.ui.predictions.tiles import Tile, Tiles


class MapAspect(Aspect):
    """The decision boundary or the surface with the examples; a small map of every unit."""

    NAME, TITLE, FIRST = "map", "Map", "#heat"
    DEFAULT_CSS = """
    MapAspect #heat { width: 7fr; height: 1fr; }
    MapAspect #units { width: 5fr; height: 1fr; }
    """

    def __init__(self, choice: Choice) -> None:
        super().__init__(choice)
        self._sizes: list[int] = []

    @classmethod
    def suits(cls, outline: Outline) -> bool:
        """Return whether the inputs are two, or derived from two."""
        return outline.has_map

    def compose(self) -> ComposeResult:
        """Lay out the large map and the small ones."""
        with Horizontal():
            yield HeatMap(id="heat")
            yield Tiles(id="units")

    def on_mount(self) -> None:
        """Set the title of the small maps."""
        self.query_one(Tiles).border_title = "[b]What each unit responds to[/b]"

    def queries(self, outline: Outline) -> list[Query[Any]]:
        """Ask for the maps that fit."""
        heat, units = self.query_one(HeatMap).wanted, self.query_one(Tiles)
        self._sizes = outline.sizes
        if heat is None:  # not laid out yet
            return [self.choice.scores]
        units.fit(sum(outline.sizes[1:]))
        first, count = units.part()
        return [
            self.choice.scores,
            replace(heat, thumbnail=units.picture, first=first, count=count),
        ]

    def paint(self, frame: Frame) -> None:
        """Show the maps."""
        view = frame.get(DecisionMap)
        if view is not None and view.map is not None:
            self.query_one(HeatMap).show(view.map)
            tiles = [Tile(each.name, each.grid) for each in view.map.thumbnails]
            self.query_one(Tiles).show(tiles, view.map.units)

    def begin(self) -> None:
        """Start with the prediction and with the first units."""
        self.query_one(HeatMap).unit = None
        self.query_one(Tiles).restart()

    def escape(self) -> bool:
        """Return from one unit to the prediction."""
        heat = self.query_one(HeatMap)
        if heat.unit is None:
            return False
        heat.action_whole()
        return True

    @on(HeatMap.Changed)
    @on(CursorGrid.Scrolled)
    def _changed(self) -> None:
        self.ask()

    @on(Tiles.Chosen)
    def _unit_chosen(self, event: Tiles.Chosen) -> None:
        """Show a unit in the large map, or the prediction if the unit is shown already."""
        units = [(l, unit) for l, size in enumerate(self._sizes) if l for unit in range(size)]
        if event.number >= len(units):  # it belonged to the previous network
            return
        heat, unit = self.query_one(HeatMap), units[event.number]
        heat.unit = None if heat.unit == unit else unit
        self.ask()
