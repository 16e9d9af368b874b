"""Recognises known mistakes in the arrays of a batch."""

from collections.abc import Iterable

import numpy as np

from tuiprop.core.network import Parameters
from tuiprop.core.propagation import Workspace
from tuiprop.update.arrays import ArrayRef
from tuiprop.update.record import parameter_of
from tuiprop.verify.gradient_verdict import GradientCheck
from tuiprop.verify.injection import Mistake
from tuiprop.verify.mistakes import MISTAKES


def recognised(
    parameters: Parameters, workspace: Workspace, result: GradientCheck
) -> tuple[Mistake, ...]:
    """The known mistakes that explain every wrong J, dW and db.

    Each mistake is injected into the same batch; it explains an array if the result is equal up
    to rounding.

    Args:
        parameters: W and b at which the arrays were computed.
        workspace: the arrays, after `forward` and `backward`.
        result: their check.
    """
    wrong = [check.array for check in result.wrong if check.is_gradient or check.array.is_number]
    return tuple(_explaining(parameters, workspace, wrong)) if wrong else ()


def _explaining(
    parameters: Parameters, workspace: Workspace, wrong: list[ArrayRef]
) -> Iterable[Mistake]:
    network, dtype = workspace.network, workspace.inputs.dtype
    tolerance = float(np.sqrt(np.finfo(dtype).eps))
    for mistake in MISTAKES.values():
        if mistake.bias_twice or mistake.refusal(network, workspace.m):
            continue
        mistaken = mistake.workspace(network, workspace.m, dtype)
        mistaken.inputs[...], mistaken.targets[...] = workspace.inputs, workspace.targets
        with np.errstate(all="ignore"):
            mistaken.forward(parameters)
            mistaken.backward(parameters)
            pairs = [
                (_number_or_gradient(each, array, parameters) for each in (workspace, mistaken))
                for array in wrong
            ]
            if all(
                np.abs(found - expected).max() <= tolerance * np.abs(expected).max()
                for found, expected in pairs
            ):
                yield mistake


def _number_or_gradient(
    workspace: Workspace, array: ArrayRef, parameters: Parameters
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """J, dW[l] or db[l] of a workspace, in float64."""
    if array.is_number:
        return np.array([[workspace.cost(parameters)]])
    return parameter_of(workspace.gradient, array).astype(np.float64)
