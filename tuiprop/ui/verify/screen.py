"""The Proof screen: the proof of the current position, and mistakes that make it fail."""

from typing import ClassVar

from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static

from tuiprop.protocol.messages.base import RefusedError, Request
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.moving import Move
from tuiprop.protocol.messages.opening import ListNames
from tuiprop.protocol.messages.proof import (
    MistakeNote,
    Proof,
    ProofNote,
    ProofQuery,
    SetMistake,
    Verify,
)
from tuiprop.ui import keys
from tuiprop.ui.drawing.key_bar import KeyBar
from tuiprop.ui.drawing.line import Line
from tuiprop.ui.link import Link
from tuiprop.ui.live import LiveScreen
from tuiprop.ui.patches.options import List
from tuiprop.ui.verify import words as proving


class MistakeList(List):
    """The mistakes; Enter switches one on or off."""

    BINDINGS: ClassVar[list[BindingType]] = keys.MISTAKES.bindings


class ProofScreen(LiveScreen):
    """Starts the proof at once, shows its results, and switches mistakes."""

    DEFAULT_CSS = """
    ProofScreen #flag { height: 1; background: $error; display: none; }
    ProofScreen #found { height: 1fr; border: round $border; border-title-color: $foreground;
        scrollbar-size-vertical: 1; padding: 0 1; scrollbar-gutter: stable; }
    ProofScreen #found { border-title-style: bold; }
    ProofScreen #found.-wrong { border-title-color: $error; }
    ProofScreen #found:focus { border: round $foreground; }
    ProofScreen #mistakes { height: auto; max-height: 45%; scrollbar-gutter: stable; }
    ProofScreen #about { height: auto; padding: 0 1; color: $dim; }
    """
    BINDINGS: ClassVar[list[BindingType]] = keys.VERIFY.bindings
    NAME = "Proof"
    QUERIES = (*LiveScreen.QUERIES, ProofQuery())
    PAUSES = True

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._mistakes: list[MistakeNote] = []
        self._on: str | None = None
        self._shown = Content()

    def compose(self) -> ComposeResult:
        """Lay out title, warning, results, mistakes and keys."""
        yield Line(id="title")
        yield Line(id="flag")
        yield VerticalScroll(Static(id="report", markup=False), id="found")
        yield MistakeList(id="mistakes", markup=False)
        yield Static(id="about", markup=False)
        yield Static(classes="error", markup=False)
        yield KeyBar(id="footer")

    def on_mount(self) -> None:
        """Start the proof, and ask for the mistakes."""
        mistakes = self.query_one("#mistakes", OptionList)
        mistakes.border_title = "[b]Mistakes[/b] to inject into the running network"
        mistakes.border_subtitle = "left: wrong · right: correct"
        mistakes.focus()
        self._learn()
        self.action_verify()

    @work
    async def _learn(self) -> None:
        self._mistakes = (await self.link.ask(ListNames())).mistakes
        self._show_mistakes()

    # Showing

    def paint(self, frame: Frame) -> None:
        """Show the results, and which mistake is injected."""
        line = self.query_one("#flag", Line)
        mistake, note = frame[Proof].mistake, frame[Proof].note
        line.display = mistake is not None
        if mistake is not None:
            lines = proving.flag(mistake, self.size.width)
            line.styles.height = len(lines)
            line.show(lines)
        on = None if mistake is None else mistake.name
        if on != self._on:
            self._on = on
            self._show_mistakes()
        report = Content("\n").join(proving.report(note))
        if not report.is_same(self._shown):
            self._shown = report
            self.query_one("#report", Static).update(report)
        self._show_verdict(note)

    def _show_verdict(self, proof: ProofNote | None) -> None:
        found = self.query_one("#found")
        found.set_class(proof is not None and bool(proving.wrong(proof)), "-wrong")
        found.border_title = Content(f"Proof: {proving.verdict(proof)}")

    def _show_mistakes(self) -> None:
        panel = self.query_one("#mistakes", OptionList)
        at = panel.highlighted or 0
        panel.clear_options()
        panel.add_options(self._row(mistake) for mistake in self._mistakes)
        panel.highlighted = at if self._mistakes else None

    def _row(self, mistake: MistakeNote) -> Table:
        is_on = mistake.name == self._on
        row = Table.grid(expand=True, padding=(0, 1))
        row.add_column(width=2)
        row.add_column(ratio=1)
        row.add_column(ratio=1)
        style = Style(bold=True) if is_on else ""
        row.add_row(
            Text(" ✗" if is_on else "", style), Text(mistake.title, style), Text(mistake.right)
        )
        return row

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self.query_one("#about", Static).update(self._mistakes[event.option_index].sentence)
        self.say("")

    # Changing

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        name = self._mistakes[event.option_index].name
        self._switch(None if name == self._on else name)

    @work(exclusive=True, group="change")
    async def _switch(self, name: str | None) -> None:
        """Switch a mistake, then do an update, which the audit needs."""
        await self._do(SetMistake(name=name), Move(updates=1), Verify())

    @work(exclusive=True, group="change")
    async def action_verify(self) -> None:
        """Prove the current position now."""
        await self._do(Verify())

    @work(exclusive=True, group="change")
    async def action_update(self, count: int) -> None:
        """Go one update forward or back, and prove it."""
        await self._do(Move(updates=count), Verify())

    async def _do(self, *requests: Request[None]) -> None:
        """Send requests in turn, until one is refused."""
        self.say("")
        try:
            for request in requests:
                await self.link.ask(request)
        except RefusedError as error:
            self.say(error.sentence)
        self.look()
