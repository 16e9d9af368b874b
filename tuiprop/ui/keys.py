"""The table of all keys, read by bindings, bars, help page, command palette and documents.

Every key has a unique id that stays the same from version to version: a keymap for
`App.set_keymap` remaps keys by id.
"""

from collections.abc import Mapping

from tuiprop.ui.bindings import Key, Place


def _moves(place: str, words: str, **actions: str) -> tuple[Key, ...]:
    """List keys that share words, with their actions by Textual's names of the keys."""
    return tuple(Key(f"{place}.{key}", key, action, words) for key, action in actions.items())


COPY_OR_QUIT = Key(
    "app.copy_or_quit",
    "ctrl+c",
    "app.copy_or_quit",
    "copy the selected text; quit if there is none",
)

APP = Place(
    "Everywhere",
    (
        COPY_OR_QUIT,
        Key("app.quit", "ctrl+q", "quit", "quit, also from a dialog", priority=True),
        Key(
            "app.suspend",
            "ctrl+z",
            "suspend_process",
            "suspend the dashboard; fg in the shell resumes it",
            priority=True,
        ),
    ),
)

RUN = Place(
    "The run; the letter is the unit, Shift goes back",
    (
        Key("run.play", "space", "play", "play, pause", "play", "run: play or pause"),
        Key(
            "run.operation",
            "o",
            "go('operations', 1)",
            "one operation forward",
            "operation",
            "run: one operation forward",
        ),
        Key(
            "run.operation_back",
            "O",
            "go('operations', -1)",
            "one operation back",
            command="run: one operation back",
        ),
        Key(
            "run.layer",
            "l",
            "go('layers', 1)",
            "one layer forward",
            command="run: one layer forward",
        ),
        Key(
            "run.layer_back",
            "L",
            "go('layers', -1)",
            "one layer back",
            command="run: one layer back",
        ),
        Key(
            "run.phase",
            "p",
            "go('phases', 1)",
            "to the end of the phase: forward, cost, backward, update",
            command="run: one phase forward",
        ),
        Key(
            "run.phase_back",
            "P",
            "go('phases', -1)",
            "one phase back",
            command="run: one phase back",
        ),
        Key(
            "run.batch",
            "b",
            "go('updates', 1)",
            "one batch forward: complete this update",
            "batch",
            "run: one batch forward",
        ),
        Key(
            "run.epoch",
            "e",
            "go('epochs', 1)",
            "to the end of the epoch",
            "epoch",
            "run: one epoch forward",
        ),
        Key(
            "run.batch_back",
            "B",
            "go('updates', -1)",
            "one batch back",
            "back",
            "run: one batch back",
            bar_key="Shift",
        ),
        Key(
            "run.epoch_back",
            "E",
            "go('epochs', -1)",
            "back to the end of the previous epoch",
            command="run: one epoch back",
        ),
        Key("run.faster", "plus,equals_sign", "speed(1)", "faster", command="speed: faster"),
        Key("run.slower", "minus", "speed(-1)", "slower", command="speed: slower"),
        Key(
            "run.go_to",
            "g",
            "app.go_to",
            "go to an epoch, an update, the best, the end",
            "go to",
            "run: go to …",
        ),
        Key(
            "run.start",
            "0",
            "start",
            "go to the initial weights; the history is kept",
            command="run: go to the start",
        ),
        Key(
            "run.newest",
            "G",
            "newest",
            "go to the newest state",
            command="run: go to the newest state",
        ),
        Key(
            "view.overview",
            "1",
            "view('overview')",
            "view: overview",
            command="view: overview",
            tab=("Overview", "Over"),
        ),
        Key(
            "view.operation",
            "2",
            "view('operation')",
            "view: the operation, its result, operands and terms",
            command="view: operation",
            tab=("Operation", "Op"),
        ),
        Key(
            "view.cost",
            "3",
            "view('cost')",
            "view: the cost chart",
            command="view: cost",
            tab=("Cost", "Cost"),
        ),
        Key(
            "view.problem",
            "4",
            "app.problem",
            "view: the problem and the predictions",
            command="view: problem",
            tab=("Problem", "Prob"),
        ),
        Key(
            "view.data",
            "5",
            "app.data",
            "view: the data, column by column",
            command="view: data",
            tab=("Data", "Data"),
        ),
        Key(
            "view.stops",
            "w,6",
            "app.show('stops.screen', 'StopsScreen')",
            "stop when …",
            "stop when",
            "view: stops, stop when …",
            tab=("Stops", "Stop"),
        ),
        Key(
            "view.setup",
            "s,7",
            "app.setup",
            "set-up: data, network, training",
            "set-up",
            "view: set-up",
            tab=("Set-up", "Set"),
        ),
        Key(
            "run.change",
            "c",
            "app.change",
            "change a weight, a bias, an input or a training setting",
            "change",
            "change: a number or a setting …",
        ),
        Key(
            "run.verify",
            "v",
            "app.show('verify.screen', 'ProofScreen')",
            "proof: gradient check, update audit, mistakes",
            command="proof: run now",
        ),
        Key(
            "run.return",
            "backspace",
            "return",
            "back to the previous number",
            command="number: previous",
        ),
        Key(
            "run.maximise",
            "f",
            "maximise",
            "maximise the operation or the cost chart, and back",
            command="view: maximise",
        ),
        Key(
            "run.names",
            "n",
            "names",
            "sizes as names (n[l], m) or as numbers",
            command="view: names of sizes",
        ),
        Key(
            "run.copy",
            "y",
            "app.copy",
            "copy the array, the operation or the record of the update",
            command="array: copy …",
        ),
        Key("run.export", "x", "app.export", "export the weights", "export", "weights: export …"),
        Key("run.commands", "colon,ctrl+p", "app.command_palette", "list every command", "all"),
        Key("run.help", "question_mark,f1", "app.help", "list every key", "keys", "help: keys"),
        Key(
            "run.quit",
            "q",
            "app.leave",
            "quit; asks if unsaved work would be lost",
            command="tuiprop: quit",
        ),
    ),
)
"""The keys of the run screen and of the Problem screen, which moves the run too."""

