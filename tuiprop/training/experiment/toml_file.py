"""The experiment file: TOML with the tables of the experiment."""

import tomllib
from pathlib import Path

import tomli_w

from tuiprop.training.experiment.paths import relativize_paths, resolve_paths
from tuiprop.training.experiment.schema import Experiment, parse, to_tables
from tuiprop.training.experiment.validation import ExperimentError


def load(path: str | Path) -> Experiment:
    """Read an experiment file; paths of data in it are relative to the file.

    Raises:
        ExperimentError: the file cannot be read, is not TOML, or holds a wrong setting.
    """
    path, file = Path(path), str(path)
    try:
        raw = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ExperimentError(f"cannot be read: {error.strerror}", file=file) from None
    except UnicodeDecodeError as error:
        raise ExperimentError(f"byte {error.start} is not UTF-8", file=file) from None
    except (ValueError, RecursionError) as error:
        raise ExperimentError(f"this is not TOML: {error}", file=file) from None
    try:
        return resolve_paths(parse(raw), path.parent)
    except ExperimentError as error:
        error.file = file
        raise


def to_toml(experiment: Experiment, folder: Path | None = None) -> str:
    """Return the text of the experiment's file; paths of data are relative to `folder`."""
    written = experiment if folder is None else relativize_paths(experiment, folder)
    return tomli_w.dumps(to_tables(written))
