"""The fields of the set-up, as a table: what stands where, and how text becomes a value."""

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from tuiprop.protocol.messages.opening import Vocabulary
from tuiprop.protocol.messages.payloads import Tables

Kind = Literal["choice", "number", "whole", "switch", "text", "texts"]


@dataclass(frozen=True)
class Field:
    """One key of the experiment in the form."""

    section: str
    name: str
    label: str
    kind: Kind
    choices: Callable[[Vocabulary], list[str]] = lambda _: []
    """Picks them from the vocabulary."""
    only: tuple[str, ...] = ()
    """Data sets that it has a meaning for; empty: all."""
    hint: str = ""
    """What may be typed, where nothing is."""

    @property
    def key(self) -> str:
        """As errors name it: "training.learning_rate"."""
        return f"{self.section}.{self.name}"

    @property
    def id(self) -> str:
        """Of the widget."""
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
"""In the order of the form; the layers stand between data and loss."""


def fields_of(section: str) -> tuple[Field, ...]:
    """The fields of one table of the experiment."""
    return tuple(field for field in FIELDS if field.section == section)


def to_value(text: str, kind: Kind) -> Any:
    """What was typed as a value; text that is no number stays, for the engine to judge."""
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
    """An option of the optimiser: a number, or two with a comma between them."""
    values = [to_value(part, "number") for part in text.split(",")]
    return values[0] if len(values) == 1 else values


def to_text(value: Any) -> str:
    """A value as it is typed."""
    if isinstance(value, list | tuple):
        return ", ".join(map(to_text, value))
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {json.dumps(each)}" for key, each in value.items()) + " }"
    if isinstance(value, float):
        return f"{value:.12g}"
    return "" if value is None else str(value)


def shapes(sizes: list[int], activations: list[str]) -> list[tuple[str, str, str, str]]:
    """l, W, b and g of each layer, as text."""
    return [
        (str(l), f"({n},{before})", f"({n},1)", activations[l - 1])
        for l, (before, n) in enumerate(pairwise(sizes), start=1)
    ]


def without(tables: Tables, *keys: str) -> Tables:
    """The tables without some keys, such as "network.loss"."""
    changed = {name: dict(table) for name, table in tables.items()}
    for key in keys:
        section, name = key.split(".")
        changed[section].pop(name, None)
    return changed
