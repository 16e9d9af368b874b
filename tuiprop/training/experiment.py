"""The experiment: what is trained, on what and how, as a typed and validated value.

It is what an experiment file (TOML) says; every value that is not allowed is answered with the
key, what was found and what is allowed.
"""

import math
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
import tomli_w
from msgspec import Meta, Struct
from msgspec.structs import force_setattr

from tuiprop.cell import plain
from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.initialization import INITIALIZERS
from tuiprop.core.loss import LOSSES
from tuiprop.core.optimizer import OPTIMIZERS, Options
from tuiprop.training.breakpoint import Condition, ConditionError
from tuiprop.training.breakpoint import parse as parse_condition


class ExperimentError(ValueError):
    """An experiment that cannot be: one sentence with file, key, found and allowed.

    Attributes:
        key: the key at fault, such as "training.batch_size"; "" where it is the whole file.
    """

    def __init__(self, sentence: str, key: str = "") -> None:
        super().__init__(sentence)
        self.key = key


OptionValues = dict[str, float | tuple[float, float]]
"""Options of an optimiser that differ from its defaults, by PyTorch's names."""

_Seed = Annotated[int, Meta(ge=0, le=2**63 - 1, description="a whole number, 0 or more")]


STANDARD_INPUT = "-"
"""As a source."""


def _looks_like_path(text: str) -> bool:
    """It has a suffix or a folder, as no name has, or ends as MNIST's files do."""
    return "." in text or "/" in text or "\\" in text or text.endswith("-ubyte")


def _choice(names: Mapping[str, object] | tuple[str, ...], least: int = 1) -> Meta:
    return Meta(
        description="one of " + ", ".join(names),
        extra={"choices": frozenset(names)},
        min_length=least,
    )


