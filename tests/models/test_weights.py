import dataclasses
import io
import json
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.models.models import model
from tests.refusals import refused as refused_with
from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.array import Array
from tuiprop.core.initialization import initialize
from tuiprop.core.network import Layer, Network, Parameters
from tuiprop.data.preparation.encoding import Preparation
from tuiprop.errors import FileError, InputError
from tuiprop.models.contents import LARGEST
from tuiprop.models.export import export
from tuiprop.models.model import Model
from tuiprop.models.weights import PICKLES, holds_weights, load_model, parameters_for, read
from tuiprop.session.session import open_session
from tuiprop.training.experiment import Experiment, parse, to_tables

NETWORK = Network(2, (Layer(3, "tanh"), Layer(1, "linear")), "mse")


def arrays_of(network: Network = NETWORK, **changes: object) -> dict[str, Any]:
    """What any other program could write."""
    arrays: dict[str, Any] = dict(initialize(network, "normal", 0))
    arrays.update(changes)
    return {name: array for name, array in arrays.items() if array is not None}


def written(folder: Path, arrays: dict[str, Any]) -> Path:
    path = folder / "w.npz"
    np.savez(path, **arrays)
    return path


def zipped(folder: Path, members: dict[str, bytes]) -> Path:
    path = folder / "w.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def with_header(header: str, content: bytes = bytes(8)) -> bytes:
    header += " " * (-(10 + len(header) + 1) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + content


def refused(path: Path, network: Network | None = None, dtype: str = "float64") -> str:
    """The sentence about a file; about its arrays where a network is given."""
    with pytest.raises(FileError) as caught:
        load_model(path) if network is None else parameters_for(path, network, dtype)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert "\n" not in text
    return text.removeprefix(f"{path}: ")


# Out


def test_the_contents_are_the_contracts(tmp_path: Path) -> None:
    each = model((2, 4, 3), output="softmax")
    assert export(each, tmp_path / "w.npz").difference == 0.0
    with np.load(tmp_path / "w.npz", allow_pickle=False) as archive:
        assert archive.files == ["W1", "b1", "W2", "b2", "tuiprop"]
        shapes = {name: archive[name].shape for name in archive.files}
        assert shapes == {"W1": (4, 2), "b1": (4, 1), "W2": (3, 4), "b2": (3, 1), "tuiprop": ()}
        for name, array in each.parameters:
            assert archive[name].dtype == np.float64
            assert archive[name].tobytes() == array.tobytes()
        metadata = json.loads(str(archive["tuiprop"]))
    assert metadata == {
        "format": 1,
        "experiment": json.loads(json.dumps(to_tables(each.experiment))),
        "inputs": ["x0", "x1"],
        "classes": ["a", "b", "ü"],
        "preparation": [
            {"column": "x0", "mean": 0.0, "deviation": 1 / 3},
            {"column": "x1", "mean": 0.1, "deviation": 0.25},
        ],
        "update": 1600,
    }
    assert [path.name for path in tmp_path.iterdir()] == ["w.npz"]


def same(one: Model, other: Model) -> None:
    assert other.experiment == one.experiment
    assert other.network == one.network
    assert other.parameters.vector.dtype == one.parameters.vector.dtype
    assert other.parameters.vector.tobytes() == one.parameters.vector.tobytes()
    assert (other.inputs, other.classes) == (one.inputs, one.classes)
    assert (other.preparation, other.update) == (one.preparation, one.update)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_round_trip_of_every_activation(tmp_path: Path, activation: str, dtype: str) -> None:
    if activation == "softmax":
        each = model((4, 3), output="softmax", dtype=dtype)
    else:
        each = model((4, 5, 2), activation, activation, dtype)
    export(each, tmp_path / "w.npz")
    again = load_model(tmp_path / "w.npz")
    same(each, again)
    rows = np.random.default_rng(0).normal(size=(6, 4))
    assert again.predict(rows).tobytes() == each.predict(rows).tobytes()


@pytest.mark.parametrize("sizes", [(1, 1), (3, 1), (7, 1, 1, 5), (2, *(3,) * 12, 2)])
def test_round_trip_of_every_depth(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    each = model(sizes, "gelu")
    export(each, str(tmp_path / "w.npz"))
    same(each, load_model(str(tmp_path / "w.npz")))


def test_a_category_in_the_preparation(tmp_path: Path) -> None:
    each = model((2, 1))
    preparation = (Preparation("x0"), Preparation("colour", category='r"öd\n'))
    each = Model(each.experiment, each.parameters, ("x0", "colour=r"), (), preparation, 0)
    export(each, tmp_path / "w.npz")
    assert load_model(tmp_path / "w.npz").preparation == preparation


def test_saving_says_where_it_cannot(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"none/w\.npz: cannot be written: No such file"):
        export(model(), tmp_path / "none" / "w.npz")


def test_what_is_read_back_is_compared_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    savez = np.savez

    def damaged(stream: Any, **arrays: Any) -> None:
        savez(stream, **{**arrays, "W1": arrays["W1"] + 1e-9})

    monkeypatch.setattr(np, "savez", damaged)
    with pytest.raises(FileError, match="differs"):
        export(model(), tmp_path / "w.npz")


# In, from other programs


def test_any_file_with_the_arrays(tmp_path: Path) -> None:
    arrays = arrays_of()
    parameters = parameters_for(written(tmp_path, arrays), NETWORK, "float64")
    for name, array in parameters:
        assert array.tobytes() == arrays[name].tobytes()
    assert read(tmp_path / "w.npz").metadata is None
    np.savez_compressed(tmp_path / "c.npz", **arrays)
    compressed = parameters_for(tmp_path / "c.npz", NETWORK, "float64")
    assert compressed.vector.tobytes() == parameters.vector.tobytes()


@pytest.mark.parametrize("found", ["float16", "float32", "float64", ">f8", "longdouble"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_any_floating_point_numbers(tmp_path: Path, found: str, dtype: str) -> None:
    arrays = {name: array.astype(found) for name, array in arrays_of().items()}
    arrays["W1"] = np.asfortranarray(arrays["W1"])
    parameters = parameters_for(written(tmp_path, arrays), NETWORK, dtype)
    for name, array in parameters:
        np.testing.assert_array_equal(array, arrays[name].astype(dtype))


def test_other_arrays_are_left_alone(tmp_path: Path) -> None:
    others = {
        "batch_size": np.array(5),
        "bias_names": np.array(["a"]),
        "Weights": np.zeros(3),
        "history": np.array([{}], object),
    }
    path = written(tmp_path, {**arrays_of(), **others})
    assert parameters_for(path, NETWORK, "float64").vector.size == NETWORK.parameter_count


def test_what_was_read_is_not_shared(tmp_path: Path) -> None:
    path = written(tmp_path, arrays_of())
    first, second = (parameters_for(path, NETWORK, "float64") for _ in range(2))
    first.vector[:] = 0.0
    assert np.linalg.norm(second.vector) > 0


def test_a_foreign_file_is_no_model(tmp_path: Path) -> None:
    text = refused(written(tmp_path, arrays_of()))
    assert text.startswith("there are weights of 2 → 3 → 1 in it, but not the activations")
    assert "--init" in text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"W1": np.zeros((2, 3))}, "W1 is (2, 3), expected (3, 2): it looks transposed"),
        ({"W1": np.zeros((4, 2))}, "W1 is (4, 2), expected (3, 2)"),
        ({"W1": np.zeros(3)}, "W1 is (3,), expected (3, 2)"),
        ({"W1": np.zeros((3, 2, 1))}, "W1 is (3, 2, 1), expected (3, 2)"),
        ({"b1": np.zeros((1, 3))}, "b1 is (1, 3), expected (3, 1): it looks transposed"),
        (
            {"b1": np.zeros(3)},
            "b1 is (3,), expected (3, 1): one axis is missing, reshape it to a column",
        ),
        ({"b2": np.array(0.0)}, "b2 is (), expected (1, 1)"),
        ({"W2": np.zeros((1, 0))}, "W2 is (1, 0), expected (1, 3)"),
        ({"b2": None}, "there is no b2, expected b2 (1, 1)"),
        ({"W2": None, "b2": None}, "there is no W2, expected W2 (1, 3)"),
        ({"W3": np.zeros((1, 1))}, "has W3 too, expected layers 1 to 2 only"),
        (
            {"W1": np.zeros((3, 2), np.int64)},
            "W1 is int64, expected floating point numbers",
        ),
        ({"b1": np.zeros((3, 1), bool)}, "b1 is bool, expected floating point numbers"),
        ({"b1": np.zeros((3, 1), complex)}, "b1 is complex128, expected floating point numbers"),
        ({"W2": np.array([["1", "2", "3"]])}, "W2 is <U1, expected floating point numbers"),
        ({"W1": np.full((3, 2), np.nan)}, "W1 holds values that are not finite"),
        ({"b2": np.full((1, 1), -np.inf)}, "b2 holds values that are not finite"),
        (
            {"W1": None, "b1": None},
            "expected arrays W1, b1, W2, b2, … or 0.weight, 0.bias, …, got W2, b2",
        ),
    ],
)
def test_arrays_that_do_not_fit(tmp_path: Path, changes: dict[str, Any], expected: str) -> None:
    assert refused(written(tmp_path, arrays_of(**changes)), NETWORK) == expected


