"""The experiment: what is trained, on which data, and how.

`schema` declares the keys of an experiment file with their types, defaults and ranges,
`validation` checks values against them, `toml_file` reads and writes the file, `paths` rewrites
the paths in it, and `overrides` sets single keys, as `--set` does.
"""

from tuiprop.training.experiment.overrides import override
from tuiprop.training.experiment.paths import relativize_paths, resolve_paths
from tuiprop.training.experiment.schema import (
    DERIVED,
    ENCODINGS,
    EVERY_COLUMN,
    FORMATS,
    MISSING,
    MOST_EPOCHS,
    SCALINGS,
    STANDARD_INPUT,
    Breakpoint,
    ColumnSettings,
    DataSettings,
    Experiment,
    LayerSettings,
    NetworkSettings,
    OptionValues,
    TrainingSettings,
    ValidationColumn,
    condition_error,
    parse,
    to_tables,
)
from tuiprop.training.experiment.toml_file import load, to_toml
from tuiprop.training.experiment.validation import ExperimentError

__all__ = [
    "DERIVED",
    "ENCODINGS",
    "EVERY_COLUMN",
    "FORMATS",
    "MISSING",
    "MOST_EPOCHS",
    "SCALINGS",
    "STANDARD_INPUT",
    "Breakpoint",
    "ColumnSettings",
    "DataSettings",
    "Experiment",
    "ExperimentError",
    "LayerSettings",
    "NetworkSettings",
    "OptionValues",
    "TrainingSettings",
    "ValidationColumn",
    "condition_error",
    "load",
    "override",
    "parse",
    "relativize_paths",
    "resolve_paths",
    "to_tables",
    "to_toml",
]
