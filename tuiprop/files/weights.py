"""Weights as `.npz`: `W1`, `b1`, `W2`, … and a JSON string `tuiprop` that says the rest."""

import io
import re
import zipfile
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import IO, Any

import msgspec
import numpy as np

from tuiprop.core.array import Array
from tuiprop.core.network import Network, Parameters
from tuiprop.data.preparation import Preparation
from tuiprop.data.table import listed
from tuiprop.files.atomic import FileError, write
from tuiprop.files.model import Model, network_of
from tuiprop.training.experiment import (
    ExperimentError,
    found_from,
    parse,
    to_tables,
    written_in,
)

FORMAT = 1
LARGEST = 2**31
"""Bytes that the arrays of a file may declare together."""

_MEMBER = re.compile(r"(tuiprop|[Wb][1-9][0-9]*)\.npy")
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


@dataclass(frozen=True, eq=False)
class WeightsFile:
    """What a weights file holds."""

    arrays: dict[str, Array]
    """`W1`, `b1`, … as they are in the file."""
    metadata: dict[str, Any] | None
    """What `tuiprop` says; None where another program wrote the file."""


def save(model: Model, path: str | Path) -> float:
    """Write a model and read it back.

    Returns:
        The largest difference found between what was written and what was read: 0.

    Raises:
        FileError: it cannot be written, or what is read back differs.
    """
    metadata = {
        "format": FORMAT,
        "experiment": to_tables(written_in(model.experiment, Path(path).absolute().parent)),
        "inputs": model.inputs,
        "classes": model.classes,
        "preparation": [each.to_builtins() for each in model.preparation],
        "update": model.update,
    }
    if model.targets:
        metadata["targets"] = [each.to_builtins() for each in model.targets]
    arrays: dict[str, Any] = dict(model.parameters)
    arrays["tuiprop"] = np.array(msgspec.json.encode(metadata).decode())

    def fill(stream: IO[bytes]) -> None:
        np.savez(stream, **arrays)

    write(path, fill)
    again = load_model(path).parameters.vector
    same = again.dtype == model.parameters.vector.dtype and np.array_equal(
        again, model.parameters.vector, equal_nan=True
    )
    if not same:
        raise FileError(f"{path}: what was read back differs from what was written")
    return float(np.abs(again - model.parameters.vector).max(initial=0.0))


