"""The conditions that stop a run, and the present values of their quantities."""

from collections.abc import Sequence
from typing import NoReturn

import numpy as np

from tuiprop.protocol.messages.conditions import QuantityNote, Stop, StopNote
from tuiprop.session.session import Session
from tuiprop.training.breakpoint import Condition
from tuiprop.training.quantities import QUANTITIES
from tuiprop.training.quantity import Quantity, Update


class Stops:
    """The conditions of a run, including those that are switched off."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._stops: list[tuple[Stop, Condition]] = []
        self.replace(
            [Stop(when=each.when, enabled=each.enabled) for each in session.experiment.breakpoint]
        )

    def replace(self, stops: Sequence[Stop]) -> None:
        """Replace the conditions.

        Raises:
            ConditionError: one of them, switched on or off, is not a condition of this run; the
                previous conditions remain.
        """
        parsed = [(each, self._session.condition(each.when)) for each in stops]
        self._session.run.conditions.replace(
            condition for each, condition in parsed if each.enabled
        )
        self._stops = parsed

    @property
    def all(self) -> list[Stop]:
        """All conditions, including those that are switched off."""
        return [each for each, _ in self._stops]

    def notes(self, *, at_rest: bool) -> list[StopNote]:
        """Describe each condition with the present value of its quantity.

        Args:
            at_rest: True if the run is paused after a whole update; otherwise quantities of an
                update have no value.
        """
        update = self._update() if at_rest else None
        with np.errstate(all="ignore"):
            return [
                StopNote(
                    when=each.when,
                    enabled=each.enabled,
                    value=self._value(condition.quantity, update),
                )
                for each, condition in self._stops
            ]

    def _update(self) -> Update | None:
        """The present update; None if its arrays are not computed."""
        run = self._session.run
        trainer = run.trainer
        if trainer.workspace is None:
            return None
        return Update(
            run.t, trainer.workspace, trainer.parameters, trainer.cost, _not_asked, _not_asked
        )

    def _value(self, quantity: Quantity, update: Update | None) -> float | None:
        spec, run = quantity.spec, self._session.run
        if spec.of_epoch is not None:
            return float(spec.of_epoch(run.history.rows[: run.epoch + 1]))
        if update is None or spec.of_update is None or spec.counts_rises or spec.expensive:
            return None
        return float(spec.of_update(update, quantity.target))


def quantity_notes() -> list[QuantityNote]:
    """Describe every quantity for the screen."""
    return [
        QuantityNote(
            pattern=spec.pattern,
            description=spec.description,
            classes=spec.classes,
            held_out=spec.held_out,
            elementwise=spec.elementwise,
        )
        for spec in QUANTITIES
    ]


def _not_asked() -> NoReturn:
    raise AssertionError("expensive quantities are not measured for the screen")
