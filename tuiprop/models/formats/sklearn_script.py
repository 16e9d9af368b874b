"""Python scripts with a network as a scikit-learn pipeline."""

from typing import Any

from tuiprop.models.formats.format import MOST_IN_TEXT, Format
from tuiprop.models.model import Model
from tuiprop.models.plain import encoded, plain
from tuiprop.models.scripts.running import predict
from tuiprop.models.scripts.source import in_numpy, in_unit, script, shape

_SKLEARN = {"linear": "identity", "sigmoid": "logistic", "tanh": "tanh", "relu": "relu"}
"""The names of activations in scikit-learn."""


def encode(model: Model, metadata: dict[str, Any]) -> bytes:
    """Encode a model as a script with a scikit-learn `pipeline`, which includes standardisation."""
    imports = "from sklearn.pipeline import make_pipeline\n"
    imports += "from sklearn.preprocessing import StandardScaler\n"
    if not lacks(model):
        kind = "MLPClassifier" if model.classes else "MLPRegressor"
        imports = f"from sklearn.neural_network import {kind}\n{imports}"
        return script(model, imports, _sklearn_mlp(model, kind))
    kind = "ClassifierMixin" if model.classes else "RegressorMixin"
    imports = f"from sklearn.base import BaseEstimator, {kind}\n{imports}"
    return script(model, imports, _sklearn_estimator(model, kind))


def lacks(model: Model) -> str:
    """The reason why scikit-learn's network class cannot hold this network; "" if it can."""
    *hidden, output = (layer.activation for layer in model.network.layers)
    K = model.network.sizes[-1]
    unknown = sorted({name for name in hidden if name not in _SKLEARN})
    if unknown:
        return f"scikit-learn's network has no {', '.join(unknown)}"
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
        shape_of_targets = 2 if K == 1 else (2, K)  # a column of one would cause a warning
        targets = f"np.zeros({shape_of_targets}, DTYPE)"
        result = f"pipeline.predict(X).reshape(-1, {K})"
    elif several:
        targets, result = f"np.eye({K}, dtype=int)", "pipeline.predict_proba(X)"
    else:
        targets = f"np.arange({max(K, 2)})"
        result = "pipeline.predict_proba(X)" + "[:, 1:]" * (K == 1)
    classes = f", classes=np.arange({max(K, 2)})" * bool(model.classes)
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
    """Predictions, {shape(model)}, for raw inputs, (m, {network.inputs})."""
    X = {_raw(model)}
    return {in_unit(model, result)}
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
    return f'''{in_numpy(model, "forward", "np.asarray(X, dtype=DTYPE)")}

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
    """Predictions, {shape(model)}, for raw inputs, (m, {model.network.inputs})."""
    X = {_raw(model)}
    return {in_unit(model, result)}
'''


def _raw(model: Model) -> str:
    raw = "np.asarray(X, dtype=np.float64)"
    return raw if plain(model).fill is None else f"np.where(np.isnan({raw}), FILL, {raw})"


_METHOD = """    def {}(self, X):
        return {}
"""


def _substitutions(model: Model) -> str:
    lacking = lacks(model)
    estimator = f"{lacking}: written as a custom estimator, which cannot be trained further"
    return "; ".join(filter(None, (estimator * bool(lacking), encoded(model))))


FORMAT = Format(
    "scikit-learn script",
    "_sklearn.py",
    "a Python script with the network as a scikit-learn pipeline, and predict(X)",
    encode,
    None,
    lambda content, model, rows: predict(content, rows),
    place=6,
    most_parameters=MOST_IN_TEXT,
    verifier="sklearn",
    substitutions=_substitutions,
)
