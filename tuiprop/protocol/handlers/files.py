"""Handlers that write files, or hand over the state that survives the engine."""

from pathlib import Path

import msgspec

from tuiprop.errors import InputError
from tuiprop.models.checkpoint import is_checkpoint
from tuiprop.models.record_file import save_record
from tuiprop.protocol.handlers.table import handler, moves
from tuiprop.protocol.messages.files import (
    Export,
    Exported,
    KeepRun,
    Save,
    SaveExperiment,
    SaveRecord,
    Snapshot,
)
from tuiprop.protocol.state import State
from tuiprop.storage.atomic import write_text
from tuiprop.training.experiment import load, parse, to_toml
from tuiprop.training.plan import injected_before


@handler
def save(engine: State, request: Save) -> Snapshot:
    """Hand over the state that must survive this engine."""
    run = engine.opened.session.run
    update, state = run.kept_state()
    known = request.history_from if request.branch == run.branch.number else 0
    best = run.branch.kept_best
    return Snapshot(
        update=update,
        state=state.tobytes(),
        branch=run.branch.number,
        logs=msgspec.msgpack.encode(run.logs),
        history_from=known,
        epochs=len(run.history) - known,
        history=run.history.rows[known:].tobytes(),
        best_epoch=run.history.best,
        best=b"" if best is None else best.vector.tobytes(),
    )


@handler
def keep_run(engine: State, request: KeepRun) -> None:
    """Save the run where runs are kept."""
    engine.opened.at.what_if = None
    if sentence := engine.opened.autosave.save():
        raise InputError(sentence)


@moves
def export(engine: State, request: Export) -> Exported:
    """Write the weights or a checkpoint."""
    session = engine.opened.session
    if is_checkpoint(request.path):
        engine.opened.autosave.write(request.path)
        return Exported(
            path=request.path,
            update=session.run.t,
            sentence=f"checkpoint of update {session.run.t} written to {request.path}; read back",
        )
    written = session.save(request.path, best=request.best)
    of_best = f" (epoch {session.history.best}, the best)" if request.best else ""
    return Exported(
        path=request.path,
        update=written.update,
        sentence=f"{session.run.network.parameter_count} parameters of update "
        f"{written.update}{of_best} written to {request.path}; {written.sentence}",
    )


@handler
def save_arrays(engine: State, request: SaveRecord) -> Exported:
    """Write every array of the current update."""
    opened = engine.opened
    recorded = opened.at.present_update()
    if recorded is None:
        raise InputError(opened.at.why_absent())
    record = opened.session.with_rows_of_table(recorded.record)
    mistake = injected_before(opened.session.run.branch.edits, record.update)
    save_record(record, request.path, mistake)
    return Exported(
        path=request.path,
        update=record.update,
        sentence=f"every array of update {record.update} written to {request.path}",
    )


@handler
def save_experiment(engine: State, request: SaveExperiment) -> Exported:
    """Write an experiment file."""
    path = Path(request.path)
    write_text(path, to_toml(parse(request.experiment), path.parent))
    load(path)
    return Exported(path=request.path, sentence=f"experiment written to {request.path}")
