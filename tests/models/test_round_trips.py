"""Every format holds every network: against what reads it elsewhere."""

import shlex
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.models.models import close, library, model, names_of, rows_of
from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.array import Array
from tuiprop.data.preparation.encoding import apply
from tuiprop.errors import FileError
from tuiprop.models.export import export
from tuiprop.models.formats import FORMATS, READ
from tuiprop.models.model import Model
from tuiprop.models.weights import load_model

HIDDEN = [name for name, g in ACTIVATIONS.items() if not g.output_only]


def activated(activation: str, dtype: str) -> Model:
    return model((4, 6, 5, 2), activation, activation, dtype)


def layered(L: int, dtype: str) -> Model:
    return model((3, *(4,) * L), "tanh", "linear", dtype)


CASES: dict[str, Callable[[str], Model]] = {
    **{name: partial(activated, name) for name in HIDDEN},
    "softmax": lambda dtype: model((4, 5, 3), "tanh", "softmax", dtype),
    "two of softmax": lambda dtype: model((4, 5, 2), "relu", "softmax", dtype),
    "sigmoid": lambda dtype: model(
        (4, 5, 1), "relu", "sigmoid", dtype, loss="binary_cross_entropy"
    ),
    "several of sigmoid": lambda dtype: model(
        (3, 4, 4), "sigmoid", "sigmoid", dtype, loss="binary_cross_entropy"
    ),
    "logistic regression": lambda dtype: model(
        (3, 1), (), "sigmoid", dtype, loss="binary_cross_entropy"
    ),
    **{f"{L} layers": partial(layered, L) for L in range(1, 9)},
    "different": lambda dtype: model((3, 5, 4, 2), ("elu", "gelu"), "softplus", dtype),
}

each_case = pytest.mark.parametrize("name", CASES)
each_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])


def script_of(each: Model, suffix: str) -> dict[str, Any]:
    """Return the names that the script of a model defines."""
    return names_of(FORMATS[suffix].encode(each, {}))


@each_dtype
@each_case
def test_what_is_read_again(tmp_path: Path, name: str, dtype: str) -> None:
    each = CASES[name](dtype)
    for suffix in READ:
        path = tmp_path / f"w{suffix}"
        assert export(each, path).difference == 0.0
        again = load_model(path)
        assert again.parameters.vector.tobytes() == each.parameters.vector.tobytes()
        assert again.parameters.vector.dtype == dtype
        for field in ("experiment", "network", "inputs", "classes", "preparation", "update"):
            assert getattr(again, field) == getattr(each, field), field


@each_dtype
@each_case
def test_the_script_that_needs_numpy_only(name: str, dtype: str) -> None:
    each = CASES[name](dtype)
    rows = rows_of(each)
    names = script_of(each, ".py")
    found = names["predict"](rows)
    assert found.dtype == dtype
    close(found, each.predict(rows))
    with pytest.raises(ValueError, match=r"must be \(m, .*got \(2,\)"):
        names["predict"](rows[0, :2])


@pytest.mark.oracle
@each_dtype
@each_case
def test_onnxruntime(name: str, dtype: str) -> None:
    library("onnx")
    runtime = library("onnxruntime")
    each = CASES[name](dtype)
    rows = rows_of(each)
    session = runtime.InferenceSession(FORMATS[".onnx"].encode(each, {}))
    (entry,), (out,) = session.get_inputs(), session.get_outputs()
    assert (entry.name, entry.shape) == ("input", ["batch", each.network.inputs])
    assert (out.name, out.shape) == ("output", ["batch", each.network.sizes[-1]])
    for m in (len(rows), 1):
        (found,) = session.run(None, {"input": rows[:m].astype(dtype)})
        assert found.dtype == dtype
        close(found, each.predict(rows[:m]))


@pytest.mark.oracle
@each_dtype
@each_case
def test_onnxs_own_evaluator(name: str, dtype: str) -> None:
    library("onnx")
    each = CASES[name](dtype)
    rows = rows_of(each)
    close(
        FORMATS[".onnx"].predict(FORMATS[".onnx"].encode(each, {}), each, rows), each.predict(rows)
    )


