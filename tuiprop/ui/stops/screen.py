"""The Stops screen: the conditions that a run stops at."""

import asyncio
from collections.abc import Callable
from typing import ClassVar

from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.suggester import Suggester
from textual.widgets import Input, Label, OptionList, Static

from tuiprop.protocol.messages.base import RefusedError
from tuiprop.protocol.messages.conditions import Conditions, ConditionsQuery, Stop
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.moving import Motion
from tuiprop.protocol.messages.opening import ListNames, Vocabulary
from tuiprop.ui import keys
from tuiprop.ui.drawing.key_bar import KeyBar
from tuiprop.ui.drawing.line import Line
from tuiprop.ui.link import Link
from tuiprop.ui.live import LiveScreen
from tuiprop.ui.patches.options import List
from tuiprop.ui.patches.text_field import TextField
from tuiprop.ui.stops.completion import Offer, examples, offers, reading
from tuiprop.ui.stops.stop_list import StopList

Stops = list[Stop]


class _Completion(Suggester):
    """Suggests the first completion that continues the typed text; → accepts it."""

    def __init__(self, offered: Callable[[str], list[Offer]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._offered = offered

    async def get_suggestion(self, value: str) -> str | None:
        """Return the whole completed text."""
        longer = (each.typed for each in self._offered(value) if each.typed.startswith(value))
        return next(longer, None)


class ConditionField(TextField):
    """The field in which a condition is typed."""

    BINDINGS: ClassVar[list[BindingType]] = keys.CONDITION.bindings


class StopsScreen(LiveScreen):
    """Lists the conditions with their present values; adds, edits, switches, deletes."""

    DEFAULT_CSS = """
    StopsScreen #stops, StopsScreen #stops:focus { height: auto; min-height: 3; max-height: 45%; }
    StopsScreen #offers { height: 1fr; scrollbar-gutter: stable; }
    StopsScreen #field { height: 1; padding: 0 1; }
    StopsScreen #field Label { color: $dim; width: auto; }
    StopsScreen #when { width: 1fr; }
    StopsScreen #hit { height: auto; padding: 0 1; color: $now; display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = keys.STOPS.bindings
    NAME = "Stops"
    QUERIES = (*LiveScreen.QUERIES, ConditionsQuery())

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._vocabulary: Vocabulary | None = None
        self._stops: Stops | None = None
        self._offers: list[Offer] = []
        self._edited: int | None = None
        self._lock = asyncio.Lock()

    def compose(self) -> ComposeResult:
        """Lay out title, last hit, conditions, field, completions and keys."""
        yield Line(id="title")
        yield Static(id="hit", markup=False)
        yield StopList(id="stops")
        with Horizontal(id="field"):
            yield Label("add: ", id="verb", markup=False)
            yield ConditionField(
                placeholder="e.g. train_loss < 0.05",
                suggester=_Completion(self._offered),
                select_on_focus=False,
                compact=True,
                id="when",
            )
        yield Static(classes="error", markup=False)
        yield List(id="offers", markup=False)
        yield KeyBar(id="footer")

    def on_mount(self) -> None:
        """Ask for the quantities."""
        self.query_one("#stops").border_title = "[b]Stop when[/b]"
        self._learn()

    @work
    async def _learn(self) -> None:
        self._vocabulary = await self.link.ask(ListNames())
        self._show_offers("")

    # Showing

    def paint(self, frame: Frame) -> None:
        """Show the conditions with their values, and the last hit."""
        hit = self.query_one("#hit", Static)
        sentence, stops = frame[Motion].hit, frame[Conditions].stops
        hit.update(f"▌▌ {sentence}")
        hit.display = bool(sentence)
        if self._stops is None:
            self._stops = [Stop(when=each.when, enabled=each.enabled) for each in stops]
            self.query_one("#stops" if stops else "#when").focus()
        self.query_one(StopList).show(stops)

    def _offered(self, typed: str) -> list[Offer]:
        vocabulary, outline = self._vocabulary, self.link.outline
        if vocabulary is None or outline is None:
            return []
        return offers(typed, vocabulary, outline)

    def _show_offers(self, typed: str) -> None:
        """List the completions, or the examples while nothing is typed."""
        panel = self.query_one("#offers", OptionList)
        vocabulary, outline = self._vocabulary, self.link.outline
        if vocabulary is None or outline is None:
            return
        found = self._offered(typed)
        shown = []
        if not typed:
            known = examples(outline, vocabulary)
            shown = [Offer(text, words, text) for text, words in known]
        elif not found and (read := reading(typed, vocabulary, outline)):
            found = [read]
        self._offers = [*shown, *found]
        width = max((len(each.label) for each in self._offers), default=0) + 3
        panel.clear_options()
        panel.add_options(self._offer(each, width) for each in shown)
        if shown:
            panel.add_option(None)
        panel.add_options(self._offer(each, width) for each in found)
        panel.border_title = f"[b]{'Examples, quantities' if shown else 'Completions'}[/b]"
        panel.border_subtitle = "↓ choose · Enter insert" if found else "nothing"

    def _offer(self, offer: Offer, width: int) -> Table:
        row = Table.grid(expand=True)
        row.add_column(width=width)
        row.add_column(ratio=1)
        row.add_row(Text(f" {offer.label}", Style(bold=True)), Text(offer.words))
        return row

    # Typing

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.say("")
        self._show_offers(event.value)

    @on(OptionList.OptionSelected, "#offers")
    def _taken(self, event: OptionList.OptionSelected) -> None:
        if event.option_index < len(self._offers):  # they may have changed since
            self._put(self._offers[event.option_index].typed)

    def _put(self, text: str) -> None:
        """Continue typing from a text."""
        field = self.query_one(Input)
        field.focus()
        field.value = text
        self.call_after_refresh(self._to_end)

    def _to_end(self) -> None:
        for field in self.query(Input):  # none after the screen was closed
            field.cursor_position = len(field.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        when = event.value.strip()
        if not when:
            self.say("Type a condition, such as train_loss < 0.05.")
            return
        at = self._edited

        def change(stops: Stops) -> Stops:
            others = [each for i, each in enumerate(stops) if i == at or each.when != when]
            if at is None or at >= len(stops):
                return [*others, Stop(when=when)]
            return [Stop(when=when) if each is stops[at] else each for each in others]

        self._change(change)

    def _edit(self, index: int | None) -> None:
        """Type a new condition, or another in place of one."""
        self._edited = index
        self.query_one("#verb", Label).update("add: " if index is None else "edit: ")
        self._put("" if index is None or self._stops is None else self._stops[index].when)

    @on(OptionList.OptionSelected, "#stops")
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        if event.option_index < len(self._stops or ()):  # it may have been deleted since
            self._edit(event.option_index)

    # Changing

    @work(group="change")
    async def _change(self, change: Callable[[Stops], Stops]) -> None:
        """Replace the conditions at once, or say why not."""
        async with self._lock:
            if self._stops is None:
                return
            wanted = change(self._stops)
            try:
                await self.link.set_stops(wanted)
            except RefusedError as error:
                self.say(error.sentence)
                return
            added = len(wanted) > len(self._stops)
            self._stops = wanted
        field = self.query_one(Input)
        if self._edited is not None:
            self._edit(None)
            self.query_one(StopList).focus()
        elif field.has_focus:
            self._edit(None)
        await self.look.done()
        if added:
            self.query_one(StopList).highlighted = len(wanted) - 1

    @on(StopList.Switched)
    def _switched(self, event: StopList.Switched) -> None:
        self._switch(event.index)

    def _switch(self, index: int) -> None:
        def change(stops: Stops) -> Stops:
            return [
                Stop(when=each.when, enabled=each.enabled != (i == index))
                for i, each in enumerate(stops)
            ]

        self._change(change)

    def action_switch(self) -> None:
        """Switch the highlighted condition on or off."""
        index = self.query_one(StopList).highlighted
        if index is not None:
            self._switch(index)

    def action_delete(self) -> None:
        """Delete the highlighted condition."""
        index = self.query_one(StopList).highlighted
        if index is not None:
            self._change(lambda stops: stops[:index] + stops[index + 1 :])

    def action_add(self) -> None:
        """Type a new condition."""
        self._edit(None)

    def action_panel(self, selector: str) -> None:
        """Focus another panel, unless it is empty."""
        panel = self.query_one(selector, OptionList)
        if panel.option_count:
            panel.focus()
            if panel.highlighted is None:
                panel.highlighted = 0

    def action_escape(self) -> None:
        """Go from the completions to the field, then clear the field, then go back to the run."""
        field = self.query_one(Input)
        if self.focused is self.query_one("#offers"):
            field.focus()
        elif field.value or self._edited is not None:
            self._edit(None)
            if self._stops:
                self.query_one(StopList).focus()
        else:
            self.dismiss()
