"""`.safetensors`, with the names and shapes of PyTorch's `Sequential`."""

import json
from math import prod
from typing import Any

import msgspec
import numpy as np

from tuiprop.core.array import Array
from tuiprop.core.network import Parameters
from tuiprop.models.contents import KNOWN, ContentError, WeightsFile, checksum, contents_of
from tuiprop.models.description import decode_description
from tuiprop.models.formats.format import Format, lacking, reread
from tuiprop.models.formats.torch_script import MODULES, sequential
from tuiprop.models.model import Model
from tuiprop.models.plain import plain
from tuiprop.wording import listed

_DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}


def names(parameters: Parameters) -> dict[str, Array]:
    """The parameters with their names in a `Sequential` of Linear, activation, Linear, …"""
    arrays: dict[str, Array] = {}
    for l, W in parameters.W.items():
        arrays[f"{2 * l - 2}.weight"] = W
        arrays[f"{2 * l - 2}.bias"] = parameters.b[l].ravel()
    return arrays


def encode(model: Model, metadata: dict[str, Any]) -> bytes:
    """Encode a model as `.safetensors`."""
    from safetensors.numpy import save

    # safetensors writes wrong bytes for arrays that are not contiguous, without an error
    arrays = {name: np.ascontiguousarray(array) for name, array in names(model.parameters).items()}
    description = msgspec.json.encode(metadata).decode()
    return bytes(save(arrays, {"tuiprop": description, "sha256": checksum(arrays, metadata)}))


def decode(content: bytes) -> WeightsFile:
    """Decode the bytes of a file.

    Raises:
        ContentError: the content is wrong; the error says in one sentence how.
    """
    from safetensors import SafetensorError, deserialize

    try:
        tensors = dict(deserialize(content))
    except (SafetensorError, ValueError, OverflowError, RecursionError) as error:
        words = " ".join(str(error).split()).removeprefix("Error while deserializing: ")
        raise ContentError(f"not a .safetensors file, or a damaged one: {words}") from None
    arrays = {name: _array(name, each) for name, each in tensors.items() if KNOWN.fullmatch(name)}
    if not arrays:
        found = listed(tensors) or "nothing"
        raise ContentError.invalid(found, "arrays 0.weight, 0.bias, … or W1, b1, …")
    header = int.from_bytes(content[:8], "little")
    metadata = json.loads(content[8 : 8 + header]).get("__metadata__") or {}
    if ("tuiprop" in metadata) != ("sha256" in metadata):
        raise ContentError("its description is damaged: tuiprop and sha256 go together")
    if "tuiprop" not in metadata:
        return contents_of(arrays, None)
    description = decode_description(metadata["tuiprop"])
    if checksum(arrays, description) != metadata["sha256"]:
        raise ContentError("damaged: its numbers or its description do not have the checksum")
    return contents_of(arrays, description)


def _array(name: str, tensor: dict[str, Any]) -> Array:
    """Convert a tensor to NumPy; bfloat16 to float32, of which it is the upper half."""
    dtype, shape, data = tensor["dtype"], tuple(tensor["shape"]), tensor["data"]
    if dtype not in _DTYPES:
        raise ContentError(f"{name} is {dtype}, expected {', '.join(_DTYPES)}")
    if 0 in shape:  # an empty array may declare any other size
        raise ContentError(f"{name} is {shape}, expected sizes of 1 or more")
    if prod(shape) * np.dtype(_DTYPES[dtype]).itemsize != len(data):
        raise ContentError(f"{name} is {shape} of {dtype} in {len(data)} bytes")
    array = np.frombuffer(data, _DTYPES[dtype]).reshape(shape)
    if dtype == "BF16":
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array


def _scaled_outside(model: Model) -> str:
    """The remark on the scaling, which the file's network does not include."""
    scaled = any(each.mean != 0 or each.deviation != 1 for each in model.preparation)
    sides = ["takes inputs"] * scaled + ["gives outputs"] * (plain(model).unit is not None)
    return (
        f"PyTorch's Sequential {' and '.join(sides)} that are scaled; "
        "means and deviations are in the file's metadata"
    ) * bool(sides)


def _loading_code(model: Model, path: str) -> str:
    """PyTorch code that loads the file; "" if PyTorch has no module for an activation."""
    if lacking(model, MODULES.__contains__):
        return ""
    return (
        "import torch\nfrom safetensors.torch import load_file\nfrom torch import nn\n\n"
        f"network = {sequential(model)}\n"
        f"network.load_state_dict(load_file({path!r}), strict=True)\n"
    )


FORMAT = Format(
    "safetensors",
    ".safetensors",
    "the state of a PyTorch Sequential; opened by tuiprop again, with everything",
    encode,
    decode,
    reread(decode),
    place=2,
    substitutions=_scaled_outside,
    usage=_loading_code,
)
