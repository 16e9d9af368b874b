"""An open experiment: its data, its network and its run."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np

from tuiprop.core.array import Array, Rows
from tuiprop.core.initialization import initialize
from tuiprop.core.network import Parameters
from tuiprop.data.catalogue import load_table
from tuiprop.data.preparation.completion import complete
from tuiprop.data.preparation.examples import Examples, prepare
from tuiprop.data.table import Table
from tuiprop.models.checkpoint import save_checkpoint, tables_in
from tuiprop.models.checkpoint_content import Checkpoint
from tuiprop.models.export import Written, export
from tuiprop.models.model import Model
from tuiprop.models.weights import parameters_for
from tuiprop.training.breakpoint import Condition
from tuiprop.training.breakpoint import parse as parse_condition
from tuiprop.training.experiment import Breakpoint, Experiment
from tuiprop.training.history import History
from tuiprop.training.machine import facts
from tuiprop.training.memory import key_frame_budget
from tuiprop.training.metrics import predicted_classes
from tuiprop.training.network import network_of
from tuiprop.training.plan import injected_before
from tuiprop.training.run import Run, TrainingData
from tuiprop.training.threads import blas_threads, limited_to
from tuiprop.update.arrays import ArrayRef
from tuiprop.update.record import Record
from tuiprop.verify.gradient_check import check_gradient
from tuiprop.verify.gradient_verdict import GradientCheck


@dataclass(frozen=True, eq=False)
class Session:
    """An open experiment, on which Python, the command line and the dashboard work."""

    experiment: Experiment
    """Complete: target, layers and loss are filled in."""
    examples: Examples
    run: Run

    @property
    def parameters(self) -> Parameters:
        """The present W[l] and b[l]: `parameters.W[l]`, `parameters.b[l]`."""
        return self.run.trainer.parameters

    @property
    def history(self) -> History:
        """The losses and accuracies of every epoch so far."""
        return self.run.history

    @property
    def model(self) -> Model:
        """The network with its present parameters, to be saved or used."""
        t = self.run.t
        return self._model(self.parameters.copy(), t, t + 1)

    def best_model(self) -> Model:
        """The network at the end of the best epoch of this branch."""
        best, run = self.run.best(), self.run
        update = run.batches.end(best.epoch)
        return self._model(Parameters(run.network, best.vector), update, update)

    def _model(self, parameters: Parameters, update: int, edited_before: int) -> Model:
        """The network with given parameters, and the edits before update `before`."""
        plan = self.run.trainer.plan
        return Model(
            self.experiment,
            parameters,
            self.examples.inputs,
            self.examples.classes,
            self.examples.preparation,
            update,
            self.examples.targets,
            tuple(edit.describe() for edit in plan.before(edited_before)),
            injected_before(plan.edits, update),
        )

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the data and their preparation."""
        prepared = self.examples.preparation, self.examples.targets
        digest = sha256(repr(prepared).encode())
        for some in (self.examples.training, self.examples.validation):
            digest.update(some.inputs.data)
            digest.update(some.targets.data)
        return digest.hexdigest()

    def save_checkpoint(
        self,
        path: str | Path,
        *,
        operations: int = 0,
        stops: Iterable[Breakpoint] | None = None,
        opened: str = "",
        kept: bool = False,
    ) -> None:
        """Write everything that is needed to resume this run.

        Args:
            path: the file.
            operations: the number of operations of the next update that are done.
            stops: the conditions that stop it; None for those of the experiment.
            opened: the argument that the dashboard was opened with.
            kept: True for the file of a kept run that this process uses.

        Raises:
            FileError: it cannot be written.
        """
        run, examples, experiment = self.run, self.examples, self.experiment
        if stops is not None:
            experiment = msgspec.structs.replace(experiment, breakpoint=tuple(stops))
        update, state = run.kept_state()
        best = run.branch.kept_best
        checkpoint = Checkpoint(
            experiment=tables_in(experiment, path),
            inputs=examples.inputs,
            classes=examples.classes,
            preparation=tuple(each.to_builtins() for each in examples.preparation),
            targets=tuple(each.to_builtins() for each in examples.targets),
            examples=(len(examples.training), len(examples.validation)),
            data=self.fingerprint,
            machine=facts(),
            opened=opened,
            position=(run.t, operations),
            initial=run.timeline.before(0)[1][0].tobytes(),
            parameters=self.parameters.vector.tobytes(),
            update=update,
            state=state.tobytes(),
            branch=run.branch.number,
            logs=tuple(run.logs),
            history=run.history.rows.tobytes(),
            best_epoch=run.history.best,
            best=b"" if best is None else best.vector.tobytes(),
        )
        save_checkpoint(checkpoint, path, kept=kept)

    def unit_names(self, l: int) -> list[str]:
        """The names of the units of layer l: inputs, u0, u1, …, and classes or targets."""
        if l == 0:
            return list(self.examples.inputs)
        if l == self.run.network.L:
            return list(self.examples.outputs)
        return [f"u{unit}" for unit in range(self.run.network.sizes[l])]

    def row_names(self, array: ArrayRef) -> list[str]:
        """The names of the rows of an array: the units of its layer; the row of J has no name."""
        return [""] if array.symbol == "J" else self.unit_names(array.layer)

    def column_names(
        self, array: ArrayRef, examples: Rows, across: slice = slice(None)
    ) -> list[str]:
        """The names of columns: units of the layer before, or examples by their row in the table.

        Args:
            array: the array.
            examples: the examples of the update, by their rows in the table.
            across: the requested columns.
        """
        if array.columns == "units":
            return self.unit_names(array.layer - 1)[across]
        if array.columns == "examples":
            return [f"#{row}" for row in examples[across]]
        return [array.symbol][across]

    def stop_when(self, conditions: Iterable[str]) -> None:
        """Replace the conditions, QUANTITY OP NUMBER, that stop the run.

        Raises:
            ConditionError: one of them is malformed, or its quantity does not exist in this run.
        """
        self.run.conditions.replace([self.condition(text) for text in conditions])

    def condition(self, text: str) -> Condition:
        """Parse a condition, QUANTITY OP NUMBER, of this run.

        Raises:
            ConditionError: it is malformed, or its quantity does not exist in this run.
        """
        condition = parse_condition(text)
        held_out = len(self.examples.validation) > 0
        condition.quantity.check(self.run.network, held_out=held_out)
        return condition

    def class_of(self, y: Array) -> str:
        """The name of the class of a column of Y, (n[L],); "" if the targets are numbers."""
        classes = self.examples.classes
        if not classes:
            return ""
        return classes[int(predicted_classes(y[:, None])[0])]

    def predict(self, inputs: Array) -> Array:
        """ŷ, (m, n[L]), for raw inputs as rows, (m, n[0])."""
        return self.model.predict(inputs)

    def save(self, path: str | Path, *, best: bool = False) -> Written:
        """Export the weights in the format of the suffix; read them back and compare.

        Args:
            path: the file.
            best: export the weights at the end of the best epoch, not the present ones.

        Raises:
            FileError: they cannot be written, or an injected mistake has changed them.
        """
        return export(self.best_model() if best else self.model, path)

    def with_rows_of_table(self, record: Record) -> Record:
        """The record with its examples as rows of the table, not of the training set."""
        return replace(record, examples=self.examples.training.rows[record.examples])

    def check(self) -> GradientCheck:
        """Check the arrays of the next batch at the present parameters, as the run computes them.

        The last batch of the epoch is checked too if it is smaller.
        """
        trainer = self.run.trainer
        with limited_to(blas_threads(self.run.network)), np.errstate(all="ignore"):
            return check_gradient(trainer.parameters, *trainer.distinct_batches())


