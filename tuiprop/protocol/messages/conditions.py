"""The conditions that the run stops at."""

import msgspec

from tuiprop.protocol.messages.base import Message, Query, Request, View


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """A condition: QUANTITY OP NUMBER."""

    when: str
    enabled: bool = True


class StopNote(Stop, frozen=True, kw_only=True):
    """A condition, and the present value of its quantity."""

    value: float | None
    """None where it is not known: for a quantity of an update while the run is playing or the
    update is unfinished, and for expensive ones such as failed_checks."""


class QuantityNote(Message, frozen=True, kw_only=True):
    """A quantity that a condition can compare."""

    pattern: str
    """The pattern of its name: X is replaced by an array, and (l) by a layer."""
    description: str
    classes: bool
    """True if only a loss for classes has the quantity."""
    held_out: bool
    """True if only a run with validation examples has the quantity."""
    elementwise: bool
    """True if only a layer with an elementwise activation has it: softmax does not."""


class Conditions(View, frozen=True, kw_only=True):
    """The conditions that the run stops at."""

    stops: list[StopNote]


class ConditionsQuery(Query[Conditions], frozen=True, kw_only=True):
    """Ask for the conditions and the present values of their quantities."""


class SetStops(Request[None], frozen=True, kw_only=True):
    """Replace the conditions that the run stops at."""

    stops: list[Stop]
