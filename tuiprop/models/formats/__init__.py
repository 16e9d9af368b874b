"""The formats that weights are written in and read from: one table.

The command line, the dashboard's dialog and the documentation take their words from it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tuiprop.core.array import Array
from tuiprop.models.contents import LARGEST, WeightsFile
from tuiprop.models.description import model_of
from tuiprop.models.formats import json_file as text
from tuiprop.models.formats import npz, onnx_graph, sklearn_script
from tuiprop.models.formats import python_scripts as scripts
from tuiprop.models.formats import safetensors_file as tensors
from tuiprop.models.model import Model
from tuiprop.models.plain import encoded, plain

MOST_IN_TEXT = 1_000_000
"""Parameters that are written as decimal numbers; Python takes a second to read so many."""


def _no_words(model: Model) -> str:
    return ""


@dataclass(frozen=True)
class Format:
    """One format."""

    name: str
    suffix: str
    words: str
    """What such a file is good for."""
    encode: Callable[[Model, dict[str, Any]], bytes]
    """(model, description) → the bytes of the file."""
    decode: Callable[[bytes], WeightsFile] | None
    """What a file of this format holds, whoever wrote it; None where it is not read."""
    predict: Callable[[bytes, Model, Array], Array]
    """(bytes, model, raw inputs) → what a file that `encode` wrote predicts."""
    most_bytes: int = LARGEST - 2**20
    """Of parameters."""
    most_parameters: int = LARGEST
    writer: str = ""
    """The library that writing needs."""
    expresses: Callable[[str], bool] = lambda activation: True
    """Whether it can express an activation, by its name."""
    judge: str = ""
    """The library that predicting needs; without it a file is written and not compared."""
    instead: Callable[[Model], str] = _no_words
    """What it does not hold as the network has it, and what is done instead; "" for nothing."""
    usage: Callable[[Model, str], str] = lambda model, path: ""
    """(model, path) → code that uses the file, "" where `words` say enough."""

    @property
    def reads(self) -> bool:
        """Files of this format are read too."""
        return self.decode is not None

    def refuses(self, model: Model) -> str:
        """Why this model cannot be written, in a sentence; "" where it can."""
        parameters = model.parameters.vector
        if self.writer and find_spec(self.writer) is None:
            return f"{self.name} needs the package {self.writer}: pip install 'tuiprop[onnx]'"
        if parameters.size > self.most_parameters or parameters.nbytes > self.most_bytes:
            most = min(self.most_parameters, self.most_bytes // parameters.itemsize)
            return f"{self.name} holds at most {most:,} parameters, not {parameters.size:,}"
        if lacking := _lacking(model, self.expresses):
            return f"{self.name} has no {', '.join(lacking)}"
        if self.writer and (words := _import_failure(self.writer)):
            return f"{self.name} needs the package {self.writer}, which cannot be imported: {words}"
        return ""

    def lacks_judge(self) -> str:
        """Why what is written cannot be compared here; "" where it can."""
        if self.judge and find_spec(self.judge) is None:
            module = {"sklearn": "scikit-learn", "torch": "PyTorch"}.get(self.judge, self.judge)
            return f"not compared, as {module} is not installed here"
        return ""


def _import_failure(module: str) -> str:
    """Why a package that is there cannot be imported; "" where it can."""
    try:
        import_module(module)
    except Exception as error:  # a package may raise anything while it is imported
        return " ".join(f"{type(error).__name__}: {error}".split())
    return ""


def _lacking(model: Model, expresses: Callable[[str], bool]) -> list[str]:
    """The activations of the network that cannot be expressed."""
    found = dict.fromkeys(layer.activation for layer in model.network.layers)
    return [name for name in found if not expresses(name)]


def _again(decode: Callable[[bytes], WeightsFile]) -> Callable[[bytes, Model, Array], Array]:
    """Predictions of the model that is read back."""

    def predict(content: bytes, model: Model, rows: Array) -> Array:
        return model_of(decode(content), Path()).predict(rows)

    return predict


def _run(content: bytes, model: Model, rows: Array) -> Array:
    return scripts.predict(content, rows)


def _standardised_outside(model: Model) -> str:
    scaled = any(each.mean != 0 or each.deviation != 1 for each in model.preparation)
    sides = ["takes inputs"] * scaled + ["gives outputs"] * (plain(model).unit is not None)
    return (
        f"PyTorch's Sequential {' and '.join(sides)} that are scaled; "
        "means and deviations are in the file's metadata"
    ) * bool(sides)


def _onnx_instead(model: Model) -> str:
    found = dict.fromkeys(layer.activation for layer in model.network.layers)
    composed = [name for name in found if name in onnx_graph.COMPOSED]
    words = f"{', '.join(composed)}: written as basic operators, which runtimes have in both "
    words += "precisions"
    return "; ".join(filter(None, (words * bool(composed), encoded(model))))


def _sklearn_instead(model: Model) -> str:
    lacks = sklearn_script.lacks(model)
    return lacks and f"{lacks}: written as an estimator of its own, which is not trained further"


def _load_file(model: Model, path: str) -> str:
    if _lacking(model, scripts.MODULES.__contains__):
        return ""
    return (
        "import torch\nfrom safetensors.torch import load_file\nfrom torch import nn\n\n"
        f"network = {scripts.sequential(model)}\n"
        f"network.load_state_dict(load_file({path!r}), strict=True)\n"
    )


_TABLE = (
    Format(
        "NumPy",
        ".npz",
        "arrays W1, b1, W2, … for numpy.load; opened by tuiprop again, with everything",
        npz.encode,
        npz.decode,
        _again(npz.decode),
    ),
    Format(
        "safetensors",
        ".safetensors",
        "the state of a PyTorch Sequential; opened by tuiprop again, with everything",
        tensors.encode,
        tensors.decode,
        _again(tensors.decode),
        instead=_standardised_outside,
        usage=_load_file,
    ),
    Format(
        "ONNX",
        ".onnx",
        "for runtimes in any language: raw inputs in, predictions out",
        onnx_graph.encode,
        None,
        lambda content, model, rows: onnx_graph.predict(
            content, rows, model.parameters.vector.dtype
        ),
        writer="onnx",
        expresses=onnx_graph.expresses,
        instead=_onnx_instead,
    ),
    Format(
        "JSON",
        ".json",
        "rows of numbers as text; opened by tuiprop again, with everything",
        text.encode,
        text.decode,
        _again(text.decode),
        most_parameters=MOST_IN_TEXT,
    ),
    Format(
        "PyTorch script",
        "_torch.py",
        "a Python script with the network as a PyTorch Sequential, and predict(X)",
        scripts.torch_script,
        None,
        _run,
        expresses=scripts.MODULES.__contains__,
        most_parameters=MOST_IN_TEXT,
        judge="torch",
        instead=encoded,
    ),
    Format(
        "scikit-learn script",
        "_sklearn.py",
        "a Python script with the network as a scikit-learn pipeline, and predict(X)",
        sklearn_script.encode,
        None,
        _run,
        most_parameters=MOST_IN_TEXT,
        judge="sklearn",
        instead=lambda model: "; ".join(filter(None, (_sklearn_instead(model), encoded(model)))),
    ),
    Format(
        "Python script",
        ".py",
        "a Python script that needs NumPy only: predict(X), or a CSV file from a shell",
        scripts.numpy_script,
        None,
        _run,
        most_parameters=MOST_IN_TEXT,
        instead=encoded,
    ),
)

FORMATS: dict[str, Format] = {each.suffix: each for each in _TABLE}
"""By suffix. A name may end in two of them: the first that it ends in is the one."""

READ = tuple(suffix for suffix, each in FORMATS.items() if each.reads)
"""Suffixes of the files that are read."""

SUFFIXES = tuple(FORMATS)
"""Suffixes of the files that are written."""


def format_of(path: str | Path) -> Format | None:
    """The format that a file's name says; None where it says none."""
    name = Path(path).name
    return next((each for each in _TABLE if name.endswith(each.suffix)), None)
