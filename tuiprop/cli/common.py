"""Options and helpers that the commands share."""

import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from tuiprop.cli.output import complain, say
from tuiprop.errors import InputError, UserError

if TYPE_CHECKING:
    from tuiprop.models.model import Model
    from tuiprop.session.session import Session


@contextmanager
def one_sentence() -> Iterator[None]:
    """End with one sentence and status 2 after an error of the user, with 130 after Ctrl+C."""
    try:
        yield
    except UserError as error:
        complain(f"tuiprop: {error}")
        sys.exit(2)
    except MemoryError:
        complain("tuiprop: there is not enough memory")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def settable(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option `--set` to a command."""
    return click.option(
        "--set",
        "assignments",
        multiple=True,
        metavar="KEY=VALUE",
        help="Set a key of the experiment file, such as data.header=false.",
    )(command)


which_weights = click.option(
    "--weights",
    "which",
    type=click.Choice(["newest", "best"]),
    default="newest",
    show_default=True,
    help="The latest weights, or those at the end of the best epoch: the one with the lowest "
    "validation loss, or training loss without validation examples.",
)


@contextmanager
def naming(file: str) -> Iterator[None]:
    """Name a file in errors of the user that name none."""
    try:
        yield
    except UserError as error:
        error.file = error.file or file
        raise


def say_notes(notes: Iterable[str]) -> None:
    """Write warnings about the data to standard error."""
    for note in notes:
        complain(f"note: {note}")


def say_remarks(model: "Model", file: str) -> None:
    """Announce, before a file is written, how it will differ from the network."""
    from tuiprop.models.export import remarks

    if sentence := remarks(model, file):
        say(f"{file}: {sentence}")


def open_experiment(
    experiment: str, init: str | None, assignments: tuple[str, ...] = ()
) -> "Session":
    """Open the experiment in a file, ready to train.

    Raises:
        UserError: the file cannot be read, or a setting is not allowed.
    """
    from tuiprop.session.session import open_session
    from tuiprop.training.experiment import load, override

    if not experiment.endswith(".toml"):
        raise InputError(
            "this is not an experiment file (.toml); `tuiprop datasets NAME` prints one",
            file=experiment,
        )
    with naming(experiment):
        return open_session(override(load(experiment), assignments), weights=init)