def test_numbers_that_the_dtype_cannot_hold(tmp_path: Path) -> None:
    path = written(tmp_path, arrays_of(W1=np.full((3, 2), 1e300)))
    assert parameters_for(path, NETWORK, "float64").W[1][0, 0] == 1e300
    assert refused(path, NETWORK, "float32").startswith("W1 holds ")


def test_no_arrays_at_all(tmp_path: Path) -> None:
    expected = "expected arrays W1, b1, W2, b2, … or 0.weight, 0.bias, …, got nothing"
    assert refused(zipped(tmp_path, {}), NETWORK) == expected
    np.savez(tmp_path / "w.npz", weight=np.zeros(3))
    assert refused(tmp_path / "w.npz", NETWORK).endswith(", got weight")


# In, what is no such file


def test_no_file(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.npz") == "cannot be read: No such file or directory"
    (tmp_path / "folder.npz").mkdir()
    assert refused(tmp_path / "folder.npz") == "cannot be read: Is a directory"


@pytest.mark.parametrize("content", [b"", b"PK", b"hello\n" * 100, npy(np.zeros((3, 2)))])
def test_not_a_zip(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.npz").write_bytes(content)
    assert refused(tmp_path / "w.npz", NETWORK).startswith("this is not an .npz file: ")


def test_truncated_anywhere(tmp_path: Path) -> None:
    export(model(), tmp_path / "whole.npz")
    content = (tmp_path / "whole.npz").read_bytes()
    for size in [*range(0, len(content), 61), len(content) - 1]:
        (tmp_path / "w.npz").write_bytes(content[:size])
        refused(tmp_path / "w.npz")


def test_objects_are_refused_and_not_executed(tmp_path: Path) -> None:
    class Executed:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "executed",)

    weights = np.array([[Executed()]], object)
    path = written(tmp_path, arrays_of(W1=weights))
    assert "damaged" in refused(path, NETWORK)
    path = written(tmp_path, arrays_of(tuiprop=weights))
    assert "damaged" in refused(path, NETWORK)
    assert not (tmp_path / "executed").exists()


def test_a_member_that_is_no_array(tmp_path: Path) -> None:
    for members in ({"W1": b"hello"}, {"W1/": b""}, {"W1.npy/": b""}, {".npy": npy(np.zeros(1))}):
        refused(zipped(tmp_path, members), NETWORK)
    refused(zipped(tmp_path, {"W1.npy": b"hello", "W1": b"hello"}), NETWORK)


FLOATS = "{{'descr': '<f8', 'fortran_order': False, 'shape': {}, }}"


@pytest.mark.parametrize(
    "header",
    [
        FLOATS.format("(3, 2"),
        FLOATS.format("(-1, 1)"),
        FLOATS.format("(3.0, 2)"),
        FLOATS.format("3"),
        FLOATS.format("(3, 2)"),
        FLOATS.format("(0, 2)"),
        FLOATS.format("(1, 1)").replace("<f8", "|O"),
        FLOATS.format("(1, 1)").replace("<f8", "<f9"),
        FLOATS.format("(1, 1)").replace("'<f8'", "[('a', '<f8')]"),
        FLOATS.format("(1, 1)").replace("False", "None"),
        "",
        "(" * 3000,
        "-" * 9000 + "1",
        "{" * 20_000,
        "{'shape': (1, 1)}",
        "\x00\x01",
    ],
)
def test_headers_that_cannot_be(tmp_path: Path, header: str) -> None:
    path = zipped(tmp_path, {"W1.npy": with_header(header), "b1.npy": npy(np.zeros((3, 1)))})
    refused(path, NETWORK)


@pytest.mark.parametrize("version", [b"\x02\x00", b"\x03\x00", b"\x04\x00", b"\x00\x00"])
def test_other_versions_of_the_format(tmp_path: Path, version: bytes) -> None:
    content = npy(np.zeros((3, 2)))
    refused(zipped(tmp_path, {"W1.npy": content[:6] + version + content[8:]}), NETWORK)


@pytest.mark.parametrize("shape", ["(50000000, 1)", "(900000000000, 1)", "(2**62,)", f"({2**62},)"])
def test_a_header_that_declares_more_than_there_is_allocates_nothing(
    tmp_path: Path, shape: str
) -> None:
    path = zipped(tmp_path, {"W1.npy": with_header(FLOATS.format(shape))})
    tracemalloc.start()
    refused(path, NETWORK)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


def test_a_directory_that_declares_more_than_there_is(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"W1.npy": npy(np.zeros((3, 2)))})
    content = bytearray(path.read_bytes())
    size = content.index(b"PK\x01\x02") + 24  # of the member, uncompressed
    for declared in (10, 100_000_000, LARGEST + 1):
        content[size : size + 4] = declared.to_bytes(4, "little")
        path.write_bytes(content)
        tracemalloc.start()
        text = refused(path, NETWORK)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2**20
    assert text == f"expected at most {LARGEST:,} bytes of arrays, got {LARGEST + 1:,}"


