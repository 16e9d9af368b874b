"""Weights in: any format that is read, as initial weights or as a model."""

import re
import shlex
import zipfile
from collections.abc import Sequence
from pathlib import Path

from tuiprop.core.network import Network, Parameters
from tuiprop.errors import FileError
from tuiprop.models.checkpoint import NEWEST, is_checkpoint, load_checkpoint
from tuiprop.models.contents import (
    KNOWN,
    LARGEST,
    Architecture,
    WeightsFile,
    architecture,
    parameters_of,
)
from tuiprop.models.description import describe, model_of, model_with
from tuiprop.models.formats import READ, format_of
from tuiprop.models.model import Model
from tuiprop.models.reading import content_of, named
from tuiprop.storage.atomic import wrong_suffix

PICKLES = (".pt", ".pth", ".ckpt", ".bin", ".pkl", ".pickle")
"""Suffixes of files that are code, which is what unpickling runs."""

_HEAD = 4096
"""Bytes of a `.json` that say whether it holds weights or a table."""


class IncompleteFileError(FileError):
    """A file that does not say the activations of its network.

    Attributes:
        architecture: what it says: the sizes, and the layers whose activations are missing.
    """

    def __init__(self, path: str | Path, found: Architecture) -> None:
        names = ",".join(name or "…" for name in found.activations)
        super().__init__(
            f"there are weights of {found.words} in it, but not the activations; name them "
            f"(tuiprop export {path} OUT --activations {names}) or use the weights as initial "
            f"ones (tuiprop train EXPERIMENT.toml --init {path})",
            file=str(path),
        )
        self.architecture = found


def read(path: str | Path) -> WeightsFile:
    """Read the arrays and the description of a weights file; nothing of it is executed.

    Raises:
        FileError: one sentence on what is wrong.
    """
    if is_checkpoint(path):
        model = named(path, load_checkpoint(path).model)
        arrays = dict(model.parameters)
        return WeightsFile(arrays, {name: name for name in arrays}, describe(model, Path()))
    file = format_of(path)
    if Path(path).suffix.lower() in PICKLES:
        reason = f"this is a pickle, which is code and is not read; {_conversion(path)}"
        raise FileError(reason, file=str(path))
    if file is None or file.decode is None:
        raise wrong_suffix(path, READ)
    return named(path, file.decode, content_of(path, LARGEST))


def holds_weights(path: str | Path) -> bool:
    """True if a file is one of weights by its suffix; a `.npz` or `.json` may hold a table.

    A file that cannot be read, or not safely, counts by its suffix: reading it says what is wrong.
    """
    suffix = Path(path).suffix.lower()
    if suffix == ".json":
        return _begins_with_weights(path)
    if suffix != ".npz":
        return suffix in (".safetensors", *PICKLES)
    try:
        if not Path(path).is_file():  # a pipe would block for ever
            return True
        with zipfile.ZipFile(path) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError):
        return True
    return any(name in ("W1", "tuiprop") or name.endswith(".weight") for name in names)


def _begins_with_weights(path: str | Path) -> bool:
    """True if one of the first keys of an object of JSON names weights; a table holds no lists."""
    try:
        if not Path(path).is_file():
            return False
        with Path(path).open("rb") as file:
            head = file.read(_HEAD).removeprefix(b"\xef\xbb\xbf").decode(errors="replace")
    except (OSError, ValueError):
        return False
    if not head.lstrip().startswith("{"):
        return False
    keys = re.findall(r'"([^"\\]*)"\s*:\s*[\[{]', head)
    return any(key == "tuiprop" or KNOWN.fullmatch(key) for key in keys)


def _conversion(path: str | Path) -> str:
    """The line that makes a file that is read out of a state of PyTorch."""
    source, target = str(path), str(Path(path).with_suffix(".safetensors"))
    code = (
        "import torch; from safetensors.torch import save_file; "
        f"s = torch.load({source!r}, weights_only=True); "
        f"save_file({{k: v.contiguous() for k, v in s.items()}}, {target!r})"
    )
    return f"this converts it: python -c {shlex.quote(code)}"


def parameters_for(path: str | Path, network: Network, dtype: str) -> Parameters:
    """Parameters of a network from a file, whoever wrote it; its description is ignored.

    Raises:
        FileError: an array is missing, too many, not finite, or has another shape.
    """
    return named(path, parameters_of, read(path), network, dtype)


def load_model(path: str | Path, activations: Sequence[str] = (), which: str = NEWEST) -> Model:
    """Read a model.

    Args:
        path: of a file that tuiprop wrote, or, with `activations`, of any with weights.
        activations: of layers 1 … L, where the file does not say them.
        which: of the weights that a checkpoint holds, one of `WHICH`.

    Raises:
        IncompleteFileError: it does not say its activations, and they are not given.
        FileError: it cannot be read, or does not fit.
    """
    if is_checkpoint(path) and not activations:
        return named(path, load_checkpoint(path).model, which)
    if which != NEWEST:
        reason = f"only a checkpoint holds weights of the {which} epoch"
        raise FileError(reason, file=str(path))
    file = read(path)
    if activations:
        return named(path, model_with, file, activations)
    if file.metadata is None:
        raise IncompleteFileError(path, named(path, architecture, file))
    return named(path, model_of, file, Path(path).parent)
