"""The keys of an experiment file, with their types, defaults and ranges."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeAlias, get_type_hints

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import force_setattr

from tuiprop.cell import plain
from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.initialization import INITIALIZERS
from tuiprop.core.loss import LOSSES
from tuiprop.core.optimizer import OPTIMIZERS, Options
from tuiprop.training.breakpoint import Condition
from tuiprop.training.breakpoint import parse as parse_condition
from tuiprop.training.experiment.validation import (
    ExperimentError,
    allowed_in,
    check_values,
    convert,
    invalid,
    one_of,
    unknown_key,
    whole_number,
)
from tuiprop.training.quantity import ConditionError

STANDARD_INPUT = "-"
"""The data source that is standard input."""

FORMATS = ("csv", "jsonl", "parquet", "numpy", "idx")
"""Formats of data files; CSV is any text with one delimiter."""

ENCODINGS = ("number", "one-hot", "ordinal")
MISSING = ("refuse", "drop", "mean", "median", "category")
SCALINGS = ("standardize", "range", "none")
DERIVED = ("x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)")
"""Inputs computed from the first two, whatever these are called."""

EVERY_COLUMN = "*"
"""The name in `data.columns` whose settings hold for all columns that have none of their own."""

MOST_EPOCHS = 1_000_000
"""The longest history, one row per epoch, takes 40 MB."""

OptionValues = dict[str, float | tuple[float, float]]
"""Options of an optimiser that differ from its defaults, by PyTorch's names."""

_Bool = Annotated[bool, Meta(description="true or false")]
_Seed = Annotated[int, whole_number(0, 2**63 - 1)]
_Cell = Annotated[str, Meta(description="a cell, as text")]
_Share = Annotated[float, Meta(ge=0.0, lt=1.0)]


class _Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the experiment file."""


class ColumnSettings(_Section, frozen=True, kw_only=True, omit_defaults=True):
    """`data.columns.<name>`: how one column is used."""

    use: _Bool = True
    encoding: Annotated[str, one_of(ENCODINGS)] | None = None
    """None: numbers as they are, text as one input per category."""
    order: (
        Annotated[
            tuple[str, ...],
            Meta(min_length=2, description="a list of categories, the lowest first"),
        ]
        | None
    ) = None
    """The categories of an ordinal encoding; None: sorted."""
    missing: Annotated[str, one_of(MISSING)] | None = None
    """None: refuse."""
    scaling: Annotated[str, one_of(SCALINGS)] | None = None
    """None: as `data.standardize` says for inputs, no scaling for targets."""


class ValidationColumn(_Section, frozen=True, kw_only=True, omit_defaults=True):
    """`data.validation`: the column that splits the rows into training and validation."""

    column: Annotated[str, Meta(min_length=1, description="the name of a column")]
    value: _Cell | None = None
    """The cell of validation rows; None: 1, true, validation or the like."""
    training: _Cell | None = None
    """The cell of training rows; None: 0, false, training or the like, or the only other value."""

    def __post_init__(self) -> None:
        """Make the name of the column plain, as the names in tables are."""
        force_setattr(self, "column", plain(self.column))


class DataSettings(_Section, frozen=True, kw_only=True):
    """`[data]`."""

    source: Annotated[
        str, Meta(min_length=1, description="a name from `tuiprop datasets` or a path")
    ]
    target: (
        Annotated[str | tuple[str, ...], Meta(description="a column or a list of columns")] | None
    ) = None
    """The columns to predict; None: the last."""
    validation: Annotated[
        _Share | str | ValidationColumn,
        Meta(
            description="a share of at least 0 and less than 1, "
            'the path of a file, or { column = "NAME" }'
        ),
    ] = 0.2
    standardize: _Bool = True
    seed: _Seed = 0
    points: Annotated[int, whole_number(2, 10_000_000)] = 500
    noise: Annotated[float, Meta(ge=0.0, le=0.5, description="a number from 0 to 0.5")] = 0.0
    columns: Annotated[
        dict[str, ColumnSettings],
        Meta(
            description="a table of columns, each with some of "
            + ", ".join(ColumnSettings.__struct_fields__)
        ),
    ] = {}
    derived: Annotated[tuple[str, ...], one_of(DERIVED, least=0)] = ()
    format: Annotated[str, one_of(FORMATS)] | None = None
    """None: detected by the content of the file, or else by its suffix."""
    delimiter: (
        Annotated[str, Meta(min_length=1, max_length=1, description="one character")] | None
    ) = None
    """None: detected."""
    decimal: Annotated[str, one_of((".", ","))] | None = None
    """None: a point; a comma is not detected, as it may separate thousands."""
    header: _Bool | None = None
    """None: detected."""
    missing_values: (
        Annotated[tuple[str, ...], Meta(description='a list of cells such as ["", "NA"]')] | None
    ) = None
    examples: Annotated[str, one_of(("rows", "columns"))] | None = None
    """The axis of NumPy arrays that counts examples."""
    labels: Annotated[str, Meta(min_length=1, description="the path of an IDX file")] | None = None
    """The labels of the images in an IDX file; None: the file beside it."""

    def __post_init__(self) -> None:
        """Make names of columns plain, as the names in tables are."""
        if isinstance(self.target, str):
            force_setattr(self, "target", plain(self.target))
        elif self.target is not None:
            force_setattr(self, "target", tuple(map(plain, self.target)))
        columns = {plain(name): each for name, each in self.columns.items()}
        force_setattr(self, "columns", columns)

    @property
    def targets(self) -> tuple[str, ...]:
        """The named target columns; empty if none is named."""
        if self.target is None:
            return ()
        return (self.target,) if isinstance(self.target, str) else self.target

    @property
    def is_path(self) -> bool:
        """True if the source is a file or standard input, not the name of a data set."""
        return self.source == STANDARD_INPUT or looks_like_path(self.source)

    @property
    def validation_file(self) -> str | None:
        """The file that holds the validation examples."""
        return self.validation if isinstance(self.validation, str) else None

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of all files that hold the data, standard input excluded."""
        source = self.source if self.is_path and self.source != STANDARD_INPUT else None
        paths = (source, self.labels, self.validation_file)
        return tuple(path for path in paths if path is not None)

    def of_column(self, name: str) -> ColumnSettings:
        """Return the settings of a column by name, the defaults if it has none."""
        return self.columns.get(name, ColumnSettings())

    @property
    def of_every_column(self) -> ColumnSettings:
        """The settings of columns that have none of their own."""
        return self.of_column(EVERY_COLUMN)


