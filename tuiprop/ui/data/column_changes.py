"""Changes of the Data screen to the tables of an experiment and to how a file is read."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from tuiprop.protocol.messages.data import ColumnNote, Tables

Settings = dict[str, Any]


def with_column(tables: Tables, name: str, **settings: Any) -> Tables:
    """Return the tables with other settings of a column; None removes a setting."""
    changed = deepcopy(tables)
    columns = changed["data"].setdefault("columns", {})
    own: Settings = {**columns.pop(name, {}), **settings}
    own = {key: value for key, value in own.items() if value is not None}
    if own:
        columns[name] = own
    return changed


def used_or_not(tables: Tables, note: ColumnNote) -> Tables:
    """Return the tables with an input left out, or used again."""
    return with_column(tables, note.name, use=None if note.role == "left out" else False)


def holding_out(tables: Tables, note: ColumnNote) -> Tables:
    """Return the tables with this column marking the validation rows, or as an input again."""
    changed = deepcopy(tables)
    data = changed["data"]
    if note.role == "split":
        data.pop("validation")
    elif note.role != "target":
        data["validation"] = {"column": note.name}
        data.get("columns", {}).pop(note.name, None)
    return changed


def with_target(tables: Tables, note: ColumnNote, *, more: bool) -> Tables:
    """Return the tables with this column as the target.

    Args:
        tables: the tables of an experiment.
        note: the column.
        more: add the column to the present targets, or remove it if it is one.
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
    for each in {*before, *after}:  # settings of an input do not fit a target
        changed = with_column(changed, each, use=None, encoding=None, order=None, scaling=None)
        own = changed["data"]["columns"].get(each, {})
        if own.get("missing") not in (None, "refuse", "drop"):
            changed = with_column(changed, each, missing=None)
    changed["data"]["target"] = after[0] if len(after) == 1 else after
    return changed


def targets_of(tables: Tables) -> list[str]:
    """Return the names of the targets."""
    target = tables["data"].get("target", [])
    return [target] if isinstance(target, str) else list(target)


def with_next(tables: Tables, note: ColumnNote, setting: str) -> Tables:
    """Return the tables with the next value of a column's encoding, missing or scaling."""
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
"""The possible values of each setting of a column, and the present one."""


@dataclass(frozen=True)
class Question:
    """One setting of how a file is read."""

    key: str
    """The name of the setting in `[data]`."""
    words: str
    formats: tuple[str, ...]
    """The file formats it applies to; empty: all."""
    answers: tuple[tuple[str, Any], ...] = ()
    """The choices in words with their values; empty: the answer is typed."""
    renames: bool = False
    """The answer may change the names of the columns."""
    several: bool = False
    """The typed answer is a list of texts, comma-separated."""

    @property
    def title(self) -> str:
        """Return the words with a capital."""
        return self.words[:1].upper() + self.words[1:]

    @property
    def allowed(self) -> str:
        """The answers that may be typed."""
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
"""The settings in the order of the dialog."""


def read_as(tables: Tables, question: Question, value: Any) -> Tables:
    """Return the tables with a setting of how the file is read; None removes the setting."""
    changed = deepcopy(tables)
    data = changed["data"]
    data.pop(question.key, None)
    if value is not None:
        data[question.key] = value
    if question.renames:
        for key in ("target", "columns", "derived"):
            data.pop(key, None)
    return changed
