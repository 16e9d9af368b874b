"""`tuiprop export`, and weights of every format where the command line takes or makes them."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.cli.command import experiment, sentence, tuiprop
from tuiprop.models.formats import FORMATS, READ, onnx_graph, torch_script
from tuiprop.models.formats import format as format_module
from tuiprop.models.weights import load_model
from tuiprop.training.run import Run


@pytest.fixture(name="trained")
def trained_weights(tmp_path: Path) -> Path:
    path = tmp_path / "w.npz"
    assert tuiprop("train", experiment(tmp_path), "--export", path).status == 0
    return path


@pytest.mark.parametrize("suffix", [*READ, ".py"])
def test_the_same_weights_in_another_format(tmp_path: Path, trained: Path, suffix: str) -> None:
    out = tmp_path / f"out{suffix}"
    ended = tuiprop("export", trained, out)
    assert (ended.status, ended.err) == (0, "")
    written = [line for line in ended.out.splitlines() if "update 12" in line]
    assert len(written) == 1
    assert written[0].startswith(f"{out}: update 12, read back and compared, largest difference ")
    if suffix in READ:
        again, model = load_model(out), load_model(trained)
        assert again.parameters.vector.tobytes() == model.parameters.vector.tobytes()
        assert again.experiment == model.experiment


def test_what_is_done_instead_is_said_before(tmp_path: Path, trained: Path) -> None:
    out = tmp_path / "w.safetensors"
    lines = tuiprop("export", trained, out).out.splitlines()
    assert lines[0].startswith(f"{out}: PyTorch's Sequential takes inputs that are scaled")
    assert lines[1].startswith(f"{out}: update 12, ")
    assert "network = nn.Sequential(" in lines
    assert f"network.load_state_dict(load_file({str(out)!r}), strict=True)" in lines


def test_train_exports_in_every_format_that_it_is_asked_for(tmp_path: Path) -> None:
    outs = [tmp_path / f"w{suffix}" for suffix in READ]
    options = [each for out in outs for each in ("--export", out)]
    ended = tuiprop("train", experiment(tmp_path), *options)
    assert ended.status == 0
    assert ended.out.splitlines()[0].startswith(f"{outs[1]}: PyTorch's Sequential takes ")
    vectors = {load_model(out).parameters.vector.tobytes() for out in outs}
    assert len(vectors) == 1


def test_the_help_lists_the_formats() -> None:
    text = " ".join(tuiprop("export", "--help").out.split())
    for each in FORMATS.values():
        assert f" {each.suffix} {each.words}" in text


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("w", "expected a suffix of .npz, "),
        ("w.pt", "expected a suffix of .npz, "),
        ("none/w.py", "there is no folder none"),
    ],
)
def test_an_export_that_cannot_be(
    trained: Path, monkeypatch: pytest.MonkeyPatch, out: str, words: str
) -> None:
    monkeypatch.chdir(trained.parent)
    assert sentence(tuiprop("export", trained, out)).startswith(f"{out}: {words}")


def test_weights_of_another_program(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    foreign, out = tmp_path / "f.safetensors", tmp_path / "f.npz"
    arrays = {
        "0.weight": generator.normal(size=(5, 4)),
        "0.bias": generator.normal(size=5),
        "2.weight": generator.normal(size=(3, 5)),
        "2.bias": generator.normal(size=3),
    }
    save_file(arrays, foreign)
    text = sentence(tuiprop("export", foreign, out))
    assert text.startswith(f"{foreign}: there are weights of 4 → 5 → 3 in it")
    assert f"tuiprop export {foreign} OUT --activations …,…" in text
    assert tuiprop("export", foreign, out, "--activations", "tanh, softmax").status == 0
    z = np.tanh(np.eye(4) @ arrays["0.weight"].T + arrays["0.bias"]) @ arrays["2.weight"].T
    e = np.exp(z + arrays["2.bias"])
    expected = e / e.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(load_model(out).predict(np.eye(4)), expected, rtol=1e-12)
    for names, words in (
        ("tanh", "expected 2 activations, one for each layer of 4 → 5 → 3, got 1"),
        ("softmax,tanh", "invalid network: layer 1: softmax is for the output layer only"),
        ("tanh,nonsense", "invalid network: "),
    ):
        text = sentence(tuiprop("export", foreign, out, "--activations", names))
        assert text.startswith(f"{foreign}: {words}")
    text = sentence(tuiprop("export", out, tmp_path / "o.npz", "--activations", "tanh,softmax"))
    assert text == f"{out}: the file names its activations itself"


def test_initial_weights_in_every_format(tmp_path: Path, trained: Path) -> None:
    path = experiment(tmp_path, training={"epochs": 0})
    for suffix in READ:
        tuiprop("export", trained, tmp_path / f"i{suffix}")
        out = tmp_path / "o.npz"
        assert (
            tuiprop("train", path, "--init", tmp_path / f"i{suffix}", "--export", out).status == 0
        )
        model = load_model(trained)
        assert load_model(out).parameters.vector.tobytes() == model.parameters.vector.tobytes()


def test_initial_weights_that_were_typed(tmp_path: Path) -> None:
    w, out = tmp_path / "typed.json", tmp_path / "o.npz"
    typed = {"W1": [[1, 2, 3, 4]] * 4, "b1": [0, 0, 0, 0.5], "W2": [[1, 0, 0, -1]] * 3}
    w.write_text(json.dumps({**typed, "b2": [[0], [0], [1]]}))
    path = experiment(tmp_path, training={"epochs": 0})
    assert tuiprop("train", path, "--init", w, "--export", out).status == 0
    parameters = load_model(out).parameters
    assert parameters.W[1].tolist() == typed["W1"]
    assert parameters.b[1].ravel().tolist() == typed["b1"]
    assert parameters.b[2].ravel().tolist() == [0, 0, 1]
    assert tuiprop("check", path, "--init", w).status == 0
    w.write_text(json.dumps({**typed, "W2": [[1, 2, 3]] * 4, "b2": [0, 0, 0]}))
    text = sentence(tuiprop("train", path, "--init", w))
    assert text == f"{w}: W2 is (4, 3), expected (3, 4): it looks transposed"


@pytest.mark.parametrize("command", ["inspect", "export", "train", "check"])
def test_a_pickle_is_refused_with_the_line_that_converts_it(tmp_path: Path, command: str) -> None:
    w = tmp_path / "it's.pt"
    w.write_bytes(b"\x80\x02.")
    rest = {"inspect": (w,), "export": (w, tmp_path / "o.npz")}.get(
        command, (experiment(tmp_path), "--init", w)
    )
    text = sentence(tuiprop(command, *rest))
    assert text.startswith(
        f"{w}: this is a pickle, which can execute code and is not read; this converts it: "
    )
    assert "weights_only=True" in text


@pytest.mark.parametrize("suffix", [".onnx", "_torch.py"])
def test_what_a_format_lacks_is_said_before_it_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.delitem(torch_script.MODULES, "gelu")
    for functions in (torch_script._FUNCTIONS, onnx_graph._FUNCTIONS):
        monkeypatch.delitem(functions, "tanh")  # the formula of gelu calls it
    monkeypatch.setattr(Run, "advance", lambda *_, **__: pytest.fail("it trains"))
    layers = [{"units": 4, "activation": "gelu"}, {"units": 3, "activation": "softmax"}]
    path, out = experiment(tmp_path, network={"layers": layers}), tmp_path / f"w{suffix}"
    ended = tuiprop("train", path, "--export", tmp_path / "w.npz", "--export", out)
    found = sentence(ended)
    assert found.startswith(f"{out}: ")
    assert "gelu" in found or find_spec("onnx") is None
    assert not out.exists()


def test_a_missing_library_is_said_before_it_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(format_module, "find_spec", lambda name: None)
    monkeypatch.setattr(Run, "advance", lambda *_, **__: pytest.fail("it trains"))
    out = tmp_path / "w.onnx"
    found = sentence(tuiprop("train", experiment(tmp_path), "--export", out))
    assert "needs the package onnx" in found
