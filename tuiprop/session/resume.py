"""Resuming a run from its checkpoint."""

import os
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from tuiprop.data.preparation.completion import complete
from tuiprop.data.table import DataError, Table
from tuiprop.models.checkpoint import Saved
from tuiprop.session.session import Session, open_session
from tuiprop.training.experiment import Experiment, ExperimentError, to_tables
from tuiprop.training.machine import differences, facts
from tuiprop.training.run import Run
from tuiprop.update.operation import operation_count

MAY_DIFFER = ("training.epochs", "breakpoint")
"""Keys of the experiment that may differ when a run is resumed."""


def resume_session(
    saved: Saved, experiment: Experiment | None = None, *, table: Table | None = None
) -> tuple[Session, str]:
    """Open a checkpoint; its run is at the saved key frame, a short replay from its position.

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
    examples = session.examples
    counts = len(examples.training), len(examples.validation)
    same = counts == content.examples and examples.inputs == content.inputs
    # on another machine what was prepared may differ in the last digits
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
    """Advance from the key frame to the saved position; conditions on the way do not stop it."""
    t = saved.content.position[0]
    run.check_epoch_conditions()
    run.advance(t, watched=True, since=t * operation_count(run.network.L))


def check_same(wanted: Experiment, saved: Saved, table: Table) -> None:
    """Check that an experiment is that of a checkpoint, except for `MAY_DIFFER`.

    Args:
        wanted: need not be complete.
        saved: the checkpoint.
        table: the data that are wanted.

    Raises:
        ExperimentError: the first key that is another one.
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
        Each key with the value in either; None where it has none.
    """
    found, expected = dict(_values(to_tables(wanted))), dict(_values(to_tables(saved)))
    return [
        (key, found.get(key), expected.get(key))
        for key in dict.fromkeys((*expected, *found))
        if found.get(key) != expected.get(key)
    ]


def with_what_may_differ(saved: Saved, wanted: Experiment) -> Experiment:
    """The experiment of a checkpoint, with the epochs and the conditions of another.

    Epochs that the run has gone beyond are not taken, nor is a list without conditions.
    """
    experiment, epochs = saved.experiment, wanted.training.epochs
    if saved.plan.batches.end(epochs) >= saved.log.reached:
        training = replace(experiment.training, epochs=epochs)
        experiment = replace(experiment, training=training)
    return replace(experiment, breakpoint=wanted.breakpoint or experiment.breakpoint)


def _values(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """The values in tables by their keys, such as network.layers[0].units."""
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
    """A path as the file that it names."""
    is_path = isinstance(value, str) and os.path.exists(value)  # noqa: PTH110
    return os.path.realpath(value) if is_path else value
