"""The table of formats, and what it says beforehand."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.models.models import compare_in_this_process, model
from tests.refusals import refused
from tests.session.runs import ask
from tuiprop.core.activation import ACTIVATIONS
from tuiprop.data.preparation.encoding import Preparation
from tuiprop.errors import FileError
from tuiprop.models.export import export, refusal_of, remarks
from tuiprop.models.formats import FORMATS, READ, SUFFIXES, format_of, onnx_graph, torch_script
from tuiprop.models.formats import format as format_module
from tuiprop.models.model import Model
from tuiprop.protocol.messages.opening import ListNames
from tuiprop.protocol.server import Engine

PAGE = Path(__file__).resolve().parents[2] / "docs" / "weights.md"


def test_the_suffix_says_the_format() -> None:
    names = ["NumPy", "safetensors", "ONNX", "JSON", "PyTorch script", "scikit-learn script"]
    assert [each.name for each in FORMATS.values()] == [*names, "Python script"]
    assert READ == (".npz", ".safetensors", ".json")
    for suffix, each in FORMATS.items():
        assert format_of(f"folder.npz/w{suffix}") is each
        assert format_of(Path(f"w.npz.old{suffix}")) is each
    for name in ("w", "w.txt", "npz", "w.npz/w", "", "w.PY"):
        assert format_of(name) is None


def test_the_documentation_has_the_table() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for each in FORMATS.values():
        assert f"| `{each.suffix}` | {each.name} | {each.words} |" in text, each.name


def test_the_dashboard_is_told_the_table() -> None:
    reply = ask(Engine(), ListNames())
    assert [each.suffix for each in reply.formats] == list(SUFFIXES)


def test_where_an_export_can_be_written(tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        assert refusal_of(str(tmp_path / f"w{suffix}")) == ""
    path = str(tmp_path / "w.txt")
    assert refusal_of(path).startswith(f"{path}: ")
    with refused(FileError, "", ".txt", ", ".join(SUFFIXES), file=path):
        export(model(), path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".json", ".py", "_torch.py", "_sklearn.py"])
def test_too_many_numbers_for_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    large = model((1000, 999, 1))
    assert large.parameters.vector.size == 1000 * 999 + 999 + 1000
    path = str(tmp_path / f"w{suffix}")
    for function in (lambda: remarks(large, path), lambda: export(large, path)):
        with refused(FileError, "", "at most 1,000,000 parameters, not 1,000,999", file=path):
            function()
    assert remarks(large, str(tmp_path / "w.npz")) == ""


def test_a_library_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(name: str) -> object:
        return None if name in ("onnx", "torch", "sklearn") else find_spec(name)

    monkeypatch.setattr(format_module, "find_spec", lacking)
    path = tmp_path / "w.onnx"
    for function in (remarks, export):
        with pytest.raises(FileError, match=r"ONNX needs the package onnx: pip install 'tuiprop"):
            function(model(), str(path))
    for suffix, library in (("_torch.py", "PyTorch"), ("_sklearn.py", "scikit-learn")):
        path = tmp_path / f"w{suffix}"
        expected = f"not compared, as {library} is not installed here"
        assert remarks(model(), str(path)) == expected
        exported = export(model(), path)
        assert exported.difference is None
        assert exported.sentence == f"read back, {expected}"
        assert path.read_text().startswith('"""A network 2 → 3 tanh → 1 linear, update 1600.')


def test_a_library_that_cannot_be_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> object:
        raise RuntimeError("built for another\nprocessor")

    monkeypatch.setattr(format_module, "find_spec", lambda name: object())
    monkeypatch.setattr(format_module, "import_module", broken)
    words = "onnx, which cannot be imported: RuntimeError: built for another processor"
    for function in (remarks, export):
        with pytest.raises(FileError, match=words):
            function(model(), str(tmp_path / "w.onnx"))


