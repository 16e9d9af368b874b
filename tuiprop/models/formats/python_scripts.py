"""Python scripts that hold a network and need nothing of tuiprop: with NumPy, with PyTorch."""

import subprocess
import sys
import tempfile
from inspect import getsource
from pathlib import Path
from typing import Any

import numpy as np

from tuiprop.cell import (
    BOOLEANS,
    MISSING_CELLS,
    NUMBER,
    canonical,
    is_missing,
    is_number,
    matcher,
    plain,
    with_point,
)
from tuiprop.core.activation import ACTIVATIONS, LEAKY_SLOPE
from tuiprop.core.array import Array
from tuiprop.data.preparation.encoding import Preparation
from tuiprop.data.readers.dialect import ReadOptions
from tuiprop.models.contents import Architecture, ContentError
from tuiprop.models.model import Model
from tuiprop.models.plain import Plain
from tuiprop.models.plain import plain as plain_numbers
from tuiprop.update.expression import in_numpy as formula_in_numpy

SECONDS = 120
"""That a script may take to be compared: importing a large library takes some."""

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
    "mish": "Mish()",
    "softmax": "Softmax(dim=1)",
}

_CELLS = f"""
MISSING_CELLS = {MISSING_CELLS!a}
NUMBER = re.compile({NUMBER.pattern!a})
EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
BOOLEANS = {BOOLEANS!a}


""" + "\n\n".join(
    getsource(each) for each in (plain, is_number, with_point, canonical, is_missing, matcher)
)
"""What a cell means, as it does to tuiprop."""

_READ = '''

find = cache(matcher)


def refuse(name, found, allowed):
    raise ValueError(f"column {name!r}: expected {allowed}, got {found}")


def number(row, name, fill=None):
    if is_missing(row[name], MARKERS):
        return refuse(name, "a missing value", "a value") if fill is None else fill
    if not is_number(row[name], DECIMAL):
        refuse(name, repr(row[name]), "numbers")
    value = float(with_point(row[name], DECIMAL))
    return value if np.isfinite(value) else refuse(name, repr(row[name]), "finite numbers")


def place(row, name, fill=None):
    if is_missing(row[name], MARKERS):
        return refuse(name, "a missing value", "a value") if fill is None else fill
    found = find(ORDERS[name])(with_point(row[name], DECIMAL))
    return refuse(name, repr(row[name]), ", ".join(ORDERS[name])) if found is None else found


def is_category(row, name, k):
    categories = CATEGORIES[name]
    if is_missing(row[name], MARKERS):
        if "" not in categories:
            refuse(name, "a missing value", ", ".join(categories))
        return categories[k] == ""
    return find(categories)(with_point(row[name], DECIMAL)) == k


def check_categories(rows):
    """Refuse a column without any known category, and print a note on unknown ones."""
    for name, categories in CATEGORIES.items():
        cells = {row[name] for row in rows if not is_missing(row[name], MARKERS)}
        unknown = {cell for cell in cells if find(categories)(with_point(cell, DECIMAL)) is None}
        if unknown:
            found = ", ".join(map(repr, sorted(unknown)[:3]))
            if unknown == cells:
                refuse(name, f"{found} and no known category", ", ".join(categories))
            print(f"note: column {name!r}: unknown categories: {found}", file=sys.stderr)


def table(file):
    """The names of the columns, and the rows, of a CSV file; blank lines are left out."""
    for delimiter in DELIMITERS:
        file.seek(0)
        reader = csv.reader(file, delimiter=delimiter)
        names = [plain(name) for name in next(reader, [])]
        if set(COLUMNS) <= set(names):
            return names, reader
    file.seek(0)
    found = plain(file.readline())
    raise ValueError(f"line 1: expected names of columns, with {COLUMNS}, got {found!r}")


def read(path):
    """The raw inputs of a CSV file with a header line, by the names of its columns."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        names, reader = table(file)
        rows, inputs, line = [], [], reader.line_num + 1
        for cells in reader:
            try:
                if cells and len(cells) != len(names):
                    raise ValueError(f"expected {len(names)} cells, got {len(cells)}")
                if cells:
                    rows.append(dict(zip(names, map(plain, cells))))
                    inputs.append([float(x(rows[-1])) for x in INPUTS])
            except ValueError as error:
                raise ValueError(f"line {line}: {error}") from None
            line = reader.line_num + 1
    check_categories(rows)
    return np.array(inputs).reshape(-1, len(INPUTS))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: python {sys.argv[0]} FILE.csv")
    try:
        inputs = read(sys.argv[1])
    except (OSError, ValueError, csv.Error) as error:
        sys.exit(f"{sys.argv[1]}: {error}")
    writer = csv.writer(sys.stdout, lineterminator="\\n")
    writer.writerow(OUTPUTS)
    writer.writerows(predict(inputs).tolist())
'''

