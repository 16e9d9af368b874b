"""Views of a table before training: its columns and their preparation."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from tuiprop.core.loss import LOSSES
from tuiprop.data.catalogue import identity, load_table
from tuiprop.data.column_summary import Summary, summary_of
from tuiprop.data.preparation.choices import MOST_CATEGORIES, Choice, input_choice, target_choice
from tuiprop.data.preparation.completion import complete
from tuiprop.data.preparation.examples import Examples, prepare
from tuiprop.data.preparation.target import looks_like_classes
from tuiprop.data.preview import Reading, reading_of, with_suggestions
from tuiprop.data.readers.dialect import ReadOptions
from tuiprop.data.table import Column, DataError, Table, format_number
from tuiprop.errors import UserError
from tuiprop.protocol.messages.base import Refused
from tuiprop.protocol.messages.data import (
    ColumnNote,
    Describe,
    Described,
    Outline,
    ReadingNote,
    Role,
)
from tuiprop.session.views.images import Images
from tuiprop.session.views.plane import Plane
from tuiprop.training.experiment import (
    ENCODINGS,
    MISSING,
    SCALINGS,
    DataSettings,
    Experiment,
    ExperimentError,
    ValidationColumn,
    parse,
    to_tables,
)
from tuiprop.training.network import network_of
from tuiprop.wording import shortened

CELLS = 12
"""The number of first rows that are shown."""

LONGEST_LINE = 300
"""The most characters that are shown of a line of a file."""

ON_MISSING = {
    "number": MISSING,
    "ordinal": MISSING,
    "one-hot": ("refuse", "drop", "category"),
    "target": ("refuse", "drop"),
}
"""The ways to treat a missing value, by encoding."""


class TableView:
    """Reads the present table once and describes it."""

    def __init__(self) -> None:
        self._table: tuple[object, Table] | None = None
        self._summaries: dict[tuple[str, tuple[str, ...]], Summary] = {}
        self._outcome: tuple[Experiment, Table, Outline | Refused] | None = None
        self._examples: tuple[Experiment, Table, Examples] | None = None

    def load(self, settings: DataSettings) -> Table:
        """The table of these settings, read again only if it has changed.

        Raises:
            DataError: see `load_table`.
        """
        key = identity(settings)
        if self._table is None or self._table[0] != key:
            self._table = key, load_table(settings)
            self._summaries.clear()
        return self._table[1]

    def outline(self, experiment: Experiment) -> Outline:
        """Summarise an experiment.

        Raises:
            ExperimentError: it does not fit its table.
            DataError: the table cannot be used.
        """
        table = self.load(experiment.data)
        experiment = complete(experiment, table)
        self._examples = (
            None  # release the old examples before preparing new ones: they may be large
        )
        examples = prepare(experiment, table)
        self._examples = experiment, table, examples
        return outline_of(experiment, table, examples)

    def take(self, experiment: Experiment, table: Table) -> Examples | None:
        """Hand over the examples of the last outline, once, if it was of this experiment."""
        known, self._examples = self._examples, None
        if known is None or known[0] != experiment or known[1] is not table:
            return None
        return known[2]

    def describe(self, request: Describe) -> Described:
        """Describe the requested columns, and the result of the experiment for the table.

        Raises:
            ExperimentError: the experiment is invalid.
            DataError: the file cannot be read, and other reading options cannot help.
        """
        experiment = parse(request.experiment)
        settings = experiment.data
        try:
            table = self.load(settings)
        except DataError as error:
            return _unread(experiment, error)
        if request.suggest:
            settings = with_suggestions(settings, table)
            table = self.load(settings)  # an unused column is read differently
            experiment = msgspec.structs.replace(experiment, data=settings)
        if request.refit:
            experiment = _refitted(experiment, table)
        outcome = self._outcome_of(experiment, table)
        if isinstance(outcome, Outline):
            experiment = parse(outcome.experiment)
        end = request.first + request.count
        columns = table.columns[request.first : end]
        return Described(
            experiment=to_tables(experiment),
            reading=_note(reading_of(settings)) if settings.is_path else None,
            rows=table.own_rows,
            names=list(table.names),
            first=request.first,
            columns=[self._column(experiment, table, column) for column in columns],
            outline=outcome if isinstance(outcome, Outline) else None,
            refused=outcome if isinstance(outcome, Refused) else None,
        )

    def _outcome_of(self, experiment: Experiment, table: Table) -> Outline | Refused:
        """The outline of the experiment, or the refusal; remembered for repeated requests."""
        known = self._outcome
        if known is None or known[0] != experiment or known[1] is not table:
            outcome: Outline | Refused
            try:
                outcome = outline = self.outline(experiment)
                experiment = parse(outline.experiment)
            except UserError as error:
                outcome = refusal_of(error)
            self._outcome = known = experiment, table, outcome
        return known[2]

    def _column(self, experiment: Experiment, table: Table, column: Column) -> ColumnNote:
        named = experiment.data.targets or table.names[-1:]
        targets = tuple(name for name in named if name in table)
        key = column.name, targets
        if key not in self._summaries:
            self._summaries[key] = summary_of(column, [table[name] for name in targets])
        summary = self._summaries[key]
        use = _use(experiment, column, targets)
        return ColumnNote(
            name=column.name,
            kind=summary.kind,
            missing=summary.missing,
            distinct=summary.distinct,
            low=summary.low,
            high=summary.high,
            mean=summary.mean,
            deviation=summary.deviation,
            bars=[bar.count for bar in summary.bars],
            categories=list(column.categories.names[:MOST_CATEGORIES]) if column.is_text else [],
            flags=list(summary.flags),
            cells=_cells(column),
            role=use.role,
            encoding=use.encoding,
            on_missing=use.missing if use.on_missings else "",
            scaling=use.scaling if use.scalings else "",
            encodings=list(use.encodings),
            on_missings=list(use.on_missings),
            scalings=list(use.scalings),
        )


def _refitted(experiment: Experiment, table: Table) -> Experiment:
    """The experiment with the loss and the output layer for its target; unchanged on an error."""
    network = experiment.network
    unsaid = msgspec.structs.replace(network, layers=None, loss=None)
    try:
        fitting = complete(Experiment(data=experiment.data, network=unsaid), table).network
    except UserError:
        return experiment  # its outcome reports the error
    assert fitting.layers is not None
    if network.layers is not None:
        layers = (*network.layers[:-1], fitting.layers[-1])
        fitting = msgspec.structs.replace(fitting, layers=layers)
    return msgspec.structs.replace(experiment, network=fitting)


@dataclass(frozen=True)
class _Use:
    """The use of a column, and its alternatives."""

    role: Role
    encoding: str = ""
    missing: str = ""
    scaling: str = ""
    encodings: tuple[str, ...] = ()
    on_missings: tuple[str, ...] = ()
    scalings: tuple[str, ...] = ()


def _use(experiment: Experiment, column: Column, targets: Sequence[str]) -> _Use:
    settings, loss = experiment.data, experiment.network.loss
    own, validation = settings.of_column(column.name), settings.validation
    if column.name in targets:
        classes = LOSSES[loss].classes if loss else looks_like_classes(column)
        try:
            choice = target_choice(settings, column, classes)
        except ExperimentError:  # the error is shown beside the column
            choice = Choice(column, "", own.missing or "", own.scaling or "")
        scalings = () if classes else SCALINGS
        return _Use(
            "target", "", choice.missing, choice.scaling, (), ON_MISSING["target"], scalings
        )
    if isinstance(validation, ValidationColumn) and validation.column == column.name:
        return _Use("split")
    if not own.use:
        return _Use("left out")
    encodings = _encodings(column, settings.decimal or ".")
    try:
        choice = input_choice(settings, column)
    except ExperimentError:
        encoding = own.encoding if own.encoding in encodings else encodings[0]
        choice = Choice(column, encoding, own.missing or "", own.scaling or "")
    scalings = () if choice.encoding == "one-hot" else SCALINGS
    on_missings = ON_MISSING[choice.encoding]
    return _Use(
        "input", choice.encoding, choice.missing, choice.scaling, encodings, on_missings, scalings
    )


def _encodings(column: Column, decimal: str) -> tuple[str, ...]:
    """The possible encodings of a column, the default first."""
    if not column.is_text:
        return ENCODINGS
    texts = column.categories.names
    numbers = ReadOptions(decimal=decimal)
    # numbers in a column of categories have been read as text
    return ("one-hot", "ordinal", *(("number",) if all(map(numbers.is_number, texts)) else ()))


def _cells(column: Column) -> list[str]:
    """The first cells as text."""
    first = column.values[:CELLS]
    cells = first if isinstance(first, tuple) else map(format_number, first.tolist())
    return [shortened(cell) for cell in cells]


def _unread(experiment: Experiment, error: DataError) -> Described:
    """Describe a file that cannot be read as a table with the present options.

    Raises:
        DataError: the given error, if other reading options cannot help.
    """
    if not experiment.data.is_path:
        raise error
    try:
        reading = reading_of(experiment.data)
    except DataError:
        raise error from None
    if not reading.lines and reading.format != "numpy":
        raise error
    return Described(
        experiment=to_tables(experiment),
        reading=_note(reading),
        rows=0,
        names=[],
        first=0,
        columns=[],
        outline=None,
        refused=refusal_of(error),
    )


def _note(reading: Reading) -> ReadingNote:
    lines = [shortened(line, LONGEST_LINE) for line in reading.lines]
    return ReadingNote(
        format=reading.format, delimiter=reading.delimiter, header=reading.header, lines=lines
    )


def refusal_of(error: UserError) -> Refused:
    """Build the reply to input that cannot be used: the sentence, and the key at fault."""
    key = error.key or ("data.source" if isinstance(error, DataError) else "")
    return Refused(sentence=str(error), key=key)


def outline_of(experiment: Experiment, table: Table, examples: Examples) -> Outline:
    """Summarise a complete experiment."""
    network = network_of(experiment, len(examples.inputs))
    count = len(examples.training)
    return Outline(
        experiment=to_tables(experiment),
        sizes=list(network.sizes),
        parameters=network.parameter_count,
        columns=list(table.names),
        rows=table.rows,
        training=count,
        validation=len(examples.validation),
        per_epoch=-(-count // min(experiment.training.batch_size or count, count)),
        classes=list(examples.classes),
        has_map=Plane.of(examples.preparation) is not None,
        has_pictures=Images.of(examples.preparation) is not None,
        notes=list(examples.notes),
    )
