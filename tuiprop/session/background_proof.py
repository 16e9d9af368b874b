"""The proof: the gradient check and the update audit of where the run stands, while it stands."""

import traceback
from time import perf_counter

import numpy as np

from tuiprop.protocol.messages.payloads import ArrayProof, ProofNote
from tuiprop.session.cursor import MOMENT, Cursor
from tuiprop.session.fault import fault_words
from tuiprop.session.viewpoint import Viewpoint
from tuiprop.session.views.frame import View
from tuiprop.training.run import Run
from tuiprop.training.threads import blas_threads, limited_to
from tuiprop.verify.gradient_check import GradientChecker
from tuiprop.verify.gradient_verdict import ArrayCheck, GradientCheck
from tuiprop.verify.update_audit import ArrayAudit, Audit

REST = 0.2
"""Seconds that the run stands still before the proof begins by itself."""

SAMPLE = 200
"""Parameters that are compared at most."""

WORK = 5_000_000
"""Weights times examples of one forward pass, at most: a slice must stay short."""

QUICK = 50_000
"""Parameters up to which the update is audited without being asked."""


class Proof:
    """Proves the present update, in slices, whenever nothing else is to be done.

    Args:
        at: what is looked at.
        view: shows the same.
    """

    def __init__(self, at: Viewpoint, view: View) -> None:
        self._at, self._view = at, view
        self._of: object = None
        self._began = 0.0
        self._asked = False
        self._fault = ""
        self._checker: GradientChecker | None = None
        self._result: GradientCheck | None = None
        self._examples = 0
        self._audit: Audit | None = None
        self._audited = 0

    @property
    def _run(self) -> Run:
        return self._at.run

    @property
    def _cursor(self) -> Cursor:
        return self._at.cursor

    def verify(self) -> None:
        """Begin now, all of it, whatever has been found before."""
        self._of, self._asked = None, True

    def work(self) -> float | None:
        """Prove for a moment; seconds until there is work again, None if there is none.

        An exception ends the proof of where the run stands; `note` has its sentence.
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
        self._asked = False
        return None

    @property
    def note(self) -> ProofNote | None:
        """The results so far; None where the proof has not begun here."""
        checker = self._checker
        here = self._run.t, self._run.branch.edits, self._cursor.partial.record is not None
        if self._of != here or self._cursor.goal is not None or not (checker or self._fault):
            return None
        if self._result is None and checker is not None and checker.finished:
            self._result = checker.result()
        result, audits = self._result, self._audit.arrays if self._audit else ()
        return ProofNote(
            finished=checker is not None and checker.finished,
            compared=checker.done if checker else 0,
            parameters=self._run.network.parameter_count,
            sample=checker.total if checker else 0,
            examples=self._examples,
            layers=_layers(result, self._run.network.L) if result else [],
            checks=[_checked(each) for each in result.arrays] if result else [],
            update=self._audited,
            audits=[_audited(each) for each in audits],
            passed=result.passed and all(each.ok for each in audits) if result else None,
            fault=self._fault,
        )

    def _new_checker(self) -> GradientChecker:
        run, trainer = self._run, self._run.trainer
        most = max(1, WORK // run.network.parameter_count)
        rows = run.batches.rows(run.t + 1)[:most]
        self._examples = len(rows)
        return GradientChecker(
            run.network,
            trainer.parameters,
            trainer.examples.inputs_of(rows),
            trainer.examples.targets[rows],
            sample=SAMPLE,
            seed=run.t,
            workspace=trainer.config.workspace_in,
        )

    def _audit_update(self) -> None:
        """Audit the update at hand, unless there is none, or it is large and nobody asked."""
        if self._run.network.parameter_count > QUICK and not self._asked:
            return
        made = self._view.made()
        if made is not None:
            self._audited = made.record.update
            record = made.record
            before, after = record.before_and_after
            self._audit = made.config.audit(record.count, before, record.gradient, after)


def _layers(result: GradientCheck, L: int) -> list[str]:
    return [result.layer(l).text for l in range(1, L + 1)]


def _checked(check: ArrayCheck) -> ArrayProof:
    verdict = check.verdict
    return ArrayProof(
        array=check.array,
        verdict=verdict.value if verdict.is_known else "unchecked",
        why="" if verdict.is_known else verdict.value,
        figure=check.relative_error,
        compared=check.checked,
        kinks=check.kinks,
    )


def _audited(each: ArrayAudit) -> ArrayProof:
    verdict = "right" if each.ok else "wrong"
    return ArrayProof(array=each.array, verdict=verdict, figure=each.worst, cell=each.cell)
