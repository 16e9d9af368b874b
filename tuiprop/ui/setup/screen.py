"""The set-up screen: data, network, training; the resulting network is shown while typing."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Button, Input, Select, Static

from tuiprop.protocol.messages.base import RefusedError
from tuiprop.protocol.messages.data import Check, Tables
from tuiprop.protocol.messages.files import SaveExperiment
from tuiprop.protocol.messages.opening import ListNames, Locate, Located
from tuiprop.ui import keys
from tuiprop.ui.data.screen import DataScreen
from tuiprop.ui.dialogs import AskText, Choose, ask_path
from tuiprop.ui.link import Link
from tuiprop.ui.patches.shown import LeftOnce
from tuiprop.ui.run.go_to import typed_path
from tuiprop.ui.setup.adopt import adopted
from tuiprop.ui.setup.fields import without
from tuiprop.ui.setup.form import FILE, ExperimentForm
from tuiprop.ui.setup.layer_editor import LayerEditor
from tuiprop.ui.setup.outcome import Outcome
from tuiprop.ui.single_flight import alone

DELAY = 0.15
"""Seconds without typing after which the form is checked."""

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
        self._form = ExperimentForm(link.outline.experiment, link.weights, id="form")
        self._other = experiment
        self._begin = begin
        self._timer: Timer | None = None
        self._before: Tables | None = None

    def compose(self) -> ComposeResult:
        """Lay out the form on the left, and the resulting network on the right."""
        yield Static(
            "[b]Set-up[/b]  Tab and Shift+Tab move, Enter starts, Escape goes back",
            id="setup-title",
        )
        with Horizontal():
            yield self._form
            with Vertical(id="outcome"):
                yield VerticalScroll(Outcome(id="outline"))
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
            vocabulary = await self._link.ask(ListNames())
        except RefusedError as error:
            self._link.failed(error)
            self.dismiss()
            return
        await self._form.build(vocabulary)
        self._before = self._form.read()
        self.query_one("#buttons").disabled = False
        if self._other is not None:
            await self._form.fill(self._other)
            self.query_one("#start").focus()
        else:
            self.query_one("#data-name").focus()
        self._look_soon()

    async def _fill(self, experiment: Tables) -> None:
        """Show an experiment in the form, and the resulting network."""
        await self._form.fill(experiment)
        self._look_soon()

    # The resulting network

    @on(Input.Changed)
    @on(LayerEditor.Changed)
    def _look_soon(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(DELAY, self.look)

    @on(Button.Pressed, "#no-weights")
    def _draw_weights(self) -> None:
        self._form.drop_weights()
        self._look_soon()

    @on(Select.Changed)
    def _chosen(self, event: Select.Changed) -> None:
        name, value, experiment = event.select.id, event.value, self._form.experiment
        self._look_soon()
        if name == "data-name":
            self._form.choose_data(str(value))
            if value not in (FILE, experiment["data"]["source"]):
                self._locate(str(value))
        elif name == "training-optimizer" and value != experiment["training"]["optimizer"]:
            self.run_worker(self._form.show_options(), exclusive=True, group="options")
        elif name == "network-loss" and value != experiment["network"]["loss"]:
            self._fit_output("network.layers")

    @on(Input.Blurred, "#data-target")
    def _target_typed(self) -> None:
        if self._form.target_changed:
            self._fit_output("network.layers", "network.loss")

    @on(Input.Blurred, "#data-source")
    def _source_typed(self, event: Input.Blurred) -> None:
        if event.value.strip() and event.value.strip() != self._form.experiment["data"]["source"]:
            self._locate(typed_path(event.value))

    @work(exclusive=True, group="locate")
    async def _locate(self, what: str) -> None:
        """Fill the form for another data set or file."""
        try:
            located: Located | None = await self._link.ask(Locate(what=what))
        except RefusedError as error:
            self._show_refusal(error)
            return
        if located is not None and located.bare is not None:
            source = self._form.experiment["data"]["source"]
            weights = located.weights or ""
            located = await adopted(self.app, self._link, weights, located.bare, source)
        if located is not None:
            self._form.weights = located.weights
            await self._fill(located.experiment)

    @work(exclusive=True, group="fit")
    async def _fit_output(self, *unknown: str) -> None:
        """Let the output layer, and perhaps the loss, follow the target."""
        typed = self._form.read()
        try:
            outline = await self._link.ask(Check(experiment=without(typed, *unknown)))
        except RefusedError:
            self.look()  # the form may be refused for another reason
            return
        typed = self._form.read()  # keeps what was typed meanwhile
        fitted = outline.experiment["network"]
        layers = [*typed["network"]["layers"][:-1], fitted["layers"][-1]]
        typed["network"].update(layers=layers, loss=fitted["loss"])
        await self._fill(typed)

    @work(exclusive=True, group="look")
    async def look(self) -> None:
        """Show the resulting network."""
        await self._is_valid(self._form.read())

    async def _is_valid(self, experiment: Tables) -> bool:
        """Check an experiment; show the resulting network, or what is wrong."""
        refused = outline = None
        try:
            outline = await self._link.ask(Check(experiment=experiment, weights=self._form.weights))
        except RefusedError as error:
            refused = error
        if self.is_attached:
            self.query_one("#start", Button).disabled = outline is None
            if refused is not None:
                self._show_refusal(refused)
            elif outline is not None:
                self._form.clear_errors()
                self.query_one(Outcome).describe(outline)
        return outline is not None

    def _show_refusal(self, refused: RefusedError) -> None:
        """Show a refusal at its field, and in place of the resulting network."""
        sentence = refused.sentence.removeprefix(refused.key).lstrip(": ")
        self._form.show_error(refused.key, sentence)
        self.query_one(Outcome).refuse(refused.sentence)

    # Buttons

    @on(Input.Submitted)
    @on(Button.Pressed, "#start")
    def _start(self, event: Input.Submitted | Button.Pressed) -> None:
        typed = event.input.id if isinstance(event, Input.Submitted) else None
        if typed == "data-source":
            self._locate(typed_path(self.query_one("#data-source", Input).value))
        elif typed == "data-target" and self._form.target_changed:
            self._fit_output("network.layers", "network.loss")
        else:
            self.start()

    @work(exclusive=True, group="start")
    async def start(self) -> None:
        """Begin the run, or say why not."""
        typed = self._form.read()
        if await self._is_valid(typed):
            await self._begin(typed, self._form.weights)
            self.dismiss()

    @on(Button.Pressed, "#save")
    @alone
    async def action_save(self) -> None:
        """Save the experiment to a file."""
        source = str(self._form.experiment["data"]["source"])
        path = await ask_path(
            self.app,
            "Save the experiment",
            "a file ending in .toml",
            f"{Path(source).stem}.toml",
            ".toml",
        )
        if path is None:
            return
        saved = await self._link.ask(SaveExperiment(experiment=self._form.read(), path=path))
        self.notify(saved.sentence)

    @on(Button.Pressed, "#columns")
    @alone
    async def action_columns(self) -> None:
        """Show the data, column by column."""
        screen = DataScreen(self._link, self._form.read())
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
        if self._before is not None and self._form.read() != self._before:
            answer = await self.app.push_screen_wait(
                Choose("Discard your changes?", {"discard": "Discard", "stay": "Keep editing"})
            )
            if answer != "discard":
                return
        self.dismiss()
