"""Resumes a run from its checkpoint."""

import os
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from tuiprop.data.preparation.completion import complete
from tuiprop.data.table import DataError, Table
from tuiprop.models.checkpoint_content import Saved
from tuiprop.session.session import Session, open_session
from tuiprop.training.experiment import Experiment, ExperimentError, to_tables
from tuiprop.training.machine import differences, facts
from tuiprop.training.run import Run
from tuiprop.update.operations import operation_count

MAY_DIFFER = ("training.epochs", "breakpoint")
"""The keys of the experiment that may differ when a run is resumed."""


def resume_session(
    saved: Saved, experiment: Experiment | None = None, *, table: Table | None = None
) -> tuple[Session, str]:
    """Open a checkpoint with its run at the saved key frame, a short replay before its position.

    Args:
        saved: the checkpoint.
        experiment: an equivalent experiment to use instead of the saved one.
        table: its data, if they are already loaded.

    Returns:
        The session, and the differences of this machine from the one that saved it, or "".

    Raises:
        DataError: the data have changed since it was saved.
        ValueError: see `open_session`.
    """
    content = saved.content
    session = open_session(experiment or saved.experiment, table=table, initial=content.initial)
    differing = differences(content.machine, facts())
    examples = session.examples
    counts = len(examples.training), len(examples.validation)
    same = counts == content.examples and examples.inputs == content.inputs
    # on another machine, prepared data may differ in the last digits
    if not same or (not differing and session.fingerprint != content.data):
        raise DataError(
            "the data have changed since the run was saved; its weights can still be exported, "
            "or be the initial ones of another run",
            file=saved.experiment.data.source,
        )
    session.run.resume(
        saved.state, content.update, saved.history, content.logs, content.branch, saved.best
    )
    return session, differing


def return_to_position(run: Run, saved: Saved) -> None:
    """Advance from the key frame to the saved position; no condition stops it."""
    t = saved.content.position[0]
    run.check_epoch_conditions()
    run.advance(t, watched=True, since=t * operation_count(run.network.L))


def check_same(wanted: Experiment, saved: Saved, table: Table) -> None:
    """Check that an experiment equals that of a checkpoint, except for `MAY_DIFFER`.

    Args:
        wanted: the experiment, which may be incomplete.
        saved: the checkpoint.
        table: the data of that experiment.

    Raises:
        ExperimentError: a key differs; the error names the first.
    """
    for key, found, expected in differing(complete(wanted, table), saved.experiment):
        raise ExperimentError.invalid(
            repr(found),
            f"{expected!r}, as when the run was saved",
            key=key,
            advice=f"only {' and '.join(MAY_DIFFER)} may differ",
        )


def differing(wanted: Experiment, saved: Experiment) -> list[tuple[str, Any, Any]]:
    """Find the keys in which two complete experiments differ, except for `MAY_DIFFER`.

    Returns:
        Each key with its two values; None for a missing one.
    """
    found, expected = dict(_values(to_tables(wanted))), dict(_values(to_tables(saved)))
    return [
        (key, found.get(key), expected.get(key))
        for key in dict.fromkeys((*expected, *found))
        if found.get(key) != expected.get(key)
    ]


def with_what_may_differ(saved: Saved, wanted: Experiment) -> Experiment:
    """The experiment of a checkpoint, with the epochs and the conditions of another.

    It keeps its own epochs if the run is past the other's, and its own conditions if the other has
    none.
    """
    experiment, epochs = saved.experiment, wanted.training.epochs
    if saved.plan.batches.end(epochs) >= saved.log.reached:
        training = replace(experiment.training, epochs=epochs)
        experiment = replace(experiment, training=training)
    return replace(experiment, breakpoint=wanted.breakpoint or experiment.breakpoint)


def _values(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """The values in nested tables by their keys, such as network.layers[0].units."""
    if key in MAY_DIFFER:
        return
    if isinstance(value, dict):
        for name, child in value.items():
            yield from _values(child, f"{key}.{name}" if key else name)
    elif isinstance(value, list | tuple) and any(isinstance(child, dict) for child in value):
        for i, child in enumerate(value):
            yield from _values(child, f"{key}[{i}]")
    else:
        yield key, _found(value) if key.startswith("data.") else value


def _found(value: Any) -> Any:
    """The real path of the file that a path names; other values are unchanged."""
    is_path = isinstance(value, str) and os.path.exists(value)  # noqa: PTH110
    return os.path.realpath(value) if is_path else value
