"""The Data screen: what each column holds, how it is used, and the resulting examples."""

import asyncio
from collections.abc import Callable
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from tuiprop.protocol.messages.base import RefusedError
from tuiprop.protocol.messages.data import ColumnNote, Describe, Described, Tables
from tuiprop.ui import keys
from tuiprop.ui.bindings import keymap_of
from tuiprop.ui.data.column_changes import (
    holding_out,
    read_as,
    used_or_not,
    with_column,
    with_next,
    with_target,
)
from tuiprop.ui.data.column_list import ColumnList
from tuiprop.ui.data.read_dialog import ReadDialog
from tuiprop.ui.data.table_words import (
    examples_words,
    facts,
    first_rows,
    possible_keys,
    reading_words,
)
from tuiprop.ui.dialogs import AskText, Choose
from tuiprop.ui.drawing.grid import CursorGrid
from tuiprop.ui.drawing.key_bar import Item, KeyBar, KeyLine
from tuiprop.ui.drawing.line import Line, spread
from tuiprop.ui.link import Link
from tuiprop.ui.patches.shown import LeftOnce
from tuiprop.ui.single_flight import alone

Change = Callable[[Tables], Tables]


class DataScreen(LeftOnce, Screen[Tables | None]):
    """Shows a table, and lets the user change how it is read and used.

    Its result is the experiment, perhaps with other `[data]` tables and with the loss and the
    output layer that its target needs; None where it was left.

    Args:
        link: the engine.
        experiment: the experiment whose data are shown.
    """

    DEFAULT_CSS = """
    DataScreen #reading { height: 1; padding: 0 1; color: $dim; background: $background; }
    DataScreen #columns { height: 1fr; min-height: 4; }
    DataScreen #file { height: 1fr; display: none; border: round $border; padding: 0 1;
                       border-title-color: $foreground; background: $background; }
    DataScreen #detail, DataScreen #column-keys { background: $background; }
    DataScreen #rows, DataScreen #outcome {
        border: round $border; border-title-color: $foreground; border-subtitle-color: $dim;
        background: $background; padding: 0 1; scrollbar-size-vertical: 1;
    }
    DataScreen #rows { height: 6; text-wrap: nowrap; text-overflow: ellipsis; }
    DataScreen #outcome { height: auto; min-height: 4; max-height: 5; }
    DataScreen #outcome:focus { border: round $foreground; }
    DataScreen.roomy #rows { height: 9; }
    DataScreen.roomy #outcome { max-height: 9; }
    """
    BINDINGS: ClassVar[list[BindingType]] = keys.DATA.bindings

    def __init__(self, link: Link, experiment: Tables) -> None:
        super().__init__()
        self._link = link
        self._before = self._tables = experiment
        self._lock = asyncio.Lock()
        self.described: Described | None = None
        """The newest reply of the engine."""

    @property
    def _gone(self) -> bool:
        """Return whether the widgets are gone; they are removed before the screen itself."""
        return not self.query(ColumnList)

    @property
    def changed(self) -> bool:
        """Return whether the user has changed the data."""
        return self._tables != self._before

    @property
    def idle(self) -> bool:
        """Return whether no request is waiting for the engine."""
        return not self._lock.locked()

    def compose(self) -> ComposeResult:
        """Lay out the title, the reading, the columns, the current one, the result and the keys."""
        yield Line(id="title")
        yield Static(id="reading", markup=False)
        yield ColumnList(id="columns")
        yield Static(id="file", markup=False)
        yield Line(id="detail")
        yield KeyLine(id="column-keys")
        yield Static(id="rows", markup=False)
        yield VerticalScroll(Static(id="becomes", markup=False), id="outcome")
        yield KeyBar(id="footer")

    def on_mount(self) -> None:
        """Set the titles and focus the columns."""
        self.query_one("#columns").border_title = "[b]Columns[/b]"
        self.query_one("#file").border_title = "[b]First lines of the file[/b]"
        self.query_one("#rows").border_title = "[b]First rows[/b]"
        self.query_one("#outcome").border_title = "[b]Result[/b]"
        self.query_one(ColumnList).focus()

    def on_resize(self) -> None:
        """Use a taller layout where the terminal is tall enough."""
        self.set_class(self.size.height >= 30, "roomy")

    @on(CursorGrid.Moved)
    @on(CursorGrid.Scrolled)
    def _moved(self) -> None:
        """Show the current column, and ask for the columns that have become visible."""
        self._paint_column()
        self.look()

    @work(group="look")
    async def look(self) -> None:
        """Ask for the visible columns again."""
        await self._apply(lambda tables: tables)

    @work(group="change")
    async def _change(self, change: Change, *, suggest: bool = False, refit: bool = False) -> None:
        """Change the data and show the result."""
        await self._apply(change, suggest=suggest, refit=refit)

    async def _apply(self, change: Change, *, suggest: bool = False, refit: bool = False) -> None:
        async with self._lock:  # each change builds on the result of the one before
            if self._gone:
                return
            wanted = change(self._tables)
            columns = self.query_one(ColumnList)
            if wanted is self._tables and self._in_sight(columns):
                return
            request = Describe(
                experiment=wanted,
                suggest=suggest,
                refit=refit,
                first=columns.top,
                count=columns.rows_in_sight,
            )
            try:
                described = await self._link.ask(request)
            except RefusedError as error:
                if not self._gone:
                    self._say(error.sentence)
                return
            if self._gone:
                return
            if self.described is None:  # completing it changes nothing
                self._before = described.experiment
            self.described, self._tables = described, described.experiment
            self._paint(described)

    def _in_sight(self, columns: ColumnList) -> bool:
        """Return whether the visible columns are known."""
        known = self.described
        if known is None:
            return False
        end = min(columns.top + columns.rows_in_sight, len(known.names))
        return known.first <= columns.top and end <= known.first + len(known.columns)

    # Showing

    def _paint(self, described: Described) -> None:
        width = self.size.width
        counted = f"{described.rows:,} rows, {len(described.names):,} columns"
        source = str(described.experiment["data"]["source"])
        title = Content.assemble(("Data  ", "bold"), source)
        right = Content.styled(counted if described.names else "not read yet", "$dim")
        self.query_one("#title", Line).show([spread(title, right, width)])
        self.query_one("#reading", Static).update(
            reading_words(described.reading, described.experiment["data"])
        )
        columns = self.query_one(ColumnList)
        columns.show(len(described.names), described.first, described.columns)
        lines = self.query_one("#file", Static)
        if bool(described.names) != columns.display:
            columns.display = bool(described.names)
            self.query_one("#columns" if described.names else "#outcome").focus()
        lines.display = not described.names
        if described.reading is not None:
            lines.update("\n".join(described.reading.lines) or "Not a text file.")
        self._paint_column()
        if described.outline is not None:
            becomes = [Content.styled(examples_words(described.outline), "bold")]
            becomes += [
                Content.styled(f"· {note}", "$foreground") for note in described.outline.notes
            ]
            self.query_one("#becomes", Static).update(Content("\n").join(becomes))
            notes = len(described.outline.notes)
            self.query_one("#outcome").border_subtitle = (
                "" if notes < 2 else f"{notes} notes, Tab and ↓ scroll"
            )
        elif described.refused is not None:
            self._say(described.refused.sentence)

    def _say(self, sentence: str) -> None:
        """Show what is wrong in place of the result."""
        text = Content.styled(f"✗ {sentence}", "$error")
        if self.described is not None and not self.described.names:
            text = text.append_text("\nPress r to change how the file is read.", "$dim")
        self.query_one("#becomes", Static).update(text)
        self.query_one("#outcome").border_subtitle = ""

    def _paint_column(self) -> None:
        """Describe the current column, and show it among the first rows."""
        columns, described = self.query_one(ColumnList), self.described
        note = columns.note
        if described is None:
            return
        rows = self.query_one("#rows", Static)
        detail, keys_of_column = self.query_one("#detail", Line), self.query_one(KeyLine)
        rows.display = detail.display = keys_of_column.display = bool(described.names)
        if note is None:
            return
        at = columns.row - described.first
        rows.update(first_rows(described.columns, at, rows.content_size.width))
        detail.show([facts(note, detail.size.width)])
        keymap = keymap_of(self)
        keys_of_column.show_keys(
            Item(key.names(keymap)[0], words, key.action) for key, words in possible_keys(note)
        )

    # Changing

    def _change_column(
        self, change: Callable[[Tables, ColumnNote], Tables], *, refit: bool = False
    ) -> None:
        """Change how the current column is used."""

        def apply(tables: Tables) -> Tables:
            note = self.query_one(ColumnList).note
            return tables if note is None else change(tables, note)

        self._change(apply, refit=refit)

    def action_use(self) -> None:
        """Leave an input out, or use it again."""
        self._change_column(
            lambda tables, note: (
                used_or_not(tables, note) if note.role in ("input", "left out") else tables
            )
        )

    def action_target(self, more: bool) -> None:
        """Make the column the target."""
        self._change_column(lambda tables, note: with_target(tables, note, more=more), refit=True)

    def action_hold_out(self) -> None:
        """Make the column mark the validation rows, or stop doing so."""
        self._change_column(holding_out)

    def action_next(self, setting: str) -> None:
        """Choose the next value of a setting of the column."""
        self._change_column(lambda tables, note: with_next(tables, note, setting))

    @alone
    async def action_order(self) -> None:
        """Ask for the order of the categories."""
        note = self.query_one(ColumnList).note
        if note is None or note.encoding != "ordinal":
            return
        own = self._tables["data"].get("columns", {}).get(note.name, {})
        answer = await self.app.push_screen_wait(
            AskText(
                f"The order of {note.name}",
                "the categories, comma-separated, lowest first",
                ", ".join(own.get("order") or note.categories),
            )
        )
        if answer is not None:
            order = [name.strip() for name in answer.split(",")]
            self._change(lambda tables: with_column(tables, note.name, order=order))

    @alone
    async def action_read(self) -> None:
        """Ask how the file is read."""
        described = self.described
        if described is None or described.reading is None:
            return
        answer = await ReadDialog(self.app, described.reading.format, self._tables["data"]).run()
        if answer is not None:
            self._change(lambda tables: read_as(tables, *answer), suggest=True, refit=True)

    # Leaving

    @alone
    async def action_accept(self) -> None:
        """Use the data as they are shown."""
        async with self._lock:
            described = self.described
        if described is None:
            return
        if described.outline is None:
            self.notify("These data cannot be used yet: see Result.", severity="warning")
            return
        self.dismiss(self._tables)

    @alone
    async def action_leave(self) -> None:
        """Go back; ask first if changes would be lost."""
        if self.changed:
            answer = await self.app.push_screen_wait(
                Choose("Discard your changes?", {"discard": "Discard", "stay": "Keep editing"})
            )
            if answer != "discard":
                return
        self.dismiss(None)
