"""Where a number came from, with the names that people know: units, classes, rows of the table."""

from dataclasses import dataclass

from tuiprop.core.array import Rows
from tuiprop.explain.provenance import Cell, Factor, Origin, Term, maker
from tuiprop.explain.tracer import Tracer
from tuiprop.protocol.messages.payloads import FactorNote, OriginNote, Place, TermNote
from tuiprop.session.session import Session
from tuiprop.training.edit import InputEdit, ParameterEdit
from tuiprop.training.plan import UpdateConfig
from tuiprop.update.arrays import ArrayRef
from tuiprop.update.operation import Operation, operations
from tuiprop.update.record import Record

_OF_ONE = {
    "bias": "bias",
    "output": "output",
    "target": "− target",
    "value": "",
    "before": "before",
    "decay": "decay",
    "change": "change",
}


@dataclass(frozen=True, eq=False)
class Made:
    """One update, whole: what was computed and how."""

    record: Record
    operations: tuple[Operation, ...]
    config: UpdateConfig


def leaf(session: Session, examples: Rows, place: Place, shown: float, update: int) -> OriginNote:
    """A number that an update starts from.

    Args:
        session: for the names.
        examples: of the update, rows of the training set.
        place: the number.
        shown: its value.
        update: the number of the update.
    """
    return OriginNote(
        place=place,
        name=name_of(session, examples, place),
        shown=shown,
        sentence=_beginning(session, examples, place, update),
    )


def _beginning(session: Session, examples: Rows, place: Place, update: int) -> str:
    """What a number is that an update starts from, in one sentence."""
    edits = [edit for edit in session.run.branch.edits if edit.at < update]
    cell = place.symbol, place.layer, place.row, place.column
    if place.symbol == "t":
        return "The number of the update."
    if place.symbol in ("a", "y"):
        row = session.examples.training.rows[examples[place.column]]
        what = f"{'An input' if place.symbol == 'a' else 'A target'}: row {row} of the table"
        changed = place.symbol == "a" and any(
            isinstance(edit, InputEdit)
            and (edit.example, edit.input) == (examples[place.column], place.row)
            for edit in edits
        )
        return f"{what}, changed by hand." if changed else f"{what}."
    by_hand = any(
        isinstance(edit, ParameterEdit)
        and edit.at == update - 1
        and (edit.symbol, edit.layer, edit.row, edit.column) == cell
        for edit in edits
    )
    if by_hand and not place.slot:
        return f"Changed by hand after update {update - 1}."
    if update == 1:
        return "0 before the first update." if place.slot else "Initial: before the first update."
    return f"Made by update {update - 1}."


def origin(session: Session, made: Made, place: Place, count: int, width: int) -> OriginNote:
    """Where one number of an update came from.

    Args:
        session: for the names.
        made: the update.
        place: the number.
        count: how many terms are wanted, the largest ones.
        width: columns that a line of a formula may have.
    """
    record = made.record
    reference = ArrayRef(place.symbol, place.layer, place.slot)
    operation = maker(
        made.operations, Cell(reference, place.row, place.column, before=place.before)
    )
    if operation is None:
        array = record.arrays()[reference]
        shown = float(array[place.row, place.column])
        return leaf(session, record.examples, place, shown, record.update)
    settings = made.config.settings
    tracer = Tracer(
        made.config.network,
        made.config.optimizer,
        settings.learning_rate,
        settings.options,
    )
    found = tracer.origin(
        operation, record.arrays(), record.result(operation), place.row, place.column
    )
    top = found.top(count)
    row, column = _names(session, record.examples, place)
    slip = made.config.slip
    return OriginNote(
        place=place,
        name=name_of(session, record.examples, place),
        slip=slip.sentence if slip is not None and _is_slipped(made.config, operation) else "",
        equation=found.equation_at(row, column),
        lines=[text for line in found.lines for text in line.wrapped(width)],
        terms=[_term(session, made, found, term) for term in top.terms],
        more=top.more,
        rest=top.rest,
        total=found.total,
        value=found.value,
        shown=found.shown,
        difference=found.difference,
        closes=found.closes,
    )


def _is_slipped(config: UpdateConfig, operation: Operation) -> bool:
    """It is not what the notes have there: neither is what the tracer says of it."""
    settings = config.settings
    rule = config.optimizer, settings.learning_rate, settings.options
    right = next(
        each for each in operations(config.network, *rule) if each.result == operation.result
    )
    return (operation.equation, operation.numpy) != (right.equation, right.numpy)


def name_of(session: Session, examples: Rows, place: Place) -> str:
    """dW[2][versicolor,u4]; J alone."""
    reference = ArrayRef(place.symbol, place.layer, place.slot)
    if place.symbol == "J":
        return "J"
    row, column = _names(session, examples, place)
    inside = row if place.symbol in ("b", "db") else f"{row},{column}"
    return f"{reference}[{inside}]" + (" before" if place.before else "")


def _names(session: Session, examples: Rows, place: Place) -> tuple[str, str]:
    """Of the row and the column of a number."""
    if place.symbol in ("W", "dW"):
        column = session.unit_names(place.layer - 1)[place.column]
    elif place.symbol in ("b", "db", "J"):
        column = str(place.column)
    else:
        column = f"#{session.examples.training.rows[examples[place.column]]}"
    return ("" if place.symbol == "J" else session.unit_names(place.layer)[place.row]), column


def _term(session: Session, made: Made, found: Origin, term: Term) -> TermNote:
    return TermNote(
        name=_label(session, made, found, term),
        value=term.value,
        factors=[_factor(session, made, factor) for factor in term.factors],
    )


def _label(session: Session, made: Made, found: Origin, term: Term) -> str:
    if term.kind == "example":
        row = session.examples.training.rows[made.record.examples[term.index]]
        return f"#{row} {session.class_of(made.record.y[:, term.index])}".rstrip()
    if term.kind == "unit":
        cell = term.factors[-1].cell
        return session.unit_names(cell.reference.layer)[cell.row]
    if term.kind == "penalty":
        of_gradient = found.cell.reference.symbol == "dW"
        return f"λ W[{term.index}]" if of_gradient else f"(λ/2) ‖W[{term.index}]‖²"
    return _OF_ONE[term.kind]


def _factor(session: Session, made: Made, factor: Factor) -> FactorNote:
    cell = factor.cell
    place = Place(
        symbol=cell.reference.symbol,
        layer=cell.reference.layer,
        slot=cell.reference.slot,
        row=cell.row,
        column=cell.column,
        before=cell.before,
    )
    array = str(cell.reference)
    return FactorNote(
        array=f"{factor.function}({array})" if factor.function else array,
        name=name_of(session, made.record.examples, place),
        value=factor.value,
        place=place,
    )
