"""The table of handlers, and the decorators that register them."""

from collections.abc import Callable
from functools import wraps
from types import NoneType
from typing import Any, TypeVar

from tuiprop.errors import InputError
from tuiprop.protocol.messages.base import Request, reply_type
from tuiprop.protocol.state import State

Q = TypeVar("Q", bound=Request[Any])
R = TypeVar("R")

HANDLERS: dict[type[Request[Any]], Callable[[State, Any], Any]] = {}
"""The function that answers each type of request."""


def handler(function: Callable[[State, Q], R]) -> Callable[[State, Q], R]:
    """Register a function for the type of request in the annotation of its last argument.

    Raises:
        TypeError: it does not return the reply that the request declares.
    """
    *_, kind, found = function.__annotations__.values()
    if reply_type(kind) is not (found or NoneType):
        raise TypeError(f"{function.__qualname__} must return the reply of {kind.__name__}")
    HANDLERS[kind] = function
    return function


def moves(function: Callable[[State, Q], R]) -> Callable[[State, Q], R]:
    """Register a handler that is refused while a change is tried."""

    @wraps(function)
    def guarded(engine: State, request: Q) -> R:
        if engine.is_trying:
            raise InputError("Enter keeps the change as a branch, Escape reverts it")
        engine.fault = ""
        return function(engine, request)

    return handler(guarded)
