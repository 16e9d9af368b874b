"""NumPy's `.npy` and `.npz`, and IDX, the format of the MNIST files."""

import io
import zipfile
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuiprop.data.readers.archive import member_content
from tuiprop.data.readers.dialect import MOST_COLUMNS, Asked
from tuiprop.data.readers.source import LARGEST, Source
from tuiprop.data.readers.text_columns import EXACT_BELOW, column_of, missing_numbers
from tuiprop.data.table import MISSING, Column, DataError, Numbers, Origin, Table
from tuiprop.wording import counted, listed, one_line

_NOTHING_ASKED = Asked()
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_HEAD = 1 << 16
"""Bytes that hold any header that NumPy reads."""
_IDX_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_IMAGES = ("images", "labels"), ("idx3", "idx1")
"""Pairs: what the name of a file of images has, and what that of its labels has instead."""


def read_numpy(source: Source, examples: str | None, asked: Asked) -> Table:
    """The table of a `.npy` or `.npz` file: what has one axis is a column, the rest are many.

    Args:
        source: the file.
        examples: "rows" where the first axis counts them, "columns" where the last does; needed
            for arrays of more than one axis.
        asked: what the experiment says of the cells.

    Raises:
        DataError: it is no such file, or its arrays make no table.
    """
    if source.content[:2] == b"PK":
        arrays = _npz(source)
    else:
        arrays = {Path(source.path).stem.partition(".")[0] or "x": _npy(source, source.content)}
    # columns of their own, the targets as a rule, come last
    named = sorted(arrays.items(), key=lambda item: item[1].ndim < 2)
    if examples is None and any(array.ndim > 1 for array in arrays.values()):
        shapes = listed(f"{name} {array.shape}" for name, array in named)
        reason = f'data.examples must say whether "rows" or "columns" are examples in {shapes}'
        raise DataError(reason, file=source.name, key="data.examples")
    columns: list[Column] = []
    for name, array in named:
        _check_array(source, name, array)
        by_rows = array if examples != "columns" else np.moveaxis(array, -1, 0)
        columns += _columns(source, name, by_rows, asked)
    return _table(source, columns)


def _npy(source: Source, content: bytes | bytearray) -> NDArray[Any]:
    """The array of a `.npy` file; nothing is allocated before its numbers are found there."""
    stream = io.BytesIO(content[:_HEAD])
    try:
        version = np.lib.format.read_magic(stream)
        if version not in _HEADERS:
            raise ValueError(f"version {version}")
        shape, fortran, dtype = _HEADERS[version](stream)
    except Exception as error:  # NumPy's parser of the header raises many kinds
        raise source.error(f"this is not a NumPy array: {one_line(error)}") from None
    if dtype.hasobject:
        raise source.error("the array holds Python objects, which are not read")
    start = stream.tell()
    if prod(shape) * dtype.itemsize != len(content) - start:
        found = f"{len(content) - start:,}"
        size = prod(shape) * dtype.itemsize
        raise source.invalid("", found, f"{size:,} bytes for an array {shape} of {dtype}")
    return _shaped(source, np.frombuffer(content, dtype, offset=start), shape, fortran=fortran)


def _shaped(
    source: Source, numbers: NDArray[Any], shape: tuple[int, ...], *, fortran: bool = False
) -> NDArray[Any]:
    """The numbers in this shape, of which only the product of the sizes is known to be right."""
    try:
        return numbers.reshape(shape, order="F" if fortran else "C")
    except ValueError:  # sizes that are negative, or beside a 0 beyond any memory; too many axes
        raise source.error(f"no array can have the shape {shape}") from None


def _npz(source: Source) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(source.content)) as archive:
            members = [each for each in archive.infolist() if each.filename.endswith(".npy")]
            declared = sum(member.file_size for member in members)
            if declared > LARGEST:
                raise source.invalid("", f"{declared:,}", f"at most {LARGEST:,} bytes of arrays")
            arrays = {
                each.filename.removesuffix(".npy"): _npy(source, member_content(archive, each))
                for each in members
            }
    except DataError:
        raise
    except Exception as error:  # zipfile and its decompressors raise some twenty kinds
        raise source.error(f"the .npz file is damaged: {one_line(error)}") from None
    if not arrays:
        raise source.error("there are no arrays in it")
    return arrays


def _check_array(source: Source, name: str, array: NDArray[Any]) -> None:
    if array.dtype.kind not in "biufUS":
        raise source.invalid(name, f"an array of {array.dtype}", "numbers, text or booleans")
    if array.ndim == 0 or not array.size:
        raise source.error(f"an array {array.shape} holds no examples", name)


