"""The engine: owns a run, answers questions about it and moves it.

It is synchronous: `handle` answers one request, `work` walks on for a moment. Where it runs, in
the dashboard's process or in one of its own, is not its business.
"""

import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec
import numpy as np

from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.initialization import INITIALIZERS
from tuiprop.core.loss import LOSSES
from tuiprop.core.optimizer import OPTIMIZERS
from tuiprop.data.catalogue import CATALOGUE, exists, suggested_experiment
from tuiprop.data.preparation.completion import complete
from tuiprop.errors import InputError, UserError
from tuiprop.models.checkpoint import is_checkpoint, load_checkpoint
from tuiprop.models.formats import FORMATS
from tuiprop.models.record_file import save_record
from tuiprop.models.weights import (
    IncompleteFileError,
    holds_weights,
    load_model,
    parameters_for,
)
from tuiprop.protocol.messages.payloads import BareWeights, FileFormat, Message, Snapshot
from tuiprop.protocol.messages.replies import (
    Described,
    Done,
    Exported,
    Frame,
    Located,
    Opened,
    Outline,
    Refused,
    Reply,
    Studied,
    Vocabulary,
)
from tuiprop.protocol.messages.requests import (
    Adopt,
    Ask,
    Change,
    Check,
    Describe,
    Export,
    Forget,
    Keep,
    KeepRun,
    Locate,
    Look,
    Move,
    Open,
    Pause,
    Play,
    Revert,
    Save,
    SaveExperiment,
    SaveRecord,
    Seek,
    SetMistake,
    SetPace,
    SetStops,
    Study,
    Toggle,
    Try,
    Verify,
)
from tuiprop.session.autosave import EVERY, Autosave
from tuiprop.session.background_proof import Proof
from tuiprop.session.changes import mistake_edit, settings_edit
from tuiprop.session.cursor import Cursor
from tuiprop.session.fault import fault_words
from tuiprop.session.kept import Named, find_kept, opened_as
from tuiprop.session.resume import (
    resume_session,
    return_to_position,
    with_what_may_differ,
)
from tuiprop.session.session import Session, open_session
from tuiprop.session.stops import quantity_notes
from tuiprop.session.viewpoint import Viewpoint
from tuiprop.session.views.frame import View
from tuiprop.session.views.operation import mistake_note
from tuiprop.session.views.predictions import Problem
from tuiprop.session.views.table import TableView, outline_of, refusal_of
from tuiprop.session.what_if import try_out
from tuiprop.storage.atomic import write_text
from tuiprop.storage.state_folder import Slot
from tuiprop.training.edit import BranchLog
from tuiprop.training.experiment import (
    DataSettings,
    Experiment,
    load,
    parse,
    to_tables,
    to_toml,
)
from tuiprop.training.history import WIDTH, Best
from tuiprop.training.network import network_of, usual_loss
from tuiprop.training.plan import injected_before
from tuiprop.training.run import Run
from tuiprop.verify.mistakes import MISTAKES

_MOVES = Play | Toggle | SetPace | Seek | Move | Change | SetMistake | Export
"""What must wait until what is tried is kept or reverted."""


_logs = msgspec.msgpack.Decoder(list[BranchLog])


@dataclass(frozen=True)
class _Run:
    """What is open."""

    session: Session
    cursor: Cursor
    at: Viewpoint
    view: View
    proof: Proof
    problem: Problem
    autosave: Autosave


