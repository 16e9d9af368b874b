"""Background verification: gradient check and update audit while the run is paused."""

import traceback
from time import perf_counter

import numpy as np

from tuiprop.core.propagation import Workspace
from tuiprop.protocol.messages.proof import ArrayProof, ProofNote
from tuiprop.session.cursor import MOMENT, Cursor
from tuiprop.session.fault import fault_words
from tuiprop.session.viewpoint import Viewpoint
from tuiprop.training.run import Run
from tuiprop.training.threads import blas_threads, limited_to
from tuiprop.verify.gradient_check import GradientChecker
from tuiprop.verify.gradient_verdict import ArrayCheck, GradientCheck
from tuiprop.verify.injection import Mistake
from tuiprop.verify.recognition import recognised
from tuiprop.verify.update_audit import ArrayAudit, Audit

REST = 0.2
"""Seconds after which the verification of a paused run begins."""

QUICK = 50_000
"""The largest number of parameters for which the update is audited without a request."""


class Proof:
    """Verifies the present update in slices, whenever there is no other work.

    Args:
        at: the viewpoint, whose run is verified.
    """

    def __init__(self, at: Viewpoint) -> None:
        self._at = at
        self._of: object = None
        self._began = 0.0
        self._asked = False
        self._fault = ""
        self._checker: GradientChecker | None = None
        self._result: GradientCheck | None = None
        self._examples: list[int] = []
        self._batch: Workspace | None = None
        self._mistakes: tuple[Mistake, ...] = ()
        self._audit: Audit | None = None
        self._audited = 0

    @property
    def _run(self) -> Run:
        return self._at.run

    @property
    def _cursor(self) -> Cursor:
        return self._at.cursor

    def verify(self) -> None:
        """Begin a complete verification now and discard earlier results."""
        self._of, self._asked = None, True

    def work(self) -> float | None:
        """Work for a moment; return the seconds until there is more work, or None.

        An exception ends the verification of the present state; `note` then describes it.
        """
        try:
            return self._work()
        except Exception as error:
            traceback.print_exc()
            self._fault, self._asked = fault_words(error), False
            return None

    def _work(self) -> float | None:
        here = self._run.t, self._run.branch.edits, self._cursor.partial.record is not None
        if here != self._of:
            self._of, self._began = here, perf_counter()
            self._checker, self._audit, self._result = None, None, None
            self._mistakes = ()
            self._fault = ""
        if self._fault:
            return None
        wait = self._began + REST - perf_counter()
        if wait > 0 and not self._asked:
            return wait
        run = self._run
        with limited_to(blas_threads(run.network)), np.errstate(all="ignore"):
            if self._checker is None:
                self._checker = self._new_checker()
                self._audit_update()
                return 0.0
            if not self._checker.finished:
                self._checker.advance(MOMENT)
                return 0.0
            if self._result is None:
                self._finish(self._checker)
                return 0.0
        self._asked = False
        return None

    @property
    def note(self) -> ProofNote | None:
        """The results so far; None if the verification of the present state has not begun."""
        checker = self._checker
        here = self._run.t, self._run.branch.edits, self._cursor.partial.record is not None
        if self._of != here or self._cursor.target is not None or not (checker or self._fault):
            return None
        result, audits = self._result, self._audit.arrays if self._audit else ()
        return ProofNote(
            finished=result is not None,
            compared=checker.done if checker else 0,
            parameters=self._run.network.parameter_count,
            examples=self._examples,
            layers=_layers(result, self._run.network.L) if result else [],
            checks=[_checked(each) for each in result.arrays] if result else [],
            operations=[_checked(each) for each in result.operations] if result else [],
            mistakes=[f"{each.title}: {each.sentence}" for each in self._mistakes],
            update=self._audited,
            audits=[_audited(each) for each in audits],
            passed=result.passed and all(each.ok for each in audits) if result else None,
            fault=self._fault,
        )

    def _new_checker(self) -> GradientChecker:
        trainer = self._run.trainer
        batches = trainer.distinct_batches()
        self._examples = [workspace.m for workspace in batches]
        self._batch = batches[0]
        return GradientChecker(trainer.parameters, *batches)

    def _finish(self, checker: GradientChecker) -> None:
        """Take the result, and recognise a known mistake in it."""
        assert self._batch is not None
        self._result = checker.result()
        self._mistakes = recognised(self._run.trainer.parameters, self._batch, self._result)

    def _audit_update(self) -> None:
        """Audit the present update, if there is one; a large one only on request.

        The record is recomputed from a key frame; the state after the update is that of the run.
        """
        if self._run.network.parameter_count > QUICK and not self._asked:
            return
        recorded = self._at.present_update()
        if recorded is not None:
            self._audited = recorded.record.update
            record = recorded.record
            before, after = record.before_and_after
            if self._at.is_result_of_update and record.update == self._run.t:
                after = self._run.trainer.state
            self._audit = recorded.config.audit(record.count, before, record.gradient, after)


def _layers(result: GradientCheck, L: int) -> list[str]:
    return [result.layer(l).text for l in range(1, L + 1)]


def _checked(check: ArrayCheck) -> ArrayProof:
    verdict = check.verdict
    return ArrayProof(
        array=check.array,
        verdict=verdict.value if verdict.is_known else "unchecked",
        why="" if verdict.is_known else verdict.value,
        figure=check.relative_error,
        bound=check.bound,
        compared=check.compared,
        of=check.of,
        ratio=check.ratio,
        cell=check.cell,
    )


def _audited(each: ArrayAudit) -> ArrayProof:
    verdict = "right" if each.ok else "wrong"
    return ArrayProof(array=each.array, verdict=verdict, figure=each.worst, cell=each.cell)