class _Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the experiment file."""


FORMATS = ("csv", "jsonl", "parquet", "numpy", "idx")
"""Of files with data; CSV is any text with one delimiter."""

ENCODINGS = ("number", "one-hot", "ordinal")
MISSING = ("refuse", "drop", "mean", "median", "category")
SCALINGS = ("standardize", "range", "none")
DERIVED = ("x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)")
"""Inputs that are made of the first and the second one, whatever these are called."""

EVERY_COLUMN = "*"
"""The name under which `data.columns` says what holds for columns that it does not name."""


class ColumnSettings(_Section, frozen=True, kw_only=True, omit_defaults=True):
    """`data.columns.<name>`: what is done with one column."""

    use: Annotated[bool, Meta(description="true or false")] = True
    encoding: Annotated[str, _choice(ENCODINGS)] | None = None
    """None: numbers as they are, text as one input for each category."""
    order: (
        Annotated[
            tuple[str, ...],
            Meta(min_length=2, description="a list of categories, the lowest first"),
        ]
        | None
    ) = None
    """Of an ordinal encoding; None: sorted."""
    missing: Annotated[str, _choice(MISSING)] | None = None
    """None: refuse."""
    scaling: Annotated[str, _choice(SCALINGS)] | None = None
    """None: what `data.standardize` says, for inputs; none, for targets."""


class ValidationColumn(_Section, frozen=True, kw_only=True, omit_defaults=True):
    """`data.validation`: the column that says which row is held out."""

    column: Annotated[str, Meta(min_length=1, description="the name of a column")]
    value: Annotated[str, Meta(description="a cell, as text")] | None = None
    """Of the rows held out; None: 1, true, validation or the like."""
    training: Annotated[str, Meta(description="a cell, as text")] | None = None
    """Of the rows trained on; None: 0, false, training or the like, or the only other one."""

    def __post_init__(self) -> None:
        """The name of the column is plain, as those of tables are."""
        force_setattr(self, "column", plain(self.column))


_Share = Annotated[float, Meta(ge=0.0, lt=1.0)]


class DataSettings(_Section, frozen=True, kw_only=True):
    """`[data]`."""

    source: Annotated[
        str, Meta(min_length=1, description="a name from `tuiprop datasets` or a path")
    ]
    target: (
        Annotated[str | tuple[str, ...], Meta(description="a column or a list of columns")] | None
    ) = None
    """The columns to be predicted; None: the last."""
    validation: Annotated[
        _Share | str | ValidationColumn,
        Meta(
            description="a share: 0 or more, less than 1; "
            'the path of a file; or { column = "NAME" }'
        ),
    ] = 0.2
    standardize: Annotated[bool, Meta(description="true or false")] = True
    seed: _Seed = 0
    points: Annotated[
        int, Meta(ge=2, le=10_000_000, description="a whole number from 2 to 10000000")
    ] = 500
    noise: Annotated[float, Meta(ge=0.0, le=0.5, description="a number from 0 to 0.5")] = 0.0
    columns: Annotated[
        dict[str, ColumnSettings],
        Meta(
            description="a table of columns, each with some of "
            + ", ".join(ColumnSettings.__struct_fields__)
        ),
    ] = {}
    derived: Annotated[tuple[str, ...], _choice(DERIVED, least=0)] = ()
    format: Annotated[str, _choice(FORMATS)] | None = None
    """Of the file; None: what its content and its suffix say. So with all that follow."""
    delimiter: (
        Annotated[str, Meta(min_length=1, max_length=1, description="one character")] | None
    ) = None
    decimal: Annotated[str, _choice((".", ","))] | None = None
    """None: a point; a comma is not guessed, as it may part thousands."""
    header: Annotated[bool, Meta(description="true or false")] | None = None
    missing_values: (
        Annotated[tuple[str, ...], Meta(description='a list of cells such as ["", "NA"]')] | None
    ) = None
    examples: Annotated[str, _choice(("rows", "columns"))] | None = None
    """How NumPy arrays hold them."""
    labels: Annotated[str, Meta(min_length=1, description="the path of an IDX file")] | None = None
    """Of the images of an IDX file."""

    def __post_init__(self) -> None:
        """Names of columns are plain, as those of tables are."""
        if isinstance(self.target, str):
            force_setattr(self, "target", plain(self.target))
        elif self.target is not None:
            force_setattr(self, "target", tuple(map(plain, self.target)))
        columns = {plain(name): each for name, each in self.columns.items()}
        force_setattr(self, "columns", columns)

    @property
    def targets(self) -> tuple[str, ...]:
        """The target columns named; empty where none is."""
        if self.target is None:
            return ()
        return (self.target,) if isinstance(self.target, str) else self.target

    @property
    def is_path(self) -> bool:
        """The source is a file or standard input, not a name."""
        return self.source == STANDARD_INPUT or _looks_like_path(self.source)

    @property
    def validation_file(self) -> str | None:
        """The file that holds the validation examples."""
        return self.validation if isinstance(self.validation, str) else None

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of all files that hold the data, standard input left out."""
        source = self.source if self.is_path and self.source != STANDARD_INPUT else None
        paths = (source, self.labels, self.validation_file)
        return tuple(path for path in paths if path is not None)

    def of_column(self, name: str) -> ColumnSettings:
        """What is said of that column by name."""
        return self.columns.get(name, ColumnSettings())

    @property
    def of_every_column(self) -> ColumnSettings:
        """What is said of the columns that are not named."""
        return self.of_column(EVERY_COLUMN)


class LayerSettings(_Section, frozen=True, kw_only=True):
    """One of `network.layers`."""

    units: Annotated[int, Meta(ge=1, le=100_000, description="a whole number from 1 to 100000")]
    activation: Annotated[str, _choice(ACTIVATIONS)]


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
    """The output layer included; None: 8 units of tanh and what fits the target."""
    initializer: Annotated[str, _choice(INITIALIZERS)] = "xavier_uniform"
    loss: Annotated[str, _choice(LOSSES)] | None = None
    """None: what fits the target."""
    l2: Annotated[float, Meta(ge=0.0, description="a number, 0 or more")] = 0.0
    seed: _Seed = 0


MOST_EPOCHS = 1_000_000
"""Their history, a row each, is 40 MB."""


class TrainingSettings(_Section, frozen=True, kw_only=True):
    """`[training]`."""

    optimizer: Annotated[str, _choice(OPTIMIZERS)] = "sgd"
    learning_rate: Annotated[float, Meta(gt=0.0, description="a number greater than 0")] = 0.01
    batch_size: Annotated[
        int, Meta(ge=0, description="a whole number, 0 or more; 0 is the whole training set")
    ] = 32
    epochs: Annotated[
        int, Meta(ge=0, le=MOST_EPOCHS, description=f"a whole number from 0 to {MOST_EPOCHS}")
    ] = 200
    shuffle: Annotated[bool, Meta(description="true or false")] = True
    seed: _Seed = 0
    dtype: Annotated[str, _choice(("float64", "float32"))] = "float64"
    options: Annotated[OptionValues, Meta(description="numbers by PyTorch's names")] = {}


