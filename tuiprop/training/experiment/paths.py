"""The paths of data in an experiment, as a file sees them and as this process does."""

import os
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from tuiprop.training.experiment.schema import STANDARD_INPUT, Experiment, looks_like_path


def resolve_paths(experiment: Experiment, folder: Path) -> Experiment:
    """Return the experiment in a file in `folder` with paths relative to the working directory."""
    return _with_paths(experiment, lambda path: folder / path)


def relativize_paths(experiment: Experiment, folder: Path) -> Experiment:
    """Return the experiment with paths relative to `folder`, for a file in it."""
    return _with_paths(experiment, lambda path: Path(os.path.relpath(path, folder)))


def _with_paths(experiment: Experiment, rewrite: Callable[[str], Path]) -> Experiment:
    data = experiment.data
    paths = {
        "source": data.source if data.is_path and data.source != STANDARD_INPUT else None,
        "validation": data.validation_file,
        "labels": data.labels,
    }
    changed = {key: _as_path(rewrite(path)) for key, path in paths.items() if path is not None}
    return replace(experiment, data=replace(data, **changed))


def _as_path(path: Path) -> str:
    """Return a path written so that it is not mistaken for the name of a data set."""
    written = path.as_posix()
    return written if looks_like_path(written) else f"./{written}"
