"""The built-in data sets, and the look-up of a table by the name of its source."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, Literal

from tuiprop.data.generators import generate
from tuiprop.data.readers.builtin import read_builtin
from tuiprop.data.readers.formats import read_options, read_table, with_validation
from tuiprop.data.table import DataError, Table
from tuiprop.training.experiment import DataSettings, Experiment, parse
from tuiprop.wording import quote

_CC_BY = "CC BY 4.0"
_GENERATED = "After TensorFlow Playground (Apache 2.0)"


@dataclass(frozen=True)
class Entry:
    """A built-in data set."""

    name: str
    title: str
    kind: Literal["table", "generator"]
    target: str
    """The column to predict."""
    description: str
    """One sentence about the data."""
    creators: str
    licence: str = ""
    """The licence of the data; empty if they are generated or a truth table."""
    doi: str = ""
    suggested: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The sections of an experiment file that suit the data, without `data.source`."""


def _layers(*layers: tuple[int, str]) -> list[dict[str, Any]]:
    return [{"units": units, "activation": activation} for units, activation in layers]


def _playground(
    name: str,
    title: str,
    description: str,
    layers: list[dict[str, Any]],
    points: int = 500,
    **training: Any,
) -> Entry:
    return Entry(
        name,
        title,
        "generator",
        "y",
        description,
        _GENERATED,
        suggested={
            "data": {"points": points},
            "network": {"layers": layers},
            "training": training,
        },
    )


_ENTRIES = (
    Entry(
        "xor-table",
        "Truth table of exclusive or",
        "table",
        "y",
        "Four rows that no single layer can learn: y is 1 where exactly one of x1, x2 is.",
        "A truth table",
        suggested={
            "data": {"validation": 0.0, "standardize": False},
            "network": {
                "layers": _layers((3, "tanh"), (1, "sigmoid")),
                "initializer": "xavier_normal",
            },
            "training": {
                "learning_rate": 1.0,
                "batch_size": 0,
                "epochs": 500,
                "shuffle": False,
            },
        },
    ),
    Entry(
        "iris",
        "Iris flowers",
        "table",
        "species",
        "Four lengths in cm of 150 iris flowers of three species.",
        "R. A. Fisher (1936)",
        _CC_BY,
        "10.24432/C56C76",
        {
            "data": {"seed": 3},
            "network": {"layers": _layers((8, "tanh"), (3, "softmax"))},
            "training": {"learning_rate": 0.25, "batch_size": 32},
        },
    ),
    Entry(
        "wine",
        "Wine recognition",
        "table",
        "cultivar",
        "Thirteen chemical measurements of 178 wines from three cultivars of one region.",
        "S. Aeberhard, M. Forina (1992)",
        _CC_BY,
        "10.24432/C5PC7J",
        {
            "network": {"layers": _layers((8, "tanh"), (3, "softmax"))},
            "training": {"learning_rate": 0.1, "batch_size": 32},
        },
    ),
    Entry(
        "breast_cancer",
        "Breast cancer Wisconsin (diagnostic)",
        "table",
        "diagnosis",
        "Thirty measurements of cell nuclei in 569 images, of benign and malignant tumours.",
        "W. Wolberg, O. Mangasarian, N. Street, W. Street (1993)",
        _CC_BY,
        "10.24432/C5DW2B",
        {
            "network": {"layers": _layers((16, "tanh"), (1, "sigmoid"))},
            "training": {"learning_rate": 0.05, "batch_size": 32, "epochs": 100},
        },
    ),
    Entry(
        "digits",
        "Handwritten digits",
        "table",
        "digit",
        "1797 handwritten digits as images of 8 × 8 pixels, each from 0 to 16.",
        "E. Alpaydin, C. Kaynak (1998)",
        _CC_BY,
        "10.24432/C50P49",
        {
            "network": {
                "layers": _layers((32, "relu"), (10, "softmax")),
                "initializer": "he_uniform",
            },
            "training": {"learning_rate": 0.1, "batch_size": 32, "epochs": 50},
        },
    ),
    _playground(
        "circle",
        "Disc in a ring",
        "Points of a disc and of the ring around it, in the plane.",
        _layers((4, "tanh"), (1, "sigmoid")),
        learning_rate=0.3,
        batch_size=10,
    ),
    _playground(
        "xor",
        "Four squares",
        "Points of the plane: 1 where x1 and x2 have the same sign, else -1.",
        _layers((4, "tanh"), (1, "sigmoid")),
        learning_rate=0.3,
        batch_size=10,
    ),
    _playground(
        "gauss",
        "Two clouds",
        "Two normal clouds of points around (2, 2) and (-2, -2).",
        _layers((1, "sigmoid")),
        learning_rate=0.1,
        batch_size=10,
        epochs=50,
    ),
    _playground(
        "spiral",
        "Two spirals",
        "Points of two spiral arms that turn around each other.",
        _layers((12, "tanh"), (8, "tanh"), (1, "sigmoid")),
        optimizer="adam",
        learning_rate=0.02,
        batch_size=30,
        epochs=300,
    ),
    _playground(
        "plane",
        "Inclined plane",
        "Numbers, not classes: y is a tenth of x1 + x2.",
        _layers((1, "linear")),
        points=1200,
        learning_rate=0.03,
        batch_size=10,
        epochs=50,
    ),
    _playground(
        "bumps",
        "Six bumps",
        "Numbers, not classes: three hills and three hollows in the plane.",
        _layers((16, "tanh"), (8, "tanh"), (1, "linear")),
        points=1200,
        optimizer="adam",
        learning_rate=0.02,
        batch_size=10,
        epochs=300,
    ),
)

