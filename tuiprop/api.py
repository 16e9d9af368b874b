"""The Python interface."""

from pathlib import Path

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
        experiment: what to train.
        epochs: instead of the experiment's.

    Returns:
        The session: `.parameters` (`W[l]`, `b[l]`), `.history`, `.predict(inputs)`.

    Raises:
        DivergedError: an ArithmeticError whose sentence names the update; its `session` is the
            run at its last finite state, with the history of the whole epochs.
        ValueError: the experiment does not fit its data.
    """
    session = open_session(experiment)
    run = session.run
    run.advance(run.batches.end(run.settings.epochs if epochs is None else epochs))
    if run.diverged_at is not None:
        raise DivergedError(session)
    return session


def record(experiment: Experiment, update: int = 1) -> Record:
    """Every array of one update.

    Args:
        experiment: what to train.
        update: t ≥ 1.

    Returns:
        `.W[l] .b[l]` before the update, `.z[l] .a[l] .da[l] .dz[l] .dW[l] .db[l] .J .examples`.

    Raises:
        ValueError: there is no such update, or the experiment does not fit its data.
        DivergedError: the run diverges before it.
    """
    if update < 1:
        raise ValueError(f"update: found {update}, allowed: a whole number, 1 or more")
    return record_of(open_session(experiment), update)


def save(run: Session | Model, path: str | Path) -> None:
    """Export the weights in the format that the suffix says, read back and compared.

    Raises:
        OSError: the file cannot be written, or the format cannot hold the network.
    """
    export(run.model if isinstance(run, Session) else run, path)


def open(path: str | Path) -> Model:  # noqa: A001
    """A model from its file: `.parameters`, `.predict(inputs)`, `.experiment`.

    Raises:
        OSError: the file cannot be read, or is not a model.
    """
    return weights.load_model(path)