PANELS = Place(
    "Panels of the run",
    (
        Key("panels.next", "tab", "panel(1)", "next panel"),
        Key("panels.previous", "shift+tab", "panel(-1)", "previous panel"),
        Key(
            "panels.escape",
            "escape",
            "escape",
            "back to the overview, then to Layers; then hide the hint for good",
        ),
    ),
)

GRID = Place(
    "Lists and matrices",
    (
        *_moves(
            "grid",
            "move the cursor",
            left="move(0, -1)",
            right="move(0, 1)",
            up="move(-1, 0)",
            down="move(1, 0)",
        ),
        *_moves("grid", "a page up, down", pageup="page(-1)", pagedown="page(1)"),
        *_moves("grid", "first, last column, or row of a list", home="ends(-1)", end="ends(1)"),
        Key("grid.first", "ctrl+home", "corner(-1)", "first cell"),
        Key("grid.last", "ctrl+end", "corner(1)", "last cell"),
    ),
)
"""The keys of lists and matrices with a cursor."""

LAYERS = Place("Layers", (Key("layers.enter", "enter", "enter", "go to the matrix"),))

MATRIX = Place(
    "Matrix",
    (Key("matrix.enter", "enter", "enter", "why this number? Show its provenance"),),
)

PROVENANCE = Place(
    "Provenance: terms up and down, factors left and right",
    (Key("provenance.follow", "enter", "follow", "go to the selected factor of this term"),),
)

COST = Place("Cost", (Key("cost.scale", "up,down", "toggle_scale", "linear or logarithmic"),))

PROBLEM = Place(
    "Problem",
    (
        Key("problem.aspect", "m", "aspect(1)", "next aspect", "aspect"),
        Key("problem.aspect_back", "M", "aspect(-1)", "previous aspect"),
        Key("problem.examples", "t", "subset", "all, training or validation examples", "examples"),
        Key("problem.escape", "escape", "escape", "back", "back"),
    ),
)

CLASSES = Place(
    "Problem: two classes",
    (
        Key("classes.higher", "full_stop", "threshold(1)", "a higher threshold"),
        Key("classes.lower", "comma", "threshold(-1)", "a lower threshold"),
    ),
)

TARGETS = Place(
    "Problem: targets that are numbers",
    (
        Key("targets.next", "full_stop", "target(1)", "next target"),
        Key("targets.previous", "comma", "target(-1)", "previous target"),
    ),
)

CONFUSION = Place(
    "Problem: confusion matrix",
    (Key("confusion.choose", "enter", "choose", "list the examples of this cell"),),
)

EXAMPLES = Place(
    "Problem: examples",
    (Key("examples.choose", "enter", "choose", "follow this example through the network"),),
)

TRACE = Place(
    "Problem: one example",
    (
        *_moves("trace", "scroll", up="scroll(-1)", down="scroll(1)"),
        Key("trace.next", "right_square_bracket", "example(1)", "next example"),
        Key("trace.previous", "left_square_bracket", "example(-1)", "previous example"),
    ),
)

MAP = Place(
    "Problem: map",
    (
        *_moves(
            "map",
            "move the point at which the output is read",
            left="move(-1, 0)",
            right="move(1, 0)",
            up="move(0, -1)",
            down="move(0, 1)",
        ),
        *_moves("map", "move it far up, down", pageup="move(0, -8)", pagedown="move(0, 8)"),
        *_moves("map", "move it far left, right", home="move(-12, 0)", end="move(12, 0)"),
        Key("map.whole", "enter", "whole", "show the prediction instead of one unit"),
    ),
)

TILES = Place("Problem: maps of units", (Key("tiles.choose", "enter", "choose", "show it large"),))

COLUMNS = Place(
    "Data: columns",
    (
        Key("columns.up", "up", "move(-1, 0)", "another column", "column"),
        Key("columns.down", "down", "move(1, 0)", "another column", "column"),
    ),
)

