"""Views of a run, each computed when a panel asks for it."""

from math import isfinite
from time import perf_counter

import numpy as np
from msgspec.structs import replace

from tuiprop.core.array import Array, Rows
from tuiprop.protocol.messages.arrays import Figures, Matrix, Numbers, NumbersQuery, Window
from tuiprop.protocol.messages.base import or_none
from tuiprop.protocol.messages.conditions import Conditions
from tuiprop.protocol.messages.moving import Motion, Position
from tuiprop.protocol.messages.operation import AtHand, Now
from tuiprop.protocol.messages.proof import MistakeNote
from tuiprop.protocol.messages.provenance import OriginNote, Provenance, ProvenanceQuery
from tuiprop.protocol.messages.settings import SettingsInForce
from tuiprop.protocol.messages.training import (
    Branches,
    BranchNote,
    Costs,
    History,
    LayerNorms,
    Layers,
)
from tuiprop.session.cursor import Cursor
from tuiprop.session.divergence import divergence
from tuiprop.session.session import Session
from tuiprop.session.stops import Stops
from tuiprop.session.viewpoint import Viewpoint
from tuiprop.session.views.operation import describe, long_route, mistake_note
from tuiprop.session.views.provenance import RecordedUpdate, leaf, origin
from tuiprop.session.what_if import WhatIf
from tuiprop.training.edit import SettingsEdit
from tuiprop.training.run import Run
from tuiprop.update.arrays import ArrayRef, CellRef
from tuiprop.update.norm import norm
from tuiprop.update.record import computed_array, parameter_of

MOST_ROWS = 4000
"""The most epochs of the history in one reply; the next reply has further ones."""

LARGE = 100_000
"""The number of cells above which the figures of an array wait until the run is paused."""


PATIENCE = 0.25
"""Seconds that a replay of the present update may take without a request."""

CHEAP = 0.05
"""Seconds that the evaluation of J over the whole sets may take at every stop."""


