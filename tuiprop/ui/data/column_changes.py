"""What the Data screen changes: the tables of an experiment, and how a file is read."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from tuiprop.protocol.messages.payloads import ColumnNote, Tables

Settings = dict[str, Any]


def with_column(tables: Tables, name: str, **settings: Any) -> Tables:
    """The tables with other settings of a column; None takes a setting away."""
    changed = deepcopy(tables)
    columns = changed["data"].setdefault("columns", {})
    own: Settings = {**columns.pop(name, {}), **settings}
    own = {key: value for key, value in own.items() if value is not None}
    if own:
        columns[name] = own
    return changed


def used_or_not(tables: Tables, note: ColumnNote) -> Tables:
    """The tables with an input left out, or taken in again."""
    return with_column(tables, note.name, use=None if note.role == "left out" else False)


def holding_out(tables: Tables, note: ColumnNote) -> Tables:
    """The tables with this column saying which rows are held out, or an input again."""
    changed = deepcopy(tables)
    data = changed["data"]
    if note.role == "split":
        data.pop("validation")
    elif note.role != "target":
        data["validation"] = {"column": note.name}
        data.get("columns", {}).pop(note.name, None)
    return changed


def with_target(tables: Tables, note: ColumnNote, *, more: bool) -> Tables:
    """The tables with this column as the target.

    Args:
        tables: of an experiment.
        note: of the column.
        more: besides the targets that there are, or not any longer if it is one.
    """
    before = targets_of(tables)
    name = note.name
    after = [name]
    if more:
        after = [each for each in before if each != name]
        after += [name] if name not in before else []
    if not after or after == before:
        return tables
    changed = tables
    for each in {*before, *after}:  # what suits an input does not suit a target
        changed = with_column(changed, each, use=None, encoding=None, order=None, scaling=None)
        own = changed["data"]["columns"].get(each, {})
        if own.get("missing") not in (None, "refuse", "drop"):
            changed = with_column(changed, each, missing=None)
    changed["data"]["target"] = after[0] if len(after) == 1 else after
    return changed


def targets_of(tables: Tables) -> list[str]:
    """The names of the targets."""
    target = tables["data"].get("target", [])
    return [target] if isinstance(target, str) else list(target)


def with_next(tables: Tables, note: ColumnNote, setting: str) -> Tables:
    """The tables with the next value of a setting of a column: encoding, missing, scaling."""
    values, now = POSSIBLE[setting](note)
    if len(values) < 2:
        return tables
    following = values[(values.index(now) + 1) % len(values)] if now in values else values[0]
    others = {"missing": None, "scaling": None, "order": None} if setting == "encoding" else {}
    return with_column(tables, note.name, **{**others, setting: following})


POSSIBLE: dict[str, Callable[[ColumnNote], tuple[list[str], str]]] = {
    "encoding": lambda note: (note.encodings, note.encoding),
    "missing": lambda note: (note.on_missings, note.on_missing),
    "scaling": lambda note: (note.scalings, note.scaling),
}
"""The values that a setting of a column can have, and the one it has."""


@dataclass(frozen=True)
class Question:
    """One thing that can be said about how a file is read."""

    key: str
    """Of `[data]`."""
    words: str
    formats: tuple[str, ...]
    """Files it has a meaning for; empty: all."""
    answers: tuple[tuple[str, Any], ...] = ()
    """Words and values; empty: it is typed."""
    renames: bool = False
    """Columns may be called otherwise then, or be others."""
    several: bool = False
    """What is typed are texts with commas between them."""

    @property
    def title(self) -> str:
        """With a capital."""
        return self.words[:1].upper() + self.words[1:]

    @property
    def allowed(self) -> str:
        """What may be typed."""
        return "comma-separated, e.g. -999, none" if self.several else "a path"


GUESS = ("automatic", None)

QUESTIONS = (
    Question(
        "decimal",
        "decimal mark",
        ("csv",),
        (("point: 1.5", "."), ("comma: 1,5", ",")),
    ),
    Question(
        "delimiter",
        "delimiter",
        ("csv",),
        (
            GUESS,
            ("comma ,", ","),
            ("semicolon ;", ";"),
            ("tab", "\t"),
            ("bar |", "|"),
            ("space", " "),
        ),
        renames=True,
    ),
    Question(
        "header",
        "first line holds",
        ("csv",),
        (GUESS, ("column names", True), ("a row of data", False)),
        renames=True,
    ),
    Question("missing_values", "missing values", ("csv", "jsonl", "parquet"), several=True),
    Question(
        "examples",
        "examples in arrays",
        ("numpy",),
        (("rows: along the first axis", "rows"), ("columns: along the last", "columns")),
        renames=True,
    ),
    Question("labels", "label file", ("idx",)),
    Question(
        "format",
        "format",
        (),
        (
            GUESS,
            ("CSV, TSV", "csv"),
            ("JSON lines", "jsonl"),
            ("Parquet", "parquet"),
            ("NumPy", "numpy"),
            ("IDX", "idx"),
        ),
        renames=True,
    ),
)
"""In the order in which they are offered."""


def read_as(tables: Tables, question: Question, value: Any) -> Tables:
    """The tables with another way of reading the file; None leaves it to be guessed."""
    changed = deepcopy(tables)
    data = changed["data"]
    data.pop(question.key, None)
    if value is not None:
        data[question.key] = value
    if question.renames:
        for key in ("target", "columns", "derived"):
            data.pop(key, None)
    return changed