class Breakpoint(_Section, frozen=True, kw_only=True):
    """One `[[breakpoint]]`."""

    when: Annotated[
        str, Meta(description='a condition QUANTITY OP NUMBER, such as "train_loss < 0.05"')
    ]
    enabled: Annotated[bool, Meta(description="true or false")] = True
    """Switched off, it stays in the file and stops nothing."""


class Experiment(_Section, frozen=True, kw_only=True):
    """A whole experiment; the sections may be given as mappings with the names of the file.

    Raises:
        ExperimentError: a key that is unknown, of the wrong type or out of range.
    """

    data: DataSettings
    network: NetworkSettings = NetworkSettings()
    training: TrainingSettings = TrainingSettings()
    breakpoint: tuple[Breakpoint, ...] = ()

    def __post_init__(self) -> None:
        for name, hint in get_type_hints(type(self)).items():
            section = getattr(self, name)
            raw = msgspec.to_builtins(section) if isinstance(section, Struct) else section
            value = _convert({name: raw}, {name: hint}, "")[name]
            msgspec.structs.force_setattr(self, name, value)
        _check_values(self, "")
        _check_options(self.training)
        if self.data.target == ():
            raise _error("data.target", [], "a column or a list of columns")
        _check_data(self.data)
        for i, each in enumerate(self.breakpoint):
            try:
                parse_condition(each.when)
            except ConditionError as error:
                key = f"breakpoint[{i}].when"
                raise ExperimentError(f"{key}: {error}", key) from None

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Those of every breakpoint that is switched on."""
        return tuple(parse_condition(each.when) for each in self.breakpoint if each.enabled)


def _check_data(data: DataSettings) -> None:
    if isinstance(data.validation, str) and not _looks_like_path(data.validation):
        allowed = _allowed(_metas(get_type_hints(DataSettings, include_extras=True)["validation"]))
        raise _error("data.validation", data.validation, allowed)
    delimiter = data.delimiter
    if delimiter is not None:
        if delimiter == (data.decimal or "."):
            raise _error("data.delimiter", delimiter, "another character than data.decimal")
        if delimiter in '"\n\r\0' or not delimiter.isascii():
            raise _error("data.delimiter", delimiter, "an ASCII character such as ; or a tab")
    for name, column in data.columns.items():
        if column.order is not None and column.encoding != "ordinal":
            key = f"data.columns.{name}.order"
            raise _error(key, list(column.order), 'none, unless encoding = "ordinal"')


_OPTION_RANGES = {
    "momentum": (lambda x: 0 <= x < 1, "a number from 0 to less than 1"),
    "alpha": (lambda x: 0 <= x < 1, "a number from 0 to less than 1"),
    "betas": (lambda x: 0 <= x < 1, "two numbers from 0 to less than 1"),
    "eps": (lambda x: x > 0, "a number greater than 0"),
    "weight_decay": (lambda x: x >= 0, "a number, 0 or more"),
}


def _check_options(training: TrainingSettings) -> None:
    defaults: Options = OPTIMIZERS[training.optimizer].options
    for name, value in training.options.items():
        key = f"training.options.{name}"
        if name not in defaults:
            raise _unknown_key(key, f"for {training.optimizer}: {', '.join(defaults)}")
        allowed_values, allowed = _OPTION_RANGES[name]
        pair = isinstance(value, tuple)
        numbers = value if isinstance(value, tuple) else (value,)
        if pair != isinstance(defaults[name], tuple) or not all(map(allowed_values, numbers)):
            raise _error(key, list(value) if isinstance(value, tuple) else value, allowed)


def _error(key: str, found: Any, allowed: str) -> ExperimentError:
    return ExperimentError(f"{key}: found {_as_toml(found)}, allowed: {allowed}", key)


def _unknown_key(key: str, allowed: str) -> ExperimentError:
    return ExperimentError(f"{key}: found an unknown key, allowed: {allowed}", key)


def _as_toml(value: Any) -> str:
    """A value as the file would write it, on one line and shortened."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a table"
    try:
        text = " ".join(tomli_w.dumps({"x": value}).removeprefix("x =").split())
    except TypeError:  # from Python: not a value that TOML has
        text = repr(value)
    text = text.replace("[ ", "[").replace(", ]", "]")
    return text if len(text) <= 60 else text[:57] + "..."