_DERIVED = {"square": "{0}**2", "product": "{0} * {1}", "sine": "np.sin({0})"}


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
    return script(model, "", f"{_preparing(plain_numbers(model))}{in_numpy(model)}")


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
{_preparing(plain_numbers(model))}

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
    functions = "".join(map(_function, used))
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


def _function(activation: str) -> str:
    """The definition of an activation in NumPy."""
    expression = formula_in_numpy(ACTIVATIONS[activation].formula, z="z")
    return f"\n\ndef {activation}(z):\n    return {expression}\n"


def shape(model: Model) -> str:
    """Of the predictions, as a script says it."""
    return f"(m, {model.network.sizes[-1]})"


def script(model: Model, imports: str, body: str) -> bytes:
    """Heading, numbers, `body`, and what reads a table."""
    numbers: Plain = plain_numbers(model)
    arrays = "".join(f"{name} = {_literal(array)}\n" for name, array in model.parameters)
    data, preparation = model.experiment.data, model.of_tables
    inputs = "".join(f"    lambda row: {_cell(model, each)},\n" for each in preparation)
    columns = dict.fromkeys(name for one in preparation for name in (one.column, one.other) if name)
    categories, orders = (
        _categories(model),
        {one.column: one.order for one in preparation if one.order is not None},
    )
    decimal = data.decimal or "."
    delimiters = data.delimiter or ",;\t|".replace(decimal, "")
    more = ""
    if numbers.fill is not None:
        more = f"FILL = np.array({numbers.fill.tolist()!r})\n".replace("nan", "np.nan")
    if numbers.unit is not None:
        mean, deviation = (each.tolist() for each in numbers.unit)
        more += f"TARGET_MEAN = np.array({mean!r})\nTARGET_DEVIATION = np.array({deviation!r})\n"
    text = f'''"""A network {Architecture.of(model.network).words}, update {model.update}.

predict(X) takes raw inputs, examples as rows, (m, {model.network.inputs}).
From a shell: python THIS_FILE FILE.csv
"""

from __future__ import annotations

import csv
import re
import sys
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from functools import cache
from unicodedata import normalize

import numpy as np
{imports}
COLUMNS = {list(columns)!a}
MARKERS = {_markers(model)}
DECIMAL = {decimal!a}
DELIMITERS = {delimiters!a}
CATEGORIES = {categories!a}
ORDERS = {orders!a}
INPUTS = [
{inputs}]
OUTPUTS = {list(numbers.outputs)!a}
DTYPE = np.{model.parameters.vector.dtype}
MEAN = np.array({numbers.mean.tolist()!r})
DEVIATION = np.array({numbers.deviation.tolist()!r})
{more}{arrays}{body}{_CELLS}{_READ}'''
    return text.encode()


def _preparing(numbers: Plain) -> str:
    """The function that makes a[0] of raw inputs."""
    fill = "    X = np.where(np.isnan(X), FILL, X)\n" * (numbers.fill is not None)
    return f'''

def prepare(X):
    """a[0], examples as rows, from raw inputs."""
    X = np.asarray(X, dtype=np.float64)
    if X.ndim != 2 or X.shape[1] != len(INPUTS):
        allowed = f"(m, {{len(INPUTS)}}), examples as rows"
        raise ValueError(f"inputs must be {{allowed}}, got {{X.shape}}")
{fill}    return ((X - MEAN) / DEVIATION).astype(DTYPE)
'''


def in_unit(model: Model, prediction: str) -> str:
    """An expression, brought to the unit of the targets where these are scaled."""
    if plain_numbers(model).unit is None:
        return prediction
    return f"{prediction} * TARGET_DEVIATION + TARGET_MEAN"


def _cell(model: Model, each: Preparation) -> str:
    """The expression that makes an input of a row of a table."""
    of, fill = f"row, {each.column!a}", "" if each.fill is None else f", {each.fill!r}"
    if each.derived is not None:
        own = {one.name: one for one in model.of_tables if one.derived is None}
        names = [each.column] + ([each.other] if each.other is not None else [])
        return _DERIVED[each.derived].format(*(_cell(model, own[name]) for name in names))
    if each.category is not None:
        known = _categories(model).get(each.column)
        if known is None:
            return f"is_missing(row[{each.column!a}], MARKERS)"
        return f"is_category({of}, {known.index(each.category)})"
    return f"{'number' if each.order is None else 'place'}({of}{fill})"


def _categories(model: Model) -> dict[str, tuple[str, ...]]:
    """The categories of each column that is one-hot encoded."""
    found: dict[str, tuple[str, ...]] = {}
    for each in model.of_tables:
        if each.category is not None:
            found[each.column] = (*found.get(each.column, ()), each.category)
    return {name: categories for name, categories in found.items() if any(categories)}


def _markers(model: Model) -> str:
    """The cells that count as missing, as a script writes them."""
    data = model.experiment.data
    markers = ReadOptions(decimal=data.decimal or ".", missing=data.missing_values).markers
    return "None" if markers is None else ascii(sorted(markers))


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
