"""The engine: owns a run, answers questions about it and moves it.

It is synchronous: `handle` answers one request, `work` walks on for a moment. Where it runs, in
the dashboard's process or in one of its own, is not its business.
"""

import traceback
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.array import Array, Rows
from tuiprop.core.loss import LOSSES
from tuiprop.core.network import INITIALIZERS
from tuiprop.core.operation import Reference
from tuiprop.core.optimizer import OPTIMIZERS
from tuiprop.data.catalogue import CATALOGUE, identity, load_table, suggested_experiment
from tuiprop.data.preparation import Examples, complete, prepare
from tuiprop.data.table import DataError, Table
from tuiprop.engine.protocol import (
    Ask,
    Check,
    Done,
    Export,
    Exported,
    Figures,
    FileFormat,
    Frame,
    LayerNorms,
    Locate,
    Located,
    Look,
    Matrix,
    Message,
    Move,
    Open,
    Opened,
    Outline,
    Pause,
    Play,
    Refused,
    Reply,
    Save,
    SaveExperiment,
    Seek,
    SetPace,
    Snapshot,
    Toggle,
    Vocabulary,
    Window,
)
from tuiprop.engine.session import Session, divergence, norm, open_session
from tuiprop.engine.within import Within, boundary, of_layer, of_phase
from tuiprop.files.atomic import write_text
from tuiprop.files.formats import FORMATS
from tuiprop.files.model import network_of
from tuiprop.files.weights import load_model, parameters_for
from tuiprop.training.experiment import (
    DataSettings,
    Experiment,
    ExperimentError,
    load,
    parse,
    to_tables,
    to_toml,
)
from tuiprop.training.history import WIDTH

MOST_ROWS = 4000
"""Epochs of the history that one frame carries: more come with the next."""

MOMENT = 0.01
"""Seconds that `work` takes at most, and so the longest that a request waits."""

LARGE = 100_000
"""Numbers in an array from which its figures are not computed with every frame."""

PATIENCE = 0.03
"""Seconds that a `Seek` works before it answers: most are done by then."""

CHEAP = 0.05
"""Seconds up to which J over the whole sets is evaluated at every stop."""