class LayerSettings(_Section, frozen=True, kw_only=True):
    """One of `network.layers`."""

    units: Annotated[int, whole_number(1, 100_000)]
    activation: Annotated[str, one_of(ACTIVATIONS)]


class NetworkSettings(_Section, frozen=True, kw_only=True):
    """`[network]`."""

    layers: (
        Annotated[
            tuple[LayerSettings, ...],
            Meta(
                min_length=1,
                description='a list of { units = 8, activation = "tanh" }, the output layer last',
            ),
        ]
        | None
    ) = None
    """The layers, output layer included; None: 8 units of tanh and what the target needs."""
    initializer: Annotated[str, one_of(INITIALIZERS)] = "xavier_uniform"
    loss: Annotated[str, one_of(LOSSES)] | None = None
    """None: the loss that suits the target."""
    l2: Annotated[float, Meta(ge=0.0, description="a number, 0 or more")] = 0.0
    seed: _Seed = 0


class TrainingSettings(_Section, frozen=True, kw_only=True):
    """`[training]`."""

    optimizer: Annotated[str, one_of(OPTIMIZERS)] = "sgd"
    learning_rate: Annotated[float, Meta(gt=0.0, description="a number greater than 0")] = 0.01
    batch_size: Annotated[int, whole_number(0, note=" (0 is the whole training set)")] = 32
    epochs: Annotated[int, whole_number(0, MOST_EPOCHS)] = 200
    shuffle: _Bool = True
    seed: _Seed = 0
    dtype: Annotated[str, one_of(("float64", "float32"))] = "float64"
    options: Annotated[OptionValues, Meta(description="numbers by PyTorch's names")] = {}


class Breakpoint(_Section, frozen=True, kw_only=True):
    """One `[[breakpoint]]`."""

    when: Annotated[
        str, Meta(description='a condition QUANTITY OP NUMBER, such as "train_loss < 0.05"')
    ]
    enabled: _Bool = True
    """If false, it stays in the file and stops nothing."""