@pytest.mark.parametrize(
    "expresses",
    [torch_script.expresses, onnx_graph.expresses],
    ids=["torch_script", "onnx_graph"],
)
def test_every_export_table_has_every_activation(expresses: Callable[[str], bool]) -> None:
    assert [name for name in ACTIVATIONS if not expresses(name)] == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_activation_that_a_table_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    compare_in_this_process(monkeypatch)
    monkeypatch.delitem(torch_script.MODULES, "gelu")
    for functions in (torch_script._FUNCTIONS, onnx_graph._FUNCTIONS):
        monkeypatch.delitem(functions, "tanh")  # the formula of gelu calls it
    each, path = model((2, 3, 2, 1), ("tanh", "gelu")), tmp_path / f"w{suffix}"
    if suffix not in (".onnx", "_torch.py"):  # by its name, or by its formula in NumPy
        remarks(each, str(path))
        assert export(each, path).usage == ""
        return
    if suffix == ".onnx":
        pytest.importorskip("onnx")
    for function in (remarks, export):
        with pytest.raises(FileError, match=f"{FORMATS[suffix].name} has no gelu"):
            function(each, str(path))
    assert not path.exists()


@pytest.mark.parametrize(
    ("activation", "suffix", "expected"),
    [
        ("tanh", ".npz", ""),
        ("gelu", ".py", ""),
        ("tanh", "_sklearn.py", ""),
        (
            "gelu",
            "_sklearn.py",
            "scikit-learn's network has no gelu: written as a custom estimator",
        ),
        ("gelu", ".onnx", "gelu: written as basic operators, which runtimes have in both "),
        ("tanh", ".onnx", ""),
        ("tanh", ".safetensors", "PyTorch's Sequential takes inputs that are scaled; "),
    ],
)
def test_what_is_done_instead(activation: str, suffix: str, expected: str) -> None:
    found = FORMATS[suffix].substitutions(model((2, 3, 1), activation))
    assert found.startswith(expected)
    assert bool(found) == bool(expected)


def test_text_that_is_not_encoded() -> None:
    each = model((2, 1), names=("x", "colour"))
    preparation = (Preparation("x"), Preparation("colour", category="red"))
    each = Model(each.experiment, each.parameters, ("x", "colour=red"), (), preparation, 0)
    said = {suffix for suffix in SUFFIXES if "colour=red" in FORMATS[suffix].substitutions(each)}
    assert said == {".onnx", ".py", "_torch.py", "_sklearn.py"}


def test_not_standardised_is_nothing_to_say() -> None:
    each = model((2, 1))
    plain = Model(each.experiment, each.parameters, each.inputs, (), (Preparation("x0"),) * 2, 0)
    assert FORMATS[".safetensors"].substitutions(plain) == ""


def test_numbers_that_are_not_finite_are_not_written(tmp_path: Path) -> None:
    each = model()
    each.parameters.W[2][0, 1] = np.nan
    for suffix in SUFFIXES:
        path = tmp_path / f"w{suffix}"
        path.write_bytes(b"old")
        with pytest.raises(FileError) as caught:
            export(each, path)
        assert str(caught.value) == f"{path}: W2 holds values that are not finite"
        assert path.read_bytes() == b"old"


@pytest.mark.parametrize("activation", [name for name, g in ACTIVATIONS.items() if g.derivative])
def test_an_activation_without_a_module_of_pytorch_is_written_by_its_formula(
    monkeypatch: pytest.MonkeyPatch, activation: str
) -> None:
    monkeypatch.delitem(torch_script.MODULES, activation, raising=False)
    network = model((2, 3, 1), (activation,), "tanh")
    script = FORMATS["_torch.py"].encode(network, {}).decode()
    assert f"class {activation}(nn.Module):" in script
    assert f"    {activation}()," in script
    functions = {name: getattr(np, name, None) for name in torch_script._FUNCTIONS}
    stand_in = SimpleNamespace(**functions, clamp=np.clip, where=np.where)
    z = np.linspace(-3.0, 3.0, 31).reshape(1, 31)
    found = eval(torch_script.in_torch(activation), {"torch": stand_in, "z": z})
    expected = np.empty_like(z)
    ACTIVATIONS[activation].function(z, expected, np.empty_like(z))
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-15)