def _columns(
    source: Source, name: str, array: NDArray[Any], asked: Asked = _NOTHING_ASKED
) -> Iterator[Column]:
    """The columns of an array (examples, …), each named by its place."""
    width = array.size // len(array)
    if width > MOST_COLUMNS:
        raise source.invalid(name, f"{width:,}", f"at most {MOST_COLUMNS:,} columns")
    flat = array.reshape(len(array), width)
    of_text = array.dtype.kind in "US"
    if not of_text:
        with np.errstate(over="ignore"):
            numbers = flat.astype(np.float64)
        infinite = np.isinf(numbers)
        if infinite.any():
            row = int(infinite.any(axis=1).argmax())
            raise source.invalid(f"{name}, example {row + 1}", "infinity", "finite numbers")
    for i, place in enumerate(np.ndindex(array.shape[1:])):
        own = name if width == 1 else "_".join(map(str, (name, *place)))
        if of_text:
            yield _column_of_text(source, own, flat[:, i], asked)
        else:
            yield _column_of_numbers(own, numbers[:, i], flat[:, i], asked)


def _column_of_text(source: Source, name: str, cells: NDArray[Any], asked: Asked) -> Column:
    import polars as pl

    texts = np.char.decode(cells, "latin-1") if cells.dtype.kind == "S" else cells
    origin = Origin(source.name, len(cells))
    return column_of(source, name, pl.Series(texts.tolist(), dtype=pl.String), asked, origin.place)


def _column_of_numbers(name: str, values: Numbers, cells: NDArray[Any], asked: Asked) -> Column:
    """The column; `values` are `cells` in float64."""
    import polars as pl

    if asked.missing is not None:
        values = missing_numbers(pl.Series(values), asked).to_numpy().copy()
    narrow = cells.dtype.kind == "f" and cells.dtype.itemsize < 8 and name in asked.text
    exact = None
    if narrow or (cells.dtype.kind in "iu" and (np.abs(values) >= EXACT_BELOW).any()):
        texts = np.where(np.isnan(values), MISSING, cells.astype(str))
        exact = tuple(map(str, texts.tolist()))
    return Column(name, values, exact)


def _table(source: Source, columns: list[Column]) -> Table:
    names = [column.name for column in columns]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise source.error(f"two columns are called {twice}")
    lengths = {len(column.values) for column in columns}
    if len(lengths) != 1:
        counts = " and ".join(map(str, sorted(lengths)))
        raise source.error(f"the arrays hold different numbers of examples, {counts}")
    return Table(source.name, tuple(columns))


def read_idx(source: Source, labels: str | None) -> Table:
    """The table of an IDX file: images and their labels, of a file of its own.

    Args:
        source: the images, or any IDX file.
        labels: the path of the labels; None: beside the images, "labels" for "images" and
            "idx1" for "idx3" in the name, compressed or not; without such a file there are none.

    Raises:
        DataError: it is no IDX file, or shorter or longer than its header says, or images and
            labels differ in number.
    """
    images = _idx(source)
    columns = list(_columns(source, "pixel" if images.ndim > 1 else "label", images))
    beside = _labels_beside(source, labels) if images.ndim > 1 else None
    if beside is not None:
        found = _idx(beside)
        if found.ndim != 1:
            raise beside.invalid("", f"an array {found.shape}", "labels, which have one axis")
        if len(found) != len(images):
            raise beside.invalid("", str(len(found)), f"{len(images)} labels, one for each image")
        columns += _columns(beside, "label", found)
    return _table(source, columns)


def _labels_beside(source: Source, labels: str | None) -> Source | None:
    if labels is not None:
        return Source(labels)
    path = Path(source.path)
    name = path.name
    for images, instead in _IMAGES:
        name = name.replace(images, instead)
    if name == path.name:
        return None
    plain = name.removesuffix(".gz")
    for candidate in (name, plain, f"{plain}.gz"):
        if (path.parent / candidate).is_file():
            return Source(str(path.parent / candidate))
    return None


def _idx(source: Source) -> NDArray[Any]:
    """The array of an IDX file; its header is believed when the bytes are there."""
    content = source.content
    kind, axes = content[2:3], content[3:4]
    known = content[:2] == b"\0\0" and len(content) >= 4 and kind[0] in _IDX_TYPES and axes[0] > 0
    if not known:
        raise source.invalid(
            "",
            content[:4].hex(" ") or "nothing",
            "the first bytes of an IDX file, such as 00 00 08 03 (images) or 00 00 08 01 (labels)",
        )
    start = 4 + 4 * axes[0]
    if len(content) < start:
        raise source.invalid("", str(len(content)), f"a header of {start} bytes")
    shape = tuple(int(n) for n in np.frombuffer(content, ">u4", axes[0], 4))
    dtype = np.dtype(_IDX_TYPES[kind[0]])
    size = prod(shape) * dtype.itemsize
    if size != len(content) - start:
        found = f"{len(content) - start:,}"
        raise source.invalid("", found, f"{counted(size, 'byte')} for the shape {shape}")
    array = _shaped(source, np.frombuffer(content, dtype, offset=start), shape)
    _check_array(source, "the array", array)
    return array
