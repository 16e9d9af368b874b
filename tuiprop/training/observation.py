"""An update as conditions look at it, with the checks that they may ask for."""

from tuiprop.core.array import Array
from tuiprop.core.network import Parameters
from tuiprop.core.propagation import Workspace
from tuiprop.training.plan import UpdateConfig
from tuiprop.training.quantity import Update
from tuiprop.update.record import Record
from tuiprop.verify.gradient_check import Verdict, check_gradient


def observe_record(record: Record, config: UpdateConfig) -> Update:
    """Present the update of a record.

    Args:
        record: the update.
        config: its configuration.
    """
    return observe(record.update, record.count, config, record.workspace, record.before_and_after)


def observe(
    t: int, count: int, config: UpdateConfig, workspace: Workspace, states: tuple[Array, Array]
) -> Update:
    """Present update t; its checks are computed only where they are asked for.

    Args:
        t: its number.
        count: its number in the rule of the optimiser.
        config: its configuration.
        workspace: its arrays.
        states: θ and the state of the optimiser before and after, (1 + slots, P) each.
    """
    before, after = states
    network, start = config.network, Parameters(config.network, before[0])

    def failed_checks() -> int:
        examples = workspace.inputs, workspace.targets
        check = check_gradient(network, start, *examples, seed=t - 1, workspace=config.workspace_in)
        return sum(each.verdict is Verdict.WRONG for each in check.arrays)

    def failed_audits() -> int:
        found = config.audit(count, before, workspace.gradient.vector, after)
        return sum(not each.ok for each in found.arrays if " of " not in each.name)

    return Update(
        t,
        workspace,
        Parameters(network, after[0]),
        lambda: workspace.cost(start),
        failed_checks,
        failed_audits,
    )
