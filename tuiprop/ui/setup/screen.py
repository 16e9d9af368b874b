"""The set-up screen: data, network, training; the resulting network is shown while typing."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Button, Input, Label, Select, Static

from tuiprop.protocol.messages.base import RefusedError
from tuiprop.protocol.messages.data import Check, Outline, Tables
from tuiprop.protocol.messages.files import SaveExperiment
from tuiprop.protocol.messages.opening import ListNames, Locate, Located, Vocabulary
from tuiprop.ui import keys
from tuiprop.ui.data.screen import DataScreen
from tuiprop.ui.dialogs import AskText, Choose, ask_path
from tuiprop.ui.link import Link
from tuiprop.ui.patches.shown import LeftOnce
from tuiprop.ui.patches.text_field import TextField
from tuiprop.ui.run.go_to import typed_path
from tuiprop.ui.setup.adopt import adopted
from tuiprop.ui.setup.form import (
    FIELDS,
    Field,
    fields_of,
    shapes,
    to_option,
    to_text,
    to_value,
    without,
)
from tuiprop.ui.setup.layer_editor import LayerEditor
from tuiprop.ui.single_flight import alone

DELAY = 0.15
"""Seconds without typing after which the form is checked."""

FILE = "a file …"

Begin = Callable[[Tables, str | None], Awaitable[None]]
"""Begins a run with an experiment and a file of weights, or raises `RefusedError`."""


class SetupScreen(LeftOnce, Screen[None]):
    """A form of the whole experiment.

    Args:
        link: the engine, which checks the form.
        begin: starts the run.
        experiment: fills the form at first; None: the experiment of the run.
    """

    BINDINGS: ClassVar[list[BindingType]] = keys.SETUP.bindings

    def __init__(self, link: Link, begin: Begin, experiment: Tables | None = None) -> None:
        super().__init__()
        assert link.outline is not None
        self._link = link
        self._experiment = link.outline.experiment
        self._other = experiment
        self._begin = begin
        self._weights = link.weights
        self._vocabulary: Vocabulary | None = None
        self._timer: Timer | None = None
        self._filling = asyncio.Lock()
        self._before: Tables | None = None

    def compose(self) -> ComposeResult:
        """Lay out the form on the left, and the resulting network on the right."""
        yield Static(
            "[b]Set-up[/b]  Tab and Shift+Tab move, Enter starts, Escape goes back",
            id="setup-title",
        )
        with Horizontal():
            yield VerticalScroll(id="form")
            with Vertical(id="outcome"):
                yield VerticalScroll(Static(id="outline"))
                with Horizontal(id="buttons"):
                    yield Button("Start", id="start", variant="primary", compact=True)
                    yield Button("Save", id="save", compact=True)
                    yield Button("Open", id="open", compact=True)
                    yield Button("Back", id="back", compact=True)

    def on_mount(self) -> None:
        """Build the form as soon as the engine has answered; Escape works before."""
        self.query_one("#buttons").disabled = True
        self._build()

    @work(group="build")
    async def _build(self) -> None:
        """Build the form from the names of the vocabulary."""
        try:
            self._vocabulary = await self._link.ask(ListNames())
        except RefusedError as error:
            self._link.failed(error)
            self.dismiss()
            return
        await self.query_one("#form").mount(*self._rows(self._vocabulary))
        await self._fill(self._experiment)
        self._before = self._typed()
        self.query_one("#buttons").disabled = False
        if self._other is not None:
            await self._fill(self._other)
            self.query_one("#start").focus()
        else:
            self.query_one("#data-name").focus()

    # The form

    def _rows(self, vocabulary: Vocabulary) -> Iterator[Widget]:
        yield Label("Data", classes="section")
        names = [*vocabulary.datasets, FILE]
        source = self._experiment["data"]["source"]
        yield _row(
            "data set",
            Select(
                [(name, name) for name in names],
                value=source if source in vocabulary.datasets else FILE,
                allow_blank=False,
                compact=True,
                id="data-name",
            ),
        )
        yield _row("file", TextField(id="data-source", compact=True), "data.source")
        yield from (self._field(field, vocabulary) for field in fields_of("data"))
        yield _row("columns", Button("Show (Ctrl+T)", id="columns", compact=True), "data.columns")
        yield Label("Network", classes="section")
        yield Horizontal(
            Label("initial weights", classes="label"),
            Label("", id="weights-name", markup=False),
            Button("× random weights", id="no-weights", compact=True),
            id="weights",
        )
        yield LayerEditor(vocabulary.activations, vocabulary.outputs, id="layers-editor")
        yield Static(classes="error", id=_error_id("network.layers"), markup=False)
        yield from (self._field(field, vocabulary) for field in fields_of("network"))
        yield Label("Training", classes="section")
        yield from (self._field(field, vocabulary) for field in fields_of("training"))
        yield Vertical(id="options")

    def _field(self, field: Field, vocabulary: Vocabulary) -> Widget:
        control: Widget
        value = self._experiment[field.section].get(field.name)
        if field.kind == "choice":
            names = field.choices(vocabulary)
            control = Select(
                [(name, name) for name in names],
                value=value,
                allow_blank=False,
                compact=True,
                id=field.id,
            )
        elif field.kind == "switch":
            control = Select(
                [("yes", True), ("no", False)],
                value=value,
                allow_blank=False,
                compact=True,
                id=field.id,
            )
        else:
            control = TextField(to_text(value), field.hint, compact=True, id=field.id)
        return _row(field.label, control, field.key)

    async def _fill(self, experiment: Tables) -> None:
        """Show an experiment in the form."""
        async with self._filling:
            await self._show_experiment(experiment)
        self._look_soon()

    async def _show_experiment(self, experiment: Tables) -> None:
        assert self._vocabulary is not None
        self._experiment = experiment
        source = experiment["data"]["source"]
        known = source in self._vocabulary.datasets
        with self.prevent(Input.Changed, Select.Changed):
            self.query_one("#data-name", Select).value = source if known else FILE
            self.query_one("#data-source", Input).value = "" if known else source
            for field in FIELDS:
                value = experiment[field.section].get(field.name)
                control = self.query_one(f"#{field.id}")
                if isinstance(control, Input):
                    control.value = to_text(value)
                elif isinstance(control, Select) and value is not None:
                    control.value = value
        self.query_one("#data-source", Input).parent.display = not known  # type: ignore[union-attr]
        for field in FIELDS:
            row = self.query_one(f"#{field.id}").parent
            assert isinstance(row, Widget)
            row.display = not field.only or source in field.only
        self._show_weights()
        await self.query_one(LayerEditor).fill(experiment["network"].get("layers") or [])
        await self._fill_options()

    def _show_weights(self) -> None:
        """Show the file of the initial weights, if there is one."""
        self.query_one("#weights").display = self._weights is not None
        self.query_one("#weights-name", Label).update(self._weights or "")

    @on(Button.Pressed, "#no-weights")
    def _draw_weights(self) -> None:
        self._weights = None
        self._show_weights()
        self._look_soon()

    async def _fill_options(self) -> None:
        """Show the options of the chosen optimiser."""
        assert self._vocabulary is not None
        optimizer = str(self.query_one("#training-optimizer", Select).value)
        typed = self._experiment["training"]
        chosen = typed.get("options", {}) if typed.get("optimizer") == optimizer else {}
        area = self.query_one("#options")
        await area.remove_children()
        await area.mount(
            *(
                _row(
                    f"  {name}",
                    TextField(
                        to_text(chosen.get(name, default)), compact=True, id=f"option-{name}"
                    ),
                    f"training.options.{name}",
                )
                for name, default in self._vocabulary.options[optimizer].items()
            )
        )

    def _typed(self) -> Tables:
        """Return the experiment that is typed in the form."""
        assert self._vocabulary is not None
        tables = deepcopy(self._experiment)
        name = self.query_one("#data-name", Select).value
        tables["data"]["source"] = (
            self.query_one("#data-source", Input).value.strip() if name == FILE else name
        )
        for field in FIELDS:
            control = self.query_one(f"#{field.id}")
            value: Any
            if isinstance(control, Input):
                value = to_value(control.value, field.kind)
            else:
                assert isinstance(control, Select)
                value = control.value
            tables[field.section][field.name] = value
        if not tables["data"]["target"]:
            del tables["data"]["target"]
        layers = self.query_one(LayerEditor).settings
        tables["network"]["layers"] = layers
        if not layers:  # of a table that is not read yet
            del tables["network"]["layers"]
        defaults = self._vocabulary.options[tables["training"]["optimizer"]]
        options = {
            control.id.removeprefix("option-"): to_option(control.value)
            for control in self.query("#options Input").results(Input)
            if control.id is not None
        }
        tables["training"]["options"] = {
            name: value
            for name, value in options.items()
            if name in defaults and value != _plain(defaults[name])
        }
        return tables

    # The resulting network

    @on(Input.Changed)
    @on(LayerEditor.Changed)
    def _look_soon(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(DELAY, self.look)

    @on(Select.Changed)
    def _chosen(self, event: Select.Changed) -> None:
        name, value = event.select.id, event.value
        self._look_soon()
        if name == "data-name":
            self._choose_data(str(value))
        elif name == "training-optimizer" and value != self._experiment["training"]["optimizer"]:
            self.run_worker(self._fill_options(), exclusive=True, group="options")
        elif name == "network-loss" and value != self._experiment["network"]["loss"]:
            self._fit_output("network.layers")

    @property
    def _target_changed(self) -> bool:
        return bool(self._typed()["data"].get("target") != self._experiment["data"].get("target"))

    @on(Input.Blurred, "#data-target")
    def _target_typed(self) -> None:
        if self._target_changed:
            self._fit_output("network.layers", "network.loss")

    @on(Input.Blurred, "#data-source")
    def _source_typed(self, event: Input.Blurred) -> None:
        if event.value.strip() and event.value.strip() != self._experiment["data"]["source"]:
            self._locate(typed_path(event.value))

    def _choose_data(self, name: str) -> None:
        source = self.query_one("#data-source", Input)
        assert isinstance(source.parent, Widget)
        source.parent.display = name == FILE
        if name == FILE:
            if not source.value:
                source.focus()
        elif name != self._experiment["data"]["source"]:
            self._locate(name)

    @work(exclusive=True, group="locate")
    async def _locate(self, what: str) -> None:
        """Fill the form for another data set or file."""
        try:
            located: Located | None = await self._link.ask(Locate(what=what))
        except RefusedError as error:
            self._show_refusal(error)
            return
        if located is not None and located.bare is not None:
            source = self._experiment["data"]["source"]
            weights = located.weights or ""
            located = await adopted(self.app, self._link, weights, located.bare, source)
        if located is not None:
            self._weights = located.weights
            await self._fill(located.experiment)

    @work(exclusive=True, group="fit")
    async def _fit_output(self, *unknown: str) -> None:
        """Let the output layer, and perhaps the loss, follow the target."""
        typed = self._typed()
        try:
            outline = await self._link.ask(Check(experiment=without(typed, *unknown)))
        except RefusedError:
            self.look()  # the form may be refused for another reason
            return
        typed = self._typed()  # keeps what was typed meanwhile
        fitted = outline.experiment["network"]
        layers = [*typed["network"]["layers"][:-1], fitted["layers"][-1]]
        typed["network"].update(layers=layers, loss=fitted["loss"])
        await self._fill(typed)

    @work(exclusive=True, group="look")
    async def look(self) -> None:
        """Show the resulting network."""
        await self._is_valid(self._typed())

    async def _is_valid(self, experiment: Tables) -> bool:
        """Check an experiment; show the resulting network, or what is wrong."""
        refused = outline = None
        try:
            outline = await self._link.ask(Check(experiment=experiment, weights=self._weights))
        except RefusedError as error:
            refused = error
        if self.is_attached:
            self.query_one("#start", Button).disabled = outline is None
            if refused is not None:
                self._show_refusal(refused)
            elif outline is not None:
                self._clear_errors()
                self.query_one("#outline", Static).update(self._describe(outline))
        return outline is not None

    def _clear_errors(self) -> None:
        for error in self.query(".error").results(Static):
            error.update("")
            error.display = False

    def _show_refusal(self, refused: RefusedError) -> None:
        """Show a refusal at its field, and in place of the resulting network."""
        self._clear_errors()
        key = refused.key.split("[")[0]
        if key.startswith("data.columns."):
            key = "data.columns"
        places = self.query(f"#{_error_id(key)}") if key else self.query("#nowhere")
        sentence = refused.sentence.removeprefix(refused.key).lstrip(": ")
        for place in places.results(Static):
            place.update(sentence)
            place.display = True
        text = Content.assemble(("✗ ", "bold $error"), (refused.sentence, "$error"))
        self.query_one("#outline", Static).update(text)

    def _describe(self, outline: Outline) -> Content:
        network = outline.experiment["network"]
        rows = [("l", "W", "b", "g")]
        rows += shapes(outline.sizes, [layer["activation"] for layer in network["layers"]])
        widths = [max(len(row[i]) for row in rows) + 2 for i in range(4)]
        lines = [Content(f"n[0] = {outline.sizes[0]} inputs"), Content()]
        for i, row in enumerate(rows):
            line = "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            lines.append(Content.styled(line.rstrip(), "" if i else "$dim"))
        updates = "update" if outline.per_epoch == 1 else "updates"
        lines += [
            Content(),
            Content.styled(f"{outline.parameters:,} parameters", "bold"),
            Content(
                f"{outline.rows} rows: {outline.training} training, {outline.validation} validation"
            ),
            Content(f"{outline.per_epoch} {updates} per epoch"),
        ]
        if outline.classes:
            lines.append(Content.assemble(("classes ", "$dim"), ", ".join(outline.classes)))
        if outline.notes:
            lines += [Content(), *(Content(f"· {note}") for note in outline.notes)]
        return Content("\n").join(lines)

    # Buttons

    @on(Input.Submitted)
    @on(Button.Pressed, "#start")
    def _start(self, event: Input.Submitted | Button.Pressed) -> None:
        typed = event.input.id if isinstance(event, Input.Submitted) else None
        if typed == "data-source":
            self._locate(typed_path(self.query_one("#data-source", Input).value))
        elif typed == "data-target" and self._target_changed:
            self._fit_output("network.layers", "network.loss")
        else:
            self.start()

    @work(exclusive=True, group="start")
    async def start(self) -> None:
        """Begin the run, or say why not."""
        typed = self._typed()
        if await self._is_valid(typed):
            await self._begin(typed, self._weights)
            self.dismiss()

    @on(Button.Pressed, "#save")
    @alone
    async def action_save(self) -> None:
        """Save the experiment to a file."""
        path = await ask_path(
            self.app,
            "Save the experiment",
            "a file ending in .toml",
            f"{self._stem()}.toml",
            ".toml",
        )
        if path is None:
            return
        saved = await self._link.ask(SaveExperiment(experiment=self._typed(), path=path))
        self.notify(saved.sentence)

    def _stem(self) -> str:
        return Path(str(self._experiment["data"]["source"])).stem

    @on(Button.Pressed, "#columns")
    @alone
    async def action_columns(self) -> None:
        """Show the data, column by column."""
        screen = DataScreen(self._link, self._typed())
        chosen = await self.app.push_screen_wait(screen)
        if chosen is not None and screen.changed:
            await self._fill(chosen)

    @on(Button.Pressed, "#open")
    @alone
    async def action_open(self) -> None:
        """Open an experiment, a table or weights in the form."""
        what = await self.app.push_screen_wait(
            AskText(
                "Open",
                "an experiment (.toml), a table, or weights (.npz, .safetensors, .json)",
            )
        )
        if what is not None:
            self._locate(typed_path(what))

    @on(Button.Pressed, "#back")
    @alone
    async def action_leave(self) -> None:
        """Go back to the run, which is unchanged; ask first if edits would be lost."""
        if self._before is not None and self._typed() != self._before:
            answer = await self.app.push_screen_wait(
                Choose("Discard your changes?", {"discard": "Discard", "stay": "Keep editing"})
            )
            if answer != "discard":
                return
        self.dismiss()


def _row(label: str, control: Widget, key: str = "") -> Widget:
    """Build a row: a label, its control, and a line for errors."""
    children: list[Widget] = [Label(label, classes="label"), control]
    if key:
        children.append(Static(classes="error", id=_error_id(key), markup=False))
    return Widget(*children, classes="row")


def _error_id(key: str) -> str:
    return "error-" + "".join(c if c.isalnum() else "-" for c in key)


def _plain(default: Any) -> Any:
    return list(default) if isinstance(default, tuple) else default