DATA = Place(
    "Data",
    (
        Key("data.read", "r", "read", "change how the file is read", "read as …"),
        Key("data.use", "u,space", "use", "use the column, or leave it out"),
        Key("data.target", "t", "target(False)", "make the column the target"),
        Key(
            "data.more_targets",
            "T",
            "target(True)",
            "add the column as another target",
            "add target",
        ),
        Key("data.hold_out", "h", "hold_out", "let the column say which rows are held out"),
        Key("data.encoding", "e", "next('encoding')", "change how the column is encoded"),
        Key("data.missing", "m", "next('missing')", "change how missing values are treated"),
        Key("data.scaling", "s", "next('scaling')", "change how the column is scaled"),
        Key("data.order", "o", "order", "order its categories"),
        Key("data.accept", "enter", "accept", "use these data", "use these data"),
        Key("data.leave", "escape", "leave", "back", "back"),
    ),
)

STOP_LIST = Place(
    "Stops: conditions",
    (
        Key("stops.edit", "enter", "select", "edit the condition", "edit"),
        Key("stops.switch", "space", "screen.switch", "on, off", "on, off"),
        Key("stops.delete", "d,delete,backspace", "screen.delete", "delete", "delete"),
        Key("stops.add", "a,plus", "screen.add", "type a new condition", "new"),
    ),
)

CONDITION = Place(
    "Stops: the field",
    (
        Key("stops.submit", "enter", "submit", "add the condition, or replace it", "add, replace"),
        Key("stops.complete", "right", "cursor_right", "complete what is typed", "complete"),
    ),
)

STOPS = Place(
    "Stops",
    (
        Key("stops.down", "down", "panel('#offers')", "go to the completions"),
        Key("stops.up", "up", "panel('#stops')", "go to the conditions"),
        Key("stops.escape", "escape", "escape", "back", "back"),
    ),
)

MISTAKES = Place(
    "Proof: mistakes",
    (Key("verify.switch", "enter", "select", "inject, remove", "inject, remove"),),
)

VERIFY = Place(
    "Proof",
    (
        Key("verify.verify", "v", "verify", "verify now", "verify"),
        Key("verify.update", "b", "update(1)", "one update forward", "update"),
        Key("verify.update_back", "B", "update(-1)", "one update back", "back", bar_key="Shift+b"),
        Key(
            "verify.proof",
            "tab",
            "app.focus_next",
            "switch between the proof and the mistakes",
            "proof",
        ),
        Key("verify.leave", "escape", "leave", "back", "back"),
    ),
)

SETUP = Place(
    "Set-up",
    (
        Key("setup.save", "ctrl+s", "save", "save the experiment"),
        Key("setup.columns", "ctrl+t", "columns", "show the columns of the table"),
        Key("setup.leave", "escape", "leave", "back"),
    ),
)

LIST = Place(
    "Lists of dialogs and choices",
    (
        *_moves("list", "go to another line", up="cursor_up", down="cursor_down"),
        *_moves("list", "a page up, down", pageup="page_up", pagedown="page_down"),
        *_moves("list", "first, last line", home="first", end="last"),
        Key("list.select", "enter", "select", "choose the line"),
    ),
)

DIALOG = Place("Dialogs", (Key("dialog.leave", "escape", "leave", "leave", "leave"),))

HELP = Place(
    "Help", (Key("help.close", "escape,q,question_mark,f1", "dismiss", "close the help page"),)
)

PLACES = (
    *(RUN, PANELS, GRID, LAYERS, MATRIX, PROVENANCE, COST),
    *(PROBLEM, CLASSES, TARGETS, CONFUSION, EXAMPLES, TRACE, MAP, TILES),
    *(COLUMNS, DATA, STOP_LIST, CONDITION, STOPS, MISTAKES, VERIFY, SETUP),
    *(LIST, DIALOG, HELP, APP),
)
"""All places, in the order of the help page and the bars."""

KEYS = {key.id: key for place in PLACES for key in place.keys}
"""All keys, by id."""

LEFT_OUT_FIRST = (
    "run.commands",
    "run.change",
    "view.setup",
    "view.stops",
    "run.batch_back",
    "run.export",
    "run.go_to",
    "run.help",
)
"""The keys that a bar drops first where there is no room for all, in this order."""

COMMANDS = (
    ("run: start over with the same seed", "app.new_run(False)", "the same initial weights"),
    ("run: start over with a new seed", "app.new_run(True)", "new initial weights"),
    ("chart: linear or logarithmic", "chart_scale", "the scale of the cost chart"),
    ("file: open …", "app.open", "an experiment, a table, weights"),
    ("theme: dark or light", "app.switch_theme", "light suits projectors"),
)
"""The commands of the palette that have no key: title, action, words."""


def unknown(keymap: Mapping[str, str]) -> list[str]:
    """Return a sentence about ids of a keymap that no key has, if there are any.

    Args:
        keymap: keys that replace the default ones, by id.
    """
    names = [id_ for id_ in keymap if id_ not in KEYS]
    return [f"The keymap names keys that do not exist: {', '.join(names)}."] if names else []
