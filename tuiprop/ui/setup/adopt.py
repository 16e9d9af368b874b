"""The dialog about weights from another program, whose file lacks activations and data."""

from itertools import pairwise
from typing import ClassVar

from textual import on, work
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Select

from tuiprop.protocol.messages.base import RefusedError
from tuiprop.protocol.messages.opening import Adopt, BareWeights, ListNames, Located, Vocabulary
from tuiprop.ui.dialogs import LEAVING
from tuiprop.ui.link import Link
from tuiprop.ui.patches.shown import LeftOnce
from tuiprop.ui.patches.text_field import TextField
from tuiprop.ui.run.go_to import typed_path


class AdoptScreen(LeftOnce, ModalScreen[Located | None]):
    """Asks for the activation of each layer and for the data; returns None if cancelled.

    Args:
        link: the engine.
        weights: the file of the weights.
        bare: the network as far as the file describes it.
        vocabulary: the possible names.
        source: the data that are proposed.
    """

    DEFAULT_CSS = """
    AdoptScreen { align: center middle; background: $background 60%; }
    AdoptScreen > Vertical { width: 64; max-width: 96%; height: auto; max-height: 96%;
                             border: round $foreground; padding: 0 2; background: $background; }
    AdoptScreen Label { width: 100%; }
    AdoptScreen .title { text-style: bold; }
    AdoptScreen .words, AdoptScreen .loss { color: $dim; }
    AdoptScreen .error { color: $error; background: $background; height: auto; }
    AdoptScreen VerticalScroll { height: auto; max-height: 8; margin: 1 0 0 0;
                                 background: $background; }
    AdoptScreen Horizontal { height: 1; }
    AdoptScreen Horizontal Label { width: 20; color: $dim; }
    AdoptScreen Select, AdoptScreen Horizontal .loss { width: 1fr; }
    AdoptScreen Button { width: auto; min-width: 8; margin: 1 0 0 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = LEAVING

    def __init__(
        self,
        link: Link,
        weights: str,
        bare: BareWeights,
        vocabulary: Vocabulary,
        source: str = "",
    ) -> None:
        super().__init__()
        self._link, self._weights, self._bare = link, weights, bare
        self._vocabulary, self._source = vocabulary, source

    def compose(self) -> ComposeResult:
        """Lay out the description of the file, the layers, the loss, the data, and the error."""
        sizes = " → ".join(map(str, self._bare.sizes))
        with Vertical():
            yield Label("Weights from another program", classes="title", markup=False)
            yield Label(
                f"{self._weights}: {sizes}. The file names neither activations nor data. "
                "Inputs are used unscaled, unless an experiment says otherwise.",
                classes="words",
                markup=False,
            )
            with VerticalScroll(can_focus=False):
                yield from self._layers()
            with Horizontal():
                yield Label("loss")
                yield Label("", classes="loss", markup=False)
            with Horizontal():
                yield Label("data")
                yield TextField(
                    self._source,
                    placeholder="a table, a data set, an experiment (.toml)",
                    compact=True,
                )
            yield Label("", classes="error", markup=False)
            yield Button("Open", compact=True)

    def _layers(self) -> ComposeResult:
        L = len(self._bare.activations)
        for l, (before, n) in enumerate(pairwise(self._bare.sizes), 1):
            names = self._vocabulary.outputs if l == L else self._vocabulary.activations
            known = self._bare.activations[l - 1]
            with Horizontal():
                yield Label(f"layer {l}: {before} → {n}", markup=False)
                yield Select(
                    [(name, name) for name in names],
                    value=Select.NULL if known is None else known,
                    prompt="activation?",
                    compact=True,
                )

    @property
    def _activations(self) -> list[str | None]:
        chosen = [select.value for select in self.query(Select)]
        return [name if isinstance(name, str) else None for name in chosen]

    @on(Select.Changed)
    @on(Input.Changed)
    def _changed(self) -> None:
        output = self._activations[-1]
        loss = "" if output is None else self._vocabulary.usual_losses[output]
        words = f"{loss}, the usual one for {output}" if loss else ""
        self.query_one(".loss", Label).update(words)
        self._say("")

    def _say(self, sentence: str) -> None:
        self.query_one(".error", Label).update(sentence)

    @on(Input.Submitted)
    @on(Button.Pressed)
    @work(exclusive=True)
    async def answer(self) -> None:
        """Ask the engine for the experiment, or show why there is none."""
        chosen = self._activations
        activations = [name for name in chosen if name is not None]
        source = self.query_one(Input).value.strip()
        if len(activations) < len(chosen):
            self._say(f"choose the activation of layer {chosen.index(None) + 1}")
        elif not source:
            self._say("name the data: a table, a data set, an experiment (.toml)")
        else:
            request = Adopt(
                weights=self._weights, activations=activations, source=typed_path(source)
            )
            try:
                self.dismiss(await self._link.ask(request))
            except RefusedError as error:
                if self.is_attached:
                    self._say(error.sentence)

    def action_leave(self) -> None:
        """Cancel."""
        self.dismiss(None)


async def adopted(
    app: App[int], link: Link, weights: str, bare: BareWeights, source: str = ""
) -> Located | None:
    """Ask for the network and the data of bare weights; None where the user left."""
    vocabulary = await link.ask(ListNames())
    return await app.push_screen_wait(AdoptScreen(link, weights, bare, vocabulary, source))
