"""A model: a network with its parameters and what it takes to use them."""

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
    """Complete: target, layers and loss are filled in."""
    parameters: Parameters
    inputs: tuple[str, ...]
    """Names of the inputs, n[0] of them."""
    classes: tuple[str, ...]
    """Names of the classes in the order of the outputs; empty where the targets are numbers."""
    preparation: tuple[Preparation, ...]
    """The preparation of each raw input, n[0] of them."""
    update: int
    """The number of updates that made the parameters."""
    targets: tuple[Preparation, ...] = ()
    """How each target was scaled; empty for classes."""
    edits: tuple[str, ...] = ()
    """The edits before that update, in words: the experiment does not hold them."""
    mistake: Injected | None = None
    """The injected mistake that updates were computed with; such a model is not exported."""

    @property
    def network(self) -> Network:
        """The description of the network."""
        return self.parameters.network

    @property
    def of_tables(self) -> tuple[Preparation, ...]:
        """The preparation with names and categories written as tables hold them."""
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
            inputs: examples as rows, (m, n[0]), as the table has them: not standardised.

        Returns:
            (m, n[L]): for classes probabilities; numbers in the unit of their target.

        Raises:
            InputError: the inputs are not (m, n[0]).
        """
        return self.outputs_of(self.forward(inputs))

    def forward(self, inputs: Array) -> Workspace:
        """One walk forward over raw inputs; arguments and errors are those of `predict`."""
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
        """ŷ after a walk forward, (m, n[L]), as `predict` returns it."""
        return unscaled(self.targets, np.ascontiguousarray(workspace.a[self.network.L].T))
