"""Before a file is written, what it would hold is compared; the file that was there stays."""

import csv
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.models.models import close, library, model, rows_of, run_script
from tuiprop.core.array import Array
from tuiprop.data.preparation.encoding import Preparation
from tuiprop.errors import FileError
from tuiprop.models.contents import LARGEST
from tuiprop.models.export import export
from tuiprop.models.formats import FORMATS, READ, SUFFIXES, npz, numpy_script
from tuiprop.models.formats import format as format_module
from tuiprop.models.model import Model
from tuiprop.models.plain import examples
from tuiprop.models.scripts import running


def wrong(each: Model, path: Path) -> str:
    """Why it is not written; what was there is still there."""
    path.write_bytes(b"old")
    with pytest.raises(FileError) as caught:
        export(each, path)
    assert path.read_bytes() == b"old"
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize("suffix", READ)
def test_parameters_that_differ_in_the_last_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    each, other = model(), model()
    other.parameters.W[1][0, 0] = np.nextafter(other.parameters.W[1][0, 0], 9)
    encode = FORMATS[suffix].encode
    monkeypatch.setitem(vars(FORMATS[suffix]), "encode", lambda _, words: encode(other, words))
    assert wrong(each, tmp_path / f"w{suffix}") == (
        "not written: its content differs from the parameters"
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda text: text.replace("np.tanh(z)", "np.tanh(1.0001 * z)"),
            "predicts differently, by ",
        ),
        (lambda text: text.replace("X - MEAN", "X + MEAN"), "predicts differently, by up to "),
        (lambda text: text.replace("return a.T", "return a"), "predicts (1, 48), expected (48, 1)"),
        (lambda text: text.replace("np.tanh", "np.than"), "does not run: AttributeError: module "),
        (lambda text: text.replace("import csv", "import csv ("), "does not run: SyntaxError"),
        (lambda text: text.replace("import csv", "import csv, os\nos._exit(3)"), "does not run: 3"),
    ],
)
def test_a_script_that_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[str], str], words: str
) -> None:
    def encode(each: Model, metadata: dict[str, Any]) -> bytes:
        text = numpy_script.encode(each, metadata).decode()
        assert change(text) != text
        return change(text).encode()

    monkeypatch.setitem(vars(FORMATS[".py"]), "encode", encode)
    text = wrong(model(), tmp_path / "w.py")
    assert text.startswith(f"not written: its content {words}")


def test_a_script_that_never_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "SECONDS", 1)
    monkeypatch.setitem(vars(FORMATS[".py"]), "encode", lambda *_: b"while True: pass")
    assert wrong(model(), tmp_path / "w.py").endswith("no predictions in 1 seconds")


def test_what_was_written_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_bytes = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read_bytes(path)[:-1])
    with pytest.raises(FileError, match="what was read back differs from what was written"):
        export(model(), tmp_path / "w.npz")


def test_predictions_that_are_infinite_are_equal(tmp_path: Path) -> None:
    each = model((2, 2), (), "linear")
    each.parameters.W[1][:] = 1e308
    assert export(each, tmp_path / "w.py").difference == 0.0


def test_a_network_that_no_file_may_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(format_module, "find_spec", lambda name: name)

    class Large:
        size, itemsize, nbytes = LARGEST // 8, 8, LARGEST

    class Model_:  # noqa: N801
        class parameters:  # noqa: N801
            vector = Large

    for suffix in SUFFIXES:
        each: Any = Model_
        assert f"not {LARGEST // 8:,}" in FORMATS[suffix].refuses(each)


def test_the_examples_are_spread_around_the_mean() -> None:
    each = model((3, 2))
    preparation = (
        Preparation("a", 1000.0, 10.0),
        Preparation("b", category="x"),
        Preparation("c", -5.0, 1e-3),
    )
    each = Model(each.experiment, each.parameters, ("a", "b=x", "c"), (), preparation, 0)
    rows: Array = examples(each)
    assert set(rows[:, 1].tolist()) == {0.0, 1.0}
    np.testing.assert_allclose(rows.mean(axis=0)[[0, 2]], [1000, -5], rtol=1e-2)
    np.testing.assert_allclose(rows.std(axis=0)[[0, 2]], [15, 1.5e-3], rtol=0.5)


# Scripts from a shell


def slow(suffix: str) -> Any:
    """Mark the case of a script whose library takes seconds to import."""
    return pytest.param(suffix, marks=pytest.mark.slow)


def described() -> Model:
    """A model of a table with a text column, and with names that a script must not trip over."""
    each = model((3, 4, 3), "tanh", "softmax")
    preparation = (
        Preparation('len"gth\n', 5.0, 0.5),
        Preparation("colour", category='r\'é\\d"""'),
        Preparation("x" * 300, -1.0, 2.0),
    )
    classes = ("a,b", '"""', "\u2028c")
    names = tuple(one.name for one in preparation)
    return Model(each.experiment, each.parameters, names, classes, preparation, 7)


