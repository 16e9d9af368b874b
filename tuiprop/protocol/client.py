"""The interface of clients of the engine, which runs in a separate process or inline."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

from tuiprop.protocol.messages.base import Refused, RefusedError, Request

R = TypeVar("R")


class EngineDiedError(RefusedError):
    """No reply will come.

    Args:
        reason: why the engine's process has ended.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"the engine has died: {reason}")


class Client(Protocol):
    """The interface of clients: something that answers requests."""

    @property
    def died(self) -> bool:
        """Return whether no more answers will come."""

    @property
    def reason(self) -> str:
        """Return why the engine died, in a few words; "" while it lives."""

    def ask(self, request: Request[R]) -> "Future[R]":
        """Send a request; replies come in the order of the requests.

        Returns:
            The reply, or the exception `RefusedError`; `EngineDiedError` if none will come.
        """

    @property
    def is_saving(self) -> bool:
        """Return whether the engine is saving the run and gives signs of life."""

    def close(self, tell: Callable[[], None] = lambda: None) -> str:
        """End the engine, once its run is saved; never hangs.

        Args:
            tell: called once if that takes long.

        Returns:
            The reason why the last state of the run was not saved, or "".
        """


def settle(future: "Future[R]", reply: R | Refused) -> None:
    """Resolve a future with its reply, or with the exception for a refusal."""
    if isinstance(reply, Refused):
        future.set_exception(RefusedError(reply.sentence, reply.key))
    else:
        future.set_result(reply)
