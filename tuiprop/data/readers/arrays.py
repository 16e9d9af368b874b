"""Readers of NumPy's `.npy` and `.npz`, and of IDX, the format of the MNIST files."""

import io
import zipfile
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuiprop.data.readers.dialect import MOST_COLUMNS, ReadOptions
from tuiprop.data.readers.source import LARGEST, Source
from tuiprop.data.readers.text_columns import EXACT_BELOW, column_of, missing_numbers
from tuiprop.data.table import MISSING, Column, DataError, Numbers, Origin, Table
from tuiprop.errors import UserError
from tuiprop.storage.npy import member_content, npy_array, shaped
from tuiprop.wording import counted, listed, one_line

_DEFAULT_OPTIONS = ReadOptions()
_IDX_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_IMAGES = ("images", "labels"), ("idx3", "idx1")
"""The parts of the name of a file of images, and their counterparts for its labels."""


def read_numpy(source: Source, examples: str | None, options: ReadOptions) -> Table:
    """Read a `.npy` or `.npz` file: an array of one axis is a column, any other is several.

    Args:
        source: the file.
        examples: "rows" if the first axis counts examples, "columns" if the last does; required
            for arrays of more than one axis.
        options: how cells are read.

    Raises:
        DataError: the file is not of this format, or its arrays do not form a table.
    """
    content = source.content
    with source.naming_errors():
        if content[:2] == b"PK":
            arrays = _npz(source)
        else:
            arrays = {Path(source.path).stem.partition(".")[0] or "x": npy_array(content)}
    # arrays that are single columns, usually the targets, come last
    named = sorted(arrays.items(), key=lambda item: item[1].ndim < 2)
    if examples is None and any(array.ndim > 1 for array in arrays.values()):
        shapes = listed(f"{name} {array.shape}" for name, array in named)
        reason = f'data.examples must say whether "rows" or "columns" are examples in {shapes}'
        raise DataError(reason, file=source.name, key="data.examples")
    columns: list[Column] = []
    for name, array in named:
        _check_array(source, name, array)
        by_rows = array if examples != "columns" else np.moveaxis(array, -1, 0)
        columns += _columns(source, name, by_rows, options)
    return _table(source, columns)


def _npz(source: Source) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(source.content)) as archive:
            members = [each for each in archive.infolist() if each.filename.endswith(".npy")]
            declared = sum(member.file_size for member in members)
            if declared > LARGEST:
                raise source.invalid("", f"{declared:,}", f"at most {LARGEST:,} bytes of arrays")
            arrays = {
                each.filename.removesuffix(".npy"): npy_array(member_content(archive, each))
                for each in members
            }
    except UserError:
        raise
    except Exception as error:  # zipfile and its decompressors raise about twenty kinds
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
    source: Source, name: str, array: NDArray[Any], options: ReadOptions = _DEFAULT_OPTIONS
) -> Iterator[Column]:
    """Yield the columns of an array (examples, …), each named by its index."""
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
            yield _column_of_text(source, own, flat[:, i], options)
        else:
            yield _column_of_numbers(own, numbers[:, i], flat[:, i], options)


def _column_of_text(source: Source, name: str, cells: NDArray[Any], options: ReadOptions) -> Column:
    import polars as pl

    texts = np.char.decode(cells, "latin-1") if cells.dtype.kind == "S" else cells
    origin = Origin(source.name, len(cells))
    return column_of(
        source, name, pl.Series(texts.tolist(), dtype=pl.String), options, origin.place
    )


def _column_of_numbers(
    name: str, values: Numbers, cells: NDArray[Any], options: ReadOptions
) -> Column:
    """Return a column; `values` are `cells` in float64."""
    import polars as pl

    if options.missing is not None:
        values = missing_numbers(pl.Series(values), options).to_numpy().copy()
    narrow = cells.dtype.kind == "f" and cells.dtype.itemsize < 8 and name in options.text
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
    """Read an IDX file: images with the labels in a second file, or any array.

    Args:
        source: the images, or any other IDX file.
        labels: the path of the labels; None: the file beside the images with "labels" for "images"
            and "idx1" for "idx3" in its name, compressed or not, if there is one.

    Raises:
        DataError: the file is not an IDX file, its size is not that in its header, or the numbers
            of images and labels differ.
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
    """Return the array of an IDX file; the size in its header is trusted if the bytes are there."""
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
    with source.naming_errors():
        array = shaped(np.frombuffer(content, dtype, offset=start), shape)
    _check_array(source, "the array", array)
    return array
