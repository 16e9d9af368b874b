"""Export of weights: a file is written, read back, and compared with the network."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tuiprop.core.array import Array
from tuiprop.errors import FileError
from tuiprop.models.contents import ContentError
from tuiprop.models.description import describe, model_of
from tuiprop.models.formats import SUFFIXES, format_of
from tuiprop.models.formats.format import Format
from tuiprop.models.model import Model
from tuiprop.models.plain import examples
from tuiprop.storage.atomic import check_writable, not_utf8, write, wrong_suffix

TOLERANCE = {"float64": 1e-9, "float32": 1e-3}
"""The largest difference, relative to the largest prediction: far above rounding, and far below a
mistake."""


@dataclass(frozen=True)
class Written:
    """The result of an export: the comparison with the file as read back."""

    path: str
    difference: float | None
    """The largest difference of its predictions from the network's; None without a comparison."""
    remark: str
    """The reason why it was not compared; "" if it was."""
    usage: str
    """Code that uses the file; "" if that needs none."""
    update: int
    """The model whose weights are in the file."""

    @property
    def sentence(self) -> str:
        """The result of the comparison, in words."""
        if self.difference is None:
            return f"read back, {self.remark}"
        return f"read back and compared, largest difference {self.difference:.2g}"


def refusal_of(path: str) -> str:
    """The reason why no export can be written there, as a sentence; "" if one can."""
    try:
        check_writable(path, *SUFFIXES)
    except FileError as error:
        return str(error)
    return ""


def remarks(model: Model, path: str) -> str:
    """The remarks before an export: substitutions, and the reason for no comparison.

    Raises:
        FileError: it cannot be written at all.
    """
    file = _format(path)
    _check(file, model, path)
    _description(model, path)
    return "; ".join(filter(None, (file.substitutions(model), file.why_unverified())))


def export(model: Model, path: str | Path) -> Written:
    """Write a model in the format of the file's suffix.

    The content is compared with the network first: an existing file is replaced by a right one, or
    not at all.

    Raises:
        FileError: it cannot be written, or its content differs from the network.
    """
    file, name = _format(path), str(path)
    _check(file, model, name)
    for array_name, array in model.parameters:
        if not np.isfinite(array).all():
            raise FileError(f"{array_name} holds values that are not finite", file=name)
    content = file.encode(model, _description(model, path))
    remark = file.why_unverified()
    try:
        difference = None if remark else _compare(file, content, model)
    except ContentError as error:
        raise FileError(f"not written: its content {error}", file=name) from None
    write(path, lambda stream: _all_of(stream.write(content), content))
    try:
        same = Path(path).read_bytes() == content
    except OSError as error:
        reason = f"cannot be read back: {error.strerror or error}"
        raise FileError(reason, file=name) from None
    if not same:
        raise FileError("what was read back differs from what was written", file=name)
    return Written(name, difference, remark, file.usage(model, name), model.update)


def _check(file: Format, model: Model, path: str) -> None:
    """Check that the model may be written, and that the format can hold its network.

    Raises:
        FileError: it may not, or the format cannot; the error gives the reason.
    """
    if model.mistake is not None:
        raise FileError(f"not exported: {model.mistake}", file=path)
    if sentence := file.refuses(model):
        raise FileError(sentence, file=path)


def _description(model: Model, path: str | Path) -> dict[str, Any]:
    """The description of a model in a file.

    Raises:
        FileError: it contains a file name that is not UTF-8.
    """
    description = describe(model, Path(path).absolute().parent)
    try:
        msgspec.json.encode(description)
    except UnicodeEncodeError as error:
        raise not_utf8(path, error) from None
    return description


def _format(path: str | Path) -> Format:
    file = format_of(path)
    if file is None:
        raise wrong_suffix(path, SUFFIXES)
    return file


def _all_of(count: int, content: bytes) -> None:
    assert count == len(content)


def _compare(file: Format, content: bytes, model: Model) -> float:
    """Compute the largest difference of predictions.

    Raises:
        ContentError: the parameters differ in a bit, or the predictions differ.
    """
    if file.decode is not None:
        again = model_of(file.decode(content), Path()).parameters.vector
        if again.tobytes() != model.parameters.vector.tobytes():
            raise ContentError("differs from the parameters")
    rows = examples(model)
    expected = model.predict(rows)
    found = file.predict(content, model, rows)
    if found.shape != expected.shape:
        raise ContentError(f"predicts {found.shape}, expected {expected.shape}")
    difference, largest = _largest_difference(found, expected)
    if not difference <= TOLERANCE[str(model.parameters.vector.dtype)] * largest:
        raise ContentError(f"predicts differently, by up to {difference:.2g}")
    return difference


def _largest_difference(found: Array, expected: Array) -> tuple[float, float]:
    """The largest |found − expected|, infinite if nonfinite numbers differ, and |expected|."""
    finite = np.isfinite(expected)
    if not np.array_equal(found[~finite], expected[~finite], equal_nan=True):
        return np.inf, 0.0
    difference = np.abs(found[finite].astype(np.float64) - expected[finite])
    largest = np.abs(expected[finite], dtype=np.float64)
    return float(difference.max(initial=0.0)), float(largest.max(initial=0.0))
