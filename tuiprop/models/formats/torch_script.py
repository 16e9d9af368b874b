"""Python scripts with a network as a PyTorch Sequential."""

import ast
from typing import Any

from tuiprop.core.activation import ACTIVATIONS, LEAKY_SLOPE
from tuiprop.models.formats.format import MOST_IN_TEXT, Format
from tuiprop.models.model import Model
from tuiprop.models.plain import encoded
from tuiprop.models.plain import plain as plain_numbers
from tuiprop.models.scripts.running import predict
from tuiprop.models.scripts.source import in_unit, preparing, script, shape
from tuiprop.update.expression import functions_of, in_numpy

MODULES = {
    "linear": "Identity()",
    "sigmoid": "Sigmoid()",
    "tanh": "Tanh()",
    "relu": "ReLU()",
    "leaky_relu": f"LeakyReLU({LEAKY_SLOPE})",
    "elu": "ELU()",
    "selu": "SELU()",
    # beyond its default threshold of 20 PyTorch neglects 2e-9
    "softplus": "Softplus(threshold=40)",
    "silu": "SiLU()",
    "gelu": 'GELU(approximate="tanh")',
    "mish": "Mish()",
    "softmax": "Softmax(dim=1)",
}
"""PyTorch's modules; other activations are written by their formulas."""

_FUNCTIONS = dict.fromkeys(
    ("exp", "expm1", "log", "log1p", "tanh", "sqrt", "abs", "sign", "max", "min")
)
"""The functions of formulas that exist in PyTorch."""


def expresses(activation: str) -> bool:
    """Return True if an activation is a module, or PyTorch has the functions of its formula."""
    return activation in MODULES or functions_of(ACTIVATIONS[activation].formula) <= set(_FUNCTIONS)


def _module(activation: str) -> str:
    """The expression that creates the module of an activation."""
    module = MODULES.get(activation)
    return f"{activation}()" if module is None else f"nn.{module}"


def _classes(model: Model) -> str:
    """The definition of a class for each activation of the network without a PyTorch module."""
    names = dict.fromkeys(layer.activation for layer in model.network.layers)
    return "".join(
        f"\n\nclass {name}(nn.Module):\n"
        f"    def forward(self, z):\n        return {in_torch(name)}\n"
        for name in names
        if name not in MODULES
    )


def in_torch(activation: str) -> str:
    """The formula of an activation as an expression of PyTorch in the tensor z."""
    tree = ast.parse(in_numpy(ACTIVATIONS[activation].formula, z="z"), mode="eval")
    return ast.unparse(ast.fix_missing_locations(_InTorch().visit(tree)))


class _InTorch(ast.NodeTransformer):
    """Converts NumPy to PyTorch, whose maximum and minimum accept tensors only."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        limit = {"np.maximum": "min", "np.minimum": "max"}.get(ast.unparse(node.func))
        self.generic_visit(node)
        if limit is None:
            return node
        tensor, number = node.args
        clamp = ast.Attribute(ast.Name("torch"), "clamp")
        return ast.Call(clamp, [tensor], [ast.keyword(limit, number)])

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name("torch") if node.id == "np" else node


def sequential(model: Model) -> str:
    """The expression that creates the PyTorch `Sequential` of the weights."""
    sizes = model.network.sizes
    lines = []
    for l, layer in enumerate(model.network.layers, 1):
        lines.append(f"    nn.Linear({sizes[l - 1]}, {sizes[l]}),\n")
        lines.append(f"    {_module(layer.activation)},\n")
    return f"nn.Sequential(\n{''.join(lines)}).to(torch.{model.parameters.vector.dtype})"


def encode(model: Model, metadata: dict[str, Any]) -> bytes:
    """Encode a model as a script whose `network` is a PyTorch `Sequential`."""
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
{preparing(plain_numbers(model))}

def predict(X):
    """Predictions, {shape(model)}, for raw inputs, (m, {model.network.inputs})."""
    with torch.no_grad():
        a = network(torch.from_numpy(prepare(X))).numpy()
    return {in_unit(model, "a")}
'''
    return script(model, "import torch\nfrom torch import nn\n", f"{_classes(model)}{body}")


FORMAT = Format(
    "PyTorch script",
    "_torch.py",
    "a Python script with the network as a PyTorch Sequential, and predict(X)",
    encode,
    None,
    lambda content, model, rows: predict(content, rows),
    place=5,
    expresses=expresses,
    most_parameters=MOST_IN_TEXT,
    verifier="torch",
    substitutions=encoded,
)
