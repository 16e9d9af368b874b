"""Images: the worst mistakes as pictures, with their probabilities; first-layer weights."""

from typing import Any

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from tuiprop.protocol.messages.base import Query
from tuiprop.protocol.messages.data import Outline
from tuiprop.protocol.messages.example_trace import ExampleTraceQuery
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.pictures import Picture, WeightPictures, WeightPicturesQuery
from tuiprop.protocol.messages.scores import Scores
from tuiprop.ui.drawing.grid import CursorGrid
from tuiprop.ui.drawing.scaling import fitted
from tuiprop.ui.predictions import example_trace
from tuiprop.ui.predictions.aspects.aspect import Aspect, Choice, Panel
from tuiprop.ui.predictions.aspects.listing import list_examples, trace_of, verdict
from tuiprop.ui.predictions.examples import Examples
from tuiprop.ui.predictions.tiles import Tile, Tiles
from tuiprop.ui.theme import palette_of


class PicturesAspect(Aspect):
    """The list of the worst mistakes, the picture of one, and the first-layer weights."""

    NAME, TITLE, FIRST = "pictures", "Pictures", "#album"
    DEFAULT_CSS = """
    PicturesAspect #album { width: 2fr; min-width: 33; height: 1fr; }
    PicturesAspect #right { width: 3fr; height: 1fr; }
    PicturesAspect #weights { height: 1fr; }
    """

    def __init__(self, choice: Choice) -> None:
        super().__init__(choice)
        self._picture = Panel(id="picture")
        self._units = 0

    @classmethod
    def suits(cls, outline: Outline) -> bool:
        """Return whether the inputs are the pixels of an image."""
        return outline.has_pictures

    def compose(self) -> ComposeResult:
        """Lay out the list, and beside it the picture and the weights."""
        with Horizontal():
            yield Examples(id="album")
            with Vertical(id="right"):
                yield self._picture
                yield Tiles(id="weights")

    def on_mount(self) -> None:
        """Set the title of the small pictures."""
        self.query_one(Tiles).border_title = "[b]W\\[1][/b], unit by unit"

    @property
    def _album(self) -> Examples:
        return self.query_one(Examples)

    def queries(self, outline: Outline) -> list[Query[Any]]:
        """Ask for the examples and weights that fit, and the example under the cursor."""
        album, weights = self._album, self.query_one(Tiles)
        self._units = outline.sizes[1]
        row = self.choice.example if album.table_row is None else album.table_row
        first, count = album.part()
        first_unit, units = weights.part()
        queries: list[Query[Any]] = [
            replace(self.choice.scores, first=first, count=count),
            WeightPicturesQuery(first=first_unit, count=units),
        ]
        return queries if row is None else [*queries, ExampleTraceQuery(row=row)]

    def paint(self, frame: Frame) -> None:
        """Show the list, the picture and the weights."""
        album, trace, weights = self._album, trace_of(frame), frame.get(WeightPictures)
        list_examples(album, frame[Scores], self.choice)
        if trace is not None and trace.picture is not None:
            panel = self._picture
            panel.border_title = verdict(trace)
            width, height = panel.size.width, self.size.height // 2
            palette = palette_of(self.app)
            lines = example_trace.outcome(trace, palette, width, height, plain=self.app.no_color)
            panel.styles.height = min(len(lines), height) + 2
            panel.show(lines)
        if weights is not None and weights.pictures:
            self._paint_weights(weights.pictures)
        if album.table_row is not None and (trace is None or trace.row != album.table_row):
            self.ask()

    def _paint_weights(self, pictures: list[Picture]) -> None:
        weights = self.query_one(Tiles)
        room = weights.area.width, max(1, weights.area.height - 1)
        tiles = [Tile(each.name, fitted(each.grid, *room, enlarge=False)) for each in pictures]
        tile = tiles[0].grid.columns, -(-tiles[0].grid.rows // 2)
        if weights.take_size(*tile):
            self.ask()
        weights.show(tiles, self._units)

    def begin(self) -> None:
        """Start at the beginning of the list and of the weights."""
        self._album.restart()
        self.query_one(Tiles).restart()

    def escape(self) -> bool:
        """Return from the examples of one cell to all mistakes."""
        if self.choice.cell is None:
            return False
        self.choice.cell = None
        self._album.restart()
        self.ask()
        return True

    @on(CursorGrid.Moved, "Examples")
    def _example_moved(self) -> None:
        self.choice.example = self._album.table_row
        self.ask()

    @on(CursorGrid.Scrolled)
    def _scrolled(self) -> None:
        self.ask()

    @on(Examples.Chosen)
    def _example_chosen(self, event: Examples.Chosen) -> None:
        self.post_message(self.Followed(event.row))
