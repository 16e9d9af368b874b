"""The Problem screen: the predictions of the network, wherever the run is."""

from dataclasses import fields
from time import monotonic
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Resize
from textual.screen import Screen
from textual.theme import Theme

from tuiprop.protocol.messages.base import Query
from tuiprop.protocol.messages.frame import Frame, Look
from tuiprop.protocol.messages.moving import Motion
from tuiprop.protocol.messages.scores import Scores, Subset
from tuiprop.ui import keys
from tuiprop.ui.bindings import forwarded, keymap_of
from tuiprop.ui.drawing.diagrams import r_squared
from tuiprop.ui.drawing.key_bar import KeyBar
from tuiprop.ui.drawing.line import Line, Zone, spread
from tuiprop.ui.paced import Paced
from tuiprop.ui.patches.shown import LeftOnce
from tuiprop.ui.predictions.aspects import ASPECTS, Aspect, Choice, TraceAspect
from tuiprop.ui.predictions.examples import Examples
from tuiprop.ui.run.screen import RunScreen
from tuiprop.ui.title import Title

ASK_EVERY = 0.2
"""Seconds between two requests while the run is playing."""

SUBSETS: tuple[Subset, ...] = ("all", "training", "validation")

_OF_THE_BENCH = ("run.return", "run.maximise", "run.names", "run.copy", "run.change")
"""Keys of the run screen that act on what this screen does not show."""

_IN_THE_BAR = ("run.play", "run.operation", "run.batch", "run.epoch", "run.go_to", "run.help")
"""Keys of the run screen that the bar of this one has room for."""