@pytest.mark.oracle
@pytest.mark.parametrize("suffix", [".py", slow("_torch.py"), slow("_sklearn.py")])
def test_a_script_from_a_shell(tmp_path: Path, suffix: str) -> None:
    if suffix != ".py":
        library({"_torch.py": "torch", "_sklearn.py": "sklearn"}[suffix])
    each = described()
    export(each, tmp_path / f"w{suffix}")
    columns = [one.column for one in each.preparation]
    texts = ['r\'é\\d"""', "blue", 'r\'é\\d"""']
    rows = rows_of(each, 3)
    with (tmp_path / "table.csv").open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow([columns[2], "other", columns[0], columns[1]])
        for row, text in zip(rows.tolist(), texts, strict=True):
            writer.writerow([row[2], "no number", row[0], text])
    done = subprocess.run(
        [sys.executable, f"w{suffix}", "table.csv"],
        cwd=tmp_path, capture_output=True, encoding="utf-8", check=True,
        env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip
    header, *lines = csv.reader(done.stdout.split("\n")[:-1])
    assert header == list(each.classes)
    rows[:, 1] = [1, 0, 1]
    close(np.array(lines, np.float64), each.predict(rows))
    usage = run_script(tmp_path / f"w{suffix}")
    assert (usage.returncode, usage.stderr) == (1, f"usage: python w{suffix} FILE.csv\n")


def test_the_script_needs_numpy_only(tmp_path: Path) -> None:
    content = numpy_script.encode(model(), {}).decode()
    lines = [line.split() for line in content.splitlines()]
    modules = {line[1] for line in lines if line and line[0] in ("import", "from")}
    assert modules - set(sys.stdlib_module_names) == {"numpy"}


# ONNX


@pytest.mark.oracle
def test_names_and_classes_are_in_the_metadata_of_onnx(tmp_path: Path) -> None:
    onnx = library("onnx")
    each = described()
    export(each, tmp_path / "w.onnx")
    found = onnx.load(tmp_path / "w.onnx")
    assert (found.ir_version, [one.version for one in found.opset_import]) == (7, [13])
    texts = {one.key: json.loads(one.value) for one in found.metadata_props}
    assert texts["inputs"] == list(each.inputs)
    assert texts["classes"] == texts["outputs"] == list(each.classes)
    assert texts["tuiprop"]["update"] == 7


@pytest.mark.oracle
def test_raw_inputs_of_onnx_are_standardised_in_double() -> None:
    library("onnx")
    runtime = library("onnxruntime")
    each = model((1, 1), (), "linear", "float32")
    each.parameters.vector[:] = [1.0, 0.0]
    each = Model(
        each.experiment, each.parameters, ("t",), (), (Preparation("t", 16777000.3, 0.1),), 0
    )
    rows = np.array([[16777001.0], [16776999.0]])
    session = runtime.InferenceSession(FORMATS[".onnx"].encode(each, {}))
    (found,) = session.run(None, {"input": rows.astype(np.float32)})
    np.testing.assert_allclose(found, (rows - 16777000.3) / 0.1, rtol=1e-6)


@pytest.mark.oracle
def test_an_onnx_that_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library("onnx")
    encode = FORMATS[".onnx"].encode
    each, other = model(), model(seed=5)
    monkeypatch.setitem(vars(FORMATS[".onnx"]), "encode", lambda _, words: encode(other, words))
    text = wrong(each, tmp_path / "w.onnx")
    assert text.startswith("not written: its content predicts differently, by up to ")
    monkeypatch.setitem(vars(FORMATS[".onnx"]), "encode", lambda _, words: b"nonsense")
    assert wrong(each, tmp_path / "w.onnx").startswith("not written: its content does not run")


# Places where nothing can be written


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    suffixes = [each for each in SUFFIXES if each != ".onnx" or find_spec("onnx")]
    paths = [tmp_path / f"w{suffix}" for suffix in suffixes]
    for path in paths:
        path.write_bytes(b"old")
    program = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from tests.models.models import model\n"
        "from tuiprop.models import export\n"
        "export._compare = lambda *_: 0.0\n"  # the scripts are run in files of their own
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "for path in sys.argv[1:]:\n"
        "    try:\n        export.export(model(), path)\n"
        "    except OSError as error:\n        print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, paths)],
        cwd=Path(__file__).resolve().parents[2], capture_output=True, text=True, check=True,
    )  # fmt: skip
    expected = [f"{path}: cannot be written: File too large" for path in paths]
    assert done.stdout.splitlines() == expected
    assert {path.read_bytes() for path in paths} == {b"old"}
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 100


def test_npz_is_what_its_own_reader_reads(tmp_path: Path) -> None:
    content = npz.encode(model(), {"format": 1})
    assert npz.decode(content).metadata == {"format": 1}
