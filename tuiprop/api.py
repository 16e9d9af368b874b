"""The Python interface."""

from pathlib import Path

from tuiprop.errors import InputError
from tuiprop.models import weights
from tuiprop.models.export import export
from tuiprop.models.model import Model
from tuiprop.session.divergence import DivergedError, record_of
from tuiprop.session.session import Session, open_session
from tuiprop.training.experiment import Experiment, load
from tuiprop.update.record import Record

__all__ = ["Experiment", "load", "open", "record", "save", "train"]


def train(experiment: Experiment, epochs: int | None = None) -> Session:
    """Train from the initial weights.

    Args:
        experiment: the experiment, which need not be complete.
        epochs: the number of epochs; None: that of the experiment.

    Returns:
        The session: `.parameters` (`W[l]`, `b[l]`), `.history`, `.predict(inputs)`.

    Raises:
        DivergedError: the run diverged. It is an ArithmeticError that names the update; its
            `session` is the run at its last finite state, with the history of complete epochs.
        ValueError: the experiment does not suit its data.
    """
    session = open_session(experiment)
    run = session.run
    run.advance(run.batches.end(run.settings.epochs if epochs is None else epochs))
    if run.diverged_at is not None:
        raise DivergedError(session)
    return session


def record(experiment: Experiment, update: int = 1) -> Record:
    """Return every array of one update.

    Args:
        experiment: the experiment, which need not be complete.
        update: t ≥ 1.

    Returns:
        `.W[l] .b[l]` before the update, `.z[l] .a[l] .da[l] .dz[l] .dW[l] .db[l] .J .examples`.

    Raises:
        ValueError: there is no such update, or the experiment does not suit its data.
        DivergedError: the run diverges before that update.
    """
    if update < 1:
        raise InputError.invalid(str(update), "a whole number, 1 or more", key="update")
    return record_of(open_session(experiment), update)


def save(run: Session | Model, path: str | Path) -> None:
    """Export the weights in the format of the suffix; the file is read back and compared.

    Raises:
        OSError: the file cannot be written, or the format cannot hold the network.
    """
    export(run.model if isinstance(run, Session) else run, path)


def open(path: str | Path) -> Model:  # noqa: A001
    """Open a model from its file: `.parameters`, `.predict(inputs)`, `.experiment`.

    Raises:
        OSError: the file cannot be read, or is not a model.
    """
    return weights.load_model(path)
