"""The description in a weights file: everything beside the numbers that their use needs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from tuiprop.core.loss import LOSSES
from tuiprop.data.preparation.encoding import Preparation
from tuiprop.models.contents import ContentError, WeightsFile, architecture, parameters_of
from tuiprop.models.model import Model
from tuiprop.training.experiment import (
    ExperimentError,
    parse,
    relativize_paths,
    resolve_paths,
    to_tables,
)
from tuiprop.training.network import network_of, usual_loss

FORMAT = 1


def describe(model: Model, folder: Path) -> dict[str, Any]:
    """The description of a model in a file in this folder."""
    metadata = {
        "format": FORMAT,
        "experiment": to_tables(relativize_paths(model.experiment, folder)),
        "inputs": list(model.inputs),
        "classes": list(model.classes),
        "preparation": [each.to_builtins() for each in model.preparation],
        "update": model.update,
    }
    if model.targets:
        metadata["targets"] = [each.to_builtins() for each in model.targets]
    if model.edits:
        metadata["edits"] = list(model.edits)
    return metadata


def decode_description(text: str | bytes) -> dict[str, Any]:
    """Decode a description from its JSON.

    Raises:
        ContentError: it is not JSON, or has another version.
    """
    try:
        metadata = msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ContentError(f"its description is not JSON: {error}") from None
    if metadata.get("format") != FORMAT:
        found = repr(metadata.get("format"))
        raise ContentError.invalid(found, f"format {FORMAT}, which this version reads")
    return metadata


def model_of(file: WeightsFile, folder: Path) -> Model:
    """The model that a file in this folder describes.

    Raises:
        ContentError: the description is missing or invalid, or the arrays do not match it.
    """
    metadata = file.metadata
    try:
        if metadata is None:
            raise KeyError("everything")
        experiment = resolve_paths(parse(metadata["experiment"]), folder)
        inputs = msgspec.convert(metadata["inputs"], tuple[str, ...])
        classes = msgspec.convert(metadata["classes"], tuple[str, ...])
        preparation = tuple(map(Preparation.from_builtins, metadata["preparation"]))
        targets = tuple(map(Preparation.from_builtins, metadata.get("targets", [])))
        update = msgspec.convert(metadata["update"], int)
        edits = msgspec.convert(metadata.get("edits", ()), tuple[str, ...])
        if experiment.network.layers is None or experiment.network.loss is None:
            raise KeyError("network.layers and network.loss")
        network = network_of(experiment, len(inputs))
    except KeyError as error:
        raise ContentError(f"its description lacks {error.args[0]}") from None
    except (ExperimentError, msgspec.ValidationError, ValueError, TypeError) as error:
        raise ContentError(f"invalid description: {error}") from None
    if len(preparation) != len(inputs):
        raise ContentError(f"prepares {len(preparation)} inputs, expected {len(inputs)}")
    if targets and len(targets) != network.sizes[-1]:
        raise ContentError(f"scales {len(targets)} targets, expected {network.sizes[-1]}")
    parameters = parameters_of(file, network, experiment.training.dtype)
    return Model(experiment, parameters, inputs, classes, preparation, update, targets, edits)


def model_with(file: WeightsFile, activations: Sequence[str]) -> Model:
    """The model of a file that another program wrote.

    Its data are unknown: inputs are called x1, x2, … and not scaled; classes are 0, 1, …

    Args:
        file: the content of a file without a description.
        activations: the activations of layers 1 … L.

    Raises:
        ContentError: the file has a description, or the activations do not match it.
    """
    if file.metadata is not None:
        raise ContentError("the file names its activations itself")
    found = architecture(file)
    L = len(found.sizes) - 1
    if len(activations) != L:
        allowed = f"{L} activations, one for each layer of {found.words}"
        raise ContentError.invalid(str(len(activations)), allowed)
    layers = [
        {"units": n, "activation": name}
        for n, name in zip(found.sizes[1:], activations, strict=True)
    ]
    single = all(array.dtype.itemsize <= 4 for array in file.arrays.values())
    try:
        experiment = parse(
            {
                "data": {"source": "unknown", "target": "unknown"},
                "network": {"layers": layers, "loss": usual_loss(activations[-1])},
                "training": {"dtype": "float32" if single else "float64"},
            }
        )
        network = network_of(experiment, found.sizes[0])
    except ValueError as error:
        raise ContentError(f"invalid network: {error}") from None
    inputs = tuple(f"x{i}" for i in range(1, found.sizes[0] + 1))
    count = max(2, found.sizes[-1]) if LOSSES[network.loss].classes else 0
    return Model(
        experiment,
        parameters_of(file, network, experiment.training.dtype),
        inputs,
        tuple(map(str, range(count))),
        tuple(map(Preparation, inputs)),
        0,
    )
