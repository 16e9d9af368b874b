"""The provenance of a number, with the names of units, classes and rows of the table."""

from msgspec.structs import replace

from tuiprop.core.array import Array, Rows
from tuiprop.explain import provenance as traced
from tuiprop.explain.provenance import Factor, Term, producing_operation
from tuiprop.explain.tracer import Tracer
from tuiprop.protocol.messages.provenance import (
    FactorNote,
    Provenance,
    ProvenanceNote,
    ProvenanceQuery,
    TermNote,
)
from tuiprop.session.cell_names import name_of, row_and_column
from tuiprop.session.session import Session
from tuiprop.session.viewpoint import RecordedUpdate, Viewpoint
from tuiprop.training.edit import InputEdit, ParameterEdit
from tuiprop.training.plan import UpdateConfig
from tuiprop.update.arrays import ArrayRef, CellRef, T
from tuiprop.update.operation import Operation
from tuiprop.update.operations import operations

_OF_ONE = {
    "bias": "bias",
    "output": "output",
    "target": "− target",
    "value": "",
    "before": "before",
    "decay": "decay",
    "change": "change",
}


def provenance(at: Viewpoint, query: ProvenanceQuery) -> Provenance:
    """Trace a number to its terms."""
    return Provenance(note=_note(at, query))


def _note(at: Viewpoint, query: ProvenanceQuery) -> ProvenanceNote | None:
    """Trace a number; None while the run is moving or before the number is computed."""
    cell = query.cell
    if cell is None or at.is_moving or not at.has(cell.array):
        return None
    if cell.array.state_name or _is_from_before(at, cell.array):
        cell = replace(cell, before=True)
    array = at.array_of(cell)
    if array is None or cell.row >= array.shape[0] or cell.column >= array.shape[1]:
        return None
    shown = float(array[cell.row, cell.column])
    recorded = at.present_update()
    if recorded is None:
        if at.updates_to_replay:
            return None
        return leaf(at.session, at.batch, cell, shown, at.run.t + 1)
    record, untried = recorded.record, replace(cell, before=False)
    if at.what_if is not None and untried == at.what_if.note.cell:
        return leaf(at.session, record.examples, untried, shown, record.update)
    is_shown = at.is_result_of_update and record.update == at.run.t and not cell.before
    return provenance_note(
        at.session,
        recorded,
        cell,
        query.terms,
        max(20, query.line_width),
        array if is_shown else None,
    )


def _is_from_before(at: Viewpoint, array: ArrayRef) -> bool:
    """True for a parameter that the present update has not changed yet."""
    partial = at.cursor.partial
    return partial.record is not None and array.is_parameter and not partial.is_computed(array)


def leaf(
    session: Session, examples: Rows, cell: CellRef, shown: float, update: int
) -> ProvenanceNote:
    """Describe a number that an update starts from.

    Args:
        session: the session, for names.
        examples: the examples of the update, as rows of the training set.
        cell: the cell of the number.
        shown: its value.
        update: the number of the update.
    """
    return ProvenanceNote(
        cell=cell,
        name=name_of(session, examples, cell),
        shown=shown,
        sentence=_beginning(session, examples, cell, update),
    )


def _beginning(session: Session, examples: Rows, cell: CellRef, update: int) -> str:
    """Say in one sentence where a number that an update starts from was set."""
    edits = [edit for edit in session.run.branch.edits if edit.at < update]
    array = cell.array
    if array == T:
        return "The number of the update."
    if not array.is_parameter:
        row = session.examples.training.rows[examples[cell.column]]
        what = f"{'An input' if array.is_input else 'A target'}: row {row} of the table"
        changed = array.is_input and any(
            isinstance(edit, InputEdit)
            and (edit.example, edit.input) == (examples[cell.column], cell.row)
            for edit in edits
        )
        return f"{what}, changed by hand." if changed else f"{what}."
    by_hand = any(
        isinstance(edit, ParameterEdit)
        and edit.at == update - 1
        and (edit.array, edit.row, edit.column) == (array, cell.row, cell.column)
        for edit in edits
    )
    if by_hand:
        return f"Changed by hand after update {update - 1}."
    if update == 1:
        return (
            "0 before the first update."
            if array.state_name
            else "Initial value: no update has changed it."
        )
    return f"Computed by update {update - 1}."


def provenance_note(
    session: Session,
    recorded: RecordedUpdate,
    cell: CellRef,
    count: int,
    width: int,
    result: Array | None = None,
) -> ProvenanceNote:
    """Trace one number of an update.

    Args:
        session: the session, for names.
        recorded: the update.
        cell: the cell of the number.
        count: the number of terms to return, the largest first.
        width: the most columns in a line of a formula.
        result: the array of the run that is displayed; None: the recomputed one.
    """
    record = recorded.record
    operation = producing_operation(recorded.operations, cell)
    if operation is None:
        shown = float(record.array(cell.array)[cell.row, cell.column])
        return leaf(session, record.examples, cell, shown, record.update)
    settings = recorded.config.settings
    tracer = Tracer(
        recorded.config.network,
        recorded.config.optimizer,
        settings.learning_rate,
        settings.options,
    )
    if result is None:
        result = record.result(operation)
    found = tracer.trace(operation, record.arrays(), result, cell.row, cell.column)
    top = found.top(count)
    row, column = row_and_column(session, record.examples, cell)
    mistake = recorded.config.mistake
    return ProvenanceNote(
        cell=cell,
        name=name_of(session, record.examples, cell),
        mistake=mistake.sentence
        if mistake is not None and _is_mistaken(recorded.config, operation)
        else "",
        equation=found.equation_at(row, column),
        lines=[text for line in found.lines for text in line.wrapped(width)],
        terms=[_term(session, recorded, found, term) for term in top.terms],
        more=top.more,
        rest=top.rest,
        total=found.total,
        value=found.value,
        shown=found.shown,
        difference=found.difference,
        matches=found.matches,
    )


def _is_mistaken(config: UpdateConfig, operation: Operation) -> bool:
    """True if a mistake has changed the operation, so that the tracer's equation differs."""
    settings = config.settings
    rule = config.optimizer, settings.learning_rate, settings.options
    right = next(
        each for each in operations(config.network, *rule) if each.result == operation.result
    )
    return (operation.equation, operation.numpy) != (right.equation, right.numpy)


def _term(
    session: Session, recorded: RecordedUpdate, found: traced.Provenance, term: Term
) -> TermNote:
    return TermNote(
        name=_label(session, recorded, found, term),
        value=term.value,
        factors=[_factor(session, recorded, factor) for factor in term.factors],
    )


def _label(session: Session, recorded: RecordedUpdate, found: traced.Provenance, term: Term) -> str:
    if term.kind == "example":
        row = session.examples.training.rows[recorded.record.examples[term.index]]
        return f"#{row} {session.class_of(recorded.record.y[:, term.index])}".rstrip()
    if term.kind == "unit":
        cell = term.factors[-1].cell
        return session.unit_names(cell.array.layer)[cell.row]
    if term.kind == "penalty":
        of_gradient = found.cell.array.symbol == "dW"
        return f"λ W[{term.index}]" if of_gradient else f"(λ/2) ‖W[{term.index}]‖²"
    return _OF_ONE[term.kind]


def _factor(session: Session, recorded: RecordedUpdate, factor: Factor) -> FactorNote:
    array = str(factor.cell.array)
    return FactorNote(
        array=f"{factor.function}({array})" if factor.function else array,
        name=name_of(session, recorded.record.examples, factor.cell),
        value=factor.value,
        cell=factor.cell,
    )