def open_session(
    experiment: Experiment,
    *,
    table: Table | None = None,
    examples: Examples | None = None,
    weights: str | Path | None = None,
    initial: bytes | None = None,
) -> Session:
    """Open an experiment at state 0.

    Args:
        experiment: the experiment, which may be incomplete.
        table: its data, if they are already loaded.
        examples: the result of `prepare` for them, which the session then owns.
        weights: a file with initial weights to use instead of random ones; a preparation stored
            in it is ignored.
        initial: the bytes of the vector of initial parameters, which takes precedence over
            `weights`.

    Raises:
        ExperimentError: the experiment does not fit its data.
        DataError: the data cannot be read.
        FileError: the weights cannot be read, or do not fit.
        ValueError: the environment variable for the memory of key frames is not a number of MB.
    """
    table = table or load_table(experiment.data)
    experiment = complete(experiment, table)
    examples = examples or prepare(experiment, table)
    network = network_of(experiment, len(examples.inputs))
    dtype = experiment.training.dtype
    if initial is not None:
        parameters = Parameters(network, np.frombuffer(initial, dtype))
    elif weights is not None:
        parameters = parameters_for(weights, network, dtype)
    else:
        settings = experiment.network
        parameters = initialize(network, settings.initializer, settings.seed, dtype)
    training, validation = examples.training, examples.validation
    data = TrainingData(training.inputs, training.targets, validation.inputs, validation.targets)
    run = Run(network, experiment.training, data, parameters, key_frame_budget())
    run.conditions.replace(experiment.conditions)
    return Session(experiment, examples, run)
