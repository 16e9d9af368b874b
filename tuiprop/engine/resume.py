"""Going on with a run from its checkpoint."""

import os
from typing import Any

from tuiprop.data.preparation import complete
from tuiprop.data.table import DataError, Table
from tuiprop.engine.session import Session, open_session
from tuiprop.files.checkpoint import Saved
from tuiprop.training.experiment import Experiment, ExperimentError, to_tables
from tuiprop.training.machine import differences, facts
from tuiprop.training.run import Run

MAY_DIFFER = ("training.epochs", "breakpoint")
"""Keys of the experiment that may be others when a run is gone on with."""


def resume_session(
    saved: Saved, experiment: Experiment | None = None, *, table: Table | None = None
) -> tuple[Session, str]:
    """Open a checkpoint; the run stands at its newest key frame, a short walk from where it stood.

    Args:
        saved: the checkpoint.
        experiment: instead of its own, where it has been found to be the same.
        table: its data, where they are at hand already.

    Returns:
        The session, and what of this machine differs from the one that it was saved on, or
        nothing.

    Raises:
        DataError: the data are others than those that it was saved with.
        ValueError: as `open_session`.
    """
    content = saved.content
    session = open_session(experiment or saved.experiment, table=table, initial=content.initial)
    differing = differences(content.machine, facts())
    fingerprint = session.fingerprint  # before the edits act
    examples = session.examples
    counts = len(examples.training), len(examples.validation)
    same = counts == content.examples and examples.inputs == content.inputs
    # on another machine what was prepared may differ in the last digits
    if not same or (not differing and fingerprint != content.data):
        raise DataError(
            f"{saved.experiment.data.source}: the data are others than when the run was saved; "
            "its weights can be exported, and be the initial ones of another run"
        )
    session.run.resume(
        saved.state, content.update, saved.history, content.logs, content.branch, saved.best
    )
    return session, differing


def walk_to_where_it_stood(run: Run, saved: Saved) -> None:
    """On from the key frame; what was true on the way does not stop the run again."""
    t = saved.content.position[0]
    run.remember_hits()
    run.advance(t, watched=True, since=t * (8 * run.network.L + 1))


def check_same(wanted: Experiment, saved: Saved, table: Table) -> None:
    """That an experiment is that of a checkpoint, but for what may differ.

    Args:
        wanted: need not be complete.
        saved: the checkpoint.
        table: the data that are wanted.

    Raises:
        ExperimentError: the first key that is another one.
    """
    wanted = complete(wanted, table)
    found, expected = _keys(to_tables(wanted)), _keys(to_tables(saved.experiment))
    for key in (*expected, *found):
        if key not in MAY_DIFFER and found.get(key) != expected.get(key):
            raise ExperimentError(
                f"{key}: found {found.get(key)!r}, but the run was saved with "
                f"{expected.get(key)!r}; allowed to differ: {', '.join(MAY_DIFFER)}",
                key,
            )


def _keys(tables: dict[str, Any]) -> dict[str, Any]:
    """The values by their dotted keys; paths as the files that they name."""
    values: dict[str, Any] = {}
    for section, table in tables.items():
        if not isinstance(table, dict):
            values[section] = table
            continue
        for key, value in table.items():
            is_path = section == "data" and isinstance(value, str) and os.path.exists(value)  # noqa: PTH110
            values[f"{section}.{key}"] = os.path.realpath(value) if is_path else value
    return values