def test_a_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuiprop.models.formats.npz.LARGEST", 2**20)
    path = tmp_path / "w.npz"
    np.savez_compressed(path, W1=np.zeros((2**20, 1)), b1=np.zeros((2**20, 1)))
    assert path.stat().st_size < 2**15
    tracemalloc.start()
    assert refused(path, NETWORK).startswith(f"expected at most {2**20:,} bytes of arrays, got ")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


ALLOWED = "not by 0 (stored) or 8 (deflate)"


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (zipfile.ZIP_DEFLATED, "this is not an .npz file: Bad CRC-32 for file 'W1.npy'"),
        (
            zipfile.ZIP_BZIP2,
            f"this is not an .npz file: W1.npy is compressed by method 12, {ALLOWED}",
        ),
        (
            zipfile.ZIP_LZMA,
            f"this is not an .npz file: W1.npy is compressed by method 14, {ALLOWED}",
        ),
    ],
)
def test_a_bomb_that_says_that_it_is_small(tmp_path: Path, method: int, words: str) -> None:
    path, small = tmp_path / "w.npz", npy(np.zeros((3, 2)))
    large = small + bytes(20_000_000)
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("W1.npy", large)
    declared = len(large).to_bytes(4, "little"), len(small).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(*declared))
    tracemalloc.start()
    assert refused(path, NETWORK) == words
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**23


