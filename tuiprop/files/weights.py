"""Weights as `.npz`: `W1`, `b1`, `W2`, … and a JSON string `tuiprop` that says the rest."""

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import msgspec
import numpy as np

from tuiprop.core.array import Array
from tuiprop.core.network import Network, Parameters
from tuiprop.data.preparation import Preparation
from tuiprop.files.atomic import FileError, write
from tuiprop.files.model import Model, network_of
from tuiprop.training.experiment import ExperimentError, parse, to_tables

FORMAT = 1
LARGEST = 2**31
"""Bytes that the arrays of a file may declare together."""


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
        "experiment": to_tables(model.experiment),
        "inputs": model.inputs,
        "classes": model.classes,
        "preparation": [each.to_builtins() for each in model.preparation],
        "update": model.update,
    }
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
            declared = sum(member.file_size for member in archive.infolist())
            if declared > LARGEST:
                raise FileError(
                    f"{path}: declares {declared} bytes of arrays, allowed: up to {LARGEST}"
                )
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except FileError:
        raise
    except zipfile.BadZipFile as error:
        raise FileError(f"{path}: not an .npz file: {error}") from None
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (
        ValueError,
        NotImplementedError,
        EOFError,
        RuntimeError,
        zlib.error,
        KeyError,
        TypeError,
        MemoryError,
        OverflowError,
        SyntaxError,
    ) as error:
        raise FileError(f"{path}: a damaged .npz file: {error}") from None
    metadata = _metadata(path, arrays.pop("tuiprop", None))
    parameters = {name: array for name, array in arrays.items() if name[:1] in "Wb"}
    for name, array in parameters.items():
        if not np.issubdtype(array.dtype, np.floating):
            raise FileError(f"{path}: {name} is {array.dtype}, expected floating point numbers")
    if "W1" not in parameters:
        found = ", ".join(arrays) or "nothing"
        raise FileError(f"{path}: found {found}, expected W1, b1, W2, b2, …")
    return WeightsFile(parameters, metadata)


def _metadata(path: str | Path, text: Any) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        metadata = msgspec.json.decode(str(text), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
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
    parameters = Parameters.zeros(network, dtype)
    for name, into in parameters:
        array = arrays.pop(name, None)
        if array is None:
            raise FileError(f"{path}: there is no {name}, expected {name} {into.shape}")
        if array.shape != into.shape:
            hint = ": it looks transposed" if array.shape == into.shape[::-1] else ""
            if array.shape == into.shape[:1]:
                hint = ": one axis is missing, reshape it to a column"
            raise FileError(f"{path}: {name} is {array.shape}, expected {into.shape}{hint}")
        if not np.isfinite(array).all():
            raise FileError(f"{path}: {name} holds values that are not finite")
        into[...] = array
    if arrays:
        raise FileError(
            f"{path}: has {', '.join(arrays)} too, expected layers 1 to {network.L} only"
        )
    return parameters


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
        experiment = parse(metadata["experiment"])
        inputs = msgspec.convert(metadata["inputs"], tuple[str, ...])
        classes = msgspec.convert(metadata["classes"], tuple[str, ...])
        preparation = tuple(map(Preparation.from_builtins, metadata["preparation"]))
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
    return Model(experiment, parameters, inputs, classes, preparation, update)
