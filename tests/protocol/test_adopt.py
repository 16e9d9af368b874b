"""Weights of another program: what is asked, and what becomes of the answers."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.session.runs import ask, refusal
from tuiprop.models.export import export
from tuiprop.models.weights import load_model, read
from tuiprop.protocol.messages.opening import Adopt, BareWeights, Locate, Open
from tuiprop.protocol.server import Engine

SIZES = (4, 5, 3)


def arrays(sizes: tuple[int, ...] = SIZES) -> dict[str, Any]:
    generator = np.random.default_rng(0)
    found: dict[str, Any] = {}
    for l, (before, n) in enumerate(pairwise(sizes), 1):
        found[f"W{l}"] = generator.normal(size=(n, before))
        found[f"b{l}"] = generator.normal(size=(n, 1))
    return found


def written(path: Path, sizes: tuple[int, ...] = SIZES) -> str:
    """Weights without a description, in the format that the suffix says."""
    if path.suffix == ".npz":
        np.savez(path, **arrays(sizes))
    else:
        path.write_text(json.dumps({name: each.tolist() for name, each in arrays(sizes).items()}))
    return str(path)


@pytest.mark.parametrize("name", ["w.npz", "w.json"])
def test_what_the_file_says_is_told(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name)
    located = ask(Engine(), Locate(what=path))
    assert located.weights == path
    assert isinstance(located.bare, BareWeights)
    assert located.bare.sizes == [4, 5, 3]
    assert located.bare.activations == [None, None]
    assert "--activations …,…" in located.bare.sentence


def test_safetensors_say_which_layers_are_linear(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    path = tmp_path / "w.safetensors"
    save_file(
        {
            f"{i}.{name}": np.ascontiguousarray(array)
            for i, l in ((0, 1), (1, 2))
            for name, array in (("weight", arrays()[f"W{l}"]), ("bias", arrays()[f"b{l}"][:, 0]))
        },
        path,
    )
    located = ask(Engine(), Locate(what=str(path)))
    assert located.bare is not None
    assert located.bare.activations == ["linear", None]


def test_adopted_weights_are_the_initial_ones(tmp_path: Path) -> None:
    path = written(tmp_path / "w.json")
    engine = Engine()
    adopted = ask(engine, Adopt(weights=path, activations=["relu", "softmax"], source="iris"))
    assert not adopted.suggested
    network, data = adopted.experiment["network"], adopted.experiment["data"]
    assert [layer["activation"] for layer in network["layers"]] == ["relu", "softmax"]
    assert network["loss"] == "cross_entropy"
    assert data["source"] == "iris"
    assert data["standardize"] is False
    run = ask(engine, Open(experiment=adopted.experiment, weights=adopted.weights))
    expected = np.concatenate([each.ravel() for each in read(path).arrays.values()])
    np.testing.assert_array_equal(np.frombuffer(run.initial), expected)


def test_an_experiment_says_how_inputs_are_scaled(tmp_path: Path) -> None:
    (tmp_path / "e.toml").write_text('[data]\nsource = "iris"\nstandardize = true\n')
    path = written(tmp_path / "w.npz")
    request = Adopt(weights=path, activations=["tanh", "softmax"], source=str(tmp_path / "e.toml"))
    assert ask(Engine(), request).experiment["data"]["standardize"] is True


def test_a_table_is_looked_at_before_it_is_used(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("p,q,y\n" + "".join(f"{i},{i * i},{3 * i}\n" for i in range(20)))
    request = Adopt(
        weights=written(tmp_path / "w.npz", (2, 3, 1)),
        activations=["tanh", "linear"],
        source=str(table),
    )
    adopted = ask(Engine(), request)
    assert adopted.suggested
    assert adopted.experiment["network"]["loss"] == "mse"
    assert [layer["units"] for layer in adopted.experiment["network"]["layers"]] == [3, 1]


@pytest.mark.parametrize(
    ("activations", "source", "words"),
    [
        (["relu"], "iris", "2 activations, one for each layer of 4 → 5 → 3, got 1"),
        (["softmax", "softmax"], "iris", "invalid network"),
        (["relu", "softmax"], "wine", "W1 is (5, 4), expected (5, 13)"),
        (["relu", "linear"], "iris", "as the target species is text, got mse"),
        (["relu", "softmax"], "absent.csv", "absent.csv"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    tmp_path: Path, activations: list[str], source: str, words: str
) -> None:
    request = Adopt(weights=written(tmp_path / "w.npz"), activations=activations, source=source)
    assert words in refusal(Engine(), request).sentence


def test_weights_are_no_data(tmp_path: Path) -> None:
    path = written(tmp_path / "w.npz")
    request = Adopt(weights=path, activations=["relu", "softmax"], source=path)
    assert "expected a table, " in refusal(Engine(), request).sentence


def test_transposed_weights_are_explained(tmp_path: Path) -> None:
    found = arrays()
    np.savez(tmp_path / "w.npz", **{**found, "W2": found["W2"].T})
    sentence = refusal(Engine(), Locate(what=str(tmp_path / "w.npz"))).sentence
    assert "W2 is (5, 3), expected (3, 5): it looks transposed" in sentence


def test_a_pickle_is_refused_with_the_line_that_converts_it() -> None:
    sentence = refusal(Engine(), Locate(what="theirs.pt")).sentence
    assert "is a pickle, which can execute code and is not read" in sentence
    assert "weights_only=True" in sentence


def test_a_json_of_ours_opens_with_its_experiment(tmp_path: Path) -> None:
    from tuiprop.session.session import open_session
    from tuiprop.training.experiment import parse

    path = str(tmp_path / "w.json")
    export(open_session(parse({"data": {"source": "iris"}})).model, path)
    located = ask(Engine(), Locate(what=path))
    assert located.weights == path
    assert located.bare is None
    assert located.experiment["data"]["source"] == "iris"
    assert load_model(path).update == 0