class View:
    """Computes the views of a session.

    Args:
        at: the viewpoint, whose run is shown.
    """

    def __init__(self, at: Viewpoint) -> None:
        self._at = at
        self.stops = Stops(at.session)
        """The conditions, including those that are switched off."""
        self._evaluated: tuple[object, list[float]] | None = None
        self._evaluation_seconds = 0.0
        self._last_recorded: tuple[object, RecordedUpdate] | None = None
        self._known_figures: tuple[object, Figures] | None = None

    @property
    def _session(self) -> Session:
        return self._at.session

    @property
    def _cursor(self) -> Cursor:
        return self._at.cursor

    @property
    def _run(self) -> Run:
        return self._at.run

    @property
    def trial(self) -> WhatIf | None:
        """The what-if that is shown; None without one."""
        return self._at.what_if

    def position(self) -> Position:
        """Say where the run is."""
        run, cursor = self._run, self._cursor
        batches = run.batches
        at = run.t + (cursor.partial.record is not None)
        epoch = batches.epoch(at) if at else 0
        return Position(
            update=run.t,
            done=cursor.partial.done,
            operations=cursor.operations,
            epochs_done=run.epoch,
            epoch=epoch,
            batch=batches.batch(at) if at else 0,
            per_epoch=batches.per_epoch(max(epoch, 1)),
            last_update=run.last_update,
            examples=len(self._rows_of_batch()),
        )

    def motion(self) -> Motion:
        """Say whether the run moves, and which condition or number stopped it."""
        walk = self._cursor
        return Motion(
            status=walk.status,
            goal=walk.goal,
            start=walk.start,
            progress=walk.progress,
            pace=walk.pace,
            diverged=self._divergence(),
            bad=self._bad(),
            hit=walk.hit,
        )

    def at_hand(self) -> AtHand:
        """Describe the present operation, and list the arrays that are not computed yet."""
        run, partial = self._run, self._cursor.partial
        return AtHand(
            now=partial.now(run.network),
            completed=self._completed(),
            computed=run.trainer.workspace is not None,
            uncomputed=[] if partial.record is None else partial.uncomputed,
            far=self._far(),
        )

    def costs(self) -> Costs:
        """The costs and accuracies."""
        (training, validation, *accuracies, penalty), epoch = self._losses()
        accuracy_training, accuracy_validation = map(or_none, accuracies)
        return Costs(
            batch=self._cost_of_batch(),
            training=training + penalty,
            validation=or_none(validation + penalty),
            accuracy_training=accuracy_training,
            accuracy_validation=accuracy_validation,
            epoch=epoch,
        )

    def layers(self) -> Layers:
        """Compute the norms of each layer."""
        return Layers(
            norms=[
                LayerNorms(W=self._norm(W) or 0.0, dW=self._norm(W.gradient))
                for W in (ArrayRef("W", l) for l in range(1, self._run.network.L + 1))
            ]
        )

    def numbers(self, query: NumbersQuery) -> Numbers:
        """Cut parts out of arrays."""
        window = query.window if query.window and self._exists(query.window.array) else None
        return Numbers(
            matrix=None if window is None else self.matrix(window),
            shown=self._shown(window),
            long_route=self._long_route(window),
            operands=[self.matrix(each) for each in query.operands if self._exists(each.array)],
        )

    def provenance(self, query: ProvenanceQuery) -> Provenance:
        """Trace a number to its terms."""
        return Provenance(origin=self._origin(query.cell, query.terms, query.line_width))

    def history(self, first: int) -> History:
        """The history from an epoch on."""
        run = self._run
        rows = run.history.rows[first : first + MOST_ROWS]
        return History(
            length=len(run.history),
            first=first,
            rows=[[or_none(value) for value in row[:4]] for row in rows.tolist()],
            settings_changed=[
                run.batches.epochs_done(edit.at)
                for edit in run.branch.edits
                if isinstance(edit, SettingsEdit)
            ],
            best_epoch=run.history.best,
            best_update=run.batches.end(run.history.best),
        )

    def branches(self) -> Branches:
        """List the branches."""
        run = self._run
        return Branches(
            current=run.branch.number,
            branches=[
                BranchNote(
                    number=each.number,
                    parent=None if each.parent is None else each.parent.number,
                    fork=each.fork,
                    reached=each.reached,
                    edits=[str(edit) for edit in each.edits],
                )
                for each in run.branches.values()
            ],
        )

    def mistake(self) -> MistakeNote | None:
        """Describe the mistake that is injected, if one is."""
        mistake = self._run.trainer.config.mistake
        return None if mistake is None else mistake_note(mistake)

    def conditions(self) -> Conditions:
        """List the conditions with the present values of their quantities."""
        at_rest = self._cursor.goal is None and self._cursor.partial.record is None
        return Conditions(stops=self.stops.notes(at_rest=at_rest))

    def settings(self) -> SettingsInForce:
        """The settings of the next update."""
        settings = self._run.trainer.settings
        return SettingsInForce(
            optimizer=settings.optimizer,
            learning_rate=settings.learning_rate,
            l2=self._run.network.l2,
            batch_size=settings.batch_size,
            options=settings.options,
        )

    def matrix(self, window: Window) -> Matrix:
        """Cut the part of an array that a window requests."""
        session, reference = self._session, window.array
        shape = reference.shape(self._run.network.sizes, len(self._rows_of_batch()))
        first, row_count = _clip(window.row, window.rows, shape[0])
        left, column_count = _clip(window.column, window.columns, shape[1])
        rows, across = slice(first, first + row_count), slice(left, left + column_count)
        array = self._array_of(window)
        part: list[list[float]] = [] if array is None else array[rows, across].tolist()
        examples = session.examples.training.rows[self._rows_of_batch()]
        return Matrix(
            window=replace(window, row=first, rows=row_count, column=left, columns=column_count),
            shape=shape,
            absent="" if array is not None else self.why_absent(),
            values=part,
            before=self._without_the_trial(window, rows, across) if part else [],
            row_names=session.row_names(reference)[rows],
            column_names=session.column_names(reference, examples, across),
            figures=self._figures(window, array),
        )

    def _array_of(self, at: Window | CellRef) -> Array | None:
        """The whole array of a window or a cell; None if it is not computed."""
        reference = at.array
        if reference.symbol == "J":
            cost = self._cost_of_batch()
            return None if cost is None else np.full((1, 1), cost)
        of_record = reference.slot or reference.symbol == "y"
        if not (of_record or (at.before and reference.is_parameter)):
            return self.array(reference)
        recorded = self.present_update() if self._cursor.goal is None else None
        return None if recorded is None else recorded.record.arrays().get(reference)

    def _exists(self, array: ArrayRef) -> bool:
        return array.exists(self._run.network.L)

    def present_update(self) -> RecordedUpdate | None:
        """The whole record of the update that has begun, or of the last one.

        None if there is no update, or if its replay would take long: see `AtHand.far`.
        """
        run, within = self._run, self._cursor.partial
        trainer = run.trainer
        if within.record is not None:
            return RecordedUpdate(within.record, within.operations, trainer.config)
        if trainer.workspace is None:
            return None
        state = run.t, run.branch.edits
        if self._last_recorded is None or self._last_recorded[0] != state:
            if self._far():
                return None
            record = run.record(run.t)
            recorded = RecordedUpdate(record, trainer.operations(), trainer.config)
            self._last_recorded = state, recorded
        return self._last_recorded[1]

    def _far(self) -> int:
        """The number of updates that a replay of the present one needs; 0 if that is fast."""
        run = self._run
        at_rest = self._cursor.goal is None and self._cursor.partial.record is None
        state = run.t, run.branch.edits
        if not at_rest or run.trainer.workspace is None:
            return 0
        if self._last_recorded is not None and self._last_recorded[0] == state:
            return 0
        updates, seconds = run.replay_cost(run.t)
        return updates if seconds > PATIENCE and updates > 1 else 0

    def why_absent(self) -> str:
        """Say why an array is not shown."""
        if self._cursor.goal is not None:
            return "Training is running: press space to pause."
        if far := self._far():
            return f"It needs {far:,} updates to be replayed: Shift+b, then b."
        if self._run.t == 0 and self._cursor.partial.record is None:
            return "No update yet: press o (one operation) or b (one batch)."
        return "Not computed yet: press o to compute the next array."

    def _completed(self) -> Now | None:
        run = self._run
        if not self._cursor.completed or run.trainer.workspace is None:
            return None
        operations = run.trainer.operations()
        m, count = len(self._rows_of_batch()), run.trainer.count
        return describe(operations, len(operations), run.network, m, count)

    def _shown(self, window: Window | None) -> Now | None:
        """Describe the operation that computed the array of a window; None if none has."""
        run, within = self._run, self._cursor.partial
        if window is None or window.before or window.array.slot:
            return None
        if within.record is not None:
            operations, count = within.operations[: within.done], within.record.count
        elif run.trainer.workspace is not None:
            operations, count = run.trainer.operations(), run.trainer.count
        else:
            return None
        results = [operation.result for operation in operations]
        number = results.index(window.array) + 1 if window.array in results else None
        if number is None:
            return None
        whole = within.operations if within.record is not None else operations
        return describe(whole, number, run.network, len(self._rows_of_batch()), count)

    def _long_route(self, window: Window | None) -> str:
        """The sentence on the chain rule for dz[L], where dz[L] is a[L] − y; else ""."""
        run = self._run
        fused = run.network.loss_function.is_fused and run.trainer.config.mistake is None
        dz = ArrayRef("dz", run.network.L)
        asked = window is not None and window.array == dz
        if not (fused and asked and self._cursor.goal is None):
            return ""
        recorded = self.present_update()
        if recorded is None or self.array(dz) is None:
            return ""
        return long_route(run.network, self._session.with_rows_of_table(recorded.record))

    def _origin(self, cell: CellRef | None, terms: int, width: int) -> OriginNote | None:
        """Trace a number; None while the run is moving or before the number is computed."""
        if cell is None or self._cursor.goal is not None or not self._exists(cell.array):
            return None
        if cell.array.slot or self._is_from_before(cell.array):
            cell = replace(cell, before=True)
        array = self._array_of(cell)
        if array is None or cell.row >= array.shape[0] or cell.column >= array.shape[1]:
            return None
        recorded = self.present_update()
        if recorded is None and self._far():
            return None
        if recorded is None:
            shown, update = float(array[cell.row, cell.column]), self._run.t + 1
            return leaf(self._session, self._rows_of_batch(), cell, shown, update)
        if self.trial is not None and replace(cell, before=False) == self.trial.note.cell:
            shown = float(array[cell.row, cell.column])
            untried, record = replace(cell, before=False), recorded.record
            return leaf(self._session, record.examples, untried, shown, record.update)
        return origin(self._session, recorded, cell, terms, max(20, width))

    def _is_from_before(self, array: ArrayRef) -> bool:
        """True for a parameter that the present update has not changed yet."""
        within = self._cursor.partial
        return within.record is not None and array.is_parameter and not within.is_computed(array)

    def _without_the_trial(self, window: Window, rows: slice, columns: slice) -> list[list[float]]:
        """A part of an array without the change of the what-if."""
        if self.trial is None or not window.array.is_of_layer:
            return []
        after = not window.before and self._cursor.partial.is_computed(window.array)
        array = self.trial.array_without(window.array, after=after)
        numbers: list[list[float]] = array[rows, columns].tolist()
        return numbers

    def array(self, reference: ArrayRef) -> Array | None:
        """The whole present array; None if it is not computed."""
        if self._cursor.partial.record is not None:
            return self._cursor.partial.array(reference)
        trainer = self._run.trainer
        if reference.is_parameter:
            return parameter_of(trainer.parameters, reference)
        if reference.is_input:
            return trainer.examples.inputs_of(trainer.batches.rows(max(trainer.t, 1))).T
        workspace = trainer.workspace
        if workspace is None:
            return None
        return computed_array(workspace, trainer.parameters, reference)

    def _divergence(self) -> str:
        """The sentence on a divergence, with the operation and the cell; "" without one."""
        if self._run.diverged_at is None:
            return ""
        if self._cursor.bad is None:
            return divergence(self._session, self._run.diverged_at, None)
        operation, row, column = self._cursor.bad
        number = self._cursor.partial.operations.index(operation) + 1
        return divergence(self._session, self._run.diverged_at, (number, row, column))

    def _bad(self) -> CellRef | None:
        """The first number that is not finite, if the run has diverged."""
        if self._run.diverged_at is None or self._cursor.bad is None:
            return None
        operation, row, column = self._cursor.bad
        return CellRef(operation.result, row, column)

    def _cost_of_batch(self) -> float | None:
        """J of the present batch; None before it is computed."""
        if self._cursor.partial.record is not None:
            return self._cursor.partial.cost
        trainer = self._run.trainer
        return None if trainer.workspace is None else trainer.cost()

    def _norm(self, reference: ArrayRef) -> float | None:
        array = self.array(reference)
        return None if array is None else norm(array)

    def _figures(self, window: Window, array: Array | None) -> Figures | None:
        """The figures of the whole array; those of a large one only while the run is paused."""
        if array is None or (array.size > LARGE and self._cursor.goal is not None):
            return None
        state = window.array, window.before, self._run.branch.edits, self._cursor.here
        if self._known_figures is None or self._known_figures[0] != state:
            self._known_figures = state, _figures_of(array)
        return self._known_figures[1]

    def _rows_of_batch(self) -> Rows:
        """The examples, (m,), of the update that has begun, else of the last, else of the first."""
        run, begun = self._run, self._cursor.partial.record is not None
        return run.batches.rows(run.t + 1 if begun else max(run.t, 1))

    def _losses(self) -> tuple[list[float], int | None]:
        """The losses and accuracies to show, and their epoch; None if they are the present ones."""
        run = self._run
        at_end_of_epoch = run.history.rows[min(run.epoch, len(run.history) - 1)].tolist()
        if run.t == run.batches.end(run.epoch) and not run.is_edited:
            return at_end_of_epoch, None
        if self._cursor.status == "playing" or self._evaluation_seconds > CHEAP:
            return at_end_of_epoch, run.epoch
        state = run.t, run.branch.edits
        if self._evaluated is None or self._evaluated[0] != state:
            started = perf_counter()
            training, validation = run.evaluate()
            self._evaluation_seconds = perf_counter() - started
            losses = training.loss, validation.loss
            values = [*losses, training.accuracy, validation.accuracy, run.penalty]
            self._evaluated = state, values
        return self._evaluated[1], None


def _figures_of(array: Array) -> Figures:
    smallest, largest = float(array.min()), float(array.max())
    size = max(abs(smallest), abs(largest))
    if not isfinite(size):
        size = float(np.abs(array[np.isfinite(array)]).max(initial=0.0))
    with np.errstate(all="ignore"):
        mean = float(array.mean())
        if (
            not isfinite(mean) and isfinite(smallest) and isfinite(largest)
        ):  # the sum has overflowed
            mean = size * float((array / size).mean())
    return Figures(smallest=smallest, largest=largest, size=size, mean=mean, norm=norm(array))


def _clip(start: int, count: int, size: int) -> tuple[int, int]:
    """Start and length of a range of `count`, moved and cut to fit an axis of this size."""
    start = max(0, min(start, size - count))
    return start, min(count, size - start)
