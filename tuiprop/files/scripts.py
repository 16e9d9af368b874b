"""Python scripts that hold a network and need nothing of tuiprop: with NumPy, with PyTorch."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tuiprop.core.activation import (
    GELU_CUBIC,
    GELU_SCALE,
    LEAKY_SLOPE,
    SELU_ALPHA,
    SELU_SCALE,
)
from tuiprop.core.array import Array
from tuiprop.core.network import Network
from tuiprop.data.dialect import MISSING_CELLS
from tuiprop.data.encoding import Preparation
from tuiprop.data.table import MISSING
from tuiprop.files.contents import ContentError
from tuiprop.files.model import Model
from tuiprop.files.plain import Plain, plain

SECONDS = 120
"""That a script may take to be compared: importing a large library takes some."""

NUMPY = {
    "linear": "z",
    "sigmoid": "1 / (1 + np.exp(-z))",
    "tanh": "np.tanh(z)",
    "relu": "np.maximum(z, 0)",
    "leaky_relu": f"np.maximum(z, {LEAKY_SLOPE} * z)",
    "elu": "np.maximum(z, 0) + np.expm1(np.minimum(z, 0))",
    "selu": f"{SELU_SCALE} * (np.maximum(z, 0) + {SELU_ALPHA} * np.expm1(np.minimum(z, 0)))",
    "softplus": "np.maximum(z, 0) + np.log1p(np.exp(-abs(z)))",
    "silu": "z / (1 + np.exp(-z))",
    "gelu": f"0.5 * z * (1 + np.tanh({GELU_SCALE} * (z + {GELU_CUBIC} * z * z * z)))",
    "softmax": "np.exp(z - z.max(axis=0)) / np.exp(z - z.max(axis=0)).sum(axis=0)",
}

MODULES = {
    "linear": "Identity()",
    "sigmoid": "Sigmoid()",
    "tanh": "Tanh()",
    "relu": "ReLU()",
    "leaky_relu": f"LeakyReLU({LEAKY_SLOPE})",
    "elu": "ELU()",
    "selu": "SELU()",
    # beyond its default threshold of 20 PyTorch drops 2e-9
    "softplus": "Softplus(threshold=40)",
    "silu": "SiLU()",
    "gelu": 'GELU(approximate="tanh")',
    "softmax": "Softmax(dim=1)",
}

_READ = '''

def is_missing(cell):
    return cell.strip().lower() in MISSING


def number(cell, fill=np.nan):
    return fill if is_missing(cell) else float(cell)


def place(cell, order, fill=np.nan):
    return fill if is_missing(cell) else order.index(cell.strip())


def is_category(cell, text):
    try:
        return float(cell) == float(text)
    except ValueError:
        return cell.strip() == text


def read(path):
    """The raw inputs of a CSV file with a header line, by the names of its columns."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        return np.array([[float(x(row)) for x in INPUTS] for row in csv.DictReader(file)])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: python {sys.argv[0]} FILE.csv")
    writer = csv.writer(sys.stdout, lineterminator="\\n")
    writer.writerow(OUTPUTS)
    writer.writerows(predict(read(sys.argv[1])).tolist())
'''

_DERIVED = {"square": "{0}**2", "product": "{0} * {1}", "sine": "np.sin({0})"}


def words(network: Network) -> str:
    """Such as "4 → 8 tanh → 3 softmax"."""
    return " → ".join(
        [str(network.inputs), *(f"{layer.units} {layer.activation}" for layer in network.layers)]
    )


def sequential(model: Model) -> str:
    """The PyTorch `Sequential` that the weights are of."""
    sizes = model.network.sizes
    lines = []
    for l, layer in enumerate(model.network.layers, 1):
        lines.append(f"    nn.Linear({sizes[l - 1]}, {sizes[l]}),\n")
        lines.append(f"    nn.{MODULES[layer.activation]},\n")
    return f"nn.Sequential(\n{''.join(lines)}).to(torch.{model.parameters.vector.dtype})"


def numpy_script(model: Model, metadata: dict[str, Any]) -> bytes:
    """A script whose `predict(X)` takes raw inputs, examples as rows; it needs NumPy only."""
    return script(model, "", f"{_preparing(plain(model))}{in_numpy(model)}")


def torch_script(model: Model, metadata: dict[str, Any]) -> bytes:
    """A script whose `network` is a PyTorch `Sequential` with the weights."""
    tensors = "".join(
        f'        "{2 * l - 2}.weight": torch.from_numpy(W{l}),\n'
        f'        "{2 * l - 2}.bias": torch.from_numpy(b{l}.ravel()),\n'
        for l in model.parameters.W
    )
    body = f'''
network = {sequential(model)}
network.load_state_dict(
    {{
{tensors}    }},
    strict=True,
)
{_preparing(plain(model))}

def predict(X):
    """Predictions, {shape(model)}, for raw inputs, (m, {model.network.inputs})."""
    with torch.no_grad():
        a = network(torch.from_numpy(prepare(X))).numpy()
    return {in_unit(model, "a")}
