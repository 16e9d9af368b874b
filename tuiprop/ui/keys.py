"""One table of the application's keys: dispatch, footer, help and README read it."""

from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True)
class Key:
    """One thing that a key does."""

    key: str
    """Textual's name of the key, aliases after commas."""
    shown: str
    """As it is written for people."""
    action: str
    words: str
    footer: str = ""
    """The word in the footer; empty: not there."""
    command: str = ""
    """The entry of the palette, "noun: verb"; empty: none."""

    @property
    def binding(self) -> Binding:
        """For Textual."""
        return Binding(self.key, self.action, self.words, show=False)


KEYS = (
    Key("space", "space", "play", "play, pause", "play", "run: play or pause"),
    Key("o", "o", "operation(1)", "one operation on", "operation", "run: one operation on"),
    Key("O", "O", "operation(-1)", "one operation back", command="run: one operation back"),
    Key("l", "l", "layer(1)", "one layer on", command="run: one layer on"),
    Key("L", "L", "layer(-1)", "one layer back", command="run: one layer back"),
    Key(
        "p",
        "p",
        "phase(1)",
        "to the end of forward, cost, backward, update",
        command="run: one phase on",
    ),
    Key("P", "P", "phase(-1)", "one phase back", command="run: one phase back"),
    Key("b", "b", "batch(1)", "complete this update: one batch", "batch", "run: one batch on"),
    Key("B", "B", "batch(-1)", "one batch back", command="run: one batch back"),
    Key("e", "e", "epoch(1)", "to the end of the epoch", "epoch", "run: one epoch on"),
    Key(
        "E", "E", "epoch(-1)", "back to the end of the epoch before", command="run: one epoch back"
    ),
    Key("plus,equals_sign", "+", "pace(1)", "faster", command="pace: faster"),
    Key("minus", "-", "pace(-1)", "slower", command="pace: slower"),
    Key(
        "g",
        "g",
        "app.go_to",
        "go to: start, an epoch, n epochs on, the end",
        "go to",
        "run: go to …",
    ),
    Key("0", "0", "start", "initial weights; the history stays", command="run: go to the start"),
    Key("G", "G", "newest", "newest state", command="run: go to the newest state"),
    Key("1", "1", "view('overview')", "view: overview", command="view: overview"),
    Key(
        "2",
        "2",
        "view('operation')",
        "view: the operation, its result, operands and terms",
        command="view: operation",
    ),
    Key("3", "3", "view('cost')", "view: cost, large", command="view: cost"),
    Key("4", "4", "app.problem", "view: the problem, predictions", command="view: problem"),
    Key("5", "5", "app.data", "view: the data, column by column", command="view: data"),
    Key("6,w", "w", "app.stops", "stop when …", "stop when", "view: stops, stop when …"),
    Key("7,s", "s", "app.setup", "set-up: data, network, training", "set-up", "view: set-up"),
    Key(
        "c",
        "c",
        "app.change",
        "change a weight, a bias, an input, or how it is trained from here on",
        "change",
        "change: a number or a setting …",
    ),
    Key(
        "v",
        "v",
        "app.proof",
        "verify now: gradient check, update audit; slips",
        command="proof: verify now",
    ),
    Key(
        "backspace",
        "Backspace",
        "return",
        "back to the number that was looked at before",
        command="number: back to the one before",
    ),
    Key("f", "f", "maximise", "maximise the focused panel, and back", command="view: maximise"),
    Key("n", "n", "names", "names (n[l], m) instead of numbers", command="view: names of sizes"),
    Key(
        "y",
        "y",
        "app.copy",
        "copy: the array, the operation, the record of the update",
        command="array: copy …",
    ),
    Key("x", "x", "app.export", "export the weights", "export", "weights: export …"),
    Key("colon,ctrl+p", ":", "app.command_palette", "every command", "all"),
    Key("question_mark,f1", "?", "app.help", "keys", "keys", "help: keys"),
    Key(
        "q",
        "q",
        "app.leave",
        "quit; asks when unsaved work would be lost",
        command="tuiprop: quit",
    ),
)
"""In the order of the help page."""

PANEL_KEYS = (
    ("6, 7", "stop when, set-up: like w and s"),
    ("tab, Shift+tab", "next panel, panel before"),
    ("arrows", "Layers: choose an array. Matrix: move the cursor"),
    ("page up, page down", "Matrix: a page up, down"),
    ("home, end", "Matrix: first, last column"),
    ("up, down", "Cost: linear or logarithmic. Where a number comes from: another term"),
    ("left, right", "Where a number comes from: another factor of the term"),
    ("Enter", "Layers: into the matrix. Matrix: where the number comes from. There: follow a term"),
    ("m, t", "Problem: the next aspect; all, training or validation examples"),
    (". ,", "Problem: move the threshold of two classes; another target of numbers"),
    ("[ ]", "Problem, one example: the one before, the next"),
    ("Ctrl+C", "copies what the mouse has selected; quits where nothing is"),
    ("Ctrl+Z", "suspends the dashboard; fg in the shell brings it back"),
    ("Escape", "back to the overview, to Layers; then hide the hint for good"),
)
"""What the panels do with keys of their own."""


COMMANDS = (
    ("run: start over with the same seed", "app.new_run(False)", "the same initial weights"),
    ("run: start over with a new seed", "app.new_run(True)", "other initial weights"),
    ("chart: linear or logarithmic", "chart_scale", "of the cost chart"),
    ("file: open …", "app.open", "an experiment, a table, weights"),
    ("screen: dark or light theme", "app.switch_theme", "light is for projectors"),
)
"""What the palette has beyond the keys: title, action, words."""
