"""JSON: `W1`, `b1`, `W2`, … as rows of numbers, written by tuiprop or typed by hand."""

from typing import Any

import msgspec
import numpy as np

from tuiprop.core.array import Array
from tuiprop.models.contents import KNOWN, ContentError, WeightsFile, checksum, contents_of
from tuiprop.models.description import decode_description
from tuiprop.models.formats.format import MOST_IN_TEXT, Format, reread
from tuiprop.models.model import Model

LARGEST = 2**25
"""The most bytes in a JSON file, whose numbers take up to 16 times as much while being read."""


def encode(model: Model, metadata: dict[str, Any]) -> bytes:
    """Encode a model as JSON, with one row of a matrix per line."""
    arrays = dict(model.parameters)
    lines = [f'"{name}": [\n  {_rows(array)}\n]' for name, array in arrays.items()]
    lines.append(f'"tuiprop": {msgspec.json.encode(metadata).decode()}')
    lines.append(f'"sha256": "{checksum(arrays, metadata)}"')
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _rows(array: Array) -> str:
    return ",\n  ".join(msgspec.json.encode(row).decode() for row in array.tolist())


def decode(content: bytes) -> WeightsFile:
    """Decode the bytes of a file. Biases may be written as one list, [0, 0.5].

    Raises:
        ContentError: the content is wrong; the error says in one sentence how.
    """
    if len(content) > LARGEST:
        raise ContentError.invalid(f"{len(content):,}", f"at most {LARGEST:,} bytes")
    try:
        parts = msgspec.json.decode(
            content.removeprefix(b"\xef\xbb\xbf"), type=dict[str, msgspec.Raw]
        )
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ContentError(
            f'not JSON with weights such as {{"W1": [[0.5, 1]], "b1": [0]}}: {error}'
        ) from None
    described = [name for name in ("tuiprop", "sha256") if name in parts]
    if len(described) == 1:
        raise ContentError("its description is damaged: tuiprop and sha256 go together")
    unknown = [name for name in parts if name not in described and not KNOWN.fullmatch(name)]
    if unknown:
        raise ContentError(
            f"{unknown[0][:40]!r} is not one of W1, b1, W2, b2, … or 0.weight, 0.bias, …"
        )
    arrays = {name: _array(name, part) for name, part in parts.items() if name not in described}
    if not described:
        return contents_of(arrays, None)
    description = decode_description(bytes(parts["tuiprop"]))
    if bytes(parts["sha256"]) != f'"{checksum(arrays, description)}"'.encode():
        raise ContentError("damaged: its numbers or its description do not have the checksum")
    return contents_of(arrays, description)


def _array(name: str, part: msgspec.Raw) -> Array:
    """Convert rows of a matrix, or one list of numbers; a list of biases becomes a column."""
    try:
        rows = msgspec.json.decode(part, type=list[float | list[float]])
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ContentError(f"{name}: {error}, expected rows of numbers: [[1, 2], [3, 4]]") from None
    lengths = {len(row) if isinstance(row, list) else -1 for row in rows}
    if len(lengths) > 1:
        wrong = next(i for i, row in enumerate(rows) if _length(row) != _length(rows[0]))
        raise ContentError(
            f"{name}: row {wrong + 1} has {_words(rows[wrong])}, expected {_words(rows[0])}"
        )
    array = np.array(rows, np.float64)
    return array.reshape(-1, 1) if array.ndim == 1 and name.startswith("b") else array


def _length(row: float | list[float]) -> int:
    return len(row) if isinstance(row, list) else -1


def _words(row: float | list[float]) -> str:
    if not isinstance(row, list):
        return "no brackets"
    return "1 number" if len(row) == 1 else f"{len(row)} numbers"


FORMAT = Format(
    "JSON",
    ".json",
    "rows of numbers as text; opened by tuiprop again, with everything",
    encode,
    decode,
    reread(decode),
    place=4,
    most_parameters=MOST_IN_TEXT,
)
