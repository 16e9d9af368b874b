"""Handlers that locate an experiment or a file and open a run of it."""

from pathlib import Path

import msgspec
import numpy as np

from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.initialization import INITIALIZERS
from tuiprop.core.loss import LOSSES
from tuiprop.core.optimizer import OPTIMIZERS
from tuiprop.data.catalogue import CATALOGUE, exists, suggested_experiment
from tuiprop.data.preparation.completion import complete
from tuiprop.errors import InputError
from tuiprop.models.checkpoint import is_checkpoint, load_checkpoint
from tuiprop.models.formats import FORMATS
from tuiprop.models.weights import IncompleteFileError, holds_weights, load_model
from tuiprop.protocol.handlers.data import check, describe
from tuiprop.protocol.handlers.table import handler
from tuiprop.protocol.messages.data import Check, Describe
from tuiprop.protocol.messages.files import Snapshot
from tuiprop.protocol.messages.opening import (
    Adopt,
    BareWeights,
    FileFormat,
    Forget,
    ListNames,
    Locate,
    Located,
    Open,
    Opened,
    Vocabulary,
)
from tuiprop.protocol.state import OpenRun, State
from tuiprop.session.autosave import Autosave
from tuiprop.session.background_proof import Proof
from tuiprop.session.cursor import Cursor
from tuiprop.session.kept import Named, find_kept, opened_as
from tuiprop.session.resume import resume_session, return_to_position, with_what_may_differ
from tuiprop.session.session import open_session
from tuiprop.session.stops import Stops, quantity_notes
from tuiprop.session.viewpoint import Viewpoint
from tuiprop.session.views.arrays import ArrayView
from tuiprop.session.views.operation import mistake_note
from tuiprop.session.views.predictions import Predictor
from tuiprop.session.views.table import outline_of
from tuiprop.session.views.training import CostView
from tuiprop.storage.state_folder import Slot
from tuiprop.training.edit import BranchLog
from tuiprop.training.experiment import DataSettings, Experiment, load, parse, to_tables
from tuiprop.training.history import WIDTH, Best
from tuiprop.training.network import usual_loss
from tuiprop.training.run import Run
from tuiprop.verify.mistakes import MISTAKES

_logs = msgspec.msgpack.Decoder(list[BranchLog])


@handler
def list_names(engine: State, request: ListNames) -> Vocabulary:
    """List the names that an experiment may use."""
    return Vocabulary(
        datasets=list(CATALOGUE),
        activations=[name for name, g in ACTIVATIONS.items() if not g.output_only],
        outputs=list(ACTIVATIONS),
        losses=list(LOSSES),
        usual_losses={name: usual_loss(name) for name in ACTIVATIONS},
        initializers=list(INITIALIZERS),
        optimizers=list(OPTIMIZERS),
        options={name: dict(each.options) for name, each in OPTIMIZERS.items()},
        dtypes=["float64", "float32"],
        mistakes=[mistake_note(mistake) for mistake in MISTAKES.values()],
        formats=[
            FileFormat(name=each.name, suffix=each.suffix, words=each.words, reads=each.reads)
            for each in FORMATS.values()
        ],
        quantities=quantity_notes(),
    )


# Locating


@handler
def locate(engine: State, request: Locate) -> Located:
    """Find an experiment by its name or file, and a kept run of it."""
    located = _located(engine, request.what)
    kept = find_kept(None if request.anything else _named(request.what, located))
    return msgspec.structs.replace(located, kept=kept)


def _located(engine: State, what: str) -> Located:
    weights = None
    if is_checkpoint(what):
        return Located(experiment=to_tables(load_checkpoint(what).experiment), checkpoint=what)
    if what in CATALOGUE:
        experiment = suggested_experiment(what)
    elif what.endswith(".toml"):
        experiment = load(what)
    elif holds_weights(what):
        try:
            experiment, weights = load_model(what).experiment, what
        except IncompleteFileError as error:
            return Located(experiment={}, weights=what, bare=_bare(error))
    else:
        return _located_table(engine, what)
    complete_one = complete(experiment, engine.tables.load(experiment.data))
    return Located(experiment=to_tables(complete_one), weights=weights)