def _metas(hint: Any) -> list[Meta]:
    """The constraints written at a field, through unions with None."""
    if get_origin(hint) is Annotated:
        return [meta for meta in hint.__metadata__ if isinstance(meta, Meta)]
    return [meta for part in get_args(hint) for meta in _metas(part)]


def _check_values(section: Struct, prefix: str) -> None:
    """What types cannot say: names from a table, and that numbers are finite."""
    for name, hint in get_type_hints(type(section), include_extras=True).items():
        value = getattr(section, name)
        key = f"{prefix}{name}"
        children: list[tuple[str, Any]] = [(key, value)]
        if isinstance(value, tuple):
            children = [(f"{key}[{i}]", child) for i, child in enumerate(value)]
        elif isinstance(value, dict):
            children = [(f"{key}.{child_name}", child) for child_name, child in value.items()]
        metas = _metas(hint)
        for child_key, child in children:
            if isinstance(child, Struct):
                _check_values(child, child_key + ".")
            for number in child if isinstance(child, tuple) else (child,):
                if isinstance(number, float) and not math.isfinite(number):
                    raise _error(child_key, number, f"{_allowed(metas) or 'a number'}, finite")
            for meta in metas:
                choices = (meta.extra or {}).get("choices")
                if choices and isinstance(child, str) and child not in choices:
                    raise _error(child_key, child, _allowed(metas))


def _allowed(metas: list[Meta]) -> str:
    return next((meta.description for meta in metas if meta.description), "")


_AT = re.compile(r" - at `(?:key in )?\$(?P<path>[^`]*)`$")
_PART = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")