def attempt(path: Path) -> bool:
    """Whether a file that may be damaged in any way is read; it is refused otherwise."""
    for reading in (load_model, lambda path: parameters_for(path, NETWORK, "float32")):
        try:
            reading(path)
        except FileError:
            return False
    return True


def mutated(content: bytes, generator: np.random.Generator) -> bytes:
    changed = bytearray(content)
    for place in generator.integers(0, len(content), generator.integers(1, 4)).tolist():
        changed[place] = int(generator.integers(256))
    return bytes(changed)


@pytest.mark.parametrize("compress", [False, True])
def test_changed_bytes_are_read_or_refused(tmp_path: Path, compress: bool) -> None:
    export(model(), tmp_path / "whole.npz")
    path = tmp_path / "w.npz"
    with np.load(tmp_path / "whole.npz") as archive:
        (np.savez_compressed if compress else np.savez)(path, **dict(archive))
    content, generator = path.read_bytes(), np.random.default_rng(0)
    results = []
    for _ in range(400):
        path.write_bytes(mutated(content, generator))
        results.append(attempt(path))
    assert not all(results)
    path.write_bytes(content)
    assert attempt(path)


def test_changed_bytes_under_a_right_checksum_are_read_or_refused(tmp_path: Path) -> None:
    export(model(), tmp_path / "whole.npz")
    with zipfile.ZipFile(tmp_path / "whole.npz") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    generator = np.random.default_rng(1)
    results = []
    for _ in range(400):
        name = str(generator.choice(list(members)))
        head = members[name][:140]  # most of what follows in `tuiprop` is text
        changed = {name: mutated(head, generator) + members[name][140:]}
        results.append(attempt(zipped(tmp_path, {**members, **changed})))
    assert any(results)
    assert not all(results)


# The description


