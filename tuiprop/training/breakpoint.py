"""Conditions that stop a run, QUANTITY OP NUMBER, and the watch that evaluates them."""

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np

from tuiprop.training.quantities import QUANTITIES, parse_quantity
from tuiprop.training.quantity import ConditionError, Quantity, Rows, Update
from tuiprop.update.arrays import SYMBOLS
from tuiprop.update.operation import Operation

__all__ = ["OPERATORS", "Condition", "ConditionError", "Hit", "Update", "Watch", "parse"]

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
"""The functions by OP. If a value is not a number, only != is true."""

_CONDITION = re.compile(r"\s*(.*?)\s*(<=|>=|==|!=|<|>)\s*(.*?)\s*", re.DOTALL)
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class Condition:
    """A comparison of a quantity with a number: QUANTITY OP NUMBER."""

    quantity: Quantity
    op: str
    """One of `OPERATORS`."""
    number: float
    """Finite."""

    def __str__(self) -> str:
        """The canonical spelling."""
        return f"{self.quantity} {self.op} {_plain(self.number)}"

    def holds(self, value: float) -> bool:
        """Return True if the condition is true for this value of its quantity."""
        return OPERATORS[self.op](value, self.number)


def parse(text: str) -> Condition:
    """Parse a condition; blanks are ignored, and dW2 is dW[2].

    `Condition.quantity.check` checks that a network has the quantity.

    Raises:
        ConditionError: the text is malformed; the sentence names the part and what is allowed.
    """
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise _error(text, f"OP one of {' '.join(OPERATORS)}")
    quantity = parse_quantity(match[1])
    if quantity is None:
        names = ", ".join(spec.pattern for spec in QUANTITIES)
        arrays = " ".join(f"{symbol}[l]" for symbol in SYMBOLS)
        raise _error(text, f"QUANTITY one of {names}; X one of {arrays}; l the number of a layer")
    if not _NUMBER.fullmatch(match[3]) or not isfinite(number := float(match[3])):
        raise _error(text, "NUMBER a finite decimal number, such as 5, -0.05 or 1e-3")
    return Condition(quantity, match[2], number)


def _error(text: str, part: str) -> ConditionError:
    shown = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    found, allowed = f'"{shown}"', f"QUANTITY OP NUMBER, with {part}"
    error = ConditionError(f"{found} is not {allowed}")
    error.found, error.allowed = found, allowed
    return error


def _plain(number: float) -> str:
    """Write a whole number without .0, and another one with the fewest exact digits."""
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


@dataclass(frozen=True)
class Hit:
    """A condition that has become true."""

    condition: Condition
    value: float
    """The value of its quantity."""
    update: int
    """t of the update that made it true; 0 for the initial weights."""
    operation: int
    """k of the operation that made it true, from 1; 8L + 1, the last, for a whole update."""
    place: tuple[int, int]
    """The position to stop at: updates done, and operations of the next update done."""
    where: str
    """The position in words."""
    also: tuple[Condition, ...] = ()
    """Other conditions that became true in the same update, at this operation or later ones."""

    @property
    def sentence(self) -> str:
        """The condition, its value and the position, followed by the other conditions."""
        others = f"; also {', '.join(map(str, self.also))}" if self.also else ""
        return f"{self.condition}: {self._value} {self.where}{others}"

    @property
    def _value(self) -> str:
        """The value with the fewest digits, at least 3, for which the condition holds."""
        if self.value.is_integer() and abs(self.value) < 1e15:
            return _plain(self.value)
        short = (f"{self.value:.{digits}g}" for digits in range(3, 17))
        return next((text for text in short if self.condition.holds(float(text))), repr(self.value))


@dataclass
class _Watched:
    condition: Condition
    held: bool = False
    """True if the condition was true when it was last evaluated."""
    held_before: bool = False
    """The value of `held` before the last evaluated update."""


