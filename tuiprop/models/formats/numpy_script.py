"""A Python script that holds a network and needs NumPy only."""

from typing import Any

from tuiprop.models.formats.format import MOST_IN_TEXT, Format
from tuiprop.models.model import Model
from tuiprop.models.plain import encoded, plain
from tuiprop.models.scripts.running import predict
from tuiprop.models.scripts.source import in_numpy, preparing, script


def encode(model: Model, metadata: dict[str, Any]) -> bytes:
    """Encode a model as a script whose `predict(X)` takes raw inputs, examples as rows."""
    return script(model, "", f"{preparing(plain(model))}{in_numpy(model)}")


FORMAT = Format(
    "Python script",
    ".py",
    "a Python script that needs NumPy only: predict(X), or a CSV file from a shell",
    encode,
    None,
    lambda content, model, rows: predict(content, rows),
    place=7,
    most_parameters=MOST_IN_TEXT,
    substitutions=encoded,
)
