"""A model: a network with its parameters and everything that their use needs."""

from dataclasses import dataclass, replace

import numpy as np

from tuiprop.cell import plain, with_point
from tuiprop.core.array import Array
from tuiprop.core.network import Network, Parameters
from tuiprop.core.propagation import Workspace
from tuiprop.data.preparation.encoding import Preparation, apply, unscaled
from tuiprop.errors import InputError
from tuiprop.training.experiment import Experiment
from tuiprop.training.plan import Injected
from tuiprop.training.threads import blas_threads, limited_to


@dataclass(frozen=True, eq=False)
class Model:
    """A trained network with everything that an export holds."""

    experiment: Experiment
    """The complete experiment, with target, layers and loss."""
    parameters: Parameters
    inputs: tuple[str, ...]
    """The names of the n[0] inputs."""
    classes: tuple[str, ...]
    """The names of the classes in the order of the outputs; empty if the targets are numbers."""
    preparation: tuple[Preparation, ...]
    """The preparation of each of the n[0] raw inputs."""
    update: int
    """The number of updates that led to the parameters."""
    targets: tuple[Preparation, ...] = ()
    """The scaling of each target; empty for classes."""
    edits: tuple[str, ...] = ()
    """Descriptions of the edits before that update, which are not part of the experiment."""
    mistake: Injected | None = None
    """The mistake that was injected into updates; a model with one is not exported."""

    @property
    def network(self) -> Network:
        """The description of the network."""
        return self.parameters.network

    @property
    def of_tables(self) -> tuple[Preparation, ...]:
        """The preparation with names and categories as they are written in tables."""
        decimal = self.experiment.data.decimal or "."

        def category(text: str) -> str:
            return with_point(plain(text), decimal)

        return tuple(
            replace(
                each,
                column=plain(each.column),
                other=None if each.other is None else plain(each.other),
                category=None if each.category is None else category(each.category),
                order=None if each.order is None else tuple(map(category, each.order)),
            )
            for each in self.preparation
        )

    def predict(self, inputs: Array) -> Array:
        """ŷ for raw inputs.

        Args:
            inputs: examples as rows, (m, n[0]), as in the table: not standardised.

        Returns:
            (m, n[L]): probabilities of classes, or numbers in the unit of their target.

        Raises:
            InputError: the inputs are not (m, n[0]).
        """
        return self.outputs_of(self.forward(inputs))

    def forward(self, inputs: Array) -> Workspace:
        """Propagate raw inputs forward; for arguments and errors see `predict`."""
        rows = np.asarray(inputs, np.float64)
        if rows.ndim != 2 or rows.shape[1] != self.network.inputs:
            allowed = f"(m, {self.network.inputs}), examples as rows of {', '.join(self.inputs)}"
            raise InputError.invalid(str(rows.shape), allowed, key="inputs")
        workspace = Workspace(self.network, len(rows), self.parameters.vector.dtype)
        with limited_to(blas_threads(self.network)), np.errstate(all="ignore"):
            workspace.inputs[...] = apply(self.preparation, rows)
            workspace.forward(self.parameters)
        return workspace

    def outputs_of(self, workspace: Workspace) -> Array:
        """ŷ, (m, n[L]), after forward propagation, as `predict` returns it."""
        return unscaled(self.targets, np.ascontiguousarray(workspace.a[self.network.L].T))
