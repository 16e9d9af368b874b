"""Python scripts that hold a network and need nothing of tuiprop: NumPy, PyTorch, scikit-learn."""

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
from tuiprop.files.contents import ContentError
from tuiprop.files.model import Model
from tuiprop.files.plain import Plain, plain

SECONDS = 120
"""That a script may take to be compared: importing a large library takes some."""

_NUMPY = {
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

_SKLEARN = {"linear": "identity", "sigmoid": "logistic", "tanh": "tanh", "relu": "relu"}

_READ = '''

def read(path):
    """The raw inputs of a CSV file with a header line, by the names of its columns."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        return np.array(
            [
                [float(row[name] if text is None else row[name] == text) for name, text in COLUMNS]
                for row in csv.DictReader(file)
            ]
        )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: python {sys.argv[0]} FILE.csv")
    writer = csv.writer(sys.stdout, lineterminator="\\n")
    writer.writerow(OUTPUTS)
    writer.writerows(predict(read(sys.argv[1])).tolist())
'''

_PREPARE = '''

def prepare(X):
    """a[0], examples as rows, from raw inputs."""
    X = np.asarray(X, dtype=np.float64)
    if X.ndim != 2 or X.shape[1] != len(COLUMNS):
        raise ValueError(f"inputs: found {X.shape}, expected (m, {len(COLUMNS)}), examples as rows")
    return ((X - MEAN) / DEVIATION).astype(DTYPE)
'''


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
    return _script(model, "", f"{_PREPARE}{_in_numpy(model.network)}")


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
{_PREPARE}

def predict(X):
    """Predictions, {_shape(model)}, for raw inputs, (m, {model.network.inputs})."""
    with torch.no_grad():
        return network(torch.from_numpy(prepare(X))).numpy()
'''
    return _script(model, "import torch\nfrom torch import nn\n", body)


def sklearn_script(model: Model, metadata: dict[str, Any]) -> bytes:
    """A script whose `pipeline` is one of scikit-learn, with the standardisation."""
    imports = "from sklearn.pipeline import make_pipeline\n"
    imports += "from sklearn.preprocessing import StandardScaler\n"
    if not sklearn_lacks(model):
        kind = "MLPClassifier" if model.classes else "MLPRegressor"
        imports = f"from sklearn.neural_network import {kind}\n{imports}"
        return _script(model, imports, _sklearn_mlp(model, kind))
    kind = "ClassifierMixin" if model.classes else "RegressorMixin"
    imports = f"from sklearn.base import BaseEstimator, {kind}\n{imports}"
    return _script(model, imports, _sklearn_estimator(model, kind))


def sklearn_lacks(model: Model) -> str:
    """Why scikit-learn's own network cannot hold this one; "" where it can."""
    *hidden, output = (layer.activation for layer in model.network.layers)
    K = model.network.sizes[-1]
    lacking = sorted({name for name in hidden if name not in _SKLEARN})
    if lacking:
        return f"scikit-learn's network has no {', '.join(lacking)}"
    if len(set(hidden)) > 1:
        return "scikit-learn's network has one activation for all hidden layers"
    allowed = "linear"
    if model.classes:
        allowed = "softmax" if len(model.classes) == K > 2 else "sigmoid"
    if output != allowed:
        return f"scikit-learn's network would have {allowed} as its output, not {output} of {K}"
    return ""


def _sklearn_mlp(model: Model, kind: str) -> str:
    network, K = model.network, model.network.sizes[-1]
    hidden = [layer.activation for layer in network.layers[:-1]]
    activation = _SKLEARN[hidden[0]] if hidden else "identity"
    sizes = "".join(f"{n}, " for n in network.sizes[1:-1]).rstrip()
    several = model.classes and network.layers[-1].activation == "sigmoid" and K > 1
    if not model.classes:
        targets, result = f"np.zeros((2, {K}), DTYPE)", f"pipeline.predict(X).reshape(-1, {K})"
    elif several:
        targets, result = f"np.eye({K}, dtype=int)", "pipeline.predict_proba(X)"
    else:
        targets = f"np.arange({max(K, 2)})"
        result = "pipeline.predict_proba(X)" + "[:, 1:]" * (K == 1)
    classes = f", range({max(K, 2)})" * bool(model.classes)
    rows = f"np.zeros(({max(K, 2) if model.classes else 2}, {network.inputs}), DTYPE)"
    numbers = ", ".join(f"W{l}.T" for l in model.parameters.W)
    biases = ", ".join(f"b{l}.ravel()" for l in model.parameters.W)
    note = "  # its classes are numbers, OUTPUTS says what they are" * bool(model.classes)
    return f'''
scaler = StandardScaler().fit(np.zeros((1, {network.inputs})))
scaler.mean_, scaler.scale_, scaler.var_ = MEAN, DEVIATION, DEVIATION**2
mlp = {kind}(hidden_layer_sizes=({sizes}), activation="{activation}")
mlp.partial_fit({rows}, {targets}{classes}){note}
mlp.coefs_ = [{numbers}]
mlp.intercepts_ = [{biases}]
pipeline = make_pipeline(scaler, mlp)


def predict(X):
    """Predictions, {_shape(model)}, for raw inputs, (m, {network.inputs})."""
    X = np.asarray(X, dtype=np.float64)
    return {result}
'''


def _sklearn_estimator(model: Model, kind: str) -> str:
    several = model.network.sizes[-1] > 1
    if not model.classes:
        methods, result = _METHOD.format("predict", "forward(X)"), "pipeline.predict(X)"
    else:
        both = "forward(X)" if several else "np.hstack([1 - forward(X), forward(X)])"
        methods = f"    classes_ = np.arange({max(2, model.network.sizes[-1])})\n\n"
        methods += _METHOD.format("predict_proba", both) + "\n"
        methods += _METHOD.format("predict", "self.predict_proba(X).argmax(axis=1)")
        result = "pipeline.predict_proba(X)" + "[:, 1:]" * (not several)
    return f'''{_in_numpy(model.network, "forward", "np.asarray(X, dtype=DTYPE)")}

class Network({kind}, BaseEstimator):
    """The network, with its weights; it is not trained any further."""

{methods}
    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self):
        return True


