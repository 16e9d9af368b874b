"""The trainer: state t − 1 to state t, one update after the other."""

from dataclasses import dataclass

import numpy as np

from tuiprop.core.array import Array, Rows
from tuiprop.core.network import Network, Parameters
from tuiprop.core.operation import Operation, Phase, Reference, T, operations
from tuiprop.core.optimizer import OPTIMIZERS, Change
from tuiprop.core.propagation import Workspace, penalty
from tuiprop.core.slip import Slip
from tuiprop.training.batches import Batches
from tuiprop.training.experiment import TrainingSettings


@dataclass(frozen=True, eq=False)
class Record:
    """Every array of one update, as flat-out training computed it, bit for bit.

    l counts as in the notes: `W[1]` … `W[L]`, `a[0]` … `a[L]`.
    """

    update: int
    W: dict[int, Array]
    """Before the update, (n[l], n[l-1])."""
    b: dict[int, Array]
    """Before the update, (n[l], 1)."""
    z: dict[int, Array]
    """(n[l], m)."""
    a: dict[int, Array]
    """(n[l], m)."""
    da: dict[int, Array]
    """(n[l], m)."""
    dz: dict[int, Array]
    """(n[l], m)."""
    dW: dict[int, Array]
    """(n[l], n[l-1])."""
    db: dict[int, Array]
    """(n[l], 1)."""
    y: Array
    """The targets of the batch, (n[L], m)."""
    J: float
    """J of the batch, with the penalty."""
    examples: Rows
    """The rows of the table that the columns are, (m,)."""
    after: Parameters
    """W and b after the update."""
    slots: dict[str, Parameters]
    """The slots of the optimiser before the update, laid out like the parameters."""

    def arrays(self) -> dict[Reference, Array]:
        """What the operations of this update read, by reference: W and b are those before."""
        L = len(self.W)
        arrays = {Reference("y", L): self.y, T: np.full((1, 1), float(self.update))}
        for symbol in ("W", "b", "z", "a", "da", "dz", "dW", "db"):
            for l, array in getattr(self, symbol).items():
                arrays[Reference(symbol, l)] = array
        for slot, parameters in self.slots.items():
            for l in range(1, L + 1):
                arrays[Reference("W", l, slot)] = parameters.W[l]
                arrays[Reference("b", l, slot)] = parameters.b[l]
        return arrays

    def result(self, operation: Operation) -> Array:
        """What an operation of this update made."""
        if operation.phase is Phase.UPDATE:
            of_symbol = self.after.W if operation.result.symbol == "W" else self.after.b
            return of_symbol[operation.result.layer]
        if operation.phase is Phase.COST:
            return np.full((1, 1), self.J)
        return self.arrays()[operation.result]


class Trainer:
    """Walks over batches and changes the parameters.

    Args:
        network: the network.
        settings: the optimiser, its rate and options, batch size, order, dtype.
        inputs: the training set as rows, (N, n[0]).
        targets: (N, n[L]).
        initial: state 0; not changed.
        slip: a mistake that every update makes.

    Raises:
        ValueError: the slip would change nothing here; the sentence says why.
    """

    def __init__(
        self,
        network: Network,
        settings: TrainingSettings,
        inputs: Array,
        targets: Array,
        initial: Parameters,
        slip: Slip | None = None,
    ) -> None:
        self.network = network
        self.slip = slip
        self._settings = settings
        self.inputs = np.ascontiguousarray(inputs, settings.dtype)
        self.targets = np.ascontiguousarray(targets, settings.dtype)
        self.batches = Batches(
            len(inputs), settings.batch_size, shuffle=settings.shuffle, seed=settings.seed
        )
        refusal = slip.refusal(network, self.batches.size) if slip else ""
        if refusal:
            raise ValueError(refusal)
        optimizer = OPTIMIZERS[settings.optimizer]
        self.state: Array = np.zeros(
            (1 + len(optimizer.slots), network.parameter_count), settings.dtype
        )
        """θ and the slots of the optimiser, (1 + slots, P)."""
        self.state[0] = initial.vector
        self.parameters = Parameters(network, self.state[0])
        """Views into `state`: changed by every update."""
        self.t = 0
        """The number of updates done."""
        self.workspace: Workspace | None = None
        """The arrays of update t; None where update t was not walked here."""
        self._workspaces: dict[int, Workspace] = {}
        self._penalty = 0.0
        self._change = self._new_change(self.state)

    def advance(self, updates: int) -> None:
        """Do so many updates."""
        for t in range(self.t + 1, self.t + updates + 1):
            rows = self.batches.rows(t)
            workspace = self._workspaces.get(len(rows))
            if workspace is None:
                workspace = self._workspaces[len(rows)] = self._new_workspace(len(rows))
            self._walk(workspace, rows)
            self._penalty = penalty(self.network, self.parameters)
            self._change.apply(workspace.gradient.vector, t)
            self.workspace = workspace
            self.t = t

    def cost(self) -> float:
        """J of the batch of update t, before its parameters were changed."""
        assert self.workspace is not None
        return self.workspace.mean_loss() + self._penalty

    def record(self) -> Record:
        """The record of the next update, t + 1; nothing is changed."""
        rows = self.batches.rows(self.t + 1)
        workspace = self._new_workspace(len(rows))
        before = self.parameters.copy()
        self._walk(workspace, rows)
        workspace.output_gradient()
        after = self.state.copy()
        self._new_change(after).apply(workspace.gradient.vector, self.t + 1)
        optimizer = OPTIMIZERS[self._settings.optimizer]
        return Record(
            update=self.t + 1,
            W=before.W,
            b=before.b,
            z=workspace.z,
            a=workspace.a,
            da=workspace.da,
            dz=workspace.dz,
            dW=workspace.gradient.W,
            db=workspace.gradient.b,
            y=workspace.y,
            J=workspace.cost(before),
            examples=rows.copy(),
            after=Parameters(self.network, after[0]),
            slots={
                slot: Parameters(self.network, vector.copy())
                for slot, vector in zip(optimizer.slots, self.state[1:], strict=True)
            },
        )

    def operations(self) -> tuple[Operation, ...]:
        """The operations of every update, in order."""
        settings = self._settings
        describe = self.slip.operations if self.slip else operations
        return describe(
            self.network,
            OPTIMIZERS[settings.optimizer],
            settings.learning_rate,
            settings.options,
        )

    def restore(self, state: Array, t: int) -> None:
        """Go to state t, given as `state` held it then."""
        self.state[...] = state
        self.t = t
        self.workspace = None

    def _new_workspace(self, m: int) -> Workspace:
        new = self.slip.workspace if self.slip else Workspace
        return new(self.network, m, self.state.dtype)

    def _new_change(self, state: Array) -> Change:
        settings = self._settings
        rule = OPTIMIZERS[settings.optimizer], state, settings.learning_rate, settings.options
        return self.slip.change(self.network, *rule) if self.slip else Change(*rule)

    def _walk(self, workspace: Workspace, rows: Rows) -> None:
        """Forward and back over the examples in `rows`."""
        np.take(self.inputs, rows, axis=0, out=workspace.inputs, mode="clip")
        np.take(self.targets, rows, axis=0, out=workspace.targets, mode="clip")
        workspace.forward(self.parameters)
        workspace.backward(self.parameters)
