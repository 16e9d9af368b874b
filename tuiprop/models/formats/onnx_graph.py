"""ONNX: raw inputs in, predictions out, by operators that every runtime has in both precisions."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from tuiprop.core.activation import (
    GELU_CUBIC,
    GELU_SCALE,
    LEAKY_SLOPE,
    SELU_ALPHA,
    SELU_SCALE,
)
from tuiprop.core.array import Array
from tuiprop.models.contents import ContentError
from tuiprop.models.model import Model
from tuiprop.models.plain import plain

OPSET, IR = 13, 7
"""Said explicitly: what a new `onnx` would choose, older runtimes refuse."""


class Graph:
    """Nodes and constants, one after the other; values go by their names."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        self.nodes: list[Any] = []
        self.constants: dict[str, Array] = {}

    def __call__(
        self, operator: str, *operands: str | float, name: str = "", **options: Any
    ) -> str:
        """Append an operator; a number among its operands becomes a constant."""
        from onnx.helper import make_node

        names = [each if isinstance(each, str) else self.constant(each) for each in operands]
        name = name or f"v{len(self.nodes)}"
        self.nodes.append(make_node(operator, names, [name], **options))
        return name

    def constant(self, value: Any, name: str = "", dtype: Any = None) -> str:
        """The name of a constant; equal numbers share one."""
        array = np.asarray(value, dtype or self.dtype)
        name = name or f"c{float(value)!r}"
        self.constants[name] = array
        return name


def _sigmoid(g: Graph, z: str) -> str:
    """1 / (1 + Exp(−z)): onnxruntime's Sigmoid has no right digits below 1e-8 in float64."""
    return g("Div", 1.0, g("Add", g("Exp", g("Neg", z)), 1.0))


def _expm1(g: Graph, z: str) -> str:
    """Exp(z) − 1 for z ≤ 0 as 2t / (1 − t), t = tanh(z/2): exact near 0, where Exp − 1 is not."""
    t = g("Tanh", g("Mul", z, 0.5))
    return g("Div", g("Mul", t, 2.0), g("Sub", 1.0, t))


def _elu(g: Graph, z: str, alpha: float = 1.0) -> str:
    below = g("Mul", _expm1(g, g("Min", z, 0.0)), alpha)
    return g("Add", g("Max", z, 0.0), below)


def _softplus(g: Graph, z: str) -> str:
    """Max(z, 0) + log1p(u), u = exp(−|z|).

    log1p(u) = log(w) · u / (w − 1) with w = 1 + u, and u where w is 1 (Kahan): Log(1 + u) would
    lose the digits of a small u.
    """
    u = g("Exp", g("Neg", g("Abs", z)))
    w = g("Add", u, 1.0)
    log1p = g("Div", g("Mul", g("Log", w), u), g("Sub", w, 1.0))
    return g("Add", g("Max", z, 0.0), g("Where", g("Equal", w, 1.0), u, log1p))


def _gelu(g: Graph, z: str) -> str:
    cubed = g("Mul", g("Mul", z, z), z)
    inner = g("Mul", g("Add", z, g("Mul", cubed, GELU_CUBIC)), GELU_SCALE)
    return g("Mul", g("Mul", z, 0.5), g("Add", g("Tanh", inner), 1.0))


def _one(operator: str, **options: Any) -> Callable[[Graph, str], str]:
    return lambda g, z: g(operator, z, **options)


# Elu, Selu, Softplus and LeakyRelu have no float64 kernels in onnxruntime: basic operators do
ACTIVATIONS: dict[str, Callable[[Graph, str], str]] = {
    "linear": _one("Identity"),
    "sigmoid": _sigmoid,
    "tanh": _one("Tanh"),
    "relu": _one("Relu"),
    "leaky_relu": lambda g, z: g("Max", z, g("Mul", z, LEAKY_SLOPE)),
    "elu": _elu,
    "selu": lambda g, z: g("Mul", _elu(g, z, SELU_ALPHA), SELU_SCALE),
    "softplus": _softplus,
    "silu": lambda g, z: g("Mul", z, _sigmoid(g, z)),
    "gelu": _gelu,
    "softmax": _one("Softmax", axis=1),
}

COMPOSED = ("leaky_relu", "elu", "selu", "softplus", "silu", "gelu")
"""Activations that have an operator of their own, or a later opset's, which is not used."""


def encode(model: Model, metadata: dict[str, Any]) -> bytes:
    """The bytes of the file.

    Input `input` (batch, n[0]) and output `output` (batch, n[L]) have the dtype of the network.
    """
    from onnx import TensorProto, checker, helper, numpy_helper

    parameters, network, numbers = model.parameters, model.network, plain(model)
    dtype = parameters.vector.dtype
    kind = TensorProto.FLOAT if dtype == np.float32 else TensorProto.DOUBLE
    g = Graph(dtype)
    # standardised in float64 whatever the dtype, as the network has it
    x = g("Cast", "input", to=TensorProto.DOUBLE)
    if numbers.fill is not None:
        x = g("Where", g("IsNaN", x), g.constant(numbers.fill, "fill", np.float64), x)
    x = g("Sub", x, g.constant(numbers.mean, "mean", np.float64))
    x = g("Div", x, g.constant(numbers.deviation, "deviation", np.float64))
    a = g("Cast", x, to=kind)
    for l, layer in enumerate(network.layers, 1):
        W = g.constant(parameters.W[l], f"W{l}")
        b = g.constant(parameters.b[l].ravel(), f"b{l}")
        a = ACTIVATIONS[layer.activation](g, g("Gemm", a, W, b, transB=1))
    if numbers.unit is not None:
        mean, deviation = numbers.unit
        y = g("Cast", a, to=TensorProto.DOUBLE)
        y = g("Mul", y, g.constant(deviation, "target_deviation", np.float64))
        y = g("Add", y, g.constant(mean, "target_mean", np.float64))
        a = g("Cast", y, to=kind)
    g("Identity", a, name="output")
    graph = helper.make_graph(
        g.nodes,
        "tuiprop",
        [helper.make_tensor_value_info("input", kind, ["batch", network.inputs])],
        [helper.make_tensor_value_info("output", kind, ["batch", network.sizes[-1]])],
        [numpy_helper.from_array(np.ascontiguousarray(c), name) for name, c in g.constants.items()],
    )
    onnx_model = helper.make_model(
        graph,
        producer_name="tuiprop",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR,
    )
    texts = {
        "inputs": model.inputs,
        "outputs": numbers.outputs,
        "classes": model.classes,
        "tuiprop": metadata,
    }
    helper.set_model_props(
        onnx_model, {name: msgspec.json.encode(value).decode() for name, value in texts.items()}
    )
    checker.check_model(onnx_model)
    return bytes(onnx_model.SerializeToString())


def predict(content: bytes, rows: Array, dtype: Any) -> Array:
    """What a file that `encode` wrote predicts, by the reference evaluator of `onnx`.

    Raises:
        ContentError: it does not run.
    """
    from onnx.reference import ReferenceEvaluator

    try:
        with np.errstate(all="ignore"):
            (found,) = ReferenceEvaluator(content).run(None, {"input": rows.astype(dtype)})
    except Exception as error:  # the evaluator raises what its operators raise
        raise ContentError(f"does not run: {type(error).__name__}: {error}") from None
    return np.asarray(found)
