"""What is told in a corner for some seconds."""

from typing import Any

from textual.app import App


class PlainToasts:
    """A dashboard that tells something in a corner. To be inherited before `App`."""

    def notify(self: Any, message: str, **options: Any) -> None:
        """As `App.notify`, but [b] is not bold: what is told may name a file or a class."""
        self._remove_empty_holders()
        App.notify(self, message, **{**options, "markup": False})

    def _remove_empty_holders(self: Any) -> None:
        """Textual removes what was told once, and leaves what held it: 0.1 MB each."""
        for screen in self.screen_stack:
            for holder in screen.query("ToastHolder"):
                if holder.is_mounted and not holder.children:
                    holder.remove()
