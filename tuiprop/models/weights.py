"""Reads files of weights of any format, as initial weights or as a model."""

import re
import shlex
import zipfile
from collections.abc import Sequence
from pathlib import Path

from tuiprop.core.network import Network, Parameters
from tuiprop.errors import FileError
from tuiprop.models.checkpoint import is_checkpoint, load_checkpoint
from tuiprop.models.checkpoint_content import NEWEST
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
"""Suffixes of pickles, which can execute code and are therefore refused."""

_HEAD = 4096
"""The number of bytes of a `.json` that are inspected to tell weights from a table."""


class IncompleteFileError(FileError):
    """A file does not specify the activations of its network.

    Attributes:
        architecture: the sizes, and the known activations.
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
    """Read the arrays and the description of a weights file, without executing anything.

    Raises:
        FileError: the file is wrong; the error says in one sentence how.
    """
    if is_checkpoint(path):
        model = named(path, load_checkpoint(path).model)
        arrays = dict(model.parameters)
        return WeightsFile(arrays, {name: name for name in arrays}, describe(model, Path()))
    file = format_of(path)
    if Path(path).suffix.lower() in PICKLES:
        reason = f"this is a pickle, which can execute code and is not read; {_conversion(path)}"
        raise FileError(reason, file=str(path))
    if file is None or file.decode is None:
        raise wrong_suffix(path, READ)
    return named(path, file.decode, content_of(path, LARGEST))


def holds_weights(path: str | Path) -> bool:
    """Return True if a file holds weights and not a table, which `.npz` and `.json` may hold.

    The suffix alone decides for a file that cannot be read: reading it later gives the error.
    """
    suffix = Path(path).suffix.lower()
    if suffix == ".json":
        return _begins_with_weights(path)
    if suffix != ".npz":
        return suffix in (".safetensors", *PICKLES)
    try:
        if not Path(path).is_file():  # a pipe could block for ever
            return True
        with zipfile.ZipFile(path) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError):
        return True
    return any(name in ("W1", "tuiprop") or name.endswith(".weight") for name in names)


def _begins_with_weights(path: str | Path) -> bool:
    """Return True if one of the first keys of a JSON object has a name and a list of weights."""
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
    """The shell command that converts a state of PyTorch into a readable file."""
    source, target = str(path), str(Path(path).with_suffix(".safetensors"))
    code = (
        "import torch; from safetensors.torch import save_file; "
        f"s = torch.load({source!r}, weights_only=True); "
        f"save_file({{k: v.contiguous() for k, v in s.items()}}, {target!r})"
    )
    return f"this converts it: python -c {shlex.quote(code)}"


def parameters_for(path: str | Path, network: Network, dtype: str) -> Parameters:
    """Read the parameters of a network from a file of any program; ignore its description.

    Raises:
        FileError: an array is missing, superfluous, not finite, or has another shape.
    """
    return named(path, parameters_of, read(path), network, dtype)


def load_model(path: str | Path, activations: Sequence[str] = (), which: str = NEWEST) -> Model:
    """Read a model.

    Args:
        path: a file that tuiprop wrote or, with `activations`, any file with weights.
        activations: the activations of layers 1 … L, if the file does not specify them.
        which: the weights of a checkpoint to read, one of `WHICH`.

    Raises:
        IncompleteFileError: the file does not specify its activations, and none are given.
        FileError: it cannot be read, or does not match.
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
