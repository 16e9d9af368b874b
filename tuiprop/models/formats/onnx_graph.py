"""ONNX graphs from raw inputs to predictions, with operators that all runtimes have."""

import ast
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import numpy as np

from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.array import Array
from tuiprop.models.contents import ContentError
from tuiprop.models.formats.format import Format
from tuiprop.models.model import Model
from tuiprop.models.plain import encoded, plain
from tuiprop.update.expression import functions_of, name_of, parse

OPSET, IR = 13, 7
"""Versions that older runtimes accept, unlike the defaults of a new `onnx`."""


class Graph:
    """Builds a graph of nodes and constants, whose values have names."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        self.nodes: list[Any] = []
        self.constants: dict[str, Array] = {}

    def __call__(
        self, operator: str, *operands: str | float, name: str = "", **options: Any
    ) -> str:
        """Append an operator; numbers among its operands become constants."""
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


def _expm1(g: Graph, x: str) -> str:
    """Exp(x) − 1 for x ≤ 0 as 2t / (1 − t), t = tanh(x/2): exact near 0, where Exp − 1 is not."""
    t = g("Tanh", g("Mul", x, 0.5))
    return g("Div", g("Mul", t, 2.0), g("Sub", 1.0, t))


def _log1p(g: Graph, u: str) -> str:
    """log1p(u) = log(w) · u / (w − 1) with w = 1 + u, and u where w is 1 (Kahan).

    Log(1 + u) would lose the digits of a small u.
    """
    w = g("Add", u, 1.0)
    log1p = g("Div", g("Mul", g("Log", w), u), g("Sub", w, 1.0))
    return g("Where", g("Equal", w, 1.0), u, log1p)


def _operator(kind: str) -> Callable[..., str]:
    return lambda g, *operands: g(kind, *operands)


_FUNCTIONS: dict[str, Callable[..., str]] = {
    **{name: _operator(name.title()) for name in ("exp", "log", "tanh", "sqrt", "abs", "sign")},
    "max": _operator("Max"),
    "min": _operator("Min"),
    "expm1": _expm1,
    "log1p": _log1p,
}
"""The functions of formulas that ONNX has in both precisions, or that operators compose."""


_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "Add",
    ast.Sub: "Sub",
    ast.Mult: "Mul",
    ast.Div: "Div",
    ast.Pow: "Pow",
}

_OPERATORS: dict[str, tuple[str, dict[str, Any]]] = {
    "linear": ("Identity", {}),
    "relu": ("Relu", {}),
    "tanh": ("Tanh", {}),
    "softmax": ("Softmax", {"axis": 1}),
}
"""Activations that are one operator with float64 kernels. The others are written by their
formula: onnxruntime's Elu, Selu, Softplus and LeakyRelu have no such kernels, and its Sigmoid has
no right digits below 1e-8."""


def expresses(activation: str) -> bool:
    """Return True if an activation is one operator, or ONNX has the functions of its formula."""
    functions = functions_of(ACTIVATIONS[activation].formula)
    return activation in _OPERATORS or functions <= set(_FUNCTIONS)


def _activation(g: Graph, activation: str, z: str) -> str:
    """Append a = g(z), as one operator or by the formula; return the name of the value."""
    if activation in _OPERATORS:
        operator, options = _OPERATORS[activation]
        return g(operator, z, **options)
    known: dict[str, str | float] = {"z": z}
    for line in map(parse, ACTIVATIONS[activation].formula):
        known[line.name] = _node(g, line.expression, known)
    return str(known["a"])


def _node(g: Graph, node: ast.expr, names: Mapping[str, str | float]) -> str | float:
    """Append an expression; return the name of its value, or a number."""

    def of(part: ast.expr) -> str | float:
        return _node(g, part, names)

    match node:
        case ast.Constant(int() | float() as value):
            return float(value)
        case ast.Name():
            return names[name_of(node)]
        case ast.UnaryOp(ast.USub(), operand):
            return g("Neg", of(operand))
        case ast.BinOp(left, operator, right):
            return g(_BINARY[type(operator)], of(left), of(right))
        case ast.IfExp(ast.Compare(left, [ast.Gt()], [right]), body, other):
            return g("Where", g("Greater", of(left), of(right)), of(body), of(other))
        case ast.Call(ast.Name(function), arguments):
            return _FUNCTIONS[function](g, *map(of, arguments))
    raise TypeError(f"no operator for {ast.unparse(node)}")


COMPOSED = tuple(name for name in ACTIVATIONS if name not in (*_OPERATORS, "sigmoid"))
"""Activations with an operator of the same name, or one of a later opset, which is not used."""


def encode(model: Model, metadata: dict[str, Any]) -> bytes:
    """Encode a model as ONNX.

    Input `input` (batch, n[0]) and output `output` (batch, n[L]) have the dtype of the network.
    """
    from onnx import TensorProto, checker, helper, numpy_helper

    parameters, network, numbers = model.parameters, model.network, plain(model)
    dtype = parameters.vector.dtype
    kind = TensorProto.FLOAT if dtype == np.float32 else TensorProto.DOUBLE
    g = Graph(dtype)
    # standardised in float64 for every dtype, as in the network
    x = g("Cast", "input", to=TensorProto.DOUBLE)
    if numbers.fill is not None:
        x = g("Where", g("IsNaN", x), g.constant(numbers.fill, "fill", np.float64), x)
    x = g("Sub", x, g.constant(numbers.mean, "mean", np.float64))
    x = g("Div", x, g.constant(numbers.deviation, "deviation", np.float64))
    a = g("Cast", x, to=kind)
    for l, layer in enumerate(network.layers, 1):
        W = g.constant(parameters.W[l], f"W{l}")
        b = g.constant(parameters.b[l].ravel(), f"b{l}")
        a = _activation(g, layer.activation, g("Gemm", a, W, b, transB=1))
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
    """Compute the predictions of an encoded file with the reference evaluator of `onnx`.

    Raises:
        ContentError: the graph cannot be evaluated.
    """
    from onnx.reference import ReferenceEvaluator

    try:
        with np.errstate(all="ignore"):
            (found,) = ReferenceEvaluator(content).run(None, {"input": rows.astype(dtype)})
    except Exception as error:  # the evaluator passes on any exception of its operators
        raise ContentError(f"does not run: {type(error).__name__}: {error}") from None
    return np.asarray(found)


def _substitutions(model: Model) -> str:
    found = dict.fromkeys(layer.activation for layer in model.network.layers)
    composed = ", ".join(name for name in found if name in COMPOSED)
    words = f"{composed}: written as basic operators, which runtimes have in both precisions"
    return "; ".join(filter(None, (words * bool(composed), encoded(model))))


FORMAT = Format(
    "ONNX",
    ".onnx",
    "for runtimes in any language: raw inputs in, predictions out",
    encode,
    None,
    lambda content, model, rows: predict(content, rows, model.parameters.vector.dtype),
    place=3,
    writer="onnx",
    install="'tuiprop[onnx]'",
    expresses=expresses,
    substitutions=_substitutions,
)