class Engine:
    """One engine, for one dashboard."""

    def __init__(self) -> None:
        self._session: Session | None = None
        self._runs = 0
        self._table: tuple[object, Table] | None = None
        self._goal: int | None = None
        self._pace: float | None = None
        self._pace_from = (0.0, 0)
        self._rate = (0.0, 0, 0.0)
        self._evaluated: tuple[int, list[float]] | None = None
        self._evaluation_seconds = 0.0
        self._status = "paused"
        self._within = Within()
        self._known_figures: tuple[object, Figures] | None = None
        self._handlers: dict[type[Message], Callable[[Any], Reply]] = {
            Locate: self._locate,
            Ask: self._ask,
            Check: self._check,
            Open: self._open,
            Play: self._play,
            Toggle: self._toggle,
            SetPace: self._set_pace,
            Pause: self._pause,
            Seek: self._seek,
            Move: self._move,
            Look: self._look,
            Save: self._save,
            Export: self._export,
            SaveExperiment: self._save_experiment,
        }

    def handle(self, request: Message) -> Reply:
        """The answer to a request; `Refused` where it cannot be."""
        try:
            with np.errstate(all="ignore"):  # near a divergence numbers overflow
                return self._handlers[type(request)](request)
        except ExperimentError as error:
            return Refused(sentence=str(error), key=error.key)
        except DataError as error:
            return Refused(sentence=str(error), key="data.source")
        except (OSError, ValueError) as error:
            return Refused(sentence=str(error))
        except MemoryError:
            return Refused(sentence="there is not enough memory for that")
        except Exception as error:
            traceback.print_exc()
            return Refused(sentence=f"the engine could not do that: {error!r}")

    def work(self) -> float | None:
        """Walk on for a moment.

        Returns:
            Seconds until there is work again, 0 if at once; None if there is none.
        """
        if self._session is None or self._goal is None:
            return None
        run, goal = self._session.run, self._goal
        until = goal
        if self._pace is not None:
            started, first = self._pace_from
            due = first + int((perf_counter() - started) * self._pace)
            until = min(goal, due)
            if until <= run.t:
                return max(0.0, (run.t + 1 - first) / self._pace - (perf_counter() - started))
        run.advance(until, MOMENT)
        if run.t < goal and run.diverged_at is None:
            return 0.0
        if run.t == goal:
            self._within.enter(run)
        self._stop()
        return None

    # Opening

    def _locate(self, request: Locate) -> Located:
        what, weights = request.what, None
        if what in CATALOGUE:
            experiment = suggested_experiment(what)
        elif what.endswith(".toml"):
            experiment = load(what)
        elif what.endswith((".npz", ".safetensors")):
            experiment, weights = load_model(what).experiment, what
        else:
            settings = DataSettings(source=what)
            if not settings.is_path and Path(what).exists():
                settings = DataSettings(source=f"./{what}")
            experiment = Experiment(data=settings)
        complete_one = complete(experiment, self._load(experiment.data))
        return Located(experiment=to_tables(complete_one), weights=weights)

    def _ask(self, request: Ask) -> Vocabulary:
        return Vocabulary(
            datasets=list(CATALOGUE),
            activations=[name for name, g in ACTIVATIONS.items() if not g.output_only],
            outputs=list(ACTIVATIONS),
            losses=list(LOSSES),
            initializers=list(INITIALIZERS),
            optimizers=list(OPTIMIZERS),
            options={name: dict(each.options) for name, each in OPTIMIZERS.items()},
            dtypes=["float64", "float32"],
            formats=[
                FileFormat(name=each.name, suffix=each.suffix, words=each.words, reads=each.reads)
                for each in FORMATS.values()
            ],
        )

    def _check(self, request: Check) -> Outline:
        experiment = parse(request.experiment)
        table = self._load(experiment.data)
        experiment = complete(experiment, table)
        outline = _outline(experiment, table, prepare(experiment, table))
        if request.weights is not None:
            network = network_of(experiment, outline.sizes[0])
            parameters_for(request.weights, network, experiment.training.dtype)
        return outline

    def _open(self, request: Open) -> Opened:
        experiment = parse(request.experiment)
        table = self._load(experiment.data)
        session = open_session(
            experiment, table=table, weights=request.weights, initial=request.initial
        )
        run = session.run
        if request.resume is not None:
            snapshot = request.resume
            state = np.frombuffer(snapshot.state, run.trainer.state.dtype)
            run.resume(
                state.reshape(run.trainer.state.shape),
                snapshot.update,
                np.frombuffer(snapshot.history, np.float64).reshape(-1, WIDTH),
            )
        self._session = session
        self._evaluated = None
        self._evaluation_seconds = 0.0
        self._within.leave()
        self._stop()
        self._runs += 1
        return Opened(
            run=self._runs,
            outline=_outline(session.experiment, table, session.examples),
            initial=run.timeline.before(0)[1][0].tobytes(),
        )

    def _load(self, settings: DataSettings) -> Table:
        """The table of these settings, read once as long as it is the same."""
        key = identity(settings)
        if self._table is None or self._table[0] != key:
            self._table = key, load_table(settings)
        return self._table[1]

    # Moving

    def _opened(self) -> Session:
        if self._session is None:
            raise ExperimentError("nothing is open yet")
        return self._session

    def _play(self, request: Play) -> Reply:
        run = self._opened().run
        if run.t >= run.last_update:
            return Refused(
                sentence=f"all {run.settings.epochs} epochs are done: "
                "e walks one more, g goes further"
            )
        self._within.leave()
        self._go("playing", run.last_update, request.pace)
        return Done()

    def _toggle(self, request: Toggle) -> Reply:
        return self._play(Play(pace=request.pace)) if self._goal is None else self._pause(Pause())

    def _set_pace(self, request: SetPace) -> Reply:
        return self._play(Play(pace=request.pace)) if self._status == "playing" else Done()

    def _pause(self, request: Pause) -> Done:
        self._stop()
        return Done()

    def _move(self, request: Move) -> Done:
        run, within = self._opened().run, self._within
        going_to = self._goal if self._status == "seeking" else None
        update = run.t if going_to is None else going_to
        done = within.done if going_to is None else within.wanted
        if request.operations or request.layers or request.phases:
            operations = run.trainer.operations()
            target = update * len(operations) + done
            for step, count in (
                (lambda at, d: at + d, request.operations),
                (lambda at, d: boundary(operations, at, d, of_layer), request.layers),
                (lambda at, d: boundary(operations, at, d, of_phase), request.phases),
            ):
                for _ in range(abs(count)):
                    target = max(0, step(target, 1 if count > 0 else -1))
            return self._go_to(*divmod(target, len(operations)))
        begun = done > 0
        if request.epochs:
            epochs, rest = divmod(update, run.per_epoch)
            back_in_epoch = request.epochs < 0 and (rest > 0 or begun)
            update = (epochs + request.epochs + back_in_epoch) * run.per_epoch
        back_in_update = request.updates < 0 and begun
        return self._go_to(update + request.updates + back_in_update)

    def _seek(self, request: Seek) -> Done:
        return self._go_to(request.update)

    def _go_to(self, update: int, operations: int = 0) -> Done:
        """Go to where so many updates are done, and so many operations of the next."""
        update = max(0, update)
        run = self._opened().run
        if update != run.t:
            self._within.leave()
        run.rewind(update)
        run.diverged_at = None
        self._within.wanted = operations
        self._go("seeking", update, None)
        deadline = perf_counter() + PATIENCE
        while self.work() is not None and perf_counter() < deadline:
            pass
        return Done()

    def _go(self, status: str, goal: int, pace: float | None) -> None:
        run = self._opened().run
        self._status, self._goal, self._pace = status, goal, pace
        self._pace_from = perf_counter(), run.t
        self._rate = perf_counter(), run.t, 0.0

    def _stop(self) -> None:
        self._status, self._goal, self._pace = "paused", None, None

    # Looking

    def _look(self, request: Look) -> Frame:
        session = self._opened()
        run = session.run
        within = self._within
        batches, workspace = run.trainer.batches, run.trainer.workspace
        at = run.t + 1 if within.record is not None else run.t
        losses, evaluated_epoch = self._losses(session)
        history = run.history.rows[request.history_from : request.history_from + MOST_ROWS]
        loss_training, loss_validation, *accuracies, penalty = losses
        J_training, J_validation = loss_training + penalty, _number(loss_validation + penalty)
        accuracy_training, accuracy_validation = map(_number, accuracies)
        return Frame(
            run=self._runs,
            status=self._status,  # type: ignore[arg-type]
            goal=self._goal,
            update=run.t,
            epochs_done=run.epoch,
            epoch=batches.epoch(at) if at else 0,
            batch=batches.batch(at) if at else 0,
            examples=len(self._rows_of_batch(session)),
            made=workspace is not None,
            operations=8 * run.network.L + 1,
            now=within.now,
            unmade=[] if within.record is None else within.unmade,
            pace=self._measured_pace(),
            diverged=divergence(run) if run.diverged_at is not None else "",
            J_batch=self._cost_of_batch(session),
            J_training=J_training,
            J_validation=J_validation,
            accuracy_training=accuracy_training,
            accuracy_validation=accuracy_validation,
            evaluated_epoch=evaluated_epoch,
            layers=[
                LayerNorms(W=self._norm("W", l) or 0.0, dW=self._norm("dW", l))
                for l in range(1, run.network.L + 1)
            ],
            matrix=None if request.window is None else self._matrix(session, request.window),
            history_length=len(run.history),
            history_from=request.history_from,
            history=[[_number(value) for value in row[:4]] for row in history.tolist()],
        )

    def _cost_of_batch(self, session: Session) -> float | None:
        """J of the batch at hand, once it has been computed."""
        if self._within.record is not None:
            return self._within.cost
        trainer = session.run.trainer
        return None if trainer.workspace is None else trainer.cost()

    def _norm(self, symbol: str, l: int) -> float | None:
        array = self._array(self._opened(), symbol, l)
        return None if array is None else norm(array)

    def _array(self, session: Session, symbol: str, l: int) -> Array | None:
        """The whole array as it is now, or None where it has not been made."""
        if self._within.record is not None:
            return self._within.array(Reference(symbol, l))
        return _array(session, symbol, l)

    def _figures(self, symbol: str, l: int, array: Array | None) -> Figures | None:
        """Of the whole array; of a large one only when the run stands still."""
        if array is None or (array.size > LARGE and self._goal is not None):
            return None
        state = symbol, l, self._runs, self._opened().run.t, self._within.done
        if self._known_figures is None or self._known_figures[0] != state:
            figures = Figures(
                smallest=float(array.min()),
                largest=float(array.max()),
                mean=float(array.mean()),
                norm=norm(array),
            )
            self._known_figures = state, figures
        return self._known_figures[1]

    def _rows_of_batch(self, session: Session) -> Rows:
        """The examples of the update at hand, (m,): begun, or the last one, or the first."""
        run, begun = session.run, self._within.record is not None
        return run.trainer.batches.rows(run.t + 1 if begun else max(run.t, 1))

    def _losses(self, session: Session) -> tuple[list[float], int | None]:
        """J and accuracies to be shown, and the epoch they belong to unless they are of now."""
        run = session.run
        at_end_of_epoch = run.history.rows[min(run.epoch, len(run.history) - 1)].tolist()
        if run.t == run.epoch * run.per_epoch:
            return at_end_of_epoch, None
        if self._status == "playing" or self._evaluation_seconds > CHEAP:
            return at_end_of_epoch, run.epoch
        if self._evaluated is None or self._evaluated[0] != run.t:
            started = perf_counter()
            training, validation = run.evaluate()
            self._evaluation_seconds = perf_counter() - started
            losses = training.loss, validation.loss
            values = [*losses, training.accuracy, validation.accuracy, run.penalty]
            self._evaluated = run.t, values
        return self._evaluated[1], None

    def _measured_pace(self) -> float:
        if self._goal is None:
            return 0.0
        since, first, pace = self._rate
        run, now = self._opened().run, perf_counter()
        if now - since >= 0.5:
            pace = (run.t - first) / (now - since)
            self._rate = now, run.t, pace
        elif not pace and now > since:
            pace = (run.t - first) / (now - since)
        return pace

    def _matrix(self, session: Session, window: Window) -> Matrix:
        l, symbol = window.layer, window.symbol
        n, m = session.run.network.sizes, len(self._rows_of_batch(session))
        columns = {"W": n[l - 1], "dW": n[l - 1], "b": 1, "db": 1}.get(symbol, m)
        shape = n[l], columns
        first, row_count = _clip(window.row, window.rows, shape[0])
        left, column_count = _clip(window.column, window.columns, shape[1])
        rows, across = slice(first, first + row_count), slice(left, left + column_count)
        array = self._array(session, symbol, l)
        part: list[list[float]] = [] if array is None else array[rows, across].tolist()
        batch = session.examples.training.rows[self._rows_of_batch(session)]
        column_names = session.column_names(symbol, l, batch)[across]
        return Matrix(
            window=Window(
                symbol=symbol,
                layer=l,
                row=first,
                rows=row_count,
                column=left,
                columns=column_count,
            ),
            shape=shape,
            made=array is not None,
            values=part,
            row_names=session.unit_names(l)[rows],
            column_names=column_names,
            figures=self._figures(symbol, l, array),
        )

    # Keeping

    def _save(self, request: Save) -> Snapshot:
        run = self._opened().run
        update, state = run.timeline.before(max(run.t - 1, 0))
        return Snapshot(
            update=update,
            state=state.tobytes(),
            history_from=request.history_from,
            epochs=len(run.history) - request.history_from,
            history=run.history.rows[request.history_from :].tobytes(),
        )

    def _export(self, request: Export) -> Exported:
        session = self._opened()
        written = session.save(request.path)
        return Exported(
            path=request.path,
            update=session.run.t,
            sentence=f"{session.run.network.parameter_count} parameters of update "
            f"{session.run.t} written to {request.path}; "
            f"{written.sentence}",
        )

    def _save_experiment(self, request: SaveExperiment) -> Exported:
        path = Path(request.path)
        write_text(path, to_toml(parse(request.experiment), path.parent))
        load(path)
        return Exported(path=request.path, sentence=f"experiment written to {request.path}")


def _outline(experiment: Experiment, table: Table, examples: Examples) -> Outline:
    """What a complete experiment amounts to."""
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
    )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value


def _clip(start: int, count: int, size: int) -> tuple[int, int]:
    """The part of [start, start + count) that lies in an axis of this size, and fills it."""
    start = max(0, min(start, size - count))
    return start, min(count, size - start)


def _array(session: Session, symbol: str, l: int) -> Array | None:
    """The whole array, or None where it has not been made."""
    trainer = session.run.trainer
    if symbol in ("W", "b"):
        return getattr(trainer.parameters, symbol)[l]  # type: ignore[no-any-return]
    if symbol == "a" and l == 0:
        return trainer.inputs[trainer.batches.rows(max(trainer.t, 1))].T
    workspace = trainer.workspace
    if workspace is None:
        return None
    if symbol in ("dW", "db"):
        return getattr(workspace.gradient, symbol[1:])[l]  # type: ignore[no-any-return]
    if symbol == "da" and l == session.run.network.L:
        return workspace.output_gradient()
    return getattr(workspace, symbol)[l]  # type: ignore[no-any-return]
