"""The record of an update as `.npz`: every array under its name in NumPy."""

from pathlib import Path
from typing import IO, Any

import numpy as np

from tuiprop.errors import FileError
from tuiprop.storage.atomic import write
from tuiprop.training.plan import Injected
from tuiprop.update.arrays import T, parameter_refs
from tuiprop.update.record import Record


def save_record(record: Record, path: str | Path, mistake: Injected | None = None) -> None:
    """Write a record and read it back.

    The names are those of the NumPy lines: `W1` (before the update), `z1`, `a0`, `dW1`, …, `y`,
    `J`, the optimiser state such as `v_W1`, and `t` of its rule; `W1_after`, `b1_after`, …;
    `update`, and `examples`, the row of the table for each column.

    Args:
        record: the record.
        path: the file.
        mistake: the mistake that was injected into this update or an earlier one, if any.

    Raises:
        FileError: it cannot be written, has an injected mistake, or differs when read back.
    """
    if mistake is not None:
        raise FileError(f"not exported: {mistake}", file=str(path))
    arrays: dict[str, Any] = {
        reference.in_file(): array for reference, array in record.arrays().items() if reference != T
    }
    changed = parameter_refs(len(record.W))
    arrays |= {each.in_file(after=True): record.array(each, after=True) for each in changed}
    arrays |= {"J": record.J, "t": record.count, "update": record.update}
    arrays["examples"] = record.examples

    def fill(stream: IO[bytes]) -> None:
        np.savez(stream, **arrays)

    write(path, fill)
    with np.load(path, allow_pickle=False) as again:
        for name, array in arrays.items():
            if not np.array_equal(again[name], array, equal_nan=True):
                raise FileError(
                    f"{name} as read back differs from what was written", file=str(path)
                )