@pytest.mark.oracle
@each_dtype
@each_case
def test_pytorch_by_the_code_that_is_printed(tmp_path: Path, name: str, dtype: str) -> None:
    torch = library("torch")
    each = CASES[name](dtype)
    rows = rows_of(each)
    exported = export(each, tmp_path / "w.safetensors")
    names: dict[str, Any] = {}
    exec(exported.usage, names)
    prepared = torch.tensor(apply(each.preparation, rows).astype(dtype))
    with torch.no_grad():
        found = names["network"](prepared).numpy()
    close(found, each.predict(rows))


@pytest.mark.oracle
@each_dtype
@each_case
def test_the_script_for_pytorch(name: str, dtype: str) -> None:
    library("torch")
    each = CASES[name](dtype)
    rows = rows_of(each)
    found = script_of(each, "_torch.py")["predict"](rows)
    assert found.dtype == dtype
    close(found, each.predict(rows))


@pytest.mark.oracle
@each_dtype
@each_case
def test_the_script_for_scikit_learn(name: str, dtype: str) -> None:
    library("sklearn")
    each = CASES[name](dtype)
    rows = rows_of(each)
    names = script_of(each, "_sklearn.py")
    expected = each.predict(rows)
    close(names["predict"](rows), expected)
    assert ("mlp" in names) == (FORMATS["_sklearn.py"].substitutions(each) == "")
    chosen = names["pipeline"].predict(rows)
    if each.classes:
        several = expected.argmax(axis=1) if expected.shape[1] > 1 else expected[:, 0] > 0.5
        if name != "several of sigmoid":  # to scikit-learn these are labels, none of them or more
            np.testing.assert_array_equal(chosen, several)
    else:
        close(chosen.reshape(expected.shape), expected)


@pytest.mark.oracle
@pytest.mark.parametrize("activation", [*HIDDEN, "softmax"])
@each_dtype
def test_far_from_zero(activation: str, dtype: str) -> None:
    """Where exp overflows, and where outputs are so small that a difference loses them."""
    library("onnx")
    runtime = library("onnxruntime")
    each = model((1, 2), (), activation, dtype)
    each.parameters.vector[:] = [1.0, 2.0, 0.0, 0.0]
    session = runtime.InferenceSession(FORMATS[".onnx"].encode(each, {}))
    script = script_of(each, ".py")["predict"]
    for row in (-300.0, -6.0, -1e-5, 0.0, 1e-5, 6.0, 300.0):
        rows = np.array([[row]], dtype).astype(np.float64)
        expected = each.predict(rows)
        (found,) = session.run(None, {"input": rows.astype(dtype)})
        allowed: Array = np.finfo(dtype).eps * 8 * np.abs(expected) + np.finfo(dtype).tiny
        assert (np.abs(found - expected) <= allowed).all(), (row, found, expected)
        assert (np.abs(script(rows) - expected) <= allowed).all(), row


# Files that PyTorch wrote


def theirs(torch: Any) -> Any:
    nn = torch.nn
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3), nn.Softmax(dim=1)).double()


def predicts_as(network: Any, path: Path) -> None:
    torch = library("torch")
    rows = np.random.default_rng(0).normal(size=(20, 4))
    with torch.no_grad():
        expected = network(torch.tensor(rows)).numpy()
    close(load_model(path, ("tanh", "softmax")).predict(rows), expected)


@pytest.mark.oracle
def test_a_state_that_pytorch_wrote(tmp_path: Path) -> None:
    torch = library("torch")
    network = theirs(torch)
    library("safetensors.torch").save_file(network.state_dict(), tmp_path / "w.safetensors")
    predicts_as(network, tmp_path / "w.safetensors")
    prefixed = {f"model.net.{name}": each for name, each in network.state_dict().items()}
    library("safetensors.torch").save_file(prefixed, tmp_path / "p.safetensors", {"format": "pt"})
    predicts_as(network, tmp_path / "p.safetensors")
    np.savez(tmp_path / "w.npz", **{n: each.numpy() for n, each in network.state_dict().items()})
    predicts_as(network, tmp_path / "w.npz")


@pytest.mark.oracle
def test_the_line_that_converts_a_pickle(tmp_path: Path) -> None:
    torch = library("torch")
    network = theirs(torch)
    path = tmp_path / "it's mine.pt"
    torch.save(network.state_dict(), path)
    with pytest.raises(FileError) as caught:
        load_model(path)
    line = str(caught.value).split("this converts it: python ")[1]
    option, code = shlex.split(line)
    assert option == "-c"
    exec(code, {})
    predicts_as(network, tmp_path / "it's mine.safetensors")
