"""What the commands share: options and sentences."""

import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from tuiprop.cli.output import complain, say

if TYPE_CHECKING:
    from tuiprop.models.model import Model
    from tuiprop.session.session import Session


@contextmanager
def one_sentence() -> Iterator[None]:
    """Bad input ends with one sentence on standard error and status 2, Ctrl+C with 130."""
    try:
        yield
    except (ValueError, OSError) as error:
        complain(f"tuiprop: {error}")
        sys.exit(2)
    except MemoryError:
        complain("tuiprop: there is not enough memory for that")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def settable(command: Callable[..., None]) -> Callable[..., None]:
    """A command that takes `--set`."""
    return click.option(
        "--set",
        "assignments",
        multiple=True,
        metavar="KEY=VALUE",
        help="A key of the experiment file, such as data.header=false.",
    )(command)


which_weights = click.option(
    "--weights",
    "which",
    type=click.Choice(["newest", "best"]),
    default="newest",
    show_default=True,
    help="Those where the run stands, or at the end of its best epoch: of the least J "
    "validation, or J training where nothing is held out.",
)


def check_destination(file: str, *suffixes: str) -> None:
    """Say before the work that a file could not be written after it; weights if none is given."""
    from tuiprop.models.formats import SUFFIXES
    from tuiprop.storage.atomic import refusal

    if sentence := refusal(file, *(suffixes or SUFFIXES)):
        raise ValueError(sentence)


def say_notes(notes: Iterable[str]) -> None:
    """What is odd about the data, on standard error."""
    for note in notes:
        complain(f"note: {note}")


def say_remarks(model: "Model", file: str) -> None:
    """Say before it is written what a format holds otherwise than the network does."""
    from tuiprop.models.export import remarks

    if sentence := remarks(model, file):
        say(f"{file}: {sentence}")


def open_experiment(
    experiment: str, init: str | None, assignments: tuple[str, ...] = ()
) -> "Session":
    """The experiment of a file, ready to train.

    Raises:
        ValueError: it cannot be read, or a setting is not allowed; a sentence.
    """
    from tuiprop.session.session import open_session
    from tuiprop.storage.atomic import FileError
    from tuiprop.training.experiment import changed, load

    if not experiment.endswith(".toml"):
        raise ValueError(
            f"{experiment}: found no experiment file, allowed: FILE.toml; "
            "`tuiprop datasets NAME` prints one"
        )
    loaded = load(experiment)
    try:
        return open_session(changed(loaded, assignments), weights=init)
    except FileError:
        raise
    except ValueError as error:  # the experiment's file says what does not fit its data
        raise ValueError(f"{experiment}: {error}") from None