def described(folder: Path, metadata: object) -> Path:
    text = metadata if isinstance(metadata, str) else json.dumps(metadata)
    return written(folder, {**dict(model().parameters), "tuiprop": np.array(text)})


def description(**changes: object) -> dict[str, Any]:
    each = model()
    metadata: dict[str, Any] = {
        "format": 1,
        "experiment": msgspec.to_builtins(to_tables(each.experiment)),
        "inputs": list(each.inputs),
        "classes": [],
        "preparation": [one.to_builtins() for one in each.preparation],
        "update": 3,
    }
    return {**metadata, **changes}


def test_this_description_does(tmp_path: Path) -> None:
    assert load_model(described(tmp_path, description())).update == 3


@pytest.mark.parametrize(
    "text", ["", "{", "hello", "[1]", "5", "null", '{"a":' * 100_000, '"\\ud800"']
)
def test_it_is_not_json(tmp_path: Path, text: str) -> None:
    assert refused(described(tmp_path, text)).startswith("its description is not JSON: ")


@pytest.mark.parametrize("entry", [np.zeros((2, 2)), np.array(5), np.array(["{}", "{}"])])
def test_it_is_no_text(tmp_path: Path, entry: Array) -> None:
    refused(written(tmp_path, {**dict(model().parameters), "tuiprop": entry}))


@pytest.mark.parametrize("found", [0, 2, "1", None])
def test_another_version(tmp_path: Path, found: object) -> None:
    text = refused(described(tmp_path, description(format=found)))
    assert text == f"expected format 1, which this version reads, got {found!r}"


@pytest.mark.parametrize("name", ["experiment", "inputs", "classes", "preparation", "update"])
def test_something_is_missing(tmp_path: Path, name: str) -> None:
    metadata = description()
    del metadata[name]
    assert refused(described(tmp_path, metadata)) == f"its description lacks {name}"


@pytest.mark.parametrize(
    "changes",
    [
        {"inputs": 5},
        {"inputs": []},
        {"inputs": [1, 2]},
        {"inputs": ["x0", "x1", "x2"]},
        {"classes": {"a": 1}},
        {"update": "3"},
        {"update": None},
        {"preparation": 5},
        {"preparation": {}},
        {"preparation": [1, 2]},
        {"preparation": [{}, {}]},
        {"preparation": [{"column": "x0", "mean": 0, "deviation": 1}]},
        {"preparation": [{"column": "x0", "mean": 0, "deviation": 0}] * 2},
        {"experiment": 5},
        {"experiment": []},
        {"experiment": ["data"]},
        {"experiment": "data"},
        {"experiment": {}},
        {"experiment": {"data": 5}},
        {"experiment": {"data": {"source": "iris"}}},
        {"experiment": {"data": {"source": "iris"}, "network": {"loss": "mse"}}},
    ],
)
def test_descriptions_that_cannot_be(tmp_path: Path, changes: dict[str, Any]) -> None:
    refused(described(tmp_path, description(**changes)))


def test_a_network_that_is_larger_than_any_memory(tmp_path: Path) -> None:
    metadata = description()
    metadata["experiment"]["network"]["layers"] = [
        {"units": 100_000, "activation": "tanh"} for _ in range(4)
    ]
    tracemalloc.start()
    assert refused(described(tmp_path, metadata)) == "W1 is (3, 2), expected (100000, 2)"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


# As initial weights


def test_the_preparation_in_the_file_is_ignored(tmp_path: Path) -> None:
    sections: dict[str, Any] = {
        "data": {"source": "xor", "points": 40},
        "network": {"layers": [{"units": 1, "activation": "linear"}], "loss": "mse"},
    }
    experiment = Experiment(**sections)
    drawn = open_session(experiment)
    preparation = (Preparation("x1", 1000.0, 7.0), Preparation("x2", -50.0, 0.1))
    other = Model(experiment, drawn.parameters, ("a", "b"), (), preparation, 99)
    export(other, tmp_path / "w.npz")
    started = open_session(experiment, weights=tmp_path / "w.npz")
    assert started.examples.preparation == drawn.examples.preparation != preparation
    assert started.parameters.vector.tobytes() == drawn.parameters.vector.tobytes()
    assert started.run.t == 0
    drawn.run.advance(20)
    started.run.advance(20)
    assert started.parameters.vector.tobytes() == drawn.parameters.vector.tobytes()


