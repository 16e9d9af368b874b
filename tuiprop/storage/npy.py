"""NumPy's `.npy` arrays and members of `.npz` archives, read without trusting their headers."""

import io
import zipfile
from math import prod
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tuiprop.errors import InputError
from tuiprop.wording import one_line

_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}

_HEAD = 1 << 16
"""The number of bytes that hold any header that NumPy reads."""

_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""NumPy's compression methods. What the others inflate to cannot be bounded."""

_PIECE = 1 << 20
"""The number of bytes inflated at a time: `ZipFile.read` inflates everything, then checks."""


def member_content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytearray:
    """Return the bytes of a member, at most as many as the archive's directory declares.

    Raises:
        zipfile.BadZipFile: there are more or fewer, or other bytes, or the method is unknown.
    """
    if member.compress_type not in _METHODS:
        found = f"{member.filename} is compressed by method {member.compress_type}"
        raise zipfile.BadZipFile(f"{found}, not by 0 (stored) or 8 (deflate)")
    content = bytearray()
    with archive.open(member) as stream:
        while piece := stream.read(_PIECE):
            content += piece
    return content


def npy_array(content: bytes | bytearray) -> NDArray[Any]:
    """Return the array of a `.npy` file; memory is allocated only for numbers that are there.

    Raises:
        InputError: the content is not an array, or its size is not that in its header.
    """
    stream = io.BytesIO(content[:_HEAD])
    try:
        version = np.lib.format.read_magic(stream)
        if version not in _HEADERS:
            raise ValueError(f"version {version}")
        shape, fortran, dtype = _HEADERS[version](stream)
    except Exception as error:  # NumPy's parser of the header raises many kinds
        raise InputError(f"this is not a NumPy array: {one_line(error)}") from None
    if dtype.hasobject:
        raise InputError("the array holds Python objects, which are not read")
    start, size = stream.tell(), prod(shape) * dtype.itemsize
    if size != len(content) - start:
        raise InputError.invalid(
            f"{len(content) - start:,}", f"{size:,} bytes for an array {shape} of {dtype}"
        )
    return shaped(np.frombuffer(content, dtype, offset=start), shape, "F" if fortran else "C")


def shaped(
    numbers: NDArray[Any], shape: tuple[int, ...], order: Literal["C", "F"] = "C"
) -> NDArray[Any]:
    """Return numbers in a shape whose product of sizes is right.

    Raises:
        InputError: a size is negative or too large beside a 0, or there are too many axes.
    """
    try:
        return numbers.reshape(shape, order=order)
    except ValueError:
        raise InputError(f"no array can have the shape {shape}") from None
