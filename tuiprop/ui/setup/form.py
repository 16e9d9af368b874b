"""The set-up form: shows an experiment, and reads what is typed."""

import asyncio
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Input, Label, Select, Static

from tuiprop.protocol.messages.data import Tables
from tuiprop.protocol.messages.opening import Vocabulary
from tuiprop.ui.patches.text_field import TextField
from tuiprop.ui.setup.fields import FIELDS, Field, fields_of, to_option, to_text, to_value
from tuiprop.ui.setup.layer_editor import LayerEditor

FILE = "a file …"
"""The choice of a data set that stands for a file."""


class ExperimentForm(VerticalScroll):
    """The fields of an experiment, each with a line for an error.

    Args:
        experiment: the experiment to show.
        weights: the file of the initial weights; None for random ones.
    """

    def __init__(self, experiment: Tables, weights: str | None, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.experiment = experiment
        """The experiment that was shown last; its keys without a field are kept."""
        self.weights = weights
        """The file of the initial weights, which the next `fill` shows."""
        self._vocabulary: Vocabulary | None = None
        self._filling = asyncio.Lock()

    async def build(self, vocabulary: Vocabulary) -> None:
        """Create the fields, and show the experiment in them."""
        self._vocabulary = vocabulary
        await self.mount(*self._rows(vocabulary))
        await self.fill(self.experiment)

    def _rows(self, vocabulary: Vocabulary) -> Iterator[Widget]:
        yield Label("Data", classes="section")
        names = [*vocabulary.datasets, FILE]
        source = self.experiment["data"]["source"]
        chosen = source if source in vocabulary.datasets else FILE
        yield _row("data set", _select([(name, name) for name in names], chosen, "data-name"))
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
        value = self.experiment[field.section].get(field.name)
        if field.kind == "choice":
            names = field.choices(vocabulary)
            control = _select([(name, name) for name in names], value, field.id)
        elif field.kind == "switch":
            control = _select([("yes", True), ("no", False)], value, field.id)
        else:
            control = TextField(to_text(value), field.hint, compact=True, id=field.id)
        return _row(field.label, control, field.key)

    async def fill(self, experiment: Tables) -> None:
        """Show another experiment."""
        async with self._filling:
            await self._show_experiment(experiment)

    async def _show_experiment(self, experiment: Tables) -> None:
        assert self._vocabulary is not None
        self.experiment = experiment
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
        self._show_file(not known)
        for field in FIELDS:
            row = self.query_one(f"#{field.id}").parent
            assert isinstance(row, Widget)
            row.display = not field.only or source in field.only
        self._show_weights()
        await self.query_one(LayerEditor).fill(experiment["network"].get("layers") or [])
        await self.show_options()

    def drop_weights(self) -> None:
        """Start from random weights instead of those of a file."""
        self.weights = None
        self._show_weights()

    def _show_weights(self) -> None:
        self.query_one("#weights").display = self.weights is not None
        self.query_one("#weights-name", Label).update(self.weights or "")

    async def show_options(self) -> None:
        """Show the options of the chosen optimiser."""
        assert self._vocabulary is not None
        optimizer = str(self.query_one("#training-optimizer", Select).value)
        typed = self.experiment["training"]
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

    def _show_file(self, is_file: bool) -> None:
        """Show or hide the field for the name of a file."""
        row = self.query_one("#data-source").parent
        assert isinstance(row, Widget)
        row.display = is_file

    def choose_data(self, name: str) -> None:
        """Let the user type the name of a file, if the choice is `FILE`."""
        self._show_file(name == FILE)
        source = self.query_one("#data-source", Input)
        if name == FILE and not source.value:
            source.focus()

    def read(self) -> Tables:
        """Return the experiment that is typed in the form."""
        assert self._vocabulary is not None
        tables = deepcopy(self.experiment)
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

    @property
    def target_changed(self) -> bool:
        """True if another target is typed than was shown."""
        return bool(self.read()["data"].get("target") != self.experiment["data"].get("target"))

    def clear_errors(self) -> None:
        """Remove the errors of all fields."""
        for error in self.query(".error").results(Static):
            error.update("")
            error.display = False

    def show_error(self, key: str, sentence: str) -> None:
        """Show an error at its field, and at no other.

        Args:
            key: a key of the experiment, such as "network.layers[0].units"; "" for none.
            sentence: the error.
        """
        self.clear_errors()
        key = key.split("[")[0]
        if key.startswith("data.columns."):
            key = "data.columns"
        if key:
            for place in self.query(f"#{_error_id(key)}").results(Static):
                place.update(sentence)
                place.display = True


def _row(label: str, control: Widget, key: str = "") -> Widget:
    """Build a row: a label, its control, and a line for errors."""
    children: list[Widget] = [Label(label, classes="label"), control]
    if key:
        children.append(Static(classes="error", id=_error_id(key), markup=False))
    return Widget(*children, classes="row")


def _select(options: list[tuple[str, Any]], value: Any, id_: str) -> Select[Any]:
    return Select(options, value=value, allow_blank=False, compact=True, id=id_)


def _error_id(key: str) -> str:
    return "error-" + "".join(c if c.isalnum() else "-" for c in key)


def _plain(default: Any) -> Any:
    return list(default) if isinstance(default, tuple) else default
