"""Actions with dialogs, of which each runs once at a time."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from textual.dom import DOMNode
from textual.worker import Worker

Node = TypeVar("Node", bound=DOMNode)
P = ParamSpec("P")


def alone(
    action: Callable[Concatenate[Node, P], Coroutine[Any, Any, None]],
) -> Callable[Concatenate[Node, P], None]:
    """Run an action in a worker, and ignore further calls while it runs.

    Keys come faster than the engine answers, and each would open another dialog.
    """
    group = action.__name__

    @wraps(action)
    def begin(node: Node, /, *arguments: P.args, **options: P.kwargs) -> None:
        own = (each for each in node.workers if each.node is node and each.group == group)
        if all(each.is_finished for each in own):

            async def run() -> None:
                await action(node, *arguments, **options)

            _: Worker[None] = node.run_worker(run, group=group)

    return begin