def read(path: str | Path) -> WeightsFile:
    """Read the arrays and the metadata of a weights file; nothing of it is executed.

    Raises:
        FileError: one sentence on what is wrong.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = _read_arrays(path, archive)
    except FileError:
        raise
    except zipfile.BadZipFile as error:
        raise FileError(f"{path}: not an .npz file: {error}") from None
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror or error}") from None
    except Exception as error:
        # zipfile, its decompressors and NumPy's header parser raise some twenty kinds
        raise FileError(f"{path}: a damaged .npz file: {_one_line(error)}") from None
    metadata = _metadata(path, arrays.pop("tuiprop", None))
    for name, array in arrays.items():
        if not np.issubdtype(array.dtype, np.floating):
            raise FileError(f"{path}: {name} is {array.dtype}, expected floating point numbers")
    return WeightsFile(arrays, metadata)


def _read_arrays(path: str | Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    """The arrays that are parameters, and the description; what else there is is left alone."""
    members = [each for each in archive.infolist() if _MEMBER.fullmatch(each.filename)]
    declared = sum(member.file_size for member in members)
    if declared > LARGEST:
        raise FileError(f"{path}: declares {declared} bytes of arrays, allowed: up to {LARGEST}")
    if not any(member.filename == "W1.npy" for member in members):
        found = listed(name.removesuffix(".npy") for name in archive.namelist()) or "nothing"
        raise FileError(f"{path}: found {found}, expected W1, b1, W2, b2, …")
    return {each.filename.removesuffix(".npy"): _array(archive.read(each)) for each in members}


def _array(content: bytes) -> Any:
    """The array of an `.npy` file; nothing is allocated before its numbers are found there."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    shape, fortran, dtype = _HEADERS[version](stream)
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which are not read")
    start = stream.tell()
    if prod(shape) * dtype.itemsize != len(content) - start:
        raise ValueError(f"an array {shape} of {dtype} in {len(content) - start} bytes")
    return np.frombuffer(content, dtype, offset=start).reshape(shape, order="F" if fortran else "C")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _metadata(path: str | Path, text: Any) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        metadata = msgspec.json.decode(str(text), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise FileError(f"{path}: its description is not JSON: {error}") from None
    if metadata.get("format") != FORMAT:
        raise FileError(
            f"{path}: found format {metadata.get('format')!r}, this version reads {FORMAT}"
        )
    return metadata


def parameters_for(path: str | Path, network: Network, dtype: str) -> Parameters:
    """Parameters of a network from the `W`/`b` arrays of a file, whoever wrote it.

    Raises:
        FileError: an array is missing, too many, not finite, or has another shape.
    """
    arrays = read(path).arrays
    for l, (before, n) in enumerate(pairwise(network.sizes), 1):
        _check_array(path, f"W{l}", arrays, (n, before))
        _check_array(path, f"b{l}", arrays, (n, 1))
    if len(arrays) > 2 * network.L:
        found = ", ".join(name for name in arrays if int(name[1:]) > network.L)
        raise FileError(f"{path}: has {found} too, expected layers 1 to {network.L} only")
    parameters = Parameters.zeros(network, dtype)
    for name, into in parameters:
        with np.errstate(over="ignore"):
            into[...] = arrays[name]
        if not np.isfinite(into).all():
            raise FileError(f"{path}: {name} holds numbers too large for {dtype}")
    return parameters


def _check_array(
    path: str | Path, name: str, arrays: dict[str, Array], shape: tuple[int, int]
) -> None:
    if name not in arrays:
        raise FileError(f"{path}: there is no {name}, expected {name} {shape}")
    array = arrays[name]
    if array.shape != shape:
        hint = ": it looks transposed" if array.shape == shape[::-1] else ""
        if shape[1] == 1 and array.shape == shape[:1]:
            hint = ": one axis is missing, reshape it to a column"
        raise FileError(f"{path}: {name} is {array.shape}, expected {shape}{hint}")
    if not np.isfinite(array).all():
        raise FileError(f"{path}: {name} holds values that are not finite")


def load_model(path: str | Path) -> Model:
    """Read a file that tuiprop wrote.

    Raises:
        FileError: it cannot be read, or does not say what the network is.
    """
    file = read(path)
    if file.metadata is None:
        raise FileError(
            f"{path}: holds weights but not the network they belong to (no `tuiprop` entry); "
            f"use it as initial weights: tuiprop train EXPERIMENT.toml --init {path}"
        )
    metadata = file.metadata
    try:
        experiment = found_from(parse(metadata["experiment"]), Path(path).parent)
        inputs = msgspec.convert(metadata["inputs"], tuple[str, ...])
        classes = msgspec.convert(metadata["classes"], tuple[str, ...])
        preparation = tuple(map(Preparation.from_builtins, metadata["preparation"]))
        targets = tuple(map(Preparation.from_builtins, metadata.get("targets", [])))
        update = msgspec.convert(metadata["update"], int)
        if experiment.network.layers is None or experiment.network.loss is None:
            raise KeyError("network.layers and network.loss")
        network = network_of(experiment, len(inputs))
    except KeyError as error:
        raise FileError(f"{path}: its description lacks {error.args[0]}") from None
    except (ExperimentError, msgspec.ValidationError, ValueError, TypeError) as error:
        raise FileError(f"{path}: its description cannot be: {error}") from None
    if len(preparation) != len(inputs):
        raise FileError(f"{path}: prepares {len(preparation)} inputs, expected {len(inputs)}")
    parameters = parameters_for(path, network, experiment.training.dtype)
    if targets and len(targets) != network.sizes[-1]:
        raise FileError(f"{path}: scales {len(targets)} targets, expected {network.sizes[-1]}")
    return Model(experiment, parameters, inputs, classes, preparation, update, targets)
