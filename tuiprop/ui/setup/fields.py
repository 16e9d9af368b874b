"""The fields of the set-up form, and the conversion of text to values."""

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from tuiprop.protocol.messages.data import Tables
from tuiprop.protocol.messages.opening import Vocabulary

Kind = Literal["choice", "number", "whole", "switch", "text", "texts"]


@dataclass(frozen=True)
class Field:
    """One key of the experiment in the form."""

    section: str
    name: str
    label: str
    kind: Kind
    choices: Callable[[Vocabulary], list[str]] = lambda _: []
    """Picks the choices from the vocabulary."""
    only: tuple[str, ...] = ()
    """The data sets that it applies to; empty: all."""
    hint: str = ""
    """The hint that an empty field shows."""

    @property
    def key(self) -> str:
        """The name of the key in errors: "training.learning_rate"."""
        return f"{self.section}.{self.name}"

    @property
    def id(self) -> str:
        """The id of the widget."""
        return f"{self.section}-{self.name}"


GENERATED = ("circle", "xor", "gauss", "spiral", "plane", "bumps")

FIELDS = (
    Field("data", "target", "target", "text"),
    Field("data", "validation", "validation", "number", hint="a share, a table, {column = …}"),
    Field("data", "standardize", "standardise", "switch"),
    Field("data", "derived", "derived inputs", "texts", hint="x1^2, x1*x2, sin(x1) …"),
    Field("data", "points", "points", "whole", only=GENERATED),
    Field("data", "noise", "noise", "number", only=GENERATED),
    Field("data", "seed", "data seed", "whole"),
    Field("network", "loss", "loss", "choice", lambda names: names.losses),
    Field("network", "initializer", "initialiser", "choice", lambda names: names.initializers),
    Field("network", "l2", "L2 (λ)", "number"),
    Field("network", "seed", "weight seed", "whole"),
    Field("training", "optimizer", "optimiser", "choice", lambda names: names.optimizers),
    Field("training", "learning_rate", "learning rate", "number"),
    Field("training", "batch_size", "batch size (0: all)", "whole"),
    Field("training", "epochs", "epochs", "whole"),
    Field("training", "shuffle", "shuffle", "switch"),
    Field("training", "seed", "shuffle seed", "whole"),
    Field("training", "dtype", "precision", "choice", lambda names: names.dtypes),
)
"""The fields in the order of the form; the layers are between data and loss."""


def fields_of(section: str) -> tuple[Field, ...]:
    """Return the fields of one table of the experiment."""
    return tuple(field for field in FIELDS if field.section == section)


def to_value(text: str, kind: Kind) -> Any:
    """Convert typed text to a value; text that is not a number is left to the engine to refuse."""
    text = text.strip()
    if text.startswith("{"):
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return text
    if kind in ("text", "texts"):
        names = [name.strip() for name in text.split(",")]
        if kind == "texts":
            return [name for name in names if name]
        return names[0] if len(names) == 1 else names
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def to_option(text: str) -> Any:
    """Convert a typed option of the optimiser: one number, or two separated by a comma."""
    values = [to_value(part, "number") for part in text.split(",")]
    return values[0] if len(values) == 1 else values


def to_text(value: Any) -> str:
    """Return the text that a user would type for a value."""
    if isinstance(value, list | tuple):
        return ", ".join(map(to_text, value))
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {json.dumps(each)}" for key, each in value.items()) + " }"
    if isinstance(value, float):
        return f"{value:.12g}"
    return "" if value is None else str(value)


def without(tables: Tables, *keys: str) -> Tables:
    """Return the tables without some keys, such as "network.loss"."""
    changed = {name: dict(table) for name, table in tables.items()}
    for key in keys:
        section, name = key.split(".")
        changed[section].pop(name, None)
    return changed
