"""Files that are damaged or hostile; the long form is fuzz/mutate.py."""

import json
import subprocess
import sys
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.kill import KILLED
from fuzz.mutate import damage, outcome
from tests.models.models import model
from tests.refusals import refused
from tuiprop.errors import FileError
from tuiprop.models import contents
from tuiprop.models.contents import ContentError
from tuiprop.models.export import export
from tuiprop.models.formats import FORMATS, READ, npz
from tuiprop.models.formats import json_file as text
from tuiprop.models.formats import safetensors_file as tensors
from tuiprop.models.weights import load_model, read

each_format = pytest.mark.parametrize("suffix", READ)


@each_format
def test_damaged_files_are_refused_or_right(tmp_path: Path, suffix: str) -> None:
    outcomes, _ = damage(suffix, 400, tmp_path)
    assert set(outcomes) <= {"refused", "as written", "as weights"}
    assert outcomes["refused"] > 350


@each_format
def test_truncated(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"w{suffix}"
    export(model((1, 1)), path)
    whole, content = load_model(path), path.read_bytes()
    for size in {*range(0, len(content), 7), *range(max(0, len(content) - 30), len(content))}:
        path.write_bytes(content[:size])
        # the last byte of JSON is the end of its line
        expected = "as written" if content[size:] == b"\n" else "refused"
        assert outcome(path, whole) == expected, size


@each_format
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(content=st.binary(max_size=400))
def test_any_bytes_at_all(suffix: str, content: bytes) -> None:
    decode = FORMATS[suffix].decode
    assert decode is not None
    with pytest.raises(ContentError):
        decode(content)


CELL = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
ROWS = st.lists(CELL | st.lists(CELL | st.lists(CELL, max_size=2), max_size=4), max_size=4)
JSON = CELL | ROWS | st.dictionaries(st.text(max_size=5), ROWS, max_size=3)
NAMES = st.sampled_from(["W1", "b1", "W2", "b2", "tuiprop", "sha256", "0.weight", "0.bias", "x"])


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(value=st.dictionaries(NAMES, JSON, max_size=5))
def test_any_json_at_all(value: Any) -> None:
    with suppress(ContentError):
        file = text.decode(json.dumps(value).encode())
        assert {array.dtype.name for array in file.arrays.values()} == {"float64"}


def header(value: object, data: bytes = b"") -> bytes:
    """A safetensors file with this header."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return len(content).to_bytes(8, "little") + content + data


def tensor(dtype: str, shape: list[int], start: int, stop: int) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}


ONE, BIAS = tensor("F64", [1, 1], 0, 8), tensor("F64", [1], 8, 16)

HOSTILE = [
    b"",
    b"\x00" * 8,
    (2**64 - 1).to_bytes(8, "little") + b"{}",
    (2**63).to_bytes(8, "little") + b"{}",
    (10**8).to_bytes(8, "little") + b"{}",
    header(b""),
    header(b"{"),
    header(b"\xff\xfe"),
    header(b"[" * 100_000),
    header(b'{"a":' * 100_000),
    header([]),
    header({}),
    header({"0.weight": 5}),
    header({"0.weight": {}}),
    header({"0.weight": tensor("F64", [2**40, 2**40], 0, 8), "0.bias": BIAS}, bytes(16)),
    header({"0.weight": tensor("F64", [10**9], 0, 8 * 10**9)}, bytes(8)),
    header({"0.weight": tensor("F64", [-1], 0, 8)}, bytes(8)),
    header({"0.weight": tensor("F64", [1.5], 0, 8)}, bytes(8)),  # type: ignore[list-item]
    header({"0.weight": tensor("F64", [1, 1], 8, 0)}, bytes(8)),
    header({"0.weight": tensor("F64", [1, 1], 0, 16)}, bytes(8)),
    header({"0.weight": tensor("F99", [1, 1], 0, 8)}, bytes(8)),
    header({"0.weight": tensor("I64", [1, 1], 0, 8), "0.bias": BIAS}, bytes(16)),
    header({"0.weight": ONE, "0.bias": tensor("F64", [1], 0, 8)}, bytes(8)),
    header({"other": ONE}, bytes(8)),
    header({"0.weight": ONE, "__metadata__": {"a": 5}}, bytes(8)),
    header({"0.weight": tensor("F64", [0, 2**62], 0, 0), "0.bias": tensor("F64", [0], 0, 0)}),
]


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_safetensors(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    tracemalloc.start()
    with pytest.raises(FileError) as caught:
        load_model(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert peak < 2**22


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("tuiprop", None, "its description is damaged: tuiprop and sha256 go together"),
        ("sha256", None, "its description is damaged: tuiprop and sha256 go together"),
        ("sha256", "0" * 64, "damaged: its numbers or its description do not have the checksum"),
        ("tuiprop", "{", "its description is not JSON: "),
        ("tuiprop", '{"format": 2}', "expected format 1, which this version reads, got 2"),
    ],
)
def test_the_checksum_of_safetensors(key: str, value: str | None, words: str) -> None:
    content = FORMATS[".safetensors"].encode(model(), {"format": 1})
    size = int.from_bytes(content[:8], "little")
    head = json.loads(content[8 : 8 + size])
    assert tensors.decode(header(head, content[8 + size :])).metadata == {"format": 1}
    head["__metadata__"][key] = value
    if value is None:
        del head["__metadata__"][key]
    with pytest.raises(ContentError) as caught:
        tensors.decode(header(head, content[8 + size :]))
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("tuiprop", None, "its description is damaged: tuiprop and sha256 go together"),
        ("sha256", None, "its description is damaged: tuiprop and sha256 go together"),
        ("sha256", 5, "damaged: its numbers or its description do not have the checksum"),
        ("W1", [[1, 2], [3, 4], [5, 6]], "damaged: its numbers or its description do not have "),
        ("tuiprop", [], "its description is not JSON: "),
        ("tuiprop", {"format": 2}, "expected format 1, which this version reads, got 2"),
    ],
)
def test_the_checksum_of_json(key: str, value: object, words: str) -> None:
    whole = json.loads(FORMATS[".json"].encode(model(), {"format": 1}))
    assert text.decode(json.dumps(whole).encode()).metadata == {"format": 1}
    whole[key] = value
    if value is None:
        del whole[key]
    with pytest.raises(ContentError) as caught:
        text.decode(json.dumps(whole).encode())
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", "not JSON with weights such as "),
        ("[1, 2]", "not JSON with weights such as "),
        ('{"W1": [[1, 2], [3]], "b1": [0, 0]}', "W1: row 2 has 1 number, expected 2 numbers"),
        ('{"W1": [[1], [2, 3]], "b1": [0, 0]}', "W1: row 2 has 2 numbers, expected 1 number"),
        ('{"W1": [[1, 2], 3], "b1": [0, 0]}', "W1: row 2 has no brackets, expected 2 numbers"),
        ('{"W1": [[1, "2"]], "b1": [0]}', "W1: Expected `float`, got `str`"),
        ('{"W1": [[1, null]], "b1": [0]}', "W1: Expected `float`, got `null`"),
        ('{"W1": [[[1]]], "b1": [0]}', "W1: Expected `float`, got `array`"),
        ('{"W1": 5, "b1": [0]}', "W1: Expected `array`, got `int`"),
        ('{"W1": [[NaN]], "b1": [0]}', "not JSON with weights such as "),
        ('{"W1": [], "b1": []}', "W1 is (0,), expected ("),
        ('{"w1": [[1]], "b1": [0]}', "'w1' is not one of W1, b1, W2, b2, …"),
        ('{"b1": [0]}', "expected arrays W1, b1, W2, b2, … or 0.weight, 0.bias, …, got b1"),
        ("{}", "expected arrays W1, b1, W2, b2, … or 0.weight, 0.bias, …, got nothing"),
        ('{"W1": [[1, 2]], "b1": [0, 0]}', "W1 is (1, 2), expected (2, 1): it looks transposed"),
    ],
)
def test_numbers_typed_wrong(typed: str, expected: str) -> None:
    with pytest.raises(ContentError) as caught:
        contents.architecture(text.decode(typed.encode()))
    assert str(caught.value).startswith(expected)


def test_numbers_typed_right() -> None:
    typed = '\ufeff{"W1": [[1, -2.5], [3e2, 4]], "b1": [0, 1], "W2": [[1, 0]], "b2": [[7]]}'
    file = text.decode(typed.encode())
    assert {name: array.tolist() for name, array in file.arrays.items()} == {
        "W1": [[1, -2.5], [300, 4]], "b1": [[0], [1]], "W2": [[1, 0]], "b2": [[7]],
    }  # fmt: skip
    assert contents.architecture(file).sizes == (2, 2, 1)
    pytorch = text.decode(b'{"fc.weight": [[1, 2]], "fc.bias": [0.5]}')
    assert contents.architecture(pytorch).sizes == (2, 1)


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "LARGEST", 50)
    with refused(ContentError, "", "51", "at most 50 bytes"):
        text.decode(b" " * 51)
    for suffix in READ:
        path = tmp_path / f"w{suffix}"
        with path.open("wb") as stream:
            stream.truncate(contents.LARGEST + 1)  # takes no room on the disk
        with refused(FileError, "", f"{contents.LARGEST + 1:,}", f"{contents.LARGEST:,} bytes"):
            read(path)


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null"])
def test_what_is_not_a_file(tmp_path: Path, path: str) -> None:
    link = tmp_path / "w.npz"
    link.symlink_to(path)
    with pytest.raises(FileError, match="cannot be read: this is not a regular file"):
        read(link)


def test_names_with_a_nul_or_too_long(tmp_path: Path) -> None:
    for name in ("a\0.npz", "a" * 300 + ".npz"):
        with pytest.raises(FileError, match="cannot be read: "):
            read(tmp_path / name)


@pytest.mark.parametrize("dtype", ["F64", "F32", "F16", "BF16"])
def test_tensors_of_every_precision(dtype: str) -> None:
    values = np.array([[1.0, -2.5], [0.0, 2.0**-10]])
    kinds = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}
    data = (
        (values.astype("<f4").view("<u4") >> 16).astype("<u2")
        if dtype == "BF16"
        else values.astype(kinds[dtype])
    ).tobytes()
    bias, size = data[: len(data) // 2], len(data)
    head = {
        "W1": tensor(dtype, [2, 2], 0, size),
        "b1": tensor(dtype, [2, 1], size, size + len(bias)),
        "step": tensor("I64", [], size + len(bias), size + len(bias) + 8),
    }
    file = tensors.decode(header(head, data + bias + bytes(8)))
    assert file.arrays["W1"].tolist() == values.tolist()
    assert file.arrays["b1"].tolist() == [[1.0], [-2.5]]


def test_arrays_that_are_not_contiguous_are_written_right() -> None:
    each = model((4, 3, 2))
    arrays = tensors.names(each.parameters)
    each.parameters.W[1] = np.asfortranarray(each.parameters.W[1])
    again = tensors.decode(FORMATS[".safetensors"].encode(each, {"format": 1}))
    np.testing.assert_array_equal(again.arrays["W1"], arrays["0.weight"])


def test_pytorchs_names_in_npz(tmp_path: Path) -> None:
    each = model((4, 3, 2))
    arrays: dict[str, Any] = tensors.names(each.parameters)
    np.savez(tmp_path / "w.npz", step=np.array(3), **arrays)
    file = npz.decode((tmp_path / "w.npz").read_bytes())
    assert file.names == {"W1": "0.weight", "b1": "0.bias", "W2": "2.weight", "b2": "2.bias"}
    assert contents.architecture(file).sizes == (4, 3, 2)


@pytest.mark.slow
def test_killed_while_it_saves() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fuzz.kill", "2"],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines] == list(KILLED)
    assert "unreadable" not in done.stdout