CATALOGUE: dict[str, Entry] = {each.name: each for each in _ENTRIES}
"""All data sets by name, in the order in which they are offered."""


def load_table(settings: DataSettings) -> Table:
    """Return the table that `settings.source` names; it is read, or generated from its seed.

    Unused columns of a file (`use = false`) may hold cells that are refused in others. The rows
    of a separate file of validation examples come last.

    Raises:
        DataError: there is no such data set, or the file cannot be used; see `read_table`.
    """
    source = settings.source
    for path in settings.files:
        if not exists(path):
            reason = "; ".join(
                filter(None, ("there is no such file", _did_you_mean(PurePath(path).stem)))
            )
            raise DataError(reason, file=path)
    if settings.is_path:
        return read_table(source, settings)
    table = (
        read_builtin(source)
        if entry(source).kind == "table"
        else generate(source, settings.points, settings.noise, settings.seed)
    )
    if settings.validation_file is None:
        return table
    return with_validation(table, read_table(settings.validation_file))


def identity(settings: DataSettings) -> object:
    """Return a value that is equal for two settings if `load_table` gives them the same table."""
    stamps = []
    for path in settings.files:
        try:
            status = Path(path).stat()
            stamps.append((status.st_mtime_ns, status.st_size))
        except (OSError, ValueError):
            return object()  # equal to no other: reading the file reports the error
    if settings.is_path:
        how: tuple[object, ...] = settings.format, settings.examples, read_options(settings)
    else:
        how = settings.points, settings.noise, settings.seed
    return (settings.source, *how, *settings.files, *stamps)


def entry(name: str) -> Entry:
    """Return the data set of that name.

    Raises:
        DataError: there is no such data set; the sentence lists the data sets.
    """
    if name in CATALOGUE:
        return CATALOGUE[name]
    raise DataError.invalid(
        quote(name),
        f"one of {', '.join(CATALOGUE)} or a path",
        key="data.source",
        advice=f"for the file write ./{name}" if exists(name) else _did_you_mean(name),
    )


def exists(path: str) -> bool:
    """Return True unless it is certain that there is no such file.

    A path that cannot be looked up, such as one that is too long, counts as existing: reading it
    says what is wrong.
    """
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return True


def _did_you_mean(name: str) -> str:
    """Ask whether the data set with the most similar name is meant; "" if no name is similar."""
    close = difflib.get_close_matches(name.lower().replace(" ", "_"), CATALOGUE, n=1)
    return f"did you mean {close[0]}?" if close else ""


def suggested_experiment(name: str) -> Experiment:
    """Return an experiment that learns the data set `name`.

    Raises:
        DataError: there is no such data set.
    """
    suggested = {key: dict(table) for key, table in entry(name).suggested.items()}
    suggested["data"] = {"source": name, **suggested.get("data", {})}
    return parse(suggested)
