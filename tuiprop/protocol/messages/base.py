"""Requests that declare the type of their reply, views, and refusals."""

from collections.abc import Iterable
from functools import reduce
from math import isnan
from operator import or_
from typing import Any, Generic, TypeVar, get_args

import msgspec

from tuiprop.errors import UserError

R = TypeVar("R", covariant=True)


def or_none(value: float) -> float | None:
    """Return a number of a message, or None for NaN, which means that there is no number."""
    return None if isnan(value) else value


class Message(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """The base of all messages."""


M = TypeVar("M", bound=Message)


class Request(Message, Generic[R], frozen=True, kw_only=True):
    """A question or a command whose reply is an R, or `Refused`.

    The reply to a command without a result is None.
    """


class View(Message, frozen=True, kw_only=True):
    """The base of all views: what a panel shows of a run."""


V = TypeVar("V", bound=View, covariant=True)


class Query(Request[V], Generic[V], frozen=True, kw_only=True):
    """A request for one view, which changes nothing."""


class Refused(Message, frozen=True, kw_only=True):
    """The reply to a request that cannot be carried out."""

    sentence: str
    key: str = ""
    """The key of the experiment at fault, or ""."""


class RefusedError(UserError):
    """A request was refused.

    Args:
        sentence: tells the user why.
        key: the key of the experiment at fault, or "".
    """

    def __init__(self, sentence: str, key: str = "") -> None:
        super().__init__(sentence, key=key)
        self.sentence = sentence


class Saving(Message, frozen=True, kw_only=True):
    """A sign of life while the engine saves the run or ends; it answers no request."""


class Unsaved(Message, frozen=True, kw_only=True):
    """The last message of an engine that could not save its run; it answers no request."""

    sentence: str


def reply_type(request: type[Request[R]]) -> type[R]:
    """Return the type of reply that a request declares; NoneType where it has none."""
    kind: type[R] = get_args(request.__orig_bases__[0])[0]  # type: ignore[attr-defined]
    return kind


def union(kinds: Iterable[Any]) -> Any:
    """Return the union of some types of messages, for a decoder."""
    return reduce(or_, kinds)


def kinds_of(base: type[M]) -> list[type[M]]:
    """Return the leaf classes of the messages that derive from a class."""
    derived: list[Any] = base.__subclasses__()
    return [kind for each in derived for kind in (kinds_of(each) or [each])]
