"""Conditions that stop a run, QUANTITY OP NUMBER, and the watch that looks for them."""

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np

from tuiprop.training.quantity import (
    KINDS,
    ConditionError,
    Quantity,
    Rows,
    Update,
    parse_quantity,
)
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
"""Every OP. Of a value that is not a number, only != is true."""

_CONDITION = re.compile(r"\s*(.*?)\s*(<=|>=|==|!=|<|>)\s*(.*?)\s*", re.DOTALL)
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class Condition:
    """QUANTITY OP NUMBER."""

    quantity: Quantity
    op: str
    """One of `OPERATORS`."""
    number: float
    """Finite."""

    def __str__(self) -> str:
        """As it is written, in one way only."""
        return f"{self.quantity} {self.op} {_plain(self.number)}"

    def holds(self, value: float) -> bool:
        """It is true of this value of its quantity."""
        return OPERATORS[self.op](value, self.number)


def parse(text: str) -> Condition:
    """A condition from its text; blanks are free, dW2 is dW[2].

    Whether a network has such a quantity, `Condition.quantity.check` says.

    Raises:
        ConditionError: it is none; the sentence says which part, and what is allowed.
    """
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise _error(text, f"OP one of {' '.join(OPERATORS)}")
    quantity = parse_quantity(match[1])
    if quantity is None:
        names = ", ".join(kind.pattern for kind in KINDS)
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
    """A whole number without its .0; else the shortest decimal that is this number."""
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


@dataclass(frozen=True)
class Hit:
    """A condition that has become true."""

    condition: Condition
    value: float
    """Of its quantity."""
    update: int
    """t of the update that made it true; 0 for the initial weights."""
    operation: int
    """k of the operation that made it true, from 1; 8L + 1, the last, for a whole update."""
    place: tuple[int, int]
    """Where to stand: so many updates are done, and so many operations of the next."""
    where: str
    """The place in words."""
    also: tuple[Condition, ...] = ()
    """Others that became true in the same update, at this operation or later ones."""

    @property
    def sentence(self) -> str:
        """What became true, with which value, where; the others named."""
        others = f"; also {', '.join(map(str, self.also))}" if self.also else ""
        return f"{self.condition}: {self._value} {self.where}{others}"

    @property
    def _value(self) -> str:
        """The value in as few digits as show that the condition holds, but 3 at least."""
        if self.value.is_integer() and abs(self.value) < 1e15:
            return _plain(self.value)
        short = (f"{self.value:.{digits}g}" for digits in range(3, 17))
        return next((text for text in short if self.condition.holds(float(text))), repr(self.value))


@dataclass
class _Watched:
    condition: Condition
    held: bool = False
    """It was true when last looked at; False where it has not been."""
    held_before: bool = False
    """The same before the update that was looked at last."""


class Watch:
    """Looks after every update and epoch which conditions have become true.

    A condition hits when it is true and was not when last looked at. An update may be looked at
    again: what the operations that are done of it made true does not hit again. What no
    condition asks for is not looked at.

    Args:
        conditions: those that are switched on, and found to fit the network.
        operations: of an update, in order.
    """

    def __init__(self, conditions: Iterable[Condition], operations: Sequence[Operation]) -> None:
        self._count = len(operations)
        self._numbers = {str(each.result): k for k, each in enumerate(operations, start=1)}
        self._numbers["a[0]"] = 1  # made by none: z[1] is the first to read it
        self._names = [str(each.result) for each in operations]
        self._of_update: dict[Quantity, list[_Watched]] = {}
        self._of_epoch: dict[Quantity, list[_Watched]] = {}
        self._rises = _Rises()
        self._t = 0
        self.replace(conditions)

    def replace(self, conditions: Iterable[Condition]) -> None:
        """Watch these from now on; what is remembered of those that stay is kept."""
        known = {
            each.condition: each
            for groups in (self._of_update, self._of_epoch)
            for group in groups.values()
            for each in group
        }
        self._of_update, self._of_epoch = {}, {}
        for condition in dict.fromkeys(conditions):
            quantity = condition.quantity
            groups = self._of_update if quantity.kind.of_update else self._of_epoch
            watched = known.get(condition) or _Watched(condition)
            groups.setdefault(quantity, []).append(watched)

    @property
    def looks_at_updates(self) -> bool:
        """There are conditions that `after_update` looks at."""
        return bool(self._of_update)

    def forget(self) -> None:
        """Nothing has been looked at yet: to be called when the run went elsewhere."""
        self._rises = _Rises()
        for groups in (self._of_update, self._of_epoch):
            for group in groups.values():
                for each in group:
                    each.held = each.held_before = False

    def after_update(self, update: Update, since: int = -1) -> Hit | None:
        """The earliest operation of this update that made a condition true, if one did.

        Args:
            update: what there is to look at.
            since: what the first so many operations since state 0 made true does not hit.
        """
        if not self._of_update:
            return None
        if update.t != self._t:
            self._t = update.t
            _look_anew(self._of_update)
        done = since - (update.t - 1) * self._count

        def measure(quantity: Quantity) -> float:
            assert quantity.kind.of_update is not None
            value = quantity.kind.of_update(update, quantity.target)
            return self._rises.after(update.t, value) if quantity.kind.counts_rises else value

        def place(condition: Condition) -> int:
            return self._numbers.get(condition.quantity.made_by(update), self._count)

        with np.errstate(all="ignore"):  # near a divergence numbers overflow
            became = _became_true(self._of_update, measure)
            became = [pair for pair in became if place(pair[0]) > done]
            became.sort(key=lambda pair: place(pair[0]))
            if not became:
                return None
            made_by = became[0][0].quantity.made_by(update)
            k = place(became[0][0])
        where = f"after update {update.t}"
        if made_by:
            where = f"at update {update.t}, operation {k} of {self._count}, {self._names[k - 1]}"
        return self._hit(became, update.t, k, where)

    def after_epoch(self, t: int, history: Rows, since: int = -1) -> Hit | None:
        """A condition on whole epochs that has become true, if one has.

        Args:
            t: the number of updates done.
            history: (epochs + 1, WIDTH), from epoch 0 to the one just done and not beyond.
            since: as for `after_update`.
        """
        if not self._of_epoch:
            return None
        _look_anew(self._of_epoch)

        def measure(quantity: Quantity) -> float:
            assert quantity.kind.of_epoch is not None
            return quantity.kind.of_epoch(history)

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


def _look_anew(groups: dict[Quantity, list[_Watched]]) -> None:
    """Another update or epoch is looked at."""
    for group in groups.values():
        for each in group:
            each.held_before = each.held


def _became_true(
    groups: dict[Quantity, list[_Watched]], measure: Callable[[Quantity], float]
) -> list[tuple[Condition, float]]:
    """The conditions that were not true and are, each with the value of its quantity."""
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
    """How many times running a value has risen from update to update."""

    def __init__(self) -> None:
        self._t, self._value, self._count = 0, nan, 0

    def after(self, t: int, value: float) -> int:
        """The count after update t; a jump begins anew, the same update again changes nothing."""
        if t != self._t:
            risen = t == self._t + 1 and value > self._value
            self._count = self._count + 1 if risen else 0
            self._t, self._value = t, value
        return self._count
