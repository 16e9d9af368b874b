"""The description of a file format for weights."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tuiprop.core.array import Array
from tuiprop.models.contents import LARGEST, WeightsFile
from tuiprop.models.description import model_of
from tuiprop.models.model import Model

MOST_IN_TEXT = 1_000_000
"""The most parameters in decimal text, which Python can read in a second."""


@dataclass(frozen=True)
class Format:
    """One format."""

    name: str
    suffix: str
    words: str
    """The use of such a file, in words."""
    encode: Callable[[Model, dict[str, Any]], bytes]
    """Encodes (model, description) as the bytes of a file."""
    decode: Callable[[bytes], WeightsFile] | None
    """Decodes the bytes of a file of any program; None if the format cannot be read."""
    predict: Callable[[bytes, Model, Array], Array]
    """Computes the predictions of an encoded file from (bytes, model, raw inputs)."""
    place: int = 100
    """Its position in lists; formats without one come last."""
    most_bytes: int = LARGEST - 2**20
    """The limit for the parameters, in bytes."""
    most_parameters: int = LARGEST
    """The limit for the number of parameters."""
    writer: str = ""
    """The library that `encode` needs."""
    install: str = ""
    """The argument of `pip install` that installs `writer`."""
    expresses: Callable[[str], bool] = lambda activation: True
    """Returns True if the format can express an activation, given its name."""
    verifier: str = ""
    """The library that `predict` needs; without it a file is written but not compared."""
    substitutions: Callable[[Model], str] = lambda model: ""
    """Describes the parts of the network that it holds in another form; "" for none."""
    usage: Callable[[Model, str], str] = lambda model, path: ""
    """Returns code that uses the file, given (model, path); "" if `words` are enough."""

    @property
    def reads(self) -> bool:
        """True if files of this format can also be read."""
        return self.decode is not None

    def refuses(self, model: Model) -> str:
        """The reason why a model cannot be written, as a sentence; "" if it can."""
        parameters = model.parameters.vector
        if self.writer and find_spec(self.writer) is None:
            return f"{self.name} needs the package {self.writer}: pip install {self.install}"
        if parameters.size > self.most_parameters or parameters.nbytes > self.most_bytes:
            most = min(self.most_parameters, self.most_bytes // parameters.itemsize)
            return f"{self.name} holds at most {most:,} parameters, not {parameters.size:,}"
        if missing := lacking(model, self.expresses):
            return f"{self.name} has no {', '.join(missing)}"
        if self.writer and (words := _import_failure(self.writer)):
            return f"{self.name} needs the package {self.writer}, which cannot be imported: {words}"
        return ""

    def why_unverified(self) -> str:
        """The reason why a written file cannot be compared here; "" if it can."""
        if self.verifier and find_spec(self.verifier) is None:
            libraries = {"sklearn": "scikit-learn", "torch": "PyTorch"}
            name = libraries.get(self.verifier, self.verifier)
            return f"not compared, as {name} is not installed here"
        return ""


def _import_failure(module: str) -> str:
    """The reason why an installed package cannot be imported; "" if it can."""
    try:
        import_module(module)
    except Exception as error:  # an import may raise any exception
        return " ".join(f"{type(error).__name__}: {error}".split())
    return ""


def lacking(model: Model, expresses: Callable[[str], bool]) -> list[str]:
    """The activations of a network that the format cannot express."""
    found = dict.fromkeys(layer.activation for layer in model.network.layers)
    return [name for name in found if not expresses(name)]


def reread(decode: Callable[[bytes], WeightsFile]) -> Callable[[bytes, Model, Array], Array]:
    """The function `predict` of a readable format: predictions of the model read back."""

    def predict(content: bytes, model: Model, rows: Array) -> Array:
        return model_of(decode(content), Path()).predict(rows)

    return predict
