"""NumPy's `.npz`: `W1`, `b1`, `W2`, … and the description as a JSON string `tuiprop`."""

import io
import zipfile
from typing import Any

import msgspec
import numpy as np

from tuiprop.models.contents import KNOWN, LARGEST, ContentError, WeightsFile, contents_of
from tuiprop.models.description import decode_description
from tuiprop.models.formats.format import Format, reread
from tuiprop.models.model import Model
from tuiprop.storage.npy import member_content, npy_array
from tuiprop.wording import listed, one_line


def encode(model: Model, metadata: dict[str, Any]) -> bytes:
    """Encode a model as `.npz`."""
    arrays: dict[str, Any] = dict(model.parameters)
    arrays["tuiprop"] = np.array(msgspec.json.encode(metadata).decode())
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def decode(content: bytes) -> WeightsFile:
    """Decode the bytes of a file, without executing anything.

    Raises:
        ContentError: the content is wrong; the error says in one sentence how.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            arrays = _read_arrays(archive)
    except ContentError:
        raise
    except zipfile.BadZipFile as error:
        raise ContentError(f"this is not an .npz file: {error}") from None
    except Exception as error:
        # zipfile, its decompressors and NumPy's header parser raise about twenty types of exception
        raise ContentError(f"the .npz file is damaged: {one_line(error)}") from None
    text = arrays.pop("tuiprop", None)
    return contents_of(arrays, None if text is None else decode_description(_text(text)))


def _read_arrays(archive: zipfile.ZipFile) -> dict[str, Any]:
    """Read the parameters and the description, and ignore other entries."""
    names = {each: each.filename.removesuffix(".npy") for each in archive.infolist()}
    members = {
        each: name
        for each, name in names.items()
        if each.filename.endswith(".npy") and (name == "tuiprop" or KNOWN.fullmatch(name))
    }
    declared = sum(member.file_size for member in members)
    if declared > LARGEST:
        raise ContentError.invalid(f"{declared:,}", f"at most {LARGEST:,} bytes of arrays")
    if not any(name != "tuiprop" for name in members.values()):
        found = listed(names.values()) or "nothing"
        allowed = "arrays W1, b1, W2, b2, … or 0.weight, 0.bias, …"
        raise ContentError.invalid(found, allowed)
    return {name: npy_array(member_content(archive, member)) for member, name in members.items()}


def _text(array: Any) -> str:
    try:
        return str(array)
    except UnicodeError:  # an invalid code point
        return ""


FORMAT = Format(
    "NumPy",
    ".npz",
    "arrays W1, b1, W2, … for numpy.load; opened by tuiprop again, with everything",
    encode,
    decode,
    reread(decode),
    place=1,
)
