"""Several views of the same moment.

A panel asks for the views it shows, and the engine computes only these. `Look` bundles queries
into one request, so that all panels of a screen show the same moment.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from tuiprop.protocol import messages
from tuiprop.protocol.messages.base import (
    Message,
    Query,
    Request,
    V,
    View,
    kinds_of,
    reply_type,
    union,
)

# a Look may hold every query of the modules beside this one
for _found in iter_modules(messages.__path__):
    import_module(f"{messages.__name__}.{_found.name}")

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
        view = self.get(kind)
        if view is None:
            raise KeyError(kind)
        return view

    def get(self, kind: type[V]) -> V | None:
        """Return the view of a type; None if it was not asked for."""
        return next((view for view in self.views if type(view) is kind), None)


class Look(Request[Frame], frozen=True, kw_only=True):
    """Ask for several views of the same moment."""

    queries: list[AnyQuery]
