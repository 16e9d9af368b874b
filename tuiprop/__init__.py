"""tuiprop: a debugger for backpropagation in the terminal.

From Python:

    experiment = tuiprop.load("iris.toml")
    run = tuiprop.train(experiment, epochs=50)
    record = tuiprop.record(experiment, update=1)
    tuiprop.save(run, "weights.npz")
    model = tuiprop.open("weights.npz")
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuiprop.api import Experiment, load, open, record, save, train  # noqa: A004

__version__ = "0.1.0"
__all__ = ["Experiment", "load", "open", "record", "save", "train"]


def __getattr__(name: str) -> Any:
    """Import the interface when it is first used, as the dashboard does not need it."""
    if name in __all__:
        from tuiprop import api

        return getattr(api, name)
    raise AttributeError(f"module 'tuiprop' has no attribute {name!r}")