'''
    return script(model, "import torch\nfrom torch import nn\n", body)


def in_numpy(model: Model, name: str = "predict", inputs: str = "prepare(X)") -> str:
    """The activations, and a function that walks forward."""
    network = model.network
    result = in_unit(model, "a.T") if name == "predict" else "a.T"
    used = dict.fromkeys(layer.activation for layer in network.layers)
    functions = "".join(f"\n\ndef {each}(z):\n    return {NUMPY[each]}\n" for each in used)
    lines = "".join(
        f"        a = {layer.activation}(W{l} @ a + b{l})\n"
        for l, layer in enumerate(network.layers, 1)
    )
    of = "raw inputs" if name == "predict" else "standardised inputs"
    return f'''{functions}

def {name}(X):
    """Predictions, (m, {network.sizes[-1]}), for {of}, (m, {network.inputs}): examples as rows."""
    a = {inputs}.T
    with np.errstate(over="ignore"):  # exp of a large number is infinite, which is right here
{lines}    return {result}
'''


def shape(model: Model) -> str:
    """Of the predictions, as a script says it."""
    return f"(m, {model.network.sizes[-1]})"


def script(model: Model, imports: str, body: str) -> bytes:
    """Heading, numbers, `body`, and what reads a table."""
    numbers: Plain = plain(model)
    arrays = "".join(f"{name} = {_literal(array)}\n" for name, array in model.parameters)
    inputs = "".join(f"    lambda row: {_cell(model, each)},\n" for each in model.preparation)
    more = ""
    if numbers.fill is not None:
        more = f"FILL = np.array({numbers.fill.tolist()!r})\n".replace("nan", "np.nan")
    if numbers.unit is not None:
        mean, deviation = (each.tolist() for each in numbers.unit)
        more += f"TARGET_MEAN = np.array({mean!r})\nTARGET_DEVIATION = np.array({deviation!r})\n"
    text = f'''"""A network {words(model.network)}, update {model.update}.

predict(X) takes raw inputs, examples as rows, (m, {model.network.inputs}).
From a shell: python THIS_FILE FILE.csv
"""

import csv
import sys

import numpy as np
{imports}
MISSING = {_missing(model)!a}
INPUTS = [
{inputs}]
OUTPUTS = {list(numbers.outputs)!a}
DTYPE = np.{model.parameters.vector.dtype}
MEAN = np.array({numbers.mean.tolist()!r})
DEVIATION = np.array({numbers.deviation.tolist()!r})
{more}{arrays}{body}{_READ}'''
    return text.encode()


def _preparing(numbers: Plain) -> str:
    """The function that makes a[0] of raw inputs."""
    fill = "    X = np.where(np.isnan(X), FILL, X)\n" * (numbers.fill is not None)
    return f'''

def prepare(X):
    """a[0], examples as rows, from raw inputs."""
    X = np.asarray(X, dtype=np.float64)
    if X.ndim != 2 or X.shape[1] != len(INPUTS):
        allowed = f"expected (m, {{len(INPUTS)}}), examples as rows"
        raise ValueError(f"inputs: found {{X.shape}}, {{allowed}}")
{fill}    return ((X - MEAN) / DEVIATION).astype(DTYPE)
'''


def in_unit(model: Model, prediction: str) -> str:
    """An expression, brought to the unit of the targets where these are scaled."""
    if plain(model).unit is None:
        return prediction
    return f"{prediction} * TARGET_DEVIATION + TARGET_MEAN"


def _cell(model: Model, each: Preparation) -> str:
    """The expression that makes an input of a row of a table."""
    cell, fill = f"row[{each.column!a}]", "" if each.fill is None else f", {each.fill!r}"
    if each.derived is not None:
        of = {one.name: one for one in model.preparation if one.derived is None}
        names = [each.column] + ([each.other] if each.other is not None else [])
        return _DERIVED[each.derived].format(*(_cell(model, of[name]) for name in names))
    if each.category is not None:
        missing = each.category == MISSING
        return f"is_missing({cell})" if missing else f"is_category({cell}, {each.category!a})"
    if each.order is not None:
        return f"place({cell}, {list(each.order)!a}{fill})"
    return f"number({cell}{fill})"


def _missing(model: Model) -> tuple[str, ...]:
    """The cells that count as missing, in small letters."""
    listed = model.experiment.data.missing_values
    return MISSING_CELLS if listed is None else tuple(cell.lower() for cell in listed)


def _literal(array: Array) -> str:
    rows = "".join(f"        {row!r},\n" for row in array.tolist())
    return f"np.array(\n    [\n{rows}    ],\n    dtype=DTYPE,\n)"


_RUNNER = """
import runpy, sys
import numpy as np
predictions = runpy.run_path(sys.argv[1])["predict"](np.load("rows.npy"))
np.save("predictions.npy", predictions)
"""


def predict(content: bytes, rows: Array) -> Array:
    """What a script that one of these functions wrote predicts, in a process of its own.

    Raises:
        ContentError: it does not run.
    """
    with tempfile.TemporaryDirectory(prefix="tuiprop-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "exported.py").write_bytes(content)
        np.save(folder / "rows.npy", rows)
        try:
            done = subprocess.run(
                [sys.executable, "-c", _RUNNER, "exported.py"],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ContentError(f"does not run: no predictions in {SECONDS} seconds") from None
        if done.returncode != 0:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            raise ContentError(f"does not run: {lines[-1] if lines else done.returncode}")
        found: Array = np.load(folder / "predictions.npy", allow_pickle=False)
        return found
