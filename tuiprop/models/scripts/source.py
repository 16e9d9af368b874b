"""The source text of scripts that hold a network."""

from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.array import Array
from tuiprop.data.preparation.encoding import Preparation
from tuiprop.data.readers.dialect import ReadOptions
from tuiprop.models.contents import Architecture
from tuiprop.models.model import Model
from tuiprop.models.plain import Plain
from tuiprop.models.plain import plain as plain_numbers
from tuiprop.models.scripts.table_reader import CELLS, READ
from tuiprop.update.expression import in_numpy as formula_in_numpy

_DERIVED = {"square": "{0}**2", "product": "{0} * {1}", "sine": "np.sin({0})"}


def in_numpy(model: Model, name: str = "predict", inputs: str = "prepare(X)") -> str:
    """The definitions of the activations and of a function that propagates forward."""
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
    """The shape of the predictions, as a script states it."""
    return f"(m, {model.network.sizes[-1]})"


def script(model: Model, imports: str, body: str) -> bytes:
    """Write a script: heading, numbers, `body`, and the functions that read a table."""
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
{more}{arrays}{body}{CELLS}{READ}'''
    return text.encode()


def preparing(numbers: Plain) -> str:
    """The function that computes a[0] from raw inputs."""
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
    """The expression of a prediction, converted to the unit of scaled targets."""
    if plain_numbers(model).unit is None:
        return prediction
    return f"{prediction} * TARGET_DEVIATION + TARGET_MEAN"


def _cell(model: Model, each: Preparation) -> str:
    """The expression that computes an input from a row of a table."""
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
    """The cells that count as missing, as Python source."""
    data = model.experiment.data
    markers = ReadOptions(decimal=data.decimal or ".", missing=data.missing_values).markers
    return "None" if markers is None else ascii(sorted(markers))


def _literal(array: Array) -> str:
    rows = "".join(f"        {row!r},\n" for row in array.tolist())
    return f"np.array(\n    [\n{rows}    ],\n    dtype=DTYPE,\n)"
