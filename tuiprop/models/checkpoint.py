"""Checkpoints: files with everything that is needed to resume a run, bit for bit.

A file consists of a line with its format and version, a SHA-256, and the content with that digest:
a `Checkpoint` as MessagePack, with arrays as bytes. The line of a kept run also has the name of its
file.
"""

import os
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tuiprop.data.preparation.encoding import Preparation
from tuiprop.errors import FileError
from tuiprop.models.checkpoint_content import Checkpoint, Saved
from tuiprop.models.contents import ContentError
from tuiprop.models.reading import content_of, named
from tuiprop.storage.atomic import write, wrong_suffix
from tuiprop.storage.packing import pack, unpack
from tuiprop.storage.state_folder import MAGIC, RUN, SUFFIX, temporary_of
from tuiprop.training.experiment import (
    Experiment,
    parse,
    relativize_paths,
    resolve_paths,
    to_tables,
)
from tuiprop.training.history import WIDTH
from tuiprop.training.logs import check_logs
from tuiprop.update.operations import operation_count
from tuiprop.wording import shortened

FORMAT = 1

_NAME = f"{MAGIC} ".encode()
HEAD = _NAME + b"%d\n" % FORMAT
"""The line at the beginning of a file, except of a kept run."""

_ANY_HEAD = re.compile(_NAME + b"%d(?: %b)?\n" % (FORMAT, RUN.pattern.encode()))
_DIGEST = 32

LARGEST = 2**30
"""The most bytes in a file."""

_DECODER = msgspec.msgpack.Decoder(Checkpoint)


def is_checkpoint(path: str | Path) -> bool:
    """Return True if the file name is that of a checkpoint."""
    return Path(path).suffix == SUFFIX


def encode(checkpoint: Checkpoint, run: str = "") -> bytes:
    """The bytes of the file.

    Args:
        checkpoint: its content.
        run: the file's name, for a kept run.
    """
    content = pack(checkpoint)
    head = HEAD.replace(b"\n", f" {run}\n".encode()) if run else HEAD
    return b"".join((head, sha256(content).digest(), content))


def decode(content: bytes, folder: Path) -> Saved:
    """Decode the bytes of a file in a folder, without executing anything.

    Raises:
        ContentError: the content is wrong; the error says in one sentence how.
    """
    head = _ANY_HEAD.match(content)
    if head is None:
        if content.startswith(_NAME):
            version = content[len(_NAME) :].split(b"\n")[0][:9].decode(errors="replace")
            raise ContentError.invalid(repr(version), f"format {FORMAT}, which this version reads")
        raise ContentError("this is not a checkpoint of tuiprop")
    body = memoryview(content)[head.end() :]
    digest, body = body[:_DIGEST], body[_DIGEST:]
    if sha256(body).digest() != digest:
        raise ContentError("the file is damaged: its checksum is wrong")
    try:
        checkpoint = unpack(body, _DECODER)
        saved = Saved(checkpoint, resolve_paths(parse(checkpoint.experiment), folder))
        _check(saved)
    except (msgspec.MsgspecError, ValueError, TypeError, KeyError, OverflowError) as error:
        raise ContentError(f"invalid content: {shortened(str(error), 300)}") from None
    except RecursionError:
        raise ContentError("invalid content: it is nested too deeply") from None
    return saved


def _check(saved: Saved) -> None:
    """Check that the parts of a checkpoint are consistent.

    Raises:
        ValueError: two parts are not.
    """
    content, settings = saved.content, saved.experiment.network
    if settings.layers is None or settings.loss is None:
        raise ValueError("network.layers or network.loss is missing")
    if len(content.preparation) != len(content.inputs):
        raise ValueError(
            f"it prepares {len(content.preparation)} inputs, expected {len(content.inputs)}"
        )
    outputs = saved.network.sizes[-1]
    if content.targets and len(content.targets) != outputs:
        raise ValueError(f"it scales {len(content.targets)} targets, expected {outputs}")
    for each in (*content.preparation, *content.targets):
        Preparation.from_builtins(each)
    if min(content.examples) < 0 or not content.examples[0]:
        raise ValueError(f"no training examples: {content.examples}")
    check_logs(content.logs, saved.experiment, saved.network, content.examples[0])
    if content.branch not in {log.number for log in content.logs}:
        raise ValueError(f"branch {content.branch} does not exist")
    _check_position(saved)
    _check_arrays(saved)


def _check_position(saved: Saved) -> None:
    content, batches, log = saved.content, saved.plan.batches, saved.log
    t, k = content.position
    operations = operation_count(saved.network.L)
    if not (0 <= t <= log.reached and 0 <= content.update <= log.reached and 0 <= k <= operations):
        raise ValueError(f"the run cannot be at {content.position}, it reached {log.reached}")
    row = 8 * WIDTH
    epochs, rest = divmod(len(content.history), row)
    known = batches.epochs_done(content.update), batches.epochs_done(log.reached)
    if rest or not known[0] < epochs <= known[1] + 1:
        raise ValueError(
            f"the history has {len(content.history)} bytes, not {row} for each of "
            f"{known[0] + 1} to {known[1] + 1} epochs"
        )
    if not 0 <= content.best_epoch < epochs:
        raise ValueError(f"the best epoch is {content.best_epoch}, not from 0 to {epochs - 1}")


def _check_arrays(saved: Saved) -> None:
    content = saved.content
    config = saved.plan.config_of(content.update)
    whole = saved.network.parameter_count * saved.dtype.itemsize
    sizes = {
        "initial": whole,
        "parameters": whole,
        "state": whole * (1 + len(config.optimizer.state_names)),
        "best": whole if content.best else 0,
    }
    for name, size in sizes.items():
        array: bytes = getattr(content, name)
        if len(array) != size:
            raise ValueError(f"{name} has {len(array)} bytes, expected {size}")
        if not np.isfinite(np.frombuffer(array, saved.dtype)).all():
            raise ValueError(f"{name} holds values that are not finite")


def tables_in(experiment: Experiment, path: str | Path) -> dict[str, Any]:
    """The tables of an experiment as the checkpoint `path` holds them."""
    return to_tables(relativize_paths(experiment, _folder(path)))


def save_checkpoint(checkpoint: Checkpoint, path: str | Path, *, kept: bool = False) -> None:
    """Write a checkpoint, and read it back.

    Args:
        checkpoint: the content, with the tables that `tables_in` returns for this path.
        path: the file.
        kept: True for the file of a kept run that this process uses.

    Raises:
        FileError: it cannot be written.
    """
    content = encode(checkpoint, Path(path).name if kept else "")
    if len(content) > LARGEST:
        raise FileError.invalid(f"{len(content):,}", f"at most {LARGEST:,} bytes", file=str(path))

    def fill(stream: Any) -> None:
        stream.write(content)

    write(path, fill, temporary_of(Path(path)) if kept else None)
    if content_of(path, LARGEST) != content:
        raise FileError("what was read back differs from what was written", file=str(path))


def load_checkpoint(path: str | Path) -> Saved:
    """Read a checkpoint.

    Raises:
        FileError: the file is wrong; the error says in one sentence how.
    """
    if not is_checkpoint(path):
        raise wrong_suffix(path, (SUFFIX,))
    return named(path, decode, content_of(path, LARGEST), _folder(path))


def _folder(path: str | Path) -> Path:
    """The folder of the real file, to which paths in it are relative."""
    return Path(os.path.realpath(path)).parent
