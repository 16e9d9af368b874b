"""One screen a file. Those that are not the first to be seen are imported when they are opened."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuiprop.ui.screens.adopt import AdoptScreen, adopted
    from tuiprop.ui.screens.data import DataScreen
    from tuiprop.ui.screens.help import HelpScreen
    from tuiprop.ui.screens.problem import ProblemScreen
    from tuiprop.ui.screens.proof import ProofScreen
    from tuiprop.ui.screens.setup import SetupScreen
    from tuiprop.ui.screens.stops import StopsScreen

_MODULES = {
    "AdoptScreen": "adopt",
    "adopted": "adopt",
    "DataScreen": "data",
    "HelpScreen": "help",
    "ProblemScreen": "problem",
    "ProofScreen": "proof",
    "SetupScreen": "setup",
    "StopsScreen": "stops",
}
__all__ = [
    "AdoptScreen",
    "DataScreen",
    "HelpScreen",
    "ProblemScreen",
    "ProofScreen",
    "SetupScreen",
    "StopsScreen",
    "adopted",
]


def __getattr__(name: str) -> Any:
    """A screen, imported when it is first used: together they took a tenth of the start."""
    if name in _MODULES:
        return getattr(import_module(f"tuiprop.ui.screens.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'tuiprop.ui.screens' has no attribute {name!r}")
