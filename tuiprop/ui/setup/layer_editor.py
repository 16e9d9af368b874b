"""The editor of the layers: add, remove, reorder; units and activation of each."""

import asyncio
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Button, Input, Label, Select

from tuiprop.ui.patches.text_field import TextField
from tuiprop.ui.setup.fields import to_text, to_value


class LayerLine(Horizontal):
    """One layer of the form."""

    def __init__(
        self, l: int, units: Any, activation: str, activations: list[str], *, output: bool
    ) -> None:
        super().__init__(classes="output" if output else "hidden")
        self._number = f"{l} output" if output else str(l)
        self._units, self._activation, self._activations = units, activation, activations
        self._output = output

    def compose(self) -> ComposeResult:
        """Lay out number, units and activation, and for hidden layers the buttons."""
        yield Label(self._number, classes="number")
        yield TextField(to_text(self._units), compact=True, classes="units")
        yield Select(
            [(name, name) for name in self._activations],
            value=self._activation,
            allow_blank=False,
            compact=True,
        )
        if not self._output:
            for words, action in (("↑", "up"), ("↓", "down"), ("×", "remove")):
                yield Button(words, compact=True, classes=action)

    @property
    def settings(self) -> dict[str, Any]:
        """The layer as in an experiment; the initial values while its widgets are being built."""
        units = [to_value(each.value, "whole") for each in self.query(Input)]
        chosen = [each.value for each in self.query(Select) if isinstance(each.value, str)]
        return {
            "units": units[0] if units else self._units,
            "activation": chosen[0] if chosen else self._activation,
        }


class LayerEditor(Vertical):
    """The layers from the first hidden one to the output.

    Args:
        activations: for hidden layers.
        outputs: for the output layer.
    """

    class Changed(Message):
        """A layer has changed."""

    def __init__(self, activations: list[str], outputs: list[str], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._activations, self._outputs = activations, outputs
        self._filling = asyncio.Lock()

    def compose(self) -> ComposeResult:
        """Lay out the layers, then the button that adds one."""
        yield Vertical(id="lines")
        yield Button("+ hidden layer", id="add-layer", compact=True)

    @property
    def settings(self) -> list[dict[str, Any]]:
        """The layers as in an experiment."""
        return [line.settings for line in self.query(LayerLine)]

    async def fill(self, layers: list[dict[str, Any]]) -> None:
        """Show these layers; the last is the output."""
        async with self._filling:
            await self._fill(layers)

    async def _fill(self, layers: list[dict[str, Any]]) -> list[LayerLine]:
        lines = [
            LayerLine(
                l,
                layer["units"],
                layer["activation"],
                self._outputs if last else self._activations,
                output=last,
            )
            for l, layer in enumerate(layers, start=1)
            for last in (l == len(layers),)
        ]
        area = self.query_one("#lines")
        with self.app.batch_update():
            self.query_one("#add-layer").disabled = not layers
            await area.remove_children()
            await area.mount(*lines)
        return lines

    @on(Button.Pressed)
    async def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        async with self._filling:
            await self._change(event.button)

    async def _change(self, button: Button) -> None:
        """Add a layer, remove one, or move it."""
        layers = self.settings
        if not layers:  # of a table that is not read yet
            return
        lines = list(self.query(LayerLine))
        focus: int | None = None
        if button.id == "add-layer":
            like = layers[-2] if len(layers) > 1 else {"units": 8, "activation": "tanh"}
            layers.insert(len(layers) - 1, dict(like))
            focus = len(layers) - 2
        else:
            pressed = [i for i, line in enumerate(lines) if button in line.query(Button)]
            if not pressed:  # its line has just been replaced
                return
            i = pressed[0]
            if button.has_class("remove"):
                del layers[i]
            else:
                j = i + (1 if button.has_class("down") else -1)
                if not 0 <= j < len(layers) - 1:
                    return
                layers[i], layers[j] = layers[j], layers[i]
                focus = j
        lines = await self._fill(layers)
        if focus is None:
            self.query_one("#add-layer").focus()
        else:
            lines[focus].query_one(Input).focus()
        self.post_message(self.Changed())

    @on(Input.Changed)
    @on(Select.Changed)
    def _edited(self, event: Message) -> None:
        event.stop()
        self.post_message(self.Changed())