class Engine:
    """One engine, for one dashboard.

    Args:
        alive: a context in which a run is saved, however long that takes.
    """

    def __init__(self, alive: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        self._alive = alive
        self._run: _Run | None = None
        self._runs = 0
        self._tables = TableView()
        self._fault = ""
        """The sentence on the exception that stopped the run, until it is moved again."""
        self._next_keep = 0.0
        """When the run may be kept again after an exception."""
        self._handlers: dict[type[Message], Callable[[Any], Reply]] = {
            Locate: self._locate,
            Adopt: self._adopt,
            Forget: self._forget,
            Ask: self._ask,
            Check: self._check,
            Describe: self._describe,
            Open: self._open,
            Play: self._play,
            Toggle: self._toggle,
            SetPace: self._set_pace,
            Pause: self._pause,
            Seek: self._seek,
            Move: self._move,
            Try: self._try,
            Keep: self._keep,
            Revert: self._revert,
            Change: self._change,
            SetStops: self._set_stops,
            Verify: self._verify,
            SetMistake: self._set_mistake,
            SaveRecord: self._save_record,
            Look: self._look,
            Study: self._study,
            Save: self._save,
            KeepRun: self._keep_run,
            Export: self._export,
            SaveExperiment: self._save_experiment,
        }

    def handle(self, request: Message) -> Reply:
        """The answer to a request; `Refused` where it cannot be."""
        try:
            if isinstance(request, _MOVES) and self._run and self._run.at.what_if is not None:
                return Refused(sentence="Enter keeps the change as a branch, Escape reverts it")
            if isinstance(request, _MOVES):
                self._fault = ""
            with np.errstate(all="ignore"):  # near a divergence numbers overflow
                return self._handlers[type(request)](request)
        except UserError as error:
            return refusal_of(error)
        except MemoryError:
            return Refused(sentence="there is not enough memory for that")
        except Exception as error:
            traceback.print_exc()
            return Refused(sentence=f"the engine could not do that: {fault_words(error)}")

    def work(self) -> float | None:
        """Walk on for a moment, or prove where the run stands.

        An exception pauses the run; frames say what happened.

        Returns:
            Seconds until there is work again, 0 if at once; None if there is none.
        """
        opened = self._run
        if opened is None:
            return None
        if opened.cursor.motion is None:
            return opened.proof.work()
        try:
            return opened.cursor.work()
        except Exception as error:
            traceback.print_exc()
            self._pause_after(error, opened)
            return None

    def _pause_after(self, error: Exception, opened: "_Run") -> None:
        """Stand still where the run is known to be whole, and say why."""
        run = opened.session.run
        update = run.t + 1
        opened.cursor.recover()
        self._fault = (
            f"update {update} could not be computed: {fault_words(error)}; "
            f"the run is paused at update {run.t}"
        )

    def keep(self) -> float | None:
        """Keep the run where runs are kept, if it is time.

        After an exception, which frames tell, it is tried again later.

        Returns:
            Seconds until it is time; None where there is nothing to be kept.
        """
        if self._run is None or self._run.at.what_if is not None:
            return None
        wait = self._next_keep - perf_counter()
        if wait > 0:
            return wait
        try:
            return self._run.autosave.work()
        except Exception as error:
            traceback.print_exc()
            self._run.autosave.sentence = fault_words(error)
            self._next_keep = perf_counter() + EVERY
            return EVERY

    def close(self) -> str:
        """Keep the run as it stands, and let it go; a change that is only tried is not kept.

        Returns:
            Why it could not be kept; nothing where it is, or where no runs are kept.
        """
        if self._run is None:
            return ""
        autosave = self._run.autosave
        with np.errstate(all="ignore"):
            sentence = autosave.save()
        autosave.let_go()
        return sentence if autosave.path else ""

    # Opening

    def _locate(self, request: Locate) -> Located:
        located = self._located(request.what)
        kept = find_kept(None if request.anything else _named(request.what, located))
        return msgspec.structs.replace(located, kept=kept)

    def _located(self, what: str) -> Located:
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
            return self._locate_table(what)
        complete_one = complete(experiment, self._tables.load(experiment.data))
        return Located(experiment=to_tables(complete_one), weights=weights)

    def _locate_table(self, what: str) -> Located:
        """A table, which may need a word before it does."""
        settings = DataSettings(source=what)
        if not settings.is_path and exists(what):
            settings = DataSettings(source=f"./{what}")
        tables = to_tables(Experiment(data=settings))
        described = self._describe(Describe(experiment=tables, suggest=True))
        return Located(experiment=described.experiment, suggested=True)

    def _adopt(self, request: Adopt) -> Located:
        """The data come with an experiment of their own; the network is that of the weights.

        Their inputs are taken as they are, unless an experiment file says otherwise.
        """
        network = load_model(request.weights, request.activations).experiment.network
        located = self._located(request.source)
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
        experiment = msgspec.structs.replace(experiment, network=own)
        tables = to_tables(experiment)
        if not located.suggested:
            tables = self._check(Check(experiment=tables, weights=request.weights)).experiment
        return Located(experiment=tables, weights=request.weights, suggested=located.suggested)

    def _describe(self, request: Describe) -> Described:
        return self._tables.describe(request)

    def _ask(self, request: Ask) -> Vocabulary:
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

    def _check(self, request: Check) -> Outline:
        experiment = parse(request.experiment)
        outline = self._tables.outline(experiment)
        experiment = parse(outline.experiment)
        if request.weights is not None:
            network = network_of(experiment, outline.sizes[0])
            parameters_for(request.weights, network, experiment.training.dtype)
        return outline

    def _forget(self, request: Forget) -> Done:
        Slot.claimed(Path(request.path)).remove()
        return Done()

    def _open(self, request: Open) -> Opened:
        differing, position, what = "", None, opened_as(request.what)
        if request.checkpoint is not None:
            saved = load_checkpoint(request.checkpoint)
            table, position = self._tables.load(saved.experiment.data), saved.content.position
            experiment = None
            if request.experiment:
                experiment = with_what_may_differ(saved, parse(request.experiment))
            session, differing = resume_session(saved, experiment, table=table)
            return_to_position(session.run, saved)
            if request.kept_in is not None:
                what = saved.content.opened
        else:
            experiment = parse(request.experiment)
            table = self._tables.load(experiment.data)
            session = open_session(
                experiment,
                table=table,
                examples=self._tables.take(experiment, table),
                weights=request.weights,
                initial=request.initial,
            )
            if request.resume is not None:
                _resume(session.run, request.resume)
        run = session.run
        cursor = Cursor(run)
        at = Viewpoint(session, cursor)
        view = View(at)
        if position is not None:
            cursor.go_to(*position)
        autosave = Autosave(
            session,
            view.stops,
            lambda: cursor.partial.done,
            what,
            request.kept_in,
            is_saved=request.checkpoint is not None,
            alive=self._alive,
        )
        self.close()
        proof, problem = Proof(at, view), Problem(at, view)
        self._run = _Run(session, cursor, at, view, proof, problem, autosave)
        self._runs += 1
        self._fault, self._next_keep = "", 0.0
        return Opened(
            run=self._runs,
            outline=outline_of(session.experiment, table, session.examples),
            initial=run.timeline.before(0)[1][0].tobytes(),
            kept_in=autosave.path,
            what=what,
            differing=differing,
        )

    # Moving and looking

    def _opened(self) -> _Run:
        if self._run is None:
            raise InputError("nothing is open yet")
        return self._run

    def _play(self, request: Play) -> Reply:
        return self._opened().cursor.play(request.pace)

    def _toggle(self, request: Toggle) -> Reply:
        return self._opened().cursor.toggle(request.pace)

    def _set_pace(self, request: SetPace) -> Reply:
        return Done() if self._run is None else self._run.cursor.set_pace(request.pace)

    def _pause(self, request: Pause) -> Done:
        if self._run is not None:
            self._run.cursor.stop()
        return Done()

    def _move(self, request: Move) -> Done:
        return self._opened().cursor.move(request)

    def _seek(self, request: Seek) -> Reply:
        return self._opened().cursor.seek(request)

    def _try(self, request: Try) -> Done:
        opened = self._opened()
        opened.cursor.stop()
        opened.at.what_if = try_out(opened.session, opened.cursor, request)
        return Done()

    def _keep(self, request: Keep) -> Done:
        opened = self._opened()
        tried, opened.at.what_if = opened.at.what_if, None
        if tried is not None:
            tried.keep(opened.cursor)
        return Done()

    def _revert(self, request: Revert) -> Done:
        self._opened().at.what_if = None
        return Done()

    def _change(self, request: Change) -> Done:
        opened = self._opened()
        opened.cursor.stop()
        opened.cursor.edit(settings_edit(opened.session, request))
        return Done()

    def _set_stops(self, request: SetStops) -> Done:
        opened = self._opened()
        opened.view.stops.replace(request.stops)
        opened.cursor.invalidate_conditions()
        return Done()

    def _verify(self, request: Verify) -> Done:
        self._opened().proof.verify()
        return Done()

    def _set_mistake(self, request: SetMistake) -> Done:
        opened = self._opened()
        opened.cursor.edit(mistake_edit(opened.session, request.name), apart=True)
        return Done()

    def _look(self, request: Look) -> Frame:
        opened = self._opened()
        frame = opened.view.frame(request, self._runs, opened.proof.note)
        told = {"unkept": opened.autosave.sentence, "fault": self._fault}
        return msgspec.structs.replace(frame, **told) if any(told.values()) else frame

    def _study(self, request: Study) -> Studied:
        return self._opened().problem.study(request, self._runs)

    # Keeping

    def _save(self, request: Save) -> Snapshot:
        run = self._opened().session.run
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

    def _keep_run(self, request: KeepRun) -> Reply:
        opened = self._opened()
        opened.at.what_if = None
        sentence = opened.autosave.save()
        return Refused(sentence=sentence) if sentence else Done()

    def _export(self, request: Export) -> Exported:
        opened = self._opened()
        session = opened.session
        if is_checkpoint(request.path):
            opened.autosave.write(request.path)
            sentence = f"all it takes to go on from update {session.run.t} written to"
            return Exported(
                path=request.path,
                update=session.run.t,
                sentence=f"{sentence} {request.path}; read back",
            )
        written = session.save(request.path, best=request.best)
        of_best = f" (epoch {session.history.best}, the best)" if request.best else ""
        return Exported(
            path=request.path,
            update=written.update,
            sentence=f"{session.run.network.parameter_count} parameters of update "
            f"{written.update}{of_best} written to {request.path}; {written.sentence}",
        )

    def _save_record(self, request: SaveRecord) -> Exported:
        opened = self._opened()
        made = opened.view.made()
        if made is None:
            raise InputError(opened.view.why_absent())
        record = opened.session.with_rows_of_table(made.record)
        mistake = injected_before(opened.session.run.branch.edits, record.update)
        save_record(record, request.path, mistake)
        return Exported(
            path=request.path,
            update=record.update,
            sentence=f"every array of update {record.update} written to {request.path}",
        )

    def _save_experiment(self, request: SaveExperiment) -> Exported:
        path = Path(request.path)
        write_text(path, to_toml(parse(request.experiment), path.parent))
        load(path)
        return Exported(path=request.path, sentence=f"experiment written to {request.path}")


def _named(what: str, located: Located) -> Named:
    """What was named, for which a kept run is looked for."""
    if located.checkpoint is not None or located.weights is not None:
        return Named(opened_as(what))
    return Named(opened_as(what), parse(located.experiment), what.endswith(".toml"))


def _bare(error: IncompleteFileError) -> BareWeights:
    found = error.architecture
    return BareWeights(
        sizes=list(found.sizes), activations=list(found.activations), sentence=str(error)
    )


def _resume(run: Run, snapshot: Snapshot) -> None:
    """Go on from where an engine that died was."""
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