scaler = StandardScaler().fit(np.zeros((1, {model.network.inputs})))
scaler.mean_, scaler.scale_, scaler.var_ = MEAN, DEVIATION, DEVIATION**2
pipeline = make_pipeline(scaler, Network())


def predict(X):
    """Predictions, {_shape(model)}, for raw inputs, (m, {model.network.inputs})."""
    X = np.asarray(X, dtype=np.float64)
    return {result}
'''


_METHOD = """    def {}(self, X):
        return {}
"""


def _in_numpy(network: Network, name: str = "predict", inputs: str = "prepare(X)") -> str:
    """The activations, and a function that walks forward."""
    used = dict.fromkeys(layer.activation for layer in network.layers)
    functions = "".join(f"\n\ndef {each}(z):\n    return {_NUMPY[each]}\n" for each in used)
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
{lines}    return a.T
'''


def _shape(model: Model) -> str:
    return f"(m, {model.network.sizes[-1]})"


def _script(model: Model, imports: str, body: str) -> bytes:
    """Heading, numbers, `body`, and what reads a table."""
    numbers: Plain = plain(model)
    arrays = "".join(f"{name} = {_literal(array)}\n" for name, array in model.parameters)
    text = f'''"""A network {words(model.network)}, update {model.update}.

predict(X) takes raw inputs, examples as rows, (m, {model.network.inputs}).
From a shell: python THIS_FILE FILE.csv
"""

import csv
import sys

import numpy as np
{imports}
COLUMNS = {list(numbers.columns)!a}
OUTPUTS = {list(numbers.outputs)!a}
DTYPE = np.{model.parameters.vector.dtype}
MEAN = np.array({numbers.mean.tolist()!r})
DEVIATION = np.array({numbers.deviation.tolist()!r})
{arrays}{body}{_READ}'''
    return text.encode()


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
