import io
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.data.files import COMPRESSIONS, cells, idx, read, table_or_sentence
from tests.refusals import refused
from tuiprop.data.table import DataError

X = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
Y = np.array([0, 1])
IMAGES = np.arange(24, dtype=np.uint8).reshape(4, 2, 3)
LABELS = np.array([3, 1, 2, 0], dtype=np.uint8)


def npy(array: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def repr_of_text(value: object) -> str:
    """An id that is the same in every process: an archive holds the time at which it was made."""
    return value if isinstance(value, str) else "file"


def test_examples_are_rows_or_columns_as_is_said(tmp_path: Path) -> None:
    rows = read(tmp_path / "a.npz", npz(y=Y, X=X), examples="rows")
    expected = {"X_0": [1.0, 4.0], "X_1": [2.0, 5.0], "X_2": [3.0, 6.0], "y": [0.0, 1.0]}
    assert cells(rows) == expected
    columns = read(tmp_path / "a.npz", npz(X=X.T, y=Y), examples="columns")
    assert cells(columns) == expected
    with refused(DataError, "data.examples", "X (2, 3), y (2,)"):
        read(tmp_path / "a.npz", npz(y=Y, X=X))


@pytest.mark.parametrize("suffix", COMPRESSIONS)
def test_an_array_is_named_after_its_file(tmp_path: Path, suffix: str) -> None:
    content = COMPRESSIONS[suffix](npy(np.asfortranarray(X)))
    table = read(tmp_path / f"m.npy{suffix}", content, examples="rows")
    assert cells(table) == {"m_0": [1.0, 4.0], "m_1": [2.0, 5.0], "m_2": [3.0, 6.0]}


def test_an_archive_that_says_that_it_is_small(tmp_path: Path) -> None:
    small = npy(Y)
    large, stream = small + bytes(20_000_000), io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("y.npy", large)
    declared = len(large).to_bytes(4, "little"), len(small).to_bytes(4, "little")
    content = stream.getvalue().replace(*declared)
    tracemalloc.start()
    with refused(DataError, "", "Bad CRC-32 for file 'y.npy'"):
        read(tmp_path / "a.npz", content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**23


def header_of(shape: str) -> bytes:
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(11 + len(header)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.idx", b"\0\0\x08\x03" + b"\xff" * 8 + bytes(4)),
        ("a.idx", b"\0\0\x08\x41" + b"\0\0\0\x01" * 65 + b"\x07"),
        ("a.npy", header_of(f"(0, {2**62}, {2**62})")),
        ("a.npy", header_of("(-1, -8)") + bytes(8)),
        ("a.npy", header_of(f"({'1, ' * 65})") + b"\x07"),
    ],
)
def test_shapes_that_no_array_can_have(tmp_path: Path, name: str, content: bytes) -> None:
    with refused(DataError, "", "no array can have the shape (", file=str(tmp_path / name)):
        read(tmp_path / name, content, examples="rows")


def test_arrays_of_one_axis_need_no_word_on_their_order(tmp_path: Path) -> None:
    table = read(
        tmp_path / "a.npz", npz(x=X[0], t=np.array(["a", "b", " c"]), s=np.array([b"u"] * 3))
    )
    assert cells(table) == {"x": [1.0, 2.0, 3.0], "t": ["a", "b", "c"], "s": ["u"] * 3}


def test_pictures_are_columns_by_place(tmp_path: Path) -> None:
    table = read(tmp_path / "a.npz", npz(p=IMAGES, one=X[:, :1].repeat(2, 0)), examples="rows")
    assert table.names == ("p_0_0", "p_0_1", "p_0_2", "p_1_0", "p_1_1", "p_1_2", "one")
    turned = read(tmp_path / "a.npz", npz(p=np.moveaxis(IMAGES, 0, -1)), examples="columns")
    assert cells(turned) == {name: cells(table)[name] for name in table.names[:-1]}


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (npz(x=X, y=np.arange(3)), ("", "2 and 3")),
        (npz(x=np.array([1.0, np.inf])), ("x, example 2", "infinity")),
        (npz(x=np.array([1j])), ("x", "an array of complex128")),
        (npz(x=np.array(1.0)), ("x", "array () holds no examples")),
        (npz(x=np.empty((0, 2))), ("x", "array (0, 2) holds no examples")),
        (npz(x=np.array([None, {}], dtype=object)), ("", "Python objects")),
        (npz(), ("", "no arrays")),
        (npy(X)[:-1], ("", "47")),
        (npy(X) + b"x", ("", "49")),
        (npy(X)[:20], ("", "not a NumPy array")),
        (npy(X).replace(b"(2, 3)", b"(9**9)"), ("", "not a NumPy array")),
        (npz(x=X)[:100], ("", "the .npz file is damaged")),
    ],
    ids=repr_of_text,
)
def test_what_is_no_table_of_arrays_is_one_sentence(
    tmp_path: Path, content: bytes, fields: tuple[str, str]
) -> None:
    path = tmp_path / "a.npz"
    with refused(DataError, *fields, file=str(path)):
        read(path, content, examples="rows", format="numpy")


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
        ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
        ("train-images.idx3-ubyte.gz", "train-labels.idx1-ubyte"),
    ],
)
def test_labels_are_found_beside_their_images(tmp_path: Path, images: str, labels: str) -> None:
    compressed = {
        name: COMPRESSIONS[".gz" if name.endswith(".gz") else ""](idx(array))
        for name, array in ((images, IMAGES), (labels, LABELS))
    }
    (tmp_path / labels).write_bytes(compressed[labels])
    table = read(tmp_path / images, compressed[images])
    assert table.names == (*(f"pixel_{r}_{c}" for r in range(2) for c in range(3)), "label")
    assert cells(table)["pixel_1_2"] == [5.0, 11.0, 17.0, 23.0]
    assert cells(table)["label"] == [3.0, 1.0, 2.0, 0.0]


