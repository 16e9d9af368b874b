"""Turns requests for a change into edits of the run, or refuses them."""

import numpy as np
from msgspec.structs import asdict, replace

from tuiprop.errors import InputError
from tuiprop.protocol.messages.settings import Change
from tuiprop.protocol.messages.what_if import Try
from tuiprop.session.cell_names import name_of
from tuiprop.session.cursor import Cursor
from tuiprop.session.session import Session
from tuiprop.training.edit import InputEdit, MistakeEdit, ParameterEdit, SettingsEdit
from tuiprop.update.arrays import CellRef
from tuiprop.verify.mistakes import MISTAKES


def settings_edit(session: Session, request: Change) -> SettingsEdit:
    """Build the edit that changes settings from the present update on.

    Raises:
        ExperimentError: a setting cannot have that value.
        InputError: the request changes nothing.
    """
    run = session.run
    edit = SettingsEdit(at=run.t, **asdict(request))
    if not edit.changes:
        raise InputError("no setting is changed")
    present = replace(
        session.experiment,
        training=run.trainer.settings,
        network=replace(session.experiment.network, l2=run.network.l2),
    )
    checked = edit.apply_to(present)
    return edit if edit.options is None else replace(edit, options=checked.training.options)


def mistake_edit(session: Session, name: str | None) -> MistakeEdit:
    """Build the edit that injects a mistake from the present update on, or removes it.

    Raises:
        InputError: the mistake is unknown, already injected, or changes nothing in this network.
    """
    run = session.run
    if name is not None and name not in MISTAKES:
        raise InputError.invalid(repr(name), f"one of the mistakes {', '.join(MISTAKES)}")
    mistake = run.trainer.config.mistake
    if name is None and mistake is None:
        raise InputError("no mistake is injected")
    if mistake is not None and mistake.name == name:
        raise InputError(f"the mistake {name} is already injected")
    if name is not None:
        size = run.batches.size(run.batches.epoch(run.t + 1))
        if sentence := MISTAKES[name].refusal(run.network, size):
            raise InputError(sentence)
    return MistakeEdit(at=run.t, mistake=name)


def cell_edit(
    session: Session, cursor: Cursor, request: Try
) -> tuple[ParameterEdit | InputEdit, str]:
    """Build the edit that gives one number of W, b or a[0] another value; return it and its name.

    Raises:
        InputError: that number cannot be changed, or not at this position.
    """
    run, partial = session.run, cursor.partial
    cell, array = request.cell, request.cell.array
    update = run.t + 1 if partial.record is not None else max(run.t, 1)
    examples = run.batches.rows(update)
    _refuse_beyond(session, cell, len(examples))
    dtype = run.trainer.state.dtype
    with np.errstate(over="ignore"):
        if not np.isfinite(dtype.type(request.value)):
            raise InputError.invalid(str(request.value), f"a finite number of {dtype}")
    name = name_of(session, examples, cell)
    if array.is_input:
        example = int(examples[cell.column])
        return InputEdit(at=update - 1, example=example, input=cell.row, value=request.value), name
    if not array.is_editable:
        raise InputError(f"{array} is computed; W, b and the inputs a[0] can be changed")
    if partial.record is not None and partial.is_computed(array):
        raise InputError(
            f"this update has already changed {array}: press b to complete it, Shift+p to go back"
        )
    edit = ParameterEdit(
        at=run.t,
        symbol="W" if array.symbol == "W" else "b",
        layer=array.layer,
        row=cell.row,
        column=cell.column,
        value=request.value,
    )
    return edit, name


def _refuse_beyond(session: Session, cell: CellRef, m: int) -> None:
    """Refuse a number that no update of the run has.

    Args:
        session: the run.
        cell: the number.
        m: the number of examples.

    Raises:
        InputError: the network has no such array, or the array has no such cell.
    """
    network, array = session.run.network, cell.array
    if not array.exists(network.L):
        allowed = f"a layer from {array.first_layer} to {network.L}"
        raise InputError.invalid(str(array.layer), allowed)
    if not cell.exists(network.sizes, m):
        rows, columns = array.shape(network.sizes, m)
        raise InputError.invalid(
            f"row {cell.row} and column {cell.column}",
            f"a row below {rows} and a column below {columns} of {array}",
        )
