"""Screens that are imported when they are first opened, to shorten the start."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuiprop.ui.data.screen import DataScreen
    from tuiprop.ui.help import HelpScreen
    from tuiprop.ui.predictions.screen import ProblemScreen
    from tuiprop.ui.setup.adopt import AdoptScreen, adopted
    from tuiprop.ui.setup.screen import SetupScreen

_MODULES = {
    "AdoptScreen": "setup.adopt",
    "adopted": "setup.adopt",
    "DataScreen": "data.screen",
    "HelpScreen": "help",
    "ProblemScreen": "predictions.screen",
    "SetupScreen": "setup.screen",
}
__all__ = [
    "AdoptScreen",
    "DataScreen",
    "HelpScreen",
    "ProblemScreen",
    "SetupScreen",
    "adopted",
]


def __getattr__(name: str) -> Any:
    """Import a screen at its first use; importing all would take a tenth of the start."""
    if name in _MODULES:
        return getattr(import_module(f"tuiprop.ui.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'tuiprop.ui.screens' has no attribute {name!r}")
