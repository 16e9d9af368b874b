"""Weights in: any format that is read, as initial weights or as a model."""

import shlex
import stat
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from tuiprop.core.network import Network, Parameters
from tuiprop.files.atomic import FileError
from tuiprop.files.contents import (
    LARGEST,
    Architecture,
    ContentError,
    WeightsFile,
    architecture,
    parameters_of,
)
from tuiprop.files.description import model_of, model_with
from tuiprop.files.formats import READ, format_of
from tuiprop.files.model import Model

_T = TypeVar("_T")

PICKLES = (".pt", ".pth", ".ckpt", ".bin", ".pkl", ".pickle")
"""Suffixes of files that are code, which is what unpickling runs."""


class IncompleteFileError(FileError):
    """A file that does not say the activations of its network.

    Attributes:
        architecture: what it says: the sizes, and the layers whose activations are missing.
    """

    def __init__(self, path: str | Path, found: Architecture) -> None:
        names = ",".join(name or "…" for name in found.activations)
        super().__init__(
            f"{path}: holds weights but not the network they belong to: {found.words}, without "
            f"the activations; say them: tuiprop export {path} OUT --activations {names}, or use "
            f"it as initial weights: tuiprop train EXPERIMENT.toml --init {path}"
        )
        self.architecture = found


def read(path: str | Path) -> WeightsFile:
    """Read the arrays and the description of a weights file; nothing of it is executed.

    Raises:
        FileError: one sentence on what is wrong.
    """
    file = format_of(path)
    if Path(path).suffix.lower() in PICKLES:
        raise FileError(f"{path}: is a pickle, which is code, and is not read; {_conversion(path)}")
    if file is None or file.decode is None:
        suffix = Path(path).suffix or "no suffix"
        raise FileError(f"{path}: found {suffix}, allowed: {', '.join(READ)}")
    return _named(path, file.decode, _content(path))


def holds_weights(path: str | Path) -> bool:
    """Whether a file is one of weights by its suffix; a `.npz` without any holds a table.

    A file that cannot be read counts by its suffix: reading it says what is wrong.
    """
    if Path(path).suffix == ".safetensors":
        return True
    if Path(path).suffix != ".npz":
        return False
    if not Path(path).is_file():  # a pipe would block for ever
        return True
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError):
        return True
    return any(name in ("W1", "tuiprop") or name.endswith(".weight") for name in names)


def _conversion(path: str | Path) -> str:
    """The line that makes a file that is read out of a state of PyTorch."""
    source, target = str(path), str(Path(path).with_suffix(".safetensors"))
    code = (
        "import torch; from safetensors.torch import save_file; "
        f"s = torch.load({source!r}, weights_only=True); "
        f"save_file({{k: v.contiguous() for k, v in s.items()}}, {target!r})"
    )
    return f"this converts it: python -c {shlex.quote(code)}"


def _content(path: str | Path) -> bytes:
    """The bytes of a regular file of a bearable size; a pipe would block for ever."""
    try:
        status = Path(path).stat()
        if stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST:
            return Path(path).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: NUL in a name
        words = error.strerror if isinstance(error, OSError) else error
        raise FileError(f"{path}: cannot be read: {words}") from None
    if stat.S_ISDIR(status.st_mode):
        raise FileError(f"{path}: cannot be read: Is a directory")
    if not stat.S_ISREG(status.st_mode):
        raise FileError(f"{path}: cannot be read: it is not a regular file")
    raise FileError(f"{path}: found {status.st_size} bytes, allowed: up to {LARGEST}")


def _named(path: str | Path, function: Callable[..., _T], *arguments: object) -> _T:
    """What a function returns; what it finds wrong is said with the file's name."""
    try:
        return function(*arguments)
    except ContentError as error:
        raise FileError(f"{path}: {error}") from None
    except MemoryError:
        raise FileError(f"{path}: there is not enough memory for it") from None


def parameters_for(path: str | Path, network: Network, dtype: str) -> Parameters:
    """Parameters of a network from a file, whoever wrote it; its description is ignored.

    Raises:
        FileError: an array is missing, too many, not finite, or has another shape.
    """
    return _named(path, parameters_of, read(path), network, dtype)


def load_model(path: str | Path, activations: Sequence[str] = ()) -> Model:
    """Read a model.

    Args:
        path: of a file that tuiprop wrote, or, with `activations`, of any with weights.
        activations: of layers 1 … L, where the file does not say them.

    Raises:
        IncompleteFileError: it does not say its activations, and they are not given.
        FileError: it cannot be read, or does not fit.
    """
    file = read(path)
    if activations:
        return _named(path, model_with, file, activations)
    if file.metadata is None:
        raise IncompleteFileError(path, _named(path, architecture, file))
    return _named(path, model_of, file, Path(path).parent)
