"""An update as linear text: for screen readers, worksheets, and comparing two runs in a diff."""

from collections.abc import Iterator

from tuiprop.core.array import Array
from tuiprop.core.network import Network
from tuiprop.escaping import printable
from tuiprop.models.contents import Architecture
from tuiprop.session.divergence import record_of
from tuiprop.session.session import Session
from tuiprop.session.views.operation import long_route
from tuiprop.training.plan import UpdateConfig
from tuiprop.update.arrays import ArrayRef
from tuiprop.update.operation import Operation, Phase
from tuiprop.update.record import Record

MOST = 16
"""The most rows and columns of a matrix that are printed; the text says how many follow."""


def explain(session: Session, update: int) -> str:
    """Write every operation of an update in Markdown: its equation, shapes and numbers.

    Args:
        session: the session, whose run is not moved.
        update: t ≥ 1.

    Raises:
        ArithmeticError: the run diverges before that update.
    """
    record = record_of(session, update)
    config = session.run.trainer.plan.config_of(update)
    lines = list(_introduction(session, record, config))
    operations = config.operations()
    for number, operation in enumerate(operations, start=1):
        heading = f"## {number} of {len(operations)}: {operation.result}, {operation.phase.value}"
        lines += ["", heading, "", *_operation(session, record, config.network, operation)]
    return "".join(f"{printable(line)}\n" for line in lines)


def _introduction(session: Session, record: Record, config: UpdateConfig) -> Iterator[str]:
    network, batches, training = config.network, session.run.batches, config.settings
    yield f"# Update {record.update} of {session.experiment.data.source}"
    yield ""
    yield f"Network {Architecture.of(network).words}, loss {network.loss}, λ = {network.l2!r}."
    yield (
        f"Optimiser {training.optimizer}, α = {training.learning_rate!r}. "
        f"Epoch {batches.epoch(record.update)}, batch {batches.batch(record.update)} "
        f"of {batches.per_epoch(batches.epoch(record.update))}, m = {record.y.shape[1]} examples. "
        f"Numbers are {training.dtype}."
    )
    rows = ", ".join(f"#{row}" for row in record.examples)
    yield f"Examples, by their rows in the table: {rows}."
    l = network.L
    yield ""
    yield from _matrix("a[0] = X", record.a[0], session, ArrayRef("a", 0), record)
    yield ""
    yield from _matrix("y", record.y, session, ArrayRef("y", l), record)


def _operation(
    session: Session, record: Record, network: Network, operation: Operation
) -> Iterator[str]:
    m = record.y.shape[1]
    for line in operation.rule:
        yield f"    {line}"
    yield f"    {operation.text}"
    yield ""
    for reference in dict.fromkeys((operation.result, *operation.operands)):
        if not reference.is_number:
            names, shape = reference.size_names, reference.shape(network.sizes, m)
            yield f"- {reference} is ({', '.join(names)}) = {shape}"
    if operation.summed_over:
        yield f"- summed over {operation.summed_over}"
    yield ""
    yield operation.sentence.format(m=m)
    at_output = operation.phase is Phase.BACKWARD and operation.result.layer == network.L
    if at_output and network.loss_function.is_fused:
        yield from _about_the_fused_gradient(network, record, operation)
    yield ""
    for line in operation.numpy.format(m=m, t=record.update).splitlines():
        yield f"    {line}"
    yield ""
    result = record.result(operation)
    if operation.phase is Phase.COST:
        yield f"J = {record.J!r}"
        return
    before = record.arrays().get(operation.result)
    if operation.phase is Phase.UPDATE and before is not None:
        yield from _matrix(f"{operation.result} before", before, session, operation.result, record)
        yield ""
        for state in (each for each in operation.operands if each.state_name):
            kept = record.arrays()[state]
            yield from _matrix(f"{state} before", kept, session, state, record)
            yield ""
    name = f"{operation.result} after" if operation.phase is Phase.UPDATE else str(operation.result)
    yield from _matrix(name, result, session, operation.result, record)


def _about_the_fused_gradient(
    network: Network, record: Record, operation: Operation
) -> Iterator[str]:
    """Say that dz[L] = a[L] − y does not need da[L], and whether the chain rule agrees."""
    if operation.result.symbol == "da":
        yield (
            "It is not needed, because dz = a − y directly. "
            "It is shown to confirm that by the chain rule."
        )
    elif operation.result.symbol == "dz":
        yield long_route(network, record)


def _matrix(
    name: str, array: Array, session: Session, reference: ArrayRef, record: Record
) -> Iterator[str]:
    """Write a matrix as a table with the names of its rows and columns, in full precision."""
    columns = session.column_names(reference, record.examples)
    rows = session.row_names(reference)
    more = [
        f"{len(names) - MOST} more {what}"
        for names, what in ((rows, "rows"), (columns, "columns"))
        if len(names) > MOST
    ]
    yield f"| {name} | " + " | ".join(map(_cell, columns[:MOST])) + " |"
    yield "|---|" + "---:|" * len(columns[:MOST])
    for row_name, row in zip(rows[:MOST], array[:MOST, :MOST].tolist(), strict=True):
        yield f"| {_cell(row_name)} | " + " | ".join(map(repr, row)) + " |"
    if more:
        yield ""
        yield ", ".join(more)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
