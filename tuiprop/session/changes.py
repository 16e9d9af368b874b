"""What is asked to be changed, as an edit of the run; or why it cannot be."""

from typing import Any

import msgspec
import numpy as np

from tuiprop.errors import InputError
from tuiprop.protocol.messages.requests import Change, Try
from tuiprop.session.playback import Walk
from tuiprop.session.session import Session
from tuiprop.session.views.provenance import name_of
from tuiprop.training.edit import InputEdit, ParameterEdit, SettingsEdit, SlipEdit
from tuiprop.training.experiment import parse, to_tables
from tuiprop.update.arrays import CellRef
from tuiprop.verify.mistakes import SLIPS


def settings_edit(session: Session, request: Change) -> SettingsEdit:
    """The edit that trains otherwise from here on.

    Raises:
        ExperimentError: a setting cannot be that.
        InputError: nothing is changed.
    """
    asked = {
        name: value for name, value in msgspec.structs.asdict(request).items() if value is not None
    }
    if not asked:
        raise InputError("no setting is changed")
    run = session.run
    tables: dict[str, Any] = to_tables(session.experiment)
    training: dict[str, Any] = msgspec.to_builtins(run.trainer.settings)
    if request.optimizer not in (None, training["optimizer"]):
        training["options"] = {}
    training.update({name: value for name, value in asked.items() if name != "l2"})
    tables["training"] = training
    tables["network"]["l2"] = asked.get("l2", run.network.l2)
    checked = parse(tables)
    if "options" in asked:
        asked["options"] = checked.training.options
    return SettingsEdit(at=run.t, **asked)


def slip_edit(session: Session, name: str | None) -> SlipEdit:
    """The edit that puts a mistake into the network from here on, or takes it out.

    Raises:
        InputError: there is no such slip, or it would change nothing in this network, or is on.
    """
    run = session.run
    if name is not None and name not in SLIPS:
        raise InputError.invalid(repr(name), f"one of the slips {', '.join(SLIPS)}")
    if name is None and run.trainer.force.slip is None:
        raise InputError("no slip is on")
    if run.trainer.force.slip is not None and run.trainer.force.slip.name == name:
        raise InputError(f"the slip {name} is on already")
    if name is not None:
        size = run.batches.size(run.batches.epoch(run.t + 1))
        if sentence := SLIPS[name].refusal(run.network, size):
            raise InputError(sentence)
    return SlipEdit(at=run.t, slip=name)


def cell_edit(session: Session, walk: Walk, request: Try) -> tuple[ParameterEdit | InputEdit, str]:
    """The edit that gives one number of W, b or a[0] another value, and the name of that number.

    Raises:
        InputError: that number cannot be changed, or not here.
    """
    run, within = session.run, walk.within
    cell, array = request.cell, request.cell.array
    update = run.t + 1 if within.record is not None else max(run.t, 1)
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
    if within.record is not None and within.is_made(array):
        raise InputError(
            f"{array} has been changed by this update already: "
            "b completes it, Shift+p goes back before it"
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
        m: how many examples there are.

    Raises:
        InputError: the network has no such array, or the array no such cell.
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
