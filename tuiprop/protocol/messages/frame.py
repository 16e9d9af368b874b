"""Several views of the same moment."""

from typing import TYPE_CHECKING, Any

from tuiprop.protocol.messages.base import Request, kinds_of, reply_type, union
from tuiprop.protocol.messages.payloads import Message
from tuiprop.protocol.messages.views import Query, V, View

if TYPE_CHECKING:
    AnyQuery = Query[Any]
    AnyView = View
else:
    AnyQuery = union(kinds_of(Query))
    AnyView = union(reply_type(each) for each in kinds_of(Query))


class Frame(Message, frozen=True, kw_only=True):
    """Views of one moment of a run, by their type: `frame[Position].update`."""

    run: int
    """The number of the run."""
    views: list[AnyView]

    def __getitem__(self, kind: type[V]) -> V:
        """Return the view of a type.

        Raises:
            KeyError: it was not asked for.
        """
        for view in self.views:
            if type(view) is kind:
                return view
        raise KeyError(kind)


class Look(Request[Frame], frozen=True, kw_only=True):
    """Ask for several views of the same moment."""

    queries: list[AnyQuery]