class Watch:
    """Finds the conditions that become true with every update and epoch.

    A condition hits when it is true and was false at its last evaluation. An update may be
    evaluated again: a condition that became true at an operation already done does not hit again.
    Only quantities of conditions are measured.

    Args:
        conditions: the enabled conditions, which fit the network.
        operations: the operations of an update, in order.
    """

    def __init__(self, conditions: Iterable[Condition], operations: Sequence[Operation]) -> None:
        self._count = len(operations)
        self._numbers = {str(each.result): k for k, each in enumerate(operations, start=1)}
        self._numbers["a[0]"] = 1  # no operation computes it; z[1] is the first to read it
        self._names = [str(each.result) for each in operations]
        self._of_update: dict[Quantity, list[_Watched]] = {}
        self._of_epoch: dict[Quantity, list[_Watched]] = {}
        self._rises = _Rises()
        self._t = 0
        self.replace(conditions)

    def replace(self, conditions: Iterable[Condition]) -> None:
        """Replace the conditions; those that remain keep their state."""
        known = {
            each.condition: each
            for groups in (self._of_update, self._of_epoch)
            for group in groups.values()
            for each in group
        }
        self._of_update, self._of_epoch = {}, {}
        for condition in dict.fromkeys(conditions):
            quantity = condition.quantity
            groups = self._of_update if quantity.spec.of_update else self._of_epoch
            watched = known.get(condition) or _Watched(condition)
            groups.setdefault(quantity, []).append(watched)

    @property
    def watches_updates(self) -> bool:
        """True if there are conditions on updates, which `after_update` evaluates."""
        return bool(self._of_update)

    def forget(self) -> None:
        """Forget all evaluations: called after the run has jumped."""
        self._rises = _Rises()
        for groups in (self._of_update, self._of_epoch):
            for group in groups.values():
                for each in group:
                    each.held = each.held_before = False

    def after_update(self, update: Update, since: int = -1) -> Hit | None:
        """Find the earliest operation of an update that makes a condition true.

        Args:
            update: the update.
            since: a number of operations since state 0, which cannot cause a hit.
        """
        if not self._of_update:
            return None
        if update.t != self._t:
            self._t = update.t
            _start_evaluation(self._of_update)
        done = since - (update.t - 1) * self._count

        def measure(quantity: Quantity) -> float:
            assert quantity.spec.of_update is not None
            value = quantity.spec.of_update(update, quantity.target)
            return self._rises.after(update.t, value) if quantity.spec.counts_rises else value

        def place(condition: Condition) -> int:
            return self._numbers.get(condition.quantity.known_after(update), self._count)

        with np.errstate(all="ignore"):  # near a divergence numbers overflow
            became = _became_true(self._of_update, measure)
            became = [pair for pair in became if place(pair[0]) > done]
            became.sort(key=lambda pair: place(pair[0]))
            if not became:
                return None
            known_after = became[0][0].quantity.known_after(update)
            k = place(became[0][0])
        where = f"after update {update.t}"
        if known_after:
            where = f"at update {update.t}, operation {k} of {self._count}, {self._names[k - 1]}"
        return self._hit(became, update.t, k, where)

    def after_epoch(self, t: int, history: Rows, since: int = -1) -> Hit | None:
        """Find a condition on whole epochs that has become true.

        Args:
            t: the number of updates done.
            history: the history from epoch 0 to the last epoch done, (epochs + 1, WIDTH).
            since: see `after_update`.
        """
        if not self._of_epoch:
            return None
        _start_evaluation(self._of_epoch)

        def measure(quantity: Quantity) -> float:
            assert quantity.spec.of_epoch is not None
            return quantity.spec.of_epoch(history)

        became = _became_true(self._of_epoch, measure)
        if not became or t * self._count <= since:
            return None
        where = f"after epoch {len(history) - 1}, update {t}"
        return self._hit(became, t, self._count, where)

    def _hit(self, became: list[tuple[Condition, float]], t: int, k: int, where: str) -> Hit:
        (condition, value), *others = became
        also = tuple(other for other, _ in others)
        place = divmod((t - 1) * self._count + k, self._count)
        return Hit(condition, value, t, k, place, where, also)


def _start_evaluation(groups: dict[Quantity, list[_Watched]]) -> None:
    """Begin the evaluation of another update or epoch."""
    for group in groups.values():
        for each in group:
            each.held_before = each.held


def _became_true(
    groups: dict[Quantity, list[_Watched]], measure: Callable[[Quantity], float]
) -> list[tuple[Condition, float]]:
    """The conditions that have become true, each with the value of its quantity."""
    became = []
    for quantity, group in groups.items():
        value = float(measure(quantity))
        for each in group:
            holds = each.condition.holds(value)
            if holds and not each.held_before:
                became.append((each.condition, value))
            each.held = holds
    return became


class _Rises:
    """Counts how often in a row a value has risen from update to update."""

    def __init__(self) -> None:
        self._t, self._value, self._count = 0, nan, 0

    def after(self, t: int, value: float) -> int:
        """The count after update t; a jump resets it, and a repeated update leaves it unchanged."""
        if t != self._t:
            risen = t == self._t + 1 and value > self._value
            self._count = self._count + 1 if risen else 0
            self._t, self._value = t, value
        return self._count