class Experiment(_Section, frozen=True, kw_only=True):
    """A whole experiment; sections may be given as mappings with the keys of the file.

    Raises:
        ExperimentError: a key is unknown, or a value has the wrong type or is out of range.
    """

    data: DataSettings
    network: NetworkSettings = NetworkSettings()
    training: TrainingSettings = TrainingSettings()
    breakpoint: tuple[Breakpoint, ...] = ()

    def __post_init__(self) -> None:
        for name, hint in get_type_hints(type(self)).items():
            section = getattr(self, name)
            raw = msgspec.to_builtins(section) if isinstance(section, Struct) else section
            force_setattr(self, name, convert({name: raw}, {name: hint})[name])
        check_values(self)
        _check_data(self.data)
        _check_options(self.training)
        for i, each in enumerate(self.breakpoint):
            try:
                parse_condition(each.when)
            except ConditionError as error:
                raise condition_error(i, error) from None

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions of all enabled breakpoints."""
        return tuple(parse_condition(each.when) for each in self.breakpoint if each.enabled)


def looks_like_path(text: str) -> bool:
    """Return True if a text has a suffix or a folder, or ends as the names of MNIST's files do."""
    return "." in text or "/" in text or "\\" in text or text.endswith("-ubyte")


def condition_error(i: int, error: ConditionError) -> ExperimentError:
    """Return the error about the condition of breakpoint i, counted from 0."""
    key = f"breakpoint[{i}].when"
    named = ExperimentError(f"{key}: {error}", key=key)
    named.found, named.allowed = error.found, error.allowed
    return named


def _check_data(data: DataSettings) -> None:
    hints = get_type_hints(DataSettings, include_extras=True)
    if data.target == ():
        raise invalid("data.target", [], allowed_in(hints["target"]))
    if isinstance(data.validation, str) and not looks_like_path(data.validation):
        raise invalid("data.validation", data.validation, allowed_in(hints["validation"]))
    delimiter = data.delimiter
    if delimiter is not None:
        if delimiter == (data.decimal or "."):
            raise invalid("data.delimiter", delimiter, "another character than data.decimal")
        if delimiter in '"\n\r\0' or not delimiter.isascii():
            raise invalid("data.delimiter", delimiter, "an ASCII character such as ; or a tab")
    for name, column in data.columns.items():
        if column.order is not None and column.encoding != "ordinal":
            key = f"data.columns.{name}.order"
            raise invalid(key, list(column.order), 'left out unless encoding = "ordinal"')


_Range: TypeAlias = tuple[Callable[[float], bool], str]
"""A test of a number, and its words."""

_SHARE_RANGE: _Range = (lambda x: 0 <= x < 1, "from 0 to less than 1")
_FINITE: _Range = (lambda x: True, "that is finite")
_OPTION_RANGES: dict[str, _Range] = {
    "momentum": _SHARE_RANGE,
    "alpha": _SHARE_RANGE,
    "betas": _SHARE_RANGE,
    "eps": (lambda x: x > 0, "greater than 0"),
    "weight_decay": (lambda x: x >= 0, "of 0 or more"),
}
"""The ranges of the options that not every finite number suits."""


def _check_options(training: TrainingSettings) -> None:
    defaults: Options = OPTIMIZERS[training.optimizer].options
    for name, value in training.options.items():
        key = f"training.options.{name}"
        if name not in defaults:
            raise unknown_key(key, f"those of {training.optimizer}: {', '.join(defaults)}")
        is_in_range, words = _OPTION_RANGES.get(name, _FINITE)
        is_pair = isinstance(defaults[name], tuple)
        numbers = value if isinstance(value, tuple) else (value,)
        if isinstance(value, tuple) != is_pair or not all(map(is_in_range, numbers)):
            found = list(value) if isinstance(value, tuple) else value
            raise invalid(key, found, f"{'two numbers' if is_pair else 'a number'} {words}")


def parse(raw: Mapping[str, Any]) -> Experiment:
    """Return the experiment in the tables of a file.

    Raises:
        ExperimentError: as `Experiment`; without the name of the file.
    """
    hints = get_type_hints(Experiment)
    for name in raw:
        if name not in hints:
            raise unknown_key(name, ", ".join(hints))
    if "data" not in raw:
        source = get_type_hints(DataSettings, include_extras=True)["source"]
        raise invalid("data.source", None, allowed_in(source))
    return Experiment(**convert(raw, {name: hints[name] for name in raw}))


def to_tables(experiment: Experiment) -> dict[str, Any]:
    """Return the experiment as the tables of its file: every key written, empty ones left out."""
    tables: dict[str, Any] = msgspec.to_builtins(experiment)
    for table in tables.values():
        if isinstance(table, dict):
            for key in [key for key, value in table.items() if value is None or value in ({}, ())]:
                del table[key]
    return {name: table for name, table in tables.items() if table}