def _located_table(engine: State, what: str) -> Located:
    """Find a table; more settings may be needed before it can be used."""
    settings = DataSettings(source=what)
    if not settings.is_path and exists(what):
        settings = DataSettings(source=f"./{what}")
    tables = to_tables(Experiment(data=settings))
    described = describe(engine, Describe(experiment=tables, suggest=True))
    return Located(experiment=described.experiment, suggested=True)


def _bare(error: IncompleteFileError) -> BareWeights:
    found = error.architecture
    return BareWeights(
        sizes=list(found.sizes), activations=list(found.activations), sentence=str(error)
    )


def _named(what: str, located: Located) -> Named:
    """Describe the named experiment, to find a kept run of it."""
    if located.checkpoint is not None or located.weights is not None:
        return Named(opened_as(what))
    return Named(opened_as(what), parse(located.experiment), what.endswith(".toml"))


@handler
def adopt(engine: State, request: Adopt) -> Located:
    """Combine the data of an experiment with the network of the weights.

    Inputs are used unscaled, unless an experiment file says otherwise.
    """
    network = load_model(request.weights, request.activations).experiment.network
    located = _located(engine, request.source)
    if located.weights is not None or located.checkpoint is not None:
        raise InputError.invalid(
            "weights",
            "a table, the name of a data set, or an experiment (.toml)",
            file=request.source,
        )
    experiment = parse(located.experiment)
    if not request.source.endswith(".toml"):
        data = msgspec.structs.replace(experiment.data, standardize=False)
        experiment = msgspec.structs.replace(experiment, data=data)
    own = msgspec.structs.replace(experiment.network, layers=network.layers, loss=network.loss)
    tables = to_tables(msgspec.structs.replace(experiment, network=own))
    if not located.suggested:
        tables = check(engine, Check(experiment=tables, weights=request.weights)).experiment
    return Located(experiment=tables, weights=request.weights, suggested=located.suggested)


@handler
def forget(engine: State, request: Forget) -> None:
    """Delete a kept run."""
    Slot.claimed(Path(request.path)).remove()


# Opening


@handler
def open_run(engine: State, request: Open) -> Opened:
    """Open a run in place of the present one."""
    differing, position, what = "", None, opened_as(request.what)
    if request.checkpoint is not None:
        saved = load_checkpoint(request.checkpoint)
        table, position = engine.tables.load(saved.experiment.data), saved.content.position
        experiment = None
        if request.experiment:
            experiment = with_what_may_differ(saved, parse(request.experiment))
        session, differing = resume_session(saved, experiment, table=table)
        return_to_position(session.run, saved)
        if request.kept_in is not None:
            what = saved.content.opened
    else:
        experiment = parse(request.experiment)
        table = engine.tables.load(experiment.data)
        session = open_session(
            experiment,
            table=table,
            examples=engine.tables.take(experiment, table),
            weights=request.weights,
            initial=request.initial,
        )
        if request.resume is not None:
            _resume(session.run, request.resume)
    run = session.run
    cursor = Cursor(run)
    at = Viewpoint(session, cursor)
    stops = Stops(session)
    if position is not None:
        cursor.go_to(*position)
    autosave = Autosave(
        session,
        stops,
        lambda: cursor.partial.done,
        what,
        request.kept_in,
        is_saved=request.checkpoint is not None,
        alive=engine.alive,
    )
    engine.replace(
        OpenRun(
            number=engine.runs + 1,
            session=session,
            cursor=cursor,
            at=at,
            stops=stops,
            arrays=ArrayView(at),
            costs=CostView(at),
            predictor=Predictor(at),
            proof=Proof(at),
            autosave=autosave,
        )
    )
    return Opened(
        run=engine.runs,
        outline=outline_of(session.experiment, table, session.examples),
        initial=run.timeline.before(0)[1][0].tobytes(),
        kept_in=autosave.path,
        what=what,
        differing=differing,
    )


def _resume(run: Run, snapshot: Snapshot) -> None:
    """Resume from the state of an engine that died."""
    dtype = run.trainer.state.dtype
    best = Best(snapshot.best_epoch, np.frombuffer(snapshot.best, dtype))
    run.resume(
        np.frombuffer(snapshot.state, dtype).reshape(-1, run.network.parameter_count),
        snapshot.update,
        np.frombuffer(snapshot.history, np.float64).reshape(-1, WIDTH),
        _logs.decode(snapshot.logs) if snapshot.logs else [],
        snapshot.branch,
        best if snapshot.best else None,
    )