def _convert(raw: Mapping[str, Any], hints: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The sections of `raw` as the types in `hints`; errors speak of `prefix` + key."""
    converted = {}
    for name, hint in hints.items():
        try:
            converted[name] = msgspec.convert(raw[name], hint)
        except msgspec.ValidationError as error:
            raise _explain(str(error), raw[name], hint, prefix + name) from None
    return converted


def _explain(message: str, raw: Any, hint: Any, key: str) -> ExperimentError:
    """Our sentence for msgspec's: it names the place and the reason, we add found and allowed."""
    match = _AT.search(message)
    found, allowed = raw, ""
    for field, index in _PART.findall(match["path"]) if match else ():
        if index == "...":
            field, hint = _culprit(found, hint)
        elif field:
            hint = _field_hint(hint, field)
        if index.isdigit():
            key += f"[{index}]"
            found = found[int(index)] if isinstance(found, list | tuple) else None
        else:
            key += f".{field}"
            found = found.get(field) if isinstance(found, Mapping) else None
        allowed = _allowed(_metas(hint)) or allowed
    unknown = re.search(r"unknown field `([^`]*)`", message)
    missing = re.search(r"missing required field `([^`]*)`", message)
    struct = _struct(hint)
    if unknown and struct:
        return _unknown_key(f"{key}.{unknown[1]}", ", ".join(struct.__struct_fields__))
    if missing and struct:
        return _error(
            f"{key}.{missing[1]}", None, _allowed(_metas(_field_hint(struct, missing[1])))
        )
    if struct and not allowed:
        allowed = "a table with " + ", ".join(struct.__struct_fields__)
    return _error(key, found, allowed or message.split(" - at ")[0])


def _culprit(table: Any, hint: Any) -> tuple[str, Any]:
    """The first entry of a table of named values that cannot be, and the type of its values."""
    while get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    value_hint = get_args(hint)[1]
    for name, value in table.items():
        try:
            msgspec.convert(value, value_hint)
        except msgspec.ValidationError:
            return str(name), value_hint
    return "", value_hint


def _struct(hint: Any) -> type[Struct] | None:
    """The struct a hint speaks of, through Annotated, unions, tuples and dicts."""
    if isinstance(hint, type) and issubclass(hint, Struct):
        return hint
    return next((found for part in get_args(hint) if (found := _struct(part))), None)


def _field_hint(hint: Any, field: str) -> Any:
    struct = _struct(hint)
    if struct is None:
        return hint
    return get_type_hints(struct, include_extras=True).get(field, hint)


def parse(raw: Mapping[str, Any]) -> Experiment:
    """An experiment from the tables of its file.

    Raises:
        ExperimentError: as `Experiment`; without the name of the file.
    """
    hints = get_type_hints(Experiment)
    for name in raw:
        if name not in hints:
            raise _unknown_key(name, ", ".join(hints))
    if "data" not in raw:
        raise _error("data.source", None, "a name from `tuiprop datasets` or a path")
    return Experiment(**_convert(raw, {name: hints[name] for name in raw}, ""))


def load(path: str | Path) -> Experiment:
    """Read an experiment file. A data path in it is relative to the file.

    Raises:
        ExperimentError: the file cannot be read, is not TOML, or says what cannot be.
    """
    path = Path(path)
    try:
        raw = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ExperimentError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ExperimentError(f"{path}: not UTF-8 at byte {error.start}") from None
    except (ValueError, RecursionError) as error:
        raise ExperimentError(f"{path}: not TOML: {error}") from None
    try:
        experiment = parse(raw)
    except ExperimentError as error:
        raise ExperimentError(f"{path}: {error}", error.key) from None
    return found_from(experiment, path.parent)


def found_from(experiment: Experiment, folder: Path) -> Experiment:
    """The experiment of a file in a folder: its data paths as seen from here."""
    return _with_paths(experiment, lambda path: folder / path)


def written_in(experiment: Experiment, folder: Path) -> Experiment:
    """The experiment as a file in a folder holds it: its data paths relative to that folder."""
    return _with_paths(experiment, lambda path: Path(os.path.relpath(path, folder)))


def _with_paths(experiment: Experiment, seen: Callable[[str], Path]) -> Experiment:
    """The experiment with another path for each of its files with data."""
    data = experiment.data
    paths = {
        "source": data.source if data.is_path and data.source != STANDARD_INPUT else None,
        "validation": data.validation_file,
        "labels": data.labels,
    }
    changed = {key: _as_path(seen(path)) for key, path in paths.items() if path is not None}
    return msgspec.structs.replace(experiment, data=msgspec.structs.replace(data, **changed))


def _as_path(path: Path) -> str:
    """A path written so that it is not taken for a name."""
    written = path.as_posix()
    return written if "." in written or "/" in written else f"./{written}"


def to_tables(experiment: Experiment) -> dict[str, Any]:
    """The experiment as the tables of its file, every key written; empty ones left out."""
    tables: dict[str, Any] = msgspec.to_builtins(experiment)
    for table in tables.values():
        if isinstance(table, dict):
            for key in [key for key, value in table.items() if value is None or value in ({}, ())]:
                del table[key]
    return {name: table for name, table in tables.items() if table}


def changed(experiment: Experiment, assignments: Iterable[str]) -> Experiment:
    """The experiment with some keys set, such as "data.header=false"; values as in its file.

    What is not a TOML value is taken as text, so that a shell needs no quotes of its own.

    Raises:
        ExperimentError: an assignment without a key, or a key or a value that cannot be.
    """
    tables = to_tables(experiment)
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        try:
            path = list(_keys_of(tomllib.loads(f"{key} = 0")))
        except tomllib.TOMLDecodeError:
            path = []
        if not equals or len(path) < 2:
            raise _error("--set", assignment, "SECTION.KEY=VALUE, such as data.header=false")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            value = text
        table = tables
        for part in path[:-1]:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise _unknown_key(key, "a key of the experiment file")
        table[path[-1]] = value
    return parse(tables)


def _keys_of(nested: Mapping[str, Any]) -> Iterator[str]:
    """The keys on the way into tables of one entry each."""
    for key, value in nested.items():
        yield key
        if isinstance(value, Mapping):
            yield from _keys_of(value)


def to_toml(experiment: Experiment, folder: Path | None = None) -> str:
    """The text of the experiment's file; a data path is written relative to `folder`."""
    written = experiment if folder is None else written_in(experiment, folder)
    return tomli_w.dumps(to_tables(written))
