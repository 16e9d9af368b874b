"""A list whose options may change during a click.

No upstream issue known. Textual 8.2.8 raises an IndexError at a click on an option that has gone
since it was painted.
"""

from typing import ClassVar

from textual.binding import BindingType
from textual.events import Click
from textual.widgets import OptionList

from tuiprop.ui import keys


class List(OptionList):
    """A list of options that ignores clicks on removed options."""

    BINDINGS: ClassVar[list[BindingType]] = keys.LIST.bindings

    def on_click(self, event: Click) -> None:
        """Ignore a click on a removed option, for which Textual would look."""
        option = event.style.meta.get("option")
        if option is not None and option >= self.option_count:
            event.prevent_default()