def test_labels_are_where_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "l").write_bytes(idx(LABELS))
    table = read(tmp_path / "i", idx(IMAGES), labels=str(tmp_path / "l"))
    assert cells(table)["label"] == [3.0, 1.0, 2.0, 0.0]
    assert "label" not in read(tmp_path / "i", idx(IMAGES))
    assert cells(read(tmp_path / "l", idx(LABELS)))["label"] == [3.0, 1.0, 2.0, 0.0]


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
def test_every_type_of_number_is_read(tmp_path: Path, dtype: str) -> None:
    array = np.array([[1, 2], [3, 100]], dtype)
    table = read(tmp_path / "a.idx", idx(array))
    assert cells(table) == {"pixel_0": [1.0, 3.0], "pixel_1": [2.0, 100.0]}


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (idx(IMAGES)[:-1], ("", "23")),
        (idx(IMAGES) + b"x", ("", "25")),
        (idx(IMAGES)[:10], ("", "10")),
        (b"\0\0\x08\x03" + b"\xff" * 12, ("", "0")),
        (b"\0\0\x08\x01\0\0\0\0", ("the array", "array (0,) holds no examples")),
        (b"\0\0\x07\x01", ("", "00 00 07 01")),
        (b"", ("", "nothing")),
    ],
)
def test_what_is_no_idx_file_is_one_sentence(
    tmp_path: Path, content: bytes, fields: tuple[str, str]
) -> None:
    path = tmp_path / "a.idx"
    with refused(DataError, *fields, file=str(path)):
        read(path, content, format="idx")


def test_images_and_labels_differ_in_number(tmp_path: Path) -> None:
    (tmp_path / "l").write_bytes(idx(LABELS[:3]))
    with refused(DataError, "", "3", "4 labels", file="l"):
        read(tmp_path / "i", idx(IMAGES), labels=str(tmp_path / "l"))


@pytest.mark.parametrize("whole", [npz(x=X, y=Y), npy(X), idx(IMAGES)], ids=["npz", "npy", "idx"])
@given(st.data())
@settings(max_examples=40)
def test_changed_files_give_a_table_or_one_sentence(whole: bytes, data: st.DataObject) -> None:
    content = bytearray(whole)
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=3)):
        content[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    form = {b"PK": "numpy", b"\x93N": "numpy", b"\0\0": "idx"}[whole[:2]]
    table_or_sentence(bytes(content), format=form, examples="rows")
    table_or_sentence(whole[:cut], format=form, examples="rows")


@given(st.binary(max_size=80), st.sampled_from(["csv", "jsonl", "parquet", "numpy", "idx"]))
@example(b"PAR1" * 4, "parquet")
@example(b"\x93NUMPY\x01\0\x02\0{}", "numpy")
@settings(max_examples=50)
def test_any_bytes_as_any_format_give_a_table_or_one_sentence(content: bytes, form: str) -> None:
    table_or_sentence(content, format=form, examples="rows")