# Predictions


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_predict_takes_raw_rows(dtype: str) -> None:
    each = model((3, 4, 2), "tanh", dtype=dtype)
    rows = np.random.default_rng(1).normal(5, 3, (7, 3))
    a = ((rows - [0.0, 0.1, 0.2]) * [3, 4, 5]).T
    W, b = each.parameters.W, each.parameters.b
    expected = W[2] @ np.tanh(W[1] @ a + b[1]) + b[2]
    found = each.predict(rows)
    assert found.shape == (7, 2)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, expected.T, rtol=1e-12 if dtype == "float64" else 1e-4)
    assert each.predict(rows[:0]).shape == (0, 2)


@pytest.mark.parametrize("shape", [(3,), (7, 2), (3, 7), (1, 7, 3), ()])
def test_predict_says_what_it_takes(shape: tuple[int, ...]) -> None:
    with refused_with(InputError, "inputs", str(shape), "(m, 3), examples as rows of x0, x1"):
        model((3, 2)).predict(np.zeros(shape))


def test_a_copy_of_the_parameters_is_predicted_with() -> None:
    each = model((3, 2))
    before = each.parameters.vector.copy()
    each.predict(np.ones((2, 3)))
    assert isinstance(each.parameters, Parameters)
    assert each.parameters.vector.tobytes() == before.tobytes()


def test_the_data_path_is_relative_to_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here" / "own.csv").write_text("x,y\n" + "1,2\n2,3\n3,5\n" * 5)
    experiment = parse({"data": {"source": "own.csv"}, "training": {"epochs": 2}})
    export(open_session(experiment).model, tmp_path / "there" / "w.npz")
    with np.load(tmp_path / "there" / "w.npz") as arrays:
        stored = json.loads(str(arrays["tuiprop"]))["experiment"]["data"]["source"]
    assert stored == "../here/own.csv"
    monkeypatch.chdir(tmp_path)
    model = load_model("there/w.npz")
    assert open_session(model.experiment).examples.inputs == ("x",)


def test_how_targets_were_scaled_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    scaled = dataclasses.replace(model(), targets=(Preparation("y", 20.0, 4.0),))
    export(scaled, path)
    again = load_model(path)
    assert again.targets == scaled.targets
    rows = np.array([[0.5, -1.0]])
    np.testing.assert_allclose(again.predict(rows), model().predict(rows) * 4 + 20, rtol=1e-15)
    with pytest.raises(FileError, match="scales 2 targets, expected 1"):
        export(dataclasses.replace(scaled, targets=scaled.targets * 2), path)


def test_which_files_hold_weights(tmp_path: Path) -> None:
    names = {"W1": True, "0.weight": True, "tuiprop": True, "X": False, "y": False}
    for name, expected in names.items():
        arrays: dict[str, Any] = {name: np.eye(2)}
        np.savez(tmp_path / "a.npz", **arrays)
        assert holds_weights(tmp_path / "a.npz") is expected
    (tmp_path / "b.npz").write_bytes(b"no archive")
    assert holds_weights(tmp_path / "b.npz")
    assert holds_weights(tmp_path / "absent.npz")
    assert holds_weights("a.safetensors")
    assert not holds_weights("a.csv")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"W1": [[1, 2]], "b1": [0]}', True),
        ('\n {"b1": [0], "W1": [[1, 2], [3 4]]}', True),
        ('\ufeff{"0.weight": [[1, 2]]}', True),
        ('{"tuiprop": {"format": 1}, "W1": []}', True),
        ('{"W1": 3, "b1": 4}\n{"W1": 5, "b1": 6}', False),
        ('{"width": 3}', False),
        ('[{"W1": 3}]', False),
        ("", False),
    ],
)
def test_which_json_holds_weights(tmp_path: Path, text: str, expected: bool) -> None:
    (tmp_path / "a.json").write_text(text, "utf-8")
    assert holds_weights(tmp_path / "a.json") is expected


def test_json_that_cannot_be_looked_into_holds_no_weights(tmp_path: Path) -> None:
    assert not holds_weights(tmp_path)
    assert not holds_weights(tmp_path / "absent.json")


def test_every_exported_json_is_known_as_weights(tmp_path: Path) -> None:
    export(model(), tmp_path / "a.json")
    assert holds_weights(tmp_path / "a.json")


def test_a_pickle_counts_as_weights_so_that_reading_it_says_what_to_do() -> None:
    assert all(holds_weights(f"a{suffix}") for suffix in PICKLES)
