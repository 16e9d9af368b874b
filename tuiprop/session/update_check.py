"""The gradient check and the audit of one update, of the command `tuiprop check`."""

from dataclasses import dataclass

from tuiprop.session.divergence import DivergedError
from tuiprop.session.session import Session
from tuiprop.verify.gradient_verdict import GradientCheck, Verdict
from tuiprop.verify.update_audit import Audit


@dataclass(frozen=True)
class UpdateCheck:
    """The checks of one update."""

    gradient: GradientCheck
    """The check of its arrays."""
    audit: Audit | None
    """The audit of the state after it; None if the run diverges there."""

    @property
    def passed(self) -> bool:
        """True if nothing is wrong; something may be unchecked."""
        return self.gradient.passed and (self.audit is None or self.audit.passed)

    @property
    def verdict(self) -> str:
        """The verdict: right, wrong, or unchecked if an array of the gradient could not be."""
        if not self.passed:
            return Verdict.WRONG.value
        return "unchecked" if self.gradient.unchecked or self.audit is None else "right"


def check_update(session: Session, update: int) -> UpdateCheck:
    """Train to the state before an update, check its arrays, do it, and audit what it did.

    Args:
        session: the session, whose run is moved.
        update: t ≥ 1.

    Raises:
        DivergedError: the run diverges before that update.
    """
    run = session.run
    run.seek(update - 1)
    if run.t != update - 1:
        raise DivergedError(session)
    gradient = session.check()
    config, before = run.trainer.config, run.trainer.state.copy()
    count = run.trainer.count + 1
    run.advance(update)
    workspace = run.trainer.workspace
    if run.t != update or workspace is None:
        return UpdateCheck(gradient, None)
    vector = workspace.gradient.vector
    return UpdateCheck(gradient, config.audit(count, before, vector, run.trainer.state))