class ProblemScreen(LeftOnce, Screen[None]):
    """Follows the frames of the run screen, and moves the run through it.

    Args:
        run_screen: the screen whose run is shown.
    """

    DEFAULT_CSS = """
    ProblemScreen #body { height: 1fr; }
    ProblemScreen Aspect { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *forwarded(
            (key for key in keys.RUN.keys if key.id not in _OF_THE_BENCH), "forward", _IN_THE_BAR
        ),
        *keys.PROBLEM.bindings,
    ]

    def __init__(self, run_screen: RunScreen) -> None:
        super().__init__()
        self.run_screen = run_screen
        self.frame: Frame | None = None
        """The latest views of the predictions."""
        self.choice = Choice()
        self._aspects = {each.NAME: each(self.choice) for each in ASPECTS}
        self.aspect = ""
        """The name of the current aspect; empty until the first frame."""
        self._run = run_screen.link.run
        self._asked_at = 0.0
        self.look = Paced(self._look, run_screen.link.failed)
        """Asks for the views of the current aspect and shows them."""

    def compose(self) -> ComposeResult:
        """Lay out the title, the aspects, the current aspect, and the keys."""
        yield Title(id="title")
        yield Line(id="aspects")
        with Vertical(id="body"):
            for aspect in self._aspects.values():
                aspect.display = False
                yield aspect
        yield KeyBar(id="footer")

    def on_mount(self) -> None:
        """Ask at once, then whenever the run screen shows a newer state."""
        self.run_screen.seen.subscribe(self, self._follow)
        self.app.theme_changed_signal.subscribe(self, self._repaint)
        self.look()

    def on_resize(self, event: Resize) -> None:
        """Ask for maps and lists of the new size."""
        self.call_after_refresh(self.look)

    # Following the run

    def _follow(self, frame: Frame) -> None:
        """Ask again when the run screen shows a newer state; less often while the run plays."""
        is_soon = monotonic() - self._asked_at < ASK_EVERY
        if self.is_current and not (frame[Motion].status != "paused" and is_soon):
            self.look()

    @on(Aspect.Asked)
    def _asked(self) -> None:
        """Ask again, as an aspect shows something else."""
        self.look()

    async def _look(self) -> None:
        """Ask for the views of the current aspect, and show them."""
        link = self.run_screen.link
        self._asked_at = monotonic()
        if link.run != self._run:
            self._begin()
        frame = await link.ask(Look(queries=self._queries()))
        if not self.is_attached or frame.run != link.run:
            return
        self.frame = frame
        if self.aspect not in self._offered():
            self._choose(self._offered()[0])
        self._paint(frame)

    def _queries(self) -> list[Query[Any]]:
        outline = self.run_screen.link.outline
        if not self.aspect or outline is None:
            return [self.choice.scores]
        return self._aspects[self.aspect].queries(outline)

    def _begin(self) -> None:
        """Reset the choices, which belong to another run."""
        self._run = self.run_screen.link.run
        fresh = Choice()
        for field in fields(fresh):
            setattr(self.choice, field.name, getattr(fresh, field.name))
        for aspect in self._aspects.values():
            aspect.begin()

    # Painting

    def _offered(self) -> list[str]:
        """Return the names of the aspects that apply to this problem."""
        outline = self.run_screen.link.outline
        return [
            name
            for name, aspect in self._aspects.items()
            if outline is not None and aspect.suits(outline)
        ]

    def _paint(self, frame: Frame) -> None:
        of_run, link = self.run_screen.frame, self.run_screen.link
        if of_run is None or link.outline is None:
            return
        self.query_one(Title).tell(of_run, link, "problem")
        self._paint_aspects(frame[Scores])
        self._aspects[self.aspect].paint(frame)

    def _repaint(self, theme: Theme) -> None:
        """Paint the shades of another theme."""
        if self.frame is not None:
            self._paint(self.frame)

    def _paint_aspects(self, scores: Scores) -> None:
        """Show the aspects, the current one underlined, and the score of the examples."""
        keymap = keymap_of(self)
        aspect, examples = (keys.KEYS[f"problem.{each}"] for each in ("aspect", "examples"))
        text = Content.styled(f"{aspect.names(keymap)[0]} ", "bold $now")
        zones = []
        for name in self._offered():
            start = text.cell_length + 1
            style = "bold underline $foreground" if name == self.aspect else "$dim"
            text = text.append_text(self._aspects[name].TITLE, style)
            zones.append(Zone(start, text.cell_length + 1, f"choose('{name}')"))
            text += "  "
        score = self._score(scores)
        right = Content.assemble(
            (f"{examples.names(keymap)[0]} ", "bold $now"),
            (f"{self._examples(scores)}{': ' if score else ''}", "$foreground"),
            (score, "bold $foreground"),
        )
        self.query_one("#aspects", Line).show([spread(text, right, self.size.width)], [zones])

    def _score(self, scores: Scores) -> str:
        """Return the accuracy, or R² of the current target; empty where nothing is scored."""
        if scores.classes is not None:
            return f"accuracy {scores.classes.accuracy:.2%}"
        if not scores.numbers:
            return ""
        score = scores.numbers[self.choice.target]
        of = f" of {score.name}" if len(scores.numbers) > 1 else ""
        return f"R²{of} {r_squared(score)}"

    def _examples(self, scores: Scores) -> str:
        """Return which examples are scored, in words."""
        subset = self.choice.subset
        words = f"all {scores.of}" if subset == "all" else f"{scores.of} {subset}"
        if scores.scored < scores.of:
            words = f"{scores.scored} of {words}"
        return f"{words} examples"

    # Choosing

    def _choose(self, chosen: str) -> None:
        self.aspect = chosen
        for name, aspect in self._aspects.items():
            aspect.display = name == chosen
        self.query_one(self._aspects[chosen].FIRST).focus()
        self.call_after_refresh(self.look)

    def action_choose(self, aspect: str) -> None:
        """Show an aspect."""
        self._choose(aspect)

    def action_aspect(self, direction: int) -> None:
        """Show the next or the previous aspect."""
        offered = self._offered()
        if offered:
            self._choose(offered[(offered.index(self.aspect) + direction) % len(offered)])

    def action_subset(self) -> None:
        """Score the next subset: all examples, training, validation."""
        outline = self.run_screen.link.outline
        held_out = outline is not None and outline.validation > 0
        subsets = SUBSETS if held_out else SUBSETS[:1]
        after = subsets.index(self.choice.subset) + 1 if self.choice.subset in subsets else 0
        self.choice.subset = subsets[after % len(subsets)]
        for examples in self.query(Examples):
            examples.restart()
        self.look()

    @on(Aspect.Followed)
    def _followed(self, event: Aspect.Followed) -> None:
        """Show the trace of an example."""
        self.choice.example = event.row
        self._choose(TraceAspect.NAME)

    # Moving the run

    async def action_forward(self, key: str) -> None:
        """Do what a key of the run screen does; its views close this screen.

        Args:
            key: its id.
        """
        await self._forward(keys.KEYS[key].action)

    async def _forward(self, action: str) -> None:
        if action.startswith("view("):
            self.dismiss()
        await self.run_screen.run_action(action)

    async def action_view(self, view: str) -> None:
        """Show another view, of the run screen."""
        await self.action_forward(f"view('{view}')")

    def action_escape(self) -> None:
        """Undo the last choice in this aspect, or else go back to the run."""
        if not self.aspect or not self._aspects[self.aspect].escape():
            self.dismiss()
