"""Models of any shape, for the tests of their files."""

import contextlib
import importlib
import io
import os
import runpy
import sys
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from tuiprop.core.array import Array
from tuiprop.core.initialization import initialize
from tuiprop.data.preparation.encoding import Preparation
from tuiprop.models.formats import numpy_script, sklearn_script, torch_script
from tuiprop.models.model import Model
from tuiprop.training.experiment import parse
from tuiprop.training.network import network_of

OUTPUT_OF = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy"}


def model(
    sizes: tuple[int, ...] = (2, 3, 1),
    activation: str | tuple[str, ...] = "tanh",
    output: str = "linear",
    dtype: str = "float64",
    *,
    loss: str = "",
    names: tuple[str, ...] = (),
    seed: int = 4,
) -> Model:
    """A model with weights that are drawn, a preparation of its own, and classes if they fit."""
    hidden = (activation,) * (len(sizes) - 2) if isinstance(activation, str) else activation
    loss = loss or ("cross_entropy" if output == "softmax" else "mse")
    layers = [
        {"units": n, "activation": g} for n, g in zip(sizes[1:], (*hidden, output), strict=True)
    ]
    experiment = parse(
        {
            "data": {"source": "a", "target": "y"},
            "network": {"layers": layers, "loss": loss},
            "training": {"dtype": dtype, "options": {"weight_decay": 0.1}},
        }
    )
    parameters = initialize(network_of(experiment, sizes[0]), "he_normal", seed, dtype)
    parameters.vector += np.random.default_rng(seed).normal(0.0, 0.3, parameters.vector.size)
    inputs = names or tuple(f"x{i}" for i in range(sizes[0]))
    preparation = tuple(Preparation(name, 0.1 * i, 1 / (3 + i)) for i, name in enumerate(inputs))
    classes: tuple[str, ...] = ()
    if loss in OUTPUT_OF.values():
        count = max(2, sizes[-1])
        classes = ("a", "b", "ü") if count == 3 else tuple(f"c{k}" for k in range(count))
    return Model(experiment, parameters, inputs, classes, preparation, 1600)


def rows_of(each: Model, m: int = 40, seed: int = 0) -> Any:
    """Raw inputs that are not those that exports are compared on, (m, n[0])."""
    generator = np.random.default_rng(seed)
    rows = generator.normal(size=(m, each.network.inputs))
    return rows.astype(each.parameters.vector.dtype).astype(np.float64)


def library(name: str) -> Any:
    """A module that is not a dependency; without it as `oracle.pytorch` does."""
    try:
        return importlib.import_module(name)
    except ImportError:
        if os.environ.get("TUIPROP_REQUIRE_ORACLES"):
            pytest.fail(f"TUIPROP_REQUIRE_ORACLES is set, but {name} cannot be imported")
        pytest.skip(f"{name} is not installed")


def names_of(script: bytes) -> dict[str, Any]:
    """Return the names that a script defines."""
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(script, "exported.py", "exec"), names)
    return names


def compare_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let exports run their scripts in this process, which imports each library once."""

    def predict(content: bytes, rows: Array) -> Any:
        return names_of(content)["predict"](rows)

    for module in (numpy_script, sklearn_script, torch_script):
        monkeypatch.setattr(module, "predict", predict)


def run_script(script: Path, *arguments: object) -> "CompletedProcess[str]":
    """Run `python SCRIPT ARGUMENTS` in this process, in the folder of the script."""
    words = [script.name, *map(str, arguments)]
    out, err, status = io.StringIO(), io.StringIO(), 0
    with (
        patch.object(sys, "argv", words),
        contextlib.chdir(script.parent),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            runpy.run_path(script.name, run_name="__main__")
        except SystemExit as end:  # with a sentence
            print(end.code, file=err)
            status = 1
    return CompletedProcess(words, status, out.getvalue(), err.getvalue())


def close(found: Any, expected: Any) -> None:
    """Equal to 1e-14 in float64, 1e-6 in float32, relative to the largest output."""
    assert found.shape == expected.shape
    largest = np.abs(expected).max()
    allowed = {"float64": 1e-14, "float32": 1e-6}[str(expected.dtype)]
    assert np.abs(found.astype(np.float64) - expected).max() <= allowed * largest
